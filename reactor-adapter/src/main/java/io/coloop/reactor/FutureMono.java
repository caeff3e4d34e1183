package io.coloop.reactor;

import io.coloop.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** A Mono of what one future gives, which its subscribers own or not. */
final class FutureMono<T> extends Mono<T> {
    private final Future<? extends @Nullable T> future;
    private final boolean owns;
    private final @Nullable Consumer<? super T> onUndelivered;

    private FutureMono(
            Future<? extends @Nullable T> future, boolean owns, @Nullable Consumer<? super T> onUndelivered) {
        this.future = future;
        this.owns = owns;
        this.onUndelivered = onUndelivered;
    }

    static <T> Mono<T> of(
            Future<? extends @Nullable T> future, boolean owns, @Nullable Consumer<? super T> onUndelivered) {
        return onAssembly(new FutureMono<>(future, owns, onUndelivered));
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        Context context = actual.currentContext();
        ThreadLocals.runIn(context, () -> start(actual, context));
    }

    private void start(CoreSubscriber<? super T> actual, Context context) {
        Future<? extends @Nullable T> own =
                owns ? future : Future.shield(future); // which a subscriber that leaves can cancel
        MonoDelivery<T> delivery = new MonoDelivery<>(future.loop(), actual, context, owns, onUndelivered);
        delivery.follow(own);
        actual.onSubscribe(delivery);
        delivery.open();
        own.handle((value, failure) -> {
            delivery.settled(value, failure);
            return null;
        });
    }
}
