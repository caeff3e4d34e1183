package io.coloop.net;

import io.coloop.Loop;
import io.coloop.Readiness;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** A TCP or Unix domain socket. Fields belong to the loop. */
final class SocketTransport implements Transport {
    private static final int MAX_AT_ONCE = 128 * 1024; // the JDK copies heap buffers whole at each try

    private final SocketChannel channel;
    private final Readiness readiness;
    private final Budget budget = new Budget();
    private final @Nullable SocketAddress local;
    private final @Nullable SocketAddress remote;
    private boolean drained; // the last read left room, so that the next one would find nothing at once

    /** Of a socket that is connected. */
    SocketTransport(SocketChannel channel, Readiness readiness) throws IOException {
        this.channel = channel;
        this.readiness = readiness;
        this.local = channel.getLocalAddress();
        this.remote = channel.getRemoteAddress();
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        budget.consume();
        int end = limit(into);
        try {
            while (true) {
                if (drained) {
                    drained = false; // a wait that is cut short is followed by a try
                    await(SelectionKey.OP_READ);
                }
                int count = channel.read(into);
                drained = into.hasRemaining();
                if (count != 0) {
                    return count;
                }
            }
        } finally {
            into.limit(end);
        }
    }

    @Override
    public void write(ByteBuffer from) throws IOException {
        int end = from.limit();
        try {
            while (from.position() < end) {
                budget.consume();
                from.limit(end);
                limit(from);
                channel.write(from);
                if (from.hasRemaining()) {
                    await(SelectionKey.OP_WRITE);
                }
            }
        } finally {
            from.limit(end);
        }
    }

    private static int limit(ByteBuffer buffer) {
        int end = buffer.limit();
        if (buffer.remaining() > MAX_AT_ONCE) {
            buffer.limit(buffer.position() + MAX_AT_ONCE);
        }
        return end;
    }

    private void await(int operation) {
        budget.waits();
        readiness.await(operation);
    }

    // ---- for a transport over it, which waits as it likes

    /** As {@link SocketChannel#read}: 0 if nothing is there. */
    int tryRead(ByteBuffer into) throws IOException {
        return channel.read(into);
    }

    /** As {@link SocketChannel#write}: as much as there is room for. */
    int tryWrite(ByteBuffer from) throws IOException {
        return channel.write(from);
    }

    Readiness readiness() {
        return readiness;
    }

    /** Whoever waits for input goes on, and finds none. */
    void endInput() throws IOException {
        channel.shutdownInput();
    }

    @Override
    public void end() throws IOException {
        channel.shutdownOutput();
    }

    @Override
    public void close() {
        readiness.close();
    }

    @Override
    public void abort() {
        if (channel.isOpen()) {
            try {
                channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            } catch (IOException | UnsupportedOperationException unixSocketOrGone) {
                // its close is what there is
            }
        }
        readiness.close();
    }

    @Override
    public boolean isOpen() {
        return channel.isOpen();
    }

    @Override
    public Loop loop() {
        return readiness.loop();
    }

    @Override
    public @Nullable SocketAddress localAddress() {
        return local;
    }

    @Override
    public @Nullable SocketAddress remoteAddress() {
        return remote;
    }
}
