package io.coloop.reactor;

import io.coloop.Body;
import io.coloop.Loop;
import io.coloop.LoopClosedException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** A Mono that runs a body as a task, a new one for each subscriber, which owns it. */
final class BodyMono<T> extends Mono<T> {
    private final Loop loop;
    private final Body<? extends @Nullable T, ?> body;
    private final @Nullable Consumer<? super T> onUndelivered;

    private BodyMono(Loop loop, Body<? extends @Nullable T, ?> body, @Nullable Consumer<? super T> onUndelivered) {
        this.loop = loop;
        this.body = body;
        this.onUndelivered = onUndelivered;
    }

    static <T> Mono<T> of(Loop loop, Body<? extends @Nullable T, ?> body, @Nullable Consumer<? super T> onUndelivered) {
        return onAssembly(new BodyMono<>(loop, body, onUndelivered));
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        Context context = actual.currentContext();
        ThreadLocals.runIn(context, () -> start(actual, context));
    }

    private void start(CoreSubscriber<? super T> actual, Context context) {
        MonoDelivery<T> delivery = new MonoDelivery<>(loop, actual, context, true, onUndelivered);
        actual.onSubscribe(delivery);
        if (!delivery.open()) {
            return;
        }
        try {
            Body<? extends @Nullable T, ?> inTask = ReactorContext.<@Nullable T>inTask(context, body);
            delivery.follow(loop.<@Nullable T>spawn(inTask, delivery::settled));
        } catch (LoopClosedException closed) {
            delivery.settled(null, closed);
        }
    }
}
