package io.coloop.rx;

import io.coloop.Await;
import io.coloop.Body;
import io.coloop.CancelPolicy;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopBuilder;
import io.coloop.TaskCancelledException;
import io.coloop.VoidBody;
import io.coloop.stream.EmittingBody;
import io.coloop.stream.Iteration;
import io.coloop.stream.Pick;
import io.coloop.stream.Streams;
import io.coloop.sync.Queue;
import io.reactivex.rxjava3.core.BackpressureStrategy;
import io.reactivex.rxjava3.core.Completable;
import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.core.Maybe;
import io.reactivex.rxjava3.core.Observable;
import io.reactivex.rxjava3.core.Scheduler;
import io.reactivex.rxjava3.core.Single;
import io.reactivex.rxjava3.schedulers.Schedulers;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * RxJava 3 and coloop, in both directions. For static import.
 *
 * <p>What is the same for all: code runs on the loop and never hops. A value that can no longer be delivered goes to the caller's {@code onUndelivered} if there
 * is one, else it is closed if it is an {@link AutoCloseable}, else it is reported as {@link io.coloop.Report.Kind#LATE_VALUE}; from the ready queue. An error that
 * can no longer be delivered is reported as {@link io.coloop.Report.Kind#LATE_FAILURE} and goes to {@code RxJavaPlugins.onError}; a
 * {@link java.util.concurrent.CancellationException} after a cancel does not, for it is what was asked for. Something that somebody else cancelled is a failure for who waits
 * for it: a plain {@code CancellationException}, never a {@link TaskCancelledException}. Single, Maybe and Completable have no demand: they have one value or none.
 */
public final class Rx {
    private Rx() {}

    // ---- RxJava -> coloop

    /**
     * Subscribes to a Single and waits for its value. Only in a task.
     *
     * <ol>
     *   <li>Start: subscribed once, now, after the task has given up the loop; {@code Single.just} too, so this always lets others run.
     *   <li>Threads: subscribed on the loop's own thread, not on the task's stack. Completion is welcome from any thread.
     *   <li>Cancel: cancelling the task disposes of the subscription before the task goes on. A Single cancelled by somebody else fails this with its
     *       {@link java.util.concurrent.CancellationException}.
     *   <li>A Single has a value.
     *   <li>Undelivered: see {@link Rx}.
     *   <li>Demand: none.
     *   <li>Context: the subscription runs in the task's captured context.
     * </ol>
     *
     * @throws io.coloop.LoopMisuseException outside a task
     * @throws TaskCancelledException if the task is cancelled meanwhile
     * @throws java.util.concurrent.CompletionException if the Single fails with a checked exception, which is its cause; others are thrown as they are
     */
    public static <T> T await(Single<? extends T> single) {
        return await(Rx.<T>source(single, null));
    }

    /** Like {@link #await(Single)}; a value that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> T await(Single<? extends T> single, Consumer<? super T> onUndelivered) {
        return await(Rx.<T>source(single, Objects.requireNonNull(onUndelivered, "onUndelivered")));
    }

    /**
     * Like {@link #await(Single)}; the policy says what becomes of the Single if the task is cancelled. What it gives to nobody but this task then, or fails with, is undelivered.
     */
    public static <T> T await(Single<? extends T> single, CancelPolicy policy) {
        return await(Rx.<T>source(single, null), policy);
    }

    /** Like {@link #await(Single)}, of a Maybe; null if it was empty. */
    public static <T> @Nullable T await(Maybe<? extends T> maybe) {
        return await(Rx.<T>source(maybe, null));
    }

    /** Like {@link #await(Maybe)}; a value that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> @Nullable T await(Maybe<? extends T> maybe, Consumer<? super T> onUndelivered) {
        return await(Rx.<T>source(maybe, Objects.requireNonNull(onUndelivered, "onUndelivered")));
    }

    /** Like {@link #await(Single, CancelPolicy)}, of a Maybe; null if it was empty. */
    public static <T> @Nullable T await(Maybe<? extends T> maybe, CancelPolicy policy) {
        return await(Rx.<T>source(maybe, null), policy);
    }

    /**
     * Like {@link #await(Maybe)}, for a Maybe that has a value.
     *
     * @throws NoSuchElementException if it was empty
     */
    public static <T> T awaitRequired(Maybe<? extends T> maybe) {
        return required("Maybe", await(Rx.<T>source(maybe, null)));
    }

    /** Like {@link #awaitRequired(Maybe)}; a value that comes too late goes to {@code onUndelivered}. */
    public static <T> T awaitRequired(Maybe<? extends T> maybe, Consumer<? super T> onUndelivered) {
        return required("Maybe", await(Rx.<T>source(maybe, Objects.requireNonNull(onUndelivered, "onUndelivered"))));
    }

    /** Like {@link #awaitRequired(Maybe)}; the policy says what becomes of the Maybe if the task is cancelled. */
    public static <T> T awaitRequired(Maybe<? extends T> maybe, CancelPolicy policy) {
        return required("Maybe", await(maybe, policy));
    }

    /** Like {@link #await(Maybe)}; no value is an empty optional. */
    public static <T> Optional<T> awaitOptional(Maybe<? extends T> maybe) {
        return Optional.ofNullable(await(Rx.<T>source(maybe, null)));
    }

    /** Like {@link #awaitOptional(Maybe)}; a value that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Optional<T> awaitOptional(Maybe<? extends T> maybe, Consumer<? super T> onUndelivered) {
        return Optional.ofNullable(await(Rx.<T>source(maybe, Objects.requireNonNull(onUndelivered, "onUndelivered"))));
    }

    /** Like {@link #awaitOptional(Maybe)}; the policy says what becomes of the Maybe if the task is cancelled. */
    public static <T> Optional<T> awaitOptional(Maybe<? extends T> maybe, CancelPolicy policy) {
        return Optional.ofNullable(await(maybe, policy));
    }

    /** Like {@link #await(Single)}, of a Completable; returns when it is complete. */
    public static void await(Completable completable) {
        await(source(completable));
    }

    /** Like {@link #await(Single, CancelPolicy)}, of a Completable; returns when it is complete. */
    public static void await(Completable completable, CancelPolicy policy) {
        await(source(completable), policy);
    }

    /**
     * A future of the current loop that ends as the Single does.
     *
     * <ol>
     *   <li>Start: subscribed once, from the ready queue, whether or not anybody awaits the future.
     *   <li>Threads: subscribed on the loop's own thread.
     *   <li>Cancel: cancelling the future disposes of the subscription, and a closing loop cancels the future. A Single cancelled by somebody else is a failed future, not a cancelled one.
     *   <li>A Single has a value.
     *   <li>Undelivered: a value or an error that comes after the future was cancelled; see {@link Rx}. A failure that nobody observes is reported by the loop.
     *   <li>Demand: none.
     *   <li>Context: the caller's captured context.
     * </ol>
     *
     * @throws io.coloop.LoopMisuseException if the calling thread has no loop
     */
    public static <T> Future<T> future(Single<? extends T> single) {
        return Loop.current().subscribe(Rx.<T>source(single, null));
    }

    /** Like {@link #future(Single)}; a value that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Future<T> future(Single<? extends T> single, Consumer<? super T> onUndelivered) {
        return Loop.current().subscribe(Rx.<T>source(single, Objects.requireNonNull(onUndelivered, "onUndelivered")));
    }

    /** Like {@link #future(Single)}, of a Maybe; null if it is empty. */
    public static <T> Future<@Nullable T> future(Maybe<? extends T> maybe) {
        return Loop.current().subscribe(Rx.<T>source(maybe, null));
    }

    /** Like {@link #future(Maybe)}; a value that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Future<@Nullable T> future(Maybe<? extends T> maybe, Consumer<? super T> onUndelivered) {
        return Loop.current().subscribe(Rx.<T>source(maybe, Objects.requireNonNull(onUndelivered, "onUndelivered")));
    }

    /** Like {@link #future(Single)}, of a Completable; null when it is complete. */
    public static Future<@Nullable Void> future(Completable completable) {
        return Loop.current().subscribe(source(completable));
    }

    private static <T> RxAwait<T> source(Single<? extends T> single, @Nullable Consumer<? super T> onUndelivered) {
        Objects.requireNonNull(single, "single");
        return new RxAwait<>("Single", single::subscribe, onUndelivered);
    }

    private static <T> RxAwait<@Nullable T> source(
            Maybe<? extends T> maybe, @Nullable Consumer<? super T> onUndelivered) {
        Objects.requireNonNull(maybe, "maybe");
        return new RxAwait<@Nullable T>("Maybe", maybe::subscribe, onUndelivered);
    }

    private static RxAwait<@Nullable Void> source(Completable completable) {
        Objects.requireNonNull(completable, "completable");
        return new RxAwait<@Nullable Void>("Completable", completable::subscribe, null);
    }

    private static <T extends @Nullable Object> T await(RxAwait<T> source) {
        return Await.<T>await(source);
    }

    private static <T extends @Nullable Object> T await(RxAwait<T> source, CancelPolicy policy) {
        return Await.<T>await(source, policy);
    }

    private static <T> T required(String kind, @Nullable T value) {
        if (value == null) {
            throw new NoSuchElementException("the " + kind + " completed without a value");
        }
        return value;
    }

    // ---- Flowable -> coloop

    /**
     * Subscribes to a Flowable and waits for its end; returns its only item, or null if it was empty. Only in a task.
     *
     * <ol>
     *   <li>Start: subscribed once, now, after the task has given up the loop.
     *   <li>Threads: subscribed on the loop's own thread, not on the task's stack. Signals are welcome from any thread.
     *   <li>Cancel: cancelling the task cancels the subscription before the task goes on. A Flowable cancelled by somebody else fails this with its
     *       {@link java.util.concurrent.CancellationException}.
     *   <li>Empty is null. More than one item is an {@link IllegalStateException}.
     *   <li>Undelivered: see {@link Rx}. An item whose Flowable then fails is undelivered.
     *   <li>Demand: two items, so that a second one is noticed.
     *   <li>Context: the subscription runs in the task's captured context.
     * </ol>
     *
     * @throws io.coloop.LoopMisuseException outside a task
     * @throws TaskCancelledException if the task is cancelled meanwhile
     * @throws java.util.concurrent.CompletionException if the Flowable fails with a checked exception, which is its cause; others are thrown as they are
     */
    public static <T> @Nullable T await(Flowable<? extends T> flowable) {
        return only(flowable, null).await();
    }

    /** Like {@link #await(Flowable)}; an item that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> @Nullable T await(Flowable<? extends T> flowable, Consumer<? super T> onUndelivered) {
        return only(flowable, Objects.requireNonNull(onUndelivered, "onUndelivered"))
                .await();
    }

    /** Like {@link #await(Flowable)}; the policy says what becomes of the Flowable if the task is cancelled. */
    public static <T> @Nullable T await(Flowable<? extends T> flowable, CancelPolicy policy) {
        return only(flowable, null).await(policy);
    }

    /**
     * Like {@link #await(Flowable)}, for a Flowable that has an item.
     *
     * @throws NoSuchElementException if it was empty
     */
    public static <T> T awaitRequired(Flowable<? extends T> flowable) {
        return required("Flowable", only(flowable, null).await());
    }

    /** Like {@link #awaitRequired(Flowable)}; an item that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> T awaitRequired(Flowable<? extends T> flowable, Consumer<? super T> onUndelivered) {
        return required(
                "Flowable",
                only(flowable, Objects.requireNonNull(onUndelivered, "onUndelivered"))
                        .await());
    }

    /** Like {@link #awaitRequired(Flowable)}; the policy says what becomes of the Flowable if the task is cancelled. */
    public static <T> T awaitRequired(Flowable<? extends T> flowable, CancelPolicy policy) {
        return required("Flowable", await(flowable, policy));
    }

    /** Like {@link #await(Flowable)}; no item is an empty optional. */
    public static <T> Optional<T> awaitOptional(Flowable<? extends T> flowable) {
        return Optional.ofNullable(only(flowable, null).await());
    }

    /** Like {@link #awaitOptional(Flowable)}; an item that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Optional<T> awaitOptional(Flowable<? extends T> flowable, Consumer<? super T> onUndelivered) {
        return Optional.ofNullable(only(flowable, Objects.requireNonNull(onUndelivered, "onUndelivered"))
                .await());
    }

    /** Like {@link #awaitOptional(Flowable)}; the policy says what becomes of the Flowable if the task is cancelled. */
    public static <T> Optional<T> awaitOptional(Flowable<? extends T> flowable, CancelPolicy policy) {
        return Optional.ofNullable(await(flowable, policy));
    }

    /** Like {@link #await(Flowable)}, but returns at the first item, and cancels the Flowable then; one item is asked for. */
    public static <T> @Nullable T awaitFirst(Flowable<? extends T> flowable) {
        return first(flowable, null).await();
    }

    /** Like {@link #awaitFirst(Flowable)}; an item that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> @Nullable T awaitFirst(Flowable<? extends T> flowable, Consumer<? super T> onUndelivered) {
        return first(flowable, Objects.requireNonNull(onUndelivered, "onUndelivered"))
                .await();
    }

    /** Like {@link #awaitFirst(Flowable)}; the policy says what becomes of the Flowable if the task is cancelled. */
    public static <T> @Nullable T awaitFirst(Flowable<? extends T> flowable, CancelPolicy policy) {
        return first(flowable, null).await(policy);
    }

    /** Like {@link #await(Flowable)}, but returns the last item; 256 are asked for at a time, and those before it are dropped: given to {@code onUndelivered}, or closed if they are {@link AutoCloseable}. */
    public static <T> @Nullable T awaitLast(Flowable<? extends T> flowable) {
        return last(flowable, null).await();
    }

    /** Like {@link #awaitLast(Flowable)}; an item that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> @Nullable T awaitLast(Flowable<? extends T> flowable, Consumer<? super T> onUndelivered) {
        return last(flowable, Objects.requireNonNull(onUndelivered, "onUndelivered"))
                .await();
    }

    /** Like {@link #awaitLast(Flowable)}; the policy says what becomes of the Flowable if the task is cancelled. */
    public static <T> @Nullable T awaitLast(Flowable<? extends T> flowable, CancelPolicy policy) {
        return last(flowable, null).await(policy);
    }

    /**
     * A future of the current loop with the Flowable's only item, or null; subscribed from the ready queue, with the answers of {@link #await(Flowable)}. Cancelling the future cancels
     * the subscription.
     *
     * @throws io.coloop.LoopMisuseException if the calling thread has no loop
     */
    public static <T> Future<@Nullable T> future(Flowable<? extends T> flowable) {
        return Loop.current().subscribe(only(flowable, null));
    }

    /** Like {@link #future(Flowable)}; an item that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Future<@Nullable T> future(Flowable<? extends T> flowable, Consumer<? super T> onUndelivered) {
        return Loop.current().subscribe(only(flowable, Objects.requireNonNull(onUndelivered, "onUndelivered")));
    }

    /** An iteration over a Flowable, with {@link Iteration#DEFAULT_PREFETCH}; see {@link Iteration}, which gives the seven answers. Loop only. */
    public static <T> Iteration<T> iterate(Flowable<? extends T> flowable) {
        return iterate(flowable, Iteration.DEFAULT_PREFETCH);
    }

    /**
     * An iteration over a Flowable; see {@link Iteration}. Loop only.
     *
     * @param prefetch how many items are asked for at first: one or more
     */
    public static <T> Iteration<T> iterate(Flowable<? extends T> flowable, int prefetch) {
        return Iteration.of(new FlowableSource<T>(flowable), prefetch, undelivered(null));
    }

    /** Like {@link #iterate(Flowable, int)}; items that are left when it is closed go to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Iteration<T> iterate(
            Flowable<? extends T> flowable, int prefetch, Consumer<? super T> onUndelivered) {
        return Iteration.of(
                new FlowableSource<T>(flowable),
                prefetch,
                undelivered(Objects.requireNonNull(onUndelivered, "onUndelivered")));
    }

    private static <T> Pick<T> only(Flowable<? extends T> flowable, @Nullable Consumer<? super T> onUndelivered) {
        return Pick.only(new FlowableSource<T>(flowable), undelivered(onUndelivered));
    }

    private static <T> Pick<T> first(Flowable<? extends T> flowable, @Nullable Consumer<? super T> onUndelivered) {
        return Pick.first(new FlowableSource<T>(flowable), undelivered(onUndelivered));
    }

    private static <T> Pick<T> last(Flowable<? extends T> flowable, @Nullable Consumer<? super T> onUndelivered) {
        return Pick.last(new FlowableSource<T>(flowable), undelivered(onUndelivered));
    }

    // ---- Observable -> coloop

    /** Like {@link #await(Flowable)}, of an Observable, which has no demand: it is disposed of at the second item. */
    public static <T> @Nullable T await(Observable<? extends T> observable) {
        return only(observable, null).await();
    }

    /** Like {@link #await(Observable)}; an item that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> @Nullable T await(Observable<? extends T> observable, Consumer<? super T> onUndelivered) {
        return only(observable, Objects.requireNonNull(onUndelivered, "onUndelivered"))
                .await();
    }

    /** Like {@link #await(Observable)}; the policy says what becomes of the Observable if the task is cancelled. */
    public static <T> @Nullable T await(Observable<? extends T> observable, CancelPolicy policy) {
        return only(observable, null).await(policy);
    }

    /**
     * Like {@link #await(Observable)}, for an Observable that has an item.
     *
     * @throws NoSuchElementException if it was empty
     */
    public static <T> T awaitRequired(Observable<? extends T> observable) {
        return required("Observable", only(observable, null).await());
    }

    /** Like {@link #awaitRequired(Observable)}; an item that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> T awaitRequired(Observable<? extends T> observable, Consumer<? super T> onUndelivered) {
        return required(
                "Observable",
                only(observable, Objects.requireNonNull(onUndelivered, "onUndelivered"))
                        .await());
    }

    /** Like {@link #awaitRequired(Observable)}; the policy says what becomes of the Observable if the task is cancelled. */
    public static <T> T awaitRequired(Observable<? extends T> observable, CancelPolicy policy) {
        return required("Observable", await(observable, policy));
    }

    /** Like {@link #await(Observable)}; no item is an empty optional. */
    public static <T> Optional<T> awaitOptional(Observable<? extends T> observable) {
        return Optional.ofNullable(only(observable, null).await());
    }

    /** Like {@link #awaitOptional(Observable)}; an item that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Optional<T> awaitOptional(Observable<? extends T> observable, Consumer<? super T> onUndelivered) {
        return Optional.ofNullable(only(observable, Objects.requireNonNull(onUndelivered, "onUndelivered"))
                .await());
    }

    /** Like {@link #awaitOptional(Observable)}; the policy says what becomes of the Observable if the task is cancelled. */
    public static <T> Optional<T> awaitOptional(Observable<? extends T> observable, CancelPolicy policy) {
        return Optional.ofNullable(await(observable, policy));
    }

    /** Like {@link #await(Observable)}, but returns at the first item, and disposes of the Observable then. */
    public static <T> @Nullable T awaitFirst(Observable<? extends T> observable) {
        return first(observable, null).await();
    }

    /** Like {@link #awaitFirst(Observable)}; an item that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> @Nullable T awaitFirst(Observable<? extends T> observable, Consumer<? super T> onUndelivered) {
        return first(observable, Objects.requireNonNull(onUndelivered, "onUndelivered"))
                .await();
    }

    /** Like {@link #awaitFirst(Observable)}; the policy says what becomes of the Observable if the task is cancelled. */
    public static <T> @Nullable T awaitFirst(Observable<? extends T> observable, CancelPolicy policy) {
        return first(observable, null).await(policy);
    }

    /** Like {@link #await(Observable)}, but returns the last item; those before it are dropped: given to {@code onUndelivered}, or closed if they are {@link AutoCloseable}. */
    public static <T> @Nullable T awaitLast(Observable<? extends T> observable) {
        return last(observable, null).await();
    }

    /** Like {@link #awaitLast(Observable)}; an item that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> @Nullable T awaitLast(Observable<? extends T> observable, Consumer<? super T> onUndelivered) {
        return last(observable, Objects.requireNonNull(onUndelivered, "onUndelivered"))
                .await();
    }

    /** Like {@link #awaitLast(Observable)}; the policy says what becomes of the Observable if the task is cancelled. */
    public static <T> @Nullable T awaitLast(Observable<? extends T> observable, CancelPolicy policy) {
        return last(observable, null).await(policy);
    }

    /**
     * A future of the current loop with the Observable's only item, or null; subscribed from the ready queue, with the answers of {@link #await(Observable)}. Cancelling the future cancels
     * the subscription.
     *
     * @throws io.coloop.LoopMisuseException if the calling thread has no loop
     */
    public static <T> Future<@Nullable T> future(Observable<? extends T> observable) {
        return Loop.current().subscribe(only(observable, null));
    }

    /** Like {@link #future(Observable)}; an item that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Future<@Nullable T> future(
            Observable<? extends T> observable, Consumer<? super T> onUndelivered) {
        return Loop.current().subscribe(only(observable, Objects.requireNonNull(onUndelivered, "onUndelivered")));
    }

    /**
     * Like {@link #iterate(Observable, BackpressureStrategy, int)}, with {@link Iteration#DEFAULT_PREFETCH}. Loop only.
     */
    public static <T> Iteration<T> iterate(Observable<? extends T> observable, BackpressureStrategy strategy) {
        return iterate(observable, strategy, Iteration.DEFAULT_PREFETCH);
    }

    /**
     * An iteration over an Observable; see {@link Iteration}. An Observable cannot be slowed down, and the thread that emits is never blocked: the strategy says what becomes of items
     * for which the iteration has no room, beyond the {@code prefetch} that it has asked for. Loop only.
     *
     * <ul>
     *   <li>{@code BUFFER}: they wait, without bound, and the end waits behind them.
     *   <li>{@code DROP}: they are dropped: given to {@code onUndelivered}, or closed if they are {@link AutoCloseable}.
     *   <li>{@code LATEST}: the newest waits; the one whose place it takes is dropped likewise.
     *   <li>{@code ERROR}: the Observable is disposed of, the item dropped likewise, and the iteration fails, once the items before were taken, with a
     *       {@link io.reactivex.rxjava3.exceptions.MissingBackpressureException}.
     *   <li>{@code MISSING}: the same, with an {@link IllegalStateException}: for an Observable that never emits more than the prefetch.
     * </ul>
     *
     * @param prefetch how many items are asked for at first: one or more
     */
    public static <T> Iteration<T> iterate(
            Observable<? extends T> observable, BackpressureStrategy strategy, int prefetch) {
        return iteration(observable, strategy, prefetch, null);
    }

    /**
     * Like {@link #iterate(Observable, BackpressureStrategy, int)}; items that are dropped, or left when it is closed, go to {@code onUndelivered}, which runs on the loop and must not
     * await.
     */
    public static <T> Iteration<T> iterate(
            Observable<? extends T> observable,
            BackpressureStrategy strategy,
            int prefetch,
            Consumer<? super T> onUndelivered) {
        return iteration(observable, strategy, prefetch, Objects.requireNonNull(onUndelivered, "onUndelivered"));
    }

    private static <T> Iteration<T> iteration(
            Observable<? extends T> observable,
            BackpressureStrategy strategy,
            int prefetch,
            @Nullable Consumer<? super T> onUndelivered) {
        RxUndelivered<T> undelivered = undelivered(onUndelivered);
        return Iteration.of(new ObservableSource<T>(observable, strategy, undelivered), prefetch, undelivered);
    }

    private static <T> Pick<T> only(Observable<? extends T> observable, @Nullable Consumer<? super T> onUndelivered) {
        RxUndelivered<T> undelivered = undelivered(onUndelivered);
        return Pick.only(all(observable, undelivered), undelivered);
    }

    private static <T> Pick<T> first(Observable<? extends T> observable, @Nullable Consumer<? super T> onUndelivered) {
        RxUndelivered<T> undelivered = undelivered(onUndelivered);
        return Pick.first(all(observable, undelivered), undelivered);
    }

    private static <T> Pick<T> last(Observable<? extends T> observable, @Nullable Consumer<? super T> onUndelivered) {
        RxUndelivered<T> undelivered = undelivered(onUndelivered);
        return Pick.last(all(observable, undelivered), undelivered);
    }

    /** What takes one of its items needs no strategy: it keeps one at most. */
    private static <T> ObservableSource<T> all(Observable<? extends T> observable, RxUndelivered<T> undelivered) {
        return new ObservableSource<>(observable, BackpressureStrategy.MISSING, undelivered);
    }

    private static <T> RxUndelivered<T> undelivered(@Nullable Consumer<? super T> onUndelivered) {
        return new RxUndelivered<>(Loop.current(), onUndelivered);
    }

    // ---- coloop -> RxJava

    /**
     * A Single that runs a body as a task on the loop, once for each subscriber.
     *
     * <ol>
     *   <li>Cold: the task starts at the subscription, from any thread.
     *   <li>Threads: the body and all signals run on the loop; signals on its own thread, right after the task's stack has gone.
     *   <li>Cancel: disposing of the subscription cancels the task, which runs its cleanup and signals nothing more. A task cancelled by somebody else, or by the loop's
     *       end, is {@code onError} with a plain {@link java.util.concurrent.CancellationException}. A closed loop is {@code onError} with
     *       {@link io.coloop.LoopClosedException}.
     *   <li>A null result is {@code onError} with a {@link NullPointerException}, as everywhere in RxJava.
     *   <li>Undelivered: what the task gives after the disposal; see {@link Rx}.
     *   <li>Demand: none.
     *   <li>Context: that of the thread that subscribes, as with {@link Loop#spawn(Body)}.
     * </ol>
     */
    public static <T> Single<T> single(Loop loop, Body<? extends T, ?> body) {
        return notNull(cold(loop, body, null));
    }

    /** Like {@link #single(Loop, Body)}; a value that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Single<T> single(Loop loop, Body<? extends T, ?> body, Consumer<? super T> onUndelivered) {
        return notNull(cold(loop, body, Objects.requireNonNull(onUndelivered, "onUndelivered")));
    }

    /** Like {@link #single(Loop, Body)}, but a null result is an empty Maybe. */
    public static <T> Maybe<T> maybe(Loop loop, Body<? extends @Nullable T, ?> body) {
        return cold(loop, body, null);
    }

    /** Like {@link #maybe(Loop, Body)}; a value that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Maybe<T> maybe(
            Loop loop, Body<? extends @Nullable T, ?> body, Consumer<? super T> onUndelivered) {
        return cold(loop, body, Objects.requireNonNull(onUndelivered, "onUndelivered"));
    }

    /** Like {@link #single(Loop, Body)}, of a body without a result: complete once it is done. */
    public static Completable completable(Loop loop, VoidBody<?> body) {
        Objects.requireNonNull(body, "body");
        Body<@Nullable Object, ?> empty = () -> {
            body.run();
            return null;
        };
        return cold(loop, empty, null).ignoreElement();
    }

    /**
     * A Flowable that runs a body as a task on the loop, once for each subscriber.
     *
     * <ol>
     *   <li>Cold: the task starts at the subscription, from any thread, without waiting for demand.
     *   <li>Threads: the body and all signals run on the loop; signals on its own thread, never on a task's stack.
     *   <li>Cancel: cancelling the subscription cancels the task, which runs its cleanup and signals nothing more. A task cancelled by somebody else, or by the loop's end, is
     *       {@code onError} with a plain {@link java.util.concurrent.CancellationException}. A closed loop is {@code onError} with {@link io.coloop.LoopClosedException}.
     *   <li>A null item is a {@link NullPointerException} in the body. A body that emits nothing is an empty Flowable.
     *   <li>Undelivered: an item that was being emitted at the cancel, and what the body fails with after it; see {@link Rx}.
     *   <li>Demand: {@link io.coloop.stream.Emitter#emit} awaits it. Nothing is buffered.
     *   <li>Context: that of the thread that subscribes, as with {@link Loop#spawn(Body)}. Signals are made in the context of the task that emits.
     * </ol>
     */
    public static <T> Flowable<T> flowable(Loop loop, EmittingBody<T, ?> body) {
        return EmittedFlowable.of(loop, body, null);
    }

    /** Like {@link #flowable(Loop, EmittingBody)}; an item that could not be signalled goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Flowable<T> flowable(Loop loop, EmittingBody<T, ?> body, Consumer<? super T> onUndelivered) {
        return EmittedFlowable.of(loop, body, Objects.requireNonNull(onUndelivered, "onUndelivered"));
    }

    /** A Flowable of the items of an iterable, whose iterator is made for each subscriber, as a task, and may await. It is not closed. */
    public static <T> Flowable<T> flowable(Loop loop, Iterable<? extends T> items) {
        return EmittedFlowable.of(loop, Streams.<T>emitting(items), null);
    }

    /**
     * A Flowable of the items of a queue, each taken out when a subscriber asks for it: subscribers share them. It completes when the queue is shut down and empty.
     * {@link Queue#taskDone} is not called.
     */
    public static <T> Flowable<T> flowable(Loop loop, Queue<? extends T> queue) {
        return EmittedFlowable.of(loop, Streams.<T>emitting(queue), null);
    }

    /** Like {@link #flowable(Loop, Queue)}; an item that was taken out and could not be signalled goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Flowable<T> flowable(Loop loop, Queue<? extends T> queue, Consumer<? super T> onUndelivered) {
        return EmittedFlowable.of(
                loop, Streams.<T>emitting(queue), Objects.requireNonNull(onUndelivered, "onUndelivered"));
    }

    /**
     * Like {@link #flowable(Loop, EmittingBody)}, of an Observable, which has no demand: each item is signalled at once, and nothing slows the body down but its own awaits. Each
     * {@code emit} gives up the loop.
     */
    public static <T> Observable<T> observable(Loop loop, EmittingBody<T, ?> body) {
        return flowable(loop, body).toObservable();
    }

    /** Like {@link #observable(Loop, EmittingBody)}; an item that could not be signalled goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Observable<T> observable(Loop loop, EmittingBody<T, ?> body, Consumer<? super T> onUndelivered) {
        return flowable(loop, body, onUndelivered).toObservable();
    }

    /**
     * A view of a future, the same for each subscriber. Disposing of a subscription leaves the future alone.
     *
     * <ol>
     *   <li>Hot: whatever computes the future runs already.
     *   <li>Threads: signals come on the future's loop, on its own thread, from the ready queue.
     *   <li>Cancel: nothing happens upstream; {@link #singleOwning} is the opposite. A cancelled future is {@code onError} with a plain
     *       {@link java.util.concurrent.CancellationException}.
     *   <li>A null value is {@code onError} with a {@link NullPointerException}.
     *   <li>Undelivered: a value is still in the future and goes nowhere else. An error after the disposal is reported by the loop, unless somebody
     *       else looks at it.
     *   <li>Demand: none.
     *   <li>Context: nothing runs upstream.
     * </ol>
     */
    public static <T> Single<T> single(Future<? extends T> future) {
        return notNull(hot(future, false, null));
    }

    /**
     * Like {@link #single(Future)}, but the future is the subscribers': the first that disposes cancels it, and a value that came too late for one is undelivered.
     */
    public static <T> Single<T> singleOwning(Future<? extends T> future) {
        return notNull(hot(future, true, null));
    }

    /** Like {@link #singleOwning(Future)}; a value that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Single<T> singleOwning(Future<? extends T> future, Consumer<? super T> onUndelivered) {
        return notNull(hot(future, true, Objects.requireNonNull(onUndelivered, "onUndelivered")));
    }

    /** Like {@link #single(Future)}, but a null value is an empty Maybe. */
    public static <T> Maybe<T> maybe(Future<? extends @Nullable T> future) {
        return hot(future, false, null);
    }

    /** Like {@link #singleOwning(Future)}, but a null value is an empty Maybe. */
    public static <T> Maybe<T> maybeOwning(Future<? extends @Nullable T> future) {
        return hot(future, true, null);
    }

    /** Like {@link #maybeOwning(Future)}; a value that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Maybe<T> maybeOwning(Future<? extends @Nullable T> future, Consumer<? super T> onUndelivered) {
        return hot(future, true, Objects.requireNonNull(onUndelivered, "onUndelivered"));
    }

    /** Like {@link #single(Future)}, but the value, which may be null, is ignored. */
    public static Completable completable(Future<?> future) {
        return hot(future, false, null).ignoreElement();
    }

    /** Like {@link #singleOwning(Future)}, but the value, which may be null, is ignored. */
    public static Completable completableOwning(Future<?> future) {
        return hot(future, true, ignored -> {}).ignoreElement();
    }

    private static <T> Maybe<T> cold(
            Loop loop, Body<? extends @Nullable T, ?> body, @Nullable Consumer<? super T> onUndelivered) {
        return BodyMaybe.of(Objects.requireNonNull(loop, "loop"), Objects.requireNonNull(body, "body"), onUndelivered);
    }

    private static <T> Maybe<T> hot(
            Future<? extends @Nullable T> future, boolean owns, @Nullable Consumer<? super T> onUndelivered) {
        return FutureMaybe.of(Objects.requireNonNull(future, "future"), owns, onUndelivered);
    }

    private static <T> Single<T> notNull(Maybe<T> maybe) {
        return maybe.switchIfEmpty(
                Single.error(() -> new NullPointerException("a Single's value is null; use maybe(...)")));
    }

    // ---- the loop as a scheduler

    /**
     * The loop as an RxJava scheduler, usable from any thread. Schedulers of one loop are equal.
     *
     * <p>Actions run on the loop's own thread and must not await. Each Worker runs its actions in the order in which they were given, from whatever
     * threads. Delays are exact to the nanosecond of the loop's clock, actions that are due at the same time keep their order, and a period of 0 runs once a turn. Disposing of
     * an action that runs does not interrupt it. What an action throws goes to {@code RxJavaPlugins.onError} and is reported by the loop, and ends a periodic one. Shutting this
     * scheduler down ends its own Workers and actions, not the loop nor other schedulers of it; after that it returns {@code Disposable.disposed()}, and once the loop is closed
     * {@code RxJavaPlugins.onError} is told as well. {@code now} is the time of day when this scheduler was made, plus what has passed on the loop's clock.
     */
    public static Scheduler scheduler(Loop loop) {
        return new LoopScheduler(Objects.requireNonNull(loop, "loop"));
    }

    /**
     * The loop of an RxJava scheduler with one thread, such as {@code Schedulers.single()} or {@code Schedulers.from(executor)} of a single-threaded executor: made at the first call, found again
     * by later ones. It runs on one Worker of the scheduler, so it is on the one thread of that Worker where a scheduler has several, as {@code Schedulers.computation()} has. Other work of that
     * thread goes on beside it, between two turns. Any thread.
     *
     * <p>A scheduler whose Worker goes from thread to thread, as that of an executor with several threads does, is reported as {@link io.coloop.Report.Kind#HOST_LOST} and the loop's
     * tasks are cancelled. Close the loop before the scheduler is shut down, which is noticed within a second; then the Worker is given back. Each attached loop runs an
     * empty action on the scheduler twice a second to find that out.
     *
     * @throws IllegalArgumentException for {@code Schedulers.trampoline()}, which has no thread of its own
     * @throws io.coloop.LoopMisuseException if the scheduler takes no work
     */
    public static Loop loopOn(Scheduler scheduler) {
        return loopOn(scheduler, Loop.builder());
    }

    /** Like {@link #loopOn(Scheduler)}. The settings count only at the first call for a scheduler. */
    public static Loop loopOn(Scheduler scheduler, LoopBuilder settings) {
        Objects.requireNonNull(scheduler, "scheduler");
        Objects.requireNonNull(settings, "settings");
        if (scheduler == Schedulers.trampoline()) {
            throw new IllegalArgumentException(
                    "a loop needs a thread, and Schedulers.trampoline() has none; use one with a single thread, such as Schedulers.single()");
        }
        if (scheduler instanceof LoopScheduler ours) {
            return ours.loop();
        }
        WorkerHost host = new WorkerHost(scheduler);
        Loop loop = settings.on(host);
        if (host.isUsed()) {
            Thread.ofVirtual().name(loop.name() + "-worker").start(() -> host.releaseAfter(loop));
        }
        return loop;
    }
}
