package io.coloop.internal.bytes;

import io.coloop.Await;
import io.coloop.Loop;
import io.coloop.Report;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Reads that await, over ones that block: at most one is under way, of at most 64 KiB. What it gets stays here until it is asked for, so a cancelled read takes nothing, small reads cost no thread's turn, and who does not read is not read
 * for. All calls are for the loop.
 */
public final class BlockingReads {
    /** Reads into an array, at least one byte, or returns -1 at the end. On another thread. */
    @FunctionalInterface
    public interface Reader {
        /**
         * Does so.
         *
         * @param position how many bytes were read before, or to where it was {@linkplain BlockingReads#seek moved}
         */
        int read(byte[] into, long position) throws IOException;
    }

    private static final int SIZE = 64 * 1024; // a pipe's

    private final String name;
    private final BlockingCalls calls;
    private final Reader reader;
    private byte @Nullable [] buffer;
    private int head;
    private int tail;
    private boolean began; // the latest call was not looked at
    private boolean stale; // its result is not wanted
    private long position; // of the next call

    /**
     * @param name for messages
     * @param descriptor what to close when no read is under way
     */
    public BlockingReads(String name, Loop loop, Executor threads, Reader reader, Closeable descriptor) {
        this.name = name;
        this.calls = new BlockingCalls(loop, threads, descriptor);
        this.reader = reader;
    }

    /** As {@link java.nio.channels.ReadableByteChannel#read}, of a buffer that has room; awaits. */
    public int read(ByteBuffer into) throws IOException {
        Await.consumeBudget();
        while (head == tail) {
            if (!calls.isOpen()) {
                throw new ClosedChannelException();
            }
            if (calls.isExpired()) {
                return -1;
            }
            if (!began) {
                begin();
            }
            if (calls.isUnderway()) {
                calls.await();
                if (!calls.isOpen()) {
                    throw new ClosedChannelException();
                }
            }
            if (began && !calls.isUnderway() && take() < 0) {
                return -1;
            }
        }
        int count = Math.min(tail - head, into.remaining());
        into.put(buffer, head, count);
        head += count;
        return count;
    }

    private void begin() {
        byte[] bytes = buffer;
        if (bytes == null) {
            bytes = new byte[SIZE];
            buffer = bytes;
        }
        byte[] target = bytes;
        long from = position;
        began = true;
        calls.start(() -> calls.isOpen() ? reader.read(target, from) : -1, this::reportLate);
    }

    private int take() throws IOException {
        boolean unwanted = stale;
        began = false;
        stale = false;
        int count = calls.result();
        if (unwanted) {
            return 0;
        }
        head = 0;
        tail = Math.max(0, count);
        position += tail;
        return count;
    }

    /** Where what is asked for next comes from: so many bytes were read, or it was moved there. */
    public long position() {
        return position - (tail - head);
    }

    /** Goes on from elsewhere; what was read and not asked for is forgotten. */
    public void seek(long to) {
        head = 0;
        tail = 0;
        stale = began;
        position = to;
    }

    /** The other side is gone, though somebody else may hold its end: from now on a read that gets nothing for a second is the end. */
    public void lastCall() {
        calls.lastCall();
    }

    private void reportLate() {
        if (calls.isExpired() && calls.isOpen() && calls.hasResult()) {
            calls.loop()
                    .report(new Report(
                            Report.Kind.LATE_VALUE,
                            calls.loop(),
                            "somebody else wrote to " + name + " after its end; that is lost",
                            null,
                            null,
                            null));
        }
    }

    /** Closes it when no read is under way; who reads finds it closed at once. Idempotent. */
    public void close() {
        calls.close();
        buffer = null;
        head = 0;
        tail = 0;
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
