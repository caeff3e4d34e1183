package io.coloop.internal.fiber;

import org.jspecify.annotations.Nullable;

/** What a fiber needs of the loop it runs on. */
public interface Carrier {
    /** The thread that resumes fibers now: the loop's own, its host's, or a rescuer's. Any thread. */
    @Nullable
    Thread thread();

    /** Runs an action on {@link #thread()} soon. Any thread; never throws, and drops the action if the loop is closed. */
    void runSoon(Runnable action);

    /**
     * A fiber was resumed but the JDK holds its stack for a moment: it will run through {@link #runSoon}. Carrier thread only.
     *
     * @param held true when that begins, false when the fiber runs
     */
    void held(boolean held);

    /**
     * The fiber that runs next, already taken from the queue, if it can be resumed by the fiber that gives up the loop now;
     * null if the carrier's own thread must go on. Called on that fiber's thread. Hand-off mode only.
     */
    @Nullable
    Fiber takeNext();
}
