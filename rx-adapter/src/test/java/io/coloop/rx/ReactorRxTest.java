package io.coloop.rx;

import static io.coloop.rx.ReactorRx.completable;
import static io.coloop.rx.ReactorRx.flowable;
import static io.coloop.rx.ReactorRx.flux;
import static io.coloop.rx.ReactorRx.maybe;
import static io.coloop.rx.ReactorRx.mono;
import static io.coloop.rx.ReactorRx.single;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Await;
import io.coloop.ContextVar;
import io.coloop.Loop;
import io.coloop.Promise;
import io.coloop.Task;
import io.coloop.reactor.Reactor;
import io.coloop.test.LoopTest;
import io.reactivex.rxjava3.core.Completable;
import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.core.Maybe;
import io.reactivex.rxjava3.core.Single;
import io.reactivex.rxjava3.core.SingleObserver;
import io.reactivex.rxjava3.disposables.Disposable;
import io.reactivex.rxjava3.exceptions.ProtocolViolationException;
import io.reactivex.rxjava3.observers.TestObserver;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import io.reactivex.rxjava3.subscribers.TestSubscriber;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** Mono and Flux to Single, Maybe, Completable and Flowable and back: each question of the bridge contract, and the traps that apply. */
class ReactorRxTest {
    @RegisterExtension
    final Dropped dropped = new Dropped();

    @RegisterExtension
    final ReactorDropped reactorDropped = new ReactorDropped();

    /** A Mono that a test drives by hand, also against the rules. */
    private static final class ManualMono<T> extends Mono<T> implements Subscription {
        CoreSubscriber<? super T> subscriber;
        boolean cancelled;
        long requested;

        @Override
        public void subscribe(CoreSubscriber<? super T> subscriber) {
            this.subscriber = subscriber;
            subscriber.onSubscribe(this);
        }

        @Override
        public void request(long n) {
            requested += n;
        }

        @Override
        public void cancel() {
            cancelled = true;
        }
    }

    /** A Single that a test drives by hand, also against the rules. */
    private static final class ManualSingle<T> extends Single<T> {
        SingleObserver<? super T> observer;
        final Disposable subscription = Disposable.empty();

        @Override
        protected void subscribeActual(SingleObserver<? super T> observer) {
            this.observer = observer;
            observer.onSubscribe(subscription);
        }
    }

    /** A subscriber of Reactor that asks for nothing by itself, with a context. */
    private static class Probe<T> extends BaseSubscriber<T> {
        final List<Object> signals = new ArrayList<>();
        private final Context context;

        Probe() {
            this(Context.empty());
        }

        Probe(Context context) {
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
            signals.add(value);
        }

        @Override
        protected void hookOnError(Throwable failure) {
            signals.add(failure);
        }

        @Override
        protected void hookOnComplete() {
            signals.add("complete");
        }
    }

    // ---- values, empty, failures

    @Test
    void values() {
        single(Mono.just(1)).test().assertResult(1);
        maybe(Mono.just(1)).test().assertResult(1);
        completable(Mono.just(1)).test().assertResult();
        flowable(Mono.just(1)).test().assertResult(1);
        flowable(Flux.range(1, 5)).test().assertResult(1, 2, 3, 4, 5);
        assertThat(mono(Single.just(1)).block()).isEqualTo(1);
        assertThat(mono(Maybe.just(1)).block()).isEqualTo(1);
        assertThat(mono(Completable.complete()).block()).isNull();
        assertThat(flux(Flowable.range(1, 5)).collectList().block()).containsExactly(1, 2, 3, 4, 5);
    }

    @Test
    void empty() {
        single(Mono.empty())
                .test()
                .assertError(failure -> failure instanceof NoSuchElementException
                        && "the Mono completed without a value".equals(failure.getMessage()));
        maybe(Mono.empty()).test().assertResult();
        completable(Mono.empty()).test().assertResult();
        flowable(Mono.empty()).test().assertResult();
        flowable(Flux.empty()).test().assertResult();
        assertThat(mono(Maybe.empty()).blockOptional()).isEmpty();
        assertThat(flux(Flowable.empty()).collectList().block()).isEmpty();
    }

    @Test
    void failuresAreTheSameInstance() {
        IOException failure = new IOException("broken");
        single(Mono.error(failure)).test().assertError(error -> error == failure);
        maybe(Mono.error(failure)).test().assertError(error -> error == failure);
        completable(Mono.error(failure)).test().assertError(error -> error == failure);
        flowable(Mono.error(failure)).test().assertError(error -> error == failure);
        flowable(Flux.error(failure)).test().assertError(error -> error == failure);
        for (Mono<?> converted :
                List.of(mono(Single.error(failure)), mono(Maybe.error(failure)), mono(Completable.error(failure)))) {
            Probe<Object> probe = new Probe<>();
            converted.subscribe(probe);
            assertThat(probe.signals).as("without demand").containsExactly(failure);
        }
        Probe<Object> probe = new Probe<>();
        flux(Flowable.error(failure)).subscribe(probe);
        assertThat(probe.signals).containsExactly(failure);
    }

    @Test
    void trapResumingAtTheValueBeforeTheEnd() {
        IllegalStateException notCommitted = new IllegalStateException("the commit failed");
        ManualMono<Resource> source = new ManualMono<>();
        TestObserver<Resource> single = single(source).test();
        assertThat(source.requested).isEqualTo(Long.MAX_VALUE);
        Resource value = new Resource();
        source.subscriber.onNext(value);
        single.assertNoValues();
        source.subscriber.onError(notCommitted);
        single.assertNoValues().assertError(notCommitted);
        assertThat(value.closed).isEqualTo(1);
        TestObserver<Resource> maybe = maybe(source).test();
        source.subscriber.onNext(value);
        maybe.assertNoValues();
        source.subscriber.onComplete();
        maybe.assertResult(value);
    }

    // ---- start, demand

    @Test
    void coldStaysCold() {
        AtomicInteger subscriptions = new AtomicInteger();
        Single<Integer> single = single(Mono.fromCallable(subscriptions::incrementAndGet));
        Mono<Integer> mono = mono(Single.fromCallable(subscriptions::incrementAndGet));
        assertThat(subscriptions).hasValue(0);
        single.test().assertResult(1);
        single.test().assertResult(2);
        assertThat(mono.block()).isEqualTo(3);
        assertThat(mono.block()).isEqualTo(4);
    }

    @Test
    void aMonosValueWaitsForDemand() {
        for (Mono<Integer> converted : List.of(mono(Single.just(1)), mono(Maybe.just(1)))) {
            Probe<Integer> probe = new Probe<>();
            converted.subscribe(probe);
            assertThat(probe.signals).isEmpty();
            probe.request(1);
            assertThat(probe.signals).containsExactly(1, "complete");
            probe.request(1);
            assertThat(probe.signals).hasSize(2);
        }
        ManualSingle<Integer> source = new ManualSingle<>();
        Probe<Integer> probe = new Probe<>();
        mono(source).subscribe(probe);
        probe.request(1);
        probe.request(1);
        assertThat(probe.signals).isEmpty();
        source.observer.onSuccess(7);
        assertThat(probe.signals).containsExactly(7, "complete");
    }

    @Test
    void demandPassesBetweenFluxAndFlowable() {
        List<Long> requests = new ArrayList<>();
        TestSubscriber<Integer> subscriber = new TestSubscriber<>(2);
        flowable(Flux.range(1, 10).doOnRequest(requests::add)).subscribe(subscriber);
        subscriber.assertValues(1, 2);
        subscriber.request(3);
        subscriber.assertValues(1, 2, 3, 4, 5);
        assertThat(requests).containsExactly(2L, 3L);
        requests.clear();
        Probe<Integer> probe = new Probe<>();
        flux(Flowable.range(1, 10).doOnRequest(requests::add)).subscribe(probe);
        probe.request(2);
        probe.request(3);
        assertThat(probe.signals).containsExactly(1, 2, 3, 4, 5);
        assertThat(requests).containsExactly(2L, 3L);
        probe.cancel();
    }

    // ---- cancel

    @Test
    void trapAnAdapterThatNeverCancelsItsSource() {
        ManualMono<Object> mono = new ManualMono<>();
        List<Disposable> subscriptions = List.of(single(mono).subscribe());
        subscriptions.get(0).dispose();
        assertThat(mono.cancelled).isTrue();
        assertThat(subscriptions.get(0).isDisposed()).isTrue();
        ManualMono<Object> second = new ManualMono<>();
        maybe(second).subscribe().dispose();
        assertThat(second.cancelled).isTrue();
        ManualMono<Object> third = new ManualMono<>();
        completable(third).subscribe().dispose();
        assertThat(third.cancelled).isTrue();
        ManualMono<Object> fourth = new ManualMono<>();
        flowable(fourth).subscribe().dispose();
        assertThat(fourth.cancelled).isTrue();
        AtomicInteger cancels = new AtomicInteger();
        flowable(Flux.never().doOnCancel(cancels::incrementAndGet)).subscribe().dispose();
        mono(Single.never().doOnDispose(cancels::incrementAndGet)).subscribe().dispose();
        mono(Maybe.never().doOnDispose(cancels::incrementAndGet)).subscribe().dispose();
        mono(Completable.never().doOnDispose(cancels::incrementAndGet))
                .subscribe()
                .dispose();
        flux(Flowable.never().doOnCancel(cancels::incrementAndGet)).subscribe().dispose();
        assertThat(cancels).hasValue(5);
    }

    @Test
    void disposedOfInOnSubscribe() {
        ManualMono<Object> mono = new ManualMono<>();
        single(mono).test(true).assertEmpty();
        assertThat(mono.cancelled).isTrue();
        ManualSingle<Object> single = new ManualSingle<>();
        mono(single).subscribe(new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                cancel();
            }
        });
        assertThat(single.subscription.isDisposed()).isTrue();
    }

    @Test
    void aTimeoutCancels() {
        ManualSingle<Object> single = new ManualSingle<>();
        mono(single).take(java.time.Duration.ofNanos(1)).block();
        assertThat(single.subscription.isDisposed()).isTrue();
    }

    // ---- what can no longer be delivered

    @Test
    void trapDroppingAValueThatArrivesAfterTheCancel() {
        Resource late = new Resource();
        ManualMono<Resource> mono = new ManualMono<>();
        single(mono).subscribe().dispose();
        mono.subscriber.onNext(late);
        maybe(mono).subscribe().dispose();
        mono.subscriber.onNext(late);
        flowable(mono).subscribe().dispose();
        mono.subscriber.onNext(late);
        ManualSingle<Resource> single = new ManualSingle<>();
        mono(single).subscribe().dispose();
        single.observer.onSuccess(late);
        ManualStream.OfFlowable<Resource> flowable = new ManualStream.OfFlowable<>();
        flux(flowable).subscribe().dispose();
        flowable.next(late);
        assertThat(late.closed).isEqualTo(5);
    }

    @Test
    void aValueThatIsHeldAtTheCancel() {
        Resource held = new Resource();
        ManualMono<Resource> mono = new ManualMono<>();
        Disposable subscription = single(mono).subscribe();
        mono.subscriber.onNext(held);
        subscription.dispose();
        assertThat(held.closed).isEqualTo(1);
        ManualSingle<Resource> single = new ManualSingle<>();
        Probe<Resource> probe = new Probe<>();
        mono(single).subscribe(probe);
        single.observer.onSuccess(held);
        probe.cancel();
        assertThat(held.closed).isEqualTo(2);
    }

    @Test
    void aLateValueGoesToTheDiscardHookOfTheContext() {
        List<Object> discarded = new ArrayList<>();
        Resource late = new Resource();
        ManualSingle<Resource> source = new ManualSingle<>();
        reactor.core.Disposable subscription =
                mono(source).doOnDiscard(Resource.class, discarded::add).subscribe();
        subscription.dispose();
        source.observer.onSuccess(late);
        assertThat(discarded).containsExactly(late);
        assertThat(late.closed).isZero();
    }

    @Test
    void aLateValueThatNobodyTakesGoesToReactorsHook() {
        ManualSingle<Integer> single = new ManualSingle<>();
        mono(single).subscribe().dispose();
        single.observer.onSuccess(7);
        ManualMono<Integer> mono = new ManualMono<>();
        maybe(mono).subscribe().dispose();
        mono.subscriber.onNext(8);
        assertThat(reactorDropped.takeValues()).containsExactly(7, 8);
    }

    @Test
    void aLateResourceThatCannotBeClosedGoesToReactorsHook() {
        IOException failure = new IOException("cannot be closed");
        AutoCloseable late = () -> {
            throw failure;
        };
        ManualSingle<AutoCloseable> single = new ManualSingle<>();
        mono(single).subscribe().dispose();
        single.observer.onSuccess(late);
        assertThat(reactorDropped.takeErrors()).containsExactly(failure);
    }

    @Test
    void anErrorAfterTheCancelGoesToTheHookOfTheLibraryThatMadeIt() {
        IOException failure = new IOException("late");
        ManualMono<Object> mono = new ManualMono<>();
        single(mono).subscribe().dispose();
        mono.subscriber.onError(failure);
        maybe(mono).subscribe().dispose();
        mono.subscriber.onError(failure);
        completable(mono).subscribe().dispose();
        mono.subscriber.onError(failure);
        flowable(mono).subscribe().dispose();
        mono.subscriber.onError(failure);
        assertThat(reactorDropped.takeErrors()).containsExactly(failure, failure, failure, failure);
        ManualSingle<Object> single = new ManualSingle<>();
        mono(single).subscribe().dispose();
        single.observer.onError(failure);
        ManualStream.OfFlowable<Object> flowable = new ManualStream.OfFlowable<>();
        flux(flowable).subscribe().dispose();
        flowable.fail(failure);
        assertThat(dropped.takeErrors()).containsExactly(failure, failure);
    }

    @Test
    void aCancellationInAnswerToTheCancelIsWhatWasAskedFor() {
        CancellationException answer = new CancellationException("as you wish");
        ManualMono<Object> mono = new ManualMono<>();
        single(mono).subscribe().dispose();
        mono.subscriber.onError(answer);
        ManualSingle<Object> single = new ManualSingle<>();
        mono(single).subscribe().dispose();
        single.observer.onError(answer);
    }

    @Test
    void endsAfterTheCancelAreNothing() {
        ManualMono<Object> mono = new ManualMono<>();
        maybe(mono).subscribe().dispose();
        mono.subscriber.onComplete();
        flowable(mono).subscribe().dispose();
        mono.subscriber.onComplete();
        ManualMaybe<Object> maybe = new ManualMaybe<>();
        mono(maybe).subscribe().dispose();
        maybe.complete();
    }

    // ---- sources that break the rules

    @Test
    void nullBreaksTheRules() {
        ManualSingle<Object> single = new ManualSingle<>();
        Probe<Object> probe = new Probe<>();
        mono(single).subscribe(probe);
        Object nothing = null;
        single.observer.onSuccess(nothing);
        assertThat(probe.signals).singleElement().isInstanceOf(NullPointerException.class);
        ManualMono<Object> mono = new ManualMono<>();
        single(mono).subscribe();
        assertThatThrownBy(() -> mono.subscriber.onNext(null)).isInstanceOf(NullPointerException.class);
        ManualStream.OfFlowable<Object> flowable = new ManualStream.OfFlowable<>();
        flux(flowable).subscribe();
        assertThatThrownBy(() -> flowable.next(null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void aSecondSubscriptionIsCancelled() {
        ManualSingle<Integer> single = new ManualSingle<>();
        Probe<Integer> probe = new Probe<>();
        mono(single).subscribe(probe);
        Disposable second = Disposable.empty();
        single.observer.onSubscribe(second);
        assertThat(second.isDisposed()).isTrue();
        assertThat(single.subscription.isDisposed()).isFalse();
        assertThat(dropped.takeErrors()).singleElement().isInstanceOf(ProtocolViolationException.class);

        ManualMono<Integer> mono = new ManualMono<>();
        TestObserver<Integer> observer = maybe(mono).test();
        ManualMono<Integer> other = new ManualMono<>();
        mono.subscriber.onSubscribe(other);
        assertThat(other.cancelled).isTrue();
        mono.subscriber.onNext(1);
        mono.subscriber.onComplete();
        observer.assertResult(1);

        ManualStream.OfFlowable<Integer> flowable = new ManualStream.OfFlowable<>();
        flux(flowable).subscribe();
        flowable.subscribeAgain();
        assertThat(dropped.takeErrors()).singleElement().isInstanceOf(ProtocolViolationException.class);
    }

    @Test
    void moreThanOneValueOfAMonoIsDroppedAndSignalsAfterTheEndAreLate() {
        IOException failure = new IOException("after the end");
        ManualMono<Integer> mono = new ManualMono<>();
        TestObserver<Integer> observer = single(mono).test();
        mono.subscriber.onNext(1);
        mono.subscriber.onNext(2);
        mono.subscriber.onComplete();
        mono.subscriber.onComplete();
        mono.subscriber.onError(failure);
        observer.assertResult(1);
        assertThat(reactorDropped.takeValues()).containsExactly(2);
        assertThat(reactorDropped.takeErrors()).containsExactly(failure);

        ManualSingle<Integer> single = new ManualSingle<>();
        Probe<Integer> probe = new Probe<>();
        mono(single).subscribe(probe);
        single.observer.onSuccess(1);
        single.observer.onSuccess(2);
        single.observer.onError(failure);
        probe.request(1);
        assertThat(probe.signals).containsExactly(1, "complete");
        assertThat(reactorDropped.takeValues()).containsExactly(2);
        assertThat(dropped.takeErrors()).containsExactly(failure);
    }

    @Test
    void demandOf0OrLessIsRefusedByTheLibraries() {
        List<Throwable> errors = new ArrayList<>();
        flowable(Flux.range(1, 3)).subscribe(new Plain(-1, errors));
        flux(Flowable.range(1, 3)).subscribe(new Plain(-1, errors));
        mono(Single.just(1)).subscribe(new Plain(-1, errors));
        assertThat(errors).hasSize(3).hasOnlyElementsOfType(IllegalArgumentException.class);
        assertThat(reactorDropped.takeValues())
                .as("held for demand that never came")
                .containsExactly(1);
    }

    // ---- there and back

    @Test
    void whatIsConvertedBackIsItself() {
        Mono<Integer> mono = Mono.just(1);
        Flux<Integer> flux = Flux.just(1);
        Single<Integer> single = Single.just(1);
        Maybe<Integer> maybe = Maybe.just(1);
        Completable completable = Completable.complete();
        Flowable<Integer> flowable = Flowable.just(1);
        assertThat(mono(maybe(mono))).isSameAs(mono);
        assertThat(flux(flowable(flux))).isSameAs(flux);
        assertThat(single(mono(single))).isSameAs(single);
        assertThat(maybe(mono(maybe))).isSameAs(maybe);
        assertThat(completable(mono(completable))).isSameAs(completable);
        assertThat(flowable(flux(flowable))).isSameAs(flowable);
    }

    @Test
    void whatWouldLoseARuleIsConverted() {
        assertThatThrownBy(() -> mono(single(Mono.empty())).block()).isInstanceOf(NoSuchElementException.class);
        assertThat(mono(completable(Mono.just(1))).blockOptional()).isEmpty();
        single(mono(Maybe.empty())).test().assertFailure(NoSuchElementException.class);
        maybe(mono(Single.just(1))).test().assertResult(1);
        completable(mono(Single.just(1))).test().assertResult();
        assertThat(flux(flowable(Mono.just(1))).collectList().block()).containsExactly(1);
    }

    @Test
    void thereAndBackThroughOperators() {
        assertThat(mono(single(Mono.just(1)).map(x -> x + 1)).map(x -> x + 1).block())
                .isEqualTo(3);
        flowable(flux(Flowable.range(1, 1_000).map(x -> x + 1)).map(x -> x + 1))
                .map(x -> x - 2)
                .test()
                .assertValueCount(1_000)
                .assertComplete();
    }

    // ---- hooks of the libraries

    @Test
    void assemblyHooksSeeThem() {
        List<Object> assembled = new ArrayList<>();
        RxJavaPlugins.setOnSingleAssembly(source -> {
            assembled.add(source);
            return source;
        });
        RxJavaPlugins.setOnFlowableAssembly(source -> {
            assembled.add(source);
            return source;
        });
        Hooks.onEachOperator("test", source -> {
            assembled.add(source);
            return source;
        });
        try {
            Mono<Integer> just = Mono.just(1);
            Single<Integer> value = Single.just(1);
            Flowable<Integer> items = Flowable.just(1);
            assembled.clear();
            Object single = single(just);
            Object flowable = flowable(just);
            Object mono = mono(value);
            Object flux = flux(items);
            assertThat(assembled).containsExactly(single, flowable, mono, flux);
        } finally {
            RxJavaPlugins.reset();
            Hooks.resetOnEachOperator("test");
        }
    }

    // ---- threads, context

    @LoopTest
    void trapADefaultDispatchersHop(Loop loop) {
        Set<Thread> threads = new HashSet<>();
        Mono<Integer> mono = Reactor.mono(loop, () -> {
            Await.yieldNow();
            return 1;
        });
        Single<Integer> single = single(mono.doOnNext(value -> threads.add(Thread.currentThread())))
                .doOnSuccess(value -> threads.add(Thread.currentThread()));
        assertThat(Rx.await(single)).isEqualTo(1);
        assertThat(Reactor.await(mono(single).doOnNext(value -> threads.add(Thread.currentThread()))))
                .isEqualTo(1);
        assertThat(threads).hasSize(1).doesNotContain(Thread.currentThread());
    }

    @LoopTest
    void aCancelOfTheTaskPassesThroughBoth(Loop loop) {
        Promise<Integer> never = Promise.create();
        Mono<Integer> source = Reactor.monoOwning(never.future());
        Task<Integer> task = Task.spawn(() -> Rx.await(single(mono(single(source)))));
        Tasks.settle();
        Tasks.cancel(task);
        Tasks.settle();
        assertThat(never.future().isCancelled()).isTrue();
    }

    @LoopTest
    void contextVarsCrossByTheTaskAndReactorsContextDoesNot(Loop loop) {
        ContextVar<String> user = ContextVar.of("user");
        user.set("ada");
        Mono<String> mono =
                Mono.deferContextual(context -> Mono.just(user.get() + " " + context.getOrDefault("key", "nothing")));
        assertThat(Rx.await(single(mono))).isEqualTo("ada nothing");
        assertThat(Reactor.await(mono(single(mono).map(seen -> seen)).contextWrite(Context.of("key", "value"))))
                .isEqualTo("ada nothing");
        assertThat(Reactor.await(mono(maybe(mono)).contextWrite(Context.of("key", "value"))))
                .as("itself again")
                .isEqualTo("ada value");
    }

    // ---- races

    @Test
    @Timeout(60)
    void aCancelAgainstAValueFromTwoThreads() throws Exception {
        AtomicInteger delivered = new AtomicInteger();
        AtomicInteger closed = new AtomicInteger();
        for (int round = 0; round < 5_000; round++) {
            AtomicInteger seen = new AtomicInteger();
            AutoCloseable value = () -> {
                seen.incrementAndGet();
                closed.incrementAndGet();
            };
            ManualSingle<AutoCloseable> source = new ManualSingle<>();
            Probe<AutoCloseable> probe = new Probe<>() {
                @Override
                protected void hookOnNext(AutoCloseable given) {
                    seen.incrementAndGet();
                    delivered.incrementAndGet();
                }
            };
            mono(source).subscribe(new Direct<>(probe));
            var completed = ForkJoinPool.commonPool().submit(() -> source.observer.onSuccess(value));
            probe.request(1);
            if (round % 2 == 0) {
                Thread.onSpinWait();
            }
            probe.cancel();
            completed.get();
            assertThat(seen).as("round %d", round).hasValue(1);
        }
        assertThat(delivered.get() + closed.get()).isEqualTo(5_000);
    }

    /** Nothing in between that would drop a value once it is cancelled. */
    private static final class Direct<T> implements CoreSubscriber<T> {
        private final Probe<T> to;

        Direct(Probe<T> to) {
            this.to = to;
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            to.onSubscribe(subscription);
        }

        @Override
        public void onNext(T value) {
            to.hookOnNext(value);
        }

        @Override
        public void onError(Throwable failure) {
            to.hookOnError(failure);
        }

        @Override
        public void onComplete() {}
    }

    // ---- misuse

    @Test
    void nullIsRefusedByName() {
        assertThatThrownBy(() -> single(null)).hasMessage("mono");
        assertThatThrownBy(() -> maybe(null)).hasMessage("mono");
        assertThatThrownBy(() -> completable(null)).hasMessage("mono");
        assertThatThrownBy(() -> flowable((Mono<Object>) null)).hasMessage("mono");
        assertThatThrownBy(() -> flowable((Flux<Object>) null)).hasMessage("flux");
        assertThatThrownBy(() -> mono((Single<Object>) null)).hasMessage("single");
        assertThatThrownBy(() -> mono((Maybe<Object>) null)).hasMessage("maybe");
        assertThatThrownBy(() -> mono((Completable) null)).hasMessage("completable");
        assertThatThrownBy(() -> flux(null)).hasMessage("flowable");
    }
}
