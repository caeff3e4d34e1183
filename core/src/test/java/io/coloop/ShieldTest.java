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
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Future.shield. */
class ShieldTest {
    private static final IllegalStateException FAILURE = new IllegalStateException("expected");

    private static void pause() {
        for (int i = 0; i < 6; i++) {
            yieldNow();
        }
    }

    @LoopTest
    void aValue() {
        Promise<Integer> inner = Promise.create();
        Future<Integer> outer = Future.shield(inner.future());
        inner.complete(42);
        assertThat(await(outer)).isEqualTo(42);
    }

    @LoopTest
    void aFailureIsTheSameAndReportedOnlyByTheShield(Reports reports) {
        Promise<Integer> inner = Promise.create();
        Future<Integer> outer = Future.shield(inner.future());
        inner.fail(FAILURE);
        yieldNow();
        assertThat(outer.exceptionNow()).isSameAs(FAILURE);
        pause();

        Promise<Integer> unseen = Promise.create();
        Future.shield(unseen.future());
        unseen.fail(FAILURE);
        pause();
        reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE);
    }

    @LoopTest
    void aCancelledInnerOneCancelsIt() {
        Promise<Integer> inner = Promise.create();
        Future<Integer> outer = Future.shield(inner.future());
        inner.future().cancel("gone");
        assertThatThrownBy(() -> await(outer))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("gone");
        assertThat(outer.isCancelled()).isTrue();
    }

    @LoopTest
    void cancellingItLeavesTheInnerOneAlone() {
        Promise<Integer> inner = Promise.create();
        Future<Integer> outer = Future.shield(inner.future());
        assertThat(outer.cancel("stop")).isTrue();
        assertThat(outer.isCancelled()).isTrue();
        pause();
        assertThat(inner.isDone()).isFalse();
        assertThat(inner.future().hasListeners()).isFalse();
        inner.complete(1);
        pause();
    }

    @LoopTest
    void aFailureAfterItsCancellationIsReportedOnce(Reports reports) {
        Promise<Integer> inner = Promise.create();
        for (int i = 0; i < 2; i++) {
            Future<Integer> outer = Future.shield(inner.future());
            yieldNow();
            outer.cancel();
            yieldNow();
        }
        inner.fail(FAILURE);
        pause();
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(FAILURE);
    }

    @LoopTest
    void aFailureAfterItsCancellationThatSomebodyElseSeesIsNotReported() {
        Promise<Integer> inner = Promise.create();
        Future<Integer> outer = Future.shield(inner.future());
        Task<Integer> other = Task.spawn(() -> await(inner.future()));
        yieldNow();
        outer.cancel();
        yieldNow();
        inner.fail(FAILURE);
        assertThatThrownBy(() -> await(other)).isSameAs(FAILURE);
        pause();
    }

    @LoopTest
    void aFailureInTheTurnOfItsCancellationIsReported(Reports reports) {
        Promise<Integer> first = Promise.create();
        Future<Integer> cancelledAfter = Future.shield(first.future());
        first.fail(FAILURE);
        cancelledAfter.cancel();
        pause();
        reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE);

        Promise<Integer> second = Promise.create();
        Future<Integer> cancelledBefore = Future.shield(second.future());
        cancelledBefore.cancel();
        second.fail(FAILURE);
        pause();
        reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE);
    }

    @LoopTest
    void ofADoneFutureItIsThatFuture() {
        Future<Integer> done = Future.completed(42);
        assertThat((Object) Future.shield(done)).isSameAs(done);
        Future<Integer> failed = Future.failed(FAILURE);
        assertThat((Object) Future.shield(failed)).isSameAs(failed);
        assertThat(failed.exceptionNow()).isSameAs(FAILURE);
    }

    @LoopTest
    void cancellingTheAwaiterLeavesTheTaskAlone(Trail trail) {
        Promise<Integer> waiter = Promise.create();
        Task<Void> inner = Task.spawn(() -> {
            await(waiter.future());
            trail.mark("inner");
        });
        Task<Void> outer = Task.spawn(() -> {
            await(Future.shield(inner));
            trail.mark("outer");
        });
        yieldNow();
        outer.cancel("stop");
        assertThatThrownBy(() -> await(outer)).hasMessage("stop");
        waiter.complete(1);
        await(inner);
        assertThat(inner.cancelling()).isZero();
        assertThat(trail.marks()).containsExactly("inner");
    }

    @LoopTest
    void aTaskThatIsCancelledAlreadyDoesNotTakeTheInnerOneAlong() {
        Task<Integer> inner = Task.spawn(() -> {
            sleep(Duration.ofSeconds(1));
            return 1;
        });
        Task<Integer> outer = Task.spawn(() -> {
            Task.current().cancel("early");
            return await(Future.shield(inner));
        });
        assertThatThrownBy(() -> await(outer)).hasMessage("early");
        assertThat(await(inner)).isEqualTo(1);
    }

    @LoopTest
    void inFinallyOfACancelledTaskItGuardsAgainstTheNextCancel(VirtualClock clock) {
        AtomicReference<Task<String>> cleanup = new AtomicReference<>();
        Task<Void> task = Task.spawn(() -> {
            try {
                sleep(Duration.ofHours(1));
            } finally {
                cleanup.set(Task.spawn(() -> {
                    sleep(Duration.ofSeconds(2));
                    return "clean";
                }));
                await(Future.shield(cleanup.get()));
            }
        });
        yieldNow();
        task.cancel("first");
        sleep(Duration.ofSeconds(1));
        task.cancel("second");
        assertThatThrownBy(() -> await(task)).hasMessage("second");
        assertThat(await(cleanup.get())).isEqualTo("clean");
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(2));
    }

    @LoopTest
    void aTimeoutEndsTheWaitAndNotTheTask(VirtualClock clock) {
        Task<String> slow = Task.spawn(() -> {
            sleep(Duration.ofSeconds(3));
            return "slow";
        });
        Timeout timeout = Timeout.of(Duration.ofSeconds(1));
        assertThatThrownBy(() -> timeout.run(() -> await(Future.shield(slow))))
                .isInstanceOf(TaskTimeoutException.class);
        assertThatThrownBy(() -> await(Future.shield(slow), Duration.ofSeconds(1)))
                .isInstanceOf(TaskTimeoutException.class);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(2));
        assertThat(await(slow)).isEqualTo("slow");
        assertThat(slow.cancelling()).isZero();
        assertThat(Task.current().cancelling()).isZero();
    }

    // ---- with gather

    @LoopTest
    void aShieldedGatherGoesOn() {
        Promise<Integer> a = Promise.create();
        Promise<Integer> b = Promise.create();
        Future<List<Integer>> parent = Future.gather(a.future(), b.future());
        Future<List<Integer>> outer = Future.shield(parent);
        outer.cancel();
        pause();
        assertThat(outer.isCancelled()).isTrue();
        a.complete(1);
        b.complete(2);
        assertThat(await(parent)).containsExactly(1, 2);
    }

    @LoopTest
    void aGatherOfShieldsLeavesTheInnerOnesAlone() {
        Promise<Integer> a = Promise.create();
        Promise<Integer> b = Promise.create();
        Future<Integer> outerA = Future.shield(a.future());
        Future<Integer> outerB = Future.shield(b.future());
        Future<List<Integer>> parent = Future.gather(outerA, outerB);
        yieldNow();
        assertThat(parent.cancel("stop")).isTrue();
        assertThatThrownBy(() -> await(parent)).hasMessage("stop");
        assertThat(outerA.isCancelled()).isTrue();
        assertThat(outerB.isCancelled()).isTrue();
        assertThat(a.isDone()).isFalse();
        a.complete(1);
        b.complete(2);
        pause();
    }

    @LoopTest
    void cancellingWhatIsDerivedFromItLeavesTheInnerOneAlone() {
        Promise<Integer> inner = Promise.create();
        Future<Integer> derived = Future.shield(inner.future()).thenApply(value -> value + 1);
        derived.cancel();
        pause();
        assertThat(inner.isDone()).isFalse();
        assertThat(inner.future().hasListeners()).isFalse();
    }

    // ---- other loops, other libraries

    @LoopTest
    void aStageOfAnotherLibraryIsNotCancelledAnyway() {
        CompletableFuture<Integer> foreign = new CompletableFuture<>();
        Future<Integer> outer = Future.shield(foreign);
        outer.cancel();
        pause();
        assertThat(foreign).isNotDone();
        assertThat(foreign.getNumberOfDependents()).isZero();
        Future<Integer> again = Future.shield(foreign);
        foreign.complete(1);
        assertThat(await(again)).isEqualTo(1);
    }

    @Test
    void itBelongsToTheFuturesLoopAndNeedsNoneOfItsOwn() {
        try (Loop loop = Loop.start("inner")) {
            Promise<Integer> inner = loop.promise();
            Future<Integer> first = Future.shield(inner.future());
            assertThat(first.loop()).isSameAs(loop);
            assertThat(first.cancel()).isTrue();
            Future<Integer> second = Future.shield(inner.future());
            inner.complete(1);
            assertThat(second.join()).isEqualTo(1);
        }
    }

    @LoopTest
    void cancellingATaskOfAnotherLoopLeavesTheInnerOneAlone(Loop loop, VirtualClock clock) {
        Promise<Integer> inner = Promise.create();
        try (Loop other = Loop.start("other");
                var operation = clock.foreign(loop)) {
            Task<Integer> task = other.spawn(() -> await(Future.shield(inner.future())));
            while (!inner.future().hasListeners()) {
                yieldNow();
            }
            task.cancel("stop");
            assertThatThrownBy(() -> await(task)).hasMessage("stop");
        }
        while (inner.future().hasListeners()) {
            yieldNow(); // it hears of it through its loop
        }
        assertThat(inner.isDone()).isFalse();
    }

    @LoopTest
    void theDumpShowsWhatIsBehindIt(Loop loop) {
        Task<Void> inner = Task.spawn("inner", () -> sleep(Duration.ofSeconds(1)));
        Task<Void> outer = Task.spawn("outer", () -> await(Future.shield(inner)));
        pause();
        assertThat(loop.dump()).containsSubsequence("outer awaits ", "inner awaits ");
        await(outer);
    }
}
