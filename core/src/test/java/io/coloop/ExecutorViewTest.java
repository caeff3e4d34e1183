package io.coloop;

import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Delayed;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The loop as a ScheduledExecutorService. */
class ExecutorViewTest {
    @LoopTest
    void actionsRunFromTheReadyQueueInOrder(Loop loop, Trail trail) throws Exception {
        ScheduledExecutorService view = loop.asScheduledExecutorService();
        view.execute(() -> trail.mark("executed"));
        java.util.concurrent.Future<String> submitted = view.submit(() -> {
            trail.mark("submitted");
            assertThat(Loop.current()).isSameAs(loop);
            return "value";
        });
        view.schedule(() -> trail.mark("no delay"), 0, TimeUnit.SECONDS);
        view.schedule(() -> trail.mark("negative delay"), -1, TimeUnit.SECONDS);
        trail.mark("registered");
        yieldNow();
        assertThat(trail.marks()).containsExactly("registered", "executed", "submitted", "no delay", "negative delay");
        assertThat(submitted.get()).isEqualTo("value");
    }

    @LoopTest
    void delaysAreTheLoopsAndEqualOnesFireInOrder(Loop loop, Trail trail, VirtualClock clock) throws Exception {
        ScheduledExecutorService view = loop.asScheduledExecutorService();
        view.schedule(() -> trail.mark("3 ns"), 3, TimeUnit.NANOSECONDS);
        ScheduledFuture<String> first = view.schedule(() -> "value", 2, TimeUnit.NANOSECONDS);
        for (String name : List.of("a", "b", "c")) {
            view.schedule(() -> trail.mark(name), 1, TimeUnit.NANOSECONDS);
        }
        assertThat(first.getDelay(TimeUnit.NANOSECONDS)).isEqualTo(2);
        ScheduledFuture<?> later = view.schedule(() -> {}, 1, TimeUnit.HOURS);
        assertThat(first.compareTo((Delayed) later)).isNegative();
        assertThat(later.cancel(true)).isTrue();
        sleep(Duration.ofNanos(5));
        assertThat(trail.marks()).containsExactly("a", "b", "c", "3 ns");
        assertThat(first.get()).isEqualTo("value");
        assertThat(clock.elapsed()).isEqualTo(Duration.ofNanos(5));
    }

    @LoopTest
    void anEndlessDelayMeansNever(Loop loop, Trail trail) {
        ScheduledFuture<?> never =
                loop.asScheduledExecutorService().schedule(() -> trail.mark("ran"), Long.MAX_VALUE, TimeUnit.DAYS);
        sleep(Duration.ofDays(1));
        assertThat(trail.marks()).isEmpty();
        never.cancel(false);
    }

    @LoopTest
    void atAFixedRateEveryPeriodCounts(Loop loop, Trail trail, VirtualClock clock) {
        ScheduledFuture<?> periodic = loop.asScheduledExecutorService()
                .scheduleAtFixedRate(
                        () -> {
                            trail.mark(clock.elapsed().toMillis() + "");
                            if (clock.elapsed().toMillis() == 20) {
                                clock.advanceBy(Duration.ofMillis(25)); // it overran
                            }
                        },
                        10,
                        10,
                        TimeUnit.MILLISECONDS);
        sleep(Duration.ofMillis(65));
        periodic.cancel(false);
        assertThat(trail.marks()).containsExactly("10", "20", "45", "45", "50", "60");
    }

    @LoopTest
    void withAFixedDelayItCountsFromTheEnd(Loop loop, Trail trail, VirtualClock clock) {
        ScheduledFuture<?> periodic = loop.asScheduledExecutorService()
                .scheduleWithFixedDelay(
                        () -> {
                            trail.mark(clock.elapsed().toMillis() + "");
                            clock.advanceBy(Duration.ofMillis(5));
                        },
                        0,
                        10,
                        TimeUnit.MILLISECONDS);
        sleep(Duration.ofMillis(40));
        periodic.cancel(false);
        assertThat(trail.marks()).containsExactly("0", "15", "30");
    }

    @LoopTest
    void aPeriodMustBePositive(Loop loop) {
        ScheduledExecutorService view = loop.asScheduledExecutorService();
        assertThatThrownBy(() -> view.scheduleAtFixedRate(() -> {}, 0, 0, TimeUnit.SECONDS))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessage("period must be positive");
        assertThatThrownBy(() -> view.scheduleWithFixedDelay(() -> {}, 0, -1, TimeUnit.SECONDS))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessage("delay must be positive");
    }

    @LoopTest
    void aPeriodicActionThatThrowsEnds(Loop loop, Trail trail) {
        IllegalStateException failure = new IllegalStateException("expected");
        ScheduledFuture<?> periodic = loop.asScheduledExecutorService()
                .scheduleAtFixedRate(
                        () -> {
                            trail.mark("ran");
                            throw failure;
                        },
                        1,
                        1,
                        TimeUnit.MILLISECONDS);
        sleep(Duration.ofMillis(5));
        assertThat(trail.marks()).containsExactly("ran");
        assertThatThrownBy(periodic::get).isInstanceOf(ExecutionException.class).hasCause(failure);
    }

    @LoopTest
    void anExecutedActionThatThrowsIsReported(Loop loop, Reports reports) {
        IllegalStateException failure = new IllegalStateException("expected");
        loop.asScheduledExecutorService().execute(() -> {
            throw failure;
        });
        yieldNow();
        assertThat(reports.takeOnly(Report.Kind.CALLBACK_FAILED).failure()).isSameAs(failure);
    }

    @LoopTest
    void actionsMayNotAwait(Loop loop) {
        java.util.concurrent.Future<?> submitted =
                loop.asScheduledExecutorService().submit((Runnable) Await::yieldNow);
        yieldNow();
        assertThatThrownBy(submitted::get)
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(LoopMisuseException.class);
    }

    @LoopTest
    void cancelDisarmsAndNeverInterrupts(Loop loop, VirtualClock clock) {
        ScheduledExecutorService view = loop.asScheduledExecutorService();
        ScheduledFuture<?> delayed = view.schedule(() -> {}, 1, TimeUnit.HOURS);
        yieldNow();
        assertThat(loop.timerCount()).isEqualTo(1);
        delayed.cancel(true);
        yieldNow();
        assertThat(loop.timerCount()).isZero();
        assertThat(delayed.isCancelled()).isTrue();

        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch cancelled = new CountDownLatch(1);
        AtomicReference<Boolean> interrupted = new AtomicReference<>();
        AtomicReference<java.util.concurrent.Future<?>> running = new AtomicReference<>();
        try (var operation = clock.foreign(loop)) {
            running.set(view.submit(() -> {
                begun.countDown();
                Real.await(cancelled);
                interrupted.set(Thread.currentThread().isInterrupted());
            }));
            Real.Other other = Real.start(() -> {
                Real.await(begun);
                running.get().cancel(true);
                cancelled.countDown();
            });
            yieldNow();
            Real.join(other);
        }
        assertThat(interrupted.get()).isFalse();
        assertThatThrownBy(() -> running.get().get()).isInstanceOf(CancellationException.class);
    }

    @LoopTest
    void aPeriodicActionCancelsItself(Loop loop, Trail trail) {
        AtomicReference<ScheduledFuture<?>> self = new AtomicReference<>();
        self.set(loop.asScheduledExecutorService()
                .scheduleAtFixedRate(
                        () -> {
                            trail.mark("ran");
                            if (trail.marks().size() == 3) {
                                self.get().cancel(false);
                            }
                        },
                        1,
                        1,
                        TimeUnit.MILLISECONDS));
        sleep(Duration.ofMillis(10));
        assertThat(trail.marks()).hasSize(3);
    }

    // ---- shutting the view down

    @LoopTest
    void shutdownLetsReadyOnesRunAndDropsDelayedOnes(Loop loop, Trail trail) {
        ScheduledExecutorService view = loop.asScheduledExecutorService();
        view.execute(() -> trail.mark("ready"));
        ScheduledFuture<?> delayed = view.schedule(() -> trail.mark("delayed"), 1, TimeUnit.MILLISECONDS);
        ScheduledFuture<?> periodic =
                view.scheduleAtFixedRate(() -> trail.mark("periodic"), 0, 1, TimeUnit.MILLISECONDS);
        view.shutdown();
        assertThat(view.isShutdown()).isTrue();
        assertThat(view.isTerminated()).isFalse();
        assertThatThrownBy(() -> view.execute(() -> {}))
                .isExactlyInstanceOf(RejectedExecutionException.class)
                .hasMessage("this view of loop " + loop.name() + " is shut down");
        sleep(Duration.ofMillis(5));
        assertThat(view.isTerminated()).isTrue();
        assertThat(trail.marks()).containsExactly("ready");
        assertThat(delayed.isCancelled()).isTrue();
        assertThat(periodic.isCancelled()).isTrue();
        assertThat(loop.isClosed()).isFalse();
        loop.asScheduledExecutorService().execute(() -> trail.mark("another view"));
        yieldNow();
        assertThat(trail.marks()).contains("another view");
    }

    @LoopTest
    void shutdownNowReturnsWhatDidNotRun(Loop loop, Trail trail) {
        ScheduledExecutorService view = loop.asScheduledExecutorService();
        view.execute(() -> trail.mark("ran"));
        ScheduledFuture<?> delayed = view.schedule(() -> trail.mark("ran"), 1, TimeUnit.HOURS);
        assertThat(view.shutdownNow()).hasSize(2);
        assertThat(view.isTerminated()).isTrue();
        yieldNow();
        yieldNow();
        assertThat(trail.marks()).isEmpty();
        assertThat(delayed.isCancelled()).isTrue();
    }

    // ---- from outside

    @Test
    void otherThreadsUseItAsAnyExecutor() throws Exception {
        try (Loop loop = Loop.start("worker")) {
            AtomicInteger count = new AtomicInteger();
            ScheduledExecutorService view = loop.asScheduledExecutorService();
            assertThat(view.invokeAll(List.of(count::incrementAndGet, count::incrementAndGet)))
                    .hasSize(2)
                    .allMatch(java.util.concurrent.Future::isDone);
            String any = view.invokeAny(List.<java.util.concurrent.Callable<String>>of(() -> "any"));
            assertThat(any).isEqualTo("any");
            assertThat(view.submit(() -> Loop.current() == loop).get(Real.LIMIT_SECONDS, TimeUnit.SECONDS))
                    .isTrue();
            assertThat(view.schedule(() -> "delayed", 1, TimeUnit.MILLISECONDS)
                            .get(Real.LIMIT_SECONDS, TimeUnit.SECONDS))
                    .isEqualTo("delayed");
            view.close();
            assertThat(view.isTerminated()).isTrue();
            assertThat(view.awaitTermination(0, TimeUnit.SECONDS)).isTrue();
            assertThat(loop.isClosed()).isFalse();
        }
    }

    @Test
    void theEndOfTheLoopEndsTheView() throws Exception {
        Loop loop = Loop.start("worker");
        ScheduledExecutorService view = loop.asScheduledExecutorService();
        ScheduledFuture<?> delayed = view.schedule(() -> {}, 1, TimeUnit.HOURS);
        CountDownLatch armed = new CountDownLatch(1);
        loop.execute(armed::countDown);
        Real.await(armed);
        loop.close();
        assertThat(view.isShutdown()).isTrue();
        assertThat(view.isTerminated()).isTrue();
        assertThat(view.awaitTermination(Real.LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThatThrownBy(() -> delayed.get(Real.LIMIT_SECONDS, TimeUnit.SECONDS))
                .isInstanceOf(CancellationException.class);
        assertThatThrownBy(() -> view.execute(() -> {})).isInstanceOf(RejectedExecutionException.class);
    }
}
