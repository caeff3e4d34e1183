package io.coloop.rx;

import io.coloop.Ending;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.stream.Undelivered;
import io.reactivex.rxjava3.core.MaybeObserver;
import io.reactivex.rxjava3.disposables.Disposable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Brings the outcome of a future, or of a task that starts later, to one observer: whoever takes the observer out, the outcome or the disposal, has won. */
final class MaybeDelivery<T> implements Disposable {
    private final AtomicReference<@Nullable MaybeObserver<? super T>> observer;
    private final AtomicReference<@Nullable Future<? extends @Nullable T>> source = new AtomicReference<>();
    private final boolean owns;
    private final RxUndelivered<T> undelivered;

    MaybeDelivery(
            Loop loop, MaybeObserver<? super T> observer, boolean owns, @Nullable Consumer<? super T> onUndelivered) {
        this.observer = new AtomicReference<>(observer);
        this.owns = owns;
        this.undelivered = new RxUndelivered<>(loop, onUndelivered);
    }

    /** What a disposal ends. Once. */
    void follow(Future<? extends @Nullable T> future) {
        if (owns && future instanceof Task<? extends @Nullable T> task) {
            task.onUndelivered(undelivered::value);
        }
        source.set(future);
        if (isDisposed()) {
            cancelSource();
        }
    }

    private void cancelSource() {
        Future<? extends @Nullable T> cancelled = source.getAndSet(null);
        if (cancelled != null) {
            cancelled.cancel("its subscriber disposed of it");
            Ending.add(cancelled);
        }
    }

    void settled(@Nullable T value, @Nullable Throwable wrapped) {
        Throwable cause = wrapped instanceof CompletionException ? wrapped.getCause() : null;
        Throwable failure = cause != null ? cause : wrapped;
        MaybeObserver<? super T> waiting = observer.getAndSet(null);
        if (waiting == null) {
            tooLate(value, failure);
        } else if (failure != null) {
            waiting.onError(Undelivered.crossing(failure));
        } else if (value != null) {
            waiting.onSuccess(value);
        } else {
            waiting.onComplete();
        }
    }

    private void tooLate(@Nullable T value, @Nullable Throwable failure) {
        if (failure != null) {
            undelivered.error(failure);
        } else if (owns) { // else it is still in the future for others
            undelivered.value(value);
        }
    }

    @Override
    public void dispose() {
        if (observer.getAndSet(null) != null) {
            cancelSource();
        }
    }

    @Override
    public boolean isDisposed() {
        return observer.get() == null;
    }
}
