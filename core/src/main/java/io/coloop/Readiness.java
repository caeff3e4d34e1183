package io.coloop;

import io.coloop.internal.poll.Poller;
import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A non-blocking channel of a loop, whose tasks can wait until it is ready: what connections and servers are built on, and for building others. As trio's {@code wait_readable} and
 * {@code wait_writable}, or asyncio's {@code loop.add_reader}.
 *
 * <p>Try first, then wait, then try again: {@link #await} may return though nothing is ready. Confined to its loop.
 *
 * <p>The channel belongs to this object: close it with {@link #close()}. A loop that ends closes what is left, and reports it.
 */
public final class Readiness implements AutoCloseable {
    /*
     * For each direction:  idle -> awaited -> idle
     *
     *   idle -> awaited    await: the operation is armed
     *   awaited -> idle    it is ready, and no longer armed; or the task was cancelled, and it is disarmed; or the channel was closed, and who waited finds that out
     *
     * All fields belong to the loop. Its poller tells on the loop's thread or on another; then it goes through the inbox.
     */
    private static final int INPUT = SelectionKey.OP_READ | SelectionKey.OP_ACCEPT;

    private final Loop loop;
    private final SelectableChannel channel;
    private final Poller poller;
    private final SelectionKey key;
    private final Direction input = new Direction("input");
    private final Direction output = new Direction("output");
    private final @Nullable String site; // in debug mode
    private boolean closed;

    private Readiness(Loop loop, SelectableChannel channel) throws IOException {
        channel.configureBlocking(false);
        this.loop = loop;
        this.channel = channel;
        this.poller = loop.channels().poller();
        this.site = loop.isDebug() ? Sites.caller() : null;
        this.key = poller.register(channel, loop.channels().areSelectedHere() ? this::ready : this::readyElsewhere);
        loop.channels().add(this);
    }

    /**
     * Makes a channel non-blocking and the current loop's.
     *
     * @throws IOException if the channel is closed, or the loop has no selector and none can be opened; the channel is still the caller's then
     * @throws LoopMisuseException if the calling thread has no loop
     */
    public static Readiness of(SelectableChannel channel) throws IOException {
        Objects.requireNonNull(channel, "channel");
        Loop loop = Loop.require("Readiness.of(...)");
        if (loop.isClosed()) {
            throw Misuse.closed("Readiness.of(...)", loop);
        }
        return new Readiness(loop, channel);
    }

    /**
     * Waits until an operation may succeed, perhaps in vain: then nothing is lost but the time. Returns at once if the channel is closed. If the task is cancelled, the channel is as it was. Task only.
     *
     * @param operation one of {@link SelectionKey}'s that the channel supports
     * @throws IllegalArgumentException if it does not
     * @throws TaskCancelledException if the task is cancelled while it waits
     * @throws LoopMisuseException if another task waits for the same direction: to read or accept, or to write or connect
     */
    public void await(int operation) {
        Task<?> task = Task.require("Readiness.await(...)");
        if (task.loop() != loop) {
            throw Misuse.notOnLoop("Readiness.await(...)", loop);
        }
        if (Integer.bitCount(operation) != 1 || (operation & channel.validOps()) == 0) {
            throw new IllegalArgumentException("no operation of " + channel + ": " + operation);
        }
        if (!closed) {
            ((operation & INPUT) != 0 ? input : output).await(task, operation);
        }
    }

    private void readyElsewhere(int operations) {
        loop.offer(() -> ready(operations));
    }

    private void ready(int operations) {
        if ((operations & INPUT) != 0) {
            input.end();
        }
        if ((operations & ~INPUT) != 0) {
            output.end();
        }
    }

    /** The loop it belongs to. Any thread. */
    public Loop loop() {
        return loop;
    }

    /** The channel. Any thread. */
    public SelectableChannel channel() {
        return channel;
    }

    /** Whether {@link #close()} was called. Loop only. */
    public boolean isClosed() {
        return closed;
    }

    /**
     * Closes the channel, at the latest when the loop looks at its channels again; those who wait go on. Idempotent. Loop only. A failure to close is reported, as there is nothing that one could do about
     * it.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (!loop.isClosed()) {
            loop.checkOnLoop("Readiness.close()");
        }
        closed = true;
        try {
            channel.close();
        } catch (IOException failure) {
            loop.report(new Report(
                    Report.Kind.CALLBACK_FAILED, loop, this + " could not be closed", failure, null, channel));
        }
        loop.channels().remove(this);
        if (!loop.isClosed()) {
            input.end();
            output.end();
        }
    }

    /** Where it was made, in debug mode; else null. */
    @Nullable
    String site() {
        return site;
    }

    @Override
    public String toString() {
        return channel.toString();
    }

    /** Input or output: what one task at a time waits for. */
    private final class Direction implements Origin {
        private final String name;
        private @Nullable Promise<@Nullable Void> awaited;

        Direction(String name) {
            this.name = name;
        }

        void await(Task<?> task, int operation) {
            if (awaited != null) {
                throw Misuse.of(
                        "one task at a time waits for a channel's " + name,
                        "Readiness.await(...)",
                        loop,
                        "let one task do all of it, or take turns with a Lock");
            }
            Promise<@Nullable Void> mine = loop.promise(this);
            if (!poller.arm(key, operation)) {
                return;
            }
            awaited = mine;
            loop.channels().waiting(true);
            try {
                task.await(mine.future());
            } finally {
                if (awaited == mine) {
                    poller.disarm(key, operation);
                    idle();
                }
            }
        }

        void end() {
            Promise<@Nullable Void> waiter = awaited;
            if (waiter != null) {
                idle();
                waiter.complete(null);
            }
        }

        private void idle() {
            awaited = null;
            loop.channels().waiting(false);
        }

        @Override
        public Collection<? extends Future<?>> awaited() {
            return List.of();
        }

        @Override
        public String toString() {
            return "the " + name + " of " + channel;
        }
    }
}
