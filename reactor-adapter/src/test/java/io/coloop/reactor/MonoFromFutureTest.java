package io.coloop.reactor;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static io.coloop.reactor.Reactor.mono;
import static io.coloop.reactor.Reactor.monoOwning;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.test.LoopExtension;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

/** {@code mono(future)} and {@code monoOwning(future)}: each question of the bridge contract, and the traps that apply. */
class MonoFromFutureTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @RegisterExtension
    final Dropped dropped = new Dropped();

    private static void settle() {
        for (int turn = 0; turn < 5; turn++) {
            yieldNow();
        }
    }

    @LoopTest
    void givesTheSameToEachSubscriber(Trail trail) {
        Task<String> hot = Task.spawn(() -> {
            trail.mark("ran");
            return "value";
        });
        Mono<String> view = mono(hot);
        List<String> seen = new ArrayList<>();
        view.subscribe(seen::add);
        settle();
        view.subscribe(seen::add);
        settle();
        assertThat(seen).containsExactly("value", "value");
        assertThat(trail.marks()).containsExactly("ran");
    }

    @Test
    @ExtendWith(LoopExtension.class)
    void fromAnotherThread(Loop loop) {
        Promise<String> promise = loop.promise();
        StepVerifier.create(mono(promise.future())
                        .doOnNext(value -> assertThat(loop.isOnLoop()).isTrue()))
                .then(() -> promise.complete("value"))
                .expectNext("value")
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    @ExtendWith(LoopExtension.class)
    void nullIsEmpty(Loop loop) {
        Promise<String> promise = loop.promise();
        promise.complete(null);
        StepVerifier.create(mono(promise.future())).expectComplete().verify(LIMIT);
        StepVerifier.create(monoOwning(promise.future())).expectComplete().verify(LIMIT);
    }

    @LoopTest
    void aFutureThatIsDoneDoesNotSignalInsideSubscribe(Trail trail) {
        mono(Future.completed("value")).subscribe(trail::mark);
        assertThat(trail.marks()).isEmpty();
        settle();
        assertThat(trail.marks()).containsExactly("value");
    }

    @LoopTest
    void aFailureIsTheSameInstanceAndCountsAsObserved() {
        IOException failure = new IOException("broken");
        AtomicReference<Throwable> seen = new AtomicReference<>();
        mono(Future.failed(failure)).subscribe(value -> {}, seen::set);
        settle();
        assertThat(seen.get()).isSameAs(failure);
    }

    @LoopTest
    void aDerivedStagesFailureComesWithoutItsWrapper() {
        IOException failure = new IOException("broken");
        AtomicReference<Throwable> seen = new AtomicReference<>();
        Future<String> derived = Future.<String>failed(failure).thenApply(value -> value + "!");
        mono(derived).subscribe(value -> {}, seen::set);
        settle();
        assertThat(seen.get()).isSameAs(failure);
    }

    @LoopTest
    void aCancelledFutureIsAFailure() {
        Promise<String> promise = Promise.create();
        AtomicReference<Throwable> seen = new AtomicReference<>();
        mono(promise.future()).subscribe(value -> {}, seen::set);
        promise.future().cancel("by somebody else");
        settle();
        assertThat(seen.get()).isExactlyInstanceOf(CancellationException.class).hasMessage("by somebody else");
    }

    @LoopTest
    void trapAFutureKilledForAllByOneSubscriber() {
        Promise<String> promise = Promise.create();
        List<String> seen = new ArrayList<>();
        Mono<String> view = mono(promise.future());
        Disposable leaving = view.subscribe(value -> seen.add("leaving " + value));
        view.subscribe(value -> seen.add("staying " + value));
        leaving.dispose();
        settle();
        assertThat(promise.isDone()).isFalse();
        promise.complete("value");
        settle();
        assertThat(seen).containsExactly("staying value");
    }

    @LoopTest
    void theLastSubscriberThatLeavesDoesNotCancelItEither() {
        Promise<Resource> promise = Promise.create();
        Resource connection = new Resource();
        mono(promise.future()).subscribe().dispose();
        settle();
        assertThat(promise.complete(connection)).isTrue();
        settle();
        assertThat(connection.closed).as("it is still in the future").isZero();
        assertThat(await(promise.future())).isSameAs(connection);
    }

    @LoopTest
    void aValueThatWaitsForDemandStaysInTheFuture() {
        Resource connection = new Resource();
        MonoFromBodyTest.Recorder<Resource> recorder = new MonoFromBodyTest.Recorder<>(new Trail(), Context.empty());
        mono(Future.completed(connection)).subscribe(recorder);
        settle();
        recorder.cancel();
        settle();
        assertThat(connection.closed).isZero();
    }

    @LoopTest
    void anErrorThatNobodyElseLooksAtIsReported(Reports reports) {
        IOException failure = new IOException("late");
        Promise<String> promise = Promise.create();
        mono(promise.future()).subscribe().dispose();
        promise.fail(failure);
        settle();
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(failure);
    }

    @LoopTest
    void subscribersThatLeaveHearNothingOfAnErrorThatSomebodySees() {
        IOException failure = new IOException("seen");
        Promise<String> promise = Promise.create();
        for (int i = 0; i < 100; i++) {
            mono(promise.future()).subscribe().dispose();
        }
        List<Throwable> seen = new ArrayList<>();
        mono(promise.future()).subscribe(value -> {}, seen::add);
        promise.fail(failure);
        settle();
        assertThat(seen).containsExactly(failure);
    }

    @LoopTest
    void aCancellationAfterTheCancelIsNothing() {
        Promise<String> promise = Promise.create();
        mono(promise.future()).subscribe().dispose();
        promise.future().cancel();
        settle();
    }

    // ---- owning

    @LoopTest
    void owningCancelsTheFuture(Trail trail) {
        Promise<String> promise = Promise.create();
        promise.onCancel(() -> trail.mark("cancelled"));
        Mono<String> owning = monoOwning(promise.future());
        AtomicReference<Throwable> other = new AtomicReference<>();
        owning.subscribe(value -> {}, other::set);
        owning.subscribe().dispose();
        settle();
        assertThat(trail.marks()).containsExactly("cancelled");
        assertThat(other.get()).isExactlyInstanceOf(CancellationException.class).hasMessage("its subscriber cancelled");
    }

    @LoopTest
    void owningItAValueThatComesTooLateIsUndelivered() {
        Resource connection = new Resource();
        List<Object> undelivered = new ArrayList<>();
        Promise<Resource> closing = Promise.create();
        Promise<Object> giving = Promise.create();
        Disposable first = monoOwning(closing.future()).subscribe();
        Disposable second = monoOwning(giving.future(), undelivered::add).subscribe();
        closing.complete(connection);
        giving.complete("value");
        first.dispose();
        second.dispose();
        settle();
        assertThat(connection.closed).isEqualTo(1);
        assertThat(undelivered).containsExactly("value");
    }

    @LoopTest
    void nullIsRefusedByName() {
        assertThatThrownBy(() -> mono((Future<String>) null)).hasMessage("future");
        assertThatThrownBy(() -> monoOwning(null)).hasMessage("future");
        assertThatThrownBy(() -> monoOwning(Future.completed("value"), null)).hasMessage("onUndelivered");
    }
}
