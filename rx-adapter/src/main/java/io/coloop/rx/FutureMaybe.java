package io.coloop.rx;

import io.coloop.Future;
import io.reactivex.rxjava3.core.Maybe;
import io.reactivex.rxjava3.core.MaybeObserver;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A Maybe of what one future gives, which its subscribers own or not. Single and Completable are views of it. */
final class FutureMaybe<T> extends Maybe<T> {
    private final Future<? extends @Nullable T> future;
    private final boolean owns;
    private final @Nullable Consumer<? super T> onUndelivered;

    private FutureMaybe(
            Future<? extends @Nullable T> future, boolean owns, @Nullable Consumer<? super T> onUndelivered) {
        this.future = future;
        this.owns = owns;
        this.onUndelivered = onUndelivered;
    }

    static <T> Maybe<T> of(
            Future<? extends @Nullable T> future, boolean owns, @Nullable Consumer<? super T> onUndelivered) {
        return RxJavaPlugins.onAssembly(new FutureMaybe<>(future, owns, onUndelivered));
    }

    @Override
    protected void subscribeActual(MaybeObserver<? super T> observer) {
        Future<? extends @Nullable T> own =
                owns ? future : Future.shield(future); // which a subscriber that leaves can cancel
        MaybeDelivery<T> delivery = new MaybeDelivery<>(future.loop(), observer, owns, onUndelivered);
        delivery.follow(own);
        observer.onSubscribe(delivery);
        own.handle((value, failure) -> {
            delivery.settled(value, failure);
            return null;
        });
    }
}
