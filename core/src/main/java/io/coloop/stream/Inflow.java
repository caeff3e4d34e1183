package io.coloop.stream;

import io.coloop.Ending;
import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.Promise;
import io.coloop.Task;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** Receives the signals of one source, on any thread, and keeps the items until the loop takes them. */
final class Inflow<T> implements Flow.Subscriber<T> {
    /*
     * The source signals on any thread, one signal at a time; the loop takes.
     *
     *   ring          the source fills a slot, the loop empties it: no more is asked for than it has slots, and what was not asked for is not put there
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
    /** In place of a subscription that is cancelled, or that nobody needs any more. */
    static final Flow.Subscription GONE = new Flow.Subscription() {
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
    private final int refillAt;
    private final AtomicReferenceArray<@Nullable T> ring;
    private final AtomicLong
            asked; // in all; written by the loop. The first are as good as asked for, also by a source without a
    // subscription
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
        this.refillAt = prefetch - (prefetch >> 2);
        this.asked = new AtomicLong(prefetch);
        this.ring = new AtomicReferenceArray<>(Integer.highestOneBit(Math.max(1, prefetch - 1)) << 1);
    }

    // ---- the source

    @Override
    public void onSubscribe(Flow.Subscription given) {
        if (given == null) {
            throw failWith(new NullPointerException("a stream's subscription must not be null"));
        }
        if (!subscription.compareAndSet(null, given)) {
            given.cancel();
        } else if (loop.isOnLoop() && Task.currentOrNull() == null) {
            request(prefetch);
        } else {
            try {
                loop.execute(() -> request(prefetch));
            } catch (LoopClosedException closed) {
                cancelSource();
            }
        }
    }

    @Override
    public void onNext(T item) {
        if (item == null) {
            cancelSource();
            throw failWith(new NullPointerException("a stream's item must not be null"));
        }
        Object ended = end.get();
        if (ended == CLOSED) {
            undelivered.unwanted(item);
            return;
        }
        if (ended != null) {
            undelivered.value(item);
            return;
        }
        if (put == asked.get()) {
            undelivered.value(item);
            breaksRules(new IllegalStateException("the source signalled more than the " + prefetch
                    + " items that were asked for: one that cannot be slowed down needs a strategy for overflow"));
            return;
        }
        int slot = slot(put++);
        ring.set(slot, item);
        if (end.get() == CLOSED) {
            disposeOf(slot);
        }
        wake();
    }

    /** Subscribes to the source; what that throws is its failure. */
    void subscribeTo(Flow.Publisher<? extends T> source) {
        try {
            source.subscribe(this);
        } catch (Throwable failure) { // which it must not
            breaksRules(failure);
        }
    }

    private void breaksRules(Throwable failure) {
        cancelSource(); // first: nobody will once the failure was seen
        fail(failure);
    }

    /** What the source did must be thrown at it, and whoever iterates must not wait for ever. */
    private NullPointerException failWith(NullPointerException rule) {
        fail(rule);
        return rule;
    }

    @Override
    public void onError(Throwable failure) {
        if (failure == null) {
            throw failWith(new NullPointerException("a stream's failure must not be null"));
        }
        fail(failure);
    }

    private void fail(Throwable failure) {
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
        Promise<@Nullable Void> waiting = waiter.get();
        return waiting != null && !waiting.isDone();
    }

    /** Completes the promise once there is an item, or the end. */
    void whenReady(Promise<@Nullable Void> promise) {
        waiter.set(promise);
        if (isReady()) {
            wake();
        }
    }

    /** The task does not wait any more: by now another may. */
    void stopWaiting(Promise<@Nullable Void> promise) {
        waiter.compareAndSet(promise, null);
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
        if (++takenSinceRequest == refillAt) {
            int more = takenSinceRequest;
            takenSinceRequest = 0;
            if (end.get() == null) {
                asked.addAndGet(more);
                loop.execute(() -> request(more));
            }
        }
        return item;
    }

    private void request(int more) {
        Flow.Subscription source = subscription.get();
        if (source == null || end.get() != null) {
            return;
        }
        try {
            source.request(more);
        } catch (Throwable failure) { // which it must not
            breaksRules(failure);
        }
    }

    /**
     * Wants no more: disposes of what is here, and cancels the source if it has not ended; from the ready queue, as that runs foreign code. Idempotent.
     *
     * @return the cancel, or null if there is nobody to cancel
     */
    @Nullable
    Ending close() {
        Object before = end.getAndSet(CLOSED);
        for (int i = 0; i < ring.length(); i++) {
            disposeOf(slot(taken + i));
        }
        if (before instanceof Throwable failure) {
            undelivered.error(failure);
        }
        Ending ending = before == null ? Ending.of(loop, this::cancelSource) : null;
        wake(); // last, so that the source hears of it before the task goes on
        return ending;
    }

    /** The end was seen: there is nothing to dispose of. */
    void finish() {
        end.set(CLOSED);
        subscription.set(GONE);
    }

    private void disposeOf(int slot) {
        T item = ring.getAndSet(slot, null);
        if (item != null) {
            undelivered.unwanted(item);
        }
    }

    private void cancelSource() {
        Flow.Subscription source = subscription.getAndSet(GONE);
        if (source != null) {
            try {
                source.cancel();
            } catch (Throwable failure) { // which it must not
                undelivered.brokenRule("a stream's source threw from cancel", failure);
            }
        }
    }

    private int slot(long index) {
        return (int) index & (ring.length() - 1);
    }
}
