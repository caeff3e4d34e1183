package io.coloop.rx;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static io.coloop.rx.Rx.maybe;
import static io.coloop.rx.Rx.maybeOwning;
import static io.coloop.rx.Rx.single;
import static io.coloop.rx.Rx.singleOwning;
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
import io.reactivex.rxjava3.core.Maybe;
import io.reactivex.rxjava3.disposables.Disposable;
import io.reactivex.rxjava3.observers.TestObserver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A Single, Maybe and Completable from a future, owning or not: each question of the bridge contract, and the traps that apply. */
class FromFutureTest {
    @RegisterExtension
    final Dropped dropped = new Dropped();

    private static void settle() {
        for (int turn = 0; turn < 5; turn++) {
            yieldNow();
        }
    }

    @LoopTest
    void givesTheSameToEachSubscriber() {
        for (Produced kind : Produced.values()) {
            Trail trail = new Trail();
            Task<String> hot = Task.spawn(() -> {
                trail.mark("ran");
                return "value";
            });
            TestObserver<String> first = kind.hot(hot).test();
            settle();
            TestObserver<String> second = kind.hot(hot).test();
            settle();
            for (TestObserver<String> observer : List.of(first, second)) {
                observer.assertComplete().assertValueCount(kind.hasValue() ? 1 : 0);
            }
            assertThat(trail.marks()).containsExactly("ran");
        }
    }

    @Test
    @ExtendWith(LoopExtension.class)
    void fromAnotherThread(Loop loop) throws Exception {
        for (Produced kind : Produced.values()) {
            Promise<String> promise = loop.promise();
            AtomicReference<Loop> seen = new AtomicReference<>();
            TestObserver<String> observer = kind.hot(promise.future())
                    .doOnTerminate(() -> seen.set(Loop.currentOrNull()))
                    .test();
            promise.complete("value");
            assertThat(observer.await(30, TimeUnit.SECONDS)).isTrue();
            observer.assertComplete();
            assertThat(seen.get()).isSameAs(loop);
        }
    }

    @LoopTest
    void nullIsAnErrorOfASingleAndEmptyForTheOthers() {
        Future<String> nothing = Future.completed(null);
        TestObserver<String> single = single(nothing).test();
        TestObserver<String> owning = singleOwning(nothing).test();
        TestObserver<String> maybe = maybe(nothing).test();
        TestObserver<String> completable = Produced.COMPLETABLE.hot(nothing).test();
        settle();
        single.assertFailure(NullPointerException.class);
        owning.assertFailure(NullPointerException.class);
        maybe.assertResult();
        completable.assertResult();
    }

    @LoopTest
    void aFutureThatIsDoneDoesNotSignalInsideSubscribe() {
        for (Produced kind : Produced.values()) {
            TestObserver<String> observer = kind.hot(Future.completed("value")).test();
            observer.assertEmpty();
            settle();
            observer.assertComplete();
        }
    }

    @LoopTest
    void aFailureIsTheSameInstanceAndCountsAsObserved() {
        for (Produced kind : Produced.values()) {
            IOException failure = new IOException("broken");
            TestObserver<Object> observer = kind.hot(Future.failed(failure)).test();
            settle();
            observer.assertError(seen -> seen == failure);
        }
    }

    @LoopTest
    void aDerivedStagesFailureComesWithoutItsWrapper() {
        IOException failure = new IOException("broken");
        TestObserver<String> observer = maybe(Future.<String>failed(failure).thenApply(value -> value + "!"))
                .test();
        settle();
        observer.assertError(seen -> seen == failure);
    }

    @LoopTest
    void aCancelledFutureIsAFailure() {
        for (Produced kind : Produced.values()) {
            Promise<String> promise = Promise.create();
            AtomicReference<Throwable> seen = new AtomicReference<>();
            kind.hot(promise.future()).doOnError(seen::set).test().assertNotComplete();
            promise.future().cancel("by somebody else");
            settle();
            assertThat(seen.get())
                    .isExactlyInstanceOf(CancellationException.class)
                    .hasMessage("by somebody else");
        }
    }

    @LoopTest
    void trapAFutureKilledForAllByOneSubscriber() {
        for (Produced kind : Produced.values()) {
            Promise<String> promise = Promise.create();
            Maybe<String> view = kind.hot(promise.future());
            TestObserver<String> leaving = view.test();
            TestObserver<String> staying = view.test();
            leaving.dispose();
            settle();
            assertThat(promise.isDone()).isFalse();
            promise.complete("value");
            settle();
            leaving.assertEmpty();
            staying.assertComplete();
        }
    }

    @LoopTest
    void theLastSubscriberThatLeavesDoesNotCancelItEither() {
        for (Produced kind : Produced.values()) {
            Promise<Resource> promise = Promise.create();
            Resource connection = new Resource();
            kind.hot(promise.future()).subscribe().dispose();
            settle();
            assertThat(promise.complete(connection)).isTrue();
            settle();
            assertThat(connection.closed).as("it is still in the future").isZero();
            assertThat(await(promise.future())).isSameAs(connection);
        }
    }

    @LoopTest
    void anErrorThatNobodyElseLooksAtIsReported(Reports reports) {
        for (Produced kind : Produced.values()) {
            IOException failure = new IOException("late");
            Promise<String> promise = Promise.create();
            kind.hot(promise.future()).subscribe().dispose();
            promise.fail(failure);
            settle();
            assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure())
                    .isSameAs(failure);
        }
    }

    @LoopTest
    void aCancellationAfterTheDisposalIsNothing() {
        for (Produced kind : Produced.values()) {
            Promise<String> promise = Promise.create();
            kind.hot(promise.future()).subscribe().dispose();
            promise.future().cancel();
            settle();
        }
    }

    // ---- owning

    @LoopTest
    void owningCancelsTheFuture() {
        for (Produced kind : Produced.values()) {
            Trail trail = new Trail();
            Promise<String> promise = Promise.create();
            promise.onCancel(() -> trail.mark("cancelled"));
            Maybe<String> owning = kind.owning(promise.future());
            AtomicReference<Throwable> other = new AtomicReference<>();
            owning.doOnError(other::set).test().assertNotComplete();
            owning.subscribe().dispose();
            settle();
            assertThat(trail.marks()).containsExactly("cancelled");
            assertThat(other.get())
                    .isExactlyInstanceOf(CancellationException.class)
                    .hasMessage("its subscriber disposed of it");
        }
    }

    @LoopTest
    void owningItAValueThatComesTooLateIsUndelivered() {
        for (Produced kind : List.of(Produced.SINGLE, Produced.MAYBE)) {
            Resource connection = new Resource();
            Promise<Resource> promise = Promise.create();
            Disposable subscription = kind.owning(promise.future()).subscribe();
            promise.complete(connection);
            subscription.dispose();
            settle();
            assertThat(connection.closed).isEqualTo(1);
        }
    }

    @LoopTest
    void owningItAValueThatComesTooLateGoesToTheCallerFirst() {
        List<Object> undelivered = new ArrayList<>();
        Promise<Object> first = Promise.create();
        Promise<Object> second = Promise.create();
        List<Disposable> subscriptions = List.of(
                singleOwning(first.future(), undelivered::add).subscribe(),
                maybeOwning(second.future(), undelivered::add).subscribe());
        first.complete("first");
        second.complete("second");
        subscriptions.forEach(Disposable::dispose);
        settle();
        assertThat(undelivered).containsExactly("first", "second");
    }

    @LoopTest
    void aCompletableIgnoresTheValueHoweverLate() {
        Promise<String> promise = Promise.create();
        Disposable subscription = Rx.completableOwning(promise.future()).subscribe();
        promise.complete("ignored");
        subscription.dispose();
        settle();
    }

    @LoopTest
    void nullIsRefusedByName() {
        for (Produced kind : Produced.values()) {
            assertThatThrownBy(() -> kind.hot(null)).hasMessage("future");
            assertThatThrownBy(() -> kind.owning(null)).hasMessage("future");
        }
        assertThatThrownBy(() -> singleOwning(Future.completed("value"), null)).hasMessage("onUndelivered");
        assertThatThrownBy(() -> maybeOwning(Future.completed("value"), null)).hasMessage("onUndelivered");
    }
}
