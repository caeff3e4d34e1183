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
    boolean debug;

    LoopBuilder() {}

    private LoopBuilder copy() {
        LoopBuilder copy = new LoopBuilder();
        copy.name = name.isEmpty() ? "loop-" + COUNT.incrementAndGet() : name;
        copy.clock = clock;
        copy.exceptionHandler = exceptionHandler;
        copy.contextCapture = contextCapture;
        copy.shutdownTimeout = shutdownTimeout;
        copy.slowItem = slowItem;
        copy.debug = debug;
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

    /** What carries foreign context to subscriptions and blocking jobs. Default: {@link ContextCapture#NONE}. */
    public LoopBuilder contextCapture(ContextCapture capture) {
        this.contextCapture = Objects.requireNonNull(capture, "capture");
        return this;
    }

    /**
     * How long a closing loop waits for its cancelled tasks to end. Default: 10 s.
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
     * How long one item may hold the loop before a watchdog reports it, with its stack. Default: 100 ms; zero turns it off.
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

    /** Debug mode: an unobserved failure is reported one turn after it happened. Default: off. */
    public LoopBuilder debug(boolean debug) {
        this.debug = debug;
        return this;
    }

    /** See {@link Loop#start}. */
    public Loop start() {
        Loop loop = new Loop(copy(), OwnedDriver::new);
        OwnedDriver driver = (OwnedDriver) loop.driver();
        if (Loop.mode() == Mode.MOUNTED) {
            Thread.ofPlatform().name(loop.name()).start(driver);
        } else {
            // a virtual thread does not keep the JVM alive
            Thread.ofPlatform().name(loop.name() + "-keeper").start(() -> joined(ofVirtual(loop, driver), () -> {}));
        }
        return loop;
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
        Loop loop = new Loop(copy(), OwnedDriver::new);
        OwnedDriver driver = (OwnedDriver) loop.driver();
        Task<T> main = loop.spawn("main", body);
        main.register(new Closer(main));
        Thread thread = Loop.mode() == Mode.MOUNTED
                ? Thread.ofPlatform().name(loop.name()).start(driver)
                : ofVirtual(loop, driver);
        if (joined(thread, () -> main.cancel("the thread that waits in Loop.run was interrupted"))) {
            Thread.currentThread().interrupt();
        }
        return Outcome.get(main);
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

    private static Thread ofVirtual(Loop loop, OwnedDriver driver) {
        return Thread.ofVirtual()
                .name(loop.name())
                .inheritInheritableThreadLocals(false)
                .start(driver);
    }

    /** Waits for a thread's end, whatever interrupts come; whether one came. */
    @SuppressWarnings("ThreadJoinLoop") // an interrupt means something here
    private static boolean joined(Thread thread, Runnable onInterrupt) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                return interrupted;
            } catch (InterruptedException interrupt) {
                interrupted = true;
                onInterrupt.run();
            }
        }
    }

    /** Closes the loop once its main task is done. */
    private static final class Closer extends Listener {
        private final Task<?> main;

        Closer(Task<?> main) {
            this.main = main;
        }

        @Override
        Loop loop() {
            return main.loop();
        }

        @Override
        boolean observes() {
            return true;
        }

        @Override
        public void run() {
            main.loop().beginClosing();
        }
    }
}
