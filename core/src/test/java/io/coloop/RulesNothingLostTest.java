package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Real.ReportQueue;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.VirtualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Rule 8: nothing is lost in silence; each is reported once. */
class RulesNothingLostTest {
    private static final IllegalStateException FAILURE = new IllegalStateException("expected");

    private static void failUnseen() {
        throw FAILURE;
    }

    // ---- failures nobody observed

    @LoopTest
    void debugModeReportsAnUnobservedFailureATurnLater(Reports reports) {
        Task<Void> task = Task.spawn(RulesNothingLostTest::failUnseen);
        for (int i = 0; i < 4; i++) {
            yieldNow();
        }
        Report report = reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE);
        assertThat(report.failure()).isSameAs(FAILURE);
        assertThat(report.message())
                .isEqualTo(task.name() + " failed and nobody awaited it or listened to it: " + FAILURE
                        + "; await it, or register a callback");
        assertThatThrownBy(() -> await(task)).isSameAs(FAILURE);
    }

    @LoopTest
    void anObservedFailureIsNotReported() {
        Task<Void> awaited = Task.spawn(RulesNothingLostTest::failUnseen);
        assertThatThrownBy(() -> await(awaited)).isSameAs(FAILURE);
        Promise<String> listened = Promise.create();
        Future<String> handled = listened.future().exceptionally(Throwable::getMessage);
        listened.fail(FAILURE);
        assertThat(await(handled)).isEqualTo("expected");
        Promise<String> asked = Promise.create();
        asked.fail(FAILURE);
        assertThat(asked.future().exceptionNow()).isSameAs(FAILURE);
        for (int i = 0; i < 4; i++) {
            yieldNow();
        }
    }

    @LoopTest
    void aFailureThatPassesThroughManyIsReportedForTheLast(Reports reports) {
        Task<Void> first = Task.spawn(RulesNothingLostTest::failUnseen);
        Task<Void> second = Task.spawn(() -> await(first));
        Task<Void> third = Task.spawn(() -> await(second));
        for (int i = 0; i < 6; i++) {
            yieldNow();
        }
        assertThat(third.isFailed()).isTrue();
        Report report = reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE);
        assertThat(report.message()).startsWith(third.name() + " failed");
    }

    @LoopTest
    void aCancellationIsNoFailure() {
        Task<Void> task = Task.spawn(() -> sleep(Duration.ofHours(1)));
        Future<Integer> derived = task.thenApply(nothing -> 1);
        yieldNow();
        task.cancel("not needed");
        for (int i = 0; i < 6; i++) {
            yieldNow();
        }
        assertThat(task.isCancelled()).isTrue();
        assertThat(derived.isDone()).isTrue();
    }

    @Test
    void theCloseReportsAnUnobservedFailure() {
        ReportQueue reports = new ReportQueue();
        Loop loop = Loop.builder().exceptionHandler(reports).start();
        Task<Void> task = loop.spawn("worker", () -> {
            failUnseen();
            return null;
        });
        loop.close();
        Report report = reports.next();
        assertThat(report.kind()).isEqualTo(Report.Kind.UNOBSERVED_FAILURE);
        assertThat(report.failure()).isSameAs(FAILURE);
        assertThat(report.message()).startsWith("worker failed");
        assertThat(reports.left()).isEmpty();
        assertThat(task.isFailed()).isTrue();
    }

    @Test
    void aFailureThatAnotherThreadObservesAtOnceIsNotReported() {
        ReportQueue reports = new ReportQueue();
        try (Loop loop = Loop.builder().exceptionHandler(reports).start()) {
            for (int i = 0; i < 500; i++) {
                Promise<String> promise = loop.promise();
                for (int hook = 0; hook < 200; hook++) {
                    promise.onCancel(() -> {}); // much to enqueue while the other thread looks
                }
                loop.execute(() -> promise.fail(FAILURE));
                while (!promise.future().isDone()) {
                    Thread.onSpinWait();
                }
                assertThat(promise.future().exceptionNow()).isSameAs(FAILURE);
            }
        }
        assertThat(reports.left()).isEmpty();
    }

    @Test
    void aFailureAfterTheCloseIsReportedAtOnce() {
        ReportQueue reports = new ReportQueue();
        Loop loop = Loop.builder().exceptionHandler(reports).start();
        Promise<String> promise = loop.promise();
        loop.close();
        promise.fail(FAILURE);
        assertThat(reports.left()).extracting(Report::failure).containsExactly(FAILURE);
    }

    @Test
    void aFailureThatBecomesUnreachableIsReported() throws InterruptedException {
        ReportQueue reports = new ReportQueue();
        CountDownLatch reported = new CountDownLatch(2);
        try (Loop loop = Loop.builder()
                .exceptionHandler(report -> {
                    reports.handle(report);
                    reported.countDown();
                })
                .start()) {
            loop.promise().fail(FAILURE);
            loop.spawn("worker", () -> {
                failUnseen();
                return null;
            });
            for (int i = 0; i < 200 && reported.getCount() > 0; i++) {
                System.gc();
                reported.await(100, java.util.concurrent.TimeUnit.MILLISECONDS);
            }
            assertThat(reported.getCount()).isZero();
        }
        List<Report> all = reports.left();
        assertThat(all).extracting(Report::kind).containsOnly(Report.Kind.UNOBSERVED_FAILURE);
        assertThat(all).extracting(Report::failure).containsExactly(FAILURE, FAILURE);
        assertThat(all).extracting(Report::message).anyMatch(message -> message.startsWith("worker failed"));
        assertThat(all).extracting(Report::message).anyMatch(message -> message.startsWith("a future failed"));
    }

    // ---- callbacks

    @LoopTest
    void aCallbackThatThrowsIsReportedAndTheLoopGoesOn(Loop loop, Reports reports) {
        loop.callSoon(RulesNothingLostTest::failUnseen);
        yieldNow();
        Report report = reports.takeOnly(Report.Kind.CALLBACK_FAILED);
        assertThat(report.failure()).isSameAs(FAILURE);
        assertThat(report.loop()).isSameAs(loop);
        assertThat(report.message()).isEqualTo("a callback failed: " + FAILURE);

        loop.execute(RulesNothingLostTest::failUnseen);
        loop.callLater(Duration.ofMillis(1), RulesNothingLostTest::failUnseen);
        sleep(Duration.ofMillis(2));
        assertThat(reports.take())
                .extracting(Report::kind)
                .containsExactly(Report.Kind.CALLBACK_FAILED, Report.Kind.CALLBACK_FAILED);
    }

    @LoopTest
    void aCancelHookThatThrowsIsReported(Reports reports) {
        Promise<String> promise = Promise.create();
        promise.onCancel(RulesNothingLostTest::failUnseen);
        promise.future().cancel();
        yieldNow();
        assertThat(reports.takeOnly(Report.Kind.CALLBACK_FAILED).failure()).isSameAs(FAILURE);
    }

    @LoopTest
    void aStageWhoseFunctionThrowsCarriesTheFailure(Reports reports) {
        Future<String> stage = Future.completed("").thenApply(value -> {
            throw FAILURE;
        });
        for (int i = 0; i < 4; i++) {
            yieldNow();
        }
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).hasCause(FAILURE);
        assertThatThrownBy(() -> await(stage)).isSameAs(FAILURE);
    }

    // ---- cancellations

    @LoopTest
    void aSwallowedCancellationIsReported(Reports reports) {
        Task<String> task = Task.spawn(() -> {
            try {
                sleep(Duration.ofHours(1));
            } catch (TaskCancelledException swallowed) {
                yieldNow();
            }
            return "went on";
        });
        yieldNow();
        task.cancel();
        assertThat(await(task)).isEqualTo("went on");
        Report report = reports.takeOnly(Report.Kind.SWALLOWED_CANCELLATION);
        assertThat((Object) report.task()).isSameAs(task);
        assertThat(report.message())
                .isEqualTo(task.name()
                        + " was cancelled but returned; rethrow TaskCancelledException, or call uncancel()");
    }

    @LoopTest
    void awaitingInFinallyIsNotSwallowing() {
        Task<Void> task = Task.spawn(() -> {
            try {
                sleep(Duration.ofHours(1));
            } finally {
                sleep(Duration.ofSeconds(1));
            }
        });
        yieldNow();
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        assertThat(task.isCancelled()).isTrue();
    }

    @LoopTest
    void aCancellationTakenBackIsNotSwallowed() {
        Task<String> task = Task.spawn(() -> {
            try {
                sleep(Duration.ofHours(1));
            } catch (TaskCancelledException expected) {
                Task.current().uncancel();
            }
            return "went on";
        });
        yieldNow();
        task.cancel();
        assertThat(await(task)).isEqualTo("went on");
    }

    @LoopTest
    void aFailureInsteadOfTheCancellationIsToldToWhoAwaitsItAndToNobodyElse() {
        Task<Void> task = Task.spawn(() -> {
            try {
                sleep(Duration.ofHours(1));
            } finally {
                failUnseen();
            }
        });
        yieldNow();
        task.cancel();
        assertThatThrownBy(() -> await(task)).isSameAs(FAILURE);
    }

    @LoopTest
    void oneThatNobodyAwaitsIsReportedOnceAsUnobserved(Reports reports) {
        Task<Void> task = Task.spawn(() -> {
            try {
                sleep(Duration.ofHours(1));
            } finally {
                failUnseen();
            }
        });
        yieldNow();
        task.cancel();
        for (int i = 0; i < 4; i++) {
            yieldNow();
        }
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(FAILURE);
    }

    // ---- values of bodies that a cancel request reached after their last await

    private static <T> Task<T> cancelledAfterItsLastAwait(T value) {
        return Task.spawn(() -> {
            Cleanup.run(Duration.ofSeconds(1), () -> {
                Task.current().cancel("enough");
                yieldNow();
            });
            return value;
        });
    }

    @LoopTest
    void whatABodyReturnsThoughItEndsCancelledIsReported(Reports reports) {
        Task<String> task = cancelledAfterItsLastAwait("rows");
        assertThatThrownBy(() -> await(task)).hasMessage("enough");
        yieldNow();
        Report report = reports.takeOnly(Report.Kind.LATE_VALUE);
        assertThat(report.message())
                .isEqualTo(task.name() + " ended cancelled, and nobody gets what its body returned: rows");
        assertThat(report.value()).isEqualTo("rows");
        assertThat((Object) report.task()).isSameAs(task);
    }

    @LoopTest
    void noValueIsNoLoss() {
        assertThatThrownBy(() -> await(cancelledAfterItsLastAwait(null))).hasMessage("enough");
        yieldNow();
    }

    @LoopTest
    void aResourceIsClosedOnTheLoopsOwnThread() {
        List<Boolean> inATask = new ArrayList<>();
        AutoCloseable resource = () -> inATask.add(Task.currentOrNull() != null);
        assertThatThrownBy(() -> await(cancelledAfterItsLastAwait(resource))).hasMessage("enough");
        yieldNow();
        assertThat(inATask).containsExactly(false);
    }

    @LoopTest
    void oneThatCannotBeClosedIsReported(Reports reports) {
        Exception broken = new Exception("broken");
        AutoCloseable resource = () -> {
            throw broken;
        };
        assertThatThrownBy(() -> await(cancelledAfterItsLastAwait(resource))).hasMessage("enough");
        yieldNow();
        assertThat(reports.takeOnly(Report.Kind.CALLBACK_FAILED).failure()).hasCause(broken);
    }

    @LoopTest
    void aReceiverGetsItInsteadAndTheLatestCounts() {
        List<String> received = new ArrayList<>();
        Task<String> task = cancelledAfterItsLastAwait("rows");
        task.onUndelivered(rows -> received.add("first " + rows));
        task.onUndelivered(rows -> received.add("second " + rows + (Task.currentOrNull() == null ? "" : " in a task")));
        assertThatThrownBy(() -> await(task)).hasMessage("enough");
        yieldNow();
        Task<String> awaited = cancelledAfterItsLastAwait("more");
        assertThatThrownBy(() -> await(awaited, received::add)).hasMessage("enough");
        yieldNow();
        assertThat(received).containsExactly("second rows", "more");
        assertThatThrownBy(() -> task.onUndelivered(null)).hasMessage("action");
    }

    // ---- failures that came too late

    @LoopTest
    void aFailureAfterTheEndGoesToOnUndeliveredFailure() {
        List<String> undelivered = new ArrayList<>();
        Promise<String> promise = Promise.create();
        promise.onUndeliveredFailure(failure -> undelivered.add(failure.getMessage()));
        promise.future().cancel();
        assertThat(promise.fail(new IllegalStateException("late"))).isFalse();
        assertThat(undelivered).containsExactly("late");
        assertThatThrownBy(() -> promise.onUndeliveredFailure(null)).hasMessage("action");
    }

    @LoopTest
    void whatIsHandedOnInTheTurnOfTheCancelRunsOnTheLoopsOwnThread(Loop loop) {
        List<String> handedOn = new ArrayList<>();
        for (boolean failing : List.of(false, true)) {
            Task<String> task = Task.spawn(() -> await((Promise<String> promise) -> {
                promise.onUndelivered(value -> handedOn.add(value + " " + (Task.currentOrNull() == null)));
                promise.onUndeliveredFailure(
                        failure -> handedOn.add(failure.getMessage() + " " + (Task.currentOrNull() == null)));
                loop.callSoon(() -> {
                    if (failing) {
                        promise.fail(new IllegalStateException("failure"));
                    } else {
                        promise.complete("value");
                    }
                });
            }));
            loop.callSoon(() -> loop.callSoon(() -> {}));
            yieldNow();
            yieldNow();
            task.cancel();
            assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
            yieldNow();
        }
        assertThat(handedOn).containsExactly("value true", "failure true");
    }

    // ---- values that came too late

    @LoopTest
    void aValueAfterTheEndGoesToOnUndelivered() {
        List<String> undelivered = new ArrayList<>();
        Promise<String> promise = Promise.create();
        promise.onUndelivered(undelivered::add);
        promise.future().cancel();
        assertThat(promise.complete("late")).isFalse();
        Promise<String> twice = Promise.create();
        twice.onUndelivered(undelivered::add);
        assertThat(twice.complete("first")).isTrue();
        assertThat(twice.complete("second")).isFalse();
        assertThat(undelivered).containsExactly("late", "second");
    }

    /** Ignores the interrupt that cancels it. */
    private static final class Stubborn implements java.util.concurrent.Callable<String> {
        private final CountDownLatch begun = new CountDownLatch(1);
        private final CountDownLatch mayEnd = new CountDownLatch(1);
        private final RuntimeException failure;

        Stubborn(RuntimeException failure) {
            this.failure = failure;
        }

        @Override
        public String call() {
            begun.countDown();
            Real.await(mayEnd);
            if (failure != null) {
                throw failure;
            }
            return "late";
        }
    }

    private static Report reportOf(Stubborn job) {
        ReportQueue reports = new ReportQueue();
        try (Loop loop = Loop.builder().exceptionHandler(reports).start()) {
            Future<String> future = loop.blocking(job);
            Real.await(job.begun);
            assertThat(future.cancel()).isTrue();
            job.mayEnd.countDown();
            Report report = reports.next();
            assertThat(reports.left()).isEmpty();
            return report;
        }
    }

    @Test
    void aBlockingJobsLateValueIsReported() {
        Report report = reportOf(new Stubborn(null));
        assertThat(report.kind()).isEqualTo(Report.Kind.LATE_VALUE);
        assertThat(report.value()).isEqualTo("late");
        assertThat(report.message()).isEqualTo("a blocking job returned a value after it was cancelled: late");
    }

    @Test
    void aBlockingJobsLateFailureIsReported() {
        Report report = reportOf(new Stubborn(FAILURE));
        assertThat(report.kind()).isEqualTo(Report.Kind.LATE_FAILURE);
        assertThat(report.failure()).isSameAs(FAILURE);
        assertThat(report.message()).isEqualTo("a blocking job failed after it was cancelled: " + FAILURE);
    }

    /** The job ends in the turn in which its task is cancelled. */
    private static void endInTheTurnOfTheCancellation(Stubborn job) {
        AtomicReference<Thread> thread = new AtomicReference<>();
        Task<String> task = Task.spawn(() -> Await.blocking(() -> {
            thread.set(Thread.currentThread());
            return job.call();
        }));
        yieldNow();
        Real.await(job.begun);
        job.mayEnd.countDown();
        // the pool's thread idles only after the result is there
        Real.until(
                "the job's thread idles",
                () -> Stream.of(thread.get().getStackTrace())
                        .anyMatch(frame -> frame.getMethodName().equals("getTask")));
        task.cancel("same turn");
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        yieldNow();
    }

    @LoopTest
    void aBlockingJobsValueInTheTurnOfTheCancellationIsReported(Reports reports) {
        endInTheTurnOfTheCancellation(new Stubborn(null));
        assertThat(reports.takeOnly(Report.Kind.LATE_VALUE).value()).isEqualTo("late");
    }

    @LoopTest
    void aBlockingJobsFailureInTheTurnOfTheCancellationIsReported(Reports reports) {
        endInTheTurnOfTheCancellation(new Stubborn(FAILURE));
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(FAILURE);
    }

    /** A task that awaits a promise, cancelled in the turn in which that fails. */
    private static void failInTheTurnOfTheCancellation() {
        Promise<String> promise = Promise.create();
        Task<String> task = Task.spawn(() -> await(promise.future()));
        yieldNow();
        promise.fail(FAILURE);
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
    }

    @LoopTest
    void aFuturesFailureInTheTurnOfTheCancellationIsReported(Reports reports) {
        failInTheTurnOfTheCancellation();
        yieldNow();
        yieldNow();
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(FAILURE);
    }

    @LoopTest
    void aFailureIsReportedIfWhatWasMadeOfItIsCancelledInTheSameTurn(Reports reports) {
        Promise<String> promise = Promise.create();
        Future<String> stage = promise.future().thenApply(value -> value);
        promise.fail(FAILURE);
        stage.cancel();
        Promise<String> viewed = Promise.create();
        var view = viewed.future().toCompletableFuture();
        viewed.fail(new IllegalStateException("expected of the view's source"));
        view.complete("by hand");
        for (int i = 0; i < 4; i++) {
            yieldNow();
        }
        assertThat(reports.take())
                .extracting(Report::kind)
                .containsExactly(Report.Kind.UNOBSERVED_FAILURE, Report.Kind.UNOBSERVED_FAILURE);
    }

    @LoopTest
    void aFuturesFailureInTheTurnOfTheCancellationIsNotReportedIfSomebodyElseLooks() {
        Promise<String> promise = Promise.create();
        Task<String> cancelled = Task.spawn(() -> await(promise.future()));
        Task<String> other = Task.spawn(() -> await(promise.future()));
        yieldNow();
        promise.fail(FAILURE);
        cancelled.cancel();
        assertThatThrownBy(() -> await(cancelled)).isInstanceOf(TaskCancelledException.class);
        assertThatThrownBy(() -> await(other)).isSameAs(FAILURE);

        Promise<String> listened = Promise.create();
        Task<String> waiting = Task.spawn(() -> await(listened.future()));
        Future<String> handled = listened.future().exceptionally(Throwable::getMessage);
        yieldNow();
        listened.fail(FAILURE);
        waiting.cancel();
        assertThatThrownBy(() -> await(waiting)).isInstanceOf(TaskCancelledException.class);
        assertThat(await(handled)).isEqualTo("expected");
    }

    @LoopTest
    void anAwaitablesFailureInTheTurnOfTheCancellationIsReported(Reports reports) {
        AtomicReference<Promise<String>> source = new AtomicReference<>();
        Task<String> task = Task.spawn(() -> await((Awaitable<String>) source::set));
        yieldNow();
        source.get().fail(FAILURE);
        task.cancel("same turn");
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        yieldNow();
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(FAILURE);
    }

    @LoopTest
    void anAwaitablesValueInTheTurnOfTheCancellationGoesToOnUndelivered() {
        List<String> undelivered = new ArrayList<>();
        AtomicReference<Promise<String>> source = new AtomicReference<>();
        Task<String> task = Task.spawn(() -> await((Awaitable<String>) promise -> {
            promise.onUndelivered(undelivered::add);
            source.set(promise);
        }));
        yieldNow();
        source.get().complete("value");
        task.cancel("same turn");
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        yieldNow();
        assertThat(undelivered).containsExactly("value");
    }

    // ---- the close, and broken handlers

    @Test
    void aTaskThatDoesNotEndInTimeIsReportedAtTheClose() {
        ReportQueue reports = new ReportQueue();
        VirtualClock clock = new VirtualClock();
        Loop loop = Loop.builder()
                .clock(clock)
                .exceptionHandler(reports)
                .shutdownTimeout(Duration.ofSeconds(3))
                .start();
        CountDownLatch begun = new CountDownLatch(1);
        Task<Void> task = loop.spawn("stubborn", () -> {
            begun.countDown();
            while (true) {
                try {
                    await(loop.<String>promise().future());
                } catch (TaskCancelledException ignored) {
                    // that is the point
                }
            }
        });
        Real.await(begun);
        loop.close();
        Report report = reports.next();
        assertThat(report.kind()).isEqualTo(Report.Kind.LEFT_AT_CLOSE);
        assertThat((Object) report.task()).isSameAs(task);
        assertThat(report.message()).isEqualTo("stubborn did not end within PT3S after the loop began to close");
        assertThat(reports.left()).isEmpty();
        assertThat(task.isCancelled()).isTrue();
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(3));
    }

    @Test
    @Tag("one-mode") // the logger is the process's
    void anExceptionHandlerThatThrowsIsLoggedAndTheLoopGoesOn() {
        List<LogRecord> logged = new CopyOnWriteArrayList<>();
        Logger logger = Logger.getLogger("io.coloop");
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                logged.add(entry);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        boolean parents = logger.getUseParentHandlers();
        logger.setUseParentHandlers(false);
        logger.addHandler(handler);
        IllegalArgumentException broken = new IllegalArgumentException("broken handler");
        try {
            String result = Loop.builder()
                    .name("logged")
                    .exceptionHandler(report -> {
                        throw broken;
                    })
                    .run(() -> {
                        Loop.current().callSoon(RulesNothingLostTest::failUnseen);
                        yieldNow();
                        return "went on";
                    });
            assertThat(result).isEqualTo("went on");
        } finally {
            logger.removeHandler(handler);
            logger.setUseParentHandlers(parents);
        }
        assertThat(logged)
                .extracting(LogRecord::getMessage)
                .containsExactly(
                        "CALLBACK_FAILED on loop logged: a callback failed: " + FAILURE,
                        "the exception handler failed");
        assertThat(logged).extracting(LogRecord::getThrown).containsExactly(FAILURE, broken);
    }
}
