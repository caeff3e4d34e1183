package io.coloop;

import org.jspecify.annotations.Nullable;

/** A callback that was given to a loop and can be called off. Confined to the loop. */
public sealed class Handle permits TimerHandle {
    private final Loop loop;
    private @Nullable Runnable action; // the loop's; null once it ran or was cancelled
    private boolean cancelled; // the loop's

    Handle(Loop loop, Runnable action) {
        this.loop = loop;
        this.action = action;
    }

    /** Calls the callback off. Returns false if it has run or was cancelled before. */
    public boolean cancel() {
        loop.checkOnLoop("Handle.cancel()");
        if (action == null) {
            return false;
        }
        action = null;
        cancelled = true;
        return true;
    }

    /** Whether it was cancelled before it ran. */
    public boolean isCancelled() {
        loop.checkOnLoop("Handle.isCancelled()");
        return cancelled;
    }

    final Loop loop() {
        return loop;
    }

    final void fire() {
        Runnable due = action;
        if (due != null) {
            action = null;
            due.run();
        }
    }
}
