package io.coloop;

/**
 * Carries foreign context, such as thread locals that a library registers, from where something is started or registered to where it runs: tasks, callbacks,
 * subscriptions, {@link Await#blocking blocking} jobs. {@link ContextVar}s go along without it.
 */
@FunctionalInterface
public interface ContextCapture {
    /** Carries nothing. */
    ContextCapture NONE = () -> Snapshot.NOTHING;

    /** Takes what the calling thread sees now. Called on the thread that spawns, registers or awaits; {@link Snapshot#NOTHING} if there is nothing to carry. */
    Snapshot capture();

    /** What was captured. */
    @FunctionalInterface
    interface Snapshot {
        /** Nothing was captured. */
        Snapshot NOTHING = () -> Scope.NONE;

        /** Puts the captured context in place on the calling thread, until what it returns is closed there. */
        Scope open();

        /** Runs the action on the calling thread with the captured context in place, and restores that thread's own after. */
        default void run(Runnable action) {
            Scope scope = open();
            try {
                action.run();
            } finally {
                scope.close();
            }
        }
    }

    /** Captured context that is in place on a thread. */
    @FunctionalInterface
    interface Scope extends AutoCloseable {
        /** Changes nothing. */
        Scope NONE = () -> {};

        /** Restores what the thread had before. */
        @Override
        void close();
    }
}
