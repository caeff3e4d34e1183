package io.coloop.io;

import io.coloop.Loop;
import io.coloop.internal.bytes.Confined;
import io.coloop.stream.Iteration;
import io.coloop.sync.Hold;
import io.coloop.sync.Lock;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * Where bytes go: to a peer, a process, a file. Its calls look as if they blocked: they await. Several tasks may write, in turn, and what one call writes stays together. A write is done when the operating system has all of it.
 *
 * <p>A cancelled write of which a part is out cuts the output: later writes fail, and {@link #close} tells the other side as far as possible, so that it does not take a part for the whole.
 *
 * <p>Belongs to its loop; every call is checked.
 */
public final class ByteOutput implements AutoCloseable {
    /** Where the bytes go to. Used by one task at a time. */
    public interface Sink {
        /** Writes all of it. Awaits. If it is cancelled, or fails, the buffer's position tells how much was taken. */
        void write(ByteBuffer from) throws IOException;

        /** Tells the other side that no more will come. Awaits. */
        void end() throws IOException;

        /** Closes it in good order, without awaiting. Who writes finds it closed. Idempotent. */
        void close();

        /** Closes it so that the other side learns that something is missing. Idempotent. */
        void abort();

        /** Whether it was not closed. */
        boolean isOpen();

        /** Whose it is. */
        Loop loop();
    }

    private final Sink sink;
    private final Confined confined;
    private final Lock turns = Lock.create();
    private boolean busy; // a task uses the sink
    private boolean cut;
    private long bytesWritten;

    private ByteOutput(Sink sink, String name) {
        this.sink = Objects.requireNonNull(sink, "sink");
        this.confined = new Confined(sink.loop(), "stream", Objects.requireNonNull(name, "name"));
    }

    /**
     * Writes to a sink of one's own.
     *
     * @param name of the type whose calls these are, for messages
     */
    public static ByteOutput of(Sink sink, String name) {
        return new ByteOutput(sink, name);
    }

    /**
     * Writes what the buffer has, whole, after those that came before. Task only. If this fails or is cancelled, the buffer's position tells how much was taken.
     *
     * @throws IOException if it is closed or ended, or was {@linkplain #isCut cut}, or nobody takes it
     */
    public void write(ByteBuffer from) throws IOException {
        Objects.requireNonNull(from, "from");
        confined.checkTask("write(...)");
        try (Hold turn = turns.acquire()) {
            checkUsable();
            int begin = from.position();
            boolean whole = false;
            busy = true;
            try {
                sink.write(from);
                whole = true;
            } finally {
                busy = false;
                int taken = from.position() - begin;
                bytesWritten += taken;
                cut |= !whole && taken > 0;
            }
        }
    }

    /** Writes bytes; see {@link #write(ByteBuffer)}. The array must not change meanwhile. */
    public void write(byte[] bytes) throws IOException {
        write(ByteBuffer.wrap(bytes));
    }

    /** Writes a text in UTF-8; see {@link #write(ByteBuffer)}. */
    public void write(String text) throws IOException {
        write(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Writes what a stream gives, such as {@code Reactor.iterate(flux)}, until it ends; takes the next buffer when the one before is written, so a slow reader slows down the stream. Closes the iteration, which cancels a stream that has not
     * ended, if writing fails. Several tasks' buffers may come between one another. Task only.
     */
    public void writeAll(Iteration<? extends ByteBuffer> buffers) throws IOException {
        try (buffers) {
            for (ByteBuffer each : buffers) {
                write(each);
            }
        }
    }

    /** Waits until the writes before it are done. Task only. */
    public void flush() throws IOException {
        confined.checkTask("flush()");
        try (Hold turn = turns.acquire()) {
            checkUsable();
        }
    }

    /** Ends the output, after the writes before it; the other side finds the end of its input. Idempotent. Task only. */
    public void end() throws IOException {
        confined.checkTask("end()");
        try (Hold turn = turns.acquire()) {
            checkUsable();
            busy = true;
            try {
                sink.end();
            } finally {
                busy = false;
            }
        }
    }

    private void checkUsable() throws IOException {
        if (cut) {
            throw new IOException(
                    "an earlier write was cut off after a part of it: what follows would be taken for its "
                            + "rest; close the stream");
        }
    }

    /** Whether a write was cancelled, or failed, after a part of it was taken. Loop only. */
    public boolean isCut() {
        return cut;
    }

    /** It as a stream; each write is sent at once, so wrap it in a {@code BufferedOutputStream} if they are small. What would block awaits; see {@link ByteInput#inputStream()}. */
    public OutputStream outputStream() {
        return new Views.Output(this);
    }

    /**
     * Closes it: the other side gets what was written, then the end. If a write was cut off, or is under way in another task, it is aborted instead: how depends on what this is. Tasks that write get a
     * {@link ClosedChannelException}. Does not wait. Idempotent. Loop only.
     */
    @Override
    public void close() {
        confined.check("close()");
        if (cut || busy) {
            sink.abort();
        } else {
            sink.close();
        }
    }

    /** Whether it was not closed from this side. */
    public boolean isOpen() {
        return sink.isOpen();
    }

    /** How many bytes of all writes were taken so far. Loop only. */
    public long bytesWritten() {
        return bytesWritten;
    }

    @Override
    public String toString() {
        return "ByteOutput[" + sink + ", " + (cut ? "cut" : isOpen() ? "open" : "closed") + ", " + bytesWritten
                + " written]";
    }
}
