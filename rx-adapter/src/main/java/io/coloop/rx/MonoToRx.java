package io.coloop.rx;

import io.reactivex.rxjava3.core.Completable;
import io.reactivex.rxjava3.core.CompletableObserver;
import io.reactivex.rxjava3.core.Maybe;
import io.reactivex.rxjava3.core.MaybeObserver;
import io.reactivex.rxjava3.core.Single;
import io.reactivex.rxjava3.core.SingleObserver;
import io.reactivex.rxjava3.disposables.Disposable;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/** Brings a Mono's value to one observer once the Mono is complete. Itself the state, so that it is the only object. */
@SuppressWarnings("serial") // nobody serializes it
abstract sealed class MonoToRx<T> extends AtomicReference<@Nullable Object> implements CoreSubscriber<T>, Disposable {
    /*
     *   null -> the value -> OVER      null -> OVER
     *
     * Whoever sets OVER has the value, and the observer.
     */
    private static final Object OVER = new Object();

    private @Nullable Subscription from; // set before the observer can dispose of it

    @Override
    public final void onSubscribe(Subscription given) {
        if (Operators.validate(from, given)) {
            from = given;
            begin();
            given.request(Long.MAX_VALUE);
        }
    }

    @Override
    public final void onNext(T value) {
        if (!compareAndSet(null, Objects.requireNonNull(value, "value"))) {
            Discarded.value(value, currentContext());
        }
    }

    @Override
    public final void onError(Throwable failure) {
        Object value = getAndSet(OVER);
        if (value == OVER) {
            Discarded.errorOfReactor(failure, currentContext());
            return;
        }
        if (value != null) {
            Discarded.value(value, currentContext());
        }
        fail(failure);
    }

    @Override
    @SuppressWarnings("unchecked") // the only other thing there is
    public final void onComplete() {
        Object value = getAndSet(OVER);
        if (value == null) {
            complete();
        } else if (value != OVER) {
            succeed((T) value);
        }
    }

    @Override
    public final void dispose() {
        Object value = getAndSet(OVER);
        if (value == OVER) {
            return;
        }
        Objects.requireNonNull(from).cancel();
        if (value != null) {
            Discarded.value(value, currentContext());
        }
    }

    @Override
    public final boolean isDisposed() {
        return get() == OVER;
    }

    /** Gives this to the observer. */
    abstract void begin();

    abstract void succeed(T value);

    abstract void complete();

    abstract void fail(Throwable failure);

    /** See {@link ReactorRx#single}. */
    static final class ToSingle<T> extends Single<T> {
        private final Mono<? extends T> source;

        ToSingle(Mono<? extends T> source) {
            this.source = source;
        }

        @Override
        protected void subscribeActual(SingleObserver<? super T> observer) {
            Subscriber<T> bridge = new OneSingle<>(observer);
            source.subscribe(bridge);
        }
    }

    private static final class OneSingle<T> extends MonoToRx<T> {
        private final SingleObserver<? super T> to;

        OneSingle(SingleObserver<? super T> to) {
            this.to = to;
        }

        @Override
        void begin() {
            to.onSubscribe(this);
        }

        @Override
        void succeed(T value) {
            to.onSuccess(value);
        }

        @Override
        void complete() {
            to.onError(new NoSuchElementException("the Mono completed without a value"));
        }

        @Override
        void fail(Throwable failure) {
            to.onError(failure);
        }
    }

    /** See {@link ReactorRx#maybe}. */
    static final class ToMaybe<T> extends Maybe<T> {
        private final Mono<? extends T> source;

        ToMaybe(Mono<? extends T> source) {
            this.source = source;
        }

        Mono<? extends T> source() {
            return source;
        }

        @Override
        protected void subscribeActual(MaybeObserver<? super T> observer) {
            Subscriber<T> bridge = new OneMaybe<>(observer);
            source.subscribe(bridge);
        }
    }

    private static final class OneMaybe<T> extends MonoToRx<T> {
        private final MaybeObserver<? super T> to;

        OneMaybe(MaybeObserver<? super T> to) {
            this.to = to;
        }

        @Override
        void begin() {
            to.onSubscribe(this);
        }

        @Override
        void succeed(T value) {
            to.onSuccess(value);
        }

        @Override
        void complete() {
            to.onComplete();
        }

        @Override
        void fail(Throwable failure) {
            to.onError(failure);
        }
    }

    /** See {@link ReactorRx#completable}. */
    static final class ToCompletable extends Completable {
        private final Mono<?> source;

        ToCompletable(Mono<?> source) {
            this.source = source;
        }

        @Override
        protected void subscribeActual(CompletableObserver observer) {
            Subscriber<Object> bridge = new OneCompletable(observer);
            source.subscribe(bridge);
        }
    }

    private static final class OneCompletable extends MonoToRx<Object> {
        private final CompletableObserver to;

        OneCompletable(CompletableObserver to) {
            this.to = to;
        }

        @Override
        void begin() {
            to.onSubscribe(this);
        }

        @Override
        void succeed(Object ignored) {
            to.onComplete();
        }

        @Override
        void complete() {
            to.onComplete();
        }

        @Override
        void fail(Throwable failure) {
            to.onError(failure);
        }
    }
}
