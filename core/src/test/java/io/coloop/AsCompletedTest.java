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
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Future.asCompleted. */
class AsCompletedTest {
    private static final IllegalStateException FAILURE = new IllegalStateException("expected");

    private static void pause() {
        for (int i = 0; i < 6; i++) {
            yieldNow();
        }
    }

    private static Task<String> after(int millis, String value) {
        return Task.spawn(() -> {
            sleep(Duration.ofMillis(millis));
            return value;
        });
    }

    private static List<String> values(AsCompleted<? extends Future<String>> finished) {
        List<String> values = new ArrayList<>();
        for (Future<String> future : finished) {
            values.add(await(future));
        }
        return values;
    }

    @LoopTest
    void theyComeAsTheyFinish(VirtualClock clock) {
        AsCompleted<Task<String>> finished =
                Future.asCompleted(List.of(after(20, "b"), after(150, "c"), after(10, "a")));
        assertThat(values(finished)).containsExactly("a", "b", "c");
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(150));
    }

    @LoopTest
    void theyAreTheFuturesThemselves() {
        List<Task<String>> in = List.of(after(1, "a"), after(3, "b"), after(2, "c"));
        List<Task<String>> out = new ArrayList<>();
        for (Task<String> task : Future.asCompleted(in)) {
            assertThat(task.isDone()).isTrue();
            out.add(task);
        }
        assertThat(out).containsExactly(in.get(0), in.get(2), in.get(1));
    }

    @LoopTest
    void aFutureGivenTwiceComesOnce() {
        Task<String> ham = after(1, "ham");
        assertThat(values(Future.asCompleted(List.of(ham, ham, after(2, "spam")))))
                .containsExactly("ham", "spam");
    }

    @LoopTest
    void noneIsNoIteration() {
        assertThat(values(Future.asCompleted(List.<Task<String>>of()))).isEmpty();
        assertThat(values(Future.asCompleted(List.<Task<String>>of(), Duration.ofHours(1))))
                .isEmpty();
    }

    @LoopTest
    void aSecondIterationGoesOn() {
        AsCompleted<Task<String>> finished =
                Future.asCompleted(List.of(after(1, "a"), after(2, "b"), after(3, "c"), after(4, "d")));
        List<String> values = new ArrayList<>();
        for (Task<String> task : finished) {
            values.add(await(task));
            if (values.size() == 2) {
                break;
            }
        }
        assertThat(values).containsExactly("a", "b");
        assertThat(values(finished)).containsExactly("c", "d");
        assertThat(finished.iterator().hasNext()).isFalse();
        assertThatThrownBy(() -> finished.iterator().next()).isInstanceOf(NoSuchElementException.class);
    }

    @LoopTest
    void tasksThatIterateTogetherShareThem() {
        AsCompleted<Task<String>> finished = Future.asCompleted(
                IntStream.range(0, 20).mapToObj(i -> after(i, "" + i)).toList());
        List<Task<List<String>>> consumers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            consumers.add(Task.spawn(() -> values(finished)));
        }
        List<String> all = new ArrayList<>();
        await(Future.gather(consumers)).forEach(all::addAll);
        assertThat(all)
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, 20).mapToObj(i -> "" + i).toList());
    }

    @LoopTest
    void hasNextDoesNotWait() {
        Iterator<Task<String>> iterator =
                Future.asCompleted(List.of(after(1, "a"))).iterator();
        assertThat(iterator.hasNext()).isTrue();
        assertThat(await(iterator.next())).isEqualTo("a");
        assertThat(iterator.hasNext()).isFalse();
    }

    // ---- time limit

    @LoopTest
    void timeThatIsUpIsAnErrorAfterWhatFinishedBefore(VirtualClock clock) {
        Task<String> a = after(100, "a");
        Task<String> b = after(110, "b");
        Task<String> c = after(150, "c");
        AsCompleted<Task<String>> finished = Future.asCompleted(List.of(a, b, c), Duration.ofMillis(120));
        Iterator<Task<String>> iterator = finished.iterator();
        assertThat((Object) iterator.next()).isSameAs(a);
        sleep(Duration.ofMillis(30)); // b is done, then time is up
        assertThat((Object) iterator.next()).isSameAs(b);
        assertThat(c.hasListeners()).isFalse();
        assertThatThrownBy(iterator::next)
                .isInstanceOf(TaskTimeoutException.class)
                .hasMessage("asCompleted timed out after PT0.12S");
        assertThat(iterator.hasNext()).isFalse();
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(130));
        assertThat(await(c)).isEqualTo("c");
    }

    @LoopTest
    void timeThatIsUpEndsTheWait(VirtualClock clock) {
        Task<String> a = after(150, "a");
        assertThatThrownBy(() -> values(Future.asCompleted(List.of(a), Duration.ofMillis(120))))
                .isInstanceOf(TaskTimeoutException.class);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(120));
        assertThat(Task.current().cancelling()).isZero();
        await(a);
    }

    @LoopTest
    void anUnusedLimitLeavesNoTimer(Loop loop) {
        AsCompleted<Task<String>> finished = Future.asCompleted(List.of(after(10, "a")), Duration.ofSeconds(1));
        assertThat(values(finished)).containsExactly("a");
        assertThat(loop.timerCount()).isZero();
    }

    // ---- cancellation, failures, closing

    @LoopTest
    void aCancelledNextTakesNone() {
        Promise<String> promise = Promise.create();
        AsCompleted<Future<String>> finished = Future.asCompleted(List.of(promise.future()));
        Task<?> waiting = Task.spawn(() -> finished.iterator().next());
        pause();
        waiting.cancel("stop");
        assertThatThrownBy(() -> await(waiting)).hasMessage("stop");
        assertThat(promise.isDone()).isFalse();
        promise.complete("a");
        assertThat(values(finished)).containsExactly("a");
    }

    @LoopTest
    void aNextCancelledInTheTurnOfItsFutureTakesNoneEither() {
        Promise<String> promise = Promise.create();
        AsCompleted<Future<String>> finished = Future.asCompleted(List.of(promise.future()));
        Task<?> first = Task.spawn(() -> finished.iterator().next());
        pause();
        promise.complete("a");
        yieldNow(); // the first is awake, but did not run
        first.cancel();
        assertThatThrownBy(() -> await(first)).isInstanceOf(TaskCancelledException.class);
        assertThat(values(finished)).containsExactly("a");
    }

    @LoopTest
    void failuresComeAsFuturesToo() {
        Future<String> failed = Future.failed(FAILURE);
        Promise<String> cancelled = Promise.create();
        AsCompleted<Future<String>> finished = Future.asCompleted(List.of(failed, cancelled.future()));
        Iterator<Future<String>> iterator = finished.iterator();
        assertThat(iterator.next().exceptionNow()).isSameAs(FAILURE);
        cancelled.future().cancel();
        assertThat(iterator.next().isCancelled()).isTrue();
    }

    @LoopTest
    void failuresYouDoNotLookAtAreReportedOnceTheyAreGivenOut(Reports reports) {
        Promise<String> failing = Promise.create();
        AsCompleted<Future<String>> finished = Future.asCompleted(List.of(failing.future()));
        failing.fail(FAILURE);
        pause();
        assertThat(reports.take()).as("not before").isEmpty();
        finished.iterator().next();
        pause();
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(FAILURE);
    }

    @LoopTest
    void closingLetsGoOfTheFuturesAndReportsTheirFailures(Loop loop, Reports reports) {
        Promise<String> failing = Promise.create();
        Promise<String> never = Promise.create();
        try (var finished = Future.asCompleted(
                List.of(Future.completed("a"), failing.future(), never.future()), Duration.ofHours(1))) {
            failing.fail(FAILURE);
            assertThat(await(finished.iterator().next())).isEqualTo("a");
            assertThat(never.future().hasListeners()).isTrue();
        }
        assertThat(never.future().hasListeners()).isFalse();
        assertThat(loop.timerCount()).isZero();
        pause();
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(FAILURE);
        assertThat(never.isDone()).isFalse();
    }

    @LoopTest
    void aClosedIterationHasNoMore() {
        AsCompleted<Future<String>> finished =
                Future.asCompleted(List.of(Promise.<String>create().future()));
        Task<?> waiting = Task.spawn(() -> finished.iterator().next());
        pause();
        finished.close();
        finished.close();
        assertThat(finished.iterator().hasNext()).isFalse();
        assertThatThrownBy(() -> finished.iterator().next()).isInstanceOf(NoSuchElementException.class);
        assertThatThrownBy(() -> await(waiting)).isInstanceOf(NoSuchElementException.class);
    }

    // ---- the loop

    @LoopTest
    void manyThatAreDoneDoNotKeepTheLoop(Trail trail) {
        List<Future<Integer>> done =
                IntStream.range(0, 1_000).mapToObj(Future::completed).toList();
        AsCompleted<Future<Integer>> finished = Future.asCompleted(done);
        yieldNow();
        Task.spawn(() -> trail.mark("other"));
        int count = 0;
        for (Future<Integer> future : finished) {
            assertThat(future.resultNow()).isEqualTo(count++);
            if (trail.marks().size() == 1) {
                trail.mark("after " + count);
            }
        }
        assertThat(count).isEqualTo(1_000);
        assertThat(trail.marks()).containsExactly("other", "after 256");
    }

    @LoopTest
    void misuse(Loop loop) {
        AsCompleted<Future<Integer>> finished = Future.asCompleted(List.of(Future.completed(1)));
        Real.onOtherThread(() -> {
            assertThatThrownBy(() -> finished.iterator().hasNext())
                    .isInstanceOf(LoopMisuseException.class)
                    .hasMessageContaining("AsCompleted.hasNext()");
            assertThatThrownBy(() -> finished.iterator().next())
                    .isInstanceOf(LoopMisuseException.class)
                    .hasMessageContaining("only a task may await");
            assertThatThrownBy(finished::close).isInstanceOf(LoopMisuseException.class);
        });
        finished.close();
        assertThatThrownBy(() -> Future.asCompleted(Arrays.asList(Future.completed(1), null)))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("future");
    }

    @Test
    void itNeedsALoop() {
        assertThatThrownBy(() -> Future.asCompleted(List.of())).isInstanceOf(LoopMisuseException.class);
    }

    @LoopTest
    void theDumpShowsWhatItWaitsFor(Loop loop) {
        Task<String> a = Task.spawn("a", () -> await(after(1, "a")));
        Task<String> b = Task.spawn("b", () -> await(after(2, "b")));
        Task<?> waiter = Task.spawn("waiter", () -> values(Future.asCompleted(List.of(a, b))));
        pause();
        assertThat(loop.dump())
                .containsSubsequence("waiter awaits ", "AsCompleted[0 finished, 2 pending]", "a awaits", "b awaits");
        await(waiter);
    }
}
