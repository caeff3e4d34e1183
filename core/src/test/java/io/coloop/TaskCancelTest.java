package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

/** Cancellation of tasks, and who cancels whom. */
class TaskCancelTest {
    private static void pause() {
        for (int i = 0; i < 4; i++) {
            yieldNow();
        }
    }

    @LoopTest
    void theReasonArrivesAtTheNextAwait() {
        Task<Void> task = Task.spawn(() -> sleep(Duration.ofHours(1)));
        yieldNow();
        assertThat(task.cancel("no longer needed")).isTrue();
        assertThat(task.isCancelled()).as("not yet").isFalse();
        assertThatThrownBy(() -> await(task))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("no longer needed");
        assertThat(task.isCancelled()).isTrue();
        assertThat(task.isFailed()).isFalse();
        assertThat(task.toString()).isEqualTo("Task[" + task.name() + ", cancelled: no longer needed]");
    }

    @LoopTest
    void withoutAReasonTheMessageSaysWhoWasCancelled(Loop loop, Trail trail) {
        Task<String> child = loop.spawn("child", () -> {
            try {
                sleep(Duration.ofHours(1));
                return "never";
            } catch (TaskCancelledException cancelled) {
                trail.mark(cancelled.getMessage());
                throw cancelled;
            }
        });
        yieldNow();
        child.cancel();
        assertThatThrownBy(() -> await(child))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("child was cancelled");
        assertThat(trail.marks()).containsExactly("child was cancelled");

        Promise<String> promise = loop.promise();
        Task<String> awaiting = loop.spawn("awaiting", () -> await(promise.future()));
        yieldNow();
        promise.future().cancel();
        assertThatThrownBy(() -> await(awaiting)).hasMessage("what awaiting awaited was cancelled");
        assertThat(promise.future().exceptionNow()).hasMessage("the future was cancelled");

        Task<String> unstarted = loop.spawn("unstarted", () -> "never");
        unstarted.cancel();
        assertThatThrownBy(() -> await(unstarted)).hasMessage("unstarted was cancelled");
    }

    @LoopTest
    void aTaskThatCancelledItselfAndReturnsEndsCancelled(Reports reports) {
        Task<Integer> task = Task.spawn(() -> {
            Task.current().cancel("x");
            return 1;
        });
        assertThatThrownBy(() -> await(task))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("x");
        assertThat(task.isCancelled()).isTrue();
        yieldNow();
        assertThat(reports.takeOnly(Report.Kind.LATE_VALUE).value()).isEqualTo(1);
    }

    @LoopTest
    void aTaskThatCancelledItselfAndFailsEndsFailed() {
        IllegalStateException failure = new IllegalStateException("expected");
        Task<Integer> task = Task.spawn(() -> {
            Task.current().cancel("x");
            throw failure;
        });
        assertThatThrownBy(() -> await(task)).isSameAs(failure);
        assertThat(task.isCancelled()).isFalse();
    }

    @LoopTest
    void uncancelBeforeTheDeliveryTakesItBack(Trail trail) {
        Task<Void> task = Task.spawn(() -> {
            Task<?> self = Task.current();
            self.cancel();
            self.cancel();
            assertThat(self.cancelling()).isEqualTo(2);
            assertThat(self.uncancel()).isEqualTo(1);
            assertThat(self.uncancel()).isZero();
            assertThat(self.uncancel()).isZero();
            yieldNow();
            trail.step(1);
        });
        await(task);
        trail.finished(1);
    }

    @LoopTest
    void cancelWhileReadyIsDeliveredWhenItRuns(Trail trail) {
        Task<Void> task = Task.spawn(() -> {
            try {
                yieldNow();
            } catch (TaskCancelledException delivered) {
                trail.mark(delivered.getMessage());
                throw delivered;
            }
        });
        yieldNow();
        task.cancel("ready");
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        assertThat(trail.marks()).containsExactly("ready");
    }

    @LoopTest
    void cancelFromAnotherThreadTakesEffectLater(Loop loop, VirtualClock clock) {
        Task<Void> task = Task.spawn(() -> await(Promise.<Void>create().future()));
        yieldNow();
        try (var operation = clock.foreign(loop)) {
            Real.onOtherThread(() -> assertThat(task.cancel("from outside")).isTrue());
            assertThat(task.cancelling()).isZero();
            assertThatThrownBy(() -> await(task)).hasMessage("from outside");
        }
        Real.onOtherThread(() -> assertThat(task.cancel("too late")).isFalse());
    }

    @LoopTest
    void awaitingInFinallyWorksWhileCancelled(Trail trail, VirtualClock clock) {
        Task<Void> task = Task.spawn(() -> {
            try {
                sleep(Duration.ofHours(1));
            } finally {
                sleep(Duration.ofSeconds(2));
                await(Task.spawn(() -> trail.step(1)));
                trail.step(2);
            }
        });
        yieldNow();
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        trail.finished(2);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(2));
    }

    @LoopTest
    void aCancelledSleepDisarmsItsTimer(Loop loop) {
        Task<Void> task = Task.spawn(() -> sleep(Duration.ofHours(1)));
        yieldNow();
        assertThat(loop.timerCount()).isEqualTo(1);
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        assertThat(loop.timerCount()).isZero();
    }

    // ---- who cancels whom

    @LoopTest
    void theAwaiterOwnsTheTask() {
        Task<Void> child = Task.spawn(() -> sleep(Duration.ofHours(1)));
        Task<Void> parent = Task.spawn(() -> await(child));
        yieldNow();
        yieldNow();
        parent.cancel("both");
        assertThatThrownBy(() -> await(parent)).hasMessage("both");
        assertThat(child.isCancelled()).isTrue();
        assertThatThrownBy(() -> await(child)).hasMessage("both");
    }

    @LoopTest
    void theAwaiterOwnsTheFuture(Trail trail) {
        Promise<String> promise = Promise.create();
        promise.onCancel(() -> trail.mark("source told"));
        Task<String> task = Task.spawn(() -> {
            try {
                return await(promise.future());
            } finally {
                trail.mark("task resumed");
            }
        });
        yieldNow();
        task.cancel();
        assertThat(promise.future().isCancelled()).isTrue();
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        assertThat(trail.marks()).containsExactly("source told", "task resumed");
    }

    @LoopTest
    void theAwaiterOwnsTheAwaitable(Trail trail) {
        Task<String> task = Task.spawn(() -> {
            try {
                return await((Awaitable<String>) promise -> promise.onCancel(() -> trail.mark("source told")));
            } finally {
                trail.mark("task resumed");
            }
        });
        yieldNow();
        task.cancel("r");
        assertThatThrownBy(() -> await(task)).hasMessage("r");
        assertThat(trail.marks()).containsExactly("source told", "task resumed");
    }

    @LoopTest
    void aTaskCancelledBeforeTheAwaitDoesNotSubscribe(Trail trail) {
        Task<String> task = Task.spawn(() -> {
            Task.current().cancel("before");
            return await((Awaitable<String>) promise -> trail.mark("subscribed"));
        });
        assertThatThrownBy(() -> await(task)).hasMessage("before");
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void theAwaiterLeavesACompletableFutureAlone() {
        CompletableFuture<String> foreign = new CompletableFuture<>();
        Task<String> task = Task.spawn(() -> await(foreign));
        yieldNow();
        assertThat(foreign.getNumberOfDependents()).isEqualTo(1);
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        pause();
        assertThat(foreign.isDone()).isFalse();
        foreign.complete("for others");
        assertThat(await(foreign)).isEqualTo("for others");
    }

    @LoopTest
    void theAwaiterOwnsAnotherLoopsTask(Loop loop, VirtualClock clock) {
        try (Loop second = Loop.start("second");
                var operation = clock.foreign(loop)) {
            Task<Void> far = second.spawn(() -> await(Promise.<Void>create().future()));
            Task<Void> near = Task.spawn(() -> await(far));
            yieldNow();
            near.cancel("here");
            assertThatThrownBy(() -> await(near)).hasMessage("here");
            assertThatThrownBy(() -> await(far)).isInstanceOf(TaskCancelledException.class);
            assertThat(far.isCancelled()).isTrue();
        }
    }

    // ---- foreign cancellations are failures

    @LoopTest
    void aForeignCancellationIsAFailure() {
        CompletableFuture<String> foreign = new CompletableFuture<>();
        Task<String> task = Task.spawn(() -> await(foreign));
        yieldNow();
        foreign.cancel(false);
        assertThatThrownBy(() -> await(task))
                .isInstanceOf(CancellationException.class)
                .isNotInstanceOf(TaskCancelledException.class);
        assertThat(task.isCancelled()).isFalse();
        assertThat(task.isFailed()).isTrue();
    }

    @LoopTest
    void aStageOfACancelledForeignFutureFailsWithItsCancellation() {
        CompletableFuture<String> foreign = new CompletableFuture<>();
        Task<String> task = Task.spawn(() -> await(foreign.thenApply(String::trim)));
        yieldNow();
        foreign.cancel(false);
        assertThatThrownBy(() -> await(task))
                .isInstanceOf(CancellationException.class)
                .isNotInstanceOf(TaskCancelledException.class);
        assertThat(task.isFailed()).isTrue();
    }

    @LoopTest
    void aBodyThatThrowsAForeignCancellationFails() {
        CancellationException foreign = new CancellationException("somebody else's");
        Task<String> task = Task.spawn(() -> {
            throw foreign;
        });
        assertThatThrownBy(() -> await(task)).isSameAs(foreign);
        assertThat(task.isFailed()).isTrue();
    }

    @LoopTest
    void aBodyThatThrowsOursEndsCancelled() {
        Task<String> task = Task.spawn(() -> {
            throw new TaskCancelledException("of its own accord");
        });
        assertThatThrownBy(() -> await(task)).hasMessage("of its own accord");
        assertThat(task.isCancelled()).isTrue();
    }

    @LoopTest
    void eachAwaitOfACancelledFutureThrowsItsOwnInstance() {
        Promise<String> promise = Promise.create();
        promise.future().cancel("r");
        List<Throwable> thrown = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            try {
                await(promise.future());
            } catch (TaskCancelledException cancelled) {
                thrown.add(cancelled);
            }
        }
        assertThat(thrown)
                .hasSize(2)
                .allSatisfy(cancelled -> assertThat(cancelled).hasMessage("r"));
        assertThat(thrown.get(0)).isNotSameAs(thrown.get(1));
        assertThat(thrown.get(1).getSuppressed()).isEmpty();
    }

    // ---- depth

    private static final int DEEP = 100_000;

    private static Task<Integer> nested(int depth, Promise<Integer> innermost) {
        return Task.spawn(() -> depth == 0 ? await(innermost.future()) : await(nested(depth - 1, innermost)) + 1);
    }

    @LoopTest
    void aLongChainOfTasksIsCancelledFromItsTop(Loop loop) {
        Task<Integer> top = nested(DEEP, Promise.create());
        while (loop.taskCount() < DEEP + 2) {
            yieldNow();
        }
        yieldNow();
        top.cancel("all of you");
        assertThatThrownBy(() -> await(top)).hasMessage("all of you");
        assertThat(loop.taskCount()).isEqualTo(1);
    }

    @LoopTest
    void aLongChainOfTasksEnds(Loop loop) {
        Promise<Integer> innermost = Promise.create();
        Task<Integer> top = nested(DEEP, innermost);
        while (loop.taskCount() < DEEP + 2) {
            yieldNow();
        }
        innermost.complete(1);
        assertThat(await(top)).isEqualTo(DEEP + 1);
    }

    @LoopTest
    void aLongChainOfFailingTasksGrowsNoFailure(Loop loop) {
        Promise<Integer> innermost = Promise.create();
        Task<Integer> top = nested(1_000, innermost);
        while (loop.taskCount() < 1_000 + 2) {
            yieldNow();
        }
        IllegalStateException failure = new IllegalStateException("expected");
        innermost.fail(failure);
        assertThatThrownBy(() -> await(top)).isSameAs(failure);
        assertThat(failure.getSuppressed()).hasSize(8 + 1); // and where the innermost was spawned
    }

    @LoopTest
    void aLongChainBuiltFromItsEndIsNotWalkedAtEachAwait(Loop loop) {
        Promise<Integer> innermost = Promise.create();
        Future<Integer> last = innermost.future();
        for (int i = 0; i < DEEP; i++) {
            Future<Integer> previous = last;
            last = Task.spawn(() -> await(previous) + 1);
        }
        yieldNow();
        innermost.complete(0);
        assertThat(await(last)).isEqualTo(DEEP);
    }
}
