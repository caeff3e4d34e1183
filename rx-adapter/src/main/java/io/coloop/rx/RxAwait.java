package io.coloop.rx;

import io.coloop.Awaitable;
import io.coloop.Promise;
import io.coloop.stream.Undelivered;
import io.reactivex.rxjava3.core.CompletableObserver;
import io.reactivex.rxjava3.core.MaybeObserver;
import io.reactivex.rxjava3.core.SingleObserver;
import io.reactivex.rxjava3.disposables.Disposable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A Single, Maybe or Completable that can be awaited. Used once. */
final class RxAwait<T extends @Nullable Object> implements Awaitable<T> {
    private final String kind; // Single, Maybe or Completable
    private final Consumer<Receiver<T>> source; // subscribes the receiver
    private final @Nullable Consumer<? super T> onUndelivered;

    RxAwait(String kind, Consumer<Receiver<T>> source, @Nullable Consumer<? super T> onUndelivered) {
        this.kind = kind;
        this.source = source;
        this.onUndelivered = onUndelivered;
    }

    @Override
    public void subscribe(Promise<T> promise) {
        source.accept(new Receiver<>(promise, onUndelivered));
    }

    @Override
    public String toString() {
        return kind;
    }

    /** Settles a promise with what a source signals, once: each of its signals is the last. */
    static final class Receiver<T extends @Nullable Object>
            implements SingleObserver<T>, MaybeObserver<T>, CompletableObserver, Consumer<Throwable> {
        private final Promise<T> promise;
        private final RxUndelivered<T> undelivered;

        Receiver(Promise<T> promise, @Nullable Consumer<? super T> onUndelivered) {
            this.promise = promise;
            this.undelivered = new RxUndelivered<>(promise.future().loop(), onUndelivered);
            promise.onUndelivered(undelivered::value);
            promise.onUndeliveredFailure(this);
        }

        /** A failure that came too late. */
        @Override
        public void accept(Throwable failure) {
            undelivered.error(failure);
        }

        @Override
        public void onSubscribe(Disposable subscription) {
            promise.onCancel(subscription::dispose);
        }

        @Override
        public void onSuccess(T value) {
            promise.complete(value);
        }

        @Override
        @SuppressWarnings("NullAway") // a Maybe's or Completable's, whose T may be null
        public void onComplete() {
            promise.complete(null);
        }

        @Override
        public void onError(Throwable failure) {
            promise.fail(Undelivered.crossing(failure));
        }
    }
}
