package io.coloop.stream;

import java.util.Collection;

/**
 * Where the body of a stream puts its items. Of one loop; several tasks of that loop may emit, each item is signalled by itself.
 *
 * @param <T> the items
 */
public interface Emitter<T> {
    /**
     * Waits until the subscriber has asked for an item, and signals this one to it: on the loop's own thread, after the task has given up the loop, as every call does. Returns when the
     * subscriber's {@code onNext} has. Task only.
     *
     * <p>An item that was not signalled, because the task was cancelled or the stream had ended, is undelivered; see {@link Undelivered}. If the subscriber cancelled it is not reported.
     *
     * @throws io.coloop.TaskCancelledException if the task is cancelled, as that of the body is when the subscriber cancels; also in a task that nobody cancelled, after the subscriber has
     * @throws java.util.concurrent.CancellationException if the subscriber has cancelled and the task, which was told, goes on
     * @throws IllegalStateException if the body has ended
     * @throws io.coloop.LoopMisuseException outside a task, or in one of another loop; the item is still the caller's
     */
    void emit(T item);

    /**
     * Emits all items in their order, as many at a time as the subscriber has asked for, up to 256: the task gives up the loop once for each such part instead of once for each item. Much
     * cheaper than {@link #emit} for items that are there anyway; another task's items may come between two parts. Returns at once if there are none. Task only.
     *
     * <p>Takes a copy first. Items that were not signalled are undelivered, as with {@link #emit}.
     *
     * @throws NullPointerException if there is a null among the items; none was emitted
     */
    void emitAll(Collection<? extends T> items);

    /** Waits until the subscriber has asked for an item: so that a scarce one is taken only when it can be sent. Throws as {@link #emit}. Task only. */
    void awaitDemand();
}
