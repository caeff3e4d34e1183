package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Real.ReportQueue;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Future.gather and Future.allSettled. */
class GatherTest {
    private static final IllegalStateException FAILURE = new IllegalStateException("expected");

    private static void pause() {
        for (int i = 0; i < 6; i++) {
            yieldNow();
        }
    }

    private static List<Promise<Integer>> promises(int count) {
        List<Promise<Integer>> promises = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            promises.add(Promise.create());
        }
        return promises;
    }

    private static <T> List<Future<T>> futures(List<Promise<T>> promises) {
        return promises.stream().map(Promise::future).toList();
    }

    private static Task<Integer> following(Future<Integer> future) {
        return Task.spawn(() -> await(future));
    }

    // ---- values

    @LoopTest
    void theValuesAreInTheOrderGivenNotThatOfCompletion() {
        List<Promise<Integer>> three = promises(3);
        Future<List<Integer>> all = Future.gather(futures(three));
        three.get(1).complete(1);
        three.get(0).complete(2);
        pause();
        assertThat(all.isDone()).isFalse();
        three.get(2).complete(3);
        pause();
        assertThat(all.resultNow()).containsExactly(2, 1, 3);
    }

    @LoopTest
    void tasksAreGatheredAsFuturesAre() {
        List<Promise<Integer>> three = promises(3);
        List<Task<Integer>> tasks =
                futures(three).stream().map(GatherTest::following).toList();
        Future<List<Integer>> all = Future.gather(tasks);
        three.get(1).complete(1);
        three.get(0).complete(2);
        three.get(2).complete(3);
        assertThat(await(all)).containsExactly(2, 1, 3);
    }

    @LoopTest
    void differentTypesHaveACommonOne() {
        List<Object> both = await(Future.<Object>gather(Future.completed(1), Task.spawn(() -> "two")));
        assertThat(both).containsExactly(1, "two");
    }

    @LoopTest
    void nullIsAValue() {
        assertThat(await(Future.gather(Task.spawn(() -> yieldNow()), Task.spawn(() -> {}))))
                .containsExactly(null, null);
    }

    @LoopTest
    void theResultCannotBeChanged() {
        List<Integer> values = await(Future.gather(Future.completed(1)));
        assertThatThrownBy(() -> values.add(2)).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> values.set(0, 2)).isInstanceOf(UnsupportedOperationException.class);
    }

    @LoopTest
    void nothingIsAnEmptyListAtOnce(Loop loop) {
        Future<List<Integer>> nothing = Future.gather(List.<Future<Integer>>of());
        assertThat(nothing.loop()).isSameAs(loop);
        assertThat(nothing.resultNow()).isEmpty();
        assertThat(Future.gather().resultNow()).isEmpty();
        assertThat(Future.allSettled(List.<Task<Integer>>of()).resultNow()).isEmpty();
    }

    @LoopTest
    void aFutureGivenTwiceIsInBothPlaces() {
        Task<String> abc = Task.spawn(() -> "abc");
        Task<String> def = Task.spawn(() -> "def");
        assertThat(await(Future.gather(abc, abc, def, abc))).containsExactly("abc", "abc", "def", "abc");
        assertThat(await(Future.allSettled(abc, def, abc))).containsExactly(abc, def, abc);
    }

    @LoopTest
    void anyIterableIsReadOnce() {
        List<Future<Integer>> futures = List.of(Future.completed(1), Future.completed(2));
        Iterable<Future<Integer>> once = futures.stream()::iterator;
        assertThat(await(Future.gather(once))).containsExactly(1, 2);
    }

    @LoopTest
    void nullIsNoFuture() {
        Promise<Integer> promise = Promise.create();
        List<Future<Integer>> withNull = Arrays.asList(promise.future(), null);
        assertThatThrownBy(() -> Future.gather(withNull))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("future");
        assertThatThrownBy(() -> Future.allSettled(withNull)).isInstanceOf(NullPointerException.class);
        assertThat(promise.future().hasListeners()).isFalse();
    }

    @Test
    void itNeedsALoop() {
        assertThatThrownBy(() -> Future.gather(new CompletableFuture<>()))
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining("this thread has no loop")
                .hasMessageContaining("Future.gather(...)");
    }

    @LoopTest
    void aGatherInAGather() {
        Promise<Integer> promise = Promise.create();
        Future<List<List<Integer>>> all =
                Future.gather(Future.gather(promise.future()), Future.gather(List.<Future<Integer>>of()));
        promise.complete(1);
        assertThat(await(all)).containsExactly(List.of(1), List.of());
    }

    // ---- failures

    @LoopTest
    void theFirstFailureIsItsFailureAtOnceAndTheOthersGoOn() {
        List<Promise<Integer>> three = promises(3);
        Future<List<Integer>> all = Future.gather(futures(three));
        three.get(0).complete(1);
        three.get(1).fail(FAILURE);
        yieldNow();
        assertThat(all.isFailed()).isTrue();
        assertThat(all.exceptionNow()).isSameAs(FAILURE);
        assertThat(three.get(2).isDone()).isFalse();
        assertThat(three.get(2).future().hasListeners()).as("let go").isFalse();
        three.get(2).complete(3);
        assertThatThrownBy(() -> await(all)).isSameAs(FAILURE);
    }

    @LoopTest
    void aFailureAfterItIsDoneIsReported(Reports reports) {
        List<Promise<Integer>> two = promises(2);
        Future<List<Integer>> all = Future.gather(futures(two));
        two.get(0).fail(FAILURE);
        assertThatThrownBy(() -> await(all)).isSameAs(FAILURE);
        IllegalStateException late = new IllegalStateException("late");
        two.get(1).fail(late);
        pause();
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(late);
    }

    @LoopTest
    void aSecondFailureInTheSameTurnIsReported(Reports reports) {
        List<Promise<Integer>> two = promises(2);
        Future<List<Integer>> all = Future.gather(futures(two));
        two.get(0).fail(FAILURE);
        IllegalStateException second = new IllegalStateException("second");
        two.get(1).fail(second);
        assertThatThrownBy(() -> await(all)).isSameAs(FAILURE);
        pause();
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(second);
    }

    @LoopTest
    void aSecondFailureThatSomebodyLooksAtIsNotReported() {
        List<Promise<Integer>> two = promises(2);
        Future<List<Integer>> all = Future.gather(futures(two));
        two.get(0).fail(FAILURE);
        two.get(1).fail(new IllegalStateException("second"));
        assertThatThrownBy(() -> await(all)).isSameAs(FAILURE);
        assertThatThrownBy(() -> await(two.get(1).future())).hasMessage("second");
        pause();
    }

    @LoopTest
    void aGatherThatNobodyLooksAtReportsTheFailureOnce(Reports reports) {
        Promise<Integer> promise = Promise.create();
        Future.gather(promise.future());
        promise.fail(FAILURE);
        pause();
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(FAILURE);
    }

    @LoopTest
    void theFailureOfACancelledPartIsNotReported() {
        Promise<Integer> promise = Promise.create();
        Future<List<Integer>> all = Future.gather(promise.future());
        promise.future().cancel();
        pause();
        assertThat(all.isFailed()).isTrue();
    }

    // ---- cancellation

    @LoopTest
    void aCancelledPartFailsItAndDoesNotCancelIt() {
        List<Promise<Integer>> three = promises(3);
        Future<List<Integer>> all = Future.gather(futures(three));
        three.get(0).complete(1);
        three.get(1).future().cancel("not this one");
        yieldNow();
        assertThat(all.isFailed()).isTrue();
        assertThat(all.isCancelled()).isFalse();
        assertThat(all.exceptionNow())
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("not this one");
        assertThat(three.get(2).isDone()).as("the others go on").isFalse();
        assertThatThrownBy(() -> await(all))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("not this one");
    }

    @LoopTest
    void cancellingTheAwaiterCancelsAllParts(Trail trail) {
        Promise<Integer> never = Promise.create();
        List<Future<List<Integer>>> gathered = new ArrayList<>();
        List<Task<Integer>> parts = List.of(
                Task.spawn(() -> await(Promise.<Integer>create().future())), Task.spawn(() -> await(never.future())));
        Task<Void> outer = Task.spawn(() -> {
            gathered.add(Future.gather(parts));
            await(gathered.get(0));
            trail.mark("went on");
        });
        yieldNow();
        outer.cancel("stop");
        assertThatThrownBy(() -> await(outer))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("stop");
        assertThat(gathered.get(0).isCancelled()).isTrue();
        assertThat(gathered.get(0).cancel()).isFalse();
        assertThat(never.future().isCancelled()).isTrue();
        assertThat(parts).allMatch(Future::isCancelled);
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void cancelledItEndsWhenAllPartsHave(VirtualClock clock) {
        Task<Void> slow = Task.spawn(() -> {
            try {
                sleep(Duration.ofHours(1));
            } finally {
                sleep(Duration.ofSeconds(3));
            }
        });
        Promise<Void> quick = Promise.create();
        Future<List<Void>> all = Future.gather(slow, quick.future());
        yieldNow();
        assertThat(all.cancel("stop")).isTrue();
        assertThat(all.isDone()).isFalse();
        assertThat(quick.future().isCancelled()).isTrue();
        assertThatThrownBy(() -> await(all)).hasMessage("stop");
        assertThat(slow.isCancelled()).isTrue();
        assertThat(all.isCancelled()).isTrue();
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(3));
    }

    @LoopTest
    void cancelledItEndsCancelledEvenIfThePartsHaveValues(Reports reports) {
        Task<Integer> stubborn = Task.spawn(() -> {
            try {
                sleep(Duration.ofHours(1));
            } catch (TaskCancelledException swallowed) {
                yieldNow();
            }
            return 1;
        });
        Future<List<Integer>> all = Future.gather(stubborn);
        yieldNow();
        all.cancel("stop");
        assertThatThrownBy(() -> await(all)).hasMessage("stop");
        assertThat(stubborn.resultNow()).isEqualTo(1);
        reports.takeOnly(Report.Kind.SWALLOWED_CANCELLATION);
    }

    @LoopTest
    void cancelledItFailsIfAPartDoes() {
        Task<Integer> failing = Task.spawn(() -> {
            try {
                return await(Promise.<Integer>create().future());
            } finally {
                throwFailure();
            }
        });
        Future<List<Integer>> all =
                Future.gather(failing, Promise.<Integer>create().future());
        yieldNow();
        all.cancel();
        assertThatThrownBy(() -> await(all)).isSameAs(FAILURE);
    }

    private static void throwFailure() {
        throw FAILURE;
    }

    @LoopTest
    void aPartGivenTwiceIsCancelledOnce() {
        List<Integer> requests = new ArrayList<>();
        Task<Void> part = Task.spawn(() -> {
            try {
                sleep(Duration.ofHours(1));
            } finally {
                requests.add(Task.current().cancelling());
            }
        });
        Future<List<Void>> all = Future.gather(part, part);
        yieldNow();
        all.cancel();
        assertThatThrownBy(() -> await(all)).isInstanceOf(TaskCancelledException.class);
        assertThat(requests).containsExactly(1);
    }

    @LoopTest
    void onceAllPartsAreDoneItCannotBeCancelled() {
        Promise<Integer> promise = Promise.create();
        Future<List<Integer>> all = Future.gather(promise.future());
        promise.complete(42);
        assertThat(all.isDone()).isFalse();
        assertThat(all.cancel()).isFalse();
        assertThat(await(all)).containsExactly(42);
    }

    @LoopTest
    void cancellingAFailedOneLeavesTheOthersAlone() {
        List<Promise<Integer>> two = promises(2);
        Future<List<Integer>> all = Future.gather(futures(two));
        two.get(0).fail(FAILURE);
        assertThatThrownBy(() -> await(all)).isSameAs(FAILURE);
        assertThat(all.cancel()).isFalse();
        assertThat(two.get(1).isDone()).isFalse();
    }

    @LoopTest
    void aTaskCancelledBeforeItAwaitsCancelsTheParts() {
        Promise<Integer> promise = Promise.create();
        Task<List<Integer>> task = Task.spawn(() -> {
            Task.current().cancel("early");
            return await(Future.gather(promise.future()));
        });
        assertThatThrownBy(() -> await(task)).hasMessage("early");
        assertThat(promise.future().isCancelled()).isTrue();
    }

    @LoopTest
    void aRepeatedGatherDoesNotLoseTheCancellation() {
        Task<Void> task = Task.spawn(() -> {
            for (int i = 0; i < 20; i++) {
                await(Future.allSettled(Task.spawn(() -> sleep(Duration.ofMillis(50)))));
            }
        });
        sleep(Duration.ofMillis(200));
        task.cancel("my message");
        assertThatThrownBy(() -> await(task))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("my message");
    }

    @LoopTest
    void aTimeoutCancelsThePartsAndWaitsForThem(VirtualClock clock) {
        Task<Void> slow = Task.spawn(() -> {
            try {
                sleep(Duration.ofHours(1));
            } finally {
                sleep(Duration.ofSeconds(2));
            }
        });
        Future<List<Void>> all = Future.gather(slow, Promise.<Void>create().future());
        assertThatThrownBy(() -> await(all, Duration.ofSeconds(1))).isInstanceOf(TaskTimeoutException.class);
        assertThat(slow.isCancelled()).isTrue();
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(3));
    }

    @LoopTest
    void cancellingADerivedStageCancelsTheParts() {
        Promise<Integer> promise = Promise.create();
        Future<Integer> size = Future.gather(promise.future()).thenApply(List::size);
        size.cancel("no longer");
        pause();
        assertThat(promise.future().isCancelled()).isTrue();
    }

    // ---- allSettled

    @LoopTest
    void allSettledGivesTheFuturesThemselvesWhateverTheirEnd() {
        List<Promise<Integer>> four = promises(4);
        Future<List<Future<Integer>>> all = Future.allSettled(futures(four));
        four.get(1).complete(1);
        four.get(2).fail(FAILURE);
        four.get(0).future().cancel("c");
        pause();
        assertThat(all.isDone()).isFalse();
        four.get(3).fail(new IllegalArgumentException("d"));
        List<Future<Integer>> settled = await(all);
        assertThat(settled).isEqualTo(futures(four)).allMatch(Future::isDone);
        assertThat(settled.get(0).exceptionNow()).hasMessage("c");
        assertThat(settled.get(1).resultNow()).isEqualTo(1);
        assertThat(settled.get(2).exceptionNow()).isSameAs(FAILURE);
        assertThat(settled.get(3).exceptionNow()).hasMessage("d");
    }

    @LoopTest
    void allSettledReportsWhatYouDoNotLookAt(Reports reports) {
        List<Promise<Integer>> three = promises(3);
        Future<List<Future<Integer>>> all = Future.allSettled(futures(three));
        three.get(0).fail(FAILURE);
        three.get(1).fail(new IllegalStateException("looked at"));
        pause();
        assertThat(reports.take()).as("not while it waits").isEmpty();
        three.get(2).complete(1);
        assertThat(await(all).get(1).exceptionNow()).hasMessage("looked at");
        pause();
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(FAILURE);
        pause();
        assertThat(all.resultNow().get(0).exceptionNow()).isSameAs(FAILURE);
    }

    @LoopTest
    void aFailureThatWasReportedIsNotReportedAgainByTheNextThatPassesItOn(Reports reports) {
        Promise<Integer> promise = Promise.create();
        promise.fail(FAILURE);
        pause();
        reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE);
        await(Future.allSettled(promise.future()));
        pause();
    }

    @LoopTest
    void allSettledCancelledReportsTheFailuresItWouldHavePassedOn(Reports reports) {
        List<Promise<Integer>> two = promises(2);
        Future<List<Future<Integer>>> all = Future.allSettled(futures(two));
        two.get(0).fail(FAILURE);
        yieldNow();
        assertThat(all.cancel("stop")).isTrue();
        assertThatThrownBy(() -> await(all)).hasMessage("stop");
        assertThat(two.get(1).future().isCancelled()).isTrue();
        pause();
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(FAILURE);
    }

    @Test
    void allSettledThatNeverEndsLeavesTheFailureToTheClose() {
        ReportQueue reports = new ReportQueue();
        Loop loop = Loop.builder().exceptionHandler(reports).start();
        Promise<Integer> failing = loop.promise();
        Promise<Integer> never = loop.promise();
        loop.spawn(() -> Future.allSettled(failing.future(), never.future())).join();
        failing.fail(FAILURE);
        loop.close();
        assertThat(reports.next().failure()).isSameAs(FAILURE);
        assertThat(reports.left()).isEmpty();
        assertThat(never.isDone()).isFalse();
    }

    // ---- stages of other libraries, futures of other loops

    @LoopTest
    void stagesOfOtherLibrariesAreGatheredToo(Loop loop, VirtualClock clock) {
        CompletableFuture<String> foreign = new CompletableFuture<>();
        Promise<String> ours = Promise.create();
        CompletionStage<String> done = CompletableFuture.completedFuture("done");
        Future<List<String>> all = Future.gather(foreign, ours.future(), done);
        ours.complete("ours");
        try (var operation = clock.foreign(loop)) {
            Real.onOtherThread(() -> foreign.complete("foreign"));
            assertThat(await(all)).containsExactly("foreign", "ours", "done");
        }
    }

    @LoopTest
    void cancellingLeavesAStageOfAnotherLibraryAlone() {
        CompletableFuture<String> foreign = new CompletableFuture<>();
        Future<List<String>> all = Future.gather(foreign);
        assertThat(all.cancel("stop")).isTrue();
        assertThatThrownBy(() -> await(all)).hasMessage("stop");
        assertThat(foreign).isNotDone();
    }

    @LoopTest
    void aStageIsLetGoOnceItIsDone() {
        CompletableFuture<String> foreign = new CompletableFuture<>();
        Future<List<String>> all = Future.gather(Future.failed(FAILURE), foreign);
        assertThatThrownBy(() -> await(all)).isSameAs(FAILURE);
        pause();
        foreign.completeExceptionally(new IllegalStateException("the library's own affair"));
        pause();
    }

    @LoopTest
    void futuresOfAnotherLoopAreGatheredAndCancelledToo(Loop loop, VirtualClock clock) {
        try (Loop other = Loop.start("other")) {
            Promise<String> promise = other.promise();
            Task<String> task = other.spawn(() -> await(other.<String>promise().future()));
            try (var operation = clock.foreign(loop)) {
                Future<List<String>> first = Future.gather(promise.future(), Future.completed("b"));
                assertThat(first.loop()).isSameAs(loop);
                Real.onOtherThread(() -> promise.complete("a"));
                assertThat(await(first)).containsExactly("a", "b");

                Future<List<String>> second = Future.gather(List.of(task));
                assertThat(second.cancel("stop")).isTrue();
                assertThatThrownBy(() -> await(second)).hasMessage("stop");
                assertThatThrownBy(() -> await(task)).hasMessage("stop");
            }
        }
    }

    @LoopTest
    void anotherThreadCancelsItLater(Loop loop, VirtualClock clock) {
        Promise<Integer> promise = Promise.create();
        Future<List<Integer>> all = Future.gather(promise.future());
        try (var operation = clock.foreign(loop)) {
            Real.onOtherThread(() -> assertThat(all.cancel("from outside")).isTrue());
            assertThat(promise.isDone()).as("not before the loop gets to it").isFalse();
            assertThatThrownBy(() -> await(all)).hasMessage("from outside");
        }
        assertThat(promise.future().isCancelled()).isTrue();
        Real.onOtherThread(() -> assertThat(all.cancel()).isFalse());
    }

    @Test
    void anotherThreadJoinsIt() throws Exception {
        try (Loop loop = Loop.start("gathering")) {
            Promise<Integer> promise = loop.promise();
            Future<List<Integer>> all = loop.spawn(() -> Future.gather(promise.future(), Future.completed(2)))
                    .join();
            promise.complete(1);
            assertThat(all.get(10, TimeUnit.SECONDS)).containsExactly(1, 2);
        }
    }

    @Test
    void afterTheCloseItStillEnds() {
        Loop loop = Loop.start("closed");
        List<Promise<Integer>> two = List.of(loop.promise(), loop.promise());
        Future<List<Integer>> all =
                loop.spawn(() -> Future.gather(futures(two))).join();
        loop.close();
        two.get(0).complete(1);
        assertThat(all.isDone()).isFalse();
        two.get(1).complete(2);
        assertThat(all.resultNow()).containsExactly(1, 2);
    }

    // ---- size, and what it looks like

    @LoopTest
    void manyFuturesAreNoSlower() {
        List<Promise<Integer>> many = promises(30_000);
        Future<List<Integer>> all = Future.gather(futures(many));
        for (int i = many.size() - 1; i >= 0; i--) {
            many.get(i).complete(i);
        }
        assertThat(await(all)).hasSize(30_000).startsWith(0, 1, 2).endsWith(29_999);

        List<Promise<Integer>> cancelled = promises(30_000);
        Future<List<Integer>> none = Future.gather(futures(cancelled));
        none.cancel();
        assertThatThrownBy(() -> await(none)).isInstanceOf(TaskCancelledException.class);
        List<Promise<Integer>> failed = promises(30_000);
        Future<List<Integer>> failure = Future.gather(futures(failed));
        failed.get(15_000).fail(FAILURE);
        assertThatThrownBy(() -> await(failure)).isSameAs(FAILURE);
    }

    /** A task that awaits a gather of one that awaits a gather, and so on; the last never ends by itself. */
    private static Task<Void> nested(int depth, Promise<Void> last) {
        return Task.spawn(() -> {
            if (depth == 0) {
                await(last.future());
            } else {
                await(Future.gather(nested(depth - 1, last)));
            }
        });
    }

    @LoopTest
    void deeplyNestedOnesAreCancelledDownToTheLast() {
        Promise<Void> last = Promise.create();
        Task<Void> root = nested(10_000, last);
        while (!last.future().hasListeners()) {
            yieldNow();
        }
        root.cancel("stop");
        assertThatThrownBy(() -> await(root)).hasMessage("stop");
        assertThat(last.future().isCancelled()).isTrue();
    }

    @LoopTest
    void theDumpShowsWhatItWaitsFor(Loop loop) {
        Promise<Integer> promise = Promise.create();
        Function<String, Task<Integer>> named = name -> Task.spawn(name, () -> await(promise.future()));
        Task<List<Integer>> task = Task.spawn(
                "boss", () -> await(Future.gather(named.apply("one"), named.apply("two"), Future.completed(3))));
        yieldNow();
        yieldNow();
        assertThat(loop.dump())
                .containsSubsequence("boss awaits ", "gather of 3 futures, 2 pending", "one awaits", "two awaits");
        promise.complete(1);
        assertThat(await(task)).containsExactly(1, 1, 3);
    }
}
