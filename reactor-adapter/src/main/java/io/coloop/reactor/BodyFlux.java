package io.coloop.reactor;

import io.coloop.Loop;
import io.coloop.stream.EmittingBody;
import io.coloop.stream.Streams;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.util.context.Context;

/** A Flux of what a body emits: a new task for each subscriber, which owns it. */
final class BodyFlux<T> extends Flux<T> {
    private final Loop loop;
    private final EmittingBody<T, ?> body;
    private final @Nullable Consumer<? super T> onUndelivered;

    private BodyFlux(Loop loop, EmittingBody<T, ?> body, @Nullable Consumer<? super T> onUndelivered) {
        this.loop = loop;
        this.body = body;
        this.onUndelivered = onUndelivered;
    }

    static <T> Flux<T> of(Loop loop, EmittingBody<T, ?> body, @Nullable Consumer<? super T> onUndelivered) {
        return onAssembly(new BodyFlux<>(loop, body, onUndelivered));
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        Context context = actual.currentContext();
        if (ThreadLocals.areIn(context)) {
            ThreadLocals.run(context, () -> start(actual, context));
        } else {
            start(actual, context);
        }
    }

    private void start(CoreSubscriber<? super T> actual, Context context) {
        Outbound<T> subscriber = new Outbound<>(actual, loop, onUndelivered);
        Streams.emit(loop, ReactorContext.inTask(context, body), subscriber, subscriber);
    }

    /** A subscriber as core's streams see it. */
    private static final class Outbound<T> extends ReactorUndelivered<T> implements Flow.Subscriber<T>, Subscription {
        private final CoreSubscriber<? super T> actual;
        private Flow.@Nullable Subscription stream; // published by the subscriber's onSubscribe

        Outbound(CoreSubscriber<? super T> actual, Loop loop, @Nullable Consumer<? super T> onUndelivered) {
            super(loop, "a Flux", onUndelivered);
            this.actual = actual;
        }

        @Override
        Context hooks() {
            return actual.currentContext();
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            stream = given;
            actual.onSubscribe(this);
        }

        @Override
        public void onNext(T item) {
            actual.onNext(item);
        }

        @Override
        public void onError(Throwable failure) {
            actual.onError(failure);
        }

        @Override
        public void onComplete() {
            actual.onComplete();
        }

        @Override
        public void request(long n) {
            Objects.requireNonNull(stream).request(n);
        }

        @Override
        public void cancel() {
            Objects.requireNonNull(stream).cancel();
        }
    }
}
