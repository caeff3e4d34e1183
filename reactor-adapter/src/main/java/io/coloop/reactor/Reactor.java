package io.coloop.reactor;

import io.coloop.Await;
import io.coloop.Body;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.TaskCancelledException;
import io.coloop.VoidBody;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Project Reactor and coloop, in both directions. For static import.
 *
 * <p>While this class is loaded, {@code block()} and its kin throw {@link IllegalStateException} on a loop's thread and in every task's body.
 *
 * <p>What is the same for all: code runs on the loop and never hops. A value that can no longer be delivered goes to the caller's {@code onUndelivered} if there
 * is one, else to the discard hook, else it is closed if it is an {@link AutoCloseable}, else it is reported as
 * {@link io.coloop.Report.Kind#LATE_VALUE}; from the ready queue. An error that can no longer be delivered is reported as
 * {@link io.coloop.Report.Kind#LATE_FAILURE} and goes to {@code onErrorDropped}; a {@link java.util.concurrent.CancellationException} after a cancel does not, for it
 * is what was asked for. Something that somebody else cancelled is a failure for who waits for it: a plain {@code CancellationException}, never a
 * {@link TaskCancelledException}. A Mono asks for all there is: it has one value, so there is nothing to buffer.
 */
public final class Reactor {
    static {
        Schedulers.registerNonBlockingThreadPredicate(
                thread -> thread == Thread.currentThread() && Loop.currentOrNull() != null);
    }

    private Reactor() {}

    // ---- Mono -> coloop

    /**
     * Subscribes to a Mono and waits for its end; returns its value, or null if it was empty. Only in a task.
     *
     * <ol>
     *   <li>Start: the Mono is subscribed once, now, after the task has given up the loop; {@code Mono.just} too, so an await of a Mono always lets others run.
     *   <li>Threads: subscribed on the loop's own thread, not on the task's stack. Completion is welcome from any thread.
     *   <li>Cancel: cancelling the task cancels the subscription before the task goes on. A Mono cancelled by somebody else fails this with its
     *       {@link java.util.concurrent.CancellationException}.
     *   <li>Empty is null. More than one value, which only {@code Mono.fromDirect} can give, is an {@link IllegalStateException}.
     *   <li>Undelivered: see {@link Reactor}. The discard hook is the one that the Mono ends with ({@code doOnDiscard} as its last operator). A value whose Mono then
     *       fails is undelivered.
     *   <li>Demand: unbounded.
     *   <li>Context: the subscription runs in the task's captured context; Reactor's Context is empty.
     * </ol>
     *
     * <p>The task goes on after {@code onComplete}, not at {@code onNext}: what the Mono still had to do, such as a commit, is done.
     *
     * @throws io.coloop.LoopMisuseException outside a task
     * @throws TaskCancelledException if the task is cancelled meanwhile
     * @throws java.util.concurrent.CompletionException if the Mono fails with a checked exception, which is its cause; others are thrown as they are
     */
    public static <T> @Nullable T await(Mono<? extends T> mono) {
        return awaitOr(mono, null);
    }

    /** Like {@link #await(Mono)}; a value that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> @Nullable T await(Mono<? extends T> mono, Consumer<? super T> onUndelivered) {
        return awaitOr(mono, Objects.requireNonNull(onUndelivered, "onUndelivered"));
    }

    /**
     * Like {@link #await(Mono)}, for a Mono that has a value.
     *
     * @throws NoSuchElementException if it was empty
     */
    public static <T> T awaitRequired(Mono<? extends T> mono) {
        return required(awaitOr(mono, null));
    }

    /** Like {@link #awaitRequired(Mono)}; a value that comes too late goes to {@code onUndelivered}. */
    public static <T> T awaitRequired(Mono<? extends T> mono, Consumer<? super T> onUndelivered) {
        return required(awaitOr(mono, Objects.requireNonNull(onUndelivered, "onUndelivered")));
    }

    private static <T> @Nullable T awaitOr(Mono<? extends T> mono, @Nullable Consumer<? super T> onUndelivered) {
        Objects.requireNonNull(mono, "mono");
        MonoAwait<T> source = new MonoAwait<>(mono, onUndelivered);
        try {
            return Await.<@Nullable T>await(source);
        } catch (TaskCancelledException cancelled) {
            source.abandoned();
            throw cancelled;
        }
    }

    private static <T> T required(@Nullable T value) {
        if (value == null) {
            throw new NoSuchElementException("the Mono completed without a value");
        }
        return value;
    }

    /**
     * A future of the current loop that ends as the Mono does; null if that is empty.
     *
     * <ol>
     *   <li>Start: the Mono is subscribed once, from the ready queue, whether or not anybody awaits the future.
     *   <li>Threads: subscribed on the loop's own thread.
     *   <li>Cancel: cancelling the future cancels the subscription. A Mono cancelled by somebody else is a failed future, not a cancelled one.
     *   <li>Empty is null; more than one value as with {@link #await(Mono)}.
     *   <li>Undelivered: a value or an error that comes after the future was cancelled; as with {@link #await(Mono)}. A failure that nobody observes is reported by the loop.
     *   <li>Demand: unbounded.
     *   <li>Context: the caller's captured context.
     * </ol>
     *
     * @throws io.coloop.LoopMisuseException if the calling thread has no loop
     */
    public static <T> Future<@Nullable T> future(Mono<? extends T> mono) {
        return subscribe(mono, null);
    }

    /** Like {@link #future(Mono)}; a value that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Future<@Nullable T> future(Mono<? extends T> mono, Consumer<? super T> onUndelivered) {
        return subscribe(mono, Objects.requireNonNull(onUndelivered, "onUndelivered"));
    }

    private static <T> Future<@Nullable T> subscribe(
            Mono<? extends T> mono, @Nullable Consumer<? super T> onUndelivered) {
        Objects.requireNonNull(mono, "mono");
        return Loop.current().subscribe(new MonoAwait<T>(mono, onUndelivered));
    }

    // ---- coloop -> Mono

    /**
     * A Mono that runs a body as a task on the loop, once for each subscriber.
     *
     * <ol>
     *   <li>Cold: the task starts at the subscription, from any thread, without waiting for demand.
     *   <li>Threads: the body and all signals run on the loop; signals on its own thread, from the ready queue.
     *   <li>Cancel: cancelling the subscription cancels the task, which runs its cleanup and signals nothing more. A task cancelled by somebody else, or by the loop's
     *       end, is {@code onError} with a plain {@link java.util.concurrent.CancellationException}. A closed loop is {@code onError} with
     *       {@link io.coloop.LoopClosedException}.
     *   <li>A null result is an empty Mono.
     *   <li>Undelivered: what the task gives after the cancel; see {@link Reactor}. The hooks are those of the subscriber's context.
     *   <li>Demand: the value waits until it is asked for.
     *   <li>Context: that of the thread that subscribes, as with {@link Loop#spawn(Body)}.
     * </ol>
     */
    public static <T> Mono<T> mono(Loop loop, Body<? extends @Nullable T, ?> body) {
        return FutureMono.cold(Objects.requireNonNull(loop, "loop"), Objects.requireNonNull(body, "body"), null);
    }

    /** Like {@link #mono(Loop, Body)}; a value that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Mono<T> mono(Loop loop, Body<? extends @Nullable T, ?> body, Consumer<? super T> onUndelivered) {
        return FutureMono.cold(
                Objects.requireNonNull(loop, "loop"),
                Objects.requireNonNull(body, "body"),
                Objects.requireNonNull(onUndelivered, "onUndelivered"));
    }

    /** Like {@link #mono(Loop, Body)}, of a body without a result: an empty Mono once it is done. */
    public static Mono<Void> mono(Loop loop, VoidBody<?> body) {
        Objects.requireNonNull(body, "body");
        Body<@Nullable Void, ?> empty = () -> {
            body.run();
            return null;
        };
        return FutureMono.cold(Objects.requireNonNull(loop, "loop"), empty, null);
    }

    /**
     * A view of a future, the same for each subscriber. Cancelling a subscription leaves the future alone.
     *
     * <ol>
     *   <li>Hot: whatever computes the future runs already.
     *   <li>Threads: signals come on the future's loop, on its own thread, from the ready queue.
     *   <li>Cancel: nothing happens upstream; {@link #monoOwning} is the opposite. A cancelled future is {@code onError} with a plain
     *       {@link java.util.concurrent.CancellationException}.
     *   <li>A null value is an empty Mono.
     *   <li>Undelivered: a value is still in the future and goes nowhere else. An error after the cancel is reported and goes to {@code onErrorDropped}, because this
     *       view may have been all that observed it.
     *   <li>Demand: the value waits until it is asked for.
     *   <li>Context: nothing runs upstream.
     * </ol>
     */
    public static <T> Mono<T> mono(Future<? extends @Nullable T> future) {
        return FutureMono.hot(Objects.requireNonNull(future, "future"), false, null);
    }

    /** Like {@link #mono(Future)}, but the future is the subscribers': the first that cancels cancels it, and a value that came too late for one is undelivered. */
    public static <T> Mono<T> monoOwning(Future<? extends @Nullable T> future) {
        return FutureMono.hot(Objects.requireNonNull(future, "future"), true, null);
    }

    /** Like {@link #monoOwning(Future)}; a value that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Mono<T> monoOwning(Future<? extends @Nullable T> future, Consumer<? super T> onUndelivered) {
        return FutureMono.hot(
                Objects.requireNonNull(future, "future"), true, Objects.requireNonNull(onUndelivered, "onUndelivered"));
    }

    // ---- the loop as a scheduler

    /**
     * The loop as a Reactor scheduler, usable from any thread. Schedulers of one loop are equal.
     *
     * <p>Actions run on the loop's own thread and must not await. Each Worker runs its actions in the order in which they were given, from whatever
     * threads. Delays are exact to the nanosecond of the loop's clock, actions that are due at the same time keep their order, and a period of 0 runs once a turn. Disposing
     * an action that runs does not interrupt it. What an action throws is reported by the loop; one that is periodic goes on. Disposing this scheduler ends its own Workers and
     * actions, not the loop nor other schedulers of it. After that, and once the loop is closed, it rejects with Reactor's {@code RejectedExecutionException}. {@code now} is the time of
     * day when this scheduler was made, plus what has passed on the loop's clock.
     */
    public static Scheduler scheduler(Loop loop) {
        return new LoopScheduler(Objects.requireNonNull(loop, "loop"));
    }
}
