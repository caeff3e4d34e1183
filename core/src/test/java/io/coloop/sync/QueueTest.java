package io.coloop.sync;

import static io.coloop.Await.await;
import static io.coloop.sync.Turns.assertEndsCancelled;
import static io.coloop.sync.Turns.turns;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Task;
import io.coloop.test.LoopTest;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The tests that CPython has for {@code asyncio.Queue}, {@code LifoQueue} and {@code PriorityQueue}. */
class QueueTest {
    private static <T> List<Queue<T>> ofEachKind(int capacity) {
        return List.of(Queue.bounded(capacity), LifoQueue.bounded(capacity), PriorityQueue.bounded(capacity));
    }

    private static void assertTakes(Queue<Integer> queue, Integer... expected) {
        for (int item : List.of(1, 3, 2)) {
            queue.put(item);
        }
        assertThat(List.of(queue.get(), queue.get(), queue.get())).containsExactly(expected);
    }

    // ---- state and order

    @LoopTest
    void itsStateCanBeRead() {
        Queue<Integer> queue = Queue.bounded(1);
        assertThat(queue.toString()).isEqualTo("Queue[0 of 1 items, 0 unfinished, 0 getting, 0 putting]");
        Task<Integer> getter = Task.spawn(queue::get);
        turns(1);
        assertThat(queue.toString()).isEqualTo("Queue[0 of 1 items, 0 unfinished, 1 getting, 0 putting]");
        queue.tryPut(0);
        assertThat(await(getter)).isZero();
        queue.tryPut(1);
        Task<Void> putter = Task.spawn(() -> queue.put(2));
        turns(1);
        assertThat(queue.toString()).isEqualTo("Queue[1 of 1 items, 2 unfinished, 0 getting, 1 putting]");
        assertThat(queue.tryGet()).isEqualTo(1);
        await(putter);
        queue.shutdown();
        assertThat(queue.isShutDown()).isTrue();
        assertThat(queue.toString()).isEqualTo("Queue[1 of 1 items, 3 unfinished, 0 getting, 0 putting, shut down]");
        assertThat(LifoQueue.unbounded().toString())
                .isEqualTo("LifoQueue[0 items, 0 unfinished, 0 getting, 0 putting]");
        assertThat(PriorityQueue.unbounded().toString())
                .isEqualTo("PriorityQueue[0 items, 0 unfinished, 0 getting, 0 putting]");
    }

    @LoopTest
    void emptyAndFull() {
        Queue<Integer> queue = Queue.bounded(2);
        assertThat(queue.capacity()).isEqualTo(2);
        assertThat(queue.isEmpty()).isTrue();
        queue.put(1);
        assertThat(queue.isEmpty()).isFalse();
        assertThat(queue.isFull()).isFalse();
        queue.put(2);
        assertThat(queue.isFull()).isTrue();
        assertThat(queue.size()).isEqualTo(2);
        assertThat(queue.get()).isEqualTo(1);
        assertThat(queue.get()).isEqualTo(2);
        assertThat(queue.isEmpty()).isTrue();
        assertThat(Queue.unbounded().isFull()).isFalse();
        assertThat(Queue.unbounded().capacity()).isEqualTo(Integer.MAX_VALUE);
    }

    @LoopTest
    void eachKindHasItsOrder() {
        assertTakes(Queue.unbounded(), 1, 3, 2);
        assertTakes(LifoQueue.unbounded(), 2, 3, 1);
        assertTakes(PriorityQueue.unbounded(), 1, 2, 3);
        assertTakes(PriorityQueue.unbounded(Comparator.reverseOrder()), 3, 2, 1);
        assertTakes(PriorityQueue.bounded(3, Comparator.reverseOrder()), 3, 2, 1);
    }

    @Test
    void itNeedsRoomForAnItem() {
        assertThatThrownBy(() -> Queue.bounded(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a queue needs room for an item: 0");
        assertThatThrownBy(() -> LifoQueue.bounded(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> PriorityQueue.bounded(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> PriorityQueue.unbounded(null)).hasMessage("order");
    }

    @LoopTest
    void nullIsNoItem() {
        Queue<String> queue = Queue.unbounded();
        assertThatThrownBy(() -> queue.put(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("item");
        assertThatThrownBy(() -> queue.tryPut(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("item");
    }

    @LoopTest
    void anItemThatCannotBeComparedIsRefused() {
        PriorityQueue<Object> queue = PriorityQueue.unbounded();
        assertThatThrownBy(() -> queue.put(new Object())).isInstanceOf(ClassCastException.class);
        assertThat(queue.toString()).startsWith("PriorityQueue[0 items, 0 unfinished,");
    }

    @LoopTest
    void puttingWaitsWhileItIsFull(Trail trail) {
        Queue<Integer> queue = Queue.bounded(2);
        Task<Void> putter = Task.spawn(() -> {
            for (int i = 0; i < 3; i++) {
                queue.put(i);
                trail.mark("" + i);
            }
        });
        turns(2);
        assertThat(trail.marks()).containsExactly("0", "1");
        assertThat(queue.get()).isZero();
        turns(1);
        assertThat(trail.marks()).containsExactly("0", "1", "2");
        assertThat(queue.get()).isEqualTo(1);
        assertThat(queue.get()).isEqualTo(2);
        await(putter);
    }

    // ---- getting

    @LoopTest
    void gettingWaitsWhileItIsEmpty(Loop loop, VirtualClock clock) {
        Queue<Integer> queue = Queue.unbounded();
        Task<Integer> getter = Task.spawn(queue::get);
        turns(1);
        assertThat(getter.isDone()).isFalse();
        loop.callLater(Duration.ofMillis(10), () -> queue.tryPut(1));
        assertThat(await(getter)).isEqualTo(1);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(10));
    }

    @LoopTest
    void gettingWithoutWaiting() {
        Queue<Integer> queue = Queue.unbounded();
        assertThat(queue.tryGet()).isNull();
        assertThat(queue.tryPut(1)).isTrue();
        assertThat(queue.tryGet()).isEqualTo(1);
    }

    @LoopTest
    void gettingMakesRoomForAPutterThatWaits() {
        Queue<String> queue = Queue.bounded(1);
        Task.spawn(() -> queue.put("a"));
        Task.spawn(() -> queue.put("b"));
        assertThat(queue.get()).isEqualTo("a");
        assertThat(queue.get()).isEqualTo("b");
    }

    @LoopTest
    void aCancelledGetterTakesNothing() {
        Queue<String> queue = Queue.unbounded();
        Task<String> first = Task.spawn(queue::get);
        Task<String> second = Task.spawn(queue::get);
        turns(1);
        first.cancel();
        turns(1);
        assertThat(first.isCancelled()).isTrue();
        queue.put("a");
        assertThat(await(second)).isEqualTo("a");
    }

    @LoopTest
    void aCancelledGetterIsForgotten() {
        Queue<String> queue = Queue.bounded(5);
        Task<String> getter = Task.spawn(queue::get);
        turns(1);
        getter.cancel();
        assertEndsCancelled(getter);
        assertThat(queue.toString()).contains(" 0 getting");
    }

    @LoopTest
    void producerAndConsumerOverOnePlace() {
        Queue<Integer> queue = Queue.bounded(1);
        Task<Void> producer = Task.spawn(() -> IntStream.range(0, 5).forEach(queue::put));
        Task<Void> consumer = Task.spawn(() -> {
            for (int i = 0; i < 5; i++) {
                assertThat(queue.get()).isEqualTo(i);
            }
        });
        await(producer);
        await(consumer);
    }

    @LoopTest
    void theItemOfACancelledGetterStays() {
        Queue<Integer> queue = Queue.unbounded();
        Task<Integer> getter = Task.spawn(queue::get);
        turns(1);
        queue.tryPut(1);
        queue.tryPut(2);
        getter.cancel();
        assertEndsCancelled(getter);
        assertThat(queue.get()).isEqualTo(1);
    }

    @LoopTest
    void theItemOfACancelledGetterGoesToTheNext() {
        Queue<Integer> queue = Queue.unbounded();
        Task<Integer> first = Task.spawn(queue::get);
        Task<Integer> second = Task.spawn(queue::get);
        Task<Integer> third = Task.spawn(queue::get);
        turns(1);
        queue.tryPut(1);
        queue.tryPut(2);
        first.cancel();
        assertEndsCancelled(first);
        assertThat(List.of(await(second), await(third))).containsExactlyInAnyOrder(1, 2);
    }

    // ---- putting

    @LoopTest
    void puttingWithoutWaiting() {
        Queue<Integer> queue = Queue.bounded(1);
        assertThat(queue.tryPut(1)).isTrue();
        assertThat(queue.tryPut(2)).isFalse();
        assertThat(queue.tryGet()).isEqualTo(1);
        assertThat(queue.tryGet()).isNull();
    }

    @LoopTest
    void puttingWaitsUntilACallbackMakesRoom(Loop loop, VirtualClock clock) {
        Queue<Integer> queue = Queue.bounded(1);
        queue.put(1);
        loop.callLater(Duration.ofMillis(10), queue::tryGet);
        queue.put(2);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(10));
        assertThat(queue.get()).isEqualTo(2);
    }

    @LoopTest
    void theRoomOfACancelledPutterIsNotLost() {
        Queue<Integer> queue = Queue.bounded(1);
        queue.tryPut(1);
        Task<Void> putter = Task.spawn(() -> queue.put(2));
        turns(1);
        assertThat(queue.tryGet()).isEqualTo(1);
        putter.cancel();
        assertEndsCancelled(putter);
        queue.put(2);
        assertThat(queue.tryGet()).isEqualTo(2);
        assertThat(queue.size()).isZero();
    }

    @LoopTest
    void theRoomOfACancelledPutterGoesToTheNext() {
        Queue<String> queue = Queue.bounded(1);
        Task<Void> a = Task.spawn(() -> queue.put("a"));
        Task<Void> b = Task.spawn(() -> queue.put("b"));
        Task<Void> c = Task.spawn(() -> queue.put("c"));
        turns(1);
        assertThat(a.isDone()).isTrue();
        assertThat(queue.tryGet()).isEqualTo("a");
        b.cancel();
        assertEndsCancelled(b);
        assertThat(queue.get()).isEqualTo("c");
        await(c);
    }

    @LoopTest
    void aCancelledPutterPutsNothing() {
        Queue<String> queue = Queue.bounded(1);
        Task<Void> a = Task.spawn(() -> queue.put("a"));
        Task<Void> b = Task.spawn(() -> queue.put("b"));
        Task<Void> c = Task.spawn(() -> queue.put("X"));
        turns(1);
        assertThat(a.isDone()).isTrue();
        assertThat(b.isDone()).isFalse();
        c.cancel();
        turns(1);
        assertThat(c.isDone()).isTrue();
        assertThat(queue.toString()).contains(" 1 putting");
        assertThat(queue.tryGet()).isEqualTo("a");
        turns(1);
        assertThat(queue.tryGet()).isEqualTo("b");
        await(b);
    }

    @LoopTest
    void puttingWakesAGetterThatWaits() {
        Queue<String> queue = Queue.unbounded();
        Task<String> getter = Task.spawn(queue::get);
        turns(1);
        queue.put("a");
        assertThat(await(getter)).isEqualTo("a");
    }

    @LoopTest
    void allPuttersGetTheirTurn() {
        Queue<Integer> queue = Queue.bounded(2);
        List<Task<?>> tasks = new ArrayList<>();
        tasks.add(Task.spawn(() -> {
            turns(1);
            for (int left = queue.size(); left > 0; left--) {
                queue.tryGet();
            }
        }));
        for (int i = 0; i < 4; i++) {
            int item = i;
            tasks.add(Task.spawn(() -> queue.put(item)));
        }
        tasks.forEach(task -> await(task));
        assertThat(queue.size()).isEqualTo(2);
    }

    // ---- joining

    @LoopTest
    void moreDoneThanPutIsMisuse() {
        for (Queue<Integer> queue : QueueTest.<Integer>ofEachKind(2)) {
            assertThatThrownBy(queue::taskDone)
                    .isInstanceOf(LoopMisuseException.class)
                    .hasMessageStartingWith("taskDone() is called once for each item that was put in\n"
                            + "  call:   Queue.taskDone()\n");
        }
    }

    @LoopTest
    void joiningWaitsUntilAllIsDone() {
        for (Queue<Integer> queue : QueueTest.<Integer>ofEachKind(100)) {
            IntStream.range(0, 100).forEach(queue::tryPut);
            int[] sum = {0};
            List<Task<?>> workers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                workers.add(Task.spawn(() -> {
                    while (true) {
                        sum[0] += queue.get();
                        queue.taskDone();
                    }
                }));
            }
            queue.join();
            assertThat(sum[0]).isEqualTo(4950);
            queue.shutdown();
            workers.forEach(
                    worker -> assertThatThrownBy(() -> await(worker)).isInstanceOf(QueueShutDownException.class));
        }
    }

    @LoopTest
    void joiningAnEmptyQueueDoesNotWait(Loop loop) {
        for (Queue<Integer> queue : QueueTest.<Integer>ofEachKind(1)) {
            long turn = loop.turnCount();
            queue.join();
            queue.join();
            assertThat(loop.turnCount()).isEqualTo(turn);
        }
    }

    @LoopTest
    void aJoinThatWasWokenIsNotHeldBackByNewItems() {
        Queue<Integer> queue = Queue.unbounded();
        queue.tryPut(1);
        Task<Void> joiner = Task.spawn(queue::join);
        turns(1);
        queue.taskDone();
        queue.tryPut(2);
        turns(1);
        assertThat(joiner.isDone()).isTrue();
    }

    // ---- shutting down

    private static void assertShutDown(Queue<String> queue) {
        assertThatThrownBy(() -> queue.put("data"))
                .isInstanceOf(QueueShutDownException.class)
                .hasMessage("the queue was shut down");
        assertThatThrownBy(() -> queue.tryPut("data")).isInstanceOf(QueueShutDownException.class);
        assertThatThrownBy(queue::get).isInstanceOf(QueueShutDownException.class);
        assertThatThrownBy(queue::tryGet).isInstanceOf(QueueShutDownException.class);
    }

    private static void assertAllDone(Queue<String> queue) {
        assertThatThrownBy(queue::taskDone).isInstanceOf(LoopMisuseException.class);
    }

    @LoopTest
    void shutDownWhenEmpty() {
        for (Queue<String> queue : QueueTest.<String>ofEachKind(2)) {
            Task<String> getter = Task.spawn(queue::get);
            turns(1);
            queue.shutdown();
            assertThat(queue.size()).isZero();
            queue.join();
            turns(1);
            assertThat(getter.isDone()).isTrue();
            assertThatThrownBy(() -> await(getter)).isInstanceOf(QueueShutDownException.class);
            assertShutDown(queue);
        }
    }

    @LoopTest
    void shutDownWithItems() {
        for (Queue<String> queue : QueueTest.<String>ofEachKind(1)) {
            queue.tryPut("data");
            Task<Void> joiner = Task.spawn(queue::join);
            Task<Void> putter = Task.spawn(() -> queue.put("data2"));
            turns(1);
            assertThat(putter.isDone()).isFalse();
            queue.shutdown();
            assertThat(queue.size()).isEqualTo(1);
            turns(1);
            assertThat(putter.isDone()).isTrue();
            assertThatThrownBy(() -> await(putter)).isInstanceOf(QueueShutDownException.class);
            assertThat(queue.get()).isEqualTo("data");
            turns(1);
            assertThat(joiner.isDone()).isFalse();
            assertShutDown(queue);
            queue.taskDone();
            turns(1);
            assertThat(joiner.isDone()).isTrue();
            assertAllDone(queue);
        }
    }

    @LoopTest
    void shutDownNow() {
        for (Queue<String> queue : QueueTest.<String>ofEachKind(2)) {
            queue.tryPut("data");
            Task<Void> joiner = Task.spawn(queue::join);
            assertThat(queue.shutdownNow()).containsExactly("data");
            assertThat(queue.size()).isZero();
            turns(1);
            assertThat(joiner.isDone()).isTrue();
            assertShutDown(queue);
            assertAllDone(queue);
            assertThat(queue.shutdownNow()).isEmpty();
        }
    }

    @LoopTest
    void shutDownNowWithUnfinishedWork() {
        for (Queue<String> queue : QueueTest.<String>ofEachKind(2)) {
            queue.tryPut("data");
            queue.tryPut("data");
            Task<Void> joiner = Task.spawn(queue::join);
            assertThat(queue.get()).isEqualTo("data");
            queue.shutdownNow();
            assertThat(queue.size()).isZero();
            turns(1);
            assertThat(joiner.isDone()).isFalse();
            assertShutDown(queue);
            queue.taskDone();
            assertAllDone(queue);
            turns(1);
            assertThat(joiner.isDone()).isTrue();
        }
    }

    @LoopTest
    void whatWasDroppedComesInTheOrderOfTheQueue() {
        PriorityQueue<Integer> queue = PriorityQueue.unbounded();
        List.of(3, 1, 2).forEach(queue::tryPut);
        queue.taskDone();
        queue.taskDone();
        assertThat(queue.shutdownNow()).containsExactly(1, 2, 3);
        queue.join();
    }

    // ---- fairness between the queue and the rest of the loop

    private static long turnsOf(Loop loop, Runnable body) {
        long before = loop.turnCount();
        body.run();
        return loop.turnCount() - before;
    }

    @LoopTest
    void thoseThatNeverWaitGiveUpTheLoopEvery256Times(Loop loop, Trail trail) {
        Queue<Integer> queue = Queue.unbounded();
        assertThat(turnsOf(loop, () -> IntStream.range(0, 255).forEach(queue::put)))
                .isZero();
        Task.spawn(() -> trail.mark("other task"));
        assertThat(trail.marks()).isEmpty();
        queue.put(255);
        assertThat(trail.marks()).containsExactly("other task");
        assertThat(turnsOf(loop, () -> IntStream.range(256, 1_000).forEach(queue::put)))
                .isEqualTo(2);
        turns(1);
        List<Integer> taken = new ArrayList<>();
        assertThat(turnsOf(loop, () -> IntStream.range(0, 1_000).forEach(i -> taken.add(queue.get()))))
                .isEqualTo(3);
        assertThat(taken).isSorted().hasSize(1_000);
    }

    @LoopTest
    void aTaskThatWaitsInBetweenIsNotInterrupted(Loop loop) {
        Queue<Integer> queue = Queue.unbounded();
        IntStream.range(0, 500).forEach(queue::tryPut);
        IntStream.range(0, 200).forEach(i -> queue.get());
        turns(1);
        assertThat(turnsOf(loop, () -> IntStream.range(0, 255).forEach(i -> queue.get())))
                .isZero();
    }

    @LoopTest
    void thePauseLosesNoItem(Loop loop) {
        Queue<Integer> queue = Queue.unbounded();
        IntStream.range(0, 256).forEach(queue::tryPut);
        List<Integer> taken = new ArrayList<>();
        Task<Void> getter = Task.spawn(() -> {
            while (true) {
                taken.add(queue.get());
            }
        });
        loop.callSoon(getter::cancel); // while it pauses before the last item
        assertEndsCancelled(getter);
        assertThat(taken).hasSize(255);
        assertThat(queue.tryGet()).isEqualTo(255);
    }

    @LoopTest
    void whatOthersTookDuringThePauseIsWaitedFor() {
        Queue<Integer> queue = Queue.unbounded();
        IntStream.range(0, 256).forEach(queue::tryPut);
        IntStream.range(0, 255).forEach(i -> queue.get());
        Task<Integer> thief = Task.spawn(queue::tryGet);
        Task.spawn(() -> {
            turns(3);
            queue.tryPut(1_000);
        });
        assertThat(queue.get()).isEqualTo(1_000);
        assertThat(await(thief)).isEqualTo(255);
    }
}
