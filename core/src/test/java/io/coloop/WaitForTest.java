package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.waitFor;
import static io.coloop.Await.yieldNow;
import static io.coloop.WaitUntil.ALL_DONE;
import static io.coloop.WaitUntil.FIRST_DONE;
import static io.coloop.WaitUntil.FIRST_FAILURE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Await.waitFor. */
class WaitForTest {
    private static final IllegalStateException FAILURE = new IllegalStateException("expected");

    private static void pause() {
        for (int i = 0; i < 6; i++) {
            yieldNow();
        }
    }

    private static Task<Void> sleeper(int millis) {
        return Task.spawn(() -> sleep(Duration.ofMillis(millis)));
    }

    private static Task<Void> failingSleeper(int millis) {
        return Task.spawn(() -> {
            sleep(Duration.ofMillis(millis));
            throw FAILURE;
        });
    }

    @LoopTest
    void allDoneInTheOrderGiven(VirtualClock clock) {
        Task<Void> a = sleeper(100);
        Task<Void> b = sleeper(150);
        for (int i = 0; i < 2; i++) { // the second time takes none
            WaitResult<Task<Void>> result = waitFor(List.of(b, a), ALL_DONE);
            assertThat(result.done()).containsExactly(b, a);
            assertThat(result.pending()).isEmpty();
            assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(150));
        }
    }

    @LoopTest
    void aFutureGivenTwiceCountsOnce() {
        Task<String> one = Task.spawn(() -> "one");
        Task<String> two = Task.spawn(() -> "two");
        assertThat(waitFor(List.of(one, one, two), ALL_DONE).done()).containsExactly(one, two);
    }

    @LoopTest
    void theFirstDone(VirtualClock clock) {
        Task<Void> a = sleeper(10_000);
        Task<Void> b = sleeper(100);
        WaitResult<Task<Void>> result = waitFor(Arrays.asList(b, a), FIRST_DONE);
        assertThat(result.done()).containsExactly(b);
        assertThat(result.pending()).containsExactly(a);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(100));
        assertThat(a.hasListeners()).isFalse();
        a.cancel();
    }

    @LoopTest
    void whatIsDoneBesidesCountsAsDone() {
        Task<Void> a = Task.spawn(() -> yieldNow());
        Task<Void> b = Task.spawn(() -> {
            yieldNow();
            yieldNow();
        });
        assertThat(waitFor(List.of(a, b), FIRST_DONE).done()).containsExactly(a, b);
    }

    @LoopTest
    void theFirstFailureThatIsThereAlready(VirtualClock clock) {
        Task<Void> a = sleeper(10_000);
        Task<Void> b = failingSleeper(0);
        WaitResult<Task<Void>> result = waitFor(List.of(b, a), FIRST_FAILURE);
        assertThat(result.done()).containsExactly(b);
        assertThat(result.pending()).containsExactly(a);
        assertThat(clock.elapsed()).isZero();
        assertThat(b.exceptionNow()).isSameAs(FAILURE);
        a.cancel();
    }

    @LoopTest
    void theFirstFailureThatComes(VirtualClock clock) {
        Task<Void> a = sleeper(10_000);
        Task<Void> b = failingSleeper(20);
        Task<Void> c = sleeper(10);
        WaitResult<Task<Void>> result = waitFor(List.of(a, b, c), FIRST_FAILURE);
        assertThat(result.done()).containsExactly(b, c);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(20));
        assertThat(b.exceptionNow()).isSameAs(FAILURE);
        a.cancel();
    }

    @LoopTest
    void withoutAFailureTheFirstFailureIsAllDoneAndACancellationIsNone(VirtualClock clock) {
        Task<Void> a = sleeper(10);
        Task<Void> b = sleeper(20);
        Promise<Void> c = Promise.create();
        c.future().cancel();
        assertThat(waitFor(List.of(a, b, c.future()), FIRST_FAILURE).pending()).isEmpty();
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(20));
    }

    @LoopTest
    void allDoneWaitsInSpiteOfAFailure(VirtualClock clock) {
        Task<Void> a = failingSleeper(10);
        Task<Void> b = sleeper(150);
        for (int i = 0; i < 2; i++) {
            assertThat(waitFor(List.of(b, a), ALL_DONE).done()).containsExactly(b, a);
            assertThat(a.exceptionNow()).isSameAs(FAILURE);
            assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(150));
        }
    }

    @LoopTest
    void timeThatIsUpIsNoError(Loop loop, VirtualClock clock) {
        Task<Void> a = sleeper(100);
        Task<Void> b = sleeper(150);
        WaitResult<Task<Void>> result = waitFor(List.of(b, a), ALL_DONE, Duration.ofMillis(110));
        assertThat(result.done()).containsExactly(a);
        assertThat(result.pending()).containsExactly(b);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(110));
        assertThat(b.hasListeners()).isFalse();
        assertThat(loop.timerCount()).isEqualTo(1);
        await(b);
    }

    @LoopTest
    void whatIsDoneWhenTimeIsUpCounts(VirtualClock clock) {
        Task<Void> a = sleeper(100);
        Task<Void> b = sleeper(150);
        yieldNow(); // a's timer is the older one
        WaitResult<Task<Void>> result = waitFor(List.of(b, a), ALL_DONE, Duration.ofMillis(100));
        assertThat(result.done()).containsExactly(a);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(100));
        await(b);
    }

    @LoopTest
    void anUnusedLimitLeavesNoTimer(Loop loop, VirtualClock clock) {
        assertThat(waitFor(List.of(sleeper(1)), ALL_DONE, Duration.ofHours(1)).pending())
                .isEmpty();
        assertThat(loop.timerCount()).isZero();
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(1));
    }

    @LoopTest
    void withoutTimeItStillGivesUpTheLoop(Trail trail) {
        Task.spawn(() -> trail.mark("other"));
        Promise<String> never = Promise.create();
        assertThat(waitFor(List.of(never.future()), ALL_DONE, Duration.ofSeconds(-1))
                        .pending())
                .hasSize(1);
        trail.mark("back");
        assertThat(trail.marks()).containsExactly("other", "back");
    }

    @LoopTest
    void doneFuturesStillTakeATurn(Trail trail) {
        Task.spawn(() -> trail.mark("other"));
        waitFor(List.of(Future.completed(1)), ALL_DONE);
        assertThat(trail.marks()).containsExactly("other");
    }

    @LoopTest
    void cancellingTheWaiterCancelsNothingElse(Loop loop) {
        Promise<String> promise = Promise.create();
        Task<Void> task = sleeper(10);
        Task<?> waiter = Task.spawn(() -> waitFor(List.of(promise.future(), task), ALL_DONE, Duration.ofHours(1)));
        pause();
        assertThat(promise.future().hasListeners()).isTrue();
        waiter.cancel("stop");
        assertThatThrownBy(() -> await(waiter)).hasMessage("stop");
        assertThat(promise.isDone()).isFalse();
        assertThat(promise.future().hasListeners()).isFalse();
        assertThat(task.hasListeners()).isFalse();
        assertThat(loop.timerCount()).as("the sleeper's").isEqualTo(1);
        await(task);
    }

    @LoopTest
    void cancelledInTheTurnInWhichItIsOverItIsCancelled() {
        Promise<String> promise = Promise.create();
        Task<?> waiter = Task.spawn(() -> waitFor(List.of(promise.future()), ALL_DONE));
        pause();
        promise.complete("value");
        waiter.cancel("stop");
        assertThatThrownBy(() -> await(waiter)).hasMessage("stop");
        assertThat(promise.future().resultNow()).isEqualTo("value");
    }

    @LoopTest
    void itReportsTheFailuresYouDoNotLookAt(Reports reports) {
        Promise<String> failing = Promise.create();
        Promise<String> lookedAt = Promise.create();
        Task<Void> slow = sleeper(100);
        Task<Void> waiter = Task.spawn(() -> {
            waitFor(List.of(failing.future(), lookedAt.future(), slow), ALL_DONE);
            lookedAt.future().exceptionNow();
        });
        pause();
        failing.fail(FAILURE);
        lookedAt.fail(new IllegalStateException("looked at"));
        pause();
        assertThat(reports.take()).as("not while it waits").isEmpty();
        await(waiter);
        pause();
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(FAILURE);
    }

    @LoopTest
    void aCancelledWaiterReportsTheFailuresToo(Reports reports) {
        Promise<String> failing = Promise.create();
        Promise<String> never = Promise.create();
        Task<?> waiter = Task.spawn(() -> waitFor(List.of(failing.future(), never.future()), ALL_DONE));
        pause();
        failing.fail(FAILURE);
        waiter.cancel();
        assertThatThrownBy(() -> await(waiter)).isInstanceOf(TaskCancelledException.class);
        pause();
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(FAILURE);
    }

    @LoopTest
    void theFuturesAreReadOnceAndKeepTheirType() {
        List<Task<Integer>> tasks = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            int value = i;
            tasks.add(Task.spawn(() -> value));
        }
        Iterable<Task<Integer>> once = tasks.stream()::iterator;
        Set<Task<Integer>> done = waitFor(once, ALL_DONE).done();
        assertThat(done.stream().map(Task::resultNow)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        Set<Future<?>> mixed = new LinkedHashSet<>(done);
        mixed.add(Future.completed("text"));
        assertThat(waitFor(mixed, FIRST_DONE).done()).hasSize(11);
    }

    @LoopTest
    void theSetsCannotBeChanged() {
        WaitResult<Future<Integer>> result = waitFor(List.of(Future.completed(1)), ALL_DONE);
        assertThatThrownBy(() -> result.done().clear()).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> result.pending().addAll(result.done()))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @LoopTest
    void misuse() {
        assertThatThrownBy(() -> waitFor(List.of(), ALL_DONE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("waitFor needs a future to wait for");
        assertThatThrownBy(() -> waitFor(Arrays.asList(Future.completed(1), null), ALL_DONE))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("future");
        assertThatThrownBy(() -> waitFor(List.of(Future.completed(1)), null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("until");
        assertThatThrownBy(() -> waitFor(List.of(Future.completed(1)), ALL_DONE, null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("limit");
    }

    @Test
    void onlyATaskMayWait() {
        assertThatThrownBy(() -> waitFor(List.of(), ALL_DONE))
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining("only a task may await")
                .hasMessageContaining("waitFor(futures, ALL_DONE)");
    }

    @LoopTest
    void futuresOfAnotherLoop(Loop loop, VirtualClock clock) {
        try (Loop other = Loop.start("other");
                var operation = clock.foreign(loop)) {
            Promise<String> promise = other.promise();
            Promise<String> never = other.promise();
            Real.onOtherThread(() -> promise.complete("a"));
            WaitResult<Future<String>> result = waitFor(List.of(never.future(), promise.future()), FIRST_DONE);
            assertThat(result.done()).containsExactly(promise.future());
            assertThat(never.future().hasListeners()).isFalse();
        }
    }

    @LoopTest
    void theDumpShowsWhatItWaitsFor(Loop loop) {
        Task<Void> a = Task.spawn("a", () -> sleep(Duration.ofMillis(1)));
        Task<Void> b = Task.spawn("b", () -> sleep(Duration.ofMillis(2)));
        Task<?> waiter = Task.spawn("waiter", () -> waitFor(List.of(a, b), ALL_DONE));
        pause();
        assertThat(loop.dump())
                .containsSubsequence("waiter awaits ", "waitFor(2 futures, ALL_DONE)", "a awaits", "b awaits");
        await(waiter);
    }
}
