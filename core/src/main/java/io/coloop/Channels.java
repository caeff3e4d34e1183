package io.coloop;

import io.coloop.internal.poll.Poller;
import io.coloop.internal.poll.SelectorThread;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A loop's channels, and where it waits for them once there is one. */
final class Channels {
    /*
     * A producer that ends the inbox's sleep sees the selector: the loop opens it while awake. One that is late wakes what is gone or parks no more, which is
     * harmless: its item was taken.
     *
     * Fields without a remark belong to the loop.
     */
    private final Loop loop;
    private final Set<Readiness> open = new LinkedHashSet<>();
    private volatile @Nullable Poller poller; // written by the loop
    private boolean own; // the loop's thread selects; published by poller
    private int waiting; // directions of channels that somebody awaits
    private boolean closedSome; // since the last look: their descriptors are not free yet
    private boolean looked; // since the last turn

    Channels(Loop loop) {
        this.loop = loop;
    }

    /** What selects for this loop. */
    Poller poller() throws IOException {
        Poller opened = poller;
        if (opened == null) {
            boolean ownsThread = loop.driver().ownsThread();
            opened = ownsThread ? Poller.open(Loop.mode() == Mode.HAND_OFF) : SelectorThread.poller();
            own = ownsThread;
            poller = opened;
        }
        return opened;
    }

    /** Whether the loop's own thread selects. */
    boolean areSelectedHere() {
        return own;
    }

    void add(Readiness readiness) {
        open.add(readiness);
    }

    void remove(Readiness readiness) {
        open.remove(readiness);
        closedSome = true;
        Poller selecting = poller;
        if (selecting != null) {
            selecting.closed();
        }
    }

    void waiting(boolean begins) {
        waiting += begins ? 1 : -1;
    }

    /** Whether a task awaits a channel. */
    boolean areAwaited() {
        return waiting > 0;
    }

    List<Readiness> list() {
        return List.copyOf(open);
    }

    /** As a turn begins: enqueues those whose channels are ready, unless the wait before it has. */
    void look() {
        if (looked) {
            looked = false;
        } else {
            lookAgain();
        }
    }

    /** Enqueues those whose channels are ready. */
    void lookAgain() {
        Poller selecting = poller;
        if (own && selecting != null && (waiting > 0 || closedSome)) {
            closedSome = false;
            try {
                selecting.selectNow();
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            }
        }
    }

    /** Waits for channels, {@link #wake()} or the end of the time; false if the loop's thread has nothing to select on. */
    boolean await(long nanos) {
        Poller selecting = poller;
        if (!own || selecting == null) {
            return false;
        }
        closedSome = false;
        looked = true;
        try {
            selecting.select(nanos);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        return true;
    }

    /** Ends that wait; false if the loop's thread has nothing to select on. Any thread. */
    boolean wake() {
        Poller selecting = poller;
        if (selecting == null || !own) {
            return false;
        }
        selecting.wakeup();
        return true;
    }

    /** The loop has ended: closes what is left and reports it. */
    void closeAll() {
        for (Readiness left : list()) {
            loop.report(new Report(
                    Report.Kind.LEFT_AT_CLOSE,
                    loop,
                    left + " was open when the loop closed; it is closed now",
                    null,
                    null,
                    left.channel()));
            left.close();
        }
        Poller selecting = poller;
        if (own && selecting != null) {
            try {
                selecting.close();
            } catch (IOException broken) {
                loop.report(
                        new Report(Report.Kind.LEFT_AT_CLOSE, loop, "its selector did not close", broken, null, null));
            }
        }
    }
}
