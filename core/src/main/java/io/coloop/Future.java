package io.coloop;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
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
     */
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

    Future(Loop loop) {
        this.loop = loop;
    }

    /** A future of the current loop that has this value. */
    public static <T extends @Nullable Object> Future<T> completed(T value) {
        Future<T> future = new Future<>(Loop.current());
        future.settle(Outcome.of(value));
        return future;
    }

    /** A future of the current loop that has this failure. */
    public static <T extends @Nullable Object> Future<T> failed(Throwable failure) {
        Future<T> future = new Future<>(Loop.current());
        future.settle(Outcome.failure(failure));
        return future;
    }

    /** A future of the current loop that ends as the stage does; see {@link Loop#from}. */
    public static <T extends @Nullable Object> Future<T> from(CompletionStage<? extends T> stage) {
        return Loop.current().from(stage);
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

    /** Cancels it without a reason. */
    public final boolean cancel() {
        return cancel(null);
    }

    /**
     * Cancels it. Any thread. What awaits it sees a {@link TaskCancelledException}; its source is told, if it has one.
     *
     * @param reason the exception's message, or null
     * @return false if it is done already
     */
    public boolean cancel(@Nullable String reason) {
        return settle(new Outcome.Cancelled(reason));
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
        return toCompletableFuture().get(timeout, unit);
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

    final boolean hasListeners() {
        return state instanceof Listener;
    }

    final boolean settle(Object outcome) {
        while (true) {
            Object now = state;
            if (now != null && !(now instanceof Listener)) {
                return false;
            }
            if (STATE.compareAndSet(this, now, outcome)) {
                boolean observed = enqueueAll(oldestFirst((Listener) now));
                if (outcome instanceof Outcome.Failure failure && !observed) {
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
                if (listener.observes()) {
                    markObserved(now);
                }
                listener.loop().enqueue(listener);
                return;
            }
            listener.next = (Listener) now;
            if (STATE.compareAndSet(this, now, listener)) {
                return;
            }
        }
    }

    private static boolean enqueueAll(@Nullable Listener oldest) {
        boolean observed = false;
        Listener listener = oldest;
        while (listener != null) {
            Listener younger = listener.next;
            listener.next = null;
            observed |= listener.observes();
            listener.loop().enqueue(listener);
            listener = younger;
        }
        return observed;
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
            throw new TaskCancelledException(cancelled.reason);
        }
        return Outcome.valueOf(outcome);
    }

    /** A stage that came from this one was cancelled: nobody may want this one any more. */
    final void abandon(@Nullable String reason) {
        for (Listener listener = state instanceof Listener newest ? newest : null;
                listener != null;
                listener = listener.next) {
            if (listener.observes()) {
                return;
            }
        }
        cancel(reason);
    }

    // ---- derived stages

    /** Settles {@code result} when this future is done, given its value or its failure. */
    private <U extends @Nullable Object> Future<U> derive(@Nullable Executor executor, Stages.Handler<T, U> handler) {
        Future<U> result = new Future<>(loop);
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
        if (outcome == null) {
            return "pending";
        }
        return switch (outcome) {
            case Outcome.Failure failure -> "failed: " + failure.cause;
            case Outcome.Cancelled cancelled -> "cancelled" + (cancelled.reason == null ? "" : ": " + cancelled.reason);
            default -> "done";
        };
    }

    @Override
    public String toString() {
        return "Future[" + stateName() + "]";
    }
}
