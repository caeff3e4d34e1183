package io.coloop;

import io.coloop.internal.queue.TimerHeap;
import org.jspecify.annotations.Nullable;

/** A timer of a loop. Confined to the loop. */
public final class TimerHandle extends Handle {
    private final TimerHeap.Timer timer;

    TimerHandle(Loop loop, TimerHeap timers, long deadline, Runnable action, @Nullable String site) {
        super(loop, action);
        this.timer = timers.add(deadline, site == null ? this::fire : new Sited(this::fire, site));
    }

    /** When it is due, in nanoseconds of {@link Loop#time()}. Any thread. */
    public long when() {
        return timer.deadline();
    }

    @Override
    public boolean cancel() {
        boolean cancelled = super.cancel();
        if (cancelled) {
            loop().disarm(timer);
        }
        return cancelled;
    }
}
