package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Rules 1 to 5: one at a time, only await gives up the loop, never inline, turns, timers in order. */
class RulesTurnTest {

    // ---- rule 1

    @LoopTest
    void oneAtATime(Loop loop, VirtualClock clock) {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger pieces = new AtomicInteger();
        Runnable piece = () -> {
            assertThat(inside.incrementAndGet()).isEqualTo(1);
            Thread.yield();
            assertThat(inside.getAndDecrement()).isEqualTo(1);
            pieces.incrementAndGet();
        };
        List<Task<?>> tasks = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            tasks.add(Task.spawn(() -> {
                for (int turn = 0; turn < 50; turn++) {
                    piece.run();
                    yieldNow();
                }
            }));
        }
        Promise<String> fromOutside = Promise.create();
        VirtualClock.ForeignOperation operation = clock.foreign(loop);
        Real.Other other = Real.start(() -> {
            for (int i = 0; i < 1_000; i++) {
                loop.execute(piece);
            }
            fromOutside.complete("done");
            operation.close();
        });
        Future<Void> callback = fromOutside.future().thenAccept(value -> piece.run());
        for (Task<?> task : tasks) {
            await(task);
        }
        await(callback);
        Real.join(other);
        assertThat(pieces.get()).isEqualTo(20 * 50 + 1_000 + 1);
    }

    // ---- rule 2

    /** Fails if another task, callback or foreign action runs while the body runs this. */
    private static void letsNobodyIn(Loop loop, Real.Action blocking) throws Exception {
        AtomicBoolean letIn = new AtomicBoolean();
        Task<?> task = Task.spawn(() -> letIn.set(true));
        loop.callSoon(() -> letIn.set(true));
        Real.onOtherThread(() -> loop.execute(() -> letIn.set(true)));
        blocking.run();
        assertThat(letIn).as("let somebody in").isFalse();
        await(task);
        assertThat(letIn).isTrue();
    }

    @LoopTest
    void aFreeLockLetsNobodyIn(Loop loop) throws Exception {
        ReentrantLock lock = new ReentrantLock();
        letsNobodyIn(loop, () -> {
            lock.lock();
            lock.unlock();
        });
    }

    @LoopTest(foreignThreads = true)
    void aContendedLockLetsNobodyIn(Loop loop) throws Exception {
        ReentrantLock lock = new ReentrantLock();
        CountDownLatch held = new CountDownLatch(1);
        Real.Other holder = Real.start(() -> {
            lock.lock();
            try {
                held.countDown();
                Real.until("the body waits for the lock", lock::hasQueuedThreads);
            } finally {
                lock.unlock();
            }
        });
        Real.await(held);
        letsNobodyIn(loop, () -> {
            lock.lock();
            lock.unlock();
        });
        Real.join(holder);
    }

    @LoopTest(foreignThreads = true)
    void aContendedMonitorLetsNobodyIn(Loop loop) throws Exception {
        Object monitor = new Object();
        Thread body = Thread.currentThread();
        CountDownLatch held = new CountDownLatch(1);
        Real.Other holder = Real.start(() -> {
            synchronized (monitor) {
                held.countDown();
                Real.until("the body waits for the monitor", () -> body.getState() == Thread.State.BLOCKED);
            }
        });
        Real.await(held);
        letsNobodyIn(loop, () -> {
            synchronized (monitor) {
                assertThat(Thread.holdsLock(monitor)).isTrue();
            }
        });
        Real.join(holder);
    }

    @LoopTest
    void waitingInAMonitorLetsNobodyIn(Loop loop) throws Exception {
        Object monitor = new Object();
        letsNobodyIn(loop, () -> {
            synchronized (monitor) {
                monitor.wait(1);
            }
        });
    }

    @LoopTest
    void theJdksOwnSleepLetsNobodyIn(Loop loop) throws Exception {
        letsNobodyIn(loop, () -> Thread.sleep(1));
    }

    @LoopTest
    void threadYieldLetsNobodyIn(Loop loop) throws Exception {
        letsNobodyIn(loop, Thread::yield);
    }

    @LoopTest
    void parkingLetsNobodyIn(Loop loop) throws Exception {
        letsNobodyIn(loop, () -> LockSupport.parkNanos(1_000_000));
    }

    @LoopTest(foreignThreads = true)
    void waitingForAnotherThreadLetsNobodyIn(Loop loop) throws Exception {
        letsNobodyIn(loop, () -> {
            CompletableFuture<String> foreign = new CompletableFuture<>();
            Thread body = Thread.currentThread();
            Real.Other other = Real.start(() -> {
                Real.until("the body waits", () -> body.getState() == Thread.State.WAITING);
                foreign.complete("done");
            });
            assertThat(foreign.join()).isEqualTo("done");
            Real.join(other);
        });
    }

    @LoopTest
    void loggingLetsNobodyIn(Loop loop) throws Exception {
        Logger logger = Logger.getLogger("io.coloop.test.logging");
        List<String> logged = new ArrayList<>();
        logger.setUseParentHandlers(false);
        logger.addHandler(new Handler() {
            @Override
            public synchronized void publish(LogRecord entry) {
                Thread.yield();
                logged.add(entry.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        });
        letsNobodyIn(loop, () -> logger.warning("hello"));
        assertThat(logged).containsExactly("hello");
    }

    // ---- rule 3

    @LoopTest
    void noCallbackRunsInsideComplete(Trail trail) {
        Promise<String> promise = Promise.create();
        Future<Void> seen = promise.future().thenAccept(value -> trail.step(2));
        promise.complete("value");
        trail.step(1);
        await(seen);
        trail.step(3);
    }

    @LoopTest
    void noCallbackRunsInsideFailOrCancel(Trail trail) {
        Promise<String> failing = Promise.create();
        Future<String> seen = failing.future().exceptionally(failure -> {
            trail.step(3);
            return "";
        });
        Promise<String> cancelled = Promise.create();
        cancelled.onCancel(() -> trail.step(4));
        failing.fail(new IllegalStateException("expected"));
        trail.step(1);
        cancelled.future().cancel();
        trail.step(2);
        await(seen);
        yieldNow();
        trail.step(5);
    }

    @LoopTest
    void noCallbackRunsInsideTheRegisteringCall(Trail trail) {
        Future<String> done = Future.completed("value");
        Future<Void> seen = done.thenAccept(value -> trail.step(2));
        trail.step(1);
        await(seen);
        trail.step(3);
    }

    @LoopTest
    void noTaskRunsInsideSpawn(Trail trail) {
        Task<?> task = Task.spawn(() -> trail.step(2));
        trail.step(1);
        await(task);
    }

    @LoopTest
    void noCallbackRunsInsideForeignCompletion(Loop loop, Trail trail, VirtualClock clock) {
        Promise<String> promise = Promise.create();
        Thread[] seenOn = new Thread[1];
        Future<Void> seen = promise.future().thenAccept(value -> seenOn[0] = Thread.currentThread());
        try (var operation = clock.foreign(loop)) {
            Real.onOtherThread(() -> {
                promise.complete("value");
                trail.step(1);
            });
        }
        assertThat(seen.isDone()).isFalse();
        await(seen);
        assertThat(seenOn[0].getName()).isNotEqualTo("other");
    }

    @LoopTest
    void awaitOnADoneFutureDoesNotGiveUpTheLoop(Loop loop, Trail trail) {
        loop.callSoon(() -> trail.step(4));
        assertThat(await(Future.completed("value"))).isEqualTo("value");
        trail.step(1);
        assertThat(await(CompletableFuture.completedFuture("foreign"))).isEqualTo("foreign");
        trail.step(2);
        try {
            await(Future.failed(new IllegalStateException("expected")));
        } catch (IllegalStateException expected) {
            trail.step(3);
        }
        yieldNow();
        trail.step(5);
    }

    // ---- rule 4

    @LoopTest
    void aTurnRunsWhatWasReadyWhenItBegan(Loop loop, Trail trail) {
        long[] turns = new long[3];
        Promise<Void> end = Promise.create();
        loop.callSoon(() -> {
            turns[0] = loop.turnCount();
            loop.callSoon(() -> {
                turns[2] = loop.turnCount();
                trail.mark("enqueued by the first");
                end.complete(null);
            });
            trail.mark("first");
        });
        loop.callSoon(() -> {
            turns[1] = loop.turnCount();
            trail.mark("second");
        });
        await(end.future());
        assertThat(trail.marks()).containsExactly("first", "second", "enqueued by the first");
        assertThat(turns[1]).isEqualTo(turns[0]);
        assertThat(turns[2]).isEqualTo(turns[0] + 1);
    }

    @LoopTest
    void aYieldTakesOneTurn(Loop loop) {
        for (int i = 0; i < 100; i++) {
            long before = loop.turnCount();
            yieldNow();
            assertThat(loop.turnCount()).isEqualTo(before + 1);
        }
    }

    /** Such a yield need not unmount. */
    @LoopTest(foreignThreads = true)
    void aTaskThatYieldsAloneLetsInWhatArrivedMeanwhile(Loop loop, Trail trail) {
        loop.callLater(Duration.ZERO, () -> trail.mark("timer"));
        Real.onOtherThread(() -> loop.execute(() -> trail.mark("from outside")));
        yieldNow(); // the turn that this begins takes both, behind the task
        assertThat(trail.marks()).isEmpty();
        yieldNow();
        assertThat(trail.marks()).containsExactly("from outside", "timer");
    }

    @LoopTest(foreignThreads = true)
    void aTaskThatYieldsAloneCanBeCancelled() {
        Task<Void> yielding = Task.spawn((VoidBody<?>) () -> {
            Task<?> self = Task.current();
            Real.onOtherThread(() -> self.cancel("enough"));
            while (true) {
                yieldNow();
            }
        });
        assertThatThrownBy(() -> await(yielding))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("enough");
    }

    @LoopTest
    void tasksTakeTurns(Trail trail) {
        List<Task<?>> tasks = new ArrayList<>();
        for (String name : List.of("a", "b", "c")) {
            tasks.add(Task.spawn(() -> {
                for (int i = 1; i <= 3; i++) {
                    trail.mark(name + i);
                    yieldNow();
                }
            }));
        }
        for (Task<?> task : tasks) {
            await(task);
        }
        assertThat(trail.marks()).containsExactly("a1", "b1", "c1", "a2", "b2", "c2", "a3", "b3", "c3");
    }

    /** Enqueues itself for ever, and says how many turns it took until it was stopped. */
    private static final class Spinner implements Runnable {
        private final Loop loop;
        private final Runnable each;
        private boolean stopped;
        private int turns;

        Spinner(Loop loop, Runnable each) {
            this.loop = loop;
            this.each = each;
        }

        @Override
        public void run() {
            if (!stopped) {
                turns++;
                each.run();
                loop.callSoon(this);
            }
        }
    }

    @LoopTest
    void aCallbackThatEnqueuesItselfDoesNotStarveATimer(Loop loop, VirtualClock clock) {
        Spinner spinner = new Spinner(loop, () -> clock.advanceBy(Duration.ofMillis(1)));
        loop.callSoon(spinner);
        sleep(Duration.ofMillis(5));
        spinner.stopped = true;
        assertThat(spinner.turns).isBetween(5, 7);
    }

    @LoopTest(foreignThreads = true)
    void aCallbackThatEnqueuesItselfDoesNotStarveAnotherThread(Loop loop) {
        Spinner spinner = new Spinner(loop, () -> {});
        loop.callSoon(spinner);
        Promise<Void> heard = Promise.create();
        Real.Other other = Real.start(() -> loop.execute(() -> heard.complete(null)));
        await(heard.future());
        spinner.stopped = true;
        Real.join(other);
    }

    @LoopTest(foreignThreads = true)
    void aTaskThatYieldsForEverStarvesNobody(Loop loop, VirtualClock clock) {
        Task<Void> yielding = Task.spawn(() -> {
            while (true) {
                clock.advanceBy(Duration.ofNanos(1));
                yieldNow();
            }
        });
        Promise<Void> heard = Promise.create();
        Real.Other other = Real.start(() -> loop.execute(() -> heard.complete(null)));
        await(heard.future());
        sleep(Duration.ofMillis(1));
        yielding.cancel();
        Real.join(other);
        Future<Boolean> cancelled = yielding.handle((value, failure) -> failure instanceof TaskCancelledException);
        assertThat(await(cancelled)).isTrue();
    }

    @LoopTest
    void timersThatBecameDueRunInTheTurnThatSeesThem(Loop loop, Trail trail, VirtualClock clock) {
        loop.callLater(Duration.ofMillis(1), () -> trail.mark("timer 1"));
        loop.callLater(Duration.ofMillis(2), () -> trail.mark("timer 2"));
        loop.callSoon(() -> {
            clock.advanceBy(Duration.ofMillis(2));
            trail.mark("advanced");
            loop.callSoon(() -> trail.mark("enqueued before the look at timers"));
        });
        yieldNow();
        assertThat(trail.marks()).containsExactly("advanced");
        yieldNow();
        yieldNow();
        assertThat(trail.marks())
                .containsExactly("advanced", "enqueued before the look at timers", "timer 1", "timer 2");
    }

    // ---- rule 5

    @LoopTest
    void equalDeadlinesFireInTheOrderTheyWereSet(Loop loop) {
        List<Integer> fired = new ArrayList<>();
        List<Integer> expected = new ArrayList<>();
        long due = loop.time() + Duration.ofSeconds(1).toNanos();
        for (int i = 0; i < 1_000; i++) {
            int number = i;
            if (i % 2 == 0) {
                loop.callAt(due, () -> fired.add(number));
            } else {
                loop.callLater(Duration.ofSeconds(1), () -> fired.add(number));
            }
            expected.add(number);
        }
        sleep(Duration.ofSeconds(1));
        assertThat(fired).isEqualTo(expected);
    }

    @LoopTest
    void sleepersWithEqualDeadlinesWakeInOrder(Trail trail) {
        List<Task<?>> tasks = new ArrayList<>();
        for (String name : List.of("a", "b", "c", "d", "e")) {
            tasks.add(Task.spawn(() -> {
                sleep(Duration.ofSeconds(3));
                trail.mark(name);
            }));
        }
        for (Task<?> task : tasks) {
            await(task);
        }
        assertThat(trail.marks()).containsExactly("a", "b", "c", "d", "e");
    }

    @LoopTest
    void deadlinesCountToTheNanosecond(Loop loop, VirtualClock clock) {
        List<Integer> delays = new ArrayList<>();
        for (int nanos = 1; nanos <= 500; nanos++) {
            delays.add(nanos);
        }
        List<Integer> sorted = List.copyOf(delays);
        Collections.shuffle(delays, new Random(42));
        List<Integer> fired = new ArrayList<>();
        for (int nanos : delays) {
            loop.callLater(Duration.ofNanos(nanos), () -> {
                assertThat(clock.elapsed()).isEqualTo(Duration.ofNanos(nanos));
                fired.add(nanos);
            });
        }
        sleep(Duration.ofNanos(500));
        assertThat(fired).isEqualTo(sorted);
    }
}
