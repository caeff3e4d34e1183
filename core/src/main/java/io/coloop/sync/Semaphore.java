package io.coloop.sync;

import io.coloop.Await;
import io.coloop.Promise;
import io.coloop.Task;

/**
 * A number of permits; who asks for one waits until there is one, first come, first served. A permit has no owner: any task or callback may
 * {@link #release()} one, also one that nobody acquired, which adds to the number. Behaves as asyncio's {@code Semaphore}.
 *
 * <pre>{@code
 * try (var permit = semaphore.acquire()) {
 *     ... // may await
 * }
 * }</pre>
 *
 * <p>Belongs to the first loop that uses it; every call is checked.
 */
public sealed class Semaphore permits BoundedSemaphore {
    private final Home home = new Home();
    private final WaitQueue waiters = new WaitQueue(home, Line.at(this));
    private final int bound;
    private int available;

    Semaphore(int permits, int bound) {
        if (permits < 0) {
            throw new IllegalArgumentException("permits are negative: " + permits);
        }
        this.available = permits;
        this.bound = bound;
    }

    /** A semaphore with so many permits, zero or more. Any thread. */
    public static Semaphore withPermits(int permits) {
        return new Semaphore(permits, Integer.MAX_VALUE);
    }

    /**
     * Takes a permit; waits if there is none, or if others are in line. Task only.
     *
     * @return what gives it back, once; use that or {@link #release()}, not both
     * @throws io.coloop.TaskCancelledException if the task is cancelled while it waits; it has no permit then
     */
    public final Hold acquire() {
        Task<?> task = home.task("Semaphore.acquire()");
        if (available == 0 || waiters.isContended()) {
            waitForPermit(task);
        } else {
            available--;
        }
        return new Permit(this);
    }

    /** Who signals a waiter takes the permit out of {@code available} for it. */
    private void waitForPermit(Task<?> task) {
        Promise<Boolean> turn = waiters.enter(task);
        try {
            Await.await(turn.future());
        } catch (Throwable thrown) {
            if (waiters.leave(turn)) {
                available++;
            }
            handOut();
            throw thrown;
        }
        waiters.leave(turn);
        handOut(); // those who had to line up behind this task though permits were there
    }

    private void handOut() {
        while (available > 0 && waiters.signalNext()) {
            available--;
        }
    }

    /** Adds a permit and wakes the first in line. Loop only. */
    public final void release() {
        release("Semaphore.release()");
    }

    private void release(String call) {
        home.check(call);
        if (available >= bound) {
            throw home.misuse(
                    "this semaphore has at most " + bound + " permits, and nobody has one of them",
                    call,
                    "release what was acquired, once: with try (var permit = semaphore.acquire())");
        }
        available++;
        if (waiters.signalNext()) {
            available--;
        }
    }

    /** Whether {@link #acquire()} would wait: there is no permit, or others are in line. Loop only. */
    public final boolean isLocked() {
        home.check("Semaphore.isLocked()");
        return available == 0 || waiters.isContended();
    }

    /** How many permits can be had; those that woken tasks are about to take are not counted. Loop only. */
    public final int available() {
        home.check("Semaphore.available()");
        return available;
    }

    @Override
    public final String toString() {
        return getClass().getSimpleName() + "[" + available + " available, " + waiters.waiting() + " waiting]";
    }

    /** One permit, to be given back once. */
    static final class Permit implements Hold {
        private final Semaphore semaphore;
        private boolean closed;

        private Permit(Semaphore semaphore) {
            this.semaphore = semaphore;
        }

        @Override
        public void close() {
            semaphore.home.check("Hold.close() of a Semaphore");
            if (!closed) {
                closed = true;
                semaphore.release("Hold.close() of a Semaphore");
            }
        }
    }
}
