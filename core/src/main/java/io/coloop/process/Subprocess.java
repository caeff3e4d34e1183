package io.coloop.process;

import io.coloop.Await;
import io.coloop.Cleanup;
import io.coloop.CloseHook;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskGroup;
import io.coloop.TaskGroupException;
import io.coloop.TaskTimeoutException;
import io.coloop.internal.bytes.BlockingReads;
import io.coloop.internal.bytes.BlockingWrites;
import io.coloop.internal.bytes.Confined;
import io.coloop.internal.bytes.IoFailure;
import io.coloop.io.ByteInput;
import io.coloop.io.ByteOutput;
import io.coloop.io.LimitExceededException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A process that this one starts, waits for, talks to through pipes and ends:
 *
 * <pre>{@code
 * try (Subprocess sort = Subprocess.start("sort", "-n")) {
 *     sort.stdin().write("2\n1\n");
 *     sort.stdin().close();
 *     String first = sort.stdout().readLine();
 * }
 * }</pre>
 *
 * <p>What runs, where, with which environment, and where its input and output go is said with the JDK's {@link ProcessBuilder}. What its {@code Redirect.PIPE} gives, by default all three, is read and written here; a process that fills a pipe
 * nobody reads waits.
 *
 * <p>Belongs to its loop. {@link #close} leaves no process behind, in whatever way the block is left; one that runs when its loop closes is killed and reported.
 */
public final class Subprocess implements AutoCloseable {
    /*
     * running -> exited -> closed, or running -> closing -> exited -> closed
     *
     * The JDK has a thread that learns of the exit. It closes the pipes then: what is in them stays to be read, what descendants write to them later is refused. It cannot while a thread reads a pipe that a descendant holds; that
     * read is given a last second. A read or write that is under way occupies a thread of `threads`; what it waits for in vain, and after all a descendant, keeps it beyond close().
     *
     * Fields without a remark belong to the loop.
     */
    private static final Duration GRACE = Duration.ofSeconds(5);
    private static final int UNLIMITED = Integer.MAX_VALUE;

    private final Process process;
    private final String name;
    private final Loop loop;
    private final Confined confined;
    private final ExecutorService threads;
    private final @Nullable StdinSink sink;
    private final @Nullable ByteOutput stdin;
    private final @Nullable BlockingReads outputReads;
    private final @Nullable BlockingReads errorReads;
    private final @Nullable ByteInput stdout;
    private final @Nullable ByteInput stderr;
    private final Promise<Integer> exit = Promise.create();
    private final CloseHook hook;

    private Subprocess(Process process, List<String> command, Pipes pipes, Loop loop) {
        this.process = process;
        this.name = new File(command.getFirst()).getName() + " (pid " + process.pid() + ")";
        this.loop = loop;
        this.confined = new Confined(loop, "process", "Subprocess");
        this.threads = threads(loop.name() + "-" + name);
        this.sink = pipes.stdin ? sink(process.getOutputStream()) : null;
        this.stdin = sink == null ? null : ByteOutput.of(sink, "Subprocess.stdin()");
        this.outputReads = pipes.stdout ? reads("stdout", process.getInputStream()) : null;
        this.errorReads = pipes.stderr ? reads("stderr", process.getErrorStream()) : null;
        this.stdout = input("stdout", outputReads);
        this.stderr = input("stderr", errorReads);
        this.hook = loop.onClose(this::endWithLoop, this::killWithLoop);
        process.onExit().thenAccept(this::exitedElsewhere);
    }

    private static ExecutorService threads(String name) {
        return new ThreadPoolExecutor(0, Integer.MAX_VALUE, 1, TimeUnit.SECONDS, new SynchronousQueue<>(), call -> {
            Thread thread = new Thread(null, call, name, 0, false);
            thread.setDaemon(true);
            return thread;
        });
    }

    private StdinSink sink(OutputStream pipe) {
        return new StdinSink(
                new BlockingWrites(
                        "stdin of " + name,
                        loop,
                        threads,
                        (bytes, position) -> {
                            pipe.write(bytes);
                            pipe.flush();
                        },
                        pipe),
                this::kill);
    }

    private BlockingReads reads(String which, InputStream pipe) {
        return new BlockingReads(which + " of " + name, loop, threads, (into, position) -> pipe.read(into), pipe);
    }

    private static @Nullable ByteInput input(String which, @Nullable BlockingReads reads) {
        return reads == null ? null : ByteInput.of(new OutputSource(reads), "Subprocess." + which + "()");
    }

    // ---- starting

    /**
     * Starts a program with pipes to its input, output and errors; see {@link #start(ProcessBuilder)}. Its arguments reach it as they are: no shell looks at them.
     */
    public static Subprocess start(String... command) throws IOException {
        return start(new ProcessBuilder(command));
    }

    /**
     * Starts what the builder says, on another thread. If the task is cancelled meanwhile, no process is left. The builder must not change until then. Task only.
     *
     * @throws IOException if there is no such program or directory, or it must not be run, or the system has no room for it
     * @throws IllegalArgumentException if the builder has no command
     * @throws NullPointerException if a part of the command is null
     */
    public static Subprocess start(ProcessBuilder builder) throws IOException {
        Loop loop = Task.current().loop();
        List<String> command = List.copyOf(builder.command());
        if (command.isEmpty()) {
            throw new IllegalArgumentException("a process needs a command: the program, then its arguments");
        }
        Pipes pipes = Pipes.of(builder);
        try {
            Process process = Await.<Process>blocking(
                    () -> {
                        checkDirectory(builder.directory(), command);
                        return builder.start();
                    },
                    Subprocess::discard);
            return made(process, command, pipes, loop);
        } catch (CompletionException failed) {
            throw IoFailure.of(failed);
        }
    }

    private static Subprocess made(Process process, List<String> command, Pipes pipes, Loop loop) {
        try {
            return new Subprocess(process, command, pipes, loop);
        } catch (Throwable refused) {
            discard(process);
            throw refused;
        }
    }

    /** The system says of both that there is no such file. */
    private static void checkDirectory(@Nullable File directory, List<String> command) throws IOException {
        if (directory != null && !directory.isDirectory()) {
            throw new IOException("Cannot run program \"" + command.getFirst() + "\": " + directory
                    + (directory.exists() ? " is not a directory" : ", its directory, does not exist"));
        }
    }

    private static void discard(Process late) {
        late.destroyForcibly(); // closes the pipes as well
    }

    /** Which of the three are pipes. */
    private record Pipes(boolean stdin, boolean stdout, boolean stderr) {
        static Pipes of(ProcessBuilder builder) {
            return new Pipes(
                    builder.redirectInput().equals(Redirect.PIPE),
                    builder.redirectOutput().equals(Redirect.PIPE),
                    builder.redirectError().equals(Redirect.PIPE) && !builder.redirectErrorStream());
        }
    }

    /** What runs a script in the system's shell, {@code /bin/sh} or {@code cmd}. Whatever is put into the script, the shell looks at: pass what comes from elsewhere to the environment instead. */
    public static ProcessBuilder shell(String script) {
        Objects.requireNonNull(script, "script");
        return System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows")
                ? new ProcessBuilder("cmd", "/c", script)
                : new ProcessBuilder("/bin/sh", "-c", script);
    }

    // ---- running to the end

    /** Runs a program without input to its end; see {@link #run(ProcessBuilder, byte[], int)}. */
    public static ProcessResult run(String... command) throws IOException {
        return run(new ProcessBuilder(command));
    }

    /** Runs what the builder says, without input, to its end; see {@link #run(ProcessBuilder, byte[], int)}. */
    public static ProcessResult run(ProcessBuilder builder) throws IOException {
        return run(builder, new byte[0], UNLIMITED);
    }

    /**
     * Starts a process, gives it its input, collects its output and waits for its end. If that fails or is cancelled, the process is {@linkplain #close ended}. Task only.
     *
     * @param limit how many bytes of output, and of errors, there may be
     * @throws LimitExceededException if there are more
     * @throws IOException if it cannot be started
     */
    public static ProcessResult run(ProcessBuilder builder, byte[] input, int limit) throws IOException {
        Objects.requireNonNull(input, "input");
        try (Subprocess process = start(builder)) {
            return process.communicate(input, limit);
        }
    }

    // ---- talking to it

    /**
     * Its input. A write is done when the pipe has all of it. A process that has ended, or has closed its input, makes it fail.
     *
     * <p>Closing it after a write was cut off kills the process, which would take a part for the whole: a pipe has no reset.
     *
     * @throws IllegalStateException if it was redirected
     */
    public ByteOutput stdin() {
        return piped(stdin, "stdin", "redirectInput");
    }

    /**
     * Its output. It ends when the process closes it, and at the latest a second after the process has ended, though its descendants may hold it still.
     *
     * @throws IllegalStateException if it was redirected
     */
    public ByteInput stdout() {
        return piped(stdout, "stdout", "redirectOutput");
    }

    /**
     * Its errors; see {@link #stdout}.
     *
     * @throws IllegalStateException if they were redirected, or {@linkplain ProcessBuilder#redirectErrorStream(boolean) go} with its output
     */
    public ByteInput stderr() {
        return piped(stderr, "stderr", "redirectError");
    }

    private <T> T piped(@Nullable T stream, String which, String redirect) {
        if (stream == null) {
            throw new IllegalStateException(which + " of " + name + " is no pipe: the builder sent it elsewhere, with "
                    + redirect + " or " + "redirectErrorStream");
        }
        return stream;
    }

    /** Gives it no input, collects its output and waits for its end; see {@link #communicate(byte[], int)}. */
    public ProcessResult communicate() throws IOException {
        return communicate(new byte[0]);
    }

    /** Gives it its input, collects its output and waits for its end; see {@link #communicate(byte[], int)}. */
    public ProcessResult communicate(byte[] input) throws IOException {
        return communicate(input, UNLIMITED);
    }

    /**
     * Writes its input and closes it, reads its output and errors meanwhile, so that no full pipe stops it, and waits for its end. That it does not want all of the input is no error. What is no pipe is left out. Let nobody else read meanwhile. If this is
     * cancelled, the process goes on, and what it wrote can be read still. Task only.
     *
     * @param limit how many bytes of output, and of errors, there may be
     * @throws LimitExceededException if there are more; they can be read still
     * @throws IllegalStateException if there is input and stdin is no pipe
     */
    public ProcessResult communicate(byte[] input, int limit) throws IOException {
        confined.checkTask("communicate(...)");
        ByteOutput fed = input.length > 0 ? stdin() : stdin;
        try {
            int code = TaskGroup.run(group -> {
                group.spawn(() -> receiveAll(stdout, limit));
                group.spawn(() -> receiveAll(stderr, limit));
                if (fed != null) {
                    feed(fed, input);
                }
                return waitFor();
            });
            return new ProcessResult(code, taken(stdout), taken(stderr));
        } catch (TaskGroupException failed) {
            if (failed.getCause() instanceof IOException refused) {
                throw refused;
            }
            throw failed.getCause() instanceof RuntimeException misuse ? misuse : failed;
        }
    }

    private static int receiveAll(@Nullable ByteInput input, int limit) throws IOException {
        return input == null ? 0 : input.receiveAll(limit);
    }

    private static byte[] taken(@Nullable ByteInput input) {
        return input == null ? new byte[0] : input.takeBuffered();
    }

    private static void feed(ByteOutput stdin, byte[] input) {
        try {
            stdin.write(input);
        } catch (IOException notWanted) {
            // as with `yes | head -1`
        }
        stdin.close();
    }

    // ---- its end

    /**
     * Waits for its end. If the task is cancelled, the process goes on. Task only.
     *
     * @return its exit code, by convention 0 if all went well; 128 and the signal's number if a signal ended it
     */
    public int waitFor() {
        confined.checkTask("waitFor()");
        return Await.awaitOutside(onExit());
    }

    /** Its exit code, once it has ended. Each call returns another future: cancelling one does nothing to the others, nor to the process. On the loop. */
    public Future<Integer> onExit() {
        return Future.shield(exit.future());
    }

    /** Whether it has not ended. Any thread. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Its number in the system. Any thread. */
    public long pid() {
        return process.pid();
    }

    /** It, for what the JDK tells of a process, such as its descendants. Any thread. */
    public ProcessHandle toHandle() {
        return process.toHandle();
    }

    /** Asks it to end: SIGTERM, where there are signals; else it is killed. Does not wait. Any thread. */
    public void terminate() {
        process.toHandle().destroy(); // Process.destroy() would close the pipes
    }

    /** Ends it: SIGKILL, where there are signals. Does not wait. Any thread. */
    public void kill() {
        process.toHandle().destroyForcibly();
    }

    /** Ends it, with a grace of five seconds; see {@link #close(Duration)}. */
    @Override
    public void close() {
        close(GRACE);
    }

    /**
     * Closes the pipes if it has ended. Else {@linkplain #terminate terminates} it and its descendants, {@linkplain #kill kills} it if it has not ended when the grace is over, and then what is left of those descendants. Those that
     * have made themselves independent, as daemons do, go on. Returns when it has ended, also if the task is cancelled meanwhile. Idempotent. Task only.
     */
    public void close(Duration grace) {
        Objects.requireNonNull(grace, "grace");
        confined.checkTask("close()");
        try {
            if (!exit.isDone()) {
                Cleanup.run(grace.plus(GRACE), () -> end(grace));
            }
        } finally {
            closePipes();
        }
    }

    private void end(Duration grace) {
        // looks through all processes of the system, so elsewhere
        CompletableFuture<List<ProcessHandle>> descendants =
                CompletableFuture.supplyAsync(() -> process.descendants().toList(), threads);
        try {
            List<ProcessHandle> found = Await.awaitOutside(Future.shield(descendants));
            terminate();
            found.forEach(ProcessHandle::destroy);
            Await.await(onExit(), grace);
        } catch (TaskTimeoutException stubborn) {
            kill();
            waitFor();
        } finally {
            // an outer grace may be over at any time; who is not found before it is dead has no descendants any more
            descendants.thenAccept(found -> {
                kill();
                found.forEach(ProcessHandle::destroyForcibly);
            });
        }
    }

    private void closePipes() {
        if (stdin != null) {
            stdin.close();
        }
        if (stdout != null) {
            stdout.close();
        }
        if (stderr != null) {
            stderr.close();
        }
        if (exit.isDone()) { // else there may be another close
            threads.shutdown();
        }
    }

    private void endWithLoop() {
        reportLeft();
        close(Duration.ZERO);
    }

    private void killWithLoop() {
        reportLeft();
        kill();
    }

    private void reportLeft() {
        if (isAlive()) {
            loop.report(new Report(
                    Report.Kind.LEFT_AT_CLOSE,
                    loop,
                    this + " ran when the loop closed; it is killed now",
                    null,
                    null,
                    this));
        }
    }

    private void exitedElsewhere(Process ended) {
        int code = ended.exitValue();
        try {
            loop.execute(() -> exited(code));
        } catch (LoopClosedException over) {
            // nobody waits
        }
    }

    private void exited(int code) {
        hook.remove();
        exit.complete(code);
        if (sink != null) {
            sink.lastCall();
        }
        if (outputReads != null) {
            outputReads.lastCall();
        }
        if (errorReads != null) {
            errorReads.lastCall();
        }
    }

    @Override
    public String toString() {
        Integer code = exit.isDone() ? exit.future().resultNow() : null;
        return "Subprocess[" + name + ", " + (code == null ? "running" : "ended with " + code) + "]";
    }
}
