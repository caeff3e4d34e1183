package io.coloop;

/** The time of a loop. */
public interface Clock {
    /** The machine's monotonic clock. */
    Clock SYSTEM = System::nanoTime;

    /** Now, in nanoseconds from some origin; never goes back. */
    long nanoTime();

    /**
     * Asked on the loop's thread when nothing is ready and no {@link Await#blocking blocking} job is running: a virtual clock may
     * jump to the deadline.
     *
     * @param nanos how far away the next timer is, in nanoseconds; {@link Long#MAX_VALUE} if there is none
     * @return whether the time has changed, so that the loop goes on at once instead of waiting
     */
    default boolean advance(long nanos) {
        return false;
    }

    /**
     * Asked on the loop's thread when nothing is ready, no timer is set and no {@link Await#blocking blocking} job is running, though tasks wait: whether it is known
     * that nothing outside the loop is at work for them, so that they wait for ever.
     */
    default boolean nothingElseRuns() {
        return false;
    }
}
