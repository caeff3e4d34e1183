package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.VirtualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What becomes of each kind of source under each policy, and where values go that nobody gets. */
class CancelPolicyTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    /** A source of one's own that says whether it was cancelled. */
    private static final class Source implements Awaitable<String> {
        private final List<String> trail = new ArrayList<>();
        private @Nullable Promise<String> promise;

        @Override
        public void subscribe(Promise<String> promise) {
            trail.add("started");
            this.promise = promise;
            promise.onCancel(() -> trail.add("cancelled"));
            promise.onUndelivered(value -> trail.add("undelivered " + value));
        }

        void complete(String value) {
            Objects.requireNonNull(promise).complete(value);
        }
    }

    private static void cancel(Task<?> task) {
        yieldNow();
        yieldNow();
        task.cancel("enough");
        settle();
    }

    private static void settle() {
        for (int i = 0; i < 5; i++) {
            yieldNow();
        }
    }

    // ---- futures

    @LoopTest
    void ownCancelsAFuture(Loop loop) {
        Promise<String> promise = loop.promise();
        cancel(Task.spawn(() -> await(promise.future(), CancelPolicy.OWN)));
        assertThat(promise.future().isCancelled()).isTrue();
    }

    @LoopTest
    void shieldLeavesAFuture(Loop loop) {
        Promise<String> promise = loop.promise();
        Task<String> task = Task.spawn(() -> await(promise.future(), CancelPolicy.SHIELD));
        cancel(task);
        assertThat(task.isCancelled()).isTrue();
        assertThat(promise.future().isDone()).isFalse();
        promise.complete("there");
    }

    @LoopTest
    void shareCancelsAFutureWithItsLastAwaiter(Loop loop) {
        Promise<String> promise = loop.promise();
        Task<String> first = Task.spawn(() -> await(promise.future(), CancelPolicy.SHARE));
        Task<String> second = Task.spawn(() -> await(promise.future(), CancelPolicy.SHARE));
        cancel(first);
        assertThat(first.isCancelled()).isTrue();
        assertThat(promise.future().isDone()).isFalse();
        cancel(second);
        assertThat(promise.future().isCancelled()).isTrue();
    }

    @LoopTest
    void whoeverObservesASharedFutureKeepsIt(Loop loop) {
        Promise<String> promise = loop.promise();
        Task<String> sharing = Task.spawn(() -> await(promise.future(), CancelPolicy.SHARE));
        Future<String> derived = promise.future().thenApply(Function.identity());
        cancel(sharing);
        assertThat(promise.future().isDone()).isFalse();
        promise.complete("kept");
        assertThat(await(derived)).isEqualTo("kept");
    }

    @LoopTest
    void aSharedFutureGivesAllItsValue(Loop loop) {
        Promise<String> promise = loop.promise();
        Task<String> first = Task.spawn(() -> await(promise.future(), CancelPolicy.SHARE));
        Task<String> second = Task.spawn(() -> await(promise.future(), CancelPolicy.SHARE));
        yieldNow();
        promise.complete("both");
        assertThat(await(first) + await(second)).isEqualTo("bothboth");
        assertThat(await(promise.future(), CancelPolicy.SHARE)).isEqualTo("both");
    }

    @LoopTest
    void drainLetsAFutureFinish(Loop loop, VirtualClock clock) {
        List<String> trail = new ArrayList<>();
        Task<String> query = Task.spawn(() -> {
            sleep(SECOND);
            return "rows";
        });
        Task<Void> task = Task.spawn(() -> {
            trail.add(await(query, CancelPolicy.drain(Duration.ofSeconds(5))));
            sleep(SECOND);
            trail.add("never");
        });
        cancel(task);
        assertThatThrownBy(() -> await(task))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("enough");
        assertThat(trail).containsExactly("rows");
        assertThat(clock.elapsed()).isEqualTo(SECOND);
    }

    @LoopTest
    void drainCancelsWhenTheGraceIsOver(Loop loop, VirtualClock clock) {
        Promise<String> never = loop.promise();
        Task<String> task = Task.spawn(() -> await(never.future(), CancelPolicy.drain(SECOND)));
        cancel(task);
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        assertThat(never.future().isCancelled()).isTrue();
        assertThat(clock.elapsed()).isEqualTo(SECOND);
    }

    // ---- stages of another library

    @LoopTest
    void ownCancelsAForeignStage() {
        CompletableFuture<String> stage = new CompletableFuture<>();
        Task<String> task = Task.spawn(() -> await(stage, CancelPolicy.OWN));
        cancel(task);
        assertThat(task.isCancelled()).isTrue();
        assertThat(stage).isCancelled();
    }

    @LoopTest
    void shieldLeavesAForeignStage() {
        CompletableFuture<String> stage = new CompletableFuture<>();
        cancel(Task.spawn(() -> await(stage, CancelPolicy.SHIELD)));
        assertThat(stage).isNotDone();
    }

    /** The trap: a CompletableFuture killed for all by one waiter. */
    @LoopTest
    void aCompletableFutureIsNotKilledForAllByOneWaiter() {
        CompletableFuture<String> stage = new CompletableFuture<>();
        Task<String> first = Task.spawn(() -> await(stage, CancelPolicy.SHARE));
        Task<String> second = Task.spawn(() -> await(stage, CancelPolicy.SHARE));
        cancel(first);
        assertThat(first.isCancelled()).isTrue();
        assertThat(stage).isNotDone();
        cancel(second);
        assertThat(stage).isCancelled();
    }

    @LoopTest
    void aSharedForeignStageIsForgottenOnceItIsDone(Loop loop) {
        CompletableFuture<String> stage = new CompletableFuture<>();
        Task<String> first = Task.spawn(() -> await(stage, CancelPolicy.SHARE));
        yieldNow();
        yieldNow();
        assertThat(loop.sharedStages().size()).isOne();
        stage.complete("value");
        assertThat(await(first)).isEqualTo("value");
        settle();
        assertThat(loop.sharedStages().size()).isZero();
    }

    @LoopTest
    void drainLetsAForeignStageFinish(Loop loop) {
        CompletableFuture<String> stage = new CompletableFuture<>();
        List<String> trail = new ArrayList<>();
        Task<Void> task = Task.spawn(() -> {
            trail.add(await(stage, CancelPolicy.drain(SECOND)));
        });
        cancel(task);
        stage.complete("finished");
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        assertThat(trail).containsExactly("finished");
        CompletableFuture<String> never = new CompletableFuture<>();
        Task<String> late = Task.spawn(() -> await(never, CancelPolicy.drain(SECOND)));
        cancel(late);
        assertThatThrownBy(() -> await(late)).isInstanceOf(TaskCancelledException.class);
        settle();
        assertThat(never).isCancelled();
    }

    @LoopTest
    void aStageThatSomebodyElseCancelledIsAFailureUnderEachPolicy() {
        for (CancelPolicy policy :
                List.of(CancelPolicy.OWN, CancelPolicy.SHIELD, CancelPolicy.SHARE, CancelPolicy.drain(SECOND))) {
            CompletableFuture<String> stage = new CompletableFuture<>();
            Task<String> task = Task.spawn(() -> await(stage, policy));
            yieldNow();
            yieldNow();
            stage.cancel(true);
            assertThatThrownBy(() -> await(task))
                    .as("%s", policy)
                    .isInstanceOf(CancellationException.class)
                    .isNotInstanceOf(TaskCancelledException.class);
        }
    }

    @LoopTest
    void aStageThatIsDoneGivesItsValueAtOnce() {
        for (CancelPolicy policy :
                List.of(CancelPolicy.OWN, CancelPolicy.SHIELD, CancelPolicy.SHARE, CancelPolicy.drain(Duration.ZERO))) {
            assertThat(await(CompletableFuture.completedFuture("done"), policy)).isEqualTo("done");
            assertThat(await(Future.completed("done"), policy)).isEqualTo("done");
        }
    }

    // ---- cold sources

    @LoopTest
    void ownAndShareCancelAColdSource() {
        for (CancelPolicy policy : List.of(CancelPolicy.OWN, CancelPolicy.SHARE)) {
            Source source = new Source();
            cancel(Task.spawn(() -> await(source, policy)));
            assertThat(source.trail).containsExactly("started", "cancelled");
        }
    }

    @LoopTest
    void shieldLetsAColdSourceFinishAndItsValueIsUndelivered() {
        Source source = new Source();
        Task<String> task = Task.spawn(() -> await(source, CancelPolicy.SHIELD));
        cancel(task);
        assertThat(task.isCancelled()).isTrue();
        assertThat(source.trail).containsExactly("started");
        source.complete("late");
        settle();
        assertThat(source.trail).containsExactly("started", "undelivered late");
    }

    @LoopTest
    void shieldGivesTheValueToATaskThatStays() {
        Source source = new Source();
        Task<String> task = Task.spawn(() -> await(source, CancelPolicy.SHIELD));
        yieldNow();
        yieldNow();
        source.complete("value");
        assertThat(await(task)).isEqualTo("value");
        assertThat(source.trail).containsExactly("started");
    }

    @LoopTest
    void aShieldedSourceThatFailsIsReportedAtOnce(Reports reports) {
        Source source = new Source();
        cancel(Task.spawn(() -> await(source, CancelPolicy.SHIELD)));
        IllegalStateException failure = new IllegalStateException("lost");
        assertThat(Objects.requireNonNull(source.promise).fail(failure)).isTrue();
        yieldNow();
        Report report = reports.takeOnly(Report.Kind.LATE_FAILURE);
        assertThat(report.failure()).isSameAs(failure);
        assertThat(report.message()).startsWith("what a task awaited failed after the task was cancelled: ");
    }

    @LoopTest
    void orToldToItsOwnReceiver() {
        Source source = new Source();
        cancel(Task.spawn(() -> await(source, CancelPolicy.SHIELD)));
        Promise<String> promise = Objects.requireNonNull(source.promise);
        promise.onUndeliveredFailure(failure -> source.trail.add("undelivered " + failure.getMessage()));
        promise.fail(new IllegalStateException("lost"));
        settle();
        assertThat(source.trail).containsExactly("started", "undelivered lost");
    }

    /** The trap: a drained source that fails was called a swallowed cancellation. */
    @LoopTest
    void aDrainedSourceThatFailsIsAFailureAndNothingElse() {
        Source source = new Source();
        IllegalStateException failure = new IllegalStateException("broken");
        Task<String> task = Task.spawn(() -> await(source, CancelPolicy.drain(SECOND)));
        cancel(task);
        Objects.requireNonNull(source.promise).fail(failure);
        assertThatThrownBy(() -> await(task)).isSameAs(failure);
    }

    @LoopTest
    void aDrainedResourceThatNobodyGetsIsClosed() {
        List<String> closed = new ArrayList<>();
        Promise<AutoCloseable> promise = Promise.create();
        Task<AutoCloseable> task = Task.spawn(() -> await(promise.future(), CancelPolicy.drain(SECOND)));
        cancel(task);
        promise.complete(() -> closed.add("closed"));
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        settle();
        assertThat(closed).containsExactly("closed");
    }

    @Test
    void aGraceIsNotNegative() {
        assertThatThrownBy(() -> CancelPolicy.drain(Duration.ofNanos(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a grace is zero or more: PT-0.000000001S");
    }

    @LoopTest
    void drainLetsAColdSourceFinish() {
        Source source = new Source();
        List<String> trail = new ArrayList<>();
        Task<Void> task = Task.spawn(() -> {
            trail.add(await(source, CancelPolicy.drain(SECOND)));
        });
        cancel(task);
        source.complete("finished");
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        assertThat(trail).containsExactly("finished");
        assertThat(source.trail).containsExactly("started");
    }

    // ---- where values go

    @LoopTest
    void aTaskThatEndsWithAResourceInSpiteOfTheCancelDeliversIt(Reports reports) {
        List<String> handedOver = new ArrayList<>();
        Task<String> stubborn = Task.spawn(() -> {
            try {
                sleep(SECOND);
            } catch (TaskCancelledException ignored) {
                // ends with a value all the same
            }
            return "connection";
        });
        Task<String> task = Task.spawn(() -> await(stubborn, handedOver::add));
        cancel(task);
        assertThat(await(task)).isEqualTo("connection");
        assertThat(handedOver).isEmpty();
        assertThat(reports.take())
                .extracting(Report::kind)
                .containsExactly(Report.Kind.SWALLOWED_CANCELLATION, Report.Kind.SWALLOWED_CANCELLATION);
    }

    @LoopTest
    void aResourceThatIsReadyInTheTurnOfTheCancelIsHandedOver(Loop loop) {
        List<String> handedOver = new ArrayList<>();
        Promise<String> promise = loop.promise();
        Task<String> task = Task.spawn(() -> await(promise.future(), handedOver::add));
        yieldNow();
        yieldNow();
        promise.complete("connection");
        task.cancel();
        settle();
        assertThat(task.isCancelled()).isTrue();
        assertThat(handedOver).containsExactly("connection");
    }

    /** The trap: dropping a value that arrives after cancel. */
    @LoopTest
    void aForeignResourceThatArrivesAfterTheCancelIsHandedOver() {
        List<String> handedOver = new ArrayList<>();
        CompletableFuture<String> stage = new CompletableFuture<>();
        cancel(Task.spawn(() -> await(stage, handedOver::add)));
        assertThat(handedOver).isEmpty();
        stage.complete("connection");
        settle();
        assertThat(handedOver).containsExactly("connection");
    }

    @LoopTest
    void aResourceOfAnAwaitableIsHandedOver() {
        List<String> handedOver = new ArrayList<>();
        Source source = new Source();
        cancel(Task.spawn(() -> await(source, handedOver::add)));
        source.complete("connection");
        settle();
        assertThat(handedOver).containsExactly("connection");
        assertThat(source.trail).containsExactly("started", "cancelled");
    }

    @LoopTest(foreignThreads = true)
    void aBlockingJobsResourceIsHandedOver(Loop loop) {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        Promise<String> came = loop.promise();
        Task<String> task = Task.spawn(() -> Await.blocking(
                () -> {
                    started.countDown();
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException pastThePointOfNoReturn) {
                        interrupted.countDown();
                    }
                    return "connection";
                },
                came::complete));
        yieldNow();
        Await.blocking(() -> started.await(20, TimeUnit.SECONDS));
        task.cancel();
        assertThat(await(came.future())).isEqualTo("connection");
        assertThat(interrupted.getCount()).isZero();
    }

    @LoopTest
    void whatFailsWithAResourceIsReported(Reports reports) {
        CompletableFuture<String> stage = new CompletableFuture<>();
        cancel(Task.spawn(() -> await(stage, value -> {
            throw new IllegalStateException("cannot close " + value);
        })));
        stage.complete("it");
        settle();
        assertThat(reports.takeOnly(Report.Kind.CALLBACK_FAILED).failure()).hasMessage("cannot close it");
    }

    @LoopTest
    void aDeliveredResourceIsNotHandedOver() {
        List<String> handedOver = new ArrayList<>();
        CompletableFuture<String> stage = new CompletableFuture<>();
        Task<String> task = Task.spawn(() -> await(stage, handedOver::add));
        yieldNow();
        stage.complete("mine");
        assertThat(await(task)).isEqualTo("mine");
        settle();
        assertThat(handedOver).isEmpty();
    }

    // ---- bad input

    @LoopTest
    @SuppressWarnings({"NullAway", "DataFlowIssue"})
    void nullIsRefused(Loop loop) {
        assertThatThrownBy(() -> await(loop.promise().future(), (CancelPolicy) null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("policy");
        assertThatThrownBy(() -> CancelPolicy.drain(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("grace");
        assertThatThrownBy(() -> await(loop.promise().future(), (Consumer<Object>) null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("onUndelivered");
    }

    @LoopTest
    void outsideATaskItIsMisuse(Loop loop, Reports reports) {
        List<Throwable> thrown = new ArrayList<>();
        loop.callSoon(() -> {
            try {
                await(new Source(), CancelPolicy.OWN);
            } catch (LoopMisuseException misuse) {
                thrown.add(misuse);
            }
        });
        yieldNow();
        assertThat(thrown).singleElement().asString().contains("only a task may await");
    }

    @LoopTest
    void theyTellWhatTheyAre() {
        assertThat(CancelPolicy.OWN).hasToString("OWN");
        assertThat(CancelPolicy.drain(SECOND)).hasToString("DRAIN for PT1S");
    }
}
