package io.coloop;

import io.coloop.internal.fiber.Fiber;
import io.coloop.internal.fiber.PinnedStackException;
import java.util.Objects;
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
    private final long id;
    private final @Nullable String givenName;
    private Step step = new Step();
    private @Nullable Body<? extends T, ?> body; // null once it ran
    private @Nullable Fiber fiber; // null once it is done
    private boolean started;
    private @Nullable Future<?> awaiting;
    private int cancelRequests;
    private boolean mustCancel;
    private @Nullable String cancelReason;

    boolean cancelledByClose;

    /** Neighbours in the loop's list of tasks that are alive. */
    @Nullable
    Task<?> previous;

    @Nullable
    Task<?> following;

    Task(Loop loop, @Nullable String name, Body<? extends T, ?> body) {
        super(loop);
        this.id = loop.nextTaskId();
        this.givenName = name;
        this.body = Objects.requireNonNull(body, "body");
        this.fiber = loop.fibers().create(name, this::runBody);
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
        return Loop.CURRENT.get() instanceof Task<?> task ? task : null;
    }

    static Task<?> require(String call) {
        if (Loop.CURRENT.get() instanceof Task<?> task) {
            return task;
        }
        throw Misuse.outsideTask(call);
    }

    /** Its name: the one given, or a number. */
    public String name() {
        return givenName != null ? givenName : "task-" + id;
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

    /** Down the chain of tasks that await one another, without recursion. */
    private boolean cancelHere(@Nullable String reason) {
        if (isDone()) {
            return false;
        }
        Task<?> task = this;
        task.cancelRequests++;
        while (task.awaiting instanceof Task<?> child && !child.isDone()) {
            task = child;
            task.cancelRequests++;
        }
        if (task.awaiting == null || !task.awaiting.cancel(reason)) {
            task.mustCancel = true;
            task.cancelReason = reason;
        }
        return true;
    }

    /** How many cancel requests were made and not taken back. Loop only. */
    public int cancelling() {
        loop().checkOnLoop("Task.cancelling()");
        return cancelRequests;
    }

    /** Takes one cancel request back, for a scope that asked for it itself; returns how many are left. Loop only. */
    public int uncancel() {
        loop().checkOnLoop("Task.uncancel()");
        if (cancelRequests > 0 && --cancelRequests == 0) {
            mustCancel = false;
        }
        return cancelRequests;
    }

    // ---- running

    /** Enqueues the first step. Any thread. */
    void start(String call) {
        if (!loop().offerItem(step)) {
            throw Misuse.closed(call, loop());
        }
    }

    private void runBody() {
        Loop.CURRENT.set(this);
        loop().setRunning(this);
        Body<? extends T, ?> toRun = Objects.requireNonNull(body);
        body = null;
        Object outcome;
        try {
            T value = toRun.run();
            outcome = mustCancel ? new Outcome.Cancelled(cancelReason) : Outcome.of(value);
        } catch (TaskCancelledException cancelled) {
            outcome = new Outcome.Cancelled(cancelled.getMessage());
        } catch (Throwable failure) {
            outcome = Outcome.failure(failure);
        }
        finish(outcome);
    }

    private void finish(Object outcome) {
        fiber = null;
        loop().unlink(this);
        if (cancelRequests > 0 && !(outcome instanceof Outcome.Cancelled)) {
            loop().report(new Report(
                    Report.Kind.SWALLOWED_CANCELLATION,
                    loop(),
                    name() + " was cancelled but ended otherwise; rethrow TaskCancelledException, or call uncancel()",
                    Outcome.failureOf(outcome),
                    this,
                    null));
        }
        settle(outcome);
        if (outcome instanceof Outcome.Failure failure && Outcome.endsLoop(failure.cause)) {
            loop().fail(failure.cause);
        }
    }

    /** The loop is closing and this task did not end in time. */
    void giveUp() {
        fiber = null;
        loop().unlink(this);
        settle(new Outcome.Cancelled("the loop closed before the task ended"));
    }

    /** Its fiber, or null once it is done. */
    @Nullable
    Fiber fiberOrNull() {
        return fiber;
    }

    // ---- awaiting, on the fiber

    <R extends @Nullable Object> R await(Future<R> future) {
        if (future.isDone()) {
            return future.resultFor(this);
        }
        if (future.loop() != loop()) {
            return await((Awaitable<R>) future);
        }
        if (future instanceof Task<?> task) {
            checkNoCycle(task);
        }
        awaiting = future;
        future.register(step);
        if (mustCancel && future.cancel(cancelReason)) {
            mustCancel = false;
        }
        suspend(null);
        return future.resultFor(this);
    }

    <R extends @Nullable Object> R await(Awaitable<R> source) {
        Promise<R> promise = new Promise<>(loop());
        Future<R> future = promise.future();
        awaiting = future;
        if (mustCancel) {
            mustCancel = false;
            future.cancel(cancelReason);
        }
        ContextCapture.Snapshot context = loop().contextCapture().capture();
        try {
            suspend(() -> {
                loop().setRunning(null);
                if (!future.isDone()) {
                    try {
                        context.run(() -> source.subscribe(promise));
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

    void yieldNow() {
        loop().enqueueHere(step);
        if (loop().beginTurnWith(step)) {
            deliverCancellation();
        } else {
            suspend(null);
        }
    }

    private void suspend(@Nullable Runnable then) {
        try {
            Objects.requireNonNull(fiber).suspend(then);
        } catch (PinnedStackException pinned) {
            step.stale = true; // it may be registered somewhere already
            step = new Step();
            awaiting = null;
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
                throw new TaskCancelledException(cancelReason);
            }
        }
    }

    private static String pinningFrame() {
        for (StackTraceElement frame : Thread.currentThread().getStackTrace()) {
            if (frame.getMethodName().equals("<clinit>") || frame.isNativeMethod()) {
                return frame.toString();
            }
        }
        return "an unknown frame";
    }

    private void checkNoCycle(Task<?> awaited) {
        if (awaited != this && !hasListeners()) {
            return; // nobody waits for this one, so no circle closes here: a long chain is not walked at each of its
            // awaits
        }
        Task<?> task = awaited;
        while (task != this) {
            if (!(task.awaiting instanceof Task<?> next)) {
                return;
            }
            task = next;
        }
        throw Misuse.of(
                awaited == this ? "a task cannot await itself" : "tasks cannot await one another in a circle",
                "await(" + awaited.name() + ") in " + name(),
                loop(),
                "complete a promise from the one that knows the value, and await that");
    }

    @Override
    public String toString() {
        return "Task[" + name() + ", " + stateName() + "]";
    }

    /** What the ready queue holds of a task: run it until it awaits or ends. */
    final class Step extends Listener {
        private boolean stale;

        @Override
        Loop loop() {
            return Task.this.loop();
        }

        @Override
        boolean observes() {
            return true;
        }

        @Override
        public void run() {
            if (stale || isDone()) {
                return;
            }
            if (!started) {
                started = true;
                loop().link(Task.this);
                if (loop().isClosed()) {
                    mustCancel = true;
                    cancelReason = "the loop is closed";
                }
                if (mustCancel) {
                    body = null;
                    finish(new Outcome.Cancelled(cancelReason));
                    return;
                }
            }
            Objects.requireNonNull(fiber).resume();
            loop().setRunning(null);
        }

        /** The fiber to resume if that is all there is to do, else null. For a direct hand-off. */
        @Nullable
        Fiber resumable() {
            return started && !stale && !isDone() ? fiber : null;
        }
    }
}
