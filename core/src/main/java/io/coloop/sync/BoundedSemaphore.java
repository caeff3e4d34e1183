package io.coloop.sync;

/**
 * A {@link Semaphore} that refuses to have more permits than it began with: a release too many is an error and not one more permit. Behaves as asyncio's
 * {@code BoundedSemaphore}.
 */
public final class BoundedSemaphore extends Semaphore {
    private BoundedSemaphore(int permits) {
        super(permits, permits);
    }

    /** A semaphore with so many permits, zero or more, and never more than that. Any thread. */
    public static BoundedSemaphore withPermits(int permits) {
        return new BoundedSemaphore(permits);
    }
}
