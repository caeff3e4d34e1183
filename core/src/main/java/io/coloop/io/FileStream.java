package io.coloop.io;

import io.coloop.Await;
import io.coloop.CancelPolicy;
import io.coloop.CloseHook;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.internal.bytes.BlockingReads;
import io.coloop.internal.bytes.BlockingWrites;
import io.coloop.internal.bytes.Confined;
import io.coloop.internal.bytes.IoFailure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A file as a stream of bytes. Its calls look as if they blocked: they await, while another thread reads or writes. It reads up to 64 KiB ahead, so small reads cost little; each write goes to the operating system, so buffer small ones.
 *
 * <p>Used by one task at a time: reading and writing share one position. A cancelled read has taken nothing. Of a cancelled write the buffer's position tells how much is written, or will be in a moment; it cuts the output, as that of any stream.
 *
 * <p>Belongs to its loop; every call is checked. One that is open when its loop closes is closed and reported.
 */
public final class FileStream implements AutoCloseable {
    private final FileChannel channel;
    private final Path path;
    private final Loop loop;
    private final Confined confined;
    private final BlockingReads reads;
    private final BlockingWrites writes;
    private final ByteInput input;
    private final ByteOutput output;
    private final CloseHook hook;
    private final AtomicInteger using = new AtomicInteger(2); // reads and writes, until each is closed
    private final Promise<@Nullable Void> closed = Promise.create();

    private FileStream(FileChannel channel, Path path, boolean appends, long position, Loop loop) {
        this.channel = channel;
        this.path = path;
        this.loop = loop;
        this.confined = new Confined(loop, "file", "FileStream");
        Executor threads = this::makeOffLoop;
        this.reads = new BlockingReads(
                path.toString(),
                loop,
                threads,
                (into, from) -> channel.read(ByteBuffer.wrap(into), from),
                this::notUsed);
        this.writes =
                new BlockingWrites(path.toString(), loop, threads, appends ? this::append : this::write, this::notUsed);
        Ends ends = new Ends();
        this.input = ByteInput.of(ends, "FileStream");
        this.output = ByteOutput.of(ends, "FileStream");
        reads.seek(position);
        this.hook = loop.onClose(this::closeWithLoop);
    }

    /** A job that no cancel interrupts: an interrupt closes the channel. */
    private <T extends @Nullable Object> Future<T> begin(Callable<? extends T> job) {
        return loop.blocking(job);
    }

    /** Also when the loop ends before a thread is free: what was taken is written, and the file is closed. */
    private void makeOffLoop(Runnable call) {
        Future<@Nullable Void> job;
        try {
            job = this.<@Nullable Void>begin(() -> {
                call.run();
                return null;
            });
        } catch (LoopClosedException over) {
            call.run();
            return;
        }
        job.handle((done, failure) -> {
            if (job.isCancelled()) {
                Thread.ofPlatform().daemon().name(loop.name() + "-left").start(call);
            }
            return null;
        });
    }

    private void write(byte[] bytes, long position) throws IOException {
        ByteBuffer from = ByteBuffer.wrap(bytes);
        while (from.hasRemaining()) {
            channel.write(from, position + from.position());
        }
    }

    private void append(byte[] bytes, long ignored) throws IOException {
        ByteBuffer from = ByteBuffer.wrap(bytes);
        while (from.hasRemaining()) {
            channel.write(from);
        }
    }

    /**
     * Opens a file. Task only.
     *
     * @param options as for {@link FileChannel#open}: for example {@code WRITE, CREATE, TRUNCATE_EXISTING}, or {@code APPEND}, which writes at the file's end wherever the position is; none is {@code READ}
     * @throws IOException if there is no such file, or it must not be opened so
     * @throws IllegalArgumentException if the options contradict one another
     */
    public static FileStream open(Path path, OpenOption... options) throws IOException {
        Objects.requireNonNull(path, "path");
        Set<OpenOption> all = Set.of(options);
        boolean appends = all.contains(StandardOpenOption.APPEND);
        Loop loop = Task.current().loop();
        record Opened(FileChannel channel, long position) {}
        try {
            Opened opened = Await.<Opened>blocking(
                    () -> {
                        FileChannel channel = FileChannel.open(path, all);
                        return new Opened(channel, appends ? channel.size() : 0);
                    },
                    late -> loop.blocking(() -> {
                        late.channel.close();
                        return null;
                    }));
            try {
                return new FileStream(opened.channel, path, appends, opened.position, loop);
            } catch (Throwable refused) {
                opened.channel.close();
                throw refused;
            }
        } catch (CompletionException failed) {
            throw IoFailure.of(failed);
        }
    }

    private <T extends @Nullable Object> T offLoop(String method, Callable<? extends T> job) throws IOException {
        confined.checkTask(method);
        try {
            return Await.<T>await(this.<T>begin(job), CancelPolicy.SHIELD);
        } catch (CompletionException failed) {
            throw IoFailure.of(failed);
        }
    }

    // ---- reading and writing

    /** Its input, for code that reads from any stream. Closing it closes the file. */
    public ByteInput input() {
        return input;
    }

    /** Reads what is there, at least one byte unless the buffer has no room, or returns -1 at the file's end, where there may be more later; see {@link ByteInput#read}. */
    public int read(ByteBuffer into) throws IOException {
        return input.read(into);
    }

    /** Reads so many bytes; see {@link ByteInput#readExactly}. */
    public byte[] readExactly(int count) throws IOException {
        return input.readExactly(count);
    }

    /** Reads a line of at most 64 KiB in UTF-8, without its end; null if there is none; see {@link ByteInput#readLine(int)}. */
    public @Nullable String readLine() throws IOException {
        return input.readLine();
    }

    /** Its input as the JDK's; see {@link ByteInput#inputStream}. */
    public InputStream inputStream() {
        return input.inputStream();
    }

    /** Its output, for code that writes to any stream. Closing it closes the file. */
    public ByteOutput output() {
        return output;
    }

    /** Writes what the buffer has; see {@link ByteOutput#write(ByteBuffer)}. */
    public void write(ByteBuffer from) throws IOException {
        output.write(from);
    }

    /** Writes bytes; see {@link #write(ByteBuffer)}. The array must not change meanwhile. */
    public void write(byte[] bytes) throws IOException {
        output.write(bytes);
    }

    /** Writes a text in UTF-8; see {@link #write(ByteBuffer)}. */
    public void write(String text) throws IOException {
        output.write(text);
    }

    /** Its output as the JDK's; see {@link ByteOutput#outputStream}. */
    public OutputStream outputStream() {
        return output.outputStream();
    }

    // ---- the file

    /** Where it reads or writes next, in bytes from the file's begin. Loop only. */
    public long position() {
        confined.check("position()");
        return reads.position() - input.buffered();
    }

    /**
     * Reads and writes elsewhere from now on; beyond the file's end there is nothing to read, and a write fills what is between with zeros. Loop only.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public void position(long position) {
        confined.check("position(...)");
        if (position < 0) {
            throw new IllegalArgumentException("position is negative: " + position);
        }
        input.checkNobodyReads("position(...)");
        move(position);
    }

    private void move(long position) {
        input.clear();
        reads.seek(position);
    }

    /** The file's size in bytes. Task only. */
    public long size() throws IOException {
        return offLoop("size()", channel::size);
    }

    /** Waits until what was written is on the device; see {@link FileChannel#force}. Task only. */
    public void force() throws IOException {
        offLoop("force()", () -> {
            channel.force(true);
            return null;
        });
    }

    /** Closes it, after a read or write that is under way; a task that waits for one gets a {@link java.nio.channels.ClosedChannelException}. Waits. Idempotent. Task only. */
    @Override
    public void close() throws IOException {
        confined.checkTask("close()");
        try {
            Await.await(beginToClose(), CancelPolicy.SHIELD);
        } catch (CompletionException failed) {
            throw IoFailure.of(failed);
        }
    }

    private Future<@Nullable Void> beginToClose() {
        hook.remove();
        reads.close();
        writes.close();
        return closed.future();
    }

    /** No read, or no write, is under way any more, nor will be. Off the loop, unless that is closed. */
    private void notUsed() {
        if (using.decrementAndGet() > 0) {
            return;
        }
        try {
            channel.close();
            closed.complete(null);
        } catch (IOException failure) {
            closed.fail(failure);
        }
    }

    private void closeWithLoop() throws IOException {
        loop.report(new Report(
                Report.Kind.LEFT_AT_CLOSE,
                loop,
                this + " was open when the loop closed; it is closed now",
                null,
                null,
                this));
        close();
    }

    /** Whether it was not closed. Any thread. */
    public boolean isOpen() {
        return reads.isOpen();
    }

    @Override
    public String toString() {
        return "FileStream[" + path + ", " + (isOpen() ? "open" : "closed") + "]";
    }

    /** What its streams read from and write to. */
    private final class Ends implements ByteInput.Source, ByteOutput.Sink {
        private boolean writing;

        @Override
        public int read(ByteBuffer into) throws IOException {
            if (writing) {
                throw confined.misuse(
                        "one task at a time uses a file: reading and writing share its position",
                        "read(...)",
                        "let that task write first, or open the file twice");
            }
            return reads.read(into);
        }

        @Override
        public void write(ByteBuffer from) throws IOException {
            input.checkNobodyReads("write(...)");
            writes.seek(position());
            writing = true;
            try {
                writes.write(from);
            } finally {
                writing = false;
                move(writes.position());
            }
        }

        @Override
        public void end() throws IOException {
            FileStream.this.close();
        }

        @Override
        public void close() {
            beginToClose();
        }

        @Override
        public void abort() {
            beginToClose();
        }

        @Override
        public boolean isOpen() {
            return reads.isOpen();
        }

        @Override
        public Loop loop() {
            return loop;
        }

        @Override
        public String toString() {
            return path.toString();
        }
    }
}
