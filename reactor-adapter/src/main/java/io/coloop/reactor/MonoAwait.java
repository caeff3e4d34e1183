package io.coloop.reactor;

import io.coloop.Awaitable;
import io.coloop.Promise;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/** A Mono that can be awaited. Used once. */
final class MonoAwait<T> implements Awaitable<@Nullable T> {
    private final Mono<? extends T> mono;
    private final @Nullable Consumer<? super T> onUndelivered;
    private @Nullable Receiver<T> receiver; // the loop's; null until it is subscribed

    MonoAwait(Mono<? extends T> mono, @Nullable Consumer<? super T> onUndelivered) {
        this.mono = mono;
        this.onUndelivered = onUndelivered;
    }

    @Override
    public void subscribe(Promise<@Nullable T> promise) {
        receiver = new Receiver<>(promise, onUndelivered);
        Subscriber<T> throughTheHooks = receiver; // subscribe(CoreSubscriber) is Reactor's inner door: no hooks
        mono.subscribe(throughTheHooks);
    }

    /** The awaiting task was cancelled; if the Mono failed in that same turn, nobody sees the failure, and the loop has reported it. */
    void abandoned() {
        if (receiver != null && receiver.promise.future().isFailed()) {
            receiver.undelivered.dropped(receiver.promise.future().exceptionNow(), receiver.upstreamContext());
        }
    }

    @Override
    public String toString() {
        return "Mono";
    }

    /** Settles a promise with what a Mono signals. */
    private static final class Receiver<T> implements CoreSubscriber<T> {
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
        private final Undelivered<T> undelivered;
        private final AtomicReference<@Nullable Object> held = new AtomicReference<>();
        private volatile @Nullable Subscription subscription;

        Receiver(Promise<@Nullable T> promise, @Nullable Consumer<? super T> onUndelivered) {
            this.promise = promise;
            this.undelivered = new Undelivered<>(promise.future().loop(), onUndelivered);
            promise.onUndelivered(this::lateValue);
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            if (Operators.validate(this.subscription, subscription)) {
                this.subscription = subscription;
                promise.onCancel(() -> {
                    subscription.cancel();
                    lateValue(take());
                });
                subscription.request(Long.MAX_VALUE);
            }
        }

        @Override
        public void onNext(T value) {
            if (held.compareAndSet(null, value)) {
                return;
            }
            T first = take();
            if (first == null) {
                lateValue(value);
            } else { // not a Mono: fromDirect() of something with more values
                undelivered.valueTooMany(value, upstreamContext());
                cancelUpstream();
                undelivered.valueTooMany(first, upstreamContext());
                fail(new IllegalStateException("the Mono emitted more than one value"));
            }
        }

        @Override
        public void onError(Throwable failure) {
            lateValue(take());
            fail(Undelivered.crossing(failure));
        }

        @Override
        public void onComplete() {
            promise.complete(take());
        }

        private void fail(Throwable failure) {
            if (!promise.fail(failure)) {
                lateError(failure);
            }
        }

        private void cancelUpstream() {
            Subscription upstream = subscription;
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

        private void lateValue(@Nullable T value) {
            undelivered.value(value, upstreamContext());
        }

        private void lateError(Throwable failure) {
            undelivered.error(failure, upstreamContext());
        }

        /** The context at the Mono's end, whose discard and drop hooks are the caller's: the last operator shows it. */
        private Context upstreamContext() {
            return subscription instanceof CoreSubscriber<?> operator ? operator.currentContext() : Context.empty();
        }
    }
}
