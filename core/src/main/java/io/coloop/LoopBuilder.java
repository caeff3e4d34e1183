package io.coloop;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The settings of a loop that is to be made. Not thread-safe; can be used again. */
public final class LoopBuilder {
    private static final AtomicInteger COUNT = new AtomicInteger();

    String name = "";
    Clock clock = Clock.SYSTEM;
    ExceptionHandler exceptionHandler = ExceptionHandler.LOGGING;
    ContextCapture contextCapture = ContextCapture.NONE;
    Duration shutdownTimeout = Duration.ofSeconds(10);
    Duration slowItem = Duration.ofMillis(100);
    Duration slowCancellation = Duration.ofSeconds(10);
    Duration silence = Duration.ofSeconds(10);
    boolean debug;

    @Nullable
    Long shuffleSeed;

    private boolean handleSigint;

    LoopBuilder() {}

    private LoopBuilder copy() {
        LoopBuilder copy = new LoopBuilder();
        copy.name = name.isEmpty() ? "loop-" + COUNT.incrementAndGet() : name;
        copy.clock = clock;
        copy.exceptionHandler = exceptionHandler;
        copy.contextCapture = contextCapture;
        copy.shutdownTimeout = shutdownTimeout;
        copy.slowItem = slowItem;
        copy.slowCancellation = slowCancellation;
        copy.silence = silence;
        copy.debug = debug;
        copy.shuffleSeed = shuffleSeed;
        return copy;
    }

    /** The loop's name, and its thread's if it owns one. Default: {@code loop-} and a number. */
    public LoopBuilder name(String name) {
        this.name = Objects.requireNonNull(name, "name");
        return this;
    }

    /** The loop's time. Default: {@link Clock#SYSTEM}. */
    public LoopBuilder clock(Clock clock) {
        this.clock = Objects.requireNonNull(clock, "clock");
        return this;
    }

    /** Who learns of what would be lost in silence. Default: {@link ExceptionHandler#LOGGING}. */
    public LoopBuilder exceptionHandler(ExceptionHandler handler) {
        this.exceptionHandler = Objects.requireNonNull(handler, "handler");
        return this;
    }

    /** The handler that is set so far: for one that is to hear of everything besides another, which it calls. */
    public ExceptionHandler exceptionHandler() {
        return exceptionHandler;
    }

    /** What carries foreign context to subscriptions and blocking jobs. Default: {@link ContextCapture#NONE}. */
    public LoopBuilder contextCapture(ContextCapture capture) {
        this.contextCapture = Objects.requireNonNull(capture, "capture");
        return this;
    }

    /**
     * How long a closing loop waits, in all, for its cancelled tasks, its close hooks and its blocking jobs. Default: 10 s.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public LoopBuilder shutdownTimeout(Duration timeout) {
        if (Objects.requireNonNull(timeout, "timeout").isNegative()) {
            throw new IllegalArgumentException("timeout is negative: " + timeout);
        }
        this.shutdownTimeout = timeout;
        return this;
    }

    /**
     * How long one item may hold the loop before a watchdog reports it, with its stack. If it goes on for ten times as long, the stacks of all parked tasks
     * are reported, too, and the lock that it waits for, where the JVM tells. Default: 100 ms; zero turns both off.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public LoopBuilder slowItem(Duration threshold) {
        if (Objects.requireNonNull(threshold, "threshold").isNegative()) {
            throw new IllegalArgumentException("threshold is negative: " + threshold);
        }
        this.slowItem = threshold;
        return this;
    }

    /**
     * How long a cancelled task may go on before that is reported, with its stack; a tenth later at most. Default: 10 s; zero turns it off.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public LoopBuilder slowCancellation(Duration limit) {
        if (Objects.requireNonNull(limit, "limit").isNegative()) {
            throw new IllegalArgumentException("limit is negative: " + limit);
        }
        this.slowCancellation = limit;
        return this;
    }

    /**
     * How long an owned loop waits with tasks but without a timer before it reports who awaits whom, once for each time that a task has begun since. It goes on waiting.
     * Default: 10 s; zero turns it off.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public LoopBuilder silence(Duration limit) {
        if (Objects.requireNonNull(limit, "limit").isNegative()) {
            throw new IllegalArgumentException("limit is negative: " + limit);
        }
        this.silence = limit;
        return this;
    }

    /**
     * Debug mode: an unobserved failure is reported one turn after it happened, a task's failure shows where the task was spawned, a dump where promises were made, and
     * {@link Loop#activeResources} where timers were set and close hooks registered. Costs a stack walk for each. Default: off.
     */
    public LoopBuilder debug(boolean debug) {
        this.debug = debug;
        return this;
    }

    /**
     * For tests: of tasks that are ready at the same time, the seed says which goes first, instead of who was ready first. What code relies on though nothing promises it breaks then, and the
     * same seed breaks it again. In a turn each run of neighbouring steps of tasks is permuted. Whatever else is in the queue stays in its place, and no
     * task passes it: callbacks, timers, reactive signals and coroutines keep their order, and a task goes on only after what was enqueued before it.
     *
     * <p>Equal seeds give equal orders if all that is enqueued is, in both modes: what other threads send comes when it comes. Default: first in, first out.
     */
    public LoopBuilder shuffle(long seed) {
        this.shuffleSeed = seed;
        return this;
    }

    /**
     * Whether {@link #run} reacts to SIGINT (Ctrl+C) while it lasts, as {@code asyncio.run} does: the first cancels the main task, with the reason {@code SIGINT}; the second, or one that comes when
     * the main task is done, stops the loop at once. Then what is left is reported and given up, and {@code run} throws a {@link TaskCancelledException}; after a second it does so even if
     * something holds the loop. Every {@code run} that asked for it reacts to each signal; when the last is over, the process reacts as it did before the first. A process that
     * was started with SIGINT ignored goes on ignoring it. Default: off.
     *
     * <p>{@code run} throws an {@link UnsupportedOperationException} where the JVM lets nobody handle SIGINT: without the module {@code jdk.unsupported}, or started with {@code -Xrs}.
     */
    public LoopBuilder handleSigint(boolean handle) {
        this.handleSigint = handle;
        return this;
    }

    /** See {@link Loop#start}. */
    public Loop start() {
        Loop loop = new Loop(copy(), OwnedDriver::new);
        Thread thread = OwnedDriver.newThread(loop, (OwnedDriver) loop.driver());
        if (!thread.isVirtual()) {
            thread.setDaemon(false);
        }
        thread.start();
        if (thread.isVirtual()) { // nothing but another thread can keep the JVM alive for it
            Thread.ofPlatform().daemon(false).name(loop.name() + "-keeper").start(() -> join(thread));
        }
        return loop;
    }

    /**
     * Starts so many loops with these settings, called as this says, then {@code -0} and so on; see {@link LoopGroup#start(String, int)}. The handler, the context capture and the clock are shared: they must be thread-safe.
     *
     * @throws IllegalArgumentException if it is less than one
     */
    public LoopGroup startGroup(int size) {
        return LoopGroup.start(copy(), size);
    }

    /** See {@link Loop#run(Body)}. */
    public <T extends @Nullable Object, X extends Throwable> T run(Body<T, X> body) throws X {
        Objects.requireNonNull(body, "body");
        Loop here = Loop.currentOrNull();
        if (here != null) {
            throw Misuse.of(
                    "one thread has one loop",
                    "Loop.run(...)",
                    here,
                    "the code is on a loop already: call it directly, or Task.spawn(...) it");
        }
        return new Runner<>(copy(), body).<X>run(handleSigint);
    }

    /** See {@link Loop#run(VoidBody)}. */
    public <X extends Throwable> void run(VoidBody<X> body) throws X {
        run(Loop.asBody(body));
    }

    /** See {@link Loop#on}. The settings count only at the first call for a host. */
    public Loop on(ScheduledExecutorService host) {
        Loop attached = HostedDriver.attached(Objects.requireNonNull(host, "host"));
        return attached != null ? attached : HostedDriver.attach(copy(), host);
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException impossible) {
            throw new AssertionError("nobody has this thread", impossible);
        }
    }
}
