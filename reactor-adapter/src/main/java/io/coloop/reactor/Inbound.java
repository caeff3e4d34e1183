package io.coloop.reactor;

import io.coloop.Loop;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/** Subscribes to one publisher on behalf of a task, with that task's Reactor Context. */
abstract class Inbound<T> extends ReactorUndelivered<T> implements CoreSubscriber<T> {
    private Context context = Context.empty(); // published by the subscribing
    private volatile @Nullable Subscription subscription;

    Inbound(Loop loop, String source, @Nullable Consumer<? super T> receiver) {
        super(loop, source, receiver);
    }

    /** In the context of the task, on the loop's own thread. */
    final void subscribeTo(Publisher<? extends T> source) {
        context = ReactorContext.ofSubscriber();
        Subscriber<T> throughTheHooks = this; // subscribe(CoreSubscriber) is Reactor's inner door: no hooks
        source.subscribe(throughTheHooks);
    }

    @Override
    public final void onSubscribe(Subscription given) {
        if (given == null) {
            throw failWith(new NullPointerException("a subscription must not be null"));
        }
        if (Operators.validate(subscription, given)) {
            subscription = given;
            subscribed(given);
        }
    }

    /** What the source did must be thrown at it, and whoever awaits it must not wait for ever. */
    final NullPointerException failWith(NullPointerException rule) {
        onError(rule);
        return rule;
    }

    /** Once. */
    abstract void subscribed(Subscription given);

    /** What it was subscribed with, or null. */
    final @Nullable Subscription subscription() {
        return subscription;
    }

    @Override
    public final Context currentContext() {
        return context;
    }

    /** At the publisher's end: its last operator may have hooks of its own. */
    @Override
    final Context hooks() {
        return subscription instanceof CoreSubscriber<?> operator ? operator.currentContext() : context;
    }
}
