package io.coloop.io;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;

/** Streams as the JDK's types, whose calls await instead of blocking. */
final class Views {
    private Views() {}

    static final class Input extends InputStream {
        private final ByteInput input;

        Input(ByteInput input) {
            this.input = input;
        }

        @Override
        public int read() throws IOException {
            ByteBuffer one = ByteBuffer.allocate(1);
            return input.readBuffered(one) < 0 ? -1 : one.get(0) & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, bytes.length);
            return input.read(ByteBuffer.wrap(bytes, offset, length));
        }

        @Override
        public int available() {
            return input.buffered();
        }

        @Override
        public void close() {
            input.close();
        }
    }

    static final class Output extends OutputStream {
        private final ByteOutput output;

        Output(ByteOutput output) {
            this.output = output;
        }

        @Override
        public void write(int value) throws IOException {
            output.write(new byte[] {(byte) value});
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            output.write(ByteBuffer.wrap(bytes, offset, length));
        }

        @Override
        public void close() {
            output.close();
        }
    }
}
