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
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Future.firstDone and Future.firstSuccess. */
class FirstTest {
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

    private static Task<String> failingAfter(int millis, RuntimeException failure) {
        return Task.spawn(() -> {
            sleep(Duration.ofMillis(millis));
            throw failure;
        });
    }

    // ---- firstDone

    @LoopTest
    void theFirstToBeDoneWinsAndTheOthersGoOn(VirtualClock clock) {
        Task<String> slow = after(20, "slow");
        assertThat(await(Future.firstDone(slow, after(10, "quick")))).isEqualTo("quick");
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(10));
        assertThat(await(slow)).isEqualTo("slow");
    }

    @LoopTest
    void aFailureIsDoneToo() {
        Task<String> slow = after(20, "slow");
        Future<String> first = Future.firstDone(List.of(slow, failingAfter(10, FAILURE)));
        assertThatThrownBy(() -> await(first)).isSameAs(FAILURE);
        assertThat(first.isFailed()).isTrue();
        assertThat(await(slow)).isEqualTo("slow");
    }

    @LoopTest
    void aCancellationIsDoneToo() {
        Promise<String> a = Promise.create();
        Promise<String> b = Promise.create();
        Future<String> first = Future.firstDone(a.future(), b.future());
        a.future().cancel("not this one");
        assertThatThrownBy(() -> await(first))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("not this one");
        assertThat(first.isCancelled()).isTrue();
        assertThat(b.isDone()).isFalse();
    }

    @LoopTest
    void ofSeveralDoneTheFirstGivenWins() {
        Promise<String> a = Promise.create();
        Promise<String> b = Promise.create();
        b.complete("b");
        a.complete("a");
        assertThat(Future.firstDone(a.future(), b.future()).resultNow()).isEqualTo("a");
        assertThat(Future.firstDone(b.future(), a.future()).resultNow()).isEqualTo("b");
        Promise<String> pending = Promise.create();
        assertThat(Future.firstDone(pending.future(), b.future()).resultNow()).isEqualTo("b");
        assertThat(pending.future().hasListeners()).isFalse();
    }

    @LoopTest
    void nullIsAValueToo() {
        Promise<String> none = Promise.create();
        none.complete(null);
        assertThat(await(Future.firstDone(none.future()))).isNull();
        assertThat(await(Future.firstSuccess(none.future()))).isNull();
    }

    @LoopTest
    void aLongLivedLoserKeepsNoListeners() {
        Promise<String> a = Promise.create();
        for (int i = 0; i < 100; i++) {
            Promise<String> winner = Promise.create();
            Future<String> first = Future.firstDone(a.future(), winner.future());
            Future<String> success = Future.firstSuccess(a.future(), winner.future());
            winner.complete("w");
            assertThat(await(first)).isEqualTo(await(success));
        }
        assertThat(a.future().hasListeners()).isFalse();
    }

    @LoopTest
    void aLosersFailureIsReported(Reports reports) {
        Promise<String> a = Promise.create();
        Promise<String> b = Promise.create();
        Future<String> first = Future.firstDone(a.future(), b.future());
        a.complete("a");
        assertThat(await(first)).isEqualTo("a");
        b.fail(FAILURE);
        pause();
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(FAILURE);
    }

    @LoopTest
    void aLosersFailureInTheSameTurnIsReported(Reports reports) {
        Promise<String> a = Promise.create();
        Promise<String> b = Promise.create();
        Future<String> first = Future.firstDone(a.future(), b.future());
        a.complete("a");
        b.fail(FAILURE);
        assertThat(await(first)).isEqualTo("a");
        pause();
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(FAILURE);
    }

    @LoopTest
    void theLosersCanBeCancelled(VirtualClock clock) {
        List<Task<String>> tasks = List.of(after(20, "slow"), after(10, "quick"));
        try {
            assertThat(await(Future.firstDone(tasks))).isEqualTo("quick");
        } finally {
            tasks.forEach(Task::cancel);
        }
        assertThatThrownBy(() -> await(tasks.get(0))).isInstanceOf(TaskCancelledException.class);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(10));
    }

    @LoopTest
    void cancellingTheAwaiterCancelsAllAndWaitsForThem(VirtualClock clock) {
        Promise<String> a = Promise.create();
        Task<String> slow = Task.spawn(() -> {
            try {
                return await(Promise.<String>create().future());
            } finally {
                sleep(Duration.ofSeconds(2));
            }
        });
        Task<String> awaiter = Task.spawn(() -> await(Future.firstDone(a.future(), slow)));
        pause();
        awaiter.cancel("stop");
        assertThatThrownBy(() -> await(awaiter)).hasMessage("stop");
        assertThat(a.future().isCancelled()).isTrue();
        assertThat(slow.isCancelled()).isTrue();
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(2));
    }

    @LoopTest
    void aValueDoesNotHideTheCancellation(Reports reports) {
        Task<String> stubborn = Task.spawn(() -> {
            try {
                return await(Promise.<String>create().future());
            } catch (TaskCancelledException swallowed) {
                return "value";
            }
        });
        Future<String> done = Future.firstDone(stubborn);
        Future<String> success = Future.firstSuccess(stubborn);
        yieldNow();
        done.cancel("stop");
        success.cancel("stop");
        assertThatThrownBy(() -> await(done)).hasMessage("stop");
        assertThatThrownBy(() -> await(success)).hasMessage("stop");
        reports.takeOnly(Report.Kind.SWALLOWED_CANCELLATION);
    }

    @LoopTest
    void ofNoneItWouldNeverBeDone() {
        assertThatThrownBy(() -> Future.firstDone(List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("firstDone of no futures would never be done");
        assertThatThrownBy(() -> Future.firstSuccess(List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("firstSuccess of no futures would never be done");
    }

    @LoopTest
    void aStageOfAnotherLibraryRacesTooAndIsLetGo() {
        Promise<String> a = Promise.create();
        Promise<String> b = Promise.create();
        CompletableFuture<String> foreign = new CompletableFuture<>();
        Future<String> first = Future.firstDone(foreign, a.future());
        assertThat(foreign.getNumberOfDependents()).isEqualTo(1);
        a.complete("a");
        assertThat(await(first)).isEqualTo("a");
        pause();
        assertThat(foreign.getNumberOfDependents()).isZero();
        assertThat(foreign).isNotDone();
        assertThat(await(Future.firstDone(CompletableFuture.completedFuture("f"), b.future())))
                .isEqualTo("f");
    }

    // ---- firstSuccess

    @LoopTest
    void theFirstValueWinsWhateverFailsBefore() {
        Task<String> slow = after(30, "slow");
        assertThat(await(Future.firstSuccess(failingAfter(10, FAILURE), slow, after(20, "quick"))))
                .isEqualTo("quick");
        assertThat(await(slow)).isEqualTo("slow");
    }

    @LoopTest
    void aCancelledOneIsNoSuccess() {
        Promise<String> a = Promise.create();
        Promise<String> b = Promise.create();
        Future<String> success = Future.firstSuccess(a.future(), b.future());
        a.future().cancel();
        pause();
        assertThat(success.isDone()).isFalse();
        b.complete("b");
        assertThat(await(success)).isEqualTo("b");
    }

    @LoopTest
    void ifAllFailItCarriesAllInTheOrderGiven() {
        Promise<String> a = Promise.create();
        Promise<String> b = Promise.create();
        Future<String> success = Future.firstSuccess(
                List.of(a.future(), b.future(), failingAfter(1, new IllegalArgumentException("c"))));
        b.fail(FAILURE);
        sleep(Duration.ofMillis(2));
        assertThat(success.isDone()).isFalse();
        a.future().cancel("a");
        assertThatThrownBy(() -> await(success)).isInstanceOfSatisfying(AllFailedException.class, failure -> {
            assertThat(failure).hasMessage("none of 3 succeeded, the first: io.coloop.TaskCancelledException: a");
            assertThat(failure.failures()).extracting(Throwable::getMessage).containsExactly("a", "expected", "c");
            assertThat(failure.failures()).contains(FAILURE);
            assertThat(failure).hasCause(failure.failures().get(0));
            assertThat(failure.getSuppressed())
                    .contains(failure.failures().get(1), failure.failures().get(2));
            assertThatThrownBy(() -> failure.failures().clear()).isInstanceOf(UnsupportedOperationException.class);
        });
        pause();
    }

    @LoopTest
    void ofDoneFuturesItIsDoneAtOnce() {
        Promise<String> a = Promise.create();
        Promise<String> b = Promise.create();
        Future<String> failed = Future.failed(FAILURE);
        b.complete("b");
        assertThat(Future.firstSuccess(failed, a.future(), b.future()).resultNow())
                .isEqualTo("b");
        assertThat(Future.firstSuccess(failed, failed).exceptionNow()).isInstanceOf(AllFailedException.class);
        assertThat(a.future().hasListeners()).isFalse();
    }

    @LoopTest
    void aFailureAfterTheFirstValueIsReported(Reports reports) {
        Promise<String> a = Promise.create();
        Promise<String> b = Promise.create();
        Future<String> success = Future.firstSuccess(a.future(), b.future());
        a.complete("a");
        assertThat(await(success)).isEqualTo("a");
        b.fail(FAILURE);
        pause();
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(FAILURE);
    }

    @LoopTest
    void failuresOfACancelledOneAreReported(Reports reports) {
        Promise<String> a = Promise.create();
        Promise<String> b = Promise.create();
        Future<String> success = Future.firstSuccess(a.future(), b.future());
        a.fail(FAILURE);
        pause();
        assertThat(reports.take()).as("not while it waits").isEmpty();
        assertThat(success.cancel("stop")).isTrue();
        assertThatThrownBy(() -> await(success)).hasMessage("stop");
        assertThat(b.future().isCancelled()).isTrue();
        pause();
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(FAILURE);
    }

    @LoopTest(foreignThreads = true)
    void aCancelFromAnotherThreadThatComesTooLateLeavesTheLosersAlone() {
        Promise<String> winner = Promise.create();
        Promise<String> loser = Promise.create();
        Future<String> race = Future.firstDone(winner.future(), loser.future());
        Real.onOtherThread(() -> race.cancel());
        winner.complete("first");
        assertThat(await(race)).isEqualTo("first");
        Await.yieldNow();
        Await.yieldNow();
        assertThat(loser.future().isDone()).isFalse();
    }

    @LoopTest
    void cancellingACircleThroughARaceEnds() {
        Promise<String> other = Promise.create();
        java.util.List<Task<String>> tasks = new java.util.ArrayList<>();
        tasks.add(Task.spawn(() -> await(Future.firstDone(tasks.get(1), other.future()))));
        tasks.add(Task.spawn(() -> await(tasks.get(0))));
        Await.yieldNow();
        Await.yieldNow();
        tasks.get(0).cancel();
        for (int i = 0; i < 10; i++) {
            Await.yieldNow();
        }
        other.complete("no circle any more");
        for (Task<String> task : tasks) {
            Future<Boolean> ended = task.handle((value, failure) -> true);
            assertThat(await(ended)).isTrue();
        }
    }
}
