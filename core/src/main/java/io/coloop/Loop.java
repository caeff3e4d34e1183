package io.coloop;

import io.coloop.internal.fiber.Carrier;
import io.coloop.internal.fiber.Fiber;
import io.coloop.internal.fiber.Fibers;
import io.coloop.internal.queue.Inbox;
import io.coloop.internal.queue.TimerHeap;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks and callbacks on one thread, one at a time. It has a thread of its own ({@link #run}, {@link #start}) or borrows one
 * ({@link #on}).
 *
 * <p>{@link #execute}, {@link #spawn}, {@link #subscribe}, {@link #blocking}, {@link #from}, {@link #promise} and {@link #close} may be called from any thread; the rest is
 * confined to the loop and checked.
 */
public final class Loop implements Executor, AutoCloseable {
    /*
     * One turn: take what other threads sent, take the timers that are due, then run what is ready at that moment. What these items
     * enqueue waits for the next turn. Between turns the driver looks at the outside world: it waits, or gives the host its thread back.
     *
     * Phases: RUNNING -> CLOSING (tasks are cancelled and awaited, with a time limit) -> CLOSED (the inbox refuses).
     *
     * Fields without a remark belong to the loop: to its thread, or to the fiber that holds it.
     */
    static final ThreadLocal<@Nullable Object> CURRENT =
            new ThreadLocal<>(); // a Task on its fiber, the Loop on its thread

    private static final AtomicLong TASK_IDS = new AtomicLong();

    private static final long HELD_AT_CLOSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private enum Phase {
        RUNNING,
        CLOSING,
        CLOSED
    }

    private final LoopBuilder settings;
    private final Driver driver;
    private final Fibers fibers;
    private final UnobservedFailures failures;
    private final Inbox<Runnable> inbox;
    private final ArrayDeque<Runnable> ready = new ArrayDeque<>();
    private final TimerHeap timers = new TimerHeap();
    private final BlockingJobs blockingJobs;
    private final AfterClose afterClose = new AfterClose(this);
    private final Set<LoopExecutorService> busyViews = ConcurrentHashMap.newKeySet();
    private final CountDownLatch terminated = new CountDownLatch(1);
    private final long origin;

    private volatile Phase phase = Phase.RUNNING; // written by the loop
    private volatile @Nullable Thread boundTo; // written by the loop; a lost host leaves CURRENT behind on its thread
    private int batch; // how many items of this turn are still to run
    private long turns;
    private long items; // read by the watchdog without synchronization
    private volatile boolean waiting = true;
    private @Nullable Task<?> running; // the task that has the loop; read by the watchdog likewise
    private int alive;
    private @Nullable Task<?> newest;
    private int closingRound; // tasks that closing cancelled and still waits for
    private boolean outOfTime;

    Loop(LoopBuilder settings, java.util.function.Function<Loop, Driver> driver) {
        this.settings = settings;
        this.driver = driver.apply(this);
        this.fibers = new Fibers(new LoopCarrier());
        this.failures = new UnobservedFailures(this);
        this.inbox = new Inbox<>(this.driver::wake);
        this.blockingJobs = new BlockingJobs(this);
        this.origin = settings.clock.nanoTime();
        ModeNotice.once();
        Watchdog.watch(this, settings.slowItem);
    }

    // ---- making and finding loops

    /**
     * Runs a body as a task on a loop of its own, while the caller waits; returns its result or throws its failure, the instance itself. What
     * the body leaves behind is cancelled and awaited before this returns. An interrupt of the caller cancels the body.
     *
     * @throws LoopMisuseException if the calling thread has a loop already
     */
    public static <T extends @Nullable Object, X extends Throwable> T run(Body<T, X> body) throws X {
        return builder().run(body);
    }

    /** Runs a body without a result; see {@link #run(Body)}. */
    public static <X extends Throwable> void run(VoidBody<X> body) throws X {
        builder().run(body);
    }

    /** Starts a loop on a thread of its own. It keeps the JVM alive until it is closed. */
    public static Loop start(String name) {
        return builder().name(name).start();
    }

    /**
     * The loop of a host's thread: attached at the first call, found again by later ones. The host must run everything on one thread; it
     * keeps its own work, and its rejection or end cancels the loop's tasks. A Netty {@code EventLoop} is such a host.
     */
    public static Loop on(ScheduledExecutorService host) {
        return builder().on(host);
    }

    /** A loop with other settings. */
    public static LoopBuilder builder() {
        return new LoopBuilder();
    }

    /**
     * The loop of the calling thread, in a task as well as in a callback.
     *
     * @throws LoopMisuseException if it has none
     */
    public static Loop current() {
        Loop loop = currentOrNull();
        if (loop == null) {
            throw Misuse.of(
                    "this thread has no loop",
                    "Loop.current()",
                    null,
                    "call it from a task or callback, or pass the loop along");
        }
        return loop;
    }

    /** The loop of the calling thread, or null if it has none. */
    public static @Nullable Loop currentOrNull() {
        Object current = CURRENT.get();
        if (current instanceof Loop loop) {
            return loop.boundTo == Thread.currentThread() ? loop : null;
        }
        return current instanceof Task<?> task ? task.loop() : null;
    }

    /** How bodies run in this JVM. The first call probes it. */
    public static Mode mode() {
        return Fibers.mounted() ? Mode.MOUNTED : Mode.HAND_OFF;
    }

    // ---- giving it work

    /** Starts a task; any thread. It runs from the ready queue. */
    public <T extends @Nullable Object> Task<T> spawn(Body<? extends T, ?> body) {
        return spawnNamed(null, Objects.requireNonNull(body, "body"));
    }

    /** Starts a task without a result; any thread. */
    public Task<@Nullable Void> spawn(VoidBody<?> body) {
        return spawnNamed(null, asBody(body));
    }

    /** Starts a task with a name, which its thread has too; any thread. */
    public <T extends @Nullable Object> Task<T> spawn(String name, Body<? extends T, ?> body) {
        return spawnNamed(Objects.requireNonNull(name, "name"), Objects.requireNonNull(body, "body"));
    }

    private <T extends @Nullable Object> Task<T> spawnNamed(@Nullable String name, Body<? extends T, ?> body) {
        if (isClosed()) {
            throw Misuse.closed("spawn(...)", this);
        }
        Task<T> task = new Task<>(this, name, body);
        task.start("spawn(...)");
        return task;
    }

    static <X extends Throwable> Body<@Nullable Void, X> asBody(VoidBody<X> body) {
        Objects.requireNonNull(body, "body");
        return () -> {
            body.run();
            return null;
        };
    }

    /**
     * Runs an action from the ready queue; any thread. It must not await.
     *
     * @throws LoopClosedException if the loop is closed
     */
    @Override
    public void execute(Runnable action) {
        Objects.requireNonNull(action, "action");
        if (isClosed() || !offerItem(action)) { // the last items of a closed loop must not add to themselves
            throw Misuse.closed("execute(...)", this);
        }
    }

    /** Runs an action from the ready queue, unless it is called off. Loop only. */
    public Handle callSoon(Runnable action) {
        checkOpenOnLoop("callSoon(...)");
        Handle handle = new Handle(this, Objects.requireNonNull(action, "action"));
        enqueue(handle::fire);
        return handle;
    }

    /** Runs an action after a delay, at the next turn if that is negative; at most about 292 years. Loop only. */
    public TimerHandle callLater(Duration delay, Runnable action) {
        return callAt(deadlineAfter(nanos(Objects.requireNonNull(delay, "delay"))), action);
    }

    /** Runs an action at a time, in nanoseconds of {@link #time()}. Loop only. */
    public TimerHandle callAt(long when, Runnable action) {
        checkOpenOnLoop("callAt/callLater(...)");
        TimerHandle handle = new TimerHandle(this, timers, when, Objects.requireNonNull(action, "action"));
        driver.changed();
        return handle;
    }

    /** The loop's time in nanoseconds, from an origin of its own. Any thread. */
    public long time() {
        return settings.clock.nanoTime() - origin;
    }

    /** A new promise whose future belongs to this loop. Any thread. */
    public <T extends @Nullable Object> Promise<T> promise() {
        return new Promise<>(this);
    }

    /**
     * A future of this loop that ends as the stage does: the stage itself if it is one. Any thread. Cancelling it leaves a stage of another
     * library alone; a stage that somebody else cancelled is a failure here.
     */
    @SuppressWarnings("unchecked")
    public <T extends @Nullable Object> Future<T> from(CompletionStage<? extends T> stage) {
        Promise<T> promise;
        if (Objects.requireNonNull(stage, "stage") instanceof Future<?> future) {
            if (future.loop() == this) {
                return (Future<T>) future;
            }
            promise = promise();
            ((Future<T>) future).subscribe(promise);
        } else {
            promise = promise();
            Foreign.follow(stage, promise);
        }
        return promise.future();
    }

    /**
     * Starts a source and returns its result; any thread. It is subscribed from the ready queue, on the loop's own thread, in the caller's captured
     * context. Cancelling the future cancels the source.
     *
     * @throws LoopClosedException if the loop is closed
     */
    public <T extends @Nullable Object> Future<T> subscribe(Awaitable<T> source) {
        Objects.requireNonNull(source, "source");
        Promise<T> promise = promise();
        ContextCapture.Snapshot context = contextCapture().capture();
        execute(() -> {
            if (promise.isDone()) {
                return;
            }
            try {
                context.run(() -> source.subscribe(promise));
            } catch (Throwable failure) {
                promise.fail(failure);
            }
        });
        return promise.future();
    }

    /**
     * Runs blocking code on another thread with the caller's captured context; any thread. Cancelling the future interrupts that thread; a value
     * that comes after is reported.
     */
    public <T extends @Nullable Object> Future<T> blocking(Callable<? extends T> job) {
        return this.<T>startBlocking(job).future();
    }

    /**
     * This loop as the JDK's scheduler. Its actions must not await. Shutting the view down leaves the loop open; cancelling an action never
     * interrupts the loop's thread; blocking on it from the loop is refused.
     */
    public ScheduledExecutorService asScheduledExecutorService() {
        return new LoopExecutorService(this);
    }

    // ---- closing it

    /**
     * Cancels all tasks, waits until they have ended or the time limit of {@link LoopBuilder#shutdownTimeout} is over, and ends the loop. If an item
     * holds the loop, this gives up a second later and reports it. A hosted loop is detached and its host goes on. Idempotent.
     *
     * @throws LoopMisuseException on the loop itself, which would wait for itself: {@link #shutdown} does not wait
     */
    @Override
    public void close() {
        if (isOnLoop()) {
            throw Misuse.blocksLoop("Loop.close()", this);
        }
        shutdown();
        long limit = Math.min(nanos(settings.shutdownTimeout), Long.MAX_VALUE - HELD_AT_CLOSE_NANOS);
        if (!Waiting.uninterruptibly(terminated, limit + HELD_AT_CLOSE_NANOS)) {
            report(new Report(
                    Report.Kind.LEFT_AT_CLOSE,
                    this,
                    "something holds the loop, so it cannot close; its thread is given up",
                    null,
                    running,
                    null));
        }
    }

    /** Starts what {@link #close()} does and does not wait. Any thread. */
    public void shutdown() {
        offerItem(this::beginClosing);
    }

    /** Whether it takes no more work. Any thread. */
    public boolean isClosed() {
        return phase == Phase.CLOSED;
    }

    /** Waits until the loop has ended; false if the time is over first. Not on the loop. */
    public boolean awaitTermination(Duration timeout) throws InterruptedException {
        Objects.requireNonNull(timeout, "timeout");
        if (isOnLoop() && !isClosed()) {
            throw Misuse.blocksLoop("Loop.awaitTermination(...)", this);
        }
        return terminated.await(nanos(timeout), TimeUnit.NANOSECONDS);
    }

    // ---- looking at it

    /** Its name. */
    public String name() {
        return settings.name;
    }

    /** Whether the calling thread is this loop's, in a task or a callback. */
    public boolean isOnLoop() {
        return currentOrNull() == this;
    }

    /** How many tasks have begun and not ended. Loop only. */
    public int taskCount() {
        checkOnLoop("taskCount()");
        return alive;
    }

    /** How many timers are armed. Loop only. */
    public int timerCount() {
        checkOnLoop("timerCount()");
        return timers.size();
    }

    /** How many items wait in the ready queue. Loop only. */
    public int readyCount() {
        checkOnLoop("readyCount()");
        return ready.size();
    }

    /** How many turns it made. Loop only. */
    public long turnCount() {
        checkOnLoop("turnCount()");
        return turns;
    }

    /** Gives a report to the loop's exception handler. Any thread. */
    public void report(Report report) {
        Objects.requireNonNull(report, "report");
        try {
            settings.exceptionHandler.handle(report);
        } catch (Throwable broken) {
            ExceptionHandler.LOGGING.handle(report);
            System.getLogger("io.coloop").log(System.Logger.Level.ERROR, "the exception handler failed", broken);
        }
    }

    @Override
    public String toString() {
        return "Loop[" + name() + ", " + phase.name().toLowerCase(java.util.Locale.ROOT) + ", " + alive + " tasks, "
                + ready.size() + " ready, " + timers.size() + " timers]";
    }

    // ---- for the kernel

    long nextTaskId() {
        return TASK_IDS.incrementAndGet();
    }

    Fibers fibers() {
        return fibers;
    }

    UnobservedFailures failures() {
        return failures;
    }

    /** The executor views that have actions. Any thread. */
    Set<LoopExecutorService> busyViews() {
        return busyViews;
    }

    ContextCapture contextCapture() {
        return settings.contextCapture;
    }

    Duration shutdownTimeout() {
        return settings.shutdownTimeout;
    }

    <T extends @Nullable Object> Promise<T> startBlocking(Callable<? extends T> job) {
        return blockingJobs.start(Objects.requireNonNull(job, "job"));
    }

    Driver driver() {
        return driver;
    }

    boolean isDebug() {
        return settings.debug;
    }

    static long nanos(Duration duration) {
        try {
            return duration.toNanos();
        } catch (ArithmeticException overflow) {
            return duration.isNegative() ? Long.MIN_VALUE : Long.MAX_VALUE;
        }
    }

    long deadlineAfter(long delayNanos) {
        long now = time();
        long deadline = now + Math.max(0, delayNanos);
        return deadline < now ? Long.MAX_VALUE : deadline;
    }

    void checkOnLoop(String call) {
        if (!isOnLoop()) {
            throw Misuse.notOnLoop(call, this);
        }
    }

    private void checkOpenOnLoop(String call) {
        if (isClosed()) {
            throw Misuse.closed(call, this);
        }
        checkOnLoop(call);
    }

    void disarm(TimerHeap.Timer timer) {
        timers.remove(timer);
    }

    /** Puts an item into the ready queue, directly or through the inbox; after the close it runs here. Any thread. */
    void enqueue(Runnable item) {
        if (!offerItem(item)) {
            afterClose.run(item);
        }
    }

    /** Like {@link #enqueue}, for a caller that knows that it is on the loop. */
    void enqueueHere(Runnable item) {
        ready.add(item);
        driver.changed();
    }

    /** Like {@link #enqueue}, but false if the loop is closed. */
    boolean offerItem(Runnable item) {
        if (!isOnLoop()) {
            return inbox.offer(item);
        }
        if (isClosed()) {
            return false;
        }
        ready.add(item);
        driver.changed();
        return true;
    }

    /** Sends an action to the loop's thread; false if the loop is closed. Any thread. */
    boolean offer(Runnable action) {
        return inbox.offer(action);
    }

    void link(Task<?> task) {
        alive++;
        task.following = newest;
        if (newest != null) {
            newest.previous = task;
        }
        newest = task;
    }

    void unlink(Task<?> task) {
        if (task.previous == null && newest != task) {
            return; // never began
        }
        alive--;
        if (task.following != null) {
            task.following.previous = task.previous;
        }
        if (task.previous != null) {
            task.previous.following = task.following;
        } else {
            newest = task.following;
        }
        task.previous = null;
        task.following = null;
        if (task.cancelledByClose) {
            closingRound--;
        }
    }

    /** An error of the virtual machine: the loop ends. */
    void fail(Throwable fatal) {
        report(new Report(
                Report.Kind.LOOP_FAILED, this, "the loop ends because of " + fatal, fatal, Task.currentOrNull(), null));
        enqueue(this::beginClosing);
    }

    // ---- the turn; called by the driver on the loop's thread

    /** Makes the calling thread the loop's. */
    void bind() {
        boundTo = Thread.currentThread();
        CURRENT.set(this);
    }

    void turn() {
        beginTurn();
        while (batch > 0) {
            batch--;
            items++;
            runItem(ready.remove());
        }
    }

    private void beginTurn() {
        turns++;
        if (waiting) {
            waiting = false;
        }
        for (Inbox.Node<Runnable> node = inbox.drain(); node != null; node = node.next()) {
            ready.add(node.item());
        }
        if (timers.size() > 0) {
            takeDueTimers(time());
        }
        batch = ready.size();
    }

    /**
     * Begins a turn with the item that the running task enqueued just now, and takes it, if nothing else was ready: a task that yields alone
     * need not unmount. False if it must, since something else runs first or the thread has other duties.
     */
    boolean beginTurnWith(Runnable item) {
        if (ready.peek() != item || phase != Phase.RUNNING || !driver.ownsThread()) {
            return false;
        }
        beginTurn();
        batch--;
        items++;
        ready.remove();
        return true;
    }

    private void takeDueTimers(long now) {
        for (TimerHeap.Timer timer = timers.pollDue(now); timer != null; timer = timers.pollDue(now)) {
            ready.add(timer.action());
        }
    }

    void runItem(Runnable item) {
        try {
            item.run();
        } catch (Throwable failure) {
            if (Outcome.endsLoop(failure)) {
                fail(failure);
            } else {
                report(new Report(
                        Report.Kind.CALLBACK_FAILED, this, "a callback failed: " + failure, failure, null, null));
            }
        }
    }

    boolean hasReady() {
        return !ready.isEmpty();
    }

    /** The next deadline, or {@link Long#MAX_VALUE}. */
    long nextDeadline() {
        return timers.nextDeadline();
    }

    /** Announces that the thread will wait; false if another thread sent something. */
    boolean prepareToWait() {
        waiting = inbox.sleep();
        return waiting;
    }

    /** How many items it has begun to run; the watchdog's. */
    long itemCount() {
        return items;
    }

    /** Whether it has nothing to do; the watchdog's. */
    boolean isWaiting() {
        return waiting;
    }

    /** The task that has the loop, or null; the watchdog's. */
    @Nullable
    Task<?> running() {
        return running;
    }

    void setRunning(@Nullable Task<?> task) {
        running = task;
    }

    /** Lets a virtual clock jump to the next timer; whether it did. */
    boolean advanceClock(long nanos) {
        return blockingJobs.running() == 0 && settings.clock.advance(nanos);
    }

    // ---- the end; on the loop's thread

    void beginClosing() {
        if (phase != Phase.RUNNING) {
            return;
        }
        phase = Phase.CLOSING;
        timers.add(deadlineAfter(nanos(settings.shutdownTimeout)), () -> outOfTime = true);
        driver.changed();
    }

    boolean isClosing() {
        return phase == Phase.CLOSING;
    }

    /** After a turn of a closing loop: cancels the tasks that are left; once none is, or time is up, ends the loop and returns true. */
    boolean finishClosing() {
        if (!outOfTime) {
            if (alive > 0) {
                if (closingRound == 0) {
                    cancelAll();
                }
                return false;
            }
            if (!ready.isEmpty()) {
                return false;
            }
        }
        for (Task<?> task = newest; task != null; task = newest) {
            report(new Report(
                    Report.Kind.LEFT_AT_CLOSE,
                    this,
                    task.name() + " did not end within " + settings.shutdownTimeout + " after it was cancelled",
                    null,
                    task,
                    null));
            task.giveUp();
        }
        phase = Phase.CLOSED;
        afterClose.run(this::runRest); // one at a time with, and before, what other threads run from now on
        timers.clear();
        blockingJobs.shutdown();
        busyViews.forEach(LoopExecutorService::shutdownNow); // what their actions' futures promise will not happen
        failures.reportAll();
        boundTo = null;
        CURRENT.remove();
        terminated.countDown();
        return true;
    }

    /** The turning itself failed: ends the loop at once, without the time that its tasks would have. */
    void breakDown(Throwable failure) {
        report(new Report(Report.Kind.LOOP_FAILED, this, "the loop ends because of " + failure, failure, null, null));
        outOfTime = true;
        finishClosing();
    }

    private void runRest() {
        for (Inbox.Node<Runnable> node = inbox.close(); node != null; node = node.next()) {
            ready.add(node.item());
        }
        while (!ready.isEmpty()) {
            runItem(ready.remove());
        }
    }

    /** Tasks that cleaning up spawns get their own round. */
    private void cancelAll() {
        for (Task<?> task = newest; task != null; task = task.following) {
            task.cancelledByClose = true;
            closingRound++;
            task.cancel("the loop is closing");
        }
    }

    /** What fibers see of the loop. */
    private final class LoopCarrier implements Carrier {
        @Override
        public @Nullable Thread thread() {
            return driver.thread();
        }

        @Override
        public void runSoon(Runnable action) {
            inbox.offer(action);
        }

        @Override
        public @Nullable Fiber takeNext() {
            if (batch == 0) {
                if (phase != Phase.RUNNING || !driver.ownsThread()) {
                    return null;
                }
                try {
                    beginTurn();
                } catch (Throwable broken) {
                    return null; // the carrier's own thread meets it too, where no baton is lost
                }
            }
            Fiber next = ready.peek() instanceof Task<?>.Step step ? step.resumable() : null;
            if (next != null && batch > 0) {
                batch--;
                items++;
                ready.remove();
                return next;
            }
            return null;
        }
    }
}
