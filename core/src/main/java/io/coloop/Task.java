package io.coloop;

import io.coloop.internal.fiber.Fiber;
import io.coloop.internal.fiber.PinnedStackException;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A future whose value a body computes on the loop. The body may await; between two awaits it has the loop to itself.
 *
 * @param <T> the result
 */
public final class Task<T extends @Nullable Object> extends Future<T> {
    /*
     * new -> ready -> running -> (awaiting -> ready -> running)* -> done
     *
     *   new        spawned, its first step on the way to the ready queue, perhaps through the inbox
     *   ready      its step is in the ready queue
     *   running    its fiber has the loop
     *   awaiting   its step is registered with `awaiting`, which will enqueue it
     *
     * There is one step object per task: a task is in one queue or one future's list at a time, and a wait never ends other
     * than by the future being done. cancel() therefore cancels what is awaited, and sets `mustCancel`, which the next
     * await delivers, only if nothing pending is.
     *
     * All fields belong to the loop: to its thread, or to the body that runs now.
     */
    private static final int BUDGET = 256; // results that were ready, in a row

    private final long id;
    private @Nullable Object givenName; // other threads may read an older one
    private Step step = new Step();
    private @Nullable Body<? extends T, ?> body; // null once it ran
    private @Nullable Fiber fiber; // null once it is done
    private boolean started;
    private @Nullable Future<?> awaiting;
    private int cancelRequests;
    private boolean mustCancel;
    private @Nullable String cancelReason;
    private volatile @Nullable Consumer<? super T> undelivered; // any thread's
    private final @Nullable BiConsumer<? super @Nullable T, ? super @Nullable Throwable> receiver;

    @Nullable
    Cleanup cleanup; // the innermost that runs

    CurrentContext context;
    private final @Nullable Trace trace;
    private int readyResults; // since it last gave up the loop

    /** {@link AliveTasks}': neighbours, and whether its end is waited for by the closing loop. */
    @Nullable
    Task<?> previous;

    @Nullable
    Task<?> following;

    boolean inClosingRound;

    /**
     * @param receiver told the outcome as the rest of the last item, when the stack has gone; or null
     */
    Task(
            Loop loop,
            @Nullable String name,
            Body<? extends T, ?> body,
            @Nullable BiConsumer<? super @Nullable T, ? super @Nullable Throwable> receiver) {
        super(loop);
        this.id = loop.nextTaskId();
        this.givenName = name;
        this.receiver = receiver;
        this.body = inForeignContext(loop.foreignSnapshot(), Objects.requireNonNull(body, "body"));
        this.context = Context.current();
        this.trace = Trace.isWanted(loop) ? Trace.begin(loop, name()) : null;
        this.fiber = loop.fibers().create(name == null ? loop.name() : name, this::runBody);
        fiber.thread().setUncaughtExceptionHandler(step); // see Current
    }

    /**
     * Starts a task on the current loop; it runs from the ready queue, not yet.
     *
     * @throws LoopMisuseException if the calling thread has no loop
     */
    public static <T extends @Nullable Object> Task<T> spawn(Body<? extends T, ?> body) {
        return loopFor("Task.spawn(...)").spawn(body);
    }

    /** Starts a task without a result on the current loop; see {@link #spawn(Body)}. */
    public static Task<@Nullable Void> spawn(VoidBody<?> body) {
        return loopFor("Task.spawn(...)").spawn(body);
    }

    /** Starts a task with a name, which its thread has too, on the current loop; see {@link #spawn(Body)}. */
    public static <T extends @Nullable Object> Task<T> spawn(String name, Body<? extends T, ?> body) {
        return loopFor("Task.spawn(...)").spawn(name, body);
    }

    /** Starts a task without a result and with a name on the current loop; see {@link #spawn(Body)}. */
    public static Task<@Nullable Void> spawn(String name, VoidBody<?> body) {
        return loopFor("Task.spawn(...)").spawn(name, body);
    }

    private static <T extends @Nullable Object> Body<? extends T, ?> inForeignContext(
            ContextCapture.Snapshot snapshot, Body<? extends T, ?> body) {
        if (snapshot == ContextCapture.Snapshot.NOTHING) {
            return body;
        }
        return () -> {
            Object[] outcome = new Object[1];
            snapshot.run(() -> outcome[0] = Outcome.ofRunning(body));
            return Outcome.get(outcome[0]);
        };
    }

    private static Loop loopFor(String call) {
        Loop loop = Loop.currentOrNull();
        if (loop == null) {
            throw Misuse.of("a task needs a loop", call, null, "call loop.spawn(...), or start one with Loop.run(...)");
        }
        return loop;
    }

    /**
     * The task whose body is running on the calling thread.
     *
     * @throws LoopMisuseException if there is none
     */
    public static Task<?> current() {
        return require("Task.current()");
    }

    /** The task whose body is running on the calling thread, or null. */
    public static @Nullable Task<?> currentOrNull() {
        return Current.task();
    }

    static Task<?> require(String call) {
        Task<?> task = Current.task();
        if (task != null) {
            return task;
        }
        throw Misuse.outsideTask(call);
    }

    /** Its name: the one given, or a number. Any thread. */
    public String name() {
        Object given = givenName;
        return given != null ? given.toString() : "task-" + id;
    }

    /**
     * Gives the task another name: what {@code toString()} of the object says whenever somebody asks, such as a report or a dump; so a name that nobody reads costs nothing. It must be quick and safe on any thread,
     * and must not fail. The thread of a task that was spawned with a name keeps that one. On the loop; on another thread it takes effect later.
     */
    public void rename(Object name) {
        givenName = Objects.requireNonNull(name, "name");
    }

    /**
     * Asks the task to end, with a reason; any thread. What it awaits is cancelled; if it awaits nothing that can be, its next await throws
     * {@link TaskCancelledException}. A task that has not started never runs. From another thread than the loop's this takes effect later.
     *
     * @return false if the task is done already
     */
    @Override
    public boolean cancel(@Nullable String reason) {
        if (isDone()) {
            return false;
        }
        if (loop().isOnLoop()) {
            return cancelHere(reason);
        }
        return loop().offer(() -> cancelHere(reason));
    }

    private boolean cancelHere(@Nullable String reason) {
        return cancelFrom(null, reason);
    }

    /** A cancel request by a scope of this task that began inside {@code within}; from anywhere else that is null. A cleanup further in holds it back. */
    boolean cancelFrom(@Nullable Cleanup within, @Nullable String reason) {
        if (isDone()) {
            return false;
        }
        countCancelRequest();
        if (!Cleanup.holdsBack(this, within, reason)) {
            interrupt(reason);
        }
        return true;
    }

    /** Ends what is awaited: down the chain of tasks that await one another, without recursion. */
    void interrupt(@Nullable String reason) {
        Task<?> task = this;
        while (task.awaiting instanceof Task<?> child && !child.isDone()) {
            task = child;
            task.countCancelRequest();
            if (Cleanup.holdsBack(task, null, reason)) {
                return;
            }
        }
        if (task.awaiting == null || !task.awaiting.cancel(reason)) {
            task.cancelAtNextAwait(reason);
        }
    }

    private void countCancelRequest() {
        if (cancelRequests++ == 0) {
            loop().cancelled().add(this);
        }
    }

    void cancelAtNextAwait(@Nullable String reason) {
        mustCancel = true;
        cancelReason = reason;
    }

    /** Whether the next await was to throw; now it is not. */
    boolean takeUndelivered() {
        boolean undelivered = mustCancel;
        mustCancel = false;
        return undelivered;
    }

    @Nullable
    String cancelReason() {
        return cancelReason;
    }

    /** How many cancel requests were made and not taken back, those that a {@link Cleanup} holds back included. Loop only. */
    public int cancelling() {
        loop().checkOnLoop("Task.cancelling()");
        return cancelRequests;
    }

    /** Takes one cancel request back, for a scope that asked for it itself; returns how many are left. Loop only. */
    public int uncancel() {
        loop().checkOnLoop("Task.uncancel()");
        if (cancelRequests > 0) {
            cancelRequests--;
            if (requestsSeen() <= 0) {
                mustCancel = false;
            }
            if (cancelRequests == 0) {
                loop().cancelled().remove(this);
            }
        }
        return cancelRequests;
    }

    /** How many cancel requests concern the code that runs now: not those that a cleanup keeps from it. */
    int requestsSeen() {
        return cancelRequests - Cleanup.heldBack(this);
    }

    // ---- running

    /** Enqueues the first step. Any thread. */
    void start(String call) {
        if (!loop().offerItem(step)) {
            throw Misuse.closed(call, loop());
        }
    }

    private @Nullable Runnable runBody() {
        loop().setRunning(this);
        Body<? extends T, ?> toRun = Objects.requireNonNull(body);
        body = null;
        Object outcome;
        Object dropped = Outcome.NIL;
        try {
            outcome = Outcome.of(toRun.run());
            if (mustCancel) {
                dropped = outcome;
                outcome = new Outcome.Cancelled(reasonSeen(cancelReason));
            }
        } catch (TaskCancelledException cancelled) {
            outcome = new Outcome.Cancelled(cancelled.getMessage());
        } catch (Throwable failure) {
            outcome = Outcome.failure(failure);
        }
        if (dropped != Outcome.NIL) {
            handOver(dropped);
        }
        boolean first = finish(outcome); // else it was given up, and that was told
        return first && receiver != null ? this::tellReceiver : null;
    }

    private void tellReceiver() {
        if (receiver != null) {
            loop().setRunning(null);
            loop().runItem(this::tell);
        }
    }

    @SuppressWarnings("NullAway") // a value may be null where T may
    private void tell() {
        Object outcome = Objects.requireNonNull(outcome());
        markObserved(outcome);
        Throwable failure = Outcome.failureOf(outcome);
        T value = failure == null ? Outcome.<T>valueOf(outcome) : null;
        Objects.requireNonNull(receiver).accept(value, failure);
    }

    @Override
    boolean isReceived() {
        return receiver != null;
    }

    /** What the body returned though it ends cancelled: from the ready queue, for this is its own stack. */
    private void handOver(Object value) {
        loop().offer(() -> {
            Consumer<? super T> receiver = undelivered;
            if (receiver != null) {
                receiver.accept(Outcome.<T>valueOf(value));
            } else if (value instanceof AutoCloseable resource) {
                close(resource);
            } else {
                loop().report(new Report(
                        Report.Kind.LATE_VALUE,
                        loop(),
                        name() + " ended cancelled, and nobody gets what its body returned: " + value,
                        null,
                        this,
                        value));
            }
        });
    }

    private static void close(AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception failure) {
            throw new IllegalStateException("what a cancelled task returned could not be closed: " + failure, failure);
        }
    }

    /**
     * Registers where the value goes that the body returns though the task ends cancelled, because a cancel request reached it after its last await: as after a {@link Cleanup}. It runs on the
     * loop and must not await. Without one the value is closed if it is an {@link AutoCloseable}, else reported. The latest registration counts. Any thread.
     */
    public void onUndelivered(Consumer<? super T> action) {
        this.undelivered = Objects.requireNonNull(action, "action");
    }

    private boolean finish(Object outcome) {
        loop().alive().remove(this);
        if (trace != null) {
            trace.end(this, outcome);
        }
        boolean unreported = cancelRequests > 0 && loop().cancelled().remove(this);
        if (unreported
                && Outcome.isValue(outcome)) { // a failure is told to whoever awaits it, or reported as unobserved
            loop().report(new Report(
                    Report.Kind.SWALLOWED_CANCELLATION,
                    loop(),
                    name() + " was cancelled but returned; rethrow TaskCancelledException, or call uncancel()",
                    null,
                    this,
                    null));
        }
        boolean settled = settle(outcome);
        if (outcome instanceof Outcome.Failure failure && Outcome.endsLoop(failure.cause)) {
            loop().fail(failure.cause);
        }
        fiber = null; // last: until now its thread is known by it
        return settled;
    }

    /** The loop is closing and this task did not end in time. */
    void giveUp() {
        fiber = null;
        loop().cancelled().remove(this);
        loop().alive().remove(this);
        settle(new Outcome.Cancelled("the loop closed before the task ended"));
        loop().enqueue(this::tellReceiver);
    }

    long id() {
        return id;
    }

    /** Where it was spawned, in debug mode; else null. */
    @Nullable
    String spawnedAt() {
        return trace == null ? null : trace.site();
    }

    /** Its fiber, or null once it is done. */
    @Nullable
    Fiber fiberOrNull() {
        return fiber;
    }

    /** The thread of its fiber, or null once it is done. */
    @Nullable
    Thread threadOrNull() {
        Fiber running = fiber;
        return running == null ? null : running.thread();
    }

    // ---- awaiting, on the fiber

    <R extends @Nullable Object> R await(Future<R> future) {
        if (future.isDone()) {
            return future.resultFor(this);
        }
        if (future.loop() != loop()) {
            return await((Awaitable<R>) future);
        }
        checkNoCircle(future);
        awaiting = future;
        future.register(step);
        if (mustCancel && future.cancel(cancelReason)) {
            mustCancel = false;
        }
        try {
            suspend(null);
        } catch (TaskCancelledException cancelled) {
            future.turnedAway();
            throw cancelled;
        }
        return future.resultFor(this);
    }

    <R extends @Nullable Object> R await(Awaitable<R> source) {
        Promise<R> promise = new Promise<>(loop(), source);
        Future<R> future = promise.future();
        awaiting = future;
        if (mustCancel) {
            mustCancel = false;
            future.cancel(cancelReason);
        }
        ContextCapture.Snapshot seen = loop().snapshot();
        try {
            suspend(() -> {
                loop().setRunning(null);
                if (!future.isDone()) {
                    try {
                        seen.run(() -> source.subscribe(promise));
                    } catch (Throwable failure) {
                        promise.fail(failure);
                    }
                }
                future.register(step); // last, so that a cancelled source hears of it before the task goes on
            });
        } catch (TaskCancelledException cancelled) {
            promise.takeBack();
            throw cancelled;
        }
        return future.resultFor(this);
    }

    void consumeBudget() {
        if (++readyResults >= BUDGET) {
            yieldNow();
        }
    }

    void yieldNow() {
        readyResults = 0;
        loop().enqueueHere(step);
        if (loop().beginTurnWith(step)) {
            deliverCancellation();
        } else {
            suspend(null);
        }
    }

    private void suspend(@Nullable Runnable then) {
        readyResults = 0;
        try {
            Objects.requireNonNull(fiber).suspend(then);
        } catch (PinnedStackException pinned) {
            step.left = true; // it may be in the ready queue already
            if (awaiting != null) {
                awaiting.unregister(step);
                awaiting.turnedAway();
                awaiting = null;
            }
            step = new Step();
            throw Misuse.of(
                    "an await needs a stack that can unmount",
                    "an await below " + pinningFrame(),
                    loop(),
                    "await before that frame is entered, or run it with blocking(...)");
        }
        loop().setRunning(this);
        deliverCancellation();
    }

    private void deliverCancellation() {
        boolean cancelledAlready =
                awaiting != null && awaiting.isCancelled(); // an earlier request, and its reason counts
        awaiting = null;
        if (mustCancel) {
            mustCancel = false;
            if (!cancelledAlready) {
                throw new TaskCancelledException(reasonSeen(cancelReason));
            }
        }
    }

    /** What its cancellation says: the reason that was given, else who was cancelled. */
    String reasonSeen(@Nullable String reason) {
        if (reason != null) {
            return reason;
        }
        return cancelRequests > 0 ? name() + " was cancelled" : "what " + name() + " awaited was cancelled";
    }

    private static String pinningFrame() {
        for (StackTraceElement frame : Thread.currentThread().getStackTrace()) {
            if (frame.getMethodName().equals("<clinit>") || frame.isNativeMethod()) {
                return frame.toString();
            }
        }
        return "an unknown frame";
    }

    private void checkNoCircle(Future<?> awaited) {
        if (awaited != this && !hasListeners()) {
            return; // nobody waits for this one, so no circle closes here: a long chain is not walked at each of its
            // awaits
        }
        if (Waits.leadsTo(awaited, this)) {
            throw Misuse.of(
                    awaited == this ? "a task cannot await itself" : "tasks cannot await one another in a circle",
                    "await(" + (awaited instanceof Task<?> task ? task.name() : awaited) + ") in " + name(),
                    loop(),
                    "complete a promise from the one that knows the value, and await that");
        }
    }

    /** What it awaits now, or null. */
    @Nullable
    Future<?> awaiting() {
        return awaiting;
    }

    @Override
    public String toString() {
        return "Task[" + name() + ", " + stateName() + "]";
    }

    /** What the ready queue holds of a task: run it until it awaits or ends. */
    final class Step extends Listener implements Thread.UncaughtExceptionHandler {
        @Override
        Loop loop() {
            return Task.this.loop();
        }

        @Override
        boolean observes() {
            return true;
        }

        /** The task if this is its thread: a handler can be copied to another. */
        @Nullable
        Task<?> taskOn(Thread thread) {
            Fiber own = fiber;
            return own != null && own.thread() == thread ? Task.this : null;
        }

        @Override
        public void uncaughtException(Thread thread, Throwable failure) {
            loop().reportUndeliverable("the thread of " + name(), failure, Task.this);
        }

        @Override
        boolean mayTurnAway() {
            return true;
        }

        @Override
        public void run() {
            if (left || isDone()) {
                if (awaiting != null) { // given up by the closing loop
                    awaiting.turnedAway();
                }
                return;
            }
            if (!started) {
                started = true;
                loop().alive().add(Task.this);
                if (loop().isClosed()) {
                    mustCancel = true;
                    cancelReason = "the loop is closed";
                }
                if (mustCancel) {
                    body = null;
                    finish(new Outcome.Cancelled(reasonSeen(cancelReason)));
                    tellReceiver();
                    return;
                }
            }
            Objects.requireNonNull(fiber).resume();
            loop().setRunning(null);
        }

        void cancelUnstarted(String reason) {
            if (!started) {
                Task.this.cancel(reason);
            }
        }

        /** The fiber to resume if that is all there is to do, else null. For a direct hand-off. */
        @Nullable
        Fiber resumable() {
            return started && !left && !isDone() ? fiber : null;
        }
    }
}
