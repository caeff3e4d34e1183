package io.coloop.internal.bytes;

import io.coloop.Loop;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.Executor;

/** Writes that await, over ones that block. What another thread was given, at most 64 KiB, counts as taken. All calls are for the loop. */
public final class BlockingWrites {
    /** Writes all of an array. On another thread. */
    @FunctionalInterface
    public interface Writer {
        /**
         * Does so.
         *
         * @param position how many bytes were written before, or to where it was {@linkplain BlockingWrites#seek moved}
         */
        void write(byte[] bytes, long position) throws IOException;
    }

    private static final int MAX_AT_ONCE = 64 * 1024;

    private final String name;
    private final BlockingCalls calls;
    private final Writer writer;
    private long position;

    /**
     * @param name for messages
     * @param descriptor what to close when no write is under way
     */
    public BlockingWrites(String name, Loop loop, Executor threads, Writer writer, Closeable descriptor) {
        this.name = name;
        this.calls = new BlockingCalls(loop, threads, descriptor);
        this.writer = writer;
    }

    /** Writes all of it; awaits. Not after one that was cancelled. */
    public void write(ByteBuffer from) throws IOException {
        if (!calls.isOpen()) {
            throw new ClosedChannelException();
        }
        while (from.hasRemaining()) {
            byte[] bytes = new byte[Math.min(from.remaining(), MAX_AT_ONCE)];
            from.get(bytes);
            long to = position;
            position += bytes.length;
            calls.start(
                    () -> {
                        writer.write(bytes, to);
                        return bytes.length;
                    },
                    () -> {});
            while (calls.isUnderway()) {
                calls.await();
                if (!calls.isOpen()) {
                    throw new ClosedChannelException();
                }
                if (calls.isExpired()) {
                    throw new IOException("nobody reads " + name);
                }
            }
            calls.result();
        }
    }

    /** Where it writes next: so many bytes were taken, or it was moved there. */
    public long position() {
        return position;
    }

    /** Goes on elsewhere. */
    public void seek(long to) {
        position = to;
    }

    /** The other side is gone, though somebody else may hold its end: from now on a write of which nothing is taken for a second fails. */
    public void lastCall() {
        calls.lastCall();
    }

    /** Closes it when no write is under way; who writes finds it closed at once. Idempotent. */
    public void close() {
        calls.close();
    }

    /** Whether it was not closed. Any thread. */
    public boolean isOpen() {
        return calls.isOpen();
    }

    /** Whose it is. */
    public Loop loop() {
        return calls.loop();
    }

    @Override
    public String toString() {
        return name;
    }
}
