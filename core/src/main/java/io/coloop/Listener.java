package io.coloop;

import org.jspecify.annotations.Nullable;

/** What runs from a loop's ready queue once a future is done; a node of that future's list until then. */
abstract class Listener implements Runnable {
    @Nullable
    Listener next; // the registering thread's until published, then the settling thread's

    volatile boolean left; // taken off: what settles the future passes it over
    short leavesLeft; // of the newest: how many more may leave before the list is swept

    /** The loop whose ready queue this runs from. */
    abstract Loop loop();

    final boolean wants() {
        return !left && observes();
    }

    /** This one, or the next older one that has not left. */
    final @Nullable Listener orOlder() {
        Listener listener = this;
        while (listener != null && listener.left) {
            listener = listener.next;
        }
        return listener;
    }

    /** Whether a result still matters to this listener. It decides if a failure counts as observed and a source as wanted. */
    abstract boolean observes();

    /** Whether what observes the result may yet go on without a look at it: a task that is cancelled first. */
    boolean mayTurnAway() {
        return false;
    }
}
