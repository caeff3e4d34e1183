package io.coloop.stream;

import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.Promise;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** Receives the signals of one source, on any thread, and keeps the items until the loop takes them. */
final class Inflow<T> implements Flow.Subscriber<T> {
    /*
     * The source signals on any thread, one signal at a time; the loop takes.
     *
     *   ring          the source fills a slot, the loop empties it: no more is asked for than it has slots
     *   end           null -> COMPLETED | a failure    by the source
     *                 any -> CLOSED                    by the loop, which wants no more
     *   waiter        set by a loop that found nothing, and then it looks again; the source puts something there and then takes the waiter. So
     *                 one of them sees the other. Whoever takes the waiter completes it.
     *   subscription  null -> the source's -> GONE
     *
     * What is in a slot after CLOSED belongs to whoever takes it out: the loop that closed, or the source that came too late to see it.
     */
    private static final Object COMPLETED = new Object();
    private static final Object CLOSED = new Object();
    private static final Flow.Subscription GONE = new Flow.Subscription() {
        @Override
        public void request(long n) {
            // nobody is there
        }

        @Override
        public void cancel() {
            // nobody is there
        }
    };

    private final Loop loop;
    private final int prefetch;
    private final Undelivered<? super T> undelivered;
    private final AtomicReferenceArray<@Nullable T> ring;
    private final AtomicReference<@Nullable Object> end = new AtomicReference<>();
    private final AtomicReference<@Nullable Promise<@Nullable Void>> waiter = new AtomicReference<>();
    private final AtomicReference<Flow.@Nullable Subscription> subscription = new AtomicReference<>();
    private long put; // the source's
    private long taken; // the loop's
    private int takenSinceRequest; // the loop's

    /**
     * @param prefetch how many items may be on their way or here; one or more
     */
    Inflow(Loop loop, int prefetch, Undelivered<? super T> undelivered) {
        this.loop = loop;
        this.prefetch = prefetch;
        this.undelivered = undelivered;
        this.ring = new AtomicReferenceArray<>(Integer.highestOneBit(Math.max(1, prefetch - 1)) << 1);
    }

    // ---- the source

    @Override
    public void onSubscribe(Flow.Subscription given) {
        Objects.requireNonNull(given, "subscription");
        if (subscription.compareAndSet(null, given)) {
            given.request(prefetch);
        } else {
            given.cancel();
        }
    }

    @Override
    public void onNext(T item) {
        if (item == null) {
            NullPointerException rule = new NullPointerException("a stream's item must not be null");
            breaksRules(rule);
            throw rule;
        }
        if (end.get() != null) {
            undelivered.value(item);
            return;
        }
        int slot = slot(put);
        if (ring.get(slot) != null) {
            undelivered.value(item);
            breaksRules(new IllegalStateException("the source signalled more than the " + prefetch
                    + " items that were asked for: one that cannot be slowed down needs a strategy for overflow"));
            return;
        }
        ring.set(slot, item);
        put++;
        if (end.get() == CLOSED) {
            disposeOf(slot);
        }
        wake();
    }

    private void breaksRules(Throwable failure) {
        cancelSource();
        onError(failure);
    }

    @Override
    public void onError(Throwable failure) {
        Objects.requireNonNull(failure, "failure");
        Throwable crossing = Undelivered.crossing(failure);
        if (end.compareAndSet(null, crossing)) {
            wake();
        } else {
            undelivered.error(crossing);
        }
    }

    @Override
    public void onComplete() {
        if (end.compareAndSet(null, COMPLETED)) {
            wake();
        }
    }

    private void wake() {
        Promise<@Nullable Void> waiting = waiter.getAndSet(null);
        if (waiting != null) {
            waiting.complete(null);
        }
    }

    // ---- the loop

    /** Whether a task waits. */
    boolean isAwaited() {
        return waiter.get() != null;
    }

    /** Completes the promise once there is an item, or the end. */
    void whenReady(Promise<@Nullable Void> promise) {
        waiter.set(promise);
        if (isReady()) {
            wake();
        }
    }

    /** The task does not wait any more. */
    void stopWaiting() {
        waiter.set(null);
    }

    /** Whether there is an item, or the end. */
    boolean isReady() {
        return hasItem() || end.get() != null;
    }

    boolean hasItem() {
        return ring.get(slot(taken)) != null;
    }

    /** Whether the end came and all items are taken. */
    boolean isEnded() {
        return end.get() != null && !hasItem(); // in this order: items come before the end
    }

    /** What it failed with, or null. */
    @Nullable
    Throwable failure() {
        return end.get() instanceof Throwable failure ? failure : null;
    }

    /** Takes an item that is there. Asks for more once three quarters are taken: from the ready queue, as it runs foreign code. */
    T take() {
        int slot = slot(taken++);
        T item = Objects.requireNonNull(ring.get(slot));
        ring.set(slot, null);
        if (++takenSinceRequest >= prefetch - (prefetch >> 2)) {
            int more = takenSinceRequest;
            takenSinceRequest = 0;
            if (end.get() == null) {
                loop.execute(() -> request(more));
            }
        }
        return item;
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

    /** Wants no more: disposes of what is here, and cancels the source if it has not ended; from the ready queue, as that runs foreign code. Idempotent. */
    void close() {
        Object before = end.getAndSet(CLOSED);
        for (int slot = 0; slot < ring.length(); slot++) {
            disposeOf(slot);
        }
        if (before instanceof Throwable failure) {
            undelivered.error(failure);
        } else if (before == null) {
            try {
                loop.execute(this::cancelSource);
            } catch (LoopClosedException closed) {
                cancelSource();
            }
        }
        wake();
    }

    /** The end was seen: there is nothing to dispose of. */
    void finish() {
        end.set(CLOSED);
        subscription.set(GONE);
    }

    private void disposeOf(int slot) {
        T item = ring.getAndSet(slot, null);
        if (item != null) {
            undelivered.value(item);
        }
    }

    private void cancelSource() {
        Flow.Subscription source = subscription.getAndSet(GONE);
        if (source != null) {
            source.cancel();
        }
    }

    private int slot(long index) {
        return (int) index & (ring.length() - 1);
    }
}
