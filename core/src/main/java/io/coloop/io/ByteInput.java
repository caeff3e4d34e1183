package io.coloop.io;

import io.coloop.Await;
import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.internal.bytes.Confined;
import io.coloop.internal.bytes.InputBuffer;
import io.coloop.stream.Emitter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that come from elsewhere: a peer, a process, a file. Its calls look as if they blocked: they await. Read by one task at a time. A cancelled read has taken nothing, so the next one finds all.
 *
 * <p>Belongs to its loop; every call is checked.
 */
public final class ByteInput implements AutoCloseable {
    /** Where the bytes come from. Used by one task at a time; a cancelled read must have taken nothing. */
    public interface Source {
        /** Reads at least one byte into a buffer that has room, or -1 at the end. Awaits, or gives up the loop now and then. */
        int read(ByteBuffer into) throws IOException;

        /** Closes it, without awaiting. Who reads finds it closed. Idempotent. */
        void close();

        /** Whether it was not closed. */
        boolean isOpen();

        /** Whose it is. */
        Loop loop();
    }

    private static final int CHUNK = 8 * 1024;
    private static final int LINE_LIMIT = 64 * 1024;
    private static final int MAX_ALL = Integer.MAX_VALUE - 16; // an array has hardly more room
    private static final byte[] LINE_FEED = {'\n'};

    private final Source source;
    private final Confined confined;
    private final InputBuffer buffer = new InputBuffer();
    private boolean reading;
    private long bytesRead;

    private ByteInput(Source source, String name) {
        this.source = Objects.requireNonNull(source, "source");
        this.confined = new Confined(source.loop(), "stream", Objects.requireNonNull(name, "name"));
    }

    /**
     * Reads from a source of one's own.
     *
     * @param name of the type whose calls these are, for messages
     */
    public static ByteInput of(Source source, String name) {
        return new ByteInput(source, name);
    }

    /**
     * Reads what is there, at least one byte unless the buffer has no room; awaits if nothing is. Task only.
     *
     * @return how many bytes; -1 at the end
     * @throws LoopMisuseException if another task is reading
     */
    public int read(ByteBuffer into) throws IOException {
        Objects.requireNonNull(into, "into");
        begin("read(...)");
        try {
            if (!into.hasRemaining()) {
                return 0;
            }
            if (buffer.size() > 0) {
                Await.consumeBudget();
                return buffer.moveTo(into);
            }
            return counted(source.read(into));
        } finally {
            reading = false;
        }
    }

    /**
     * Reads so many bytes. Task only.
     *
     * @throws IncompleteReadException if the input ends before; it has what came
     * @throws LoopMisuseException if another task is reading
     * @throws IllegalArgumentException if {@code count} is negative
     */
    public byte[] readExactly(int count) throws IOException {
        if (count < 0) {
            throw new IllegalArgumentException("count is negative: " + count);
        }
        begin("readExactly(...)");
        try {
            Await.consumeBudget();
            while (buffer.size() < count) {
                if (!receive(count)) {
                    throw incomplete("of " + count);
                }
            }
            return buffer.take(count);
        } finally {
            reading = false;
        }
    }

    /**
     * Reads up to a separator, which is part of the result. Task only.
     *
     * @param limit of the result's length, the separator included
     * @throws IncompleteReadException if the input ends before; it has what came
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
        begin("readUntil(...)");
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
     * @return null if the input has ended where a line would begin
     * @throws IncompleteReadException if the input ends within the line; it has what came
     * @throws LimitExceededException if the line is longer; its bytes are still there to be read
     * @throws LoopMisuseException if another task is reading
     */
    public @Nullable String readLine(int limit) throws IOException {
        if (limit <= 0) {
            throw new IllegalArgumentException("limit is not positive: " + limit);
        }
        begin("readLine(...)");
        try {
            byte[] line = until(LINE_FEED, limit, "no end of the line");
            if (line == null) {
                if (buffer.size() > 0) {
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

    /**
     * Reads all that comes until the input ends. Task only.
     *
     * @param limit of its length
     * @throws LimitExceededException if more comes; the bytes are still there to be read
     * @throws LoopMisuseException if another task is reading
     * @throws IllegalArgumentException if {@code limit} is negative
     */
    public byte[] readAll(int limit) throws IOException {
        receiveAll(limit, "readAll(...)");
        return buffer.take(buffer.size());
    }

    /**
     * Receives all that comes until the input ends, and leaves it there to be read: for who must not take it before something else has happened as well. Task only.
     *
     * @param limit of its length
     * @return how many bytes there are to be read
     * @throws LimitExceededException if more comes; the bytes are still there to be read
     * @throws LoopMisuseException if another task is reading
     * @throws IllegalArgumentException if {@code limit} is negative
     */
    public int receiveAll(int limit) throws IOException {
        receiveAll(limit, "receiveAll(...)");
        return buffer.size();
    }

    private void receiveAll(int limit, String method) throws IOException {
        if (limit < 0) {
            throw new IllegalArgumentException("limit is negative: " + limit);
        }
        int most = Math.min(limit, MAX_ALL);
        begin(method);
        try {
            Await.consumeBudget();
            do {
                if (buffer.size() > most) {
                    throw new LimitExceededException("no end", most);
                }
            } while (receive(0));
        } finally {
            reading = false;
        }
    }

    /**
     * Emits what comes, as it comes, until the input ends: for a stream's body, such as that of {@code Reactor.flux(loop, input::emitTo)}. Reads when the subscriber has asked for a buffer, so a slow one slows down whoever
     * sends. The buffers are the subscriber's. One that was read when the subscriber cancels is lost. Task only.
     *
     * @throws LoopMisuseException if another task is reading
     */
    public void emitTo(Emitter<? super ByteBuffer> emitter) throws IOException {
        Objects.requireNonNull(emitter, "emitter");
        for (boolean more = true; more; ) {
            emitter.awaitDemand();
            byte[] chunk;
            begin("emitTo(...)");
            try {
                more = buffer.size() > 0 || receive(CHUNK);
                chunk = buffer.take(buffer.size());
            } finally {
                reading = false;
            }
            if (more) {
                emitter.emit(ByteBuffer.wrap(chunk));
            }
        }
    }

    /** As {@link #read}, of a few bytes: receives more than that for later. */
    int readBuffered(ByteBuffer into) throws IOException {
        begin("inputStream().read()");
        try {
            Await.consumeBudget();
            return buffer.size() > 0 || receive(0) ? buffer.moveTo(into) : -1;
        } finally {
            reading = false;
        }
    }

    /** How many bytes were received and not read: so many can be read without awaiting. Loop only. */
    public int buffered() {
        return buffer.size();
    }

    /**
     * Takes what was received and not read, to hand it to whoever goes on reading from where these bytes come from. Does not await. Loop only.
     *
     * @throws LoopMisuseException if a task is reading
     */
    public byte[] takeBuffered() {
        confined.check("takeBuffered()");
        checkNobodyReads("takeBuffered()");
        return buffer.take(buffer.size());
    }

    /** Forgets what was received and not read. */
    void clear() {
        buffer.clear();
    }

    /** Null at the end of the input. */
    private byte @Nullable [] until(byte[] separator, int limit, String missing) throws IOException {
        Await.consumeBudget();
        int seen = 0; // so many bytes begin no separator
        while (true) {
            int at = buffer.indexOf(separator, seen);
            int end = at + separator.length;
            if (at < 0 ? buffer.size() >= limit : end > limit) {
                throw new LimitExceededException(missing, limit);
            }
            if (at >= 0) {
                return buffer.take(end);
            }
            seen = Math.max(0, buffer.size() - separator.length + 1);
            if (!receive(0)) {
                return null;
            }
        }
    }

    /** Awaits more input; false if there will be none. */
    private boolean receive(int wanted) throws IOException {
        int count = counted(source.read(buffer.room(wanted)));
        if (count > 0) {
            buffer.added(count);
        }
        return count > 0;
    }

    private int counted(int count) {
        bytesRead += Math.max(0, count);
        return count;
    }

    private IncompleteReadException incomplete(String of) {
        byte[] received = buffer.take(buffer.size());
        return new IncompleteReadException("the input ended after " + received.length + " bytes " + of, received);
    }

    private void begin(String method) throws IOException {
        confined.checkTask(method);
        checkNobodyReads(method);
        if (!source.isOpen()) {
            throw new ClosedChannelException();
        }
        reading = true;
    }

    void checkNobodyReads(String method) {
        if (reading) {
            throw confined.misuse(
                    "one task at a time reads from a stream",
                    method,
                    "let one task read and hand on what came, through a Queue for example");
        }
    }

    /**
     * It as a stream, for a parser or a reader that expects one: what would block awaits, so a whole {@code BufferedReader} runs in a task. Read by one task at a time, and with what these methods read in turn. Do not use it under a
     * lock that other tasks want, nor from another thread. Closing it closes this. Every call makes a new view of the same bytes.
     */
    public InputStream inputStream() {
        return new Views.Input(this);
    }

    /** Closes it; what was not read is lost. A task that reads gets a {@link ClosedChannelException}. Does not wait. Idempotent. Loop only. */
    @Override
    public void close() {
        confined.check("close()");
        source.close();
    }

    /** Whether it was not closed from this side. */
    public boolean isOpen() {
        return source.isOpen();
    }

    /** How many bytes came so far. Loop only. */
    public long bytesRead() {
        return bytesRead;
    }

    @Override
    public String toString() {
        return "ByteInput[" + source + ", " + (isOpen() ? "open" : "closed") + ", " + bytesRead + " read]";
    }
}
