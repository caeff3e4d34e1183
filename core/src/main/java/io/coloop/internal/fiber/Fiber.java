package io.coloop.internal.fiber;

import org.jspecify.annotations.Nullable;

/** A stack on which a task body runs: a virtual thread that runs only between {@code resume} and {@code suspend}. */
public abstract sealed class Fiber permits MountedFiber, HandOffFiber {
    /**
     * Runs the body until it suspends or ends. Carrier thread only. It may return before the body ran at all, if the JDK
     * holds the stack for a moment (someone samples it): then it runs through {@link Carrier#runSoon} by itself.
     */
    public abstract void resume();

    /**
     * Gives up the loop until {@link #resume()}. The fiber's own thread only. An interrupt neither ends nor shortens this; its
     * flag is set again on return.
     *
     * @param then what the carrier thread runs right after the stack is unmounted, or null
     * @throws PinnedStackException if the stack turned out not to unmount, see {@link #rescueIfPinned}; {@code then} does not run
     */
    public abstract void suspend(@Nullable Runnable then);

    /**
     * Ends a suspend whose stack cannot unmount (a class initialiser or a native frame is on it), which would hold the carrier
     * thread for good; whether there was one. Any thread, of a fiber that seems stuck.
     *
     * @param stack the fiber's stack as it was seen
     */
    public abstract boolean rescueIfPinned(StackTraceElement[] stack);

    /** The thread whose stack this is. Any thread. */
    public abstract Thread thread();
}
