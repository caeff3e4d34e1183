package io.coloop.rx;

import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.core.Observable;
import io.reactivex.rxjava3.core.Observer;
import io.reactivex.rxjava3.disposables.Disposable;
import java.util.List;
import java.util.Objects;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/** A Flowable or an Observable that a test drives by hand, also against the rules: it says what it is told to. One subscriber. */
interface ManualStream<T> {
    static <T> List<ManualStream<T>> both() {
        return List.of(new OfFlowable<>(), new OfObservable<>());
    }

    /** Those that break the rule of {@code onSubscribe}: they never call it. */
    static <T> List<ManualStream<T>> bothWithoutOnSubscribe() {
        return List.of(new OfFlowable<>(true), new OfObservable<>(true));
    }

    Streamed<T> stream();

    boolean isSubscribed();

    boolean isCancelled();

    void subscribeAgain();

    void next(T item);

    void complete();

    void fail(Throwable failure);

    /** A Flowable. */
    final class OfFlowable<T> extends Flowable<T> implements ManualStream<T>, Subscription {
        private volatile Subscriber<? super T> subscriber;
        volatile boolean cancelled;
        volatile long requested;
        private final boolean silent;

        OfFlowable() {
            this(false);
        }

        /**
         * @param silent whether it never calls onSubscribe
         */
        OfFlowable(boolean silent) {
            this.silent = silent;
        }

        @Override
        protected void subscribeActual(Subscriber<? super T> subscriber) {
            if (this.subscriber != null) {
                throw new AssertionError("subscribed twice");
            }
            this.subscriber = subscriber;
            if (!silent) {
                subscriber.onSubscribe(this);
            }
        }

        @Override
        public Streamed<T> stream() {
            return Streamed.of(this);
        }

        @Override
        public boolean isSubscribed() {
            return subscriber != null;
        }

        @Override
        public boolean isCancelled() {
            return cancelled;
        }

        @Override
        public void subscribeAgain() {
            OfFlowable<T> second = new OfFlowable<>();
            Objects.requireNonNull(subscriber).onSubscribe(second);
            if (!second.cancelled) {
                throw new AssertionError("a second subscription was taken");
            }
        }

        @Override
        public void next(T item) {
            Objects.requireNonNull(subscriber, "not subscribed").onNext(item);
        }

        @Override
        public void complete() {
            Objects.requireNonNull(subscriber, "not subscribed").onComplete();
        }

        @Override
        public void fail(Throwable failure) {
            Objects.requireNonNull(subscriber, "not subscribed").onError(failure);
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

    /** An Observable. */
    final class OfObservable<T> extends Observable<T> implements ManualStream<T>, Disposable {
        private volatile Observer<? super T> observer;
        private volatile boolean disposed;
        private final boolean silent;

        OfObservable() {
            this(false);
        }

        OfObservable(boolean silent) {
            this.silent = silent;
        }

        @Override
        protected void subscribeActual(Observer<? super T> observer) {
            if (this.observer != null) {
                throw new AssertionError("subscribed twice");
            }
            this.observer = observer;
            if (!silent) {
                observer.onSubscribe(this);
            }
        }

        @Override
        public Streamed<T> stream() {
            return Streamed.of(this);
        }

        @Override
        public boolean isSubscribed() {
            return observer != null;
        }

        @Override
        public boolean isCancelled() {
            return disposed;
        }

        @Override
        public void subscribeAgain() {
            Disposable second = Disposable.empty();
            Objects.requireNonNull(observer).onSubscribe(second);
            if (!second.isDisposed()) {
                throw new AssertionError("a second subscription was taken");
            }
        }

        @Override
        public void next(T item) {
            Objects.requireNonNull(observer, "not subscribed").onNext(item);
        }

        @Override
        public void complete() {
            Objects.requireNonNull(observer, "not subscribed").onComplete();
        }

        @Override
        public void fail(Throwable failure) {
            Objects.requireNonNull(observer, "not subscribed").onError(failure);
        }

        @Override
        public void dispose() {
            disposed = true;
        }

        @Override
        public boolean isDisposed() {
            return disposed;
        }
    }
}
