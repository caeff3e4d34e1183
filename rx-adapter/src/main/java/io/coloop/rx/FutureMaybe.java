package io.coloop.rx;

import io.coloop.Body;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.Task;
import io.coloop.stream.Undelivered;
import io.reactivex.rxjava3.core.Maybe;
import io.reactivex.rxjava3.core.MaybeObserver;
import io.reactivex.rxjava3.disposables.Disposable;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A Maybe of what a future gives: one future for all subscribers, or a new task for each. Single and Completable are views of it. */
final class FutureMaybe<T> extends Maybe<T> {
    private final Supplier<? extends Future<? extends @Nullable T>> source;
    private final boolean owns;
    private final @Nullable Consumer<? super T> onUndelivered;

    private FutureMaybe(
            Supplier<? extends Future<? extends @Nullable T>> source,
            boolean owns,
            @Nullable Consumer<? super T> onUndelivered) {
        this.source = source;
        this.owns = owns;
        this.onUndelivered = onUndelivered;
    }

    /**
     * A new task for each subscriber, which owns it. Subscribed from another thread, it may fail before that thread listens to it, and must not be reported as a
     * failure that nobody observes: so the body itself listens first.
     */
    static <T> Maybe<T> cold(
            Loop loop, Body<? extends @Nullable T, ?> body, @Nullable Consumer<? super T> onUndelivered) {
        Body<@Nullable T, ?> observed = () -> {
            Task.current().handle((value, failure) -> null);
            return body.run();
        };
        return RxJavaPlugins.onAssembly(new FutureMaybe<>(
                () -> loop.<@Nullable T>spawn(loop.isOnLoop() ? body : observed), true, onUndelivered));
    }

    /** One future, which its subscribers own or not. */
    static <T> Maybe<T> hot(
            Future<? extends @Nullable T> future, boolean owns, @Nullable Consumer<? super T> onUndelivered) {
        return RxJavaPlugins.onAssembly(new FutureMaybe<>(() -> future, owns, onUndelivered));
    }

    @Override
    protected void subscribeActual(MaybeObserver<? super T> observer) {
        Future<? extends @Nullable T> future;
        try {
            future = source.get();
        } catch (LoopClosedException closed) {
            observer.onSubscribe(Disposable.disposed());
            observer.onError(closed);
            return;
        }
        Future<? extends @Nullable T> own =
                owns ? future : Future.shield(future); // which a subscriber that leaves can cancel
        Delivery<T> delivery = new Delivery<>(observer, own, owns, onUndelivered);
        if (owns && future instanceof Task<? extends @Nullable T> task) {
            task.onUndelivered(delivery.undelivered::value);
        }
        observer.onSubscribe(delivery);
        own.handle(delivery::settled);
    }

    /** Brings one future's outcome to one observer: whoever takes the observer out, the outcome or the disposal, has won. */
    private static final class Delivery<T> implements Disposable {
        private final AtomicReference<@Nullable MaybeObserver<? super T>> observer;
        private final Future<? extends @Nullable T> future;
        private final boolean owns;
        private final RxUndelivered<T> undelivered;

        Delivery(
                MaybeObserver<? super T> observer,
                Future<? extends @Nullable T> future,
                boolean owns,
                @Nullable Consumer<? super T> onUndelivered) {
            this.observer = new AtomicReference<>(observer);
            this.future = future;
            this.owns = owns;
            this.undelivered = new RxUndelivered<>(future.loop(), onUndelivered);
        }

        @Nullable
        Void settled(@Nullable T value, @Nullable Throwable wrapped) {
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
            return null;
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
                future.cancel("its subscriber disposed of it");
            }
        }

        @Override
        public boolean isDisposed() {
            return observer.get() == null;
        }
    }
}
