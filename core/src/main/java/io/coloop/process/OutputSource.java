package io.coloop.process;

import io.coloop.Loop;
import io.coloop.internal.bytes.BlockingReads;
import io.coloop.io.ByteInput;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The pipe from a process' output or errors. */
record OutputSource(BlockingReads reads) implements ByteInput.Source {
    @Override
    public int read(ByteBuffer into) throws IOException {
        return reads.read(into);
    }

    @Override
    public void close() {
        reads.close();
    }

    @Override
    public boolean isOpen() {
        return reads.isOpen();
    }

    @Override
    public Loop loop() {
        return reads.loop();
    }

    @Override
    public String toString() {
        return reads.toString();
    }
}
