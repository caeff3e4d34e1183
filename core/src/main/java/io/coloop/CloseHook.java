package io.coloop;

import org.jspecify.annotations.Nullable;

/** Something that a loop has to close before it ends, registered with {@link Loop#onClose}. Thread-safe. */
public final class CloseHook {
    private final CloseHooks registry;
    private final VoidBody<?> action;
    private final @Nullable Runnable lastResort;
    private final ContextCapture.Snapshot seen;
    private final @Nullable String site; // in debug mode
    private @Nullable Task<?> task; // the loop's; null until it has begun

    CloseHook(
            CloseHooks registry,
            VoidBody<?> action,
            @Nullable Runnable lastResort,
            ContextCapture.Snapshot seen,
            @Nullable String site) {
        this.registry = registry;
        this.action = action;
        this.lastResort = lastResort;
        this.seen = seen;
        this.site = site;
    }

    /**
     * Takes the hook back, because what it would have closed is closed already. Any thread.
     *
     * @return false if there is nothing to take back: it was before, or the loop has begun it or given it up
     */
    public boolean remove() {
        return registry.remove(this);
    }

    /** Starts the action as a task that sees what its registrar saw. On the loop. */
    void start(Loop loop) {
        seen.run(() -> task = loop.spawn("close-hook", Loop.asBody(action)));
    }

    /** Whether the action has ended, or could not begin. On the loop. */
    boolean isOver() {
        return task == null || task.isDone();
    }

    /** What the action failed with, or null; reading it counts as observing it. On the loop. */
    @Nullable
    Throwable failure() {
        return task != null && task.isFailed() ? task.exceptionNow() : null;
    }

    /** The action has not ended, nor will it. On the loop. */
    void giveUp(Loop loop) {
        Runnable last = lastResort;
        if (last != null) {
            seen.run(() -> loop.runItem(last));
        }
    }

    VoidBody<?> action() {
        return action;
    }

    /** Where it was registered, in debug mode; else null. */
    @Nullable
    String site() {
        return site;
    }

    @Override
    public String toString() {
        return "CloseHook[" + (site == null ? action : action + ", registered at " + site) + "]";
    }
}
