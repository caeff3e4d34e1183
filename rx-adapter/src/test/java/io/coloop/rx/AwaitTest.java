package io.coloop.rx;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.yieldNow;
import static io.coloop.rx.Rx.await;
import static io.coloop.rx.Rx.awaitRequired;
import static io.coloop.rx.Rx.single;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.ContextCapture;
import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Mode;
import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import io.reactivex.rxjava3.core.Completable;
import io.reactivex.rxjava3.core.Maybe;
import io.reactivex.rxjava3.core.Single;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import io.reactivex.rxjava3.schedulers.Schedulers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code await} of a Single, Maybe and Completable: each question of the bridge contract, and the traps that apply. */
class AwaitTest {
    @RegisterExtension
    final Dropped dropped = new Dropped();

    /** Ends a task that was cancelled or failed, and gives what it threw. */
    private static Throwable endOf(Task<?> task) {
        while (!task.isDone()) {
            yieldNow();
        }
        return task.exceptionNow();
    }

    private static void settle() {
        yieldNow();
        yieldNow();
        yieldNow();
    }

    // ---- values, null, empty

    @LoopTest
    void givesTheValue() {
        assertThat(await(Single.just("value"))).isEqualTo("value");
        assertThat(await(Single.just("value"), late -> {})).isEqualTo("value");
        assertThat(await(Maybe.just("value"))).isEqualTo("value");
        assertThat(await(Maybe.just("value"), late -> {})).isEqualTo("value");
        assertThat(awaitRequired(Maybe.just("value"))).isEqualTo("value");
        assertThat(awaitRequired(Maybe.just("value"), late -> {})).isEqualTo("value");
        await(Completable.complete());
    }

    @LoopTest
    void anEmptyMaybeIsNull() {
        assertThat(await(Maybe.<String>empty())).isNull();
        assertThat(await(Maybe.<String>empty(), late -> {})).isNull();
    }

    @LoopTest
    void awaitRequiredRefusesEmpty() {
        assertThatThrownBy(() -> awaitRequired(Maybe.empty()))
                .isInstanceOf(NoSuchElementException.class)
                .hasMessage("the Maybe completed without a value");
        assertThatThrownBy(() -> awaitRequired(Maybe.empty(), late -> {})).isInstanceOf(NoSuchElementException.class);
    }

    @LoopTest
    void whatComesLater(Loop loop, VirtualClock clock) {
        for (Kind kind : Kind.values()) {
            kind.await(Maybe.<Object>just("later").delay(3, TimeUnit.SECONDS, Rx.scheduler(loop)));
        }
        assertThat(clock.elapsed().toSeconds()).isEqualTo(3L * Kind.values().length);
    }

    // ---- failures

    @LoopTest
    void anUncheckedFailureIsTheSameInstance() {
        for (Kind kind : Kind.values()) {
            IllegalStateException failure = new IllegalStateException("broken");
            assertThatThrownBy(() -> kind.await(Maybe.error(failure))).isSameAs(failure);
        }
    }

    @LoopTest
    void aCheckedFailureIsTheCauseOfACompletionException() {
        for (Kind kind : Kind.values()) {
            IOException failure = new IOException("broken");
            assertThatThrownBy(() -> kind.await(Maybe.error(failure)))
                    .isInstanceOf(CompletionException.class)
                    .hasCause(failure);
        }
    }

    @LoopTest
    void anErrorIsTheSameInstance() {
        for (Kind kind : Kind.values()) {
            AssertionError failure = new AssertionError("broken");
            assertThat(endOf(Task.spawn(() -> kind.await(Maybe.error(failure)))))
                    .isSameAs(failure);
        }
    }

    @LoopTest
    void whatSubscribingThrowsIsAFailure() {
        IllegalStateException failure = new IllegalStateException("no subscribers");
        Maybe<Object> broken = Maybe.defer(() -> {
            throw failure;
        });
        for (Kind kind : Kind.values()) {
            assertThatThrownBy(() -> kind.await(broken)).isSameAs(failure);
        }
    }

    @LoopTest
    void aFailureThatLooksLikeCancellationIsAFailure() {
        for (Kind kind : Kind.values()) {
            CancellationException failure = new CancellationException("by somebody else");
            Task<Object> task = Task.spawn(() -> kind.await(Maybe.error(failure)));
            assertThat(endOf(task)).isSameAs(failure);
            assertThat(task.isCancelled()).isFalse();
            assertThat(task.isFailed()).isTrue();
        }
    }

    @LoopTest
    void aCancellationOfOursThatComesThroughASourceIsAFailureToo() {
        for (Kind kind : Kind.values()) {
            TaskCancelledException foreign = new TaskCancelledException("another task's");
            Task<Object> task = Task.spawn(() -> kind.await(Maybe.error(foreign)));
            assertThat(endOf(task))
                    .isExactlyInstanceOf(CancellationException.class)
                    .hasMessage("another task's")
                    .hasCause(foreign);
            assertThat(task.isCancelled()).isFalse();
        }
    }

    @LoopTest
    void awaitingTheSingleOfATaskThatSomebodyElseCancelsFails() {
        Promise<String> never = Promise.create();
        Task<String> worker = Task.spawn(() -> await(never.future()));
        Task<String> waiting = Task.spawn(() -> await(single(worker)));
        settle();
        worker.cancel("not needed");
        assertThat(endOf(waiting))
                .isExactlyInstanceOf(CancellationException.class)
                .hasMessage("not needed");
        assertThat(waiting.isCancelled()).isFalse();
    }

    // ---- start, threads, order

    @LoopTest
    void subscribesOnTheLoopsOwnThreadAndNotInTheTask(Loop loop) {
        List<Thread> threads = new ArrayList<>();
        loop.callSoon(() -> threads.add(Thread.currentThread()));
        for (Kind kind : Kind.values()) {
            kind.await(Maybe.fromCallable(() -> {
                threads.add(Thread.currentThread());
                assertThat(Task.currentOrNull()).isNull();
                assertThat(loop.isOnLoop()).isTrue();
                return "value";
            }));
        }
        assertThat(threads).hasSize(1 + Kind.values().length);
        assertThat(Set.copyOf(threads)).hasSize(1).doesNotContain(Thread.currentThread());
        assertThat(threads.get(0).isVirtual()).isEqualTo(Loop.mode() == Mode.HAND_OFF);
    }

    @LoopTest
    void neverHopsToADefaultDispatcher(Loop loop) {
        List<Thread> threads = new ArrayList<>();
        Thread own = await(Single.fromCallable(Thread::currentThread));
        await(Single.timer(1, TimeUnit.MILLISECONDS, Rx.scheduler(loop))
                .doOnSuccess(tick -> threads.add(Thread.currentThread()))
                .flatMap(tick -> Single.timer(1, TimeUnit.MILLISECONDS, Rx.scheduler(loop)))
                .doFinally(() -> threads.add(Thread.currentThread())));
        assertThat(threads).hasSize(2).containsOnly(own);
    }

    @LoopTest
    void aSourceThatCompletesAtOnceResumesFromTheReadyQueue() {
        for (Kind kind : Kind.values()) {
            Trail trail = new Trail();
            Task.spawn(() -> trail.mark("other"));
            kind.await(Maybe.just("scalar"));
            trail.mark("resumed");
            assertThat(trail.marks()).containsExactly("other", "resumed");
        }
    }

    @LoopTest
    void subscriptionHooksSeeIt(Trail trail) {
        RxJavaPlugins.setOnSingleSubscribe((source, observer) -> {
            trail.mark("hook");
            return observer;
        });
        try {
            await(Single.just("value"));
        } finally {
            RxJavaPlugins.setOnSingleSubscribe(null);
        }
        assertThat(trail.marks()).containsExactly("hook");
    }

    @LoopTest
    void completedByAnotherThreadItResumesOnTheLoop(Loop loop, VirtualClock clock) {
        Thread before = Thread.currentThread();
        try (var thread = clock.foreign(loop)) {
            for (Kind kind : Kind.values()) {
                kind.await(Maybe.<Object>just("value").observeOn(Schedulers.io()));
                assertThat(Thread.currentThread()).isSameAs(before);
                assertThat(Loop.current()).isSameAs(loop);
            }
        }
    }

    @LoopTest
    void eachAwaitSubscribesOnce(Trail trail) {
        Single<String> cold = Single.fromCallable(() -> {
            trail.mark("ran");
            return "value";
        });
        await(cold);
        await(cold);
        assertThat(trail.marks()).hasSize(2);
    }

    // ---- cancelling

    @LoopTest
    void cancellingTheTaskDisposesOfTheSubscriptionBeforeTheTaskGoesOn() {
        for (Kind kind : Kind.values()) {
            Trail trail = new Trail();
            Task<Object> task = Task.spawn(() -> {
                try {
                    return kind.await(Maybe.never().doOnDispose(() -> trail.mark("disposed upstream")));
                } finally {
                    trail.mark("task goes on");
                }
            });
            settle();
            task.cancel("enough");
            assertThat(endOf(task)).isInstanceOf(TaskCancelledException.class).hasMessage("enough");
            assertThat(task.isCancelled()).isTrue();
            assertThat(trail.marks()).containsExactly("disposed upstream", "task goes on");
        }
    }

    @LoopTest
    void aTaskCancelledBeforeItsAwaitNeverSubscribes() {
        for (Kind kind : Kind.values()) {
            ManualMaybe<Object> source = new ManualMaybe<>();
            Task<Object> task = Task.spawn(() -> {
                Task.current().cancel();
                return kind.await(source);
            });
            endOf(task);
            assertThat(task.isCancelled()).isTrue();
            assertThat(source.isSubscribed()).isFalse();
        }
    }

    @LoopTest
    void trapATimeoutThatNeverCancelsTheSource(Loop loop, VirtualClock clock) {
        ManualMaybe<Object> source = new ManualMaybe<>();
        assertThatThrownBy(() -> await(source.timeout(7, TimeUnit.NANOSECONDS, Rx.scheduler(loop))))
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(TimeoutException.class);
        assertThat(source.isDisposed()).isTrue();
        assertThat(clock.elapsed().toNanos()).isEqualTo(7);
    }

    @LoopTest(foreignThreads = true)
    void closingTheLoopDisposesOfTheSubscription() {
        ManualMaybe<Object> left = new ManualMaybe<>();
        Loop other = Loop.start("closing");
        Task<Object> task = other.spawn(() -> await(left));
        blocking(() -> {
            while (!left.isSubscribed()) {
                Thread.onSpinWait();
            }
            other.close();
            return null;
        });
        assertThat(left.isDisposed()).isTrue();
        assertThat(task.isCancelled()).isTrue();
    }

    // ---- what can no longer be delivered

    private static void cancelled(Kind kind, Maybe<Object> source) {
        Task<Object> task = Task.spawn(() -> kind.await(source));
        settle();
        task.cancel();
        assertThat(endOf(task)).isInstanceOf(TaskCancelledException.class);
    }

    @LoopTest
    void trapDroppingAValueThatArrivesAfterTheCancel() {
        for (Kind kind : List.of(Kind.SINGLE, Kind.MAYBE, Kind.MAYBE_REQUIRED)) {
            ManualMaybe<Object> source = new ManualMaybe<>();
            Resource connection = new Resource();
            cancelled(kind, source);
            source.succeed(connection);
            settle();
            assertThat(connection.closed).isEqualTo(1);
        }
    }

    @LoopTest
    void aLateValueGoesToTheCallerRatherThanBeClosed(Loop loop, VirtualClock clock) {
        Thread own = await(Single.fromCallable(Thread::currentThread));
        for (Kind kind : List.of(Kind.SINGLE, Kind.MAYBE, Kind.MAYBE_REQUIRED)) {
            ManualMaybe<Object> source = new ManualMaybe<>();
            Resource connection = new Resource();
            List<Object> undelivered = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            Consumer<Object> onUndelivered = value -> {
                threads.add(Thread.currentThread());
                undelivered.add(value);
            };
            Task<Object> task = Task.spawn(() -> switch (kind) {
                case SINGLE -> await(source.toSingle(), onUndelivered);
                case MAYBE -> await(source, onUndelivered);
                default -> awaitRequired(source, onUndelivered);
            });
            settle();
            task.cancel();
            endOf(task);
            try (var thread = clock.foreign(loop)) {
                blocking(() -> {
                    source.succeed(connection);
                    return null;
                });
            }
            settle();
            assertThat(undelivered).containsExactly(connection);
            assertThat(threads).containsExactly(own);
            assertThat(connection.closed).isZero();
        }
    }

    @LoopTest
    void aLateValueThatNobodyTakesIsReported(Reports reports) {
        for (Kind kind : List.of(Kind.SINGLE, Kind.MAYBE, Kind.MAYBE_REQUIRED)) {
            ManualMaybe<Object> source = new ManualMaybe<>();
            cancelled(kind, source);
            source.succeed("late");
            settle();
            Report report = reports.takeOnly(Report.Kind.LATE_VALUE);
            assertThat(report.value()).isEqualTo("late");
            assertThat(report.message()).isEqualTo("of an RxJava source, a value came too late: late");
        }
    }

    @LoopTest
    void aLateEndWithoutAValueIsNothing() {
        for (Kind kind : List.of(Kind.MAYBE, Kind.COMPLETABLE)) {
            ManualMaybe<Object> source = new ManualMaybe<>();
            cancelled(kind, source);
            source.complete();
            settle();
        }
    }

    @LoopTest
    void aValueInTheTurnOfTheCancelIsUndelivered() {
        for (Kind kind : List.of(Kind.SINGLE, Kind.MAYBE, Kind.MAYBE_REQUIRED)) {
            ManualMaybe<Object> source = new ManualMaybe<>();
            Resource connection = new Resource();
            Task<Object> task = Task.spawn(() -> kind.await(source));
            settle();
            source.succeed(connection);
            task.cancel();
            assertThat(endOf(task)).isInstanceOf(TaskCancelledException.class);
            settle();
            assertThat(connection.closed).isEqualTo(1);
        }
    }

    @LoopTest
    void aReceiverThatThrowsIsReported(Reports reports) {
        ManualMaybe<Object> source = new ManualMaybe<>();
        IllegalStateException broken = new IllegalStateException("broken receiver");
        Task<Object> task = Task.spawn(() -> await(source, value -> {
            throw broken;
        }));
        settle();
        task.cancel();
        endOf(task);
        source.succeed("late");
        settle();
        Report report = reports.takeOnly(Report.Kind.CALLBACK_FAILED);
        assertThat(report.failure()).isSameAs(broken);
        assertThat(report.value()).isEqualTo("late");
    }

    @LoopTest
    void anErrorAfterTheCancelGoesToRxJavasHandlerAndTheLoop(Reports reports) {
        for (Kind kind : Kind.values()) {
            ManualMaybe<Object> source = new ManualMaybe<>();
            IOException failure = new IOException("late");
            cancelled(kind, source);
            source.fail(failure);
            assertThat(dropped.takeErrors()).containsExactly(failure);
            assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
        }
    }

    @LoopTest
    void anErrorInTheTurnOfTheCancelGoesToRxJavasHandlerAndTheLoop(Reports reports) {
        for (Kind kind : Kind.values()) {
            ManualMaybe<Object> source = new ManualMaybe<>();
            IOException failure = new IOException("late");
            Task<Object> task = Task.spawn(() -> kind.await(source));
            settle();
            source.fail(failure);
            task.cancel();
            assertThat(endOf(task)).isInstanceOf(TaskCancelledException.class);
            settle();
            assertThat(dropped.takeErrors()).containsExactly(failure);
            assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
        }
    }

    @LoopTest
    void aCancellationInAnswerToTheCancelIsWhatWasAskedFor() {
        for (Kind kind : Kind.values()) {
            ManualMaybe<Object> source = new ManualMaybe<>();
            cancelled(kind, source);
            source.fail(new CancellationException("as you wish"));
        }
    }

    // ---- context, misuse

    @Test
    void subscribesInTheTasksCapturedContext() {
        ThreadLocal<String> mdc = new ThreadLocal<>();
        ContextCapture capture = () -> {
            String captured = mdc.get();
            return () -> {
                mdc.set(captured);
                return mdc::remove;
            };
        };
        for (Kind kind : List.of(Kind.SINGLE, Kind.MAYBE, Kind.MAYBE_REQUIRED)) {
            Object seen = Loop.builder().contextCapture(capture).run(() -> {
                mdc.set("request 7");
                return kind.await(Maybe.fromCallable(mdc::get));
            });
            assertThat(seen).isEqualTo("request 7");
        }
    }

    @Test
    void outsideATaskItIsMisuse() {
        for (Kind kind : Kind.values()) {
            assertThatThrownBy(() -> kind.await(Maybe.just("value")))
                    .isInstanceOf(LoopMisuseException.class)
                    .hasMessageContaining("only a task may await");
        }
        assertThatThrownBy(() -> await(Single.just("value"))).hasMessageContaining("call:   await(Single)\n");
        assertThatThrownBy(() -> await(Maybe.just("value"))).hasMessageContaining("call:   await(Maybe)\n");
        assertThatThrownBy(() -> await(Completable.complete())).hasMessageContaining("call:   await(Completable)\n");
    }

    @LoopTest
    void nullIsRefusedByName() {
        assertThatThrownBy(() -> await((Single<String>) null)).hasMessage("single");
        assertThatThrownBy(() -> await((Maybe<String>) null)).hasMessage("maybe");
        assertThatThrownBy(() -> awaitRequired((Maybe<String>) null)).hasMessage("maybe");
        assertThatThrownBy(() -> await((Completable) null)).hasMessage("completable");
        assertThatThrownBy(() -> await(Single.just("value"), (Consumer<String>) null))
                .hasMessage("onUndelivered");
        assertThatThrownBy(() -> await(Maybe.just("value"), (Consumer<String>) null))
                .hasMessage("onUndelivered");
        assertThatThrownBy(() -> awaitRequired(Maybe.just("value"), (Consumer<String>) null))
                .hasMessage("onUndelivered");
    }
}
