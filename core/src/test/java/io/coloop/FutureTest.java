package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** The future itself: its states, its view as a CompletableFuture, cancellation of stages, long chains, the time after the close. */
class FutureTest {
    private static final int LONG = 100_000;

    private static void pause() {
        for (int i = 0; i < 5; i++) {
            yieldNow();
        }
    }

    // ---- onDone

    @LoopTest
    void aDoneHookStandsInTheOrderOfRegistration(Loop loop) {
        Promise<String> promise = Promise.create();
        Future<String> future = promise.future();
        List<String> order = new ArrayList<>();
        future.thenRun(() -> order.add("stage"));
        future.onDone(() -> order.add("hook, on the loop's own thread: " + (Task.currentOrNull() == null)));
        Task<Boolean> task = Task.spawn(() -> {
            await(future);
            return order.add("task");
        });
        pause();
        future.onDone(() -> order.add("later hook"));
        promise.complete("value");
        assertThat(order).isEmpty();
        await(task);
        pause();
        assertThat(order).containsExactly("stage", "hook, on the loop's own thread: true", "task", "later hook");
        future.onDone(() -> order.add("of one that is done"));
        assertThat(order).hasSize(4);
        pause();
        assertThat(order).endsWith("of one that is done");
    }

    @LoopTest
    void aDoneHookRunsInItsRegistrarsContext() {
        ContextVar<String> name = ContextVar.of("name", "nobody");
        Promise<String> promise = Promise.create();
        List<String> seen = new ArrayList<>();
        try (ContextVar.Change ignored = name.set("registrar")) {
            promise.future().onDone(() -> seen.add(name.get()));
        }
        promise.complete("value");
        pause();
        assertThat(seen).containsExactly("registrar");
    }

    @LoopTest
    void aDoneHookThatIsRemovedDoesNotRun() {
        List<String> ran = new ArrayList<>();
        Promise<String> promise = Promise.create();
        DoneHook before = promise.future().onDone(() -> ran.add("removed while it waits"));
        DoneHook ready = promise.future().onDone(() -> ran.add("removed in the ready queue"));
        promise.future().onDone(() -> ran.add("stays"));
        before.remove();
        before.remove();
        promise.complete("value");
        ready.remove();
        pause();
        assertThat(ran).containsExactly("stays");
        ready.remove();
    }

    @LoopTest
    void aDoneHookIsRemovedFromAnotherThread(Loop loop, VirtualClock clock) {
        List<String> ran = new ArrayList<>();
        Promise<String> promise = Promise.create();
        DoneHook hook = promise.future().onDone(() -> ran.add("removed"));
        try (VirtualClock.ForeignOperation ignored = clock.foreign(loop)) {
            await(CompletableFuture.runAsync(hook::remove));
        }
        promise.complete("value");
        pause();
        assertThat(ran).isEmpty();
    }

    @Test
    void aFailureThatADoneHookDoesNotLookAtIsReportedWhenNobodyCanAnyMore() {
        List<Report> reports = new CopyOnWriteArrayList<>();
        IllegalStateException failure = new IllegalStateException("expected");
        List<Future<?>> kept = new ArrayList<>();
        Loop.builder().debug(true).exceptionHandler(reports::add).run(() -> {
            for (boolean looks : List.of(true, false)) {
                Promise<String> promise = Promise.create();
                kept.add(promise.future());
                promise.future()
                        .onDone(() -> assertThat(looks && promise.future().exceptionNow() == null)
                                .isFalse());
                promise.fail(failure);
            }
            pause();
            assertThat(reports).isEmpty();
        });
        assertThat(reports).extracting(Report::kind).containsExactly(Report.Kind.UNOBSERVED_FAILURE);
        assertThat(kept).hasSize(2);
    }

    @LoopTest
    void aDoneHookThatIsRemovedHasNotLooked(Reports reports) {
        Promise<String> promise = Promise.create();
        DoneHook hook = promise.future().onDone(() -> {});
        promise.fail(new IllegalStateException("expected"));
        hook.remove();
        pause();
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).hasMessage("expected");
    }

    @LoopTest
    void aDoneHookDoesNotTakeAFailureFromWhoLooksLater(Loop loop, VirtualClock clock) {
        try (LoopGroup others = LoopGroup.start("others", 1);
                VirtualClock.ForeignOperation ignored = clock.foreign(loop)) {
            Promise<String> promise = others.next().promise();
            promise.future().onDone(() -> {});
            Task<String> looking = Task.spawn(() -> await(promise.future()));
            pause();
            promise.fail(new IllegalStateException("expected"));
            assertThatThrownBy(() -> await(looking)).hasMessage("expected");
        }
    }

    @LoopTest
    void whatADoneHookThrowsIsReported(Reports reports) {
        IllegalStateException failure = new IllegalStateException("expected");
        Future.completed("value").onDone(() -> {
            throw failure;
        });
        pause();
        assertThat(reports.takeOnly(Report.Kind.CALLBACK_FAILED).failure()).isSameAs(failure);
    }

    @LoopTest
    void aDoneHookKeepsAFutureFromBeingAbandoned() {
        Promise<String> promise = Promise.create();
        DoneHook hook = promise.future().onDone(() -> {});
        promise.future().thenRun(() -> {}).cancel();
        pause();
        assertThat(promise.future().isCancelled()).isFalse();
        hook.remove();
        promise.future().thenRun(() -> {}).cancel();
        pause();
        assertThat(promise.future().isCancelled()).isTrue();
    }

    @Test
    void aDoneHookOfAClosedLoopRunsWhereItIsCompleted() {
        Loop loop = Loop.builder().start();
        Promise<String> promise = loop.promise();
        List<Thread> ran = new ArrayList<>();
        promise.future().onDone(() -> ran.add(Thread.currentThread()));
        loop.close();
        promise.complete("value");
        assertThat(ran).containsExactly(Thread.currentThread());
    }

    // ---- states

    @LoopTest
    void pending() {
        Future<String> future = Promise.<String>create().future();
        assertThat(future.isDone()).isFalse();
        assertThat(future.isCancelled()).isFalse();
        assertThat(future.isFailed()).isFalse();
        assertThat(future.toString()).isEqualTo("Future[pending]");
        assertThat(future.loop()).isSameAs(Loop.current());
        assertThatThrownBy(future::resultNow)
                .isExactlyInstanceOf(IllegalStateException.class)
                .hasMessage("no result: Future[pending]");
        assertThatThrownBy(future::exceptionNow)
                .isExactlyInstanceOf(IllegalStateException.class)
                .hasMessage("no failure: Future[pending]");
    }

    @LoopTest
    void doneWithAValue() {
        Promise<String> promise = Promise.create();
        assertThat(promise.isDone()).isFalse();
        assertThat(promise.complete("value")).isTrue();
        assertThat(promise.isDone()).isTrue();
        assertThat(promise.toString()).isEqualTo("Promise of Future[done]");
        Future<String> future = promise.future();
        assertThat(future.isDone()).isTrue();
        assertThat(future.resultNow()).isEqualTo("value");
        assertThatThrownBy(future::exceptionNow).hasMessage("no failure: Future[done]");
        assertThat(promise.fail(new IllegalStateException("too late"))).isFalse();
        assertThat(future.cancel()).as("cancel of a done future").isFalse();
        assertThat(future.isCancelled()).isFalse();
    }

    @LoopTest
    void failed() {
        IllegalStateException failure = new IllegalStateException("expected");
        Promise<String> promise = Promise.create();
        assertThat(promise.fail(failure)).isTrue();
        assertThat(promise.complete("too late")).isFalse();
        Future<String> future = promise.future();
        assertThat(future.isFailed()).isTrue();
        assertThat(future.isCancelled()).isFalse();
        assertThat(future.cancel()).isFalse();
        assertThat(future.exceptionNow()).isSameAs(failure);
        assertThatThrownBy(future::resultNow).hasMessage("no result: Future[failed: " + failure + "]");
    }

    @LoopTest
    void cancelled() {
        Promise<String> promise = Promise.create();
        assertThat(promise.future().cancel("r")).isTrue();
        assertThat(promise.future().cancel("again")).isFalse();
        assertThat(promise.complete("too late")).isFalse();
        assertThat(promise.future().isCancelled()).isTrue();
        assertThat(promise.future().isFailed()).isFalse();
        assertThat(promise.future().exceptionNow())
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("r");
        assertThat(promise.future().toString()).isEqualTo("Future[cancelled: r]");
    }

    @LoopTest
    void onCancelRunsOnlyForACancellation(Trail trail) {
        Promise<String> done = Promise.create();
        done.onCancel(() -> trail.mark("wrong"));
        done.complete("value");
        done.onCancel(() -> trail.mark("wrong"));
        Promise<String> cancelled = Promise.create();
        cancelled.onCancel(() -> trail.mark("before"));
        cancelled.future().cancel();
        cancelled.onCancel(() -> trail.mark("after"));
        pause();
        assertThat(trail.marks()).containsExactly("before", "after");
    }

    @LoopTest
    void callbacksRunInTheOrderOfTheirRegistration(Trail trail) {
        Promise<String> promise = Promise.create();
        for (String name : List.of("a", "b", "c", "d")) {
            promise.future().thenRun(() -> trail.mark(name));
        }
        promise.complete("");
        promise.future().thenRun(() -> trail.mark("after"));
        pause();
        assertThat(trail.marks()).containsExactly("a", "b", "c", "d", "after");
    }

    // ---- from

    @LoopTest
    void fromOurOwnIsTheSame(Loop loop) {
        Future<String> future = Future.completed("value");
        assertThat((Object) loop.from(future)).isSameAs(future);
        assertThat((Object) Future.from(future)).isSameAs(future);
    }

    @LoopTest
    void fromAForeignStage(Loop loop) {
        CompletableFuture<String> foreign = new CompletableFuture<>();
        Future<String> future = loop.from(foreign);
        assertThat(future.isDone()).isFalse();
        foreign.complete("value");
        assertThat(await(future)).isEqualTo("value");

        CompletableFuture<String> left = new CompletableFuture<>();
        loop.from(left).cancel();
        pause();
        assertThat(left.isDone()).isFalse();

        CompletableFuture<String> killed = new CompletableFuture<>();
        Future<String> follows = loop.from(killed);
        killed.cancel(false);
        assertThat(follows.isFailed()).isTrue();
        assertThat(follows.isCancelled()).isFalse();
        assertThatThrownBy(() -> await(follows))
                .isInstanceOf(CancellationException.class)
                .isNotInstanceOf(TaskCancelledException.class);
    }

    @LoopTest
    void fromAnotherLoopsFuture(Loop loop, VirtualClock clock) {
        try (Loop second = Loop.start("second");
                var operation = clock.foreign(loop)) {
            Promise<String> far = second.promise();
            Future<String> near = loop.from(far.future());
            assertThat((Object) near).isNotSameAs(far.future());
            assertThat(near.loop()).isSameAs(loop);
            far.complete("value");
            assertThat(await(near)).isEqualTo("value");
            Promise<String> unwanted = second.promise();
            Future<String> given = loop.from(unwanted.future());
            given.cancel();
            assertThatThrownBy(() -> await(unwanted.future())).isInstanceOf(TaskCancelledException.class);
        }
    }

    // ---- toCompletableFuture

    @LoopTest
    void aNewViewEachTime() {
        Future<String> future = Promise.<String>create().future();
        assertThat((Object) future.toCompletableFuture()).isNotSameAs(future.toCompletableFuture());
        assertThat((Object) future.toCompletableFuture().toCompletableFuture()).isInstanceOf(CompletableFuture.class);
    }

    @LoopTest
    void aViewIsDoneAtOnceIfOursIs() {
        assertThat(Future.completed("value").toCompletableFuture().getNow("absent"))
                .isEqualTo("value");
        Future<String> failed = Future.failed(new IllegalStateException("expected"));
        assertThat(failed.toCompletableFuture().isCompletedExceptionally()).isTrue();
        Promise<String> cancelled = Promise.create();
        cancelled.future().cancel();
        assertThat(cancelled.future().toCompletableFuture().isCancelled()).isTrue();
    }

    @LoopTest
    void aViewFollowsOurs() {
        Promise<String> promise = Promise.create();
        CompletableFuture<String> view = promise.future().toCompletableFuture();
        promise.complete("value");
        assertThat(view.isDone()).as("never inline").isFalse();
        yieldNow();
        assertThat(view.getNow("absent")).isEqualTo("value");

        Promise<String> cancelled = Promise.create();
        CompletableFuture<String> cancelledView = cancelled.future().toCompletableFuture();
        cancelled.future().cancel("r");
        yieldNow();
        assertThat(cancelledView.isCancelled()).isTrue();
        assertThatThrownBy(cancelledView::join).isInstanceOf(CancellationException.class);
    }

    @LoopTest
    void cancellingAViewCancelsOurs(Trail trail) {
        Promise<String> promise = Promise.create();
        promise.onCancel(() -> trail.mark("told"));
        assertThat(promise.future().toCompletableFuture().cancel(true)).isTrue();
        assertThat(promise.future().isCancelled()).isTrue();
        yieldNow();
        assertThat(trail.marks()).containsExactly("told");
        Task<Void> task = Task.spawn(() -> await(Promise.<Void>create().future()));
        yieldNow();
        task.toCompletableFuture().cancel(true);
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
    }

    @LoopTest
    void whatElseHappensToAViewTouchesOnlyIt(Loop loop, VirtualClock clock) throws Exception {
        Promise<String> promise = Promise.create();
        Future<String> future = promise.future();
        assertThat(future.toCompletableFuture().complete("other")).isTrue();
        assertThat(future.toCompletableFuture().completeExceptionally(new IllegalStateException("other")))
                .isTrue();
        future.toCompletableFuture().obtrudeValue("other");
        future.toCompletableFuture().obtrudeException(new IllegalStateException("other"));
        CompletableFuture<String> timed = future.toCompletableFuture().orTimeout(1, TimeUnit.MILLISECONDS);
        CompletableFuture<String> defaulted =
                future.toCompletableFuture().completeOnTimeout("default", 1, TimeUnit.MILLISECONDS);
        future.toCompletableFuture().thenApply(String::trim).cancel(true);
        try (var operation = clock.foreign(loop)) {
            assertThatThrownBy(() -> await(timed)).hasCauseInstanceOf(TimeoutException.class);
            assertThat(await(defaulted)).isEqualTo("default");
        }
        assertThat(future.isDone()).isFalse();
        promise.complete("ours");
        assertThat(await(future)).isEqualTo("ours");
    }

    @LoopTest
    void aViewsOwnDependentsRunInline(Trail trail) {
        CompletableFuture<String> view = Promise.<String>create().future().toCompletableFuture();
        view.thenRun(() -> trail.step(1));
        view.complete("by hand");
        trail.step(2);
        Future.completed("done").toCompletableFuture().thenRun(() -> trail.step(3));
        trail.step(4);
    }

    // ---- cancelling stages

    @LoopTest
    void cancellingAStageCancelsASourceNobodyElseWants() {
        Promise<String> promise = Promise.create();
        Future<Integer> stage = promise.future().thenApply(String::trim).thenApply(String::length);
        stage.cancel("unwanted");
        pause();
        assertThat(promise.future().isCancelled()).isTrue();
        assertThat(promise.future().exceptionNow()).hasMessage("unwanted");
    }

    @LoopTest
    void cancellingAStageLeavesASourceThatAnotherWants() {
        Promise<String> promise = Promise.create();
        Future<Integer> wanted = promise.future().thenApply(String::length);
        Future<Integer> unwanted = promise.future().thenApply(String::length);
        unwanted.cancel();
        pause();
        assertThat(promise.future().isDone()).isFalse();
        promise.complete("four");
        assertThat(await(wanted)).isEqualTo(4);
    }

    @LoopTest
    void theLastOfSeveralStagesCancelsTheSource() {
        Promise<String> promise = Promise.create();
        List<Future<Integer>> stages = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            stages.add(promise.future().thenApply(String::length));
        }
        for (Future<Integer> stage : stages) {
            assertThat(promise.future().isDone()).isFalse();
            stage.cancel();
            pause();
        }
        assertThat(promise.future().isCancelled()).isTrue();
    }

    @LoopTest
    void cancellingAStageLeavesASourceThatATaskAwaits() {
        Promise<String> promise = Promise.create();
        Task<String> task = Task.spawn(() -> await(promise.future()));
        yieldNow();
        promise.future().thenApply(String::length).cancel();
        pause();
        promise.complete("value");
        assertThat(await(task)).isEqualTo("value");
    }

    @LoopTest
    void cancellingAStageOfATaskCancelsTheTask() {
        Task<String> task = Task.spawn(() -> await(Promise.<String>create().future()));
        Future<Integer> stage = task.thenApply(String::length);
        yieldNow();
        stage.cancel();
        pause();
        assertThat(task.isCancelled()).isTrue();
    }

    @LoopTest
    void cancellingACombinationCancelsBothSides() {
        Promise<String> first = Promise.create();
        Promise<String> second = Promise.create();
        first.future().thenCombine(second.future(), String::concat).cancel();
        pause();
        assertThat(first.future().isCancelled()).isTrue();
        assertThat(second.future().isCancelled()).isTrue();
        Promise<String> third = Promise.create();
        Promise<String> fourth = Promise.create();
        third.future().applyToEither(fourth.future(), String::trim).cancel();
        pause();
        assertThat(third.future().isCancelled()).isTrue();
        assertThat(fourth.future().isCancelled()).isTrue();
    }

    @LoopTest
    void cancellingACompositionCancelsTheInnerStage() {
        Promise<String> inner = Promise.create();
        Future<String> stage = Future.completed("").thenCompose(value -> inner.future());
        pause();
        stage.cancel();
        pause();
        assertThat(inner.future().isCancelled()).isTrue();
    }

    @LoopTest
    void awaitingAStageOwnsItsSource() {
        Promise<String> promise = Promise.create();
        Task<Integer> task = Task.spawn(() -> await(promise.future().thenApply(String::length)));
        yieldNow();
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        pause();
        assertThat(promise.future().isCancelled()).isTrue();
    }

    // ---- long chains

    private static Future<Integer> chain(Future<Integer> first) {
        Future<Integer> last = first;
        for (int i = 0; i < LONG; i++) {
            last = last.thenApply(value -> value + 1);
        }
        return last;
    }

    @LoopTest
    void aLongChainCompletes() {
        Promise<Integer> promise = Promise.create();
        Future<Integer> last = chain(promise.future());
        promise.complete(0);
        assertThat(await(last)).isEqualTo(LONG);
    }

    @LoopTest
    void aLongChainFailsAndIsCancelled() {
        Promise<Integer> failing = Promise.create();
        Future<Integer> last = chain(failing.future());
        IllegalStateException failure = new IllegalStateException("expected");
        failing.fail(failure);
        assertThatThrownBy(() -> await(last)).isSameAs(failure);

        Promise<Integer> cancelled = Promise.create();
        chain(cancelled.future()).cancel();
        while (!cancelled.future().isDone()) {
            yieldNow();
        }
        assertThat(cancelled.future().isCancelled()).isTrue();
    }

    @LoopTest
    void aLongCompositionCompletes() {
        Future<Integer> last = Future.completed(0);
        for (int i = 0; i < LONG; i++) {
            last = last.thenCompose(value -> Future.completed(value + 1));
        }
        assertThat(await(last)).isEqualTo(LONG);
    }

    @Test
    void aLongChainCompletesAfterTheClose() {
        Loop loop = Loop.start("closed");
        Promise<Integer> promise = loop.promise();
        Future<Integer> last = chain(promise.future());
        loop.close();
        promise.complete(0);
        assertThat(last.resultNow()).isEqualTo(LONG);
        assertThat(chain(last).resultNow()).isEqualTo(2 * LONG);
    }

    // ---- after the close

    @Test
    void afterTheCloseCallbacksRunOnTheCompletingOrRegisteringThread() {
        Loop loop = Loop.start("closed");
        Promise<String> promise = loop.promise();
        List<String> threads = new ArrayList<>();
        Future<Void> registeredBefore = promise.future()
                .thenRun(() -> threads.add(Thread.currentThread().getName()));
        loop.close();
        Real.onOtherThread(() -> promise.complete("value"));
        assertThat(registeredBefore.isDone()).isTrue();
        Future<Void> registeredAfter = promise.future()
                .thenRunAsync(() -> threads.add(Thread.currentThread().getName()));
        assertThat(registeredAfter.isDone()).isTrue();
        assertThat(threads).containsExactly("other", Thread.currentThread().getName());
        assertThat(promise.future().join()).isEqualTo("value");
    }

    @Test
    void afterTheCloseAPromiseCanStillBeCancelledAndTold() {
        Loop loop = Loop.start("closed");
        loop.close();
        Promise<String> promise = loop.promise();
        List<String> told = new ArrayList<>();
        promise.onCancel(() -> told.add("told"));
        Future<Integer> stage = promise.future().thenApply(String::length);
        stage.cancel();
        assertThat(promise.future().isCancelled()).isTrue();
        assertThat(told).containsExactly("told");
    }

    // ---- other threads wait

    @Test
    void otherThreadsJoinAndGet() throws Exception {
        IllegalStateException failure = new IllegalStateException("expected");
        Real.ReportQueue reports = new Real.ReportQueue();
        try (Loop loop = Loop.builder().exceptionHandler(reports).start()) {
            Task<String> task = loop.spawn(() -> {
                yieldNow();
                return "value";
            });
            assertThat(task.join()).isEqualTo("value");
            assertThat(task.get()).isEqualTo("value");
            assertThat(task.get(1, TimeUnit.MILLISECONDS)).isEqualTo("value");
            Task<String> failing = loop.spawn(() -> {
                yieldNow();
                throw failure;
            });
            assertThatThrownBy(failing::join)
                    .isExactlyInstanceOf(CompletionException.class)
                    .hasCause(failure);
            assertThatThrownBy(failing::get)
                    .isExactlyInstanceOf(ExecutionException.class)
                    .hasCause(failure);
            Future<String> pending = loop.<String>promise().future();
            assertThatThrownBy(() -> pending.get(1, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
            pending.cancel("r");
            assertThatThrownBy(pending::join).isInstanceOf(CancellationException.class);
            assertThatThrownBy(pending::get).isInstanceOf(CancellationException.class);
        }
    }

    @Test
    void anInterruptEndsAWaitingThreadAndLeavesTheFuture() {
        try (Loop loop = Loop.start("loop")) {
            Future<String> pending = loop.<String>promise().future();
            Real.onOtherThread(() -> {
                Thread.currentThread().interrupt();
                assertThatThrownBy(pending::get).isInstanceOf(InterruptedException.class);
            });
            assertThat(pending.isDone()).isFalse();
        }
    }
}
