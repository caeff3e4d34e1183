package io.coloop.sync;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.LoopGroup;
import io.coloop.LoopMisuseException;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.TaskTimeoutException;
import io.coloop.test.LoopTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The channel between loops: its rules on one loop, in virtual time, then several loops in real time. */
class SharedQueueTest {
    // ---- rules

    @LoopTest
    void firstInFirstOut() {
        SharedQueue<String> queue = SharedQueue.bounded(3);
        queue.put("a");
        assertThat(queue.tryPut("b")).isTrue();
        queue.put("c");
        assertThat(queue.tryPut("d")).isFalse();
        assertThat(queue.size()).isEqualTo(3);
        assertThat(queue.get() + queue.tryGet() + queue.get()).isEqualTo("abc");
        assertThat(queue.tryGet()).isNull();
        assertThat(queue.capacity()).isEqualTo(3);
        assertThat(queue).hasToString("SharedQueue[0 of 3 items, 0 getting, 0 putting]");
    }

    @LoopTest
    void gettersAreServedInTheirOrder() {
        SharedQueue<Integer> queue = SharedQueue.bounded(1);
        List<Task<Integer>> getters = List.of(Task.spawn(queue::get), Task.spawn(queue::get), Task.spawn(queue::get));
        yieldNow();
        assertThat(queue).hasToString("SharedQueue[0 of 1 items, 3 getting, 0 putting]");
        for (int i = 0; i < 3; i++) {
            queue.put(i);
        }
        for (int i = 0; i < 3; i++) {
            assertThat(await(getters.get(i))).isEqualTo(i);
        }
    }

    @LoopTest
    void puttersAreServedInTheirOrder() {
        SharedQueue<Integer> queue = SharedQueue.bounded(1);
        queue.put(0);
        List<Task<Void>> putters = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            int item = i;
            putters.add(Task.spawn(() -> queue.put(item)));
        }
        yieldNow();
        assertThat(queue).hasToString("SharedQueue[1 of 1 items, 0 getting, 3 putting]");
        for (int i = 0; i <= 3; i++) {
            assertThat(queue.get()).isEqualTo(i);
        }
        putters.forEach(putter -> await(putter));
    }

    @LoopTest
    void aGetterThatIsWokenAndCancelledLeavesTheItemToTheNext() {
        SharedQueue<String> queue = SharedQueue.bounded(1);
        Task<String> first = Task.spawn(queue::get);
        Task<String> second = Task.spawn(queue::get);
        yieldNow();
        queue.put("item"); // wakes the first
        first.cancel();
        assertThatThrownBy(() -> await(first)).isInstanceOf(TaskCancelledException.class);
        assertThat(await(second)).isEqualTo("item");
    }

    @LoopTest
    void aPutterThatIsWokenAndCancelledLeavesTheRoomToTheNext() {
        SharedQueue<String> queue = SharedQueue.bounded(1);
        queue.put("before");
        Task<Void> first = Task.spawn(() -> queue.put("first"));
        Task<Void> second = Task.spawn(() -> queue.put("second"));
        yieldNow();
        assertThat(queue.get()).isEqualTo("before"); // wakes the first
        first.cancel();
        assertThatThrownBy(() -> await(first)).isInstanceOf(TaskCancelledException.class);
        await(second);
        assertThat(queue.get()).isEqualTo("second");
        assertThat(queue.size()).isZero();
    }

    @LoopTest
    void whoIsCancelledWhileItWaitsLeavesNothing() {
        SharedQueue<String> queue = SharedQueue.bounded(1);
        for (int i = 0; i < 100; i++) {
            assertThatThrownBy(() -> io.coloop.Timeout.of(Duration.ofMillis(1)).run(() -> queue.get()))
                    .isInstanceOf(TaskTimeoutException.class);
        }
        queue.put("full");
        assertThatThrownBy(() -> io.coloop.Timeout.of(Duration.ofMillis(1)).run(() -> queue.put("more")))
                .isInstanceOf(TaskTimeoutException.class);
        assertThat(queue).hasToString("SharedQueue[1 of 1 items, 0 getting, 0 putting]");
    }

    @LoopTest
    void afterTheShutdownItIsEmptiedAndThenFails() {
        SharedQueue<String> queue = SharedQueue.bounded(1);
        queue.put("left");
        Task<Void> putter = Task.spawn(() -> queue.put("late"));
        yieldNow();
        queue.shutdown();
        queue.shutdown();
        assertThat(queue.isShutDown()).isTrue();
        assertThatThrownBy(() -> await(putter)).isInstanceOf(QueueShutDownException.class);
        assertThatThrownBy(() -> queue.put("later")).isInstanceOf(QueueShutDownException.class);
        assertThatThrownBy(() -> queue.tryPut("later")).isInstanceOf(QueueShutDownException.class);
        assertThat(queue.get()).isEqualTo("left");
        assertThatThrownBy(queue::get).isInstanceOf(QueueShutDownException.class);
        assertThatThrownBy(queue::tryGet).isInstanceOf(QueueShutDownException.class);
        assertThat(queue.toString()).endsWith("0 putting, shut down]");
    }

    @LoopTest
    void theShutdownEndsTheWaitOfGetters() {
        SharedQueue<String> queue = SharedQueue.bounded(1);
        List<Task<String>> getters = List.of(Task.spawn(queue::get), Task.spawn(queue::get));
        yieldNow();
        queue.shutdown();
        getters.forEach(getter -> assertThatThrownBy(() -> await(getter)).isInstanceOf(QueueShutDownException.class));
    }

    @LoopTest
    void whoNeverWaitsLetsOthersRun() {
        SharedQueue<Integer> queue = SharedQueue.bounded(1);
        int[] others = new int[1];
        Task<Void> other = Task.spawn(() -> {
            while (true) {
                others[0]++;
                yieldNow();
            }
        });
        for (int i = 0; i < 1000; i++) {
            queue.put(i);
            queue.get();
        }
        assertThat(others[0]).isBetween(6, 9);
        other.cancel();
        assertThatThrownBy(() -> await(other)).isInstanceOf(TaskCancelledException.class);
    }

    @LoopTest
    void aDumpSaysWhatIsWaitedFor(Loop loop) {
        SharedQueue<String> queue = SharedQueue.bounded(1);
        Task<String> getter = Task.spawn("getter", queue::get);
        yieldNow();
        assertThat(loop.dump()).contains("getter").contains("SharedQueue[0 of 1 items, 1 getting");
        getter.cancel();
        assertThatThrownBy(() -> await(getter)).isInstanceOf(TaskCancelledException.class);
    }

    @Test
    void whatItTakes() {
        assertThatThrownBy(() -> SharedQueue.bounded(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a queue needs room for an item: 0");
        SharedQueue<String> queue = SharedQueue.bounded(1);
        assertThatThrownBy(() -> queue.tryPut(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("item");
        assertThatThrownBy(queue::get)
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining("only a task may await")
                .hasMessageContaining("SharedQueue.get()");
        assertThatThrownBy(() -> queue.put("x"))
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining("SharedQueue.put(...)");
        assertThat(queue.tryPut("x")).isTrue(); // any thread
        assertThat(queue.tryGet()).isEqualTo("x");
    }

    // ---- between loops

    @Test
    @Timeout(60)
    void aTaskOfAnotherLoopIsWoken() throws Exception {
        try (LoopGroup group = group(2)) {
            SharedQueue<String> questions = SharedQueue.bounded(1);
            SharedQueue<String> answers = SharedQueue.bounded(1);
            group.spawn(() -> {
                while (true) {
                    answers.put(questions.get() + " from " + Loop.current().name());
                }
            });
            Task<String> asking = group.spawn(() -> {
                String last = "";
                for (int i = 0; i < 1000; i++) {
                    questions.put("answer " + i);
                    last = answers.get();
                }
                return last;
            });
            assertThat(asking.get(30, TimeUnit.SECONDS)).isEqualTo("answer 999 from queue-0");
        }
        assertThat(reports).isEmpty();
    }

    @Test
    @Timeout(60)
    void whatAClosingLoopLeavesComesToAnother() throws Exception {
        for (int round = 0; round < 100; round++) {
            try (LoopGroup group = group(2)) {
                SharedQueue<String> queue = SharedQueue.bounded(1);
                AtomicInteger waiting = new AtomicInteger();
                Task<String> first = group.spawn(() -> {
                    waiting.incrementAndGet();
                    return queue.get();
                });
                Task<String> second = group.spawn(() -> {
                    waiting.incrementAndGet();
                    return queue.get();
                });
                while (waiting.get() < 2) {
                    Thread.onSpinWait();
                }
                group.loops().getFirst().shutdown();
                queue.tryPut("item");
                group.loops().getFirst().close();
                if (first.isCancelled()) {
                    assertThat(second.get(30, TimeUnit.SECONDS)).isEqualTo("item");
                } else {
                    assertThat(first.resultNow()).isEqualTo("item");
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4})
    @Timeout(120)
    void nothingIsLostDoubledOrOutOfOrder(int loops) throws Exception {
        int senders = 6;
        int items = 20_000;
        SharedQueue<long[]> queue = SharedQueue.bounded(16);
        Queue<long[]> received = new ConcurrentLinkedQueue<>();
        AtomicInteger cancelled = new AtomicInteger();
        try (LoopGroup group = group(loops)) {
            List<Task<Void>> sending = new ArrayList<>();
            for (int i = 0; i < senders; i++) {
                int sender = i;
                sending.add(group.spawn(() -> {
                    for (int n = 0; n < items; n++) {
                        queue.put(new long[] {sender, n});
                    }
                }));
            }
            List<Task<Void>> receiving = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                receiving.add(group.spawn(() -> receiveAll(queue, received, cancelled)));
            }
            for (Task<Void> sender : sending) {
                sender.get(100, TimeUnit.SECONDS);
            }
            queue.shutdown();
            for (Task<Void> receiver : receiving) {
                receiver.get(100, TimeUnit.SECONDS);
            }
        }
        assertThat(received).hasSize(senders * items);
        assertThat(received.stream().map(item -> item[0] * items + item[1]).distinct())
                .hasSize(senders * items);
        assertThat(cancelled.get()).isPositive();
        assertThat(reports).isEmpty();
    }

    /** Receives in tasks of which some are cancelled; each of them sees each sender's items in their order. */
    private static void receiveAll(SharedQueue<long[]> queue, Queue<long[]> received, AtomicInteger cancelled) {
        Random random = new Random(7);
        long[] last = {-1, -1, -1, -1, -1, -1};
        boolean[] over = new boolean[1];
        while (!over[0]) {
            Task<Void> one = Task.spawn(() -> {
                try {
                    for (int i = 0; i < 100; i++) {
                        long[] item = queue.get();
                        received.add(item);
                        assertThat(item[1]).isGreaterThan(last[(int) item[0]]);
                        last[(int) item[0]] = item[1];
                    }
                } catch (QueueShutDownException end) {
                    over[0] = true;
                }
            });
            for (int i = random.nextInt(5); i > 0; i--) {
                yieldNow();
            }
            if (random.nextInt(3) == 0 && one.cancel()) {
                cancelled.incrementAndGet();
            }
            try {
                await(one);
            } catch (TaskCancelledException expected) {
                assertThat(one.isCancelled()).isTrue();
            }
        }
    }

    @Test
    @Timeout(60)
    void oneReceiverSeesEachSendersOrder() throws Exception {
        int items = 50_000;
        SharedQueue<long[]> queue = SharedQueue.bounded(64);
        try (LoopGroup group = group(3)) {
            Task<Void> receiving = group.spawn(() -> {
                long[] next = new long[3];
                for (int i = 0; i < 3 * items; i++) {
                    long[] item = queue.get();
                    assertThat(item[1]).isEqualTo(next[(int) item[0]]++);
                }
            });
            for (int i = 0; i < 2; i++) {
                int sender = i;
                group.spawn(() -> {
                    for (int n = 0; n < items; n++) {
                        queue.put(new long[] {sender, n});
                    }
                });
            }
            for (int n = 0; n < items; n++) { // a plain thread
                long[] item = {2, n};
                while (!queue.tryPut(item)) {
                    Thread.onSpinWait();
                }
            }
            receiving.get(50, TimeUnit.SECONDS);
        }
        assertThat(reports).isEmpty();
    }

    private final Queue<io.coloop.Report> reports = new ConcurrentLinkedQueue<>();

    private LoopGroup group(int size) {
        return Loop.builder()
                .name("queue")
                .slowItem(Duration.ZERO /* a busy machine is slow */)
                .exceptionHandler(reports::add)
                .startGroup(size);
    }
}
