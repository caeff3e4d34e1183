package io.coloop;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs the callbacks of a closed loop, on the threads that complete or register: one at a time, in order, and in a loop rather than inside one
 * another.
 */
final class AfterClose {
    private final Loop loop;
    private final Queue<Runnable> callbacks = new ConcurrentLinkedQueue<>();
    private final AtomicInteger pending = new AtomicInteger();

    AfterClose(Loop loop) {
        this.loop = loop;
    }

    void run(Runnable callback) {
        callbacks.add(callback);
        if (pending.getAndIncrement() > 0) {
            return; // whoever is at it runs this one too
        }
        do {
            loop.runItem(callbacks.remove());
        } while (pending.decrementAndGet() > 0);
    }
}
