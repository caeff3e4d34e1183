package io.coloop.net;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.Objects;

/** A connection as the JDK's types, whose calls await instead of blocking. */
final class Views {
    private Views() {}

    static final class Input extends InputStream {
        private final Connection connection;

        Input(Connection connection) {
            this.connection = connection;
        }

        @Override
        public int read() throws IOException {
            ByteBuffer one = ByteBuffer.allocate(1);
            return connection.readBuffered(one) < 0 ? -1 : one.get(0) & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, bytes.length);
            return connection.read(ByteBuffer.wrap(bytes, offset, length));
        }

        @Override
        public int available() {
            return connection.buffered();
        }

        @Override
        public void close() {
            connection.close();
        }
    }

    static final class Output extends OutputStream {
        private final Connection connection;

        Output(Connection connection) {
            this.connection = connection;
        }

        @Override
        public void write(int value) throws IOException {
            connection.write(new byte[] {(byte) value});
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            connection.write(ByteBuffer.wrap(bytes, offset, length));
        }

        @Override
        public void close() {
            connection.close();
        }
    }

    static final class Channel implements ByteChannel {
        private final Connection connection;

        Channel(Connection connection) {
            this.connection = connection;
        }

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
}
