package io.coloop.sync;

import io.coloop.Task;
import java.util.Locale;

/**
 * A point that tasks pass together: each waits until as many are there as the barrier has parties. Then it can be used again. Behaves as asyncio's
 * {@code Barrier}, but {@link #reset} and {@link #abort} do not await. Belongs to the first loop that uses it; every call is checked.
 */
public final class Barrier {
    /*
     *   filling     tasks come and wait
     *   draining    all are there, and leave; those that come now wait outside
     *   resetting   those inside leave with a failure; those that come now wait outside
     *   broken      everybody fails, until it is reset
     *
     * The last one out of a draining or resetting barrier lets it fill again. Those inside and those outside wait in the same line, and a
     * cancelled one wakes another, which waits again, behind the others: as with asyncio's, which is a condition.
     */
    private enum State {
        FILLING,
        DRAINING,
        RESETTING,
        BROKEN
    }

    private final Home home = new Home();
    private final WaitQueue waiters = new WaitQueue(home, Line.at(this));
    private final int parties;
    private State state = State.FILLING;
    private int inside;

    private Barrier(int parties) {
        if (parties < 1) {
            throw new IllegalArgumentException("a barrier needs a party: " + parties);
        }
        this.parties = parties;
    }

    /** A barrier for so many tasks, one or more. Any thread. */
    public static Barrier forParties(int parties) {
        return new Barrier(parties);
    }

    /**
     * Waits until all parties are there. Task only.
     *
     * @return which one this was, from 0 in the order in which they came; a different number for each
     * @throws BrokenBarrierException if the barrier is broken, or is reset or aborted meanwhile
     * @throws io.coloop.TaskCancelledException if the task is cancelled while it waits; the barrier then waits for another
     */
    public int await() {
        Task<?> task = home.task("Barrier.await()");
        while (state == State.DRAINING || state == State.RESETTING) {
            park(task);
        }
        checkNotBroken();
        int index = inside++;
        try {
            if (inside == parties) {
                become(State.DRAINING);
            }
            while (state == State.FILLING) {
                park(task);
            }
            checkNotBroken();
            return index;
        } finally {
            leave();
        }
    }

    private void park(Task<?> task) {
        try {
            waiters.park(task);
        } catch (Throwable thrown) {
            waiters.signalNext();
            throw thrown;
        }
    }

    private void checkNotBroken() {
        if (state == State.BROKEN || state == State.RESETTING) {
            throw new BrokenBarrierException("the barrier was " + (state == State.BROKEN ? "aborted" : "reset"));
        }
    }

    private void leave() {
        inside--;
        if (inside == 0) {
            become(state == State.BROKEN ? State.BROKEN : State.FILLING);
        }
    }

    private void become(State next) {
        state = next;
        waiters.signalEach();
    }

    /** Makes it wait for all its parties anew; also a broken one. Tasks that wait in it fail. Loop only. */
    public void reset() {
        home.check("Barrier.reset()");
        become(inside > 0 ? State.RESETTING : State.FILLING);
    }

    /** Breaks it: tasks that wait in it fail, and so do those that come, until it is reset. Loop only. */
    public void abort() {
        home.check("Barrier.abort()");
        become(State.BROKEN);
    }

    /** How many tasks pass together. Any thread. */
    public int parties() {
        return parties;
    }

    /** How many tasks wait for the others to come. Loop only. */
    public int waiting() {
        home.check("Barrier.waiting()");
        return state == State.FILLING ? inside : 0;
    }

    /** Whether it was aborted. Loop only. */
    public boolean isBroken() {
        home.check("Barrier.isBroken()");
        return state == State.BROKEN;
    }

    @Override
    public String toString() {
        return "Barrier[" + state.name().toLowerCase(Locale.ROOT) + ", " + inside + " of " + parties + " inside]";
    }
}
