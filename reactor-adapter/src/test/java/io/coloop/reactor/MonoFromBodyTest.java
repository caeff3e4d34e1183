package io.coloop.reactor;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static io.coloop.reactor.Reactor.mono;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.publisher.SignalType;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

/** {@code mono(loop, body)}: each question of the bridge contract, and the traps that apply. */
class MonoFromBodyTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @RegisterExtension
    final Dropped dropped = new Dropped();

    private static void settle() {
        for (int turn = 0; turn < 5; turn++) {
            yieldNow();
        }
    }

    // ---- hot or cold, values, null, failures

    @LoopTest
    void trapABuilderThatStartsEagerlyThoughItLooksCold(Loop loop, Trail trail) {
        Mono<String> cold = mono(loop, () -> {
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

    @Test
    @ExtendWith(LoopExtension.class)
    void theValueThenTheEnd(Loop loop) {
        StepVerifier.create(mono(loop, () -> "value"))
                .expectNext("value")
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    @ExtendWith(LoopExtension.class)
    void aBodyMayAwait(Loop loop, VirtualClock clock) {
        Mono<String> slow = mono(loop, () -> {
            sleep(Duration.ofHours(1));
            return "slow";
        });
        StepVerifier.create(slow).expectNext("slow").expectComplete().verify(LIMIT);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofHours(1));
    }

    @Test
    @ExtendWith(LoopExtension.class)
    void nullIsEmpty(Loop loop) {
        StepVerifier.create(mono(loop, () -> null)).expectComplete().verify(LIMIT);
    }

    @Test
    @ExtendWith(LoopExtension.class)
    void aBodyWithoutAResultIsEmptyOnceItIsDone(Loop loop, Trail trail) {
        Mono<Void> done = mono(loop, () -> {
            sleep(Duration.ofSeconds(1));
            trail.mark("done");
        });
        StepVerifier.create(done).expectComplete().verify(LIMIT);
        assertThat(trail.marks()).containsExactly("done");
    }

    @LoopTest
    void aFailureIsTheSameInstance(Loop loop) {
        for (Throwable failure : List.of(new IllegalStateException(), new IOException(), new AssertionError())) {
            AtomicReference<Throwable> seen = new AtomicReference<>();
            mono(loop, () -> {
                        throw failure;
                    })
                    .subscribe(value -> {}, seen::set);
            settle();
            assertThat(seen.get()).isSameAs(failure);
        }
    }

    @LoopTest
    void eachRetryIsANewTask(Loop loop, Trail trail) {
        Mono<String> flaky = mono(loop, () -> {
            trail.mark(Task.current().name());
            if (trail.marks().size() < 3) {
                throw new IOException("again");
            }
            return "third time";
        });
        assertThat(Reactor.await(flaky.retry(5))).isEqualTo("third time");
        assertThat(trail.marks()).hasSize(3).doesNotHaveDuplicates();
    }

    @LoopTest
    void bodiesOfManySubscribersRunBetweenOneAnother(Loop loop, VirtualClock clock) {
        List<Mono<Integer>> sleepers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            int number = i;
            sleepers.add(mono(loop, () -> {
                sleep(Duration.ofSeconds(1));
                return number;
            }));
        }
        int sum = Reactor.awaitRequired(
                reactor.core.publisher.Flux.merge(sleepers).reduce(0, Integer::sum));
        assertThat(sum).isEqualTo(4950);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(1));
    }

    // ---- threads

    @LoopTest
    void signalsComeOnTheLoopsOwnThreadAndNotInATask(Loop loop) {
        List<Thread> threads = new ArrayList<>();
        List<Object> tasks = new ArrayList<>();
        loop.callSoon(() -> threads.add(Thread.currentThread()));
        mono(loop, () -> "value")
                .doOnNext(value -> threads.add(Thread.currentThread()))
                .doOnTerminate(() -> threads.add(Thread.currentThread()))
                .doOnNext(value -> tasks.add(String.valueOf(Task.currentOrNull())))
                .subscribe();
        settle();
        assertThat(threads).hasSize(3);
        assertThat(List.copyOf(new java.util.HashSet<>(threads))).hasSize(1);
        assertThat(threads.get(0).isVirtual()).isEqualTo(Loop.mode() == Mode.HAND_OFF);
        assertThat(tasks).containsExactly("null");
    }

    @Test
    @ExtendWith(LoopExtension.class)
    void subscribedFromAnotherThreadItRunsOnTheLoop(Loop loop) {
        StepVerifier.create(mono(loop, () -> Loop.current())
                        .doOnNext(seen -> assertThat(loop.isOnLoop()).isTrue()))
                .expectNext(loop)
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    @ExtendWith(LoopExtension.class)
    void aFailureBeforeTheSubscribingThreadListensIsNotReportedAsUnobserved(Loop loop) {
        for (int round = 0; round < 200; round++) {
            StepVerifier.create(mono(loop, () -> {
                        throw new IOException("broken");
                    }))
                    .expectErrorMessage("broken")
                    .verify(LIMIT);
        }
    }

    // ---- demand

    @Test
    @ExtendWith(LoopExtension.class)
    void theValueWaitsUntilItIsAskedFor(Loop loop) {
        CountDownLatch computed = new CountDownLatch(1);
        Mono<String> value = mono(loop, () -> {
            loop.callSoon(() -> loop.callSoon(() -> loop.callSoon(computed::countDown)));
            return "value";
        });
        StepVerifier.create(value, 0)
                .expectSubscription()
                .then(() -> awaitLatch(computed))
                .thenRequest(1)
                .expectNextMatches(seen -> loop.isOnLoop() && seen.equals("value"))
                .expectComplete()
                .verify(LIMIT);
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException impossible) {
            throw new AssertionError(impossible);
        }
    }

    @Test
    @ExtendWith(LoopExtension.class)
    void anEndWithoutAValueNeedsNoDemand(Loop loop) {
        StepVerifier.create(mono(loop, () -> null), 0).expectComplete().verify(LIMIT);
        StepVerifier.create(
                        mono(loop, () -> {
                            throw new IOException("broken");
                        }),
                        0)
                .expectErrorMessage("broken")
                .verify(LIMIT);
    }

    @LoopTest
    void askingTwiceGivesTheValueOnce(Loop loop, Trail trail) {
        Recorder<String> recorder = new Recorder<>(trail, Context.empty());
        mono(loop, () -> "value").subscribe(recorder);
        settle();
        assertThat(trail.marks()).isEmpty();
        recorder.request(1);
        recorder.request(1);
        assertThat(trail.marks()).as("never inside the request").isEmpty();
        settle();
        recorder.request(1);
        settle();
        assertThat(trail.marks()).containsExactly("next value", "complete");
    }

    // ---- cancelling

    @LoopTest
    void disposingCancelsTheTaskWhichCleansUpAndSignalsNothing(Loop loop, Trail trail) {
        Promise<String> never = Promise.create();
        Recorder<Object> recorder = new Recorder<>(trail, Context.empty());
        mono(loop, () -> {
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
                .subscribe(recorder);
        recorder.request(1);
        settle();
        recorder.cancel();
        assertThat(never.isDone()).as("at once, not at the next item").isTrue();
        settle();
        assertThat(trail.marks()).containsExactly("its subscriber cancelled", "cleaned up");
        assertThat(loop.taskCount()).isEqualTo(1);
    }

    @LoopTest(foreignThreads = true)
    void trapAnAdapterThatNeverCancelsItsSourceFromAnotherThread(Loop loop, Trail trail) {
        Disposable subscription = mono(loop, () -> {
                    try {
                        return await(Promise.<String>create().future());
                    } finally {
                        trail.mark("cleaned up");
                    }
                })
                .subscribe();
        settle();
        io.coloop.Await.blocking(() -> {
            subscription.dispose();
            return null;
        });
        settle();
        assertThat(trail.marks()).containsExactly("cleaned up");
    }

    @LoopTest
    void disposedBeforeItsFirstStepTheBodyNeverRuns(Loop loop, Trail trail) {
        Disposable subscription =
                mono(loop, () -> trail.marks().isEmpty() ? mark(trail) : null).subscribe();
        subscription.dispose();
        settle();
        assertThat(trail.marks()).isEmpty();
    }

    private static String mark(Trail trail) {
        trail.mark("ran");
        return "ran";
    }

    @LoopTest
    void cancelledInsideOnSubscribeTheBodyNeverRuns(Loop loop, Trail trail) {
        mono(loop, () -> mark(trail)).subscribe(new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                cancel();
            }

            @Override
            protected void hookFinally(SignalType type) {
                trail.mark(type.toString());
            }
        });
        settle();
        assertThat(trail.marks()).containsExactly("cancel");
    }

    @LoopTest
    void aTaskCancelledBySomebodyElseIsAFailure(Loop loop) {
        AtomicReference<Task<?>> task = new AtomicReference<>();
        AtomicReference<Throwable> seen = new AtomicReference<>();
        mono(loop, () -> {
                    task.set(Task.current());
                    return await(Promise.<String>create().future());
                })
                .subscribe(value -> {}, seen::set);
        settle();
        task.get().cancel("by the operator");
        settle();
        assertThat(seen.get())
                .isExactlyInstanceOf(CancellationException.class)
                .hasMessage("by the operator")
                .hasCauseInstanceOf(TaskCancelledException.class);
    }

    @Test
    void closingTheLoopWhileItIsSubscribedIsAFailure() {
        Loop loop = Loop.start("closing");
        CountDownLatch awaiting = new CountDownLatch(1);
        Mono<String> never = mono(loop, () -> {
            awaiting.countDown();
            return await(Promise.<String>create().future());
        });
        StepVerifier.create(never)
                .then(() -> awaitLatch(awaiting))
                .then(loop::close)
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isExactlyInstanceOf(CancellationException.class)
                        .hasMessage("the loop is closing"))
                .verify(LIMIT);
    }

    @Test
    void aClosedLoopIsAFailure() {
        Loop loop = Loop.start("closed");
        Mono<String> mono = mono(loop, () -> "value");
        loop.close();
        StepVerifier.create(mono).expectError(LoopClosedException.class).verify(LIMIT);
    }

    @Test
    void aValueIsStillGivenAfterTheLoopHasClosed() {
        Trail trail = new Trail();
        Recorder<String> recorder = new Recorder<>(trail, Context.empty());
        Loop loop = Loop.start("closed");
        mono(loop, () -> "value").subscribe(recorder);
        loop.close();
        assertThat(trail.marks()).isEmpty();
        recorder.request(1);
        assertThat(trail.marks()).containsExactly("next value", "complete");
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

    private void subscribeAndCancel(Mono<?> source, Context context) {
        Recorder<Object> recorder = new Recorder<>(new Trail(), context);
        source.cast(Object.class).subscribe(recorder);
        recorder.request(1);
        settle();
        recorder.cancel();
        settle();
    }

    @LoopTest
    void aValueAfterTheCancelIsClosed(Loop loop, Reports reports) {
        Resource connection = new Resource();
        subscribeAndCancel(mono(loop, () -> stubborn(connection)), Context.empty());
        assertThat(connection.closed).isEqualTo(1);
        reports.takeOnly(Report.Kind.SWALLOWED_CANCELLATION);
    }

    @LoopTest
    void aValueAfterTheCancelGoesToTheCallerFirst(Loop loop, Reports reports) {
        Resource connection = new Resource();
        List<Object> undelivered = new ArrayList<>();
        List<Object> discarded = new ArrayList<>();
        subscribeAndCancel(
                mono(loop, () -> stubborn(connection), undelivered::add),
                Operators.enableOnDiscard(Context.empty(), discarded::add));
        assertThat(undelivered).containsExactly(connection);
        assertThat(discarded).isEmpty();
        assertThat(connection.closed).isZero();
        reports.takeOnly(Report.Kind.SWALLOWED_CANCELLATION);
    }

    @LoopTest
    void aValueAfterTheCancelGoesToTheDiscardHookSecond(Loop loop, Reports reports) {
        Resource connection = new Resource();
        List<Object> discarded = new ArrayList<>();
        subscribeAndCancel(
                mono(loop, () -> stubborn(connection)), Operators.enableOnDiscard(Context.empty(), discarded::add));
        assertThat(discarded).containsExactly(connection);
        assertThat(connection.closed).isZero();
        reports.takeOnly(Report.Kind.SWALLOWED_CANCELLATION);
    }

    @LoopTest
    void aValueAfterTheCancelThatNobodyTakesIsReported(Loop loop, Reports reports) {
        subscribeAndCancel(mono(loop, () -> stubborn("late")), Context.empty());
        assertThat(reports.take())
                .extracting(Report::kind)
                .containsExactly(Report.Kind.SWALLOWED_CANCELLATION, Report.Kind.LATE_VALUE);
    }

    @LoopTest
    void aValueThatWaitsForDemandWhenTheSubscriberCancelsIsUndelivered(Loop loop) {
        List<Object> undelivered = new ArrayList<>();
        Recorder<Object> recorder = new Recorder<>(new Trail(), Context.empty());
        Reactor.<Object>mono(loop, () -> "value", undelivered::add).subscribe(recorder);
        settle();
        recorder.cancel();
        recorder.cancel();
        recorder.request(1);
        settle();
        assertThat(undelivered).containsExactly("value");
    }

    @LoopTest
    void aValueInTheTurnOfTheCancelIsUndelivered(Loop loop) {
        List<Object> undelivered = new ArrayList<>();
        Recorder<Object> recorder = new Recorder<>(new Trail(), Context.empty());
        Reactor.<Object>mono(
                        loop,
                        () -> {
                            recorder.cancel(); // before the value is handed over
                            return "value";
                        },
                        undelivered::add)
                .subscribe(recorder);
        recorder.request(1);
        settle();
        assertThat(undelivered).containsExactly("value");
    }

    /** The trap: the body was cancelled after its last await, and what it returned was gone. */
    @LoopTest
    void aValueOfABodyThatEndsCancelledIsUndelivered(Loop loop) {
        List<Object> undelivered = new ArrayList<>();
        List<Throwable> failed = new ArrayList<>();
        Reactor.<Object>mono(
                        loop,
                        () -> {
                            Task.current().cancel("enough");
                            return "value";
                        },
                        undelivered::add)
                .subscribe(value -> {}, failed::add);
        settle();
        assertThat(undelivered).containsExactly("value");
        assertThat(failed).singleElement().isInstanceOf(CancellationException.class);
    }

    @LoopTest
    void aCleanUpThatFailsAfterTheCancelIsReportedOnceAndGoesToReactorsHook(Loop loop, Reports reports) {
        IOException failure = new IOException("clean-up failed");
        subscribeAndCancel(
                mono(loop, () -> {
                    try {
                        return await(Promise.create().future());
                    } finally {
                        fail(failure);
                    }
                }),
                Context.empty());
        assertThat(dropped.takeErrors()).containsExactly(failure);
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
    }

    /** The trap: a cancellation in a stage's wrapper looked like an error that came too late. */
    @LoopTest
    void aWrappedCancellationAfterTheCancelIsWhatWasAskedFor(Loop loop) {
        subscribeAndCancel(
                mono(loop, () -> {
                    try {
                        return await(Promise.create().future());
                    } catch (TaskCancelledException cancelled) {
                        throw new CompletionException(new CancellationException("as asked"));
                    }
                }),
                Context.empty());
    }

    private static void fail(IOException failure) throws IOException {
        throw failure;
    }

    @LoopTest
    void aFailureInTheTurnOfTheCancelIsReportedOnceAndGoesToReactorsHook(Loop loop, Reports reports) {
        IOException failure = new IOException("late");
        Recorder<Object> recorder = new Recorder<>(new Trail(), Context.empty());
        mono(loop, () -> {
                    recorder.cancel();
                    throw failure;
                })
                .subscribe(recorder);
        recorder.request(1);
        settle();
        assertThat(dropped.takeErrors()).containsExactly(failure);
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
    }

    // ---- misuse

    @LoopTest
    void nullIsRefusedByName(Loop loop) {
        assertThatThrownBy(() -> mono(null, () -> "value")).hasMessage("loop");
        assertThatThrownBy(() -> mono(loop, (io.coloop.Body<String, ?>) null)).hasMessage("body");
        assertThatThrownBy(() -> mono(loop, (io.coloop.VoidBody<?>) null)).hasMessage("body");
        assertThatThrownBy(() -> mono(loop, () -> "value", null)).hasMessage("onUndelivered");
    }

    /** Leaves a mark for each signal and asks for nothing by itself. */
    static final class Recorder<T> extends BaseSubscriber<T> {
        private final Trail trail;
        private final Context context;

        Recorder(Trail trail, Context context) {
            this.trail = trail;
            this.context = context;
        }

        @Override
        public Context currentContext() {
            return context;
        }

        @Override
        protected void hookOnSubscribe(Subscription subscription) {}

        @Override
        protected void hookOnNext(T value) {
            trail.mark("next " + value);
        }

        @Override
        protected void hookOnComplete() {
            trail.mark("complete");
        }

        @Override
        protected void hookOnError(Throwable failure) {
            trail.mark("error " + failure);
        }
    }
}
