package io.coloop.sync;

import io.coloop.Await;
import io.coloop.LoopMisuseException;
import io.coloop.Promise;
import io.coloop.Task;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Items on their way from tasks that put them to tasks that get them, first in, first out. Getting waits while it is empty, putting while it is full.
 *
 * <p>Behaves as asyncio's {@code Queue}, with {@link #tryPut} and {@link #tryGet} for its {@code put_nowait} and {@code get_nowait}, but for
 * one point: a task that puts or gets 256 times in a row without having to wait gives up the loop for one turn. A woken task may find that
 * another was faster; then it waits again, behind the others. Null is no item. Belongs to the first loop that uses it; every call is checked.
 *
 * @param <T> the items
 */
public sealed class Queue<T> permits LifoQueue, PriorityQueue {
    private static final int UNBOUNDED = Integer.MAX_VALUE;

    private final Home home = new Home();
    private final WaitQueue getters = new WaitQueue(home, Line.at(this));
    private final WaitQueue putters = new WaitQueue(home, Line.at(this));
    private final WaitQueue joiners = new WaitQueue(home, Line.at(this));
    private final java.util.Queue<T> items;
    private final int capacity;
    private int unfinished;
    private boolean shutDown;

    Queue(java.util.Queue<T> items, int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("a queue needs room for an item: " + capacity);
        }
        this.items = items;
        this.capacity = capacity;
    }

    /** An empty queue that is never full. Any thread. */
    public static <T> Queue<T> unbounded() {
        return bounded(UNBOUNDED);
    }

    /** An empty queue that is full with so many items, one or more. Any thread. */
    public static <T> Queue<T> bounded(int capacity) {
        return new Queue<>(new ArrayDeque<>(), capacity);
    }

    /**
     * Puts an item in; waits while the queue is full. Task only.
     *
     * @throws QueueShutDownException if the queue was shut down, before or meanwhile
     * @throws io.coloop.TaskCancelledException if the task is cancelled while it waits; the item is not in the queue then
     */
    public final void put(T item) {
        Objects.requireNonNull(item, "item");
        Task<?> task = home.task("Queue.put(...)");
        if (items.size() < capacity) {
            Await.consumeBudget();
        }
        while (items.size() >= capacity) {
            checkNotShutDown();
            Promise<Boolean> turn = putters.enter(task);
            try {
                Await.await(turn.future());
            } catch (Throwable thrown) {
                if (putters.leave(turn) && items.size() < capacity) {
                    putters.signalNext();
                }
                throw thrown;
            }
            putters.leave(turn);
        }
        checkNotShutDown();
        add(item);
    }

    /**
     * Puts an item in unless the queue is full; whether it did. Loop only.
     *
     * @throws QueueShutDownException if the queue was shut down
     */
    public final boolean tryPut(T item) {
        Objects.requireNonNull(item, "item");
        home.check("Queue.tryPut(...)");
        checkNotShutDown();
        if (items.size() >= capacity) {
            return false;
        }
        add(item);
        return true;
    }

    private void add(T item) {
        items.add(item);
        unfinished++;
        getters.signalNext();
    }

    /**
     * Takes the next item out; waits while there is none. Task only.
     *
     * @throws QueueShutDownException if the queue is empty and was shut down, before or meanwhile
     * @throws io.coloop.TaskCancelledException if the task is cancelled while it waits; no item is lost then
     */
    public final T get() {
        Task<?> task = home.task("Queue.get()");
        if (!items.isEmpty()) {
            Await.consumeBudget();
        }
        while (items.isEmpty()) {
            checkNotShutDown();
            Promise<Boolean> turn = getters.enter(task);
            try {
                Await.await(turn.future());
            } catch (Throwable thrown) {
                if (getters.leave(turn) && !items.isEmpty()) {
                    getters.signalNext();
                }
                throw thrown;
            }
            getters.leave(turn);
        }
        return take();
    }

    /**
     * Takes the next item out, or returns null if there is none. Loop only.
     *
     * @throws QueueShutDownException if the queue is empty and was shut down
     */
    public final @Nullable T tryGet() {
        home.check("Queue.tryGet()");
        if (items.isEmpty()) {
            checkNotShutDown();
            return null;
        }
        return take();
    }

    private T take() {
        T item = items.remove();
        putters.signalNext();
        return item;
    }

    /**
     * Says that the work on an item that was taken out is done; {@link #join} waits for that. Loop only.
     *
     * @throws LoopMisuseException if it was said for every item already
     */
    public final void taskDone() {
        home.check("Queue.taskDone()");
        if (unfinished == 0) {
            throw home.misuse(
                    "taskDone() is called once for each item that was put in",
                    "Queue.taskDone()",
                    "call it where the work on an item that get() returned is done");
        }
        unfinished--;
        signalJoiners();
    }

    /**
     * Waits until {@link #taskDone} was called for each item that was put in, or the items were dropped by {@link #shutdownNow}; returns at once if that is so
     * already. Task only.
     *
     * @throws io.coloop.TaskCancelledException if the task is cancelled while it waits
     */
    public final void join() {
        Task<?> task = home.task("Queue.join()");
        if (unfinished > 0) {
            joiners.park(task);
        }
    }

    private void signalJoiners() {
        if (unfinished == 0) {
            joiners.signalEach();
        }
    }

    /**
     * Takes no more items. Who waits to put fails; the items in the queue can still be taken out, then getting fails. The count of unfinished work goes on.
     * Idempotent. Loop only.
     */
    public final void shutdown() {
        home.check("Queue.shutdown()");
        end();
    }

    /**
     * Takes no more items and drops those in the queue, which count as done. Who waits to put or to get fails, and so does who tries from now on. Idempotent.
     * Loop only.
     *
     * @return the items dropped, in the order in which they would have been taken out
     */
    public final List<T> shutdownNow() {
        home.check("Queue.shutdownNow()");
        List<T> dropped = new ArrayList<>(items.size());
        while (!items.isEmpty()) {
            dropped.add(items.remove());
        }
        unfinished = Math.max(0, unfinished - dropped.size());
        signalJoiners();
        end();
        return dropped;
    }

    private void end() {
        shutDown = true;
        getters.signalEach();
        putters.signalEach();
    }

    private void checkNotShutDown() {
        if (shutDown) {
            throw new QueueShutDownException();
        }
    }

    /** How many items are in it. Loop only. */
    public final int size() {
        home.check("Queue.size()");
        return items.size();
    }

    /** Whether no item is in it. Loop only. */
    public final boolean isEmpty() {
        home.check("Queue.isEmpty()");
        return items.isEmpty();
    }

    /** Whether putting would wait. Loop only. */
    public final boolean isFull() {
        home.check("Queue.isFull()");
        return items.size() >= capacity;
    }

    /** How many items it has room for; {@link Integer#MAX_VALUE} if it is unbounded. Any thread. */
    public final int capacity() {
        return capacity;
    }

    /** Whether it was shut down. Loop only. */
    public final boolean isShutDown() {
        home.check("Queue.isShutDown()");
        return shutDown;
    }

    @Override
    public final String toString() {
        return getClass().getSimpleName() + "[" + items.size() + (capacity == UNBOUNDED ? "" : " of " + capacity)
                + " items, " + unfinished + " unfinished, " + getters.waiting() + " getting, " + putters.waiting()
                + " putting" + (shutDown ? ", shut down]" : "]");
    }
}
