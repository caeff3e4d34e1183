package io.coloop;

/**
 * Carries foreign context, such as thread locals that a library registers, from a task to what it starts elsewhere:
 * subscriptions, which run on the loop's own thread, and {@link Await#blocking blocking} jobs.
 */
@FunctionalInterface
public interface ContextCapture {
    /** Carries nothing. */
    ContextCapture NONE = () -> Runnable::run;

    /** Takes what the calling thread sees now. Called on the task's own thread. */
    Snapshot capture();

    /** What was captured. */
    @FunctionalInterface
    interface Snapshot {
        /** Runs the action on the calling thread with the captured context in place, and restores that thread's own after. */
        void run(Runnable action);
    }
}
