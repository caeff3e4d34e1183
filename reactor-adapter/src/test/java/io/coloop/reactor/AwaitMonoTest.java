package io.coloop.reactor;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.awaitRequired;
import static io.coloop.reactor.Reactor.mono;
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
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/** {@code await(Mono)}: each question of the bridge contract, and the traps that apply. */
class AwaitMonoTest {
    @RegisterExtension
    final Dropped dropped = new Dropped();

    private final ManualMono<Object> source = new ManualMono<>();

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

    // ---- values, null, empty, more than one

    @LoopTest
    void givesTheValue() {
        assertThat(await(Mono.just("value"))).isEqualTo("value");
        assertThat(awaitRequired(Mono.just("value"))).isEqualTo("value");
    }

    @LoopTest
    void emptyIsNull() {
        assertThat(await(Mono.<String>empty())).isNull();
        assertThat(await(Mono.<String>empty(), value -> {})).isNull();
    }

    @LoopTest
    void awaitRequiredRefusesEmpty() {
        assertThatThrownBy(() -> awaitRequired(Mono.empty()))
                .isInstanceOf(NoSuchElementException.class)
                .hasMessage("the Mono completed without a value");
        assertThatThrownBy(() -> awaitRequired(Mono.empty(), value -> {})).isInstanceOf(NoSuchElementException.class);
    }

    @LoopTest
    void aValueThatComesLater(Loop loop, VirtualClock clock) {
        Mono<String> later =
                Mono.delay(Duration.ofSeconds(3), Reactor.scheduler(loop)).thenReturn("later");
        assertThat(await(later)).isEqualTo("later");
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(3));
    }

    @LoopTest
    void moreThanOneValueIsAFailureAndBothAreUndelivered() {
        List<Object> undelivered = new ArrayList<>();
        assertThatThrownBy(() -> await(Mono.<Object>fromDirect(Flux.just(1, 2)), undelivered::add))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the Mono emitted more than one value");
        settle();
        assertThat(undelivered).containsExactly(2, 1);
    }

    @LoopTest
    void valuesTooManyAreReportedAsThat(Reports reports) {
        assertThatThrownBy(() -> await(Mono.<Object>fromDirect(Flux.just(1, 2))))
                .isInstanceOf(IllegalStateException.class);
        settle();
        assertThat(reports.take())
                .extracting(Report::message)
                .containsExactly(
                        "of a Mono, there was more than one value: 2", "of a Mono, there was more than one value: 1");
    }

    @LoopTest
    void aSourceThatNeverEndsIsCancelledAtItsSecondValue(Loop loop, Trail trail) {
        Flux<Long> endless =
                Flux.interval(Duration.ofSeconds(1), Reactor.scheduler(loop)).doOnCancel(() -> trail.mark("cancelled"));
        assertThatThrownBy(() -> await(Mono.fromDirect(endless), value -> {}))
                .isInstanceOf(IllegalStateException.class);
        assertThat(trail.marks()).containsExactly("cancelled");
    }

    // ---- failures

    @LoopTest
    void anUncheckedFailureIsTheSameInstance() {
        IllegalStateException failure = new IllegalStateException("broken");
        assertThatThrownBy(() -> await(Mono.error(failure))).isSameAs(failure);
    }

    @LoopTest
    void aCheckedFailureIsTheCauseOfACompletionException() {
        IOException failure = new IOException("broken");
        assertThatThrownBy(() -> await(Mono.error(failure)))
                .isInstanceOf(CompletionException.class)
                .hasCause(failure);
    }

    @LoopTest
    void anErrorIsTheSameInstance() {
        AssertionError failure = new AssertionError("broken");
        Task<Object> task = Task.spawn(() -> await(Mono.error(failure)));
        assertThat(endOf(task)).isSameAs(failure);
    }

    @LoopTest
    void whatSubscribingThrowsIsAFailure() {
        IllegalStateException failure = new IllegalStateException("no subscribers");
        Mono<Object> broken = new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Object> actual) {
                throw failure;
            }
        };
        assertThatThrownBy(() -> await(broken)).isSameAs(failure);
        assertThat(dropped.takeOperatorErrors()).hasSize(1);
    }

    @LoopTest
    void aFailureThatLooksLikeCancellationIsAFailure() {
        CancellationException failure = new CancellationException("by somebody else");
        Task<Object> task = Task.spawn(() -> await(Mono.error(failure)));
        assertThat(endOf(task)).isSameAs(failure);
        assertThat(task.isCancelled()).isFalse();
        assertThat(task.isFailed()).isTrue();
    }

    @LoopTest
    void aCancellationOfOursThatComesThroughAMonoIsAFailureToo() {
        TaskCancelledException foreign = new TaskCancelledException("another task's");
        Task<Object> task = Task.spawn(() -> await(Mono.error(foreign)));
        assertThat(endOf(task))
                .isExactlyInstanceOf(CancellationException.class)
                .hasMessage("another task's")
                .hasCause(foreign);
        assertThat(task.isCancelled()).isFalse();
    }

    @LoopTest
    void awaitingTheMonoOfATaskThatSomebodyElseCancelsFails() {
        Promise<String> never = Promise.create();
        Task<String> worker = Task.spawn(() -> await(never.future()));
        Task<String> waiting = Task.spawn(() -> await(mono(worker)));
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
        await(Mono.fromRunnable(() -> {
            threads.add(Thread.currentThread());
            assertThat(Task.currentOrNull()).isNull();
            assertThat(loop.isOnLoop()).isTrue();
        }));
        assertThat(threads).hasSize(2);
        assertThat(threads.get(0)).isSameAs(threads.get(1)).isNotSameAs(Thread.currentThread());
        assertThat(threads.get(0).isVirtual()).isEqualTo(Loop.mode() == Mode.HAND_OFF);
    }

    @LoopTest
    void neverHopsToADefaultDispatcher(Loop loop) {
        List<Thread> threads = new ArrayList<>();
        Thread own = await(Mono.fromSupplier(Thread::currentThread));
        Mono<Long> pipeline = Mono.delay(Duration.ofMillis(1), Reactor.scheduler(loop))
                .doOnNext(tick -> threads.add(Thread.currentThread()))
                .flatMap(tick -> Mono.delay(Duration.ofMillis(1), Reactor.scheduler(loop)))
                .doFinally(signal -> threads.add(Thread.currentThread()));
        await(pipeline);
        assertThat(threads).hasSize(2).containsOnly(own);
    }

    @LoopTest
    void nothingStartsBeforeTheTaskGaveUpTheLoop(Trail trail) {
        await(Mono.fromRunnable(() -> trail.mark("subscribed"))
                .doFirst(() -> trail.mark(String.valueOf(Task.currentOrNull()))));
        assertThat(trail.marks()).containsExactly("null", "subscribed");
    }

    @LoopTest
    void aMonoThatCompletesAtOnceResumesFromTheReadyQueue(Trail trail) {
        Task<Void> other = Task.spawn(() -> trail.mark("other"));
        await(Mono.just("scalar"));
        trail.mark("resumed");
        assertThat(other.isDone()).isTrue();
        assertThat(trail.marks()).containsExactly("other", "resumed");
    }

    @LoopTest
    void hooksSeeAScalarToo(Trail trail) {
        Hooks.onLastOperator("test", Operators.lift((scannable, actual) -> {
            trail.mark("hook");
            return actual;
        }));
        try {
            assertThat(await(Mono.just("scalar"))).isEqualTo("scalar");
        } finally {
            Hooks.resetOnLastOperator("test");
        }
        assertThat(trail.marks()).containsExactly("hook");
    }

    @LoopTest
    void completedByAnotherThreadItResumesOnTheLoop(Loop loop, VirtualClock clock) {
        Thread before = Thread.currentThread();
        try (var thread = clock.foreign(loop)) {
            assertThat(await(Mono.just("value").publishOn(Schedulers.boundedElastic())))
                    .isEqualTo("value");
        }
        assertThat(Thread.currentThread()).isSameAs(before);
        assertThat(Loop.current()).isSameAs(loop);
    }

    @LoopTest
    void eachAwaitSubscribesOnce(Trail trail) {
        Mono<String> cold = Mono.fromSupplier(() -> {
            trail.mark("ran");
            return "value";
        });
        await(cold);
        await(cold);
        assertThat(trail.marks()).hasSize(2);
    }

    @LoopTest
    void asksForAllThereIs() {
        Task<Object> task = Task.spawn(() -> await(source));
        settle();
        assertThat(source.requested).isEqualTo(Long.MAX_VALUE);
        source.complete("value");
        assertThat(await(task)).isEqualTo("value");
    }

    @LoopTest
    void trapResumingAtOnNextBeforeTheTransactionIsCommitted(Trail trail) {
        Task<Object> task = Task.spawn(() -> {
            Object value = await(source);
            trail.mark("resumed");
            return value;
        });
        settle();
        source.next("row");
        settle();
        trail.mark("committed");
        source.complete();
        assertThat(await(task)).isEqualTo("row");
        assertThat(trail.marks()).containsExactly("committed", "resumed");
    }

    @LoopTest
    void aFailureAfterTheValueIsAFailureAndTheValueIsUndelivered() {
        IllegalStateException failure = new IllegalStateException("commit failed");
        List<Object> undelivered = new ArrayList<>();
        Task<Object> task = Task.spawn(() -> await(source, undelivered::add));
        settle();
        source.next("row");
        source.fail(failure);
        assertThat(endOf(task)).isSameAs(failure);
        assertThat(undelivered).containsExactly("row");
    }

    // ---- cancelling

    @LoopTest
    void cancellingTheTaskCancelsTheSubscriptionBeforeTheTaskGoesOn(Trail trail) {
        Mono<Object> never = Mono.never().doOnCancel(() -> trail.mark("cancelled upstream"));
        Task<Object> task = Task.spawn(() -> {
            try {
                return await(never);
            } finally {
                trail.mark("task goes on");
            }
        });
        settle();
        task.cancel("enough");
        assertThat(endOf(task)).isInstanceOf(TaskCancelledException.class).hasMessage("enough");
        assertThat(task.isCancelled()).isTrue();
        assertThat(trail.marks()).containsExactly("cancelled upstream", "task goes on");
    }

    @LoopTest
    void aTaskCancelledBeforeItsAwaitNeverSubscribes() {
        Task<Object> task = Task.spawn(() -> {
            Task.current().cancel();
            return await(source);
        });
        endOf(task);
        assertThat(task.isCancelled()).isTrue();
        assertThat(source.isSubscribed()).isFalse();
    }

    @LoopTest
    void trapATimeoutThatNeverCancelsTheSource(Loop loop, VirtualClock clock) {
        assertThatThrownBy(() -> await(source.timeout(Duration.ofNanos(7), Reactor.scheduler(loop))))
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(TimeoutException.class);
        assertThat(source.cancelled).isTrue();
        assertThat(clock.elapsed()).isEqualTo(Duration.ofNanos(7));
    }

    @LoopTest(foreignThreads = true)
    void closingTheLoopCancelsTheSubscription() {
        ManualMono<Object> left = new ManualMono<>();
        Loop other = Loop.start("closing");
        Task<Object> task = other.spawn(() -> await(left));
        io.coloop.Await.blocking(() -> {
            while (!left.isSubscribed()) {
                Thread.onSpinWait();
            }
            other.close();
            return null;
        });
        assertThat(left.cancelled).isTrue();
        assertThat(task.isCancelled()).isTrue();
    }

    // ---- what can no longer be delivered

    private Task<Object> cancelled(Mono<Object> awaited) {
        Task<Object> task = Task.spawn(() -> await(awaited));
        settle();
        task.cancel();
        assertThat(endOf(task)).isInstanceOf(TaskCancelledException.class);
        return task;
    }

    @LoopTest
    void trapDroppingAValueThatArrivesAfterTheCancel() {
        Resource connection = new Resource();
        cancelled(source);
        source.complete(connection);
        settle();
        assertThat(connection.closed).isEqualTo(1);
    }

    @LoopTest
    void aLateValueGoesToTheCallerRatherThanBeClosed(Loop loop, VirtualClock clock) {
        Resource connection = new Resource();
        List<Object> undelivered = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        Thread own = await(Mono.fromSupplier(Thread::currentThread));
        Mono<Object> hooked = source.doOnDiscard(Resource.class, Resource::close);
        Task<Object> task = Task.spawn(() -> await(hooked, value -> {
            threads.add(Thread.currentThread());
            undelivered.add(value);
        }));
        settle();
        task.cancel();
        endOf(task);
        try (var thread = clock.foreign(loop)) {
            io.coloop.Await.blocking(() -> {
                source.complete(connection);
                return null;
            });
        }
        settle();
        assertThat(undelivered).containsExactly(connection);
        assertThat(threads).containsExactly(own);
        assertThat(connection.closed).isZero();
    }

    @LoopTest
    void aLateValueGoesToTheDiscardHookRatherThanBeClosed() {
        Resource connection = new Resource();
        List<Object> discarded = new ArrayList<>();
        cancelled(source.doOnDiscard(Object.class, discarded::add));
        source.complete(connection);
        settle();
        assertThat(discarded).containsExactly(connection);
        assertThat(connection.closed).isZero();
    }

    @LoopTest
    void aLateValueThatNobodyTakesIsReported(Reports reports) {
        cancelled(source);
        source.complete("late");
        settle();
        Report report = reports.takeOnly(Report.Kind.LATE_VALUE);
        assertThat(report.value()).isEqualTo("late");
        assertThat(report.message()).isEqualTo("of a Mono, a value came too late: late");
    }

    @LoopTest
    void aLateEmptyEndIsNothing() {
        cancelled(source);
        source.complete();
        settle();
    }

    @LoopTest
    void aValueInTheTurnOfTheCancelIsUndelivered() {
        List<Object> undelivered = new ArrayList<>();
        Task<Object> task = Task.spawn(() -> await(source, undelivered::add));
        settle();
        source.complete("value");
        task.cancel();
        assertThat(endOf(task)).isInstanceOf(TaskCancelledException.class);
        settle();
        assertThat(undelivered).containsExactly("value");
    }

    @LoopTest
    void aValueWhoseMonoHasNotEndedWhenTheTaskIsCancelledIsUndelivered() {
        List<Object> undelivered = new ArrayList<>();
        Task<Object> task = Task.spawn(() -> await(source, undelivered::add));
        settle();
        source.next("value");
        task.cancel();
        endOf(task);
        source.complete();
        settle();
        assertThat(undelivered).containsExactly("value");
    }

    @LoopTest
    void aReceiverThatThrowsIsReported(Reports reports) {
        IllegalStateException broken = new IllegalStateException("broken receiver");
        Task<Object> task = Task.spawn(() -> await(source, value -> {
            throw broken;
        }));
        settle();
        task.cancel();
        endOf(task);
        source.complete("late");
        settle();
        Report report = reports.takeOnly(Report.Kind.CALLBACK_FAILED);
        assertThat(report.failure()).isSameAs(broken);
        assertThat(report.value()).isEqualTo("late");
    }

    @LoopTest
    void anErrorAfterTheCancelGoesToReactorsHookAndTheLoop(Reports reports) {
        IOException failure = new IOException("late");
        cancelled(source);
        source.fail(failure);
        assertThat(dropped.takeErrors()).containsExactly(failure);
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
    }

    @LoopTest
    void anErrorInTheTurnOfTheCancelGoesToReactorsHookAndTheLoop(Reports reports) {
        IOException failure = new IOException("late");
        Task<Object> task = Task.spawn(() -> await(source));
        settle();
        source.fail(failure);
        task.cancel();
        assertThat(endOf(task)).isInstanceOf(TaskCancelledException.class);
        settle();
        assertThat(dropped.takeErrors()).containsExactly(failure);
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
    }

    @LoopTest
    void aCancellationInAnswerToTheCancelIsWhatWasAskedFor() {
        cancelled(source);
        source.fail(new CancellationException("as you wish"));
    }

    @LoopTest
    void anErrorAfterTheEndGoesToReactorsHookAndTheLoop(Reports reports) {
        IOException failure = new IOException("second");
        Task<Object> task = Task.spawn(() -> await(source));
        settle();
        source.complete("value");
        source.fail(failure);
        assertThat(await(task)).isEqualTo("value");
        assertThat(dropped.takeErrors()).containsExactly(failure);
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
    }

    // ---- context, misuse, blocking

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
        String seen = Loop.builder().contextCapture(capture).run(() -> {
            mdc.set("request 7");
            return await(Mono.fromSupplier(mdc::get));
        });
        assertThat(seen).isEqualTo("request 7");
    }

    @Test
    void outsideATaskItIsMisuse() {
        assertThatThrownBy(() -> await(Mono.just("value")))
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageStartingWith("only a task may await\n  call:   await(Mono)\n");
    }

    @LoopTest
    void inACallbackItIsMisuse(Loop loop) {
        Promise<Throwable> thrown = Promise.create();
        loop.callSoon(() -> {
            try {
                await(Mono.just("value"));
            } catch (LoopMisuseException misuse) {
                thrown.complete(misuse);
            }
        });
        assertThat(await(thrown.future())).hasMessageContaining("only a task may await");
    }

    @LoopTest
    void nullIsRefusedByName() {
        assertThatThrownBy(() -> await((Mono<String>) null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("mono");
        assertThatThrownBy(() -> await(Mono.empty(), (Consumer<Object>) null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("onUndelivered");
    }

    @LoopTest
    void blockThrowsInATask() {
        Mono<String> never = Sinks.<String>one().asMono();
        assertThatThrownBy(never::block)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("blocking, which is not supported");
        assertThatThrownBy(() -> Flux.never().blockFirst()).isInstanceOf(IllegalStateException.class);
    }

    @LoopTest
    void blockThrowsOnTheLoopsThread() {
        Mono<Object> blocking = Mono.fromSupplier(() -> Sinks.one().asMono().block());
        assertThatThrownBy(() -> await(blocking))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("blocking, which is not supported");
    }

    @LoopTest
    void blockIsAllowedOnTheThreadsOfBlockingJobs() {
        assertThat(io.coloop.Await.<String>blocking(() -> Mono.just("value").block()))
                .isEqualTo("value");
    }
}
