package io.coloop.rx;

import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.core.FlowableSubscriber;
import io.reactivex.rxjava3.exceptions.ProtocolViolationException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.util.context.Context;

/**
 * One subscription between a Flux and a Flowable. Both know it as one of their own, so neither wraps it to check the rules again; it looks only whether it was cancelled.
 */
abstract sealed class Relay<T> implements FlowableSubscriber<T>, CoreSubscriber<T>, Subscription {
    private final Subscriber<? super T> to;
    private @Nullable Subscription from; // set before the subscriber can ask or cancel
    private volatile boolean cancelled;

    private Relay(Subscriber<? super T> to) {
        this.to = to;
    }

    @Override
    public final void onSubscribe(Subscription given) {
        if (from != null) {
            given.cancel();
            tooLate(new ProtocolViolationException("a publisher called onSubscribe twice"));
            return;
        }
        from = Objects.requireNonNull(given, "subscription");
        to.onSubscribe(this);
    }

    @Override
    public final void onNext(T item) {
        if (cancelled) {
            Discarded.value(Objects.requireNonNull(item, "item"), currentContext());
        } else {
            to.onNext(Objects.requireNonNull(item, "item"));
        }
    }

    @Override
    public final void onError(Throwable failure) {
        if (cancelled) {
            tooLate(failure);
        } else {
            to.onError(failure);
        }
    }

    @Override
    public final void onComplete() {
        if (!cancelled) {
            to.onComplete();
        }
    }

    @Override
    public final void request(long n) {
        Objects.requireNonNull(from).request(n);
    }

    @Override
    public final void cancel() {
        cancelled = true;
        Objects.requireNonNull(from).cancel();
    }

    /** Gives the error to the hook of the library that made it. */
    abstract void tooLate(Throwable failure);

    /** See {@link ReactorRx#flowable(Flux)}. */
    static final class ToFlowable<T> extends Flowable<T> {
        private final Publisher<? extends T> source; // a Mono or a Flux

        ToFlowable(Publisher<? extends T> source) {
            this.source = source;
        }

        Publisher<? extends T> source() {
            return source;
        }

        @Override
        protected void subscribeActual(Subscriber<? super T> subscriber) {
            source.subscribe(new OfReactor<T>(subscriber));
        }
    }

    private static final class OfReactor<T> extends Relay<T> {
        OfReactor(Subscriber<? super T> to) {
            super(to);
        }

        @Override
        void tooLate(Throwable failure) {
            Discarded.errorOfReactor(failure, currentContext());
        }
    }

    /** See {@link ReactorRx#flux}. */
    static final class ToFlux<T> extends Flux<T> {
        private final Flowable<? extends T> source;

        private ToFlux(Flowable<? extends T> source) {
            this.source = source;
        }

        static <T> Flux<T> of(Flowable<? extends T> source) {
            return onAssembly(new ToFlux<T>(source));
        }

        Flowable<? extends T> source() {
            return source;
        }

        @Override
        public void subscribe(CoreSubscriber<? super T> subscriber) {
            source.subscribe(new OfRx<T>(subscriber));
        }
    }

    private static final class OfRx<T> extends Relay<T> {
        private final CoreSubscriber<? super T> subscriber;

        OfRx(CoreSubscriber<? super T> to) {
            super(to);
            this.subscriber = to;
        }

        @Override
        public Context currentContext() {
            return subscriber.currentContext();
        }

        @Override
        void tooLate(Throwable failure) {
            Discarded.errorOfRx(failure);
        }
    }
}
