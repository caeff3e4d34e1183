package io.coloop.internal.poll;

import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A selector that tells once for each time it is asked: an operation that was {@linkplain #arm armed} and became ready is no longer armed when its target hears of it.
 */
public final class Poller implements AutoCloseable {
    /*
     * A key's interest set is the whole protocol between the one who asks and the thread that selects:
     *
     *   arm     set the operation, then wake a select that is under way on another thread
     *   fire    clear what is ready, then tell the target
     *
     * Cleared after the telling, what the target asks for meanwhile would be lost. Cleared before, a stale telling may meet a newer question: the one who asked tries in vain and asks
     * again.
     */
    private static final long NANOS_PER_MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    /** Who hears that its channel may be ready. */
    @FunctionalInterface
    public interface Target {
        /** Some operations may succeed now. Called on the selecting thread; must not throw. */
        void ready(int operations);
    }

    private final Selector selector;
    private final boolean elsewhere;

    /**
     * @param elsewhere whether the selecting thread is another than those that arm
     */
    public Poller(Selector selector, boolean elsewhere) {
        this.selector = selector;
        this.elsewhere = elsewhere;
    }

    /**
     * One that is selected by the thread that arms.
     *
     * @param onVirtualThread whether that is a virtual one; the calling thread must be one then
     */
    public static Poller open(boolean onVirtualThread) throws IOException {
        Poller opened = new Poller(Selector.open(), false);
        if (onVirtualThread) {
            // has the JDK open now what it waits with: later there may be no descriptor, and it never tries again
            opened.select(1);
        }
        return opened;
    }

    /** Registers a channel, which must be non-blocking, with nothing armed. Any thread. */
    public SelectionKey register(SelectableChannel channel, Target target) throws ClosedChannelException {
        return channel.register(selector, 0, target);
    }

    /** Asks to tell the key's target once when the operation is ready; false if the channel is closed. */
    public boolean arm(SelectionKey key, int operation) {
        try {
            key.interestOpsOr(operation);
        } catch (CancelledKeyException closed) {
            return false;
        }
        if (elsewhere) {
            selector.wakeup();
        }
        return true;
    }

    /** Takes the question back; what is being told already may still come. */
    public void disarm(SelectionKey key, int operation) {
        try {
            key.interestOpsAnd(~operation);
        } catch (CancelledKeyException closed) {
            // nothing is armed then
        }
    }

    /** A channel of it was closed: its descriptor is free when the next select begins. */
    public void closed() {
        if (elsewhere) {
            selector.wakeup();
        }
    }

    /** Tells what is ready now. Selecting thread only. */
    public void selectNow() throws IOException {
        selector.selectNow(Poller::fire);
    }

    /**
     * Waits until something is ready, {@link #wakeup()}, an interrupt, or the end of the time, rounded up to milliseconds; tells what is ready. Selecting thread only.
     *
     * @param nanos positive; {@link Long#MAX_VALUE} for no limit
     */
    public void select(long nanos) throws IOException {
        long millis = nanos == Long.MAX_VALUE ? 0 : (nanos - 1) / NANOS_PER_MILLI + 1;
        selector.select(Poller::fire, millis);
    }

    /** Ends a select, the next one if none is under way. Any thread. */
    public void wakeup() {
        selector.wakeup();
    }

    static void fire(SelectionKey key) {
        @Nullable Target target = (Target) key.attachment();
        int ready;
        try {
            ready = key.readyOps();
            key.interestOpsAnd(~ready);
        } catch (CancelledKeyException closed) {
            return; // who closed it tells its waiters
        }
        if (target != null) {
            target.ready(ready);
        }
    }

    /** Frees its descriptors. Channels that are registered stay open. Selecting thread only. */
    @Override
    public void close() throws IOException {
        selector.close();
    }
}
