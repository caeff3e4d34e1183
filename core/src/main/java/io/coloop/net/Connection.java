package io.coloop.net;

import io.coloop.Await;
import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Task;
import io.coloop.sync.Hold;
import io.coloop.sync.Lock;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A stream of bytes to and from a peer, over TCP or a Unix domain socket. Its calls look as if they blocked: they await. Made by {@link Net#connect} or a {@link Server}; whoever has it closes it.
 *
 * <p>Reading: by one task at a time. A cancelled read has taken nothing, so the next one finds all. Writing: several tasks may, in turn, and what one call writes stays together. A write is done when the operating system has
 * all of it, and awaits while its send buffer is full, which is the high-water mark. A cancelled write that was sent in part cuts the output: later writes fail, and closing resets the connection, so that the peer does not take a
 * part for the whole.
 *
 * <p>Belongs to its loop; every call is checked. Errors of the peer and of the network are {@link IOException}s.
 */
public final class Connection implements AutoCloseable {
    private static final int LINE_LIMIT = 64 * 1024;
    private static final byte[] LINE_FEED = {'\n'};

    private final Transport transport;
    private final InputBuffer input = new InputBuffer();
    private final Lock output = Lock.create();
    private boolean reading;
    private boolean cut;
    private long bytesRead;
    private long bytesWritten;

    Connection(Transport transport) {
        this.transport = transport;
    }

    // ---- reading

    /**
     * Reads what is there, at least one byte unless the buffer has no room; awaits if nothing is. Task only.
     *
     * @return how many bytes; -1 if the peer has ended its output
     * @throws LoopMisuseException if another task is reading
     */
    public int read(ByteBuffer into) throws IOException {
        Objects.requireNonNull(into, "into");
        beginReading("Connection.read(...)");
        try {
            if (!into.hasRemaining()) {
                return 0;
            }
            if (input.size() > 0) {
                Await.consumeBudget();
                return input.moveTo(into);
            }
            return counted(transport.read(into));
        } finally {
            reading = false;
        }
    }

    /**
     * Reads so many bytes. Task only.
     *
     * @throws IncompleteReadException if the peer ends its output before; it has what came
     * @throws LoopMisuseException if another task is reading
     * @throws IllegalArgumentException if {@code count} is negative
     */
    public byte[] readExactly(int count) throws IOException {
        if (count < 0) {
            throw new IllegalArgumentException("count is negative: " + count);
        }
        beginReading("Connection.readExactly(...)");
        try {
            Await.consumeBudget();
            while (input.size() < count) {
                if (!receive(count)) {
                    throw incomplete("of " + count);
                }
            }
            return input.take(count);
        } finally {
            reading = false;
        }
    }

    /**
     * Reads up to a separator, which is part of the result. Task only.
     *
     * @param limit of the result's length, the separator included
     * @throws IncompleteReadException if the peer ends its output before; it has what came
     * @throws LimitExceededException if there is no separator within the limit; the bytes are still there to be read
     * @throws LoopMisuseException if another task is reading
     * @throws IllegalArgumentException if the separator is empty, or longer than the limit
     */
    public byte[] readUntil(byte[] separator, int limit) throws IOException {
        Objects.requireNonNull(separator, "separator");
        if (separator.length == 0 || separator.length > limit) {
            throw new IllegalArgumentException(
                    "a separator has from one byte to the limit of " + limit + ": " + separator.length);
        }
        beginReading("Connection.readUntil(...)");
        try {
            byte[] found = until(separator, limit, "no separator");
            if (found == null) {
                throw incomplete("and no separator");
            }
            return found;
        } finally {
            reading = false;
        }
    }

    /** Reads a line of at most 64 KiB; see {@link #readLine(int)}. */
    public @Nullable String readLine() throws IOException {
        return readLine(LINE_LIMIT);
    }

    /**
     * Reads a line in UTF-8, without its end, LF or CRLF. Task only.
     *
     * @param limit of its length in bytes, its end included; positive
     * @return null if the peer has ended its output where a line would begin
     * @throws IncompleteReadException if the peer ends its output within the line; it has what came
     * @throws LimitExceededException if the line is longer; its bytes are still there to be read
     * @throws LoopMisuseException if another task is reading
     */
    public @Nullable String readLine(int limit) throws IOException {
        if (limit <= 0) {
            throw new IllegalArgumentException("limit is not positive: " + limit);
        }
        beginReading("Connection.readLine(...)");
        try {
            byte[] line = until(LINE_FEED, limit, "no end of the line");
            if (line == null) {
                if (input.size() > 0) {
                    throw incomplete("of a line");
                }
                return null;
            }
            int end = line.length - 1;
            return new String(line, 0, end > 0 && line[end - 1] == '\r' ? end - 1 : end, StandardCharsets.UTF_8);
        } finally {
            reading = false;
        }
    }

    /** As {@link #read}, of a few bytes: receives more than that for later. */
    int readBuffered(ByteBuffer into) throws IOException {
        beginReading("InputStream.read()");
        try {
            Await.consumeBudget();
            return input.size() > 0 || receive(0) ? input.moveTo(into) : -1;
        } finally {
            reading = false;
        }
    }

    /** How many bytes can be read without awaiting. */
    int buffered() {
        return input.size();
    }

    /** Null at the end of the peer's output. */
    private byte @Nullable [] until(byte[] separator, int limit, String missing) throws IOException {
        Await.consumeBudget();
        int seen = 0; // so many bytes begin no separator
        while (true) {
            int at = input.indexOf(separator, seen);
            int end = at + separator.length;
            if (at < 0 ? input.size() >= limit : end > limit) {
                throw new LimitExceededException(missing, limit);
            }
            if (at >= 0) {
                return input.take(end);
            }
            seen = Math.max(0, input.size() - separator.length + 1);
            if (!receive(0)) {
                return null;
            }
        }
    }

    /** Awaits more input; false if there will be none. */
    private boolean receive(int wanted) throws IOException {
        int count = counted(transport.read(input.room(wanted)));
        if (count > 0) {
            input.added(count);
        }
        return count > 0;
    }

    private int counted(int count) {
        bytesRead += Math.max(0, count);
        return count;
    }

    private IncompleteReadException incomplete(String of) {
        byte[] received = input.take(input.size());
        return new IncompleteReadException(
                "the peer ended its output after " + received.length + " bytes " + of, received);
    }

    private void beginReading(String call) throws IOException {
        check(call);
        if (reading) {
            throw LoopMisuseException.of(
                    "one task at a time reads from a connection",
                    call,
                    transport.loop(),
                    "let one task read and hand on what came, through a Queue for example");
        }
        if (!transport.isOpen()) {
            throw new ClosedChannelException();
        }
        reading = true;
    }

    // ---- writing

    /**
     * Writes what the buffer has, whole, after those that came before. Task only. If this fails or is cancelled, the buffer's position tells how much was taken.
     *
     * @throws IOException if the connection is closed, for output too, or was {@linkplain #isCut cut}
     */
    public void write(ByteBuffer from) throws IOException {
        Objects.requireNonNull(from, "from");
        check("Connection.write(...)");
        try (Hold turn = output.acquire()) {
            checkNotCut();
            int begin = from.position();
            boolean whole = false;
            try {
                transport.write(from);
                whole = true;
            } finally {
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

    /** Ends the output, after the writes before it; the peer finds the end of its input. Reading goes on. Idempotent. Task only. */
    public void shutdownOutput() throws IOException {
        check("Connection.shutdownOutput()");
        try (Hold turn = output.acquire()) {
            checkNotCut();
            transport.shutdownOutput();
        }
    }

    private void checkNotCut() throws IOException {
        if (cut) {
            throw new IOException(
                    "an earlier write was cut off after a part of it: the peer would take what follows for its rest; "
                            + "close the connection");
        }
    }

    /** Whether a write was cancelled, or failed, after a part of it was sent. Loop only. */
    public boolean isCut() {
        return cut;
    }

    // ---- as the JDK's types

    /**
     * Its input as a stream, for a parser or a reader that expects one: what would block awaits, so a whole {@code BufferedReader} runs in a task. Read by one task at a time, and with what this connection's own methods
     * read in turn. Do not use it under a lock that other tasks want, nor from another thread. Closing it closes the connection. Every call makes a new view of the same bytes.
     */
    public InputStream inputStream() {
        return new Views.Input(this);
    }

    /** Its output as a stream; each write is sent at once, so wrap it in a {@code BufferedOutputStream} if they are small. See {@link #inputStream()}. */
    public OutputStream outputStream() {
        return new Views.Output(this);
    }

    /** It as a channel in blocking mode: a read awaits at least one byte, a write is whole. See {@link #inputStream()}. */
    public ByteChannel byteChannel() {
        return new Views.Channel(this);
    }

    // ---- the end

    /**
     * Closes it: the peer gets what was written, then the end. It is {@linkplain #abort aborted} instead if a write was cut off, or is under way in another task. Tasks that read or write get a {@link ClosedChannelException}. Does not
     * wait. Idempotent. Loop only.
     */
    @Override
    public void close() {
        checkLoop("Connection.close()");
        if (cut || output.isLocked()) {
            transport.abort();
        } else {
            transport.close();
        }
    }

    /** Closes it at once: what the peer has not received may be lost, and a TCP peer gets a reset. Tasks that read or write get a {@link ClosedChannelException}. Idempotent. Loop only. */
    public void abort() {
        checkLoop("Connection.abort()");
        transport.abort();
    }

    /** Whether it was not closed from this side. */
    public boolean isOpen() {
        return transport.isOpen();
    }

    // ---- looking at it

    /** This side's address. Any thread. */
    public @Nullable SocketAddress localAddress() {
        return transport.localAddress();
    }

    /** The peer's address. Any thread. */
    public @Nullable SocketAddress remoteAddress() {
        return transport.remoteAddress();
    }

    /** How many bytes came from the peer so far. Loop only. */
    public long bytesRead() {
        return bytesRead;
    }

    /** How many bytes of all writes were taken so far. Loop only. */
    public long bytesWritten() {
        return bytesWritten;
    }

    private void check(String call) {
        if (Task.current().loop() != transport.loop()) {
            checkLoop(call);
        }
    }

    private void checkLoop(String call) {
        Loop loop = transport.loop();
        if (!loop.isClosed() && !loop.isOnLoop()) {
            throw LoopMisuseException.of(
                    "this connection belongs to its loop's thread",
                    call,
                    loop,
                    "call it from a task of that loop, or pass it there with loop.spawn(...)");
        }
    }

    @Override
    public String toString() {
        return "Connection[" + transport.localAddress() + " to " + transport.remoteAddress() + ", "
                + (cut ? "cut" : isOpen() ? "open" : "closed") + ", " + bytesRead + " read, " + bytesWritten
                + " written]";
    }
}
