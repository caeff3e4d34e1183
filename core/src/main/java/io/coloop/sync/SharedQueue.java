package io.coloop.sync;

import io.coloop.Await;
import io.coloop.Promise;
import io.coloop.Task;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Items on their way from tasks that put them to tasks that get them, where these may be of different loops: the channel between loops. First in, first out. Getting waits while it is empty, putting while it is full;
 * other threads may try both.
 *
 * <p>Otherwise as {@link Queue}, which belongs to one loop and is cheaper there. What one task or thread puts comes out in its order. A woken task may find that another was faster; then it waits again, behind the others.
 * An item is in the queue until the {@code get} that takes it returns: one that is cancelled has taken nothing, and if it was woken already, the next in line is. Null is no item. Items must be such that another thread
 * may use them: what the putter did before is seen by the getter. Thread-safe; nobody holds a lock that a loop could have to wait for.
 *
 * @param <T> the items
 */
public final class SharedQueue<T> {
    private final Exchange<T> exchange;
    private final Line line = Line.at(this);

    private SharedQueue(int capacity) {
        this.exchange = new Exchange<>(capacity);
    }

    /**
     * An empty queue that is full with so many items.
     *
     * @throws IllegalArgumentException if that is less than one
     */
    public static <T> SharedQueue<T> bounded(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("a queue needs room for an item: " + capacity);
        }
        return new SharedQueue<>(capacity);
    }

    /**
     * Puts an item in; waits while the queue is full. Task only, of any loop.
     *
     * @throws QueueShutDownException if the queue was shut down, before or meanwhile
     * @throws io.coloop.TaskCancelledException if the task is cancelled while it waits; the item is not in the queue then
     */
    public void put(T item) {
        Objects.requireNonNull(item, "item");
        Task<?> task = Home.caller("SharedQueue.put(...)");
        Await.consumeBudget();
        exchange.put(item, () -> new TaskTurn(task));
    }

    /**
     * Puts an item in unless the queue is full; whether it did. Any thread.
     *
     * @throws QueueShutDownException if the queue was shut down
     */
    public boolean tryPut(T item) {
        return exchange.tryPut(Objects.requireNonNull(item, "item"));
    }

    /**
     * Takes the next item out; waits while there is none. Task only, of any loop.
     *
     * @throws QueueShutDownException if the queue is empty and was shut down, before or meanwhile
     * @throws io.coloop.TaskCancelledException if the task is cancelled while it waits; no item is lost then
     */
    public T get() {
        Task<?> task = Home.caller("SharedQueue.get()");
        Await.consumeBudget();
        return exchange.get(() -> new TaskTurn(task));
    }

    /**
     * Takes the next item out, or returns null if there is none. Any thread.
     *
     * @throws QueueShutDownException if the queue is empty and was shut down
     */
    public @Nullable T tryGet() {
        return exchange.tryGet();
    }

    /** Takes no more items. Who waits to put fails; the items in the queue can still be taken out, then getting fails. Idempotent. Any thread. */
    public void shutdown() {
        exchange.shutDown();
    }

    /** How many items are in it. Any thread. */
    public int size() {
        return exchange.state().items.size();
    }

    /** How many items it has room for. Any thread. */
    public int capacity() {
        return exchange.capacity();
    }

    /** Whether it was shut down. Any thread. */
    public boolean isShutDown() {
        return exchange.state().shut;
    }

    @Override
    public String toString() {
        Exchange.State<T> now = exchange.state();
        return "SharedQueue[" + now.items.size() + " of " + capacity() + " items, "
                + now.getters.size() + " getting, " + now.putters.size() + " putting"
                + (now.shut ? ", shut down]" : "]");
    }

    /** A task that waits, on its loop. */
    private final class TaskTurn implements Exchange.Turn {
        private final Promise<@Nullable Void> signal;

        TaskTurn(Task<?> task) {
            this.signal = task.loop().promise(line);
        }

        @Override
        public boolean signal() {
            return !signal.future().loop().isClosed() // a task that it gave up does not come
                    && signal.complete(null);
        }

        @Override
        public void await() {
            Await.await(signal.future());
        }

        @Override
        public boolean withdraw() {
            signal.future().cancel();
            return signal.future().isCancelled();
        }
    }
}
