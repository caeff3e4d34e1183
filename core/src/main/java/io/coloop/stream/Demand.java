package io.coloop.stream;

import java.util.concurrent.atomic.AtomicLong;

/** How many items a subscriber has asked for and not got. */
final class Demand {
    /*
     * The subscriber adds on any thread, the loop takes. A loop that finds nothing says that it starves and looks again; the subscriber adds and then looks whether the loop
     * starves. So at least one of them sees the other: add() returns true, or starve() returns false.
     */
    private final AtomicLong requested = new AtomicLong();
    private volatile boolean starved;

    /** Adds, up to {@link Long#MAX_VALUE}, which is without end. Whether the loop has to be woken. Any thread. */
    boolean add(long n) {
        requested.accumulateAndGet(n, (before, more) -> before + more < 0 ? Long.MAX_VALUE : before + more);
        return starved;
    }

    /** Takes up to so many; returns how many. Loop only. */
    int take(int most) {
        long before = requested.getAndUpdate(now -> now == Long.MAX_VALUE ? now : now - Math.min(now, most));
        return (int) Math.min(before, most);
    }

    /** Whether there is some. */
    boolean isThere() {
        return requested.get() > 0;
    }

    /** Says that the loop waits for some; false if there is some by now. Loop only. */
    boolean starve() {
        starved = true;
        return !isThere();
    }

    /** The loop looks again. Loop only. */
    void woken() {
        starved = false;
    }
}
