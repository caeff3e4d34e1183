package io.coloop;

import java.util.Iterator;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;

/**
 * Actions that run on a loop in the order in which they were given, whichever threads gave them: what a Worker of other libraries' schedulers promises. {@link Loop#execute} alone promises that
 * of each thread. Thread-safe. For adapters.
 */
public final class SerialQueue {
    /*
     * The loop's ready queue alone would not keep the order between threads: what another thread gives comes through the inbox, one turn later than what the loop gives itself after it. So an action
     * waits in a queue of its own, and the loop gets one item for each, which runs the oldest that the loop has accepted: its own at the latest. One that the loop refuses, because it closes,
     * so has taken nobody's item.
     */
    private final Loop loop;
    private final Executor executor;
    private final Queue<Given> queue = new ConcurrentLinkedQueue<>();

    SerialQueue(Loop loop, Executor executor) {
        this.loop = loop;
        this.executor = executor;
    }

    /** An empty one. */
    public static SerialQueue of(Loop loop) {
        return new SerialQueue(Objects.requireNonNull(loop, "loop"), item -> loop.execute(item, Context.empty()));
    }

    /**
     * Adds an action, which runs from the ready queue, in the context that the calling thread sees now, and must not await. The loop reports what it throws. Any thread.
     *
     * @throws LoopClosedException if the loop is closed; then the action does not run
     */
    public void add(Runnable action) {
        Given given = new Given(ContextHolder.capture(loop).wrap(action)); // the item that runs it may be another's
        queue.add(given);
        try {
            executor.execute(given);
        } catch (LoopClosedException closed) {
            queue.remove(given);
            throw closed;
        }
        given.accepted = true;
    }

    /** Whether nothing waits. Any thread. */
    public boolean isEmpty() {
        return queue.isEmpty();
    }

    /** How many actions wait; counts them. Any thread. */
    public int size() {
        return queue.size();
    }

    @Override
    public String toString() {
        return "SerialQueue[" + size() + " on " + loop.name() + "]";
    }

    /** An action, and the loop's item for it. */
    private final class Given implements Runnable {
        private final Runnable action;
        private volatile boolean accepted;

        Given(Runnable action) {
            this.action = action;
        }

        @Override
        public void run() {
            accepted = true; // the thread that gave it may not have come to say so
            takeOldest().action.run();
        }

        private Given takeOldest() {
            Given oldest = Objects.requireNonNull(queue.peek());
            if (oldest.accepted) { // so nobody but the loop takes it out
                queue.remove();
                return oldest;
            }
            for (Iterator<Given> all = queue.iterator(); ; ) {
                Given next = all.next();
                if (next.accepted) {
                    all.remove();
                    return next;
                }
            }
        }
    }
}
