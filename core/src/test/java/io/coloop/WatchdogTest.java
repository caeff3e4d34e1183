package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How long an item takes is measured in real time, so these tests are. */
@Timeout(30)
class WatchdogTest {
    private final BlockingQueue<Report> reports = new LinkedBlockingQueue<>();
    private final CountDownLatch release = new CountDownLatch(1);

    private Loop start(Duration threshold) {
        return Loop.builder()
                .name("watched")
                .exceptionHandler(reports::add)
                .slowItem(threshold)
                .start();
    }

    private void holdTheLoop() {
        try {
            release.await();
        } catch (InterruptedException interrupt) {
            throw new AssertionError(interrupt);
        }
    }

    @Test
    void aTaskThatHoldsTheLoopIsReportedOnceWithItsStack() throws InterruptedException {
        try (Loop loop = start(Duration.ofMillis(50))) {
            loop.spawn("greedy", () -> {
                holdTheLoop();
                return null;
            });
            Report report = reports.take();
            release.countDown();

            assertThat(report.kind()).isEqualTo(Report.Kind.SLOW_ITEM);
            assertThat(report.message()).startsWith("greedy holds the loop");
            assertThat(report.failure().getStackTrace())
                    .anyMatch(frame -> frame.getMethodName().equals("holdTheLoop"));
        }
        assertThat(reports).isEmpty();
    }

    @Test
    void aCallbackThatHoldsTheLoopIsReported() throws InterruptedException {
        try (Loop loop = start(Duration.ofMillis(50))) {
            loop.execute(this::holdTheLoop);
            Report report = reports.take();
            release.countDown();

            assertThat(report.message()).startsWith("a callback or subscription holds the loop");
            assertThat(report.failure().getStackTrace())
                    .anyMatch(frame -> frame.getMethodName().equals("holdTheLoop"));
        }
    }

    @Test
    void aSubscriptionThatHoldsTheLoopIsReportedWithTheLoopsOwnStack() throws InterruptedException {
        try (Loop loop = start(Duration.ofMillis(50))) {
            loop.spawn(() -> Await.<String>await((Awaitable<String>) promise -> {
                holdTheLoop();
                promise.complete("subscribed");
            }));
            Report report = reports.take();
            release.countDown();

            assertThat(report.message()).startsWith("a callback or subscription holds the loop");
            assertThat(report.failure().getStackTrace())
                    .anyMatch(frame -> frame.getMethodName().equals("holdTheLoop"));
        }
    }

    @Test
    void manyItemsAndWaitingAreNoSlowItem() throws InterruptedException {
        try (Loop loop = start(Duration.ofMillis(250))) {
            Task<Void> yielding = loop.spawn(() -> {
                long end = loop.time() + TimeUnit.MILLISECONDS.toNanos(700);
                while (loop.time() < end) {
                    yieldNow();
                }
            });
            yielding.join();
            assertThat(reports.poll(400, TimeUnit.MILLISECONDS)).isNull();
        }
    }

    private static Task<Void> anotherTask() {
        return Task.spawn(() -> {}); // its body must not need the class that is being initialised
    }

    private static final class AwaitsInItsInitialiser {
        static {
            await(anotherTask());
        }

        static void initialise() {
            // the initialiser is what this is about
        }
    }

    private static final class AwaitsUnwatched {
        static {
            await(anotherTask());
        }

        static void initialise() {
            // the initialiser is what this is about
        }
    }

    @Test
    void anAwaitOnAStackThatCannotUnmountThrowsAndTheTaskGoesOn() {
        awaitsInItsInitialiser(Duration.ofMillis(50), AwaitsInItsInitialiser.class, AwaitsInItsInitialiser::initialise);
    }

    /** The trap: with nobody to report slow items, nobody ended that await, and the loop was held for good. */
    @Test
    void itDoesSoWhereSlowItemsAreNotReported() {
        awaitsInItsInitialiser(Duration.ZERO, AwaitsUnwatched.class, AwaitsUnwatched::initialise);
    }

    private void awaitsInItsInitialiser(Duration slowItem, Class<?> type, Runnable initialise) {
        try (Loop loop = start(slowItem)) {
            Task<String> task = loop.spawn(() -> {
                String outcome = "awaited"; // in hand-off mode only the task's own thread is pinned
                try {
                    initialise.run();
                } catch (ExceptionInInitializerError failed) {
                    outcome = failed.getCause().getMessage();
                }
                yieldNow();
                return outcome;
            });

            if (Loop.mode() == Mode.MOUNTED) {
                assertThat(task.join())
                        .startsWith("an await needs a stack that can unmount")
                        .contains("an await below " + type.getName() + ".<clinit>");
            } else {
                assertThat(task.join()).isEqualTo("awaited");
            }
        }
    }

    // ---- a loop that stays stuck

    private Report next(Report.Kind kind) throws InterruptedException {
        while (true) {
            Report report = reports.poll(Real.LIMIT_SECONDS, TimeUnit.SECONDS);
            assertThat(report).as("a report of " + kind).isNotNull();
            if (report.kind() == kind) {
                return report;
            }
        }
    }

    private static void parkHere() {
        await(Promise.<Void>create().future());
    }

    private static boolean hasFrame(Throwable stack, String method) {
        return Arrays.stream(stack.getStackTrace())
                .anyMatch(frame -> frame.getMethodName().equals(method));
    }

    @Test
    void aLoopThatStaysStuckIsReportedOnceWithTheStacksOfItsTasks() throws InterruptedException {
        try (Loop loop = start(Duration.ofMillis(30))) {
            loop.spawn("first", WatchdogTest::parkHere);
            loop.spawn("second", WatchdogTest::parkHere);
            loop.spawn("greedy", this::holdTheLoop);
            assertThat(next(Report.Kind.SLOW_ITEM).failure().getSuppressed()).isEmpty();
            Report report = next(Report.Kind.STUCK_LOOP);
            assertThat(reports.poll(400, TimeUnit.MILLISECONDS)).isNull();
            release.countDown();

            assertThat(report.message())
                    .matches(
                            "greedy holds the loop for \\d+ ms already, and nothing else runs: it waits for java.util.concurrent.CountDownLatch.*; parked tasks: 2");
            assertThat(hasFrame(report.failure(), "holdTheLoop")).isTrue();
            assertThat(report.failure().getSuppressed())
                    .extracting(Throwable::getMessage)
                    .containsExactly("second is parked here", "first is parked here");
            assertThat(report.failure().getSuppressed()).allMatch(stack -> hasFrame(stack, "parkHere"));
        }
        assertThat(reports).isEmpty();
    }

    @Test
    void theStacksOfAHundredTasksAreEnough() throws InterruptedException {
        try (Loop loop = start(Duration.ofMillis(30))) {
            for (int i = 0; i < 150; i++) {
                loop.spawn(WatchdogTest::parkHere);
            }
            loop.execute(this::holdTheLoop);
            Report report = next(Report.Kind.STUCK_LOOP);
            release.countDown();

            assertThat(report.message()).endsWith("; parked tasks: 150, the stacks of 100 follow");
            assertThat(report.failure().getSuppressed()).hasSize(100);
        }
    }

    @Test
    void aMonitorThatAParkedTaskHoldsIsNamed() throws InterruptedException {
        assumeTrue(Runtime.version().feature() >= 25, "the dump has no monitors");
        Object monitor = new Object();
        Loop loop = start(Duration.ofMillis(30)); // stuck for good: it cannot be closed
        loop.spawn("owner", () -> {
            synchronized (monitor) {
                parkHere();
            }
        });
        loop.spawn("bystander", WatchdogTest::parkHere);
        loop.spawn("blocked", () -> {
            synchronized (monitor) {
                throw new AssertionError("nobody lets go of it");
            }
        });
        Report report = next(Report.Kind.STUCK_LOOP);
        assertThat(report.message())
                .startsWith("blocked holds the loop")
                .contains(": it waits for java.lang.Object@" + Integer.toHexString(System.identityHashCode(monitor))
                        + ", which owner holds while it awaits; a lock must not be held across an await;");
        assertThat(report.failure().getSuppressed()[0]).hasMessage("owner is parked here");
        assertThat(hasFrame(report.failure().getSuppressed()[0], "parkHere")).isTrue();
    }

    @Test
    void aLockThatAParkedTaskHoldsIsNamedAndItsOwnerInMountedMode() throws InterruptedException {
        ReentrantLock lock = new ReentrantLock();
        AtomicReference<Thread> blocked = new AtomicReference<>();
        try (Loop loop = start(Duration.ofMillis(30))) {
            Promise<Void> mayUnlock = loop.promise();
            Task<Void> owner = loop.spawn("owner", () -> {
                lock.lock();
                try {
                    await(mayUnlock.future());
                } finally {
                    lock.unlock();
                }
            });
            loop.spawn(() -> {
                blocked.set(Thread.currentThread());
                assertThatThrownBy(lock::lockInterruptibly).isInstanceOf(InterruptedException.class);
            });
            Report report = next(Report.Kind.STUCK_LOOP);
            blocked.get().interrupt();
            mayUnlock.complete(null);
            owner.join();
            if (Loop.mode() == Mode.MOUNTED) {
                assertThat(report.message())
                        .contains(": it waits for java.util.concurrent.locks.ReentrantLock$NonfairSync@")
                        .contains(", which owner holds while it awaits;");
            } else {
                assertThat(report.message())
                        .contains(": it waits for java.util.concurrent.locks.ReentrantLock$NonfairSync@")
                        .contains("look for a task that holds it while it awaits;");
            }
        }
    }

    @Test
    void aLockOfAnotherThreadIsNamedAsFarAsItsOwnerIsKnown() throws InterruptedException {
        assumeTrue(Runtime.version().feature() >= 25, "the dump has no monitors");
        Object monitor = new Object();
        CountDownLatch held = new CountDownLatch(1);
        Real.Other other = Real.start(() -> {
            synchronized (monitor) {
                held.countDown();
                Real.await(release);
            }
        });
        Real.await(held);
        try (Loop loop = start(Duration.ofMillis(30))) {
            loop.execute(() -> {
                synchronized (monitor) {
                    assertThat(release.getCount()).isZero();
                }
            });
            Report report = next(Report.Kind.STUCK_LOOP);
            release.countDown();
            assertThat(report.message())
                    .startsWith("a callback or subscription holds the loop")
                    .contains(", which thread " + other.thread.getName() + " holds;");
        }
        Real.join(other);
    }
}
