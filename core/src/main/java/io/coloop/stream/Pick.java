package io.coloop.stream;

import io.coloop.Await;
import io.coloop.Awaitable;
import io.coloop.CancelPolicy;
import io.coloop.LoopClosedException;
import io.coloop.Promise;
import io.coloop.Task;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One item of a stream, as something to await; used once. For bridges: the source is given its subscriber on the loop's own thread.
 *
 * @param <T> the item
 */
public final class Pick<T> implements Awaitable<@Nullable T> {
    private enum Which {
        ONLY,
        FIRST,
        LAST
    }

    private final Which which;
    private final Flow.Publisher<? extends T> source;
    private final Undelivered<? super T> undelivered;

    private Pick(Which which, Flow.Publisher<? extends T> source, Undelivered<? super T> undelivered) {
        this.which = which;
        this.source = Objects.requireNonNull(source, "source");
        this.undelivered = Objects.requireNonNull(undelivered, "undelivered");
    }

    /** The only item, once the source is complete: with a second one it is an {@link IllegalStateException}. Null if there is none. */
    public static <T> Pick<T> only(Flow.Publisher<? extends T> source, Undelivered<? super T> undelivered) {
        return new Pick<>(Which.ONLY, source, undelivered);
    }

    /** The first item, at once: the source is cancelled. Null if there is none. */
    public static <T> Pick<T> first(Flow.Publisher<? extends T> source, Undelivered<? super T> undelivered) {
        return new Pick<>(Which.FIRST, source, undelivered);
    }

    /** The last item, once the source is complete; those before it are {@linkplain Undelivered#unwanted unwanted}. Null if there is none. */
    public static <T> Pick<T> last(Flow.Publisher<? extends T> source, Undelivered<? super T> undelivered) {
        return new Pick<>(Which.LAST, source, undelivered);
    }

    /** Awaits it. Task only. */
    public @Nullable T await() {
        return Await.<@Nullable T>await(this);
    }

    /** Awaits it; the policy says what becomes of the source if the task is cancelled. Task only. */
    public @Nullable T await(CancelPolicy policy) {
        return Await.<@Nullable T>await(this, policy);
    }

    @Override
    public void subscribe(Promise<@Nullable T> promise) {
        Receiver receiver = new Receiver(promise);
        try {
            source.subscribe(receiver);
        } catch (Throwable failure) { // which it must not
            receiver.breaksRules(failure);
        }
    }

    @Override
    public String toString() {
        return source.toString();
    }

    private final class Receiver implements Flow.Subscriber<T> {
        /*
         * An item is held until the end: a source may still fail after it, as that of a transaction does whose commit fails.
         *
         *   null -> item -> TAKEN      null -> TAKEN
         *
         * Whoever sets TAKEN has the item: the completion delivers it, a failure and the cancellation dispose of it. An item that comes after TAKEN came too
         * late.
         */
        private static final Object TAKEN = new Object();

        private static final int BATCH = 256;

        private final Promise<@Nullable T> promise;
        private final AtomicReference<@Nullable Object> held = new AtomicReference<>();
        private final AtomicReference<Flow.@Nullable Subscription> subscription = new AtomicReference<>();

        private int untilRequest = BATCH - (BATCH >> 2); // the source's

        Receiver(Promise<@Nullable T> promise) {
            this.promise = promise;
            promise.onUndelivered(undelivered::value);
            promise.onUndeliveredFailure(undelivered::error);
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            if (given == null) {
                throw failWith(new NullPointerException("a stream's subscription must not be null"));
            }
            if (!subscription.compareAndSet(null, given)) {
                given.cancel();
                return;
            }
            promise.onCancel(() -> {
                cancelSource();
                undelivered.value(take());
            });
            if (promise.isDone()) {
                cancelSource(); // what was cancelled before must not start now
                return;
            }
            int first = switch (which) {
                case FIRST -> 1;
                case ONLY -> 2;
                case LAST -> BATCH;
            };
            if (undelivered.loop().isOnLoop() && Task.currentOrNull() == null) {
                request(first);
            } else {
                requestSoon(first);
            }
        }

        private void requestSoon(int more) {
            try {
                undelivered.loop().execute(() -> request(more));
            } catch (LoopClosedException closed) {
                cancelSource();
            }
        }

        private void request(int more) {
            Flow.Subscription source = subscription.get();
            if (source == null) {
                return;
            }
            try {
                source.request(more);
            } catch (Throwable failure) { // which it must not
                breaksRules(failure);
            }
        }

        @Override
        public void onNext(T item) {
            if (item == null) {
                cancelSource();
                throw failWith(new NullPointerException("a stream's item must not be null"));
            }
            if (which == Which.LAST && --untilRequest == 0) {
                untilRequest = BATCH - (BATCH >> 2);
                requestSoon(untilRequest); // not here: a source that gives all at once would hold the loop
            }
            if (which == Which.FIRST) {
                cancelSource();
                promise.complete(item);
            } else if (!held.compareAndSet(null, item)) {
                another(item);
            } else if (subscription.get() == null) {
                expectSubscription();
            }
        }

        /** A source that signals without a subscription must at least go on at once: whoever awaits must not wait for ever. */
        private void expectSubscription() {
            try {
                undelivered.loop().execute(() -> {
                    if (subscription.get() != null) {
                        return;
                    }
                    if (promise.isDone()) {
                        undelivered.value(take());
                    } else {
                        breaksRules(
                                new IllegalStateException(
                                        "a stream's source must call onSubscribe before onNext (rule 1.9 of Reactive Streams)"));
                    }
                });
            } catch (LoopClosedException closed) {
                undelivered.value(take());
            }
        }

        private void another(T item) {
            Object before = held.get();
            if (before == TAKEN || which == Which.LAST) {
                replace(item);
                return;
            }
            T first = take();
            if (first == null) {
                undelivered.value(item);
                return;
            }
            cancelSource();
            undelivered.value(first, "there was more than one");
            undelivered.value(item, "there was more than one");
            fail(new IllegalStateException("there was more than one item"));
        }

        @SuppressWarnings("unchecked")
        private void replace(T item) {
            Object before = held.getAndUpdate(now -> now == TAKEN ? TAKEN : item);
            if (before == TAKEN) {
                undelivered.value(item);
            } else {
                undelivered.unwanted((T) Objects.requireNonNull(before));
            }
        }

        @Override
        public void onError(Throwable failure) {
            if (failure == null) {
                throw failWith(new NullPointerException("a stream's failure must not be null"));
            }
            fail(failure);
        }

        private void breaksRules(Throwable failure) {
            cancelSource();
            fail(failure);
        }

        /** What the source did must be thrown at it, and whoever awaits must not wait for ever. */
        private NullPointerException failWith(NullPointerException rule) {
            fail(rule);
            return rule;
        }

        @Override
        public void onComplete() {
            promise.complete(take());
        }

        private void fail(Throwable failure) {
            undelivered.value(take());
            promise.fail(Undelivered.crossing(failure));
        }

        private void cancelSource() {
            Flow.Subscription source = subscription.getAndSet(Inflow.GONE);
            if (source != null) {
                try {
                    source.cancel();
                } catch (Throwable failure) { // which it must not
                    undelivered.brokenRule("a stream's source threw from cancel", failure);
                }
            }
        }

        /** The item that is held, or null if there is none or somebody has it. */
        @SuppressWarnings("unchecked")
        private @Nullable T take() {
            Object item = held.getAndSet(TAKEN);
            return item == TAKEN ? null : (T) item;
        }
    }
}
