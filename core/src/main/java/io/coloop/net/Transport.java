package io.coloop.net;

import io.coloop.Loop;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a connection's bytes go through. Its calls await; one task at a time reads, and one writes. A cancelled read has taken nothing; of a cancelled write, the buffer's position tells how much was taken.
 */
interface Transport {
    /** Reads at least one byte into a buffer that has room, or -1 at the end. Awaits. */
    int read(ByteBuffer into) throws IOException;

    /** Sends all of it. Awaits. */
    void write(ByteBuffer from) throws IOException;

    /** Tells the peer that no more will come. Awaits. */
    void shutdownOutput() throws IOException;

    /** Closes it in good order, without awaiting. Who reads or writes finds it closed. Idempotent. */
    void close();

    /** Closes it so that the peer learns that something is missing. Idempotent. */
    void abort();

    boolean isOpen();

    Loop loop();

    @Nullable
    SocketAddress localAddress();

    @Nullable
    SocketAddress remoteAddress();
}
