package io.coloop.sync;

import io.coloop.Task;

/**
 * A flag that tasks wait for: all that wait go on once it is set, and those that come later do not wait, until it is cleared. Behaves as asyncio's
 * {@code Event}. Belongs to the first loop that uses it; every call is checked.
 */
public final class Event {
    private final Home home = new Home();
    private final WaitQueue waiters = new WaitQueue(home, Line.at(this));
    private boolean set;

    private Event() {}

    /** An event that is not set. Any thread. */
    public static Event create() {
        return new Event();
    }

    /**
     * Waits until the event is set; returns at once if it is. A task that was woken goes on even if the event is cleared before it runs. Task only.
     *
     * @throws io.coloop.TaskCancelledException if the task is cancelled while it waits
     */
    public void await() {
        Task<?> task = home.task("Event.await()");
        if (!set) {
            waiters.park(task);
        }
    }

    /** Sets it and wakes all that wait. Loop only. */
    public void set() {
        home.check("Event.set()");
        set = true;
        waiters.signalEach();
    }

    /** Clears it: from now on tasks wait. Loop only. */
    public void clear() {
        home.check("Event.clear()");
        set = false;
    }

    /** Whether it is set. Loop only. */
    public boolean isSet() {
        home.check("Event.isSet()");
        return set;
    }

    @Override
    public String toString() {
        return "Event[" + (set ? "set" : "unset") + ", " + waiters.waiting() + " waiting]";
    }
}
