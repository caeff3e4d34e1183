package io.coloop.rx;

import io.coloop.Body;
import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.reactivex.rxjava3.core.Maybe;
import io.reactivex.rxjava3.core.MaybeObserver;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A Maybe that runs a body as a task, a new one for each subscriber, which owns it. Single and Completable are views of it. */
final class BodyMaybe<T> extends Maybe<T> {
    private final Loop loop;
    private final Body<? extends @Nullable T, ?> body;
    private final @Nullable Consumer<? super T> onUndelivered;

    private BodyMaybe(Loop loop, Body<? extends @Nullable T, ?> body, @Nullable Consumer<? super T> onUndelivered) {
        this.loop = loop;
        this.body = body;
        this.onUndelivered = onUndelivered;
    }

    static <T> Maybe<T> of(
            Loop loop, Body<? extends @Nullable T, ?> body, @Nullable Consumer<? super T> onUndelivered) {
        return RxJavaPlugins.onAssembly(new BodyMaybe<>(loop, body, onUndelivered));
    }

    @Override
    protected void subscribeActual(MaybeObserver<? super T> observer) {
        MaybeDelivery<T> delivery = new MaybeDelivery<>(loop, observer, true, onUndelivered);
        observer.onSubscribe(delivery);
        if (delivery.isDisposed()) {
            return;
        }
        try {
            delivery.follow(loop.<@Nullable T>spawn(body, delivery::settled));
        } catch (LoopClosedException closed) {
            delivery.settled(null, closed);
        }
    }
}
