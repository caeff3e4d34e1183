package io.coloop.sync;

import java.util.ArrayDeque;
import java.util.Collections;

/**
 * A {@link Queue} whose next item is the one put in last. Behaves as asyncio's {@code LifoQueue}.
 *
 * @param <T> the items
 */
public final class LifoQueue<T> extends Queue<T> {
    private LifoQueue(int capacity) {
        super(Collections.asLifoQueue(new ArrayDeque<>()), capacity);
    }

    /** An empty queue that is never full. Any thread. */
    public static <T> LifoQueue<T> unbounded() {
        return bounded(Integer.MAX_VALUE);
    }

    /** An empty queue that is full with so many items, one or more. Any thread. */
    public static <T> LifoQueue<T> bounded(int capacity) {
        return new LifoQueue<>(capacity);
    }
}
