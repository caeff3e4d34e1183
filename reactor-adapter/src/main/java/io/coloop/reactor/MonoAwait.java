package io.coloop.reactor;

import io.coloop.Awaitable;
import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.Promise;
import io.coloop.Task;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.publisher.Mono;

/** A Mono that can be awaited. Used once. The same as core's {@code Pick} of the only item, in fewer objects. */
final class MonoAwait<T> implements Awaitable<@Nullable T> {
    private final Mono<? extends T> mono;
    private final @Nullable Consumer<? super T> onUndelivered;

    MonoAwait(Mono<? extends T> mono, @Nullable Consumer<? super T> onUndelivered) {
        this.mono = mono;
        this.onUndelivered = onUndelivered;
    }

    @Override
    public void subscribe(Promise<@Nullable T> promise) {
        Receiver<T> receiver = new Receiver<>(promise, onUndelivered);
        try {
            receiver.subscribeTo(mono);
        } catch (Throwable failure) { // which it must not
            receiver.cancelUpstream();
            throw failure;
        }
    }

    @Override
    public String toString() {
        return "Mono";
    }

    /** Settles a promise with what a Mono signals. */
    private static final class Receiver<T> extends Inbound<T> implements Consumer<Throwable> {
        /*
         * The value is held from onNext to onComplete: a Mono may still fail after its value, as that of a transaction does whose commit fails.
         *
         *   null -> value -> TAKEN      null -> TAKEN
         *
         * Whoever sets TAKEN has the value: onComplete delivers it, onError and the cancellation dispose of it. A value that comes after TAKEN came too
         * late.
         */
        private static final Object TAKEN = new Object();

        private final Promise<@Nullable T> promise;
        private final AtomicReference<@Nullable Object> held = new AtomicReference<>();

        Receiver(Promise<@Nullable T> promise, @Nullable Consumer<? super T> onUndelivered) {
            super(promise.future().loop(), "a Mono", onUndelivered);
            this.promise = promise;
            promise.onUndelivered(this::value);
            promise.onUndeliveredFailure(this);
        }

        /** A failure that came too late. */
        @Override
        public void accept(Throwable failure) {
            error(failure);
        }

        @Override
        void subscribed(Subscription given) {
            promise.onCancel(() -> {
                given.cancel();
                value(take());
            });
            if (promise.isDone()) {
                given.cancel(); // what was cancelled before must not start now
                return;
            }
            Loop loop = promise.future().loop();
            if (loop.isOnLoop() && Task.currentOrNull() == null) {
                given.request(Long.MAX_VALUE);
                return;
            }
            try {
                loop.execute(() -> given.request(Long.MAX_VALUE));
            } catch (LoopClosedException closed) {
                given.cancel();
            }
        }

        @Override
        public void onNext(T value) {
            if (value == null) {
                cancelUpstream();
                throw failWith(new NullPointerException("a Mono's value must not be null"));
            }
            if (held.compareAndSet(null, value)) {
                if (subscription() == null) {
                    expectSubscription();
                }
                return;
            }
            T first = take();
            if (first == null) {
                value(value);
            } else { // not a Mono: fromDirect() of something with more values
                value(value, "there was more than one value");
                cancelUpstream();
                value(first, "there was more than one value");
                promise.fail(new IllegalStateException("the Mono emitted more than one value"));
            }
        }

        /** As core's {@code Pick}: a source that signals without a subscription must at least go on at once. */
        private void expectSubscription() {
            try {
                promise.future().loop().execute(() -> {
                    if (subscription() != null) {
                        return;
                    }
                    value(take());
                    if (!promise.isDone()) {
                        promise.fail(new IllegalStateException(
                                "a Mono must call onSubscribe before onNext (rule 1.9 of Reactive Streams)"));
                    }
                });
            } catch (LoopClosedException closed) {
                value(take());
            }
        }

        @Override
        public void onError(Throwable failure) {
            if (failure == null) {
                throw failWith(new NullPointerException("a Mono's failure must not be null"));
            }
            value(take());
            promise.fail(crossing(failure));
        }

        @Override
        public void onComplete() {
            promise.complete(take());
        }

        private void cancelUpstream() {
            Subscription upstream = subscription();
            if (upstream != null) {
                upstream.cancel();
            }
        }

        /** The value that is held, or null if there is none or somebody has it. */
        @SuppressWarnings("unchecked")
        private @Nullable T take() {
            Object value = held.getAndSet(TAKEN);
            return value == TAKEN ? null : (T) value;
        }
    }
}
