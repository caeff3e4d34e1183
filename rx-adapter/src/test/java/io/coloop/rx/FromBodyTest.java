package io.coloop.rx;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static io.coloop.rx.Rx.completable;
import static io.coloop.rx.Rx.maybe;
import static io.coloop.rx.Rx.single;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Body;
import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.Mode;
import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.test.LoopExtension;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import io.reactivex.rxjava3.core.Maybe;
import io.reactivex.rxjava3.core.Single;
import io.reactivex.rxjava3.disposables.Disposable;
import io.reactivex.rxjava3.observers.TestObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A Single, Maybe and Completable from a body: each question of the bridge contract, and the traps that apply. */
class FromBodyTest {
    @RegisterExtension
    final Dropped dropped = new Dropped();

    private static void settle() {
        for (int turn = 0; turn < 5; turn++) {
            yieldNow();
        }
    }

    private static <T> TestObserver<T> ended(TestObserver<T> observer) throws InterruptedException {
        assertThat(observer.await(30, TimeUnit.SECONDS)).isTrue();
        return observer;
    }

    // ---- hot or cold, values, null, failures

    @LoopTest
    void trapABuilderThatStartsEagerlyThoughItLooksCold(Loop loop) {
        for (Produced kind : Produced.values()) {
            Trail trail = new Trail();
            Maybe<String> cold = kind.cold(loop, () -> {
                trail.mark("ran");
                return "value";
            });
            settle();
            assertThat(trail.marks()).isEmpty();
            cold.subscribe();
            cold.subscribe();
            assertThat(trail.marks()).isEmpty();
            settle();
            assertThat(trail.marks()).containsExactly("ran", "ran");
        }
    }

    @Test
    @ExtendWith(LoopExtension.class)
    void theValueThenTheEnd(Loop loop) throws Exception {
        ended(single(loop, () -> "value").test()).assertResult("value");
        ended(maybe(loop, () -> "value").test()).assertResult("value");
        ended(completable(loop, () -> {}).test()).assertResult();
    }

    @Test
    @ExtendWith(LoopExtension.class)
    void aBodyMayAwait(Loop loop, VirtualClock clock) throws Exception {
        for (Produced kind : Produced.values()) {
            ended(kind.cold(loop, () -> {
                                sleep(Duration.ofHours(1));
                                return "slow";
                            })
                            .test())
                    .assertComplete();
        }
        assertThat(clock.elapsed()).isEqualTo(Duration.ofHours(Produced.values().length));
    }

    @Test
    @ExtendWith(LoopExtension.class)
    void nullIsAnErrorOfASingleAndEmptyForAMaybe(Loop loop) throws Exception {
        ended(single(loop, () -> null).test())
                .assertError(failure -> failure instanceof NullPointerException
                        && failure.getMessage().equals("a Single's value is null; use maybe(...)"));
        ended(maybe(loop, () -> null).test()).assertResult();
    }

    @LoopTest
    void aFailureIsTheSameInstance(Loop loop) {
        for (Produced kind : Produced.values()) {
            for (Throwable failure : List.of(new IllegalStateException(), new IOException(), new AssertionError())) {
                TestObserver<Object> observer = kind.cold(loop, () -> {
                            throw failure;
                        })
                        .test();
                settle();
                observer.assertError(seen -> seen == failure);
            }
        }
    }

    @LoopTest
    void eachRetryIsANewTask(Loop loop, Trail trail) {
        Single<String> flaky = single(loop, () -> {
            trail.mark(Task.current().name());
            if (trail.marks().size() < 3) {
                throw new IOException("again");
            }
            return "third time";
        });
        assertThat(Rx.await(flaky.retry(5))).isEqualTo("third time");
        assertThat(trail.marks()).hasSize(3).doesNotHaveDuplicates();
    }

    @LoopTest
    void bodiesOfManySubscribersRunBetweenOneAnother(Loop loop, VirtualClock clock) {
        List<Single<Integer>> sleepers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            int number = i;
            sleepers.add(single(loop, () -> {
                sleep(Duration.ofSeconds(1));
                return number;
            }));
        }
        assertThat(Rx.await(Single.merge(sleepers).reduce(0, Integer::sum))).isEqualTo(4950);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(1));
    }

    // ---- threads

    @LoopTest
    void signalsComeOnTheLoopsOwnThreadAndNotInATask(Loop loop) {
        for (Produced kind : Produced.values()) {
            List<Thread> threads = new ArrayList<>();
            List<String> tasks = new ArrayList<>();
            loop.callSoon(() -> threads.add(Thread.currentThread()));
            kind.cold(loop, () -> "value")
                    .doOnTerminate(() -> threads.add(Thread.currentThread()))
                    .doOnTerminate(() -> tasks.add(String.valueOf(Task.currentOrNull())))
                    .subscribe();
            settle();
            assertThat(threads).hasSize(2);
            assertThat(Set.copyOf(threads)).hasSize(1);
            assertThat(threads.get(0).isVirtual()).isEqualTo(Loop.mode() == Mode.HAND_OFF);
            assertThat(tasks).containsExactly("null");
        }
    }

    @Test
    @ExtendWith(LoopExtension.class)
    void subscribedFromAnotherThreadItRunsOnTheLoop(Loop loop) throws Exception {
        for (Produced kind : Produced.values()) {
            AtomicReference<Loop> seen = new AtomicReference<>();
            ended(kind.cold(loop, () -> "value")
                            .doOnTerminate(() -> seen.set(Loop.currentOrNull()))
                            .test())
                    .assertComplete();
            assertThat(seen.get()).isSameAs(loop);
        }
    }

    @Test
    @ExtendWith(LoopExtension.class)
    void aFailureBeforeTheSubscribingThreadListensIsNotReportedAsUnobserved(Loop loop) throws Exception {
        for (int round = 0; round < 200; round++) {
            ended(single(loop, () -> {
                                throw new IOException("broken");
                            })
                            .test())
                    .assertFailure(IOException.class);
        }
    }

    // ---- cancelling

    @LoopTest
    void disposingCancelsTheTaskWhichCleansUpAndSignalsNothing(Loop loop) {
        for (Produced kind : Produced.values()) {
            Trail trail = new Trail();
            Promise<String> never = Promise.create();
            TestObserver<String> observer = kind.cold(loop, () -> {
                        try {
                            return await(never.future());
                        } catch (TaskCancelledException cancelled) {
                            trail.mark(cancelled.getMessage());
                            throw cancelled;
                        } finally {
                            yieldNow();
                            trail.mark("cleaned up");
                        }
                    })
                    .test();
            settle();
            observer.dispose();
            assertThat(never.isDone()).as("at once, not at the next item").isTrue();
            settle();
            assertThat(trail.marks()).containsExactly("its subscriber disposed of it", "cleaned up");
            observer.assertEmpty();
            assertThat(loop.taskCount()).isEqualTo(1);
        }
    }

    @LoopTest(foreignThreads = true)
    void trapAnAdapterThatNeverCancelsItsSourceFromAnotherThread(Loop loop) {
        for (Produced kind : Produced.values()) {
            Trail trail = new Trail();
            Disposable subscription = kind.cold(loop, () -> {
                        try {
                            return await(Promise.<String>create().future());
                        } finally {
                            trail.mark("cleaned up");
                        }
                    })
                    .subscribe();
            settle();
            blocking(() -> {
                subscription.dispose();
                return null;
            });
            settle();
            assertThat(trail.marks()).containsExactly("cleaned up");
        }
    }

    @LoopTest
    void disposedBeforeItsFirstStepTheBodyNeverRuns(Loop loop, Trail trail) {
        for (Produced kind : Produced.values()) {
            Disposable subscription = kind.cold(loop, () -> {
                        trail.mark("ran");
                        return "ran";
                    })
                    .subscribe();
            assertThat(subscription.isDisposed()).isFalse();
            subscription.dispose();
            assertThat(subscription.isDisposed()).isTrue();
            settle();
        }
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void disposedInsideOnSubscribeTheBodyNeverRuns(Loop loop, Trail trail) {
        for (Produced kind : Produced.values()) {
            TestObserver<String> observer = new TestObserver<>();
            kind.cold(loop, () -> {
                        trail.mark("ran");
                        return "ran";
                    })
                    .doOnSubscribe(Disposable::dispose)
                    .subscribe(observer);
            settle();
            observer.assertEmpty();
        }
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void aTaskCancelledBySomebodyElseIsAFailure(Loop loop) {
        for (Produced kind : Produced.values()) {
            AtomicReference<Task<?>> task = new AtomicReference<>();
            AtomicReference<Throwable> seen = new AtomicReference<>();
            kind.cold(loop, () -> {
                        task.set(Task.current());
                        return await(Promise.<String>create().future());
                    })
                    .doOnError(seen::set)
                    .test()
                    .assertNotComplete();
            settle();
            task.get().cancel("by the operator");
            settle();
            assertThat(seen.get())
                    .isExactlyInstanceOf(CancellationException.class)
                    .hasMessage("by the operator")
                    .hasCauseInstanceOf(TaskCancelledException.class);
        }
    }

    @Test
    void closingTheLoopWhileItIsSubscribedIsAFailure() throws Exception {
        for (Produced kind : Produced.values()) {
            Loop loop = Loop.start("closing");
            CountDownLatch awaiting = new CountDownLatch(1);
            TestObserver<String> observer = kind.cold(loop, () -> {
                        awaiting.countDown();
                        return await(Promise.<String>create().future());
                    })
                    .test();
            assertThat(awaiting.await(30, TimeUnit.SECONDS)).isTrue();
            loop.close();
            ended(observer)
                    .assertError(failure -> failure.getClass() == CancellationException.class
                            && failure.getMessage().equals("the loop is closing"));
        }
    }

    @Test
    void aClosedLoopIsAFailure() throws Exception {
        for (Produced kind : Produced.values()) {
            Loop loop = Loop.start("closed");
            Maybe<String> source = kind.cold(loop, () -> "value");
            loop.close();
            ended(source.test()).assertFailure(LoopClosedException.class);
        }
    }

    // ---- what can no longer be delivered

    /** A body that swallows its cancellation and gives a value all the same. */
    private static <T> T stubborn(T value) {
        try {
            await(Promise.create().future());
        } catch (TaskCancelledException swallowed) {
            // on purpose
        }
        return value;
    }

    private static void subscribeAndDispose(Maybe<?> source) {
        Disposable subscription = source.subscribe();
        settle();
        subscription.dispose();
        settle();
    }

    @LoopTest
    void aValueAfterTheDisposalIsClosed(Loop loop, Reports reports) {
        for (Produced kind : List.of(Produced.SINGLE, Produced.MAYBE)) {
            Resource connection = new Resource();
            subscribeAndDispose(kind.cold(loop, () -> stubborn(connection)));
            assertThat(connection.closed).isEqualTo(1);
            reports.takeOnly(Report.Kind.SWALLOWED_CANCELLATION);
        }
    }

    @LoopTest
    void aValueAfterTheDisposalGoesToTheCallerFirst(Loop loop, Reports reports) {
        Resource connection = new Resource();
        List<Object> undelivered = new ArrayList<>();
        subscribeAndDispose(
                single(loop, () -> stubborn(connection), undelivered::add).toMaybe());
        reports.takeOnly(Report.Kind.SWALLOWED_CANCELLATION);
        subscribeAndDispose(maybe(loop, () -> stubborn(connection), undelivered::add));
        reports.takeOnly(Report.Kind.SWALLOWED_CANCELLATION);
        assertThat(undelivered).containsExactly(connection, connection);
        assertThat(connection.closed).isZero();
    }

    @LoopTest
    void aValueAfterTheDisposalThatNobodyTakesIsReported(Loop loop, Reports reports) {
        for (Produced kind : List.of(Produced.SINGLE, Produced.MAYBE)) {
            subscribeAndDispose(kind.cold(loop, () -> stubborn("late")));
            assertThat(reports.take())
                    .extracting(Report::kind)
                    .containsExactly(Report.Kind.SWALLOWED_CANCELLATION, Report.Kind.LATE_VALUE);
        }
    }

    @LoopTest
    void aValueInTheTurnOfTheDisposalIsUndelivered(Loop loop) {
        List<Object> undelivered = new ArrayList<>();
        AtomicReference<Disposable> subscription = new AtomicReference<>();
        Maybe<Object> source = maybe(
                loop,
                () -> {
                    subscription.get().dispose(); // before the value is handed over
                    return "value";
                },
                undelivered::add);
        subscription.set(source.subscribe());
        settle();
        assertThat(undelivered).containsExactly("value");
    }

    /** The trap: the body was cancelled after its last await, and what it returned was gone. */
    @LoopTest
    void aValueOfABodyThatEndsCancelledIsUndelivered(Loop loop) {
        List<Object> undelivered = new ArrayList<>();
        Body<Object, RuntimeException> body = () -> {
            Task.current().cancel("enough");
            return "value";
        };
        subscribeAndDispose(single(loop, body, undelivered::add).toMaybe().onErrorComplete());
        subscribeAndDispose(maybe(loop, body, undelivered::add).onErrorComplete());
        assertThat(undelivered).containsExactly("value", "value");
    }

    @LoopTest
    void aCleanUpThatFailsAfterTheDisposalIsReportedOnceAndGoesToRxJavasHandler(Loop loop, Reports reports) {
        for (Produced kind : Produced.values()) {
            IOException failure = new IOException("clean-up failed");
            subscribeAndDispose(kind.cold(loop, () -> {
                try {
                    return await(Promise.create().future());
                } finally {
                    fail(failure);
                }
            }));
            assertThat(dropped.takeErrors()).containsExactly(failure);
            assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
        }
    }

    /** The trap: a cancellation in a stage's wrapper looked like an error that came too late. */
    @LoopTest
    void aWrappedCancellationAfterTheCancelIsWhatWasAskedFor(Loop loop) {
        for (Produced kind : Produced.values()) {
            subscribeAndDispose(kind.cold(loop, () -> {
                try {
                    return await(Promise.create().future());
                } catch (TaskCancelledException cancelled) {
                    throw new CompletionException(new CancellationException("as asked"));
                }
            }));
        }
    }

    private static void fail(IOException failure) throws IOException {
        throw failure;
    }

    @LoopTest
    void aFailureInTheTurnOfTheDisposalIsReportedOnceAndGoesToRxJavasHandler(Loop loop, Reports reports) {
        for (Produced kind : Produced.values()) {
            IOException failure = new IOException("late");
            AtomicReference<Disposable> subscription = new AtomicReference<>();
            subscription.set(kind.cold(loop, () -> {
                        subscription.get().dispose();
                        throw failure;
                    })
                    .subscribe());
            settle();
            assertThat(dropped.takeErrors()).containsExactly(failure);
            assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
        }
    }

    // ---- misuse

    @LoopTest
    void nullIsRefusedByName(Loop loop) {
        assertThatThrownBy(() -> single(null, () -> "value")).hasMessage("loop");
        assertThatThrownBy(() -> maybe(null, () -> "value")).hasMessage("loop");
        assertThatThrownBy(() -> completable(null, () -> {})).hasMessage("loop");
        assertThatThrownBy(() -> single(loop, (Body<String, ?>) null)).hasMessage("body");
        assertThatThrownBy(() -> maybe(loop, (Body<String, ?>) null)).hasMessage("body");
        assertThatThrownBy(() -> completable(loop, null)).hasMessage("body");
        assertThatThrownBy(() -> single(loop, () -> "value", null)).hasMessage("onUndelivered");
        assertThatThrownBy(() -> maybe(loop, () -> "value", null)).hasMessage("onUndelivered");
    }
}
