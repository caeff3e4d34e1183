package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Timeouts: everything that asyncio's tests ask of timeout, timeout_at and wait_for, where it makes sense here, and what is ours. */
class TimeoutTest {
    private static final Duration LONG = Duration.ofHours(1);

    private static Duration ms(long millis) {
        return Duration.ofMillis(millis);
    }

    private static void expires(Timeout timeout, VoidBody<RuntimeException> body) {
        assertThatThrownBy(() -> timeout.run(body)).isInstanceOf(TaskTimeoutException.class);
    }

    // ---- Timeout

    @LoopTest
    void itExpires(VirtualClock clock) {
        Timeout timeout = Timeout.of(ms(10));
        Throwable[] delivered = new Throwable[1];
        assertThatThrownBy(() -> timeout.run(() -> {
                    try {
                        sleep(LONG);
                    } catch (TaskCancelledException cancelled) {
                        delivered[0] = cancelled;
                        throw cancelled;
                    }
                }))
                .isInstanceOf(TaskTimeoutException.class)
                .hasMessage("timed out after PT0.01S in " + Task.current().name())
                .satisfies(thrown -> assertThat(thrown.getCause()).isSameAs(delivered[0]));
        assertThat(timeout.expired()).isTrue();
        assertThat(clock.elapsed()).isEqualTo(ms(10));
        assertThat(Task.current().cancelling()).isZero();
        yieldNow();
    }

    @LoopTest
    void aDeadline(Loop loop, VirtualClock clock) {
        sleep(ms(5));
        long deadline = loop.time() + ms(10).toNanos();
        Timeout timeout = Timeout.at(deadline);
        expires(timeout, () -> sleep(LONG));
        assertThat(timeout.expired()).isTrue();
        assertThat(timeout.when()).isEqualTo(deadline);
        assertThat(clock.elapsed()).isEqualTo(ms(15));
    }

    @LoopTest
    void inTime(Loop loop, VirtualClock clock) {
        Timeout timeout = Timeout.of(ms(10));
        int result = timeout.run(() -> {
            sleep(ms(1));
            return 7;
        });
        assertThat(result).isEqualTo(7);
        assertThat(timeout.expired()).isFalse();
        assertThat(timeout.when()).isGreaterThan(loop.time());
        assertThat(loop.timerCount()).isZero();
        sleep(ms(100)); // nothing fires late
        assertThat(clock.elapsed()).isEqualTo(ms(101));
    }

    @LoopTest
    void aResultMayBeNull() {
        String none = Timeout.of(ms(1)).run(() -> null);
        assertThat(none).isNull();
    }

    @LoopTest
    void noLimit(Loop loop) {
        for (Timeout timeout :
                List.of(Timeout.none(), Timeout.at(Long.MAX_VALUE), Timeout.of(Duration.ofDays(200_000)))) {
            timeout.run(() -> {
                sleep(ms(10));
                assertThat(loop.timerCount()).isZero();
            });
            assertThat(timeout.expired()).isFalse();
            assertThat(timeout.when()).isEqualTo(Long.MAX_VALUE);
        }
    }

    @LoopTest
    void aLimitThatIsOverExpiresAtTheFirstAwait(VirtualClock clock) {
        expires(Timeout.of(Duration.ZERO), () -> sleep(LONG));
        expires(Timeout.of(Duration.ZERO), Await::yieldNow);
        expires(Timeout.of(Duration.ofSeconds(-11)), Await::yieldNow);
        expires(Timeout.at(-11), Await::yieldNow);
        assertThat(clock.elapsed()).isZero();
    }

    @LoopTest
    void theDelayCountsFromWhenItIsMade(VirtualClock clock) {
        Timeout timeout = Timeout.of(ms(10));
        sleep(ms(6));
        expires(timeout, () -> sleep(LONG));
        assertThat(clock.elapsed()).isEqualTo(ms(10));
    }

    @LoopTest
    void theBodysFailureIsThrownAsItIs() {
        IOException checked = new IOException("checked");
        Timeout timeout = Timeout.of(ms(10));
        assertThatThrownBy(() -> failWith(timeout, checked)).isSameAs(checked);
        assertThat(timeout.expired()).isFalse();
        assertThat(checked.getSuppressed()).isEmpty();
    }

    private static void failWith(Timeout timeout, IOException checked) throws IOException {
        timeout.run(() -> {
            throw checked;
        });
    }

    @LoopTest
    void aFailureOnExpiryBeatsIt() {
        IllegalStateException failure = new IllegalStateException("in cleanup");
        Timeout timeout = Timeout.of(ms(10));
        assertThatThrownBy(() -> timeout.run(() -> {
                    try {
                        sleep(LONG);
                    } finally {
                        fail(failure);
                    }
                }))
                .isSameAs(failure);
        assertThat(timeout.expired()).isTrue();
        assertThat(failure.getSuppressed())
                .singleElement()
                .isInstanceOf(TaskTimeoutException.class)
                .asString()
                .contains("timed out after PT0.01S");
        assertThat(Task.current().cancelling()).isZero();
        yieldNow();
    }

    private static void fail(RuntimeException failure) {
        throw failure;
    }

    @LoopTest
    void theFailuresOfAGroupOnExpiryBeatIt() {
        assertThatThrownBy(() -> Timeout.of(ms(10))
                        .run(() -> TaskGroup.run(group -> {
                            group.spawn(() -> {
                                try {
                                    sleep(LONG);
                                } finally {
                                    fail(new IllegalStateException("in cleanup"));
                                }
                            });
                            sleep(LONG);
                        })))
                .isInstanceOf(TaskGroupException.class)
                .satisfies(failed ->
                        assertThat(failed.getSuppressed()).singleElement().isInstanceOf(TaskTimeoutException.class));
        assertThat(Task.current().cancelling()).isZero();
        yieldNow(); // the cancel that the group repeated was the timeout's
    }

    @LoopTest
    void aCancelFromOutsideIsNoTimeout() {
        Timeout timeout = Timeout.of(ms(10));
        Task<Void> task = Task.spawn(() -> timeout.run(() -> {
            Task.current().cancel("outside");
            sleep(LONG);
        }));
        assertThatThrownBy(() -> await(task))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("outside");
        assertThat(timeout.expired()).isFalse();
    }

    @LoopTest
    void whatTheBodyAwaitsIsCancelledBySomebodyElse() {
        Promise<Void> promise = Promise.create();
        promise.future().cancel("else");
        assertThatThrownBy(() -> Timeout.of(ms(10)).run(() -> await(promise.future())))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("else");
    }

    @LoopTest
    void theTaskIsNotCancelled() {
        Task<Void> outer = Task.spawn(() -> expires(Timeout.of(ms(1)), () -> sleep(LONG)));
        await(outer);
        assertThat(outer.isCancelled()).isFalse();
    }

    @LoopTest
    void theOuterOneExpiresInTheBodyOfTheInner(VirtualClock clock) {
        expires(Timeout.of(ms(2)), () -> {
            Timeout inner = Timeout.of(ms(100));
            assertThatThrownBy(() -> inner.run(() -> sleep(LONG)))
                    .isInstanceOf(TaskCancelledException.class)
                    .satisfies(cancelled -> assertThat(inner.expired()).isFalse());
            throw new TaskCancelledException("on");
        });
        assertThat(clock.elapsed()).isEqualTo(ms(2));
    }

    @LoopTest
    void bothExpireInOneTurnAndTheOuterOneThrows(VirtualClock clock) {
        Timeout inner = Timeout.of(ms(100));
        expires(
                Timeout.of(ms(2)),
                () -> inner.run(() -> {
                    clock.advanceBy(ms(100));
                    sleep(LONG);
                }));
        assertThat(inner.expired()).isTrue();
        assertThat(Task.current().cancelling()).isZero();
    }

    @LoopTest
    void theOuterOneExpiresAfterTheInner(VirtualClock clock) {
        expires(Timeout.of(ms(100)), () -> {
            expires(Timeout.of(ms(10)), () -> {
                clock.advanceBy(ms(90));
                sleep(LONG);
            });
            sleep(LONG);
        });
        assertThat(clock.elapsed()).isEqualTo(ms(100));
    }

    @LoopTest
    void nestedInFinally() {
        expires(Timeout.of(ms(10)), () -> {
            try {
                sleep(LONG);
            } finally {
                expires(Timeout.of(ms(10)), () -> sleep(LONG));
            }
        });
    }

    private static Task<Void> cancelledWith(VoidBody<RuntimeException> cleanup) {
        Task<Void> task = Task.spawn(() -> {
            try {
                sleep(LONG);
            } finally {
                cleanup.run();
            }
        });
        yieldNow();
        task.cancel("outside");
        return task;
    }

    @LoopTest
    void afterACancel(Trail trail) {
        Task<Void> task = cancelledWith(() -> {
            assertThat(Task.current().cancelling()).isEqualTo(1);
            expires(Timeout.of(Duration.ZERO), () -> sleep(LONG));
            expires(Timeout.of(ms(10)), () -> sleep(LONG));
            assertThat(Task.current().cancelling()).isEqualTo(1);
            trail.step(1);
        });
        assertThatThrownBy(() -> await(task)).hasMessage("outside");
        trail.finished(1);
    }

    @LoopTest
    void aSecondCancelInATimeoutAfterACancel(Trail trail) {
        Task<Void> task = cancelledWith(() -> {
            assertThatThrownBy(() -> Timeout.of(ms(10)).run(() -> {
                        Task.current().cancel("second");
                        sleep(LONG);
                    }))
                    .isInstanceOf(TaskCancelledException.class)
                    .hasMessage("second");
            trail.step(1);
        });
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        trail.finished(1);
    }

    @LoopTest
    void aCancelFromOutsideDuringTheCleanupOfAnExpiry() {
        Timeout timeout = Timeout.of(ms(10));
        Task<Void> task = Task.spawn(() -> timeout.run(() -> {
            try {
                sleep(LONG);
            } finally {
                sleep(ms(10));
            }
        }));
        sleep(ms(15));
        task.cancel("outside");
        assertThatThrownBy(() -> await(task)).hasMessage("outside");
        assertThat(task.isCancelled()).isTrue();
        assertThat(timeout.expired()).isTrue();
    }

    // ---- rescheduling

    @LoopTest
    void rescheduledLaterSoonerAndNever(Loop loop, VirtualClock clock) {
        Timeout timeout = Timeout.of(ms(10));
        expires(timeout, () -> {
            timeout.rescheduleAfter(ms(100));
            assertThat(timeout.when()).isEqualTo(ms(100).toNanos());
            sleep(ms(50));
            timeout.reschedule(Long.MAX_VALUE);
            assertThat(loop.timerCount()).isZero();
            sleep(ms(200));
            timeout.reschedule(ms(260).toNanos());
            assertThat(loop.timerCount()).isEqualTo(1);
            sleep(LONG);
        });
        assertThat(clock.elapsed()).isEqualTo(ms(260));
    }

    @LoopTest
    void rescheduledFromOutsideTheTask(Trail trail) {
        Timeout[] kept = new Timeout[1];
        Task<Void> task = Task.spawn(() -> {
            kept[0] = Timeout.of(ms(10));
            kept[0].run(() -> sleep(ms(50)));
            trail.step(1);
        });
        yieldNow();
        kept[0].rescheduleAfter(ms(100));
        await(task);
        trail.finished(1);
    }

    @LoopTest
    void rescheduledWhenItCannotBe() {
        Timeout created = Timeout.of(ms(10));
        assertRefused(created, "created");
        created.run(() -> {});
        assertRefused(created, "finished");
        Timeout expired = Timeout.of(ms(10));
        expires(expired, () -> {
            try {
                sleep(LONG);
            } finally {
                assertRefused(expired, "expiring");
            }
        });
        assertRefused(expired, "expired");
    }

    private static void assertRefused(Timeout timeout, String state) {
        assertThatThrownBy(() -> timeout.reschedule(1))
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining("this one is " + state)
                .hasMessageContaining("reschedule it inside the body");
    }

    @LoopTest
    void itsText() {
        Timeout timeout = Timeout.of(ms(10));
        assertThat(timeout).hasToString("Timeout[created]");
        timeout.run(() -> assertThat(timeout).hasToString("Timeout[active, when 10000000]"));
        assertThat(timeout).hasToString("Timeout[finished]");
        Timeout expired = Timeout.of(ms(10));
        expires(expired, () -> {
            try {
                sleep(LONG);
            } finally {
                assertThat(expired).hasToString("Timeout[expiring]");
            }
        });
        assertThat(expired).hasToString("Timeout[expired]");
    }

    // ---- misuse

    @LoopTest
    void itIsUsedOnce() {
        Timeout timeout = Timeout.of(ms(10));
        timeout.run(() -> assertUsed(timeout, "active"));
        assertUsed(timeout, "finished");
    }

    private static void assertUsed(Timeout timeout, String state) {
        assertThatThrownBy(() -> timeout.run(() -> {}))
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining("a timeout is used once; this one is " + state)
                .hasMessageContaining("make another with Timeout.of(...)");
    }

    @LoopTest
    void itNeedsATask(Loop loop) {
        Promise<Throwable> thrown = Promise.create();
        loop.callSoon(() -> {
            try {
                Timeout.of(ms(1)).run(() -> {});
            } catch (LoopMisuseException misuse) {
                thrown.complete(misuse);
            }
        });
        assertThat(await(thrown.future())).hasMessageContaining("Timeout.run(...)");
    }

    @Test
    void itNeedsALoop() {
        assertThatThrownBy(() -> Timeout.of(ms(1)))
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining("a timeout needs a loop's clock")
                .hasMessageContaining("Timeout.of(PT0.001S)");
        assertThatThrownBy(() -> Timeout.at(1)).isInstanceOf(LoopMisuseException.class);
        assertThatThrownBy(Timeout::none).isInstanceOf(LoopMisuseException.class);
        assertThatThrownBy(() -> await(new CompletableFuture<>(), ms(1)))
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining("await(CompletionStage, Duration)");
    }

    // ---- await with a limit

    @LoopTest
    void aDoneFutureHasNoLimit(Loop loop) {
        long turn = loop.turnCount();
        for (Duration limit : List.of(Duration.ZERO, Duration.ofSeconds(-1), ms(1))) {
            assertThat(await(Future.completed("done"), limit)).isEqualTo("done");
            assertThat(await(CompletableFuture.completedFuture("done"), limit)).isEqualTo("done");
            assertThat(await((Awaitable<String>) Future.completed("done"), limit))
                    .isEqualTo("done");
        }
        assertThat(loop.turnCount()).isEqualTo(turn);
        assertThat(Task.current().cancelling()).isZero();
        assertThat(loop.timerCount()).isZero();
    }

    @LoopTest
    void aDoneFutureWithALimitOfZeroInACancelledTask(Trail trail) {
        Task<Void> task = cancelledWith(() -> {
            await(Future.completed("done"), Duration.ZERO);
            yieldNow();
            await(CompletableFuture.completedFuture("done"), Duration.ZERO);
            yieldNow();
            await((Awaitable<String>) Future.completed("done"), Duration.ZERO);
            yieldNow();
            trail.step(1);
        });
        assertThatThrownBy(() -> await(task)).hasMessage("outside");
        trail.finished(1);
    }

    @LoopTest
    void aTaskThatHasNotStartedNeverRuns(Trail trail) {
        Task<Void> task = Task.spawn(() -> trail.mark("ran"));
        assertThatThrownBy(() -> await(task, Duration.ZERO)).isInstanceOf(TaskTimeoutException.class);
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void anAwaitableIsNotStartedWithALimitOfZero(Trail trail) {
        for (Duration limit : List.of(Duration.ZERO, Duration.ofSeconds(-1))) {
            assertThatThrownBy(() -> await((Awaitable<String>) promise -> trail.mark("started"), limit))
                    .isInstanceOf(TaskTimeoutException.class);
        }
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void whatIsAwaitedIsCancelledAndAwaited(Trail trail, VirtualClock clock) {
        for (Duration limit : List.of(Duration.ZERO, Duration.ofSeconds(-1), ms(10))) {
            Task<Void> task = Task.spawn("slow", () -> {
                try {
                    sleep(LONG);
                } finally {
                    sleep(ms(1));
                    trail.mark("ended");
                }
            });
            yieldNow();
            assertThatThrownBy(() -> await(task, limit))
                    .isInstanceOf(TaskTimeoutException.class)
                    .hasCauseInstanceOf(TaskCancelledException.class)
                    .hasMessageStartingWith("await(Task[slow, pending]) timed out after PT");
            assertThat(task.isCancelled()).isTrue();
        }
        assertThat(trail.marks()).containsExactly("ended", "ended", "ended");
        assertThat(clock.elapsed()).isEqualTo(ms(13));
    }

    @LoopTest
    void anAwaitableIsToldOfTheExpiry(Trail trail) {
        assertThatThrownBy(() ->
                        await((Awaitable<String>) promise -> promise.onCancel(() -> trail.mark("told")), ms(10)))
                .isInstanceOf(TaskTimeoutException.class);
        assertThat(trail.marks()).containsExactly("told");
    }

    @LoopTest
    void aForeignStageIsLeftAlone() {
        CompletableFuture<String> foreign = new CompletableFuture<>();
        assertThatThrownBy(() -> await(foreign, ms(10)))
                .isInstanceOf(TaskTimeoutException.class)
                .hasMessageContaining("await(java.util.concurrent.CompletableFuture");
        assertThatThrownBy(() -> await(foreign, Duration.ZERO)).isInstanceOf(TaskTimeoutException.class);
        assertThat(foreign.isDone()).isFalse();
        foreign.complete("later");
        assertThat(await(foreign, ms(10))).isEqualTo("later");
    }

    @LoopTest
    void inTimeTheValueComes(Loop loop) {
        Promise<String> promise = Promise.create();
        loop.callLater(ms(10), () -> promise.complete("ok"));
        assertThat(await(promise.future(), ms(20))).isEqualTo("ok");
        CompletableFuture<String> foreign = new CompletableFuture<>();
        loop.callLater(ms(10), () -> foreign.complete("foreign"));
        assertThat(await(foreign, ms(20))).isEqualTo("foreign");
        Awaitable<String> source = started -> loop.callLater(ms(10), () -> started.complete("started"));
        assertThat(await(source, ms(20))).isEqualTo("started");
        assertThat(loop.timerCount()).isZero();
    }

    @LoopTest
    void aFailureIsThrownAsItIs(Loop loop) {
        IllegalStateException failure = new IllegalStateException("expected");
        Promise<String> promise = Promise.create();
        loop.callLater(ms(10), () -> promise.fail(failure));
        assertThatThrownBy(() -> await(promise.future(), ms(20))).isSameAs(failure);
    }

    @LoopTest
    void aTaskThatEndsWithAValueInSpiteOfIt(Reports reports) {
        Task<Integer> task = Task.spawn(() -> {
            try {
                sleep(LONG);
                return 1;
            } catch (TaskCancelledException swallowed) {
                return 42;
            }
        });
        assertThat(await(task, ms(10))).isEqualTo(42);
        assertThat(Task.current().cancelling()).isZero();
        reports.takeOnly(Report.Kind.SWALLOWED_CANCELLATION);
    }

    @LoopTest
    void aTaskThatFailsInItsCleanup() {
        IllegalStateException failure = new IllegalStateException("in cleanup");
        Task<Void> task = Task.spawn(() -> {
            try {
                sleep(LONG);
            } finally {
                fail(failure);
            }
        });
        assertThatThrownBy(() -> await(task, ms(10))).isSameAs(failure);
    }

    @LoopTest
    void aCancelOfTheAwaiterCancelsTheTask() {
        Task<Void> inner = Task.spawn(() -> await(Promise.<Void>create().future()));
        Task<Void> outer = Task.spawn(() -> await(inner, Duration.ofMinutes(1)));
        yieldNow();
        yieldNow();
        outer.cancel("outside");
        assertThatThrownBy(() -> await(outer)).hasMessage("outside");
        assertThat(inner.isCancelled()).isTrue();
    }

    @LoopTest
    void theAwaiterIsCancelledAfterTheTaskEnded(Trail trail) {
        Task<Void> outer = Task.spawn(() -> {
            await(Task.spawn(() -> {}), Duration.ofSeconds(100));
            sleep(ms(1));
            trail.mark("not reached");
        });
        yieldNow();
        yieldNow();
        outer.cancel("outside");
        assertThatThrownBy(() -> await(outer)).hasMessage("outside");
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void outsideWinsOverTheLimitInOneTurn(Loop loop) {
        List<Task<?>> tasks = new ArrayList<>();
        for (boolean outsideFirst : new boolean[] {true, false}) {
            long when = loop.time() + ms(10).toNanos();
            if (outsideFirst) {
                loop.callAt(when, () -> tasks.get(0).cancel("outside"));
            }
            Task<Void> task = Task.spawn(() -> await(Promise.<Void>create().future(), ms(10)));
            tasks.add(task);
            yieldNow();
            if (!outsideFirst) {
                loop.callAt(when, () -> tasks.get(1).cancel("outside"));
            }
            assertThatThrownBy(() -> await(task))
                    .isInstanceOf(TaskCancelledException.class)
                    .hasMessage("outside");
            assertThat(task.isCancelled()).isTrue();
        }
    }

    @LoopTest
    void outsideWinsOverTheScopeInOneTurn(Loop loop) {
        Task<Void> task = Task.spawn(() -> Timeout.of(ms(10)).run(() -> sleep(LONG)));
        yieldNow();
        loop.callLater(ms(10), () -> task.cancel("outside"));
        assertThatThrownBy(() -> await(task))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("outside");
    }

    @LoopTest
    void anotherLoopsTask(Loop loop, VirtualClock clock) {
        try (Loop second = Loop.start("second");
                var operation = clock.foreign(loop)) {
            Task<String> far = second.spawn(() -> "far");
            assertThat(await(far, LONG)).isEqualTo("far");
            Task<Void> stuck = second.spawn(() -> await(Promise.<Void>create().future()));
            assertThatThrownBy(() -> await(stuck, Duration.ZERO)).isInstanceOf(TaskTimeoutException.class);
            assertThatCode(() -> stuck.cancel()).doesNotThrowAnyException();
        }
    }
}
