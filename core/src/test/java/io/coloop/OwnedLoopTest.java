package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Real.ReportQueue;
import io.coloop.test.LoopTest;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Loops with a thread of their own: run, start, close. */
class OwnedLoopTest {
    private static final IllegalStateException FAILURE = new IllegalStateException("expected");

    // ---- run

    @Test
    void runReturnsTheResult() {
        assertThat(Loop.<String, RuntimeException>run(() -> "value")).isEqualTo("value");
        assertThat(Loop.<String, RuntimeException>run(() -> null)).isNull();
    }

    @Test
    void runThrowsTheFailureItself() {
        assertThatThrownBy(() -> Loop.run(() -> {
                    yieldNow();
                    throw FAILURE;
                }))
                .isSameAs(FAILURE);
    }

    @Test
    void runThrowsTheCancellation() {
        assertThatThrownBy(() -> Loop.run(() -> {
                    Task.current().cancel("by itself");
                    yieldNow();
                }))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("by itself");
    }

    @Test
    void runUsesAThreadOfTheLoopsOwn() {
        AtomicReference<Thread> callback = new AtomicReference<>();
        Loop.builder().name("own").run(() -> {
            Loop.current().callSoon(() -> callback.set(Thread.currentThread()));
            yieldNow();
        });
        assertThat(callback.get()).isNotSameAs(Thread.currentThread());
        assertThat(callback.get().getName()).isEqualTo("own");
        assertThat(callback.get().isVirtual()).isEqualTo(Loop.mode() == Mode.HAND_OFF);
        Real.until("the loop's thread ends", () -> !callback.get().isAlive());
        assertThat(Loop.currentOrNull()).isNull();
    }

    @Test
    void runCancelsAndAwaitsWhatIsLeftBehind() {
        Trail trail = new Trail();
        String result = Loop.builder().clock(new VirtualClock()).run(() -> {
            Task.spawn(() -> {
                try {
                    sleep(Duration.ofHours(1));
                } finally {
                    trail.mark("cleaning up");
                    sleep(Duration.ofSeconds(1));
                    await(Task.spawn(() -> trail.mark("a task of the clean-up")));
                }
            });
            Task.spawn(() -> {
                try {
                    sleep(Duration.ofHours(1));
                } finally {
                    sleep(Duration.ofSeconds(2));
                    trail.mark("cleaned up");
                }
            });
            yieldNow();
            return "value";
        });
        assertThat(result).isEqualTo("value");
        assertThat(trail.marks()).containsExactly("cleaning up", "a task of the clean-up", "cleaned up");
    }

    @Test
    void anInterruptOfTheCallerCancelsTheMainTask() {
        CountDownLatch begun = new CountDownLatch(1);
        AtomicReference<Thread> caller = new AtomicReference<>();
        Real.Other other = Real.start(() -> {
            caller.set(Thread.currentThread());
            assertThatThrownBy(() -> Loop.run(() -> {
                        begun.countDown();
                        sleep(Duration.ofHours(1));
                    }))
                    .isInstanceOf(TaskCancelledException.class)
                    .hasMessage("the thread that waits in Loop.run was interrupted");
            assertThat(Thread.interrupted()).as("the flag is kept").isTrue();
        });
        Real.await(begun);
        caller.get().interrupt();
        Real.join(other);
    }

    @Test
    void runAfterRunAndManyAtOnce() {
        List<Real.Other> others = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            others.add(Real.start(() -> {
                for (int n = 0; n < 50; n++) {
                    int number = n;
                    int result = Loop.run(() -> {
                        yieldNow();
                        return await(Task.spawn(() -> number));
                    });
                    assertThat(result).isEqualTo(n);
                }
            }));
        }
        others.forEach(Real::join);
    }

    // ---- start and close

    @Test
    void startAndClose() throws InterruptedException {
        Loop loop = Loop.start("worker");
        assertThat(loop.name()).isEqualTo("worker");
        assertThat(loop.isClosed()).isFalse();
        assertThat(loop.toString()).startsWith("Loop[worker, running, ");
        assertThat(loop.spawn(() -> Loop.current() == loop).join()).isTrue();
        assertThat(loop.awaitTermination(Duration.ofMillis(1))).isFalse();
        loop.close();
        assertThat(loop.isClosed()).isTrue();
        assertThat(loop.toString()).isEqualTo("Loop[worker, closed, 0 tasks, 0 ready, 0 timers]");
        assertThat(loop.awaitTermination(Duration.ZERO)).isTrue();
        loop.close();
        loop.shutdown();
    }

    @Test
    void manyClose() {
        Loop loop = Loop.start("worker");
        Task<Void> task = loop.spawn(() -> await(Promise.<Void>create().future()));
        List<Real.Other> closers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            closers.add(Real.start(loop::close));
        }
        closers.forEach(Real::join);
        assertThat(loop.isClosed()).isTrue();
        assertThat(task.isCancelled()).isTrue();
        assertThat(task.exceptionNow()).hasMessage("the loop is closing");
    }

    @Test
    void startAndCloseManyTimes() {
        for (int i = 0; i < 500; i++) {
            Loop loop = Loop.start("worker");
            if (i % 2 == 0) {
                loop.execute(() -> {});
            }
            loop.close();
        }
    }

    @Test
    void anInterruptedThreadStillCloses() {
        Loop loop = Loop.start("worker");
        Real.onOtherThread(() -> {
            Thread.currentThread().interrupt();
            loop.close();
            assertThat(Thread.interrupted()).isTrue();
        });
        assertThat(loop.isClosed()).isTrue();
    }

    @Test
    void whatWasAcceptedRunsBeforeTheClose() {
        Trail trail = new Trail();
        Loop loop = Loop.start("worker");
        CountDownLatch mayGoOn = new CountDownLatch(1);
        loop.execute(() -> Real.await(mayGoOn));
        loop.execute(() -> trail.mark("accepted"));
        loop.shutdown();
        loop.execute(() -> trail.mark("accepted too"));
        mayGoOn.countDown();
        loop.close();
        assertThat(trail.marks()).containsExactly("accepted", "accepted too");
    }

    @Test
    void cleaningUpMaySpawnAndAwaitWhileTheLoopCloses() {
        Trail trail = new Trail();
        Loop.run(() -> {
            Task.spawn(() -> {
                try {
                    await(Promise.<Void>create().future());
                } finally {
                    await(Task.spawn(() -> {
                        yieldNow();
                        trail.mark("flushed");
                    }));
                }
            });
            yieldNow();
        });
        assertThat(trail.marks()).containsExactly("flushed");
    }

    @Test
    void aTaskThatComesWithTheCloseIsCancelledAndItsBodyNeverRuns() {
        Trail trail = new Trail();
        AtomicReference<Task<Void>> late = new AtomicReference<>();
        Loop loop = Loop.start("worker");
        loop.execute(() -> {
            loop.shutdown();
            // runs in the last turn; what comes through the inbox then is seen only by the close itself
            loop.execute(
                    () -> Real.onOtherThread(() -> late.set(loop.spawn(() -> trail.mark("ran on a closed loop")))));
        });
        loop.close();
        assertThat(trail.marks()).isEmpty();
        assertThat(late.get().isCancelled()).isTrue();
        assertThat(late.get().exceptionNow()).hasMessage("the loop is closed");
    }

    @Test
    void executeRacesWithClose() {
        for (int i = 0; i < 50; i++) {
            Loop loop = Loop.start("worker");
            List<Integer> ran = new ArrayList<>();
            int[] accepted = {0};
            Real.Other other = Real.start(() -> {
                try {
                    while (true) {
                        loop.execute(() -> ran.add(1));
                        accepted[0]++;
                    }
                } catch (LoopClosedException closed) {
                    // from here on nothing is taken
                }
            });
            loop.close();
            Real.join(other);
            assertThat(ran).hasSize(accepted[0]);
        }
    }

    // ---- an error of the virtual machine

    @Test
    void aVirtualMachineErrorInACallbackEndsTheLoopWithOneReport() throws InterruptedException {
        InternalError fatal = new InternalError("expected");
        ReportQueue reports = new ReportQueue();
        Loop loop = Loop.builder().name("worker").exceptionHandler(reports).start();
        Task<Void> other = loop.spawn(() -> await(Promise.<Void>create().future()));
        loop.execute(() -> {
            throw fatal;
        });
        assertThat(loop.awaitTermination(Duration.ofSeconds(Real.LIMIT_SECONDS)))
                .isTrue();
        Report report = reports.next();
        assertThat(report.kind()).isEqualTo(Report.Kind.LOOP_FAILED);
        assertThat(report.failure()).isSameAs(fatal);
        assertThat(report.message()).isEqualTo("the loop ends because of " + fatal);
        assertThat(reports.left()).isEmpty();
        assertThat(other.isCancelled()).isTrue();
        assertThat(other.exceptionNow()).hasMessage("the loop failed: " + fatal);
    }

    @Test
    void aVirtualMachineErrorInABodyEndsTheLoop() throws InterruptedException {
        InternalError fatal = new InternalError("expected");
        ReportQueue reports = new ReportQueue();
        Loop loop = Loop.builder().exceptionHandler(reports).start();
        Promise<String> mayFail = loop.promise();
        Task<Void> other = loop.spawn(() -> await(Promise.<Void>create().future()));
        Task<String> task = loop.spawn(() -> {
            await(mayFail.future());
            throw fatal;
        });
        Future<String> seen = task.exceptionally(Throwable::getMessage);
        mayFail.complete("");
        assertThat(loop.awaitTermination(Duration.ofSeconds(Real.LIMIT_SECONDS)))
                .isTrue();
        assertThat(reports.leftKinds()).containsExactly(Report.Kind.LOOP_FAILED);
        assertThat(seen.join()).isEqualTo("expected");
        assertThat(task.exceptionNow()).isSameAs(fatal);
        assertThat(other.isCancelled()).isTrue();
    }

    @LoopTest
    void anotherErrorDoesNotEndTheLoop(Loop loop, io.coloop.test.Reports reports) {
        loop.callSoon(() -> {
            throw new AssertionError("expected");
        });
        yieldNow();
        assertThat(reports.takeOnly(Report.Kind.CALLBACK_FAILED).failure()).hasMessage("expected");
        yieldNow();
        assertThat(loop.isClosed()).isFalse();
    }

    // ---- settings, time

    @Test
    void loopsHaveNames() {
        String first = Loop.run(() -> Loop.current().name());
        String second = Loop.run(() -> Loop.current().name());
        assertThat(first).matches("loop-\\d+");
        assertThat(second).matches("loop-\\d+").isNotEqualTo(first);
        LoopBuilder builder = Loop.builder().name("twice");
        assertThat(builder.<String, RuntimeException>run(() -> Loop.current().name()))
                .isEqualTo("twice");
        assertThat(builder.<String, RuntimeException>run(() -> Loop.current().name()))
                .isEqualTo("twice");
    }

    @Test
    void timeCountsFromAnOriginOfTheLoopsOwn() {
        VirtualClock clock = new VirtualClock();
        clock.advanceBy(Duration.ofDays(1));
        Loop.builder().clock(clock).run(() -> {
            assertThat(Loop.current().time()).isZero();
            sleep(Duration.ofNanos(7));
            assertThat(Loop.current().time()).isEqualTo(7);
        });
    }

    @Test
    void realTimePasses() {
        long slept = Loop.run(() -> {
            long before = Loop.current().time();
            sleep(Duration.ofMillis(5));
            return Loop.current().time() - before;
        });
        assertThat(slept).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(5));
    }

    @Test
    void anotherThreadEndsALongWait() {
        try (Loop loop = Loop.start("worker")) {
            loop.execute(() -> loop.callLater(Duration.ofDays(1), () -> {}));
            for (int i = 0; i < 200; i++) {
                int number = i;
                assertThat(loop.spawn(() -> number).join()).isEqualTo(i);
            }
        }
    }

    // ---- handles

    @LoopTest
    void aHandleIsCalledOff(Loop loop, Trail trail) {
        Handle cancelled = loop.callSoon(() -> trail.mark("cancelled"));
        Handle ran = loop.callSoon(() -> trail.mark("ran"));
        assertThat(cancelled.cancel()).isTrue();
        assertThat(cancelled.cancel()).isFalse();
        assertThat(cancelled.isCancelled()).isTrue();
        yieldNow();
        assertThat(ran.cancel()).isFalse();
        assertThat(ran.isCancelled()).isFalse();
        assertThat(trail.marks()).containsExactly("ran");
    }

    @LoopTest
    void aTimerIsCalledOff(Loop loop, Trail trail) {
        TimerHandle cancelled = loop.callLater(Duration.ofMillis(1), () -> trail.mark("cancelled"));
        TimerHandle ran = loop.callAt(loop.time() + 5, () -> trail.mark("ran"));
        assertThat(ran.when()).isEqualTo(loop.time() + 5);
        assertThat(loop.timerCount()).isEqualTo(2);
        assertThat(cancelled.cancel()).isTrue();
        assertThat(loop.timerCount()).isEqualTo(1);
        assertThat(cancelled.cancel()).isFalse();
        assertThat(cancelled.isCancelled()).isTrue();
        sleep(Duration.ofMillis(2));
        assertThat(ran.cancel()).isFalse();
        assertThat(trail.marks()).containsExactly("ran");
    }

    @LoopTest
    void aTimerCanBeCalledOffInTheTurnInWhichItIsDue(Loop loop, Trail trail) {
        TimerHandle[] second = new TimerHandle[1];
        loop.callAt(5, () -> {
            trail.mark("first");
            assertThat(second[0].cancel()).isTrue();
        });
        second[0] = loop.callAt(5, () -> trail.mark("second"));
        sleep(Duration.ofNanos(10));
        assertThat(trail.marks()).containsExactly("first");
    }

    @LoopTest
    void countsAreRight(Loop loop) {
        assertThat(loop.taskCount()).isEqualTo(1);
        Task<Void> task = Task.spawn(() -> sleep(Duration.ofSeconds(1)));
        assertThat(loop.readyCount()).isEqualTo(1);
        yieldNow();
        assertThat(loop.taskCount()).isEqualTo(2);
        assertThat(loop.timerCount()).isEqualTo(1);
        await(task);
        assertThat(loop.taskCount()).isEqualTo(1);
        assertThat(loop.timerCount()).isZero();
        assertThat(loop.toString()).isEqualTo("Loop[" + loop.name() + ", running, 1 tasks, 0 ready, 0 timers]");
    }
}
