package io.coloop;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a task's body may do that gives up the loop: the only places where other work runs meanwhile. For static import.
 *
 * <p>Every method throws {@link LoopMisuseException} outside a task, and {@link TaskCancelledException} if the task is cancelled while it
 * waits. A failure arrives as the same instance if it is unchecked, else as the cause of a
 * {@link java.util.concurrent.CompletionException}.
 */
public final class Await {
    private Await() {}

    /**
     * Waits for a future and returns its value; at once, without giving up the loop, if it is done. The task owns what it awaits: if the task
     * is cancelled, so is the future.
     */
    public static <T extends @Nullable Object> T await(Future<T> future) {
        Objects.requireNonNull(future, "future");
        return Task.require("await(Future)").await(future);
    }

    /**
     * Waits for a stage and returns its value; at once if it is done. A stage of another library is hot and not the task's: cancelling
     * the task leaves it alone. If somebody else cancelled it, that is a failure here, its own
     * {@link java.util.concurrent.CancellationException}.
     */
    public static <T extends @Nullable Object> T await(CompletionStage<T> stage) {
        Objects.requireNonNull(stage, "stage");
        Task<?> task = Task.require("await(CompletionStage)");
        if (stage instanceof Future<T> future) {
            return task.await(future);
        }
        if (Foreign.isDone(stage)) {
            return task.await(task.loop().from(stage));
        }
        return task.await(new Foreign<>(stage));
    }

    /**
     * Starts what is awaited and waits for its value. It is subscribed on the loop's own thread, not on the task's stack, after the
     * task has given up the loop. The task owns it: if the task is cancelled, so is the source.
     */
    public static <T extends @Nullable Object> T await(Awaitable<T> source) {
        Objects.requireNonNull(source, "source");
        Task<?> task = requireTask(source);
        return source instanceof Future<T> future ? task.await(future) : task.await(source);
    }

    /**
     * Waits as {@link #await(Future)} does, for what comes from outside: from a thread or a process that no timer limits and no channel tells of. A loop on which a task waits for that is not
     * {@linkplain Report.Kind#SILENCE silent}.
     */
    public static <T extends @Nullable Object> T awaitOutside(Future<T> future) {
        Objects.requireNonNull(future, "future");
        Task<?> task = Task.require("awaitOutside(Future)");
        task.loop().waitsOutside(true);
        try {
            return task.await(future);
        } finally {
            task.loop().waitsOutside(false);
        }
    }

    private static Task<?> requireTask(Awaitable<?> source) {
        Task<?> task = Task.currentOrNull();
        if (task == null) {
            throw Misuse.outsideTask(source);
        }
        return task;
    }

    /**
     * Waits for a future, at most so long. A future that is done gives its value, also with a limit of zero or less; so does one that is done in the
     * turn in which time is up. When time is up the future is cancelled, and if it ends with a value in spite of that, that is returned.
     *
     * @throws TaskTimeoutException if time was up
     */
    public static <T extends @Nullable Object> T await(Future<T> future, Duration limit) {
        Objects.requireNonNull(future, "future");
        Objects.requireNonNull(limit, "limit");
        Task<?> task = Task.require("await(Future, Duration)");
        return future.isDone() ? await(future) : Timeout.limit(task, limit, future, () -> await(future));
    }

    /**
     * Waits for a stage, at most so long; see {@link #await(Future, Duration)}. A stage of another library is left alone when time is up.
     *
     * @throws TaskTimeoutException if time was up
     */
    public static <T extends @Nullable Object> T await(CompletionStage<T> stage, Duration limit) {
        Objects.requireNonNull(stage, "stage");
        Objects.requireNonNull(limit, "limit");
        Task<?> task = Task.require("await(CompletionStage, Duration)");
        return isDone(stage) ? await(stage) : Timeout.limit(task, limit, stage, () -> await(stage));
    }

    /**
     * Starts what is awaited and waits for its value, at most so long; see {@link #await(Future, Duration)}. With a limit of zero or less it is not
     * started. A value that comes after time was up goes to {@link Promise#onUndelivered}.
     *
     * @throws TaskTimeoutException if time was up
     */
    public static <T extends @Nullable Object> T await(Awaitable<T> source, Duration limit) {
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(limit, "limit");
        Task<?> task = Task.require("await(Awaitable, Duration)");
        return isDone(source) ? await(source) : Timeout.limit(task, limit, source, () -> await(source));
    }

    /** Waits for a future and returns its value, at once if it is done; the policy says what becomes of it if the task is cancelled. */
    public static <T extends @Nullable Object> T await(Future<T> future, CancelPolicy policy) {
        return await((CompletionStage<T>) future, policy);
    }

    /**
     * Waits for a stage and returns its value, at once if it is done; the policy says what becomes of it if the task is cancelled. If somebody else cancelled a stage of
     * another library, that is a failure here, its own {@link java.util.concurrent.CancellationException}.
     */
    public static <T extends @Nullable Object> T await(CompletionStage<T> stage, CancelPolicy policy) {
        Objects.requireNonNull(stage, "stage");
        Objects.requireNonNull(policy, "policy");
        Task<?> task = Task.require("await(CompletionStage, CancelPolicy)");
        return isDone(stage) ? await(stage) : policy.await(task, stage);
    }

    /** Starts what is awaited and waits for its value; the policy says what becomes of it if the task is cancelled. */
    public static <T extends @Nullable Object> T await(Awaitable<T> source, CancelPolicy policy) {
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(policy, "policy");
        return source instanceof Future<T> future ? await(future, policy) : policy.await(requireTask(source), source);
    }

    /** Like {@link #await(Future)}, of a resource; see {@link #await(CompletionStage, Consumer)}. */
    public static <T extends @Nullable Object> T await(Future<T> future, Consumer<? super T> onUndelivered) {
        return await((CompletionStage<T>) future, onUndelivered);
    }

    /**
     * Like {@link #await(CompletionStage)}, of a resource that is this task's: if the task is cancelled and the stage has a value nevertheless, then or later, that goes to
     * {@code onUndelivered}, which runs on the loop and must not await. A failure that comes later is reported if nobody else looks at it.
     */
    public static <T extends @Nullable Object> T await(CompletionStage<T> stage, Consumer<? super T> onUndelivered) {
        Objects.requireNonNull(onUndelivered, "onUndelivered");
        if (stage instanceof Task<T> task) {
            task.onUndelivered(onUndelivered);
        }
        try {
            return await(stage);
        } catch (TaskCancelledException cancelled) {
            Future<T> late = Loop.current().from(stage);
            late.register(new Leftover<>(late, onUndelivered));
            throw cancelled;
        }
    }

    /**
     * Like {@link #await(Awaitable)}, of a resource: a value that comes after the task was cancelled goes to {@code onUndelivered} instead of where the source would send it; it runs
     * on the loop and must not await.
     */
    public static <T extends @Nullable Object> T await(Awaitable<T> source, Consumer<? super T> onUndelivered) {
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(onUndelivered, "onUndelivered");
        if (source instanceof Future<T> future) {
            return await(future, onUndelivered);
        }
        Task<?> task = Task.require("await(Awaitable, Consumer)");
        return task.await((Promise<T> promise) -> {
            source.subscribe(promise);
            promise.onUndelivered(onTheLoop(task.loop(), onUndelivered));
        });
    }

    private static <T extends @Nullable Object> Consumer<T> onTheLoop(Loop loop, Consumer<? super T> receiver) {
        return value -> {
            if (!loop.offer(() -> receiver.accept(value))) {
                receiver.accept(value);
            }
        };
    }

    private static boolean isDone(Object source) {
        return source instanceof Future<?> future ? future.isDone() : Foreign.isDone(source);
    }

    /** Waits for a time, to the nanosecond of the loop's clock. Zero or less is {@link #yieldNow}; at most about 292 years. */
    public static void sleep(Duration duration) {
        Objects.requireNonNull(duration, "duration");
        Task<?> task = Task.require("sleep(" + duration + ")");
        if (duration.isNegative() || duration.isZero()) {
            task.yieldNow();
            return;
        }
        Promise<@Nullable Void> due = new Promise<>(task.loop(), "a timer");
        TimerHandle timer = task.loop().callLater(duration, () -> due.complete(null));
        try {
            task.await(due.future());
        } finally {
            timer.cancel();
        }
    }

    /**
     * Waits until some of these futures are done; see {@link WaitUntil}. Always gives up the loop, as asyncio's {@code wait}, also if they are done already. Cancels
     * none of them, not even if the task is cancelled, and leaves nothing behind on those that are still pending.
     *
     * <p>It does not look at failures: one that you do not look at either, with {@link Future#exceptionNow} or an await of that future, is reported as
     * unobserved, though not while this waits.
     *
     * @throws IllegalArgumentException if there are none
     */
    public static <F extends Future<?>> WaitResult<F> waitFor(Iterable<? extends F> futures, WaitUntil until) {
        Task<?> task = Task.require("waitFor(futures, " + until + ")");
        return new WaitFor<F>(task, futures, until, null).await();
    }

    /**
     * Waits until some of these futures are done, at most so long; see {@link #waitFor(Iterable, WaitUntil)}. That time is up is no error: the result says what is
     * done by then.
     *
     * @param limit zero or less still gives up the loop
     * @throws IllegalArgumentException if there are none
     */
    public static <F extends Future<?>> WaitResult<F> waitFor(
            Iterable<? extends F> futures, WaitUntil until, Duration limit) {
        Task<?> task = Task.require("waitFor(futures, " + until + ", " + limit + ")");
        return new WaitFor<F>(task, futures, until, Objects.requireNonNull(limit, "limit")).await();
    }

    /** Gives up the loop for one turn: everything that is ready now runs first. */
    public static void yieldNow() {
        Task.require("yieldNow()").yieldNow();
    }

    /**
     * Counts one result that was ready, so that the task did not wait for it; the 256th in a row gives up the loop for one turn first. For queues and
     * streams of one's own: called <em>before</em> the result is taken, as this may throw {@link TaskCancelledException} and others may take
     * it meanwhile.
     */
    public static void consumeBudget() {
        Task.require("consumeBudget()").consumeBudget();
    }

    /**
     * Runs blocking code on another thread, with the task's captured context, and waits for its result. Cancelling the task interrupts
     * that thread. A loop has at most 32 such threads; more jobs wait for one, in the order in which they came. The code itself must not await.
     */
    public static <T extends @Nullable Object> T blocking(Callable<? extends T> job) {
        Task<?> task = Task.require("blocking(Callable)");
        return result(task, task.loop().startBlocking(job));
    }

    /** Like {@link #blocking(Callable)}, of a resource: a value that comes after the task was cancelled goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T extends @Nullable Object> T blocking(
            Callable<? extends T> job, Consumer<? super T> onUndelivered) {
        Objects.requireNonNull(onUndelivered, "onUndelivered");
        Task<?> task = Task.require("blocking(Callable, Consumer)");
        Promise<T> result = task.loop().startBlocking(job);
        result.onUndelivered(onTheLoop(task.loop(), onUndelivered));
        return result(task, result);
    }

    private static <T extends @Nullable Object> T result(Task<?> task, Promise<T> result) {
        try {
            return task.await(result.future());
        } catch (TaskCancelledException cancelled) {
            result.takeBack();
            throw cancelled;
        }
    }
}
