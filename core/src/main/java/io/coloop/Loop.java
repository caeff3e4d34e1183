package io.coloop;

import io.coloop.internal.fiber.Carrier;
import io.coloop.internal.fiber.Fiber;
import io.coloop.internal.fiber.Fibers;
import io.coloop.internal.queue.Inbox;
import io.coloop.internal.queue.Shuffle;
import io.coloop.internal.queue.TimerHeap;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
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
     * One turn: take what other threads sent, who waits for channels that are ready, and the timers that are due, then run what is ready at that moment. What these items
     * enqueue waits for the next turn. Between turns the driver looks at the outside world: it waits, or gives the host its thread back.
     *
     * How it ends is Closing's.
     *
     * Fields without a remark belong to the loop: to its thread, or to the fiber that holds it.
     */
    private static final int DUMP_SECONDS = 1;
    private static final AtomicLong TASK_IDS = new AtomicLong();

    private final LoopBuilder settings;
    private final Driver driver;
    private final Fibers fibers;
    private final UnobservedFailures failures;
    private final Inbox<Runnable> inbox;
    private final ArrayDeque<Runnable> ready = new ArrayDeque<>();
    private final @Nullable Shuffle<Runnable> shuffle; // null: first in, first out
    private final TimerHeap timers = new TimerHeap();
    private final BlockingJobs blockingJobs;
    private final AliveTasks alive = new AliveTasks();
    private final CancelledTasks cancelled;
    private final Subscriptions subscriptions = new Subscriptions(this);
    private final CloseHooks closeHooks = new CloseHooks(this);
    private final SharedStages sharedStages = new SharedStages(this);
    private final Closing closing = new Closing(this);
    private final Channels channels = new Channels(this);
    private final Set<LoopExecutorService> busyViews = ConcurrentHashMap.newKeySet();
    private final ConcurrentHashMap<LoopLocal<?>, Object> locals = new ConcurrentHashMap<>();
    private final long origin;

    private volatile @Nullable Thread boundTo; // written by the loop; a lost host leaves it behind on its thread
    private int batch; // how many items of this turn are still to run
    private final Meter meter = new Meter();
    private long items; // read by the watchdog without synchronization
    private int waitsOutside; // tasks that wait for what comes from outside
    private int heldFibers; // resumed, but not running yet
    private long silentSince; // the youngest task's id when silence was reported last
    private volatile boolean waiting = true;
    CurrentContext context = Context.EMPTY; // the running callback's

    @Nullable
    Ending ending; // the source's cancel that runs

    int nestedCancels; // combined futures that are being cancelled inside one another
    private @Nullable Task<?> running; // the task that has the loop; read by the watchdog likewise

    Loop(LoopBuilder settings, java.util.function.Function<Loop, Driver> driver) {
        this.settings = settings;
        this.driver = driver.apply(this);
        this.fibers = new Fibers(new LoopCarrier());
        this.failures = new UnobservedFailures(this);
        this.inbox = new Inbox<>(this.driver::wake);
        this.blockingJobs = new BlockingJobs(this);
        Long seed = settings.shuffleSeed;
        this.shuffle = seed == null ? null : new Shuffle<>(seed, item -> item instanceof Task<?>.Step);
        this.cancelled = new CancelledTasks(this, settings.slowCancellation);
        this.origin = settings.clock.nanoTime();
        ModeNotice.once();
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
     * keeps its own work, and its rejection or end cancels the loop's tasks. A Netty {@code EventLoop} is such a host; an {@code EventLoopGroup} is
     * not, but its {@code next()} is. Close the loop before its host is shut down.
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
        return require("Loop.current()");
    }

    static Loop require(String call) {
        Loop loop = currentOrNull();
        if (loop == null) {
            throw Misuse.of(
                    "this thread has no loop", call, null, "call it from a task or callback, or pass the loop along");
        }
        return loop;
    }

    /** The loop of the calling thread, or null if it has none. */
    public static @Nullable Loop currentOrNull() {
        Object current = Current.get();
        if (current instanceof Loop loop) {
            return loop.isBoundHere() ? loop : null;
        }
        return current instanceof Task<?> task ? task.loop() : null;
    }

    /** How bodies run in this JVM. The first call probes it. */
    public static Mode mode() {
        return Fibers.mounted() ? Mode.MOUNTED : Mode.HAND_OFF;
    }

    /** Logs how to get mounted mode, once per JVM and only where it is not the mode but could be. The first loop does so by itself: this is for a library whose first loop comes late. Any thread. */
    public static void logModeNotice() {
        ModeNotice.once();
    }

    // ---- giving it work

    /** Starts a task; any thread. It runs from the ready queue. */
    public <T extends @Nullable Object> Task<T> spawn(Body<? extends T, ?> body) {
        return spawn(null, Objects.requireNonNull(body, "body"), null);
    }

    /** Starts a task without a result; any thread. */
    public Task<@Nullable Void> spawn(VoidBody<?> body) {
        return spawn(null, asBody(body), null);
    }

    /** Starts a task with a name, which its thread has too; any thread. */
    public <T extends @Nullable Object> Task<T> spawn(String name, Body<? extends T, ?> body) {
        return spawn(Objects.requireNonNull(name, "name"), Objects.requireNonNull(body, "body"), null);
    }

    /** Starts a task without a result and with a name, which its thread has too; any thread. */
    public Task<@Nullable Void> spawn(String name, VoidBody<?> body) {
        return spawn(Objects.requireNonNull(name, "name"), asBody(body), null);
    }

    /**
     * Starts a task for a receiver that is told its outcome as the rest of the task's last item: on the loop's own thread, right after the task's stack has gone, and before what waits for the task on this loop goes on. So what
     * a library makes of the end, such as a signal, does not come a turn late; what need not be so quick is better a {@link Future#whenComplete callback}. The receiver runs in the context of whoever calls this, must not await, and is
     * told once: also of a task that was cancelled before it began, or that the closing loop gave up. A failure counts as observed. Any thread.
     */
    public <T extends @Nullable Object> Task<T> spawn(
            Body<? extends T, ?> body, BiConsumer<? super @Nullable T, ? super @Nullable Throwable> receiver) {
        Objects.requireNonNull(body, "body");
        Objects.requireNonNull(receiver, "receiver");
        ContextCapture.Snapshot seen = snapshot();
        return spawn(null, body, (value, failure) -> seen.run(() -> receiver.accept(value, failure)));
    }

    private <T extends @Nullable Object> Task<T> spawn(
            @Nullable String name,
            Body<? extends T, ?> body,
            @Nullable BiConsumer<? super @Nullable T, ? super @Nullable Throwable> receiver) {
        if (isClosed()) {
            throw Misuse.closed("spawn(...)", this);
        }
        Task<T> task = new Task<>(this, name, body, receiver);
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
        if (isClosed() || !offerItem(inContext(action))) { // the last items of a closed loop must not add to themselves
            throw Misuse.closed("execute(...)", this);
        }
    }

    /**
     * Runs an action from the ready queue in a context of the caller's choice, with no foreign one; any thread. It must not await.
     *
     * @throws LoopClosedException if the loop is closed
     */
    public void execute(Runnable action, Context context) {
        Runnable inContext = inContext(Objects.requireNonNull(action, "action"), context);
        if (isClosed() || !offerItem(inContext)) {
            throw Misuse.closed("execute(...)", this);
        }
    }

    /** Runs an action from the ready queue, unless it is called off. Loop only. */
    public Handle callSoon(Runnable action) {
        checkOpenOnLoop("callSoon(...)");
        Handle handle = new Handle(this, inContext(Objects.requireNonNull(action, "action")));
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
        Runnable seen = inContext(Objects.requireNonNull(action, "action"));
        TimerHandle handle = new TimerHandle(this, timers, when, seen, isDebug() ? Sites.caller() : null);
        driver.changed();
        return handle;
    }

    /** The loop's time in nanoseconds, from an origin of its own. Any thread. */
    public long time() {
        return settings.clock.nanoTime() - origin;
    }

    /** A new promise whose future belongs to this loop. Any thread. */
    public <T extends @Nullable Object> Promise<T> promise() {
        return new Promise<>(this, isDebug() ? "a promise made at " + Sites.caller() : null);
    }

    /** A new promise whose future belongs to this loop and tells what its value will come from. Any thread. */
    public <T extends @Nullable Object> Promise<T> promise(Origin origin) {
        return new Promise<>(this, Objects.requireNonNull(origin, "origin"));
    }

    /**
     * A future of this loop that ends as the stage does: the stage itself if it is one. Any thread. Cancelling it leaves a stage of another
     * library alone; a stage that somebody else cancelled is a failure here.
     */
    @SuppressWarnings("unchecked")
    public <T extends @Nullable Object> Future<T> from(CompletionStage<? extends T> stage) {
        if (Objects.requireNonNull(stage, "stage") instanceof Future<?> future && future.loop() == this) {
            return (Future<T>) future;
        }
        Promise<T> promise = new Promise<>(this, stage);
        if (stage instanceof Future<?> future) {
            ((Future<T>) future).subscribe(promise);
        } else {
            Foreign.follow(stage, promise);
        }
        return promise.future();
    }

    /**
     * Starts a source and returns its result; any thread. It is subscribed from the ready queue, on the loop's own thread, in the caller's captured
     * context. Cancelling the future cancels the source. If it is pending when the loop closes, it is cancelled with the tasks.
     *
     * @throws LoopClosedException if the loop is closed
     */
    public <T extends @Nullable Object> Future<T> subscribe(Awaitable<T> source) {
        Promise<T> promise = new Promise<>(this, Objects.requireNonNull(source, "source"));
        String site = isDebug() ? Sites.caller() : null;
        execute(() -> subscriptions.begin(source, promise, site));
        return promise.future();
    }

    /**
     * Runs blocking code on another thread with the caller's captured context; any thread. Cancelling the future interrupts that thread; a value
     * that comes after is reported. A loop has at most 32 such threads; more jobs wait for one, in the order in which they came.
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
     * Registers what has to be closed before the loop ends: {@link #close} runs it as a task, which may await, once all other tasks have ended, one hook after the
     * other, the newest first. What a hook spawns and leaves behind is cancelled and awaited before the next. A hook that fails is reported. Any thread, also while the
     * loop closes; whoever closes the thing itself takes its hook back with {@link CloseHook#remove}.
     *
     * <p>It is to async iterables and pools what {@code loop.shutdown_asyncgens()} is to CPython's generators, which are closed all at once.
     *
     * @throws LoopClosedException if the loop is closed
     */
    public CloseHook onClose(VoidBody<?> action) {
        return closeHooks.add(Objects.requireNonNull(action, "action"), null);
    }

    /**
     * The same for what must not outlive the loop, such as a process.
     *
     * @param lastResort runs on the loop's thread instead of the action, or of the rest of it, if the time limit of {@link #close} is over first; must be short, and cannot await
     * @throws LoopClosedException if the loop is closed
     */
    public CloseHook onClose(VoidBody<?> action, Runnable lastResort) {
        return closeHooks.add(
                Objects.requireNonNull(action, "action"), Objects.requireNonNull(lastResort, "lastResort"));
    }

    /**
     * Ends the loop, in the order of {@code asyncio.run}: cancels all tasks, and the futures of {@link #subscribe}, waits until they have ended, runs what {@link #onClose} registered,
     * waits until {@link #blocking} jobs have ended, and takes no more work. What is left when {@link LoopBuilder#shutdownTimeout} is over is reported and given up. If an item
     * holds the loop, this gives up a second later and reports it. A hosted loop is detached and its host goes on. Promises that nobody has settled stay
     * so. Idempotent.
     *
     * @throws LoopMisuseException on the loop itself, which would wait for itself: {@link #shutdown} does not wait
     */
    @Override
    public void close() {
        if (isOnLoop()) {
            throw Misuse.blocksLoop("Loop.close()", this, "call shutdown(), which does not wait");
        }
        shutdown();
        closing.awaitEndOrGiveUp(nanos(settings.shutdownTimeout));
    }

    /** Starts what {@link #close()} does and does not wait. Any thread. */
    public void shutdown() {
        offerItem(closing::begin);
    }

    /** Whether it takes no more work. Any thread. */
    public boolean isClosed() {
        return closing.isClosed();
    }

    /** Waits until the loop has ended; false if the time is over first. Not on the loop. */
    public boolean awaitTermination(Duration timeout) throws InterruptedException {
        Objects.requireNonNull(timeout, "timeout");
        if (isOnLoop() && !isClosed()) {
            throw Misuse.blocksLoop("Loop.awaitTermination(...)", this, "wait for its end on another thread");
        }
        return closing.awaitEndInterruptibly(nanos(timeout));
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
        return alive.count();
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

    /** How many {@linkplain #onClose close hooks} are registered and were not taken back. Any thread. */
    public int closeHookCount() {
        return closeHooks.size();
    }

    /** How many sources that {@link #subscribe} started have not ended. Loop only. */
    public int subscriptionCount() {
        checkOnLoop("subscriptionCount()");
        return subscriptions.count();
    }

    /** How many turns it made. Loop only. */
    public long turnCount() {
        checkOnLoop("turnCount()");
        return meter.turns();
    }

    /** What it did so far and has to do. Any thread. */
    public LoopStatistics statistics() {
        return meter.read(items, Math.max(0, ready.size()), alive.count(), timers.size());
    }

    /**
     * Who awaits whom, and where: a tree from the tasks nobody awaits down to what they wait for, through futures, groups and foreign sources; circles are
     * named. For people: the format may change. Any thread; another than the loop's waits until the loop gets to it, at most one second.
     */
    public String dump() {
        if (isOnLoop()) {
            return Dump.of(this);
        }
        CompletableFuture<String> answer = new CompletableFuture<>();
        if (!offer(() -> answer.completeAsync(() -> Dump.of(this), Runnable::run))) {
            return name() + " is closed";
        }
        try {
            return answer.get(DUMP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
            return name() + " was not waited for: the calling thread was interrupted";
        } catch (ExecutionException broken) {
            return name() + " could not be looked at: " + broken.getCause();
        } catch (TimeoutException held) {
            return name() + " did not get to it within " + DUMP_SECONDS
                    + " s: something holds the loop, or its host's thread" + Dump.ofHolder(this);
        }
    }

    /**
     * What it holds besides tasks, one line each: {@code callback}s that are ready, {@code timer}s that are armed, the next one first, {@code subscription}s of {@link #subscribe} and
     * {@code close hook}s that are registered, the newest first, {@code channel}s that are open; at most 20 of a kind. In debug mode with the place that set or registered it. For people: the format may
     * change. Loop only. The like of Node's {@code process.getActiveResourcesInfo()}.
     */
    public List<String> activeResources() {
        checkOnLoop("activeResources()");
        return Resources.of(this);
    }

    /** Gives a report to the loop's exception handler, which sees the context of the task concerned. Any thread. */
    public void report(Report report) {
        Task<?> task = Objects.requireNonNull(report, "report").task();
        report(report, task != null ? task.context.values() : Context.current());
    }

    void report(Report report, Context seen) {
        try {
            if (seen.isEmpty()) {
                settings.exceptionHandler.handle(report);
            } else {
                seen.run(() -> settings.exceptionHandler.handle(report));
            }
        } catch (Throwable broken) {
            LastResort.log(report, broken);
        }
    }

    @Override
    public String toString() {
        return "Loop[" + name() + ", " + closing + ", " + alive.count() + " tasks, " + ready.size() + " ready, "
                + timers.size() + " timers]";
    }

    // ---- for the kernel

    /** Whether the calling thread, which has this as its current one, is still its thread. */
    boolean isBoundHere() {
        return boundTo == Thread.currentThread();
    }

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

    /** What foreign context the calling thread has. Any thread. */
    ContextCapture.Snapshot foreignSnapshot() {
        return settings.contextCapture.capture();
    }

    /** What the calling thread sees: context variables and foreign context. Any thread. */
    ContextCapture.Snapshot snapshot() {
        Context own = Context.current();
        ContextCapture.Snapshot foreign = foreignSnapshot();
        return own.isEmpty() ? foreign : new Seen(own, foreign);
    }

    /** The action as it will run from the queue: in what the calling thread sees now. */
    Runnable inContext(Runnable action) {
        ContextCapture.Snapshot snapshot = snapshot();
        return snapshot == ContextCapture.Snapshot.NOTHING ? action : () -> snapshot.run(() -> runItem(action));
    }

    Runnable inContext(Runnable action, Context context) {
        return Objects.requireNonNull(context, "context").isEmpty() ? action : () -> context.run(() -> runItem(action));
    }

    ConcurrentHashMap<LoopLocal<?>, Object> locals() {
        return locals;
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
            closing.runAfterwards(item);
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

    /** The tasks that have begun and not ended. */
    AliveTasks alive() {
        return alive;
    }

    /** The tasks that were cancelled and have not ended. */
    CancelledTasks cancelled() {
        return cancelled;
    }

    SharedStages sharedStages() {
        return sharedStages;
    }

    /** What is ready and no step of a task; first in, first out. */
    List<Runnable> readyCallbacks() {
        return ready.stream().filter(item -> !(item instanceof Task<?>.Step)).toList();
    }

    /** The armed timers, the next one first. */
    List<TimerHeap.Timer> timers() {
        return timers.list();
    }

    Subscriptions subscriptions() {
        return subscriptions;
    }

    CloseHooks closeHooks() {
        return closeHooks;
    }

    BlockingJobs blockingJobs() {
        return blockingJobs;
    }

    Channels channels() {
        return channels;
    }

    Closing closing() {
        return closing;
    }

    /** An error of the virtual machine: the loop ends. */
    void fail(Throwable fatal) {
        report(new Report(
                Report.Kind.LOOP_FAILED,
                this,
                "the loop ends because of " + Report.brief(fatal),
                fatal,
                Task.currentOrNull(),
                null));
        enqueue(() -> closing.begin("the loop failed: " + Report.brief(fatal)));
    }

    /** A library knew nobody else to tell but the thread's handler of uncaught exceptions. */
    void reportUndeliverable(String where, Throwable failure, @Nullable Task<?> task) {
        report(new Report(
                Report.Kind.CALLBACK_FAILED,
                this,
                "a library could not deliver a failure on " + where + ": " + Report.brief(failure),
                failure,
                task,
                null));
    }

    // ---- the turn; called by the driver on the loop's thread

    /** Makes the calling thread the loop's. */
    void bind() {
        boundTo = Thread.currentThread();
        Current.set(this);
    }

    void turn() {
        beginTurn();
        while (batch > 0) {
            batch--;
            items++;
            runFromQueue(ready.remove());
        }
    }

    private void beginTurn() {
        meter.turnBegins();
        if (waiting) {
            waiting = false;
            meter.waitEnds();
        }
        takeInbox();
        channels.look();
        if (timers.size() > 0) {
            takeDueTimers(time());
        }
        if (shuffle != null) {
            shuffle.apply(ready);
        }
        batch = ready.size();
    }

    /**
     * Begins a turn with the item that the running task enqueued just now, and takes it, if nothing else was ready: a task that yields alone
     * need not unmount. False if it must, since something else runs first or the thread has other duties.
     */
    boolean beginTurnWith(Runnable item) {
        if (ready.peek() != item || shuffle != null || !closing.isRunning() || !driver.ownsThread()) {
            return false;
        }
        beginTurn();
        batch--;
        items++;
        ready.remove();
        return true;
    }

    private void takeInbox() {
        for (Inbox.Node<Runnable> node = inbox.drain(); node != null; node = node.next()) {
            ready.add(node.item());
        }
    }

    private void takeDueTimers(long now) {
        for (TimerHeap.Timer timer = timers.pollDue(now); timer != null; timer = timers.pollDue(now)) {
            ready.add(timer.action());
            meter.timerFires(now - timer.deadline());
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
                        Report.Kind.CALLBACK_FAILED,
                        this,
                        "a callback failed: " + Report.brief(failure),
                        failure,
                        null,
                        null));
            }
        }
    }

    private void runFromQueue(Runnable item) {
        runItem(item);
        if (context != Context.EMPTY) {
            context = Context.EMPTY;
        }
    }

    boolean hasReady() {
        return !ready.isEmpty();
    }

    /** Whether anything is alive, ready or armed, or on its way. No turn must run meanwhile. */
    boolean hasWork() {
        return alive.count() > 0 || !ready.isEmpty() || timers.size() > 0 || hasArrived();
    }

    /** The next deadline, or {@link Long#MAX_VALUE}. */
    long nextDeadline() {
        return timers.nextDeadline();
    }

    /** Announces that the thread will wait; false if another thread sent something. */
    boolean prepareToWait() {
        waiting = inbox.sleep();
        if (waiting) {
            meter.waitBegins();
        }
        return waiting;
    }

    /** Nothing runs until the next turn, whatever is ready: no item holds the loop. */
    void standStill() {
        if (!waiting) {
            waiting = true;
            meter.waitBegins();
        }
    }

    /** Lets the watchdog look at it, from before its first turn until it is closed. */
    void watch() {
        Watchdog.watch(this, settings.slowItem, settings.slowCancellation);
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

    /** Lets a virtual clock jump to the next timer, unless a channel is ready; whether the loop goes on at once. */
    boolean advanceClock(long nanos) {
        if (isWorkUnderway() || settings.clock == Clock.SYSTEM) {
            return false;
        }
        channels.lookAgain(); // what is ready does not wait for a later instant
        if (hasReady()) {
            return true;
        }
        if (!settings.clock.advance(nanos)) {
            return false;
        }
        cancelled.reportOverdue();
        return true;
    }

    /** For how many nanoseconds it waits, with no timer set, before it reports that its tasks may wait for ever; or {@link Long#MAX_VALUE}. */
    long silenceLimit() {
        boolean newSilence = alive.count() > 0
                && alive.newestId() > silentSince
                && !isWorkUnderway()
                && !channels.areAwaited()
                && waitsOutside == 0
                && !hasArrived();
        if (!newSilence || !settings.silence.isPositive()) {
            return Long.MAX_VALUE;
        }
        return settings.clock.nothingElseRuns() ? 0 : nanos(settings.silence);
    }

    void waitsOutside(boolean begins) {
        waitsOutside += begins ? 1 : -1;
    }

    /** Whether something of the loop's own will come without a timer. */
    private boolean isWorkUnderway() {
        return !blockingJobs.isIdle() || heldFibers > 0;
    }

    /** Nothing is ready, no timer is set, and yet tasks wait. Once for each task that begins later. */
    void reportSilence() {
        silentSince = alive.newestId();
        report(new Report(
                Report.Kind.SILENCE,
                this,
                "tasks wait, no timer is set, and nothing happens; if no other thread completes what they wait for, they wait for ever\n"
                        + dump(),
                null,
                null,
                null));
    }

    /** Whether another thread sent something that was not taken yet. */
    boolean hasArrived() {
        return !inbox.isEmpty();
    }

    /** Arms a timer whose action runs from the ready queue. On the loop's thread. */
    void arm(long delayNanos, Runnable action) {
        timers.add(deadlineAfter(delayNanos), action);
        driver.changed();
    }

    // ---- the end; Closing's

    /** Cancels the tasks that were spawned and have not started, which thus never run. */
    void cancelUnstarted(String reason) {
        takeInbox();
        for (Runnable item : ready) {
            if (item instanceof Task<?>.Step step) {
                step.cancelUnstarted(reason);
            }
        }
    }

    /** Refuses what comes from now on, and runs what was accepted before. */
    void runRest() {
        for (Inbox.Node<Runnable> node = inbox.close(); node != null; node = node.next()) {
            ready.add(node.item());
        }
        while (!ready.isEmpty()) {
            runFromQueue(ready.remove());
        }
    }

    /** Lets go of what would have come later: timers, actions of executor views; reports unobserved failures. */
    void dropRest() {
        timers.clear();
        busyViews.forEach(LoopExecutorService::shutdownNow); // what their actions' futures promise will not happen
        channels.closeAll();
        failures.reportAll();
    }

    /** The calling thread is the loop's no longer. */
    void unbind() {
        boundTo = null;
        Current.set(null);
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
        public void held(boolean held) {
            heldFibers += held ? 1 : -1;
        }

        @Override
        public @Nullable Fiber takeNext() {
            if (batch == 0) {
                if (!closing.isRunning() || !driver.ownsThread()) {
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
