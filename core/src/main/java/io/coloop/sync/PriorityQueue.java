package io.coloop.sync;

import java.util.Comparator;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Queue} whose next item is the least one. Of equal ones any may be next. Behaves as asyncio's {@code PriorityQueue}.
 *
 * @param <T> the items
 */
public final class PriorityQueue<T> extends Queue<T> {
    private PriorityQueue(int capacity, @Nullable Comparator<? super T> order) {
        super(new java.util.PriorityQueue<T>(order), capacity);
    }

    /** An empty queue that is never full, of items that are {@link Comparable}; others are refused with a {@link ClassCastException}. Any thread. */
    public static <T> PriorityQueue<T> unbounded() {
        return bounded(Integer.MAX_VALUE);
    }

    /** An empty queue that is never full, in this order. Any thread. */
    public static <T> PriorityQueue<T> unbounded(Comparator<? super T> order) {
        return bounded(Integer.MAX_VALUE, order);
    }

    /**
     * An empty queue that is full with so many items, one or more, of items that are {@link Comparable}; others are refused with a
     * {@link ClassCastException}. Any thread.
     */
    public static <T> PriorityQueue<T> bounded(int capacity) {
        return new PriorityQueue<>(capacity, null);
    }

    /** An empty queue that is full with so many items, one or more, in this order. Any thread. */
    public static <T> PriorityQueue<T> bounded(int capacity, Comparator<? super T> order) {
        return new PriorityQueue<>(capacity, Objects.requireNonNull(order, "order"));
    }
}
