package io.coloop.rx;

import io.reactivex.rxjava3.core.Maybe;
import io.reactivex.rxjava3.core.MaybeObserver;
import io.reactivex.rxjava3.disposables.Disposable;
import java.util.Objects;

/** A Maybe that a test drives by hand, also against the rules: it signals after it was disposed of if told to. One subscriber. */
final class ManualMaybe<T> extends Maybe<T> implements Disposable {
    private volatile MaybeObserver<? super T> observer;
    private volatile boolean disposed;

    @Override
    protected void subscribeActual(MaybeObserver<? super T> observer) {
        if (this.observer != null) {
            throw new AssertionError("subscribed twice");
        }
        this.observer = observer;
        observer.onSubscribe(this);
    }

    @Override
    public void dispose() {
        disposed = true;
    }

    @Override
    public boolean isDisposed() {
        return disposed;
    }

    boolean isSubscribed() {
        return observer != null;
    }

    void succeed(T value) {
        Objects.requireNonNull(observer, "not subscribed").onSuccess(value);
    }

    void complete() {
        Objects.requireNonNull(observer, "not subscribed").onComplete();
    }

    void fail(Throwable failure) {
        Objects.requireNonNull(observer, "not subscribed").onError(failure);
    }
}
