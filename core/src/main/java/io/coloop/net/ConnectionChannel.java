package io.coloop.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;

/** A connection as a channel in blocking mode, whose calls await. */
record ConnectionChannel(Connection connection) implements ByteChannel {
    @Override
    public int read(ByteBuffer into) throws IOException {
        return connection.read(into);
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
        int count = from.remaining();
        connection.write(from);
        return count;
    }

    @Override
    public boolean isOpen() {
        return connection.isOpen();
    }

    @Override
    public void close() {
        connection.close();
    }
}
