package io.coloop.process;

import io.coloop.Loop;
import io.coloop.internal.bytes.BlockingWrites;
import io.coloop.io.ByteOutput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;

/** The pipe to a process' input. */
final class StdinSink implements ByteOutput.Sink {
    private final BlockingWrites writes;
    private final Runnable kill;
    private boolean broken;

    /**
     * @param kill what tells the process that its input is not whole: a pipe has no reset
     */
    StdinSink(BlockingWrites writes, Runnable kill) {
        this.writes = writes;
        this.kill = kill;
    }

    @Override
    public void write(ByteBuffer from) throws IOException {
        try {
            writes.write(from);
        } catch (ClosedChannelException here) {
            throw here;
        } catch (IOException refused) {
            broken = true;
            throw new IOException(writes + ": broken pipe, the process does not read any more", refused);
        }
    }

    /** The process has ended. */
    void lastCall() {
        writes.lastCall();
    }

    @Override
    public void end() {
        writes.close();
    }

    @Override
    public void close() {
        writes.close();
    }

    @Override
    public void abort() {
        if (writes.isOpen() && !broken) {
            kill.run();
        }
        writes.close();
    }

    @Override
    public boolean isOpen() {
        return writes.isOpen();
    }

    @Override
    public Loop loop() {
        return writes.loop();
    }

    @Override
    public String toString() {
        return writes.toString();
    }
}
