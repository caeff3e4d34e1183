package io.coloop;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A value that will be there: the read side of a {@link Promise}, or a {@link Task}. Thread-safe.
 *
 * <p>It is a {@link CompletionStage} whose callbacks always run from the loop's ready queue: never inside the call that
 * completes it, never inside the call that registers them. {@code *Async} methods without an executor do the same. Once the loop is
 * closed they run on the completing or registering thread. Cancelling a derived stage cancels its source if nobody else
 * observes that.
 *
 * @param <T> the result
 */
public sealed class Future<T extends @Nullable Object> implements CompletionStage<T>, Awaitable<T> permits Task {
    /*
     * One word is the whole state:
     *
     *   null         pending, nobody listens
     *   a Listener   pending; the newest listener, linked to the older ones
     *   else         done: an Outcome
     *
     * register   null | listener -> listener     done: the listener is enqueued
     * settle     null | listener -> outcome, and the listeners are enqueued, oldest first     done: refused
     *
     * Both are one compare-and-set, so a listener is enqueued exactly once, by whoever came second.
     *
     * leave      marks the listener, on the thread that it listens for. The list is mended later: its newest part by whoever comes next, the rest by a sweep
     *            on this loop, as often as listeners have left since the last as it kept then. So leaving costs the same however many listen, and
     *            abandon, on this loop as well, never sees a list that is taken apart.
     */
    private static final int MIN_LEAVES = 16; // before a sweep

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Future.class, "state", Object.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final Loop loop;
    private volatile @Nullable Object state;
    private @Nullable Object origin; // null once it is done, so that a chain of results keeps no history

    Future(Loop loop) {
        this(loop, null);
    }

    /**
     * @param origin the future it is derived from, an {@link Origin}, another source to be shown, or null
     */
    Future(Loop loop, @Nullable Object origin) {
        this.loop = loop;
        this.origin = origin;
    }

    /** A future of the current loop that has this value. */
    public static <T extends @Nullable Object> Future<T> completed(T value) {
        Future<T> future = new Future<>(Loop.require("Future.completed(...)"));
        future.settle(Outcome.of(value));
        return future;
    }

    /** A future of the current loop that has this failure. */
    public static <T extends @Nullable Object> Future<T> failed(Throwable failure) {
        Future<T> future = new Future<>(Loop.require("Future.failed(...)"));
        future.settle(Outcome.failure(failure));
        return future;
    }

    /** A future of the current loop that ends as the stage does; see {@link Loop#from}. */
    public static <T extends @Nullable Object> Future<T> from(CompletionStage<? extends T> stage) {
        return Loop.require("Future.from(...)").from(stage);
    }

    // ---- made of others

    /** All values; see {@link #gather(Iterable)}. */
    @SafeVarargs
    @SuppressWarnings("varargs") // the array is only read
    public static <T extends @Nullable Object> Future<List<T>> gather(CompletionStage<? extends T>... futures) {
        return gather(Arrays.asList(futures));
    }

    /**
     * A future of the current loop with the values of all of these, in the order given, as an unmodifiable list. As asyncio's {@code gather}:
     *
     * <ul>
     *   <li>The first failure fails it, with the same instance; the other futures go on. A future that was cancelled counts as failed with its
     *       {@link TaskCancelledException}.
     *   <li>Cancelling it cancels the futures; it ends, cancelled, when all of them have ended, even with values. If one of them fails meanwhile, so does it.
     *   <li>None at all is an empty list, at once. If all are done, so is it, at once.
     * </ul>
     *
     * <p>What differs: a future that fails after this one is done is reported if nobody else looks at it (asyncio forgets that failure), and a cancelled one waits for all
     * (asyncio's for the first). The futures may belong to other loops; a stage of another library is not cancelled.
     */
    public static <T extends @Nullable Object> Future<List<T>> gather(
            Iterable<? extends CompletionStage<? extends T>> futures) {
        return new Combined.Gather<T>().of(futures);
    }

    /** The same futures, once all are done; see {@link #allSettled(Iterable)}. */
    @SafeVarargs
    @SuppressWarnings("varargs") // the array is only read
    public static <F extends Future<?>> Future<List<F>> allSettled(F... futures) {
        return allSettled(Arrays.asList(futures));
    }

    /**
     * A future of the current loop with these same futures, in the order given, once all are done, however they ended: asyncio's {@code gather} with
     * {@code return_exceptions}, JavaScript's {@code allSettled}. Cancelling it cancels the futures; it ends, cancelled, when all of them have ended.
     *
     * <p>It passes failures on without looking at them: one that you do not look at either, with {@link #exceptionNow} or an await of that future, is reported as
     * unobserved, though not before this is done.
     */
    public static <F extends Future<?>> Future<List<F>> allSettled(Iterable<? extends F> futures) {
        return new Combined.AllSettled<F>().of(futures);
    }

    /** What the first to be done becomes; see {@link #firstDone(Iterable)}. */
    @SafeVarargs
    @SuppressWarnings("varargs") // the array is only read
    public static <T extends @Nullable Object> Future<T> firstDone(CompletionStage<? extends T>... futures) {
        return firstDone(Arrays.asList(futures));
    }

    /**
     * A future of the current loop that ends as the first of these does: with its value, its failure, or cancelled; of several that are done already, the first in
     * the order given. As JavaScript's {@code race}: the others go on, and if one of them fails then, that is reported unless somebody looks at it. To end them, cancel them:
     *
     * <pre>{@code
     * try {
     *     return await(Future.firstDone(tasks));
     * } finally {
     *     tasks.forEach(Task::cancel);
     * }
     * }</pre>
     *
     * <p>Cancelling it cancels all the futures; it ends, cancelled, when all of them have ended, or as the first that fails meanwhile.
     *
     * @throws IllegalArgumentException if there are none: it would never be done
     */
    public static <T extends @Nullable Object> Future<T> firstDone(
            Iterable<? extends CompletionStage<? extends T>> futures) {
        return new Combined.FirstDone<T>().of(futures);
    }

    /** The first value; see {@link #firstSuccess(Iterable)}. */
    @SafeVarargs
    @SuppressWarnings("varargs") // the array is only read
    public static <T extends @Nullable Object> Future<T> firstSuccess(CompletionStage<? extends T>... futures) {
        return firstSuccess(Arrays.asList(futures));
    }

    /**
     * A future of the current loop with the first value that one of these has; if all fail or are cancelled, it fails with an {@link AllFailedException} that
     * carries all their failures. As JavaScript's {@code any}: the others go on (see {@link #firstDone(Iterable)} for how to end them). Failures before the first
     * value count as observed; one after it is reported unless somebody looks at it.
     *
     * <p>Cancelling it cancels all the futures; it ends, cancelled, when all of them have ended.
     *
     * @throws IllegalArgumentException if there are none: it would never be done
     */
    public static <T extends @Nullable Object> Future<T> firstSuccess(
            Iterable<? extends CompletionStage<? extends T>> futures) {
        return new Combined.FirstSuccess<T>().of(futures);
    }

    /**
     * A future that ends as this one does and can be cancelled without it: a task that awaits it leaves the future alone when it is cancelled. If the future itself
     * is cancelled, so is its shield. The future itself if that is done; a future of the current loop for a stage of another library, which nothing here
     * cancels anyway.
     *
     * <p>Once the shield is cancelled, a failure of the future is reported unless somebody else looks at it, as asyncio does from 3.14 on.
     */
    public static <T extends @Nullable Object> Future<T> shield(CompletionStage<T> future) {
        return Objects.requireNonNull(future, "future") instanceof Future<T> ours ? Stages.shield(ours) : from(future);
    }

    /** These futures as they finish, without a time limit; see {@link AsCompleted}. */
    public static <F extends Future<?>> AsCompleted<F> asCompleted(Iterable<? extends F> futures) {
        return AsCompleted.of(futures, null);
    }

    /**
     * These futures as they finish, with a time limit that starts now; see {@link AsCompleted}.
     *
     * @param limit zero or less: only those that are done already
     */
    public static <F extends Future<?>> AsCompleted<F> asCompleted(Iterable<? extends F> futures, Duration limit) {
        return AsCompleted.of(futures, Objects.requireNonNull(limit, "limit"));
    }

    /** The loop it belongs to. */
    public final Loop loop() {
        return loop;
    }

    /** Whether it has a value, failed or was cancelled. */
    public final boolean isDone() {
        return outcome() != null;
    }

    /** Whether it was cancelled. */
    public final boolean isCancelled() {
        return outcome() instanceof Outcome.Cancelled;
    }

    /** Whether it failed. A cancellation is not a failure. */
    public final boolean isFailed() {
        return outcome() instanceof Outcome.Failure;
    }

    /**
     * The value.
     *
     * @throws IllegalStateException if it has none: not done, failed or cancelled
     */
    public final T resultNow() {
        Object outcome = outcome();
        if (outcome == null || !Outcome.isValue(outcome)) {
            throw new IllegalStateException("no result: " + this);
        }
        return Outcome.valueOf(outcome);
    }

    /**
     * The failure, or the {@link TaskCancelledException} if it was cancelled. Reading it counts as observing it.
     *
     * @throws IllegalStateException if it has none: not done, or done with a value
     */
    public final Throwable exceptionNow() {
        Object outcome = outcome();
        Throwable failure = outcome == null ? null : Outcome.failureOf(outcome);
        if (failure == null) {
            throw new IllegalStateException("no failure: " + this);
        }
        markObserved(outcome);
        return failure;
    }

    /** Cancels it without a reason: the exception's message says who was cancelled. */
    public final boolean cancel() {
        return cancel(null);
    }

    /**
     * Cancels it. Any thread. What awaits it sees a {@link TaskCancelledException}; its source is told, if it has one.
     *
     * @param reason the exception's message, or null: then it says who was cancelled
     * @return false if it is done already
     */
    public boolean cancel(@Nullable String reason) {
        return origin instanceof Composite composite
                ? composite.cancelParts(reason)
                : settle(new Outcome.Cancelled(reason));
    }

    /**
     * Waits on the calling thread, which must not be a loop's. Returns or throws as {@link CompletableFuture#join()}.
     *
     * @throws LoopMisuseException on a loop's thread or in a task, if it is not done
     */
    public final T join() {
        return toCompletableFuture().join();
    }

    /**
     * Waits on the calling thread, which must not be a loop's. Returns or throws as {@link CompletableFuture#get()}.
     *
     * @throws LoopMisuseException on a loop's thread or in a task, if it is not done
     */
    public final T get() throws InterruptedException, ExecutionException {
        return toCompletableFuture().get();
    }

    /**
     * Waits on the calling thread, which must not be a loop's, for a time. Returns or throws as {@link CompletableFuture#get(long, TimeUnit)}.
     *
     * @throws LoopMisuseException on a loop's thread or in a task, if it is not done
     */
    public final T get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        Stages.View<T> view = new Stages.View<>(this);
        try {
            return view.get(timeout, unit);
        } finally {
            view.leave();
        }
    }

    /** Settles the promise as this future ends; cancelling the promise's future cancels this one. */
    @Override
    public final void subscribe(Promise<T> promise) {
        promise.onCancel(() -> cancel("its awaiter was cancelled"));
        register(new Stages.Forward<>(this, promise.future()));
    }

    // ---- the protocol

    /** The outcome, or null while it is pending. */
    final @Nullable Object outcome() {
        Object now = state;
        return now instanceof Listener ? null : now;
    }

    final @Nullable Object origin() {
        return origin;
    }

    /** Whether somebody who is no listener looks at the outcome. */
    boolean isReceived() {
        return false;
    }

    final boolean hasListeners() {
        return isReceived() || (state instanceof Listener newest && newest.orOlder() != null);
    }

    final boolean settle(Object outcome) {
        while (true) {
            Object now = state;
            if (now != null && !(now instanceof Listener)) {
                return false;
            }
            if (STATE.compareAndSet(this, now, outcome)) {
                if (origin != null) {
                    origin = null;
                }
                boolean awaited = enqueueAll(oldestFirst((Listener) now), outcome);
                if (outcome instanceof Outcome.Failure failure && !failure.observed && !awaited && !isReceived()) {
                    loop.failures().track(this, failure);
                }
                return true;
            }
        }
    }

    final void register(Listener listener) {
        while (true) {
            Object now = state;
            if (now != null && !(now instanceof Listener)) {
                if (listener.observes() && !listener.mayTurnAway()) {
                    markObserved(now);
                }
                listener.loop().enqueue(listener);
                return;
            }
            Listener older = now == null ? null : ((Listener) now).orOlder();
            listener.next = older;
            listener.leavesLeft = older == null ? MIN_LEAVES : older.leavesLeft;
            if (STATE.compareAndSet(this, now, listener)) {
                return;
            }
        }
    }

    /** Whether a task will look at the outcome; what observes it for certain is marked there. */
    private static boolean enqueueAll(@Nullable Listener oldest, Object outcome) {
        boolean awaited = false;
        Listener listener = oldest;
        while (listener != null) {
            Listener younger = listener.next;
            listener.next = null;
            if (!listener.left) {
                if (listener.mayTurnAway()) {
                    awaited = true;
                } else if (outcome instanceof Outcome.Failure failure && listener.observes()) {
                    failure.observed = true;
                }
                listener.loop().enqueue(listener);
            }
            listener = younger;
        }
        return awaited;
    }

    /** Takes a listener off again, on the thread of its loop: it will not run, unless the ready queue has it. */
    final void unregister(Listener listener) {
        listener.left = true;
        if (loop.isOnLoop()) {
            mend();
        } else if (state instanceof Listener) {
            loop.offer(this::mend); // a loop that is closed has no use for it
        }
    }

    private void mend() {
        if (state instanceof Listener newest) {
            if (newest.left) {
                STATE.compareAndSet(this, newest, newest.orOlder()); // or else the one that came between does it
            } else if (--newest.leavesLeft <= 0) {
                sweep();
            }
        }
    }

    /** Drops those that left; on this loop. Those that stay keep their order. */
    final void sweep() {
        while (state instanceof Listener newest) {
            if (!STATE.compareAndSet(this, newest, null)) {
                continue;
            }
            Listener next = oldestFirst(newest);
            int kept = 0;
            while (next != null) {
                Listener younger = next.next;
                if (!next.left) {
                    register(next);
                    kept++;
                }
                next = younger;
            }
            if (state instanceof Listener top) {
                top.leavesLeft = (short) Math.clamp(kept, MIN_LEAVES, Short.MAX_VALUE);
            }
            return;
        }
    }

    /** A task that awaited this was cancelled before it looked. */
    final void turnedAway() {
        if (outcome() instanceof Outcome.Failure failure && !failure.observed) {
            loop.failures().track(this, failure);
        }
    }

    private static @Nullable Listener oldestFirst(@Nullable Listener newest) {
        Listener oldest = null;
        Listener listener = newest;
        while (listener != null) {
            Listener older = listener.next;
            listener.next = oldest;
            oldest = listener;
            listener = older;
        }
        return oldest;
    }

    final void markObserved(@Nullable Object outcome) {
        if (outcome instanceof Outcome.Failure failure && !failure.observed) {
            loop.failures().observed(failure);
        }
    }

    /** The result as an await gives it to the task. */
    final T resultFor(Task<?> awaiting) {
        Object outcome = Objects.requireNonNull(outcome());
        if (outcome instanceof Outcome.Failure failure) {
            markObserved(failure);
            throw failure.thrownAt(awaiting);
        }
        if (outcome instanceof Outcome.Cancelled cancelled) {
            throw new TaskCancelledException(awaiting.reasonSeen(cancelled.reason));
        }
        return Outcome.valueOf(outcome);
    }

    /** A stage that came from this one was cancelled: nobody may want this one any more. */
    final void abandon(@Nullable String reason) {
        if (isReceived()) {
            return;
        }
        for (Listener listener = state instanceof Listener newest ? newest : null;
                listener != null;
                listener = listener.next) {
            if (listener.wants()) {
                return;
            }
        }
        cancel(reason);
    }

    /**
     * Runs the action once this is done: from the ready queue, in the order of registration with what else waits for this, in the caller's context. A failure counts as observed once somebody looks at it; one at which nobody does is
     * reported when this is collected, or when the loop closes. Lighter than a stage, and can be taken back. Any thread.
     */
    public final DoneHook onDone(Runnable action) {
        return hook(loop.inContext(Objects.requireNonNull(action, "action")));
    }

    /** As {@link #onDone(Runnable)}, in a context of the caller's choice, with no foreign one. */
    public final DoneHook onDone(Runnable action, Context context) {
        return hook(loop.inContext(Objects.requireNonNull(action, "action"), context));
    }

    private DoneHook hook(Runnable action) {
        DoneCallback hook = new DoneCallback(this, action);
        register(hook);
        return hook;
    }

    // ---- derived stages

    /** Settles {@code result} when this future is done, given its value or its failure. */
    private <U extends @Nullable Object> Future<U> derive(@Nullable Executor executor, Stages.Handler<T, U> handler) {
        Future<U> result = new Future<>(loop, this);
        result.register(new Promise.CancelHook(result, this::abandon));
        register(new Stages.Derived<>(this, result, executor, handler));
        return result;
    }

    /** Calls {@code fn} once both are done with a value; fails as the first of the two that failed, in their order. */
    private <U extends @Nullable Object, V extends @Nullable Object> Future<V> deriveBoth(
            CompletionStage<? extends U> other,
            @Nullable Executor executor,
            BiFunction<? super T, ? super U, ? extends V> fn) {
        Future<U> second = loop.from(other);
        Future<V> both = derive(null, (value, failure, result) -> {
            Stages.Handler<U, V> last = (otherValue, otherFailure, ignored) -> {
                Throwable first = failure != null ? failure : otherFailure;
                result.settle(first != null ? Outcome.dependent(first) : Outcome.of(fn.apply(value, otherValue)));
            };
            Executor whereNeeded = failure == null ? executor : null;
            second.register(new Stages.Derived<>(second, result, whereNeeded, Stages.only(false, last)));
        });
        second.register(new Stages.Interest<>(both));
        both.register(new Promise.CancelHook(both, second::abandon));
        return both;
    }

    /** Handles whichever is done first. */
    private <U extends @Nullable Object> Future<U> deriveEither(
            CompletionStage<? extends T> other, @Nullable Executor executor, Stages.Handler<T, U> handler) {
        Future<T> second = loop.from(other);
        Future<T> first = derive(null, Stages.apply(Function.identity()));
        second.register(new Stages.Derived<>(second, first, null, Stages.apply(Function.identity())));
        first.register(new Promise.CancelHook(first, second::abandon));
        return first.derive(executor, Stages.only(false, handler));
    }

    @Override
    public final <U> Future<U> thenApply(Function<? super T, ? extends U> fn) {
        return derive(null, Stages.apply(Objects.requireNonNull(fn, "fn")));
    }

    @Override
    public final <U> Future<U> thenApplyAsync(Function<? super T, ? extends U> fn) {
        return thenApply(fn);
    }

    @Override
    public final <U> Future<U> thenApplyAsync(Function<? super T, ? extends U> fn, Executor executor) {
        return derive(required(executor), Stages.only(false, Stages.apply(Objects.requireNonNull(fn, "fn"))));
    }

    @Override
    public final Future<Void> thenAccept(Consumer<? super T> action) {
        return derive(null, Stages.apply(accepting(action)));
    }

    @Override
    public final Future<Void> thenAcceptAsync(Consumer<? super T> action) {
        return thenAccept(action);
    }

    @Override
    public final Future<Void> thenAcceptAsync(Consumer<? super T> action, Executor executor) {
        return derive(required(executor), Stages.only(false, Stages.apply(accepting(action))));
    }

    @Override
    public final Future<Void> thenRun(Runnable action) {
        return derive(null, Stages.apply(running(action)));
    }

    @Override
    public final Future<Void> thenRunAsync(Runnable action) {
        return thenRun(action);
    }

    @Override
    public final Future<Void> thenRunAsync(Runnable action, Executor executor) {
        return derive(required(executor), Stages.only(false, Stages.apply(running(action))));
    }

    @Override
    public final <U, V> Future<V> thenCombine(
            CompletionStage<? extends U> other, BiFunction<? super T, ? super U, ? extends V> fn) {
        return deriveBoth(other, null, Objects.requireNonNull(fn, "fn"));
    }

    @Override
    public final <U, V> Future<V> thenCombineAsync(
            CompletionStage<? extends U> other, BiFunction<? super T, ? super U, ? extends V> fn) {
        return thenCombine(other, fn);
    }

    @Override
    public final <U, V> Future<V> thenCombineAsync(
            CompletionStage<? extends U> other, BiFunction<? super T, ? super U, ? extends V> fn, Executor executor) {
        return deriveBoth(other, required(executor), Objects.requireNonNull(fn, "fn"));
    }

    @Override
    public final <U> Future<Void> thenAcceptBoth(
            CompletionStage<? extends U> other, BiConsumer<? super T, ? super U> action) {
        return deriveBoth(other, null, accepting(action));
    }

    @Override
    public final <U> Future<Void> thenAcceptBothAsync(
            CompletionStage<? extends U> other, BiConsumer<? super T, ? super U> action) {
        return thenAcceptBoth(other, action);
    }

    @Override
    public final <U> Future<Void> thenAcceptBothAsync(
            CompletionStage<? extends U> other, BiConsumer<? super T, ? super U> action, Executor executor) {
        return deriveBoth(other, required(executor), accepting(action));
    }

    @Override
    public final Future<Void> runAfterBoth(CompletionStage<?> other, Runnable action) {
        return deriveBoth(other, null, running2(action));
    }

    @Override
    public final Future<Void> runAfterBothAsync(CompletionStage<?> other, Runnable action) {
        return runAfterBoth(other, action);
    }

    @Override
    public final Future<Void> runAfterBothAsync(CompletionStage<?> other, Runnable action, Executor executor) {
        return deriveBoth(other, required(executor), running2(action));
    }

    @Override
    public final <U> Future<U> applyToEither(CompletionStage<? extends T> other, Function<? super T, U> fn) {
        return deriveEither(other, null, Stages.apply(Objects.requireNonNull(fn, "fn")));
    }

    @Override
    public final <U> Future<U> applyToEitherAsync(CompletionStage<? extends T> other, Function<? super T, U> fn) {
        return applyToEither(other, fn);
    }

    @Override
    public final <U> Future<U> applyToEitherAsync(
            CompletionStage<? extends T> other, Function<? super T, U> fn, Executor executor) {
        return deriveEither(other, required(executor), Stages.apply(Objects.requireNonNull(fn, "fn")));
    }

    @Override
    public final Future<Void> acceptEither(CompletionStage<? extends T> other, Consumer<? super T> action) {
        return deriveEither(other, null, Stages.apply(accepting(action)));
    }

    @Override
    public final Future<Void> acceptEitherAsync(CompletionStage<? extends T> other, Consumer<? super T> action) {
        return acceptEither(other, action);
    }

    @Override
    public final Future<Void> acceptEitherAsync(
            CompletionStage<? extends T> other, Consumer<? super T> action, Executor executor) {
        return deriveEither(other, required(executor), Stages.apply(accepting(action)));
    }

    @Override
    public final Future<Void> runAfterEither(CompletionStage<?> other, Runnable action) {
        return runAfterEither(other, action, null);
    }

    @Override
    public final Future<Void> runAfterEitherAsync(CompletionStage<?> other, Runnable action) {
        return runAfterEither(other, action);
    }

    @Override
    public final Future<Void> runAfterEitherAsync(CompletionStage<?> other, Runnable action, Executor executor) {
        return runAfterEither(other, action, required(executor));
    }

    @Override
    public final <U> Future<U> thenCompose(Function<? super T, ? extends CompletionStage<U>> fn) {
        return derive(null, Stages.compose(Objects.requireNonNull(fn, "fn")));
    }

    @Override
    public final <U> Future<U> thenComposeAsync(Function<? super T, ? extends CompletionStage<U>> fn) {
        return thenCompose(fn);
    }

    @Override
    public final <U> Future<U> thenComposeAsync(
            Function<? super T, ? extends CompletionStage<U>> fn, Executor executor) {
        return derive(required(executor), Stages.only(false, Stages.compose(Objects.requireNonNull(fn, "fn"))));
    }

    @Override
    public final <U> Future<U> handle(BiFunction<? super T, Throwable, ? extends U> fn) {
        return derive(null, Stages.handle(Objects.requireNonNull(fn, "fn")));
    }

    @Override
    public final <U> Future<U> handleAsync(BiFunction<? super T, Throwable, ? extends U> fn) {
        return handle(fn);
    }

    @Override
    public final <U> Future<U> handleAsync(BiFunction<? super T, Throwable, ? extends U> fn, Executor executor) {
        return derive(required(executor), Stages.handle(Objects.requireNonNull(fn, "fn")));
    }

    @Override
    public final Future<T> whenComplete(BiConsumer<? super T, ? super Throwable> action) {
        return derive(null, Stages.whenComplete(Objects.requireNonNull(action, "action")));
    }

    @Override
    public final Future<T> whenCompleteAsync(BiConsumer<? super T, ? super Throwable> action) {
        return whenComplete(action);
    }

    @Override
    public final Future<T> whenCompleteAsync(BiConsumer<? super T, ? super Throwable> action, Executor executor) {
        return derive(required(executor), Stages.whenComplete(Objects.requireNonNull(action, "action")));
    }

    @Override
    public final Future<T> exceptionally(Function<Throwable, ? extends T> fn) {
        return derive(null, Stages.exceptionally(Objects.requireNonNull(fn, "fn")));
    }

    @Override
    public final Future<T> exceptionallyAsync(Function<Throwable, ? extends T> fn) {
        return exceptionally(fn);
    }

    @Override
    public final Future<T> exceptionallyAsync(Function<Throwable, ? extends T> fn, Executor executor) {
        return derive(required(executor), Stages.only(true, Stages.exceptionally(Objects.requireNonNull(fn, "fn"))));
    }

    @Override
    public final Future<T> exceptionallyCompose(Function<Throwable, ? extends CompletionStage<T>> fn) {
        return derive(null, Stages.exceptionallyCompose(Objects.requireNonNull(fn, "fn")));
    }

    @Override
    public final Future<T> exceptionallyComposeAsync(Function<Throwable, ? extends CompletionStage<T>> fn) {
        return exceptionallyCompose(fn);
    }

    @Override
    public final Future<T> exceptionallyComposeAsync(
            Function<Throwable, ? extends CompletionStage<T>> fn, Executor executor) {
        return derive(
                required(executor), Stages.only(true, Stages.exceptionallyCompose(Objects.requireNonNull(fn, "fn"))));
    }

    /**
     * A new {@link CompletableFuture} each time, done if this is. Cancelling it cancels this future; completing it, or
     * {@code orTimeout}, touches only it. Its own callbacks run where it completes, as that class defines.
     */
    @Override
    public final CompletableFuture<T> toCompletableFuture() {
        return new Stages.View<>(this);
    }

    private Future<Void> runAfterEither(CompletionStage<?> other, Runnable action, @Nullable Executor executor) {
        Function<@Nullable Object, @Nullable Object> nothing = ignored -> null;
        Stages.Handler<@Nullable Object, Void> handler = Stages.apply(running(action));
        Future<?> second = loop.from(other);
        Future<@Nullable Object> first = derive(null, Stages.apply(nothing));
        return first.deriveEither(second.thenApply(nothing), executor, handler);
    }

    private static Executor required(Executor executor) {
        return Objects.requireNonNull(executor, "executor");
    }

    @SuppressWarnings("NullAway") // null is the only Void
    private static <A extends @Nullable Object> Function<A, Void> accepting(Consumer<? super A> action) {
        Objects.requireNonNull(action, "action");
        return value -> {
            action.accept(value);
            return null;
        };
    }

    @SuppressWarnings("NullAway") // null is the only Void
    private static <A extends @Nullable Object, B extends @Nullable Object> BiFunction<A, B, Void> accepting(
            BiConsumer<? super A, ? super B> action) {
        Objects.requireNonNull(action, "action");
        return (first, second) -> {
            action.accept(first, second);
            return null;
        };
    }

    @SuppressWarnings("NullAway") // null is the only Void
    private static <A extends @Nullable Object> Function<A, Void> running(Runnable action) {
        Objects.requireNonNull(action, "action");
        return ignored -> {
            action.run();
            return null;
        };
    }

    @SuppressWarnings("NullAway") // null is the only Void
    private static <A extends @Nullable Object, B extends @Nullable Object> BiFunction<A, B, Void> running2(
            Runnable action) {
        Objects.requireNonNull(action, "action");
        return (first, second) -> {
            action.run();
            return null;
        };
    }

    final String stateName() {
        Object outcome = outcome();
        return outcome == null ? "pending" : Outcome.describe(outcome);
    }

    @Override
    public String toString() {
        return "Future[" + stateName() + "]";
    }
}
