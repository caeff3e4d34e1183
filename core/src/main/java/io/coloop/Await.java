package io.coloop;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
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
        if (stage instanceof CompletableFuture<T> done && done.isDone()) {
            return task.await(task.loop().from(stage));
        }
        return task.await((Awaitable<T>) promise -> Foreign.follow(stage, promise));
    }

    /**
     * Starts what is awaited and waits for its value. It is subscribed on the loop's own thread, not on the task's stack, after the
     * task has given up the loop. The task owns it: if the task is cancelled, so is the source.
     */
    public static <T extends @Nullable Object> T await(Awaitable<T> source) {
        Objects.requireNonNull(source, "source");
        Task<?> task = Task.require("await(Awaitable)");
        return source instanceof Future<T> future ? task.await(future) : task.await(source);
    }

    /** Waits for a time, to the nanosecond of the loop's clock. Zero or less is {@link #yieldNow}; at most about 292 years. */
    public static void sleep(Duration duration) {
        Objects.requireNonNull(duration, "duration");
        Task<?> task = Task.require("sleep(" + duration + ")");
        if (duration.isNegative() || duration.isZero()) {
            task.yieldNow();
            return;
        }
        Promise<@Nullable Void> due = task.loop().promise();
        TimerHandle timer = task.loop().callLater(duration, () -> due.complete(null));
        try {
            task.await(due.future());
        } finally {
            timer.cancel();
        }
    }

    /** Gives up the loop for one turn: everything that is ready now runs first. */
    public static void yieldNow() {
        Task.require("yieldNow()").yieldNow();
    }

    /**
     * Runs blocking code on another thread, with the task's captured context, and waits for its result. Cancelling the task interrupts
     * that thread.
     */
    public static <T extends @Nullable Object> T blocking(Callable<? extends T> job) {
        Task<?> task = Task.require("blocking(Callable)");
        Promise<T> result = task.loop().startBlocking(job);
        try {
            return task.await(result.future());
        } catch (TaskCancelledException cancelled) {
            result.takeBack();
            throw cancelled;
        }
    }
}
