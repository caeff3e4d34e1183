package io.coloop.net;

import io.coloop.io.ByteInput;
import io.coloop.io.ByteOutput;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What a connection's bytes go through. Its calls await; one task at a time reads, and one writes. A cancelled read has taken nothing; of a cancelled write, the buffer's position tells how much was taken.
 */
interface Transport extends ByteInput.Source, ByteOutput.Sink {
    @Nullable
    SocketAddress localAddress();

    @Nullable
    SocketAddress remoteAddress();
}
