package io.coloop.net;

import io.coloop.LoopLocal;
import io.coloop.LoopMisuseException;
import io.coloop.Readiness;
import io.coloop.Task;
import io.coloop.sync.Hold;
import io.coloop.sync.Lock;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.util.Objects;

/**
 * A UDP port that datagrams are sent from and received at. Its calls look as if they blocked: they await. Made by {@link Net#datagrams}; whoever has it closes it. A datagram is sent whole or not at all, and received whole; on
 * its way it may get lost. Belongs to its loop.
 */
public final class DatagramPort implements AutoCloseable {
    private static final int LARGEST = 64 * 1024;

    /** Filled and emptied without an await in between. */
    private static final LoopLocal<ByteBuffer> ARRIVAL =
            LoopLocal.withInitial(loop -> ByteBuffer.allocateDirect(LARGEST));

    private final DatagramChannel channel;
    private final Readiness readiness;
    private final SocketAddress address;
    private final Lock output = Lock.create();
    private final Budget budget = new Budget();
    private boolean receiving;

    DatagramPort(DatagramChannel channel, Readiness readiness) throws IOException {
        this.channel = channel;
        this.readiness = readiness;
        this.address = Objects.requireNonNull(channel.getLocalAddress());
    }

    /**
     * Waits for the next datagram. If the task is cancelled, none was taken. Task only.
     *
     * @throws ClosedChannelException if the port is closed
     * @throws LoopMisuseException if another task is receiving
     */
    public Datagram receive() throws IOException {
        check("DatagramPort.receive()");
        if (receiving) {
            throw LoopMisuseException.of(
                    "one task at a time receives datagrams",
                    "DatagramPort.receive()",
                    readiness.loop(),
                    "let one task receive and hand on what came, through a Queue for example");
        }
        receiving = true;
        try {
            budget.consume();
            ByteBuffer arrival = ARRIVAL.get(readiness.loop());
            while (true) {
                SocketAddress from = channel.receive(arrival.clear());
                if (from != null) {
                    byte[] bytes = new byte[arrival.flip().remaining()];
                    arrival.get(bytes);
                    return new Datagram(bytes, from);
                }
                budget.waits();
                readiness.await(SelectionKey.OP_READ);
            }
        } finally {
            receiving = false;
        }
    }

    /**
     * Sends what the buffer has as one datagram; awaits while the operating system has no room. If this fails or is cancelled, nothing was sent. Task only.
     *
     * @throws IOException if it is too large, or nothing can be sent there
     */
    public void send(ByteBuffer from, SocketAddress to) throws IOException {
        Objects.requireNonNull(from, "from");
        Objects.requireNonNull(to, "to");
        check("DatagramPort.send(...)");
        try (Hold turn = output.acquire()) {
            budget.consume();
            int size = from.remaining();
            while (channel.send(from, to) < size) {
                budget.waits();
                readiness.await(SelectionKey.OP_WRITE);
            }
        }
    }

    /** Sends bytes as one datagram; see {@link #send(ByteBuffer, SocketAddress)}. */
    public void send(byte[] bytes, SocketAddress to) throws IOException {
        send(ByteBuffer.wrap(bytes), to);
    }

    /** Where it receives, with the port that it got. Any thread. */
    public SocketAddress localAddress() {
        return address;
    }

    /** Whether it was not closed. Any thread. */
    public boolean isOpen() {
        return channel.isOpen();
    }

    /** Closes it. Tasks that send or receive get a {@link ClosedChannelException}. Idempotent. Loop only. */
    @Override
    public void close() {
        readiness.close();
    }

    private void check(String call) {
        if (Task.current().loop() != readiness.loop()) {
            throw LoopMisuseException.of(
                    "this port belongs to its loop's thread",
                    call,
                    readiness.loop(),
                    "call it from a task of that loop, or pass it there with loop.spawn(...)");
        }
    }

    @Override
    public String toString() {
        return "DatagramPort[" + address + ", " + (isOpen() ? "open" : "closed") + "]";
    }
}
