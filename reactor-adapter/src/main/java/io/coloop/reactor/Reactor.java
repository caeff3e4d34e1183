package io.coloop.reactor;

import io.coloop.Await;
import io.coloop.Body;
import io.coloop.CancelPolicy;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopBuilder;
import io.coloop.LoopMisuseException;
import io.coloop.TaskCancelledException;
import io.coloop.VoidBody;
import io.coloop.stream.EmittingBody;
import io.coloop.stream.Iteration;
import io.coloop.stream.Pick;
import io.coloop.stream.Streams;
import io.coloop.sync.Queue;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

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
 * {@link TaskCancelledException}.
 *
 * <p>A task has a Reactor Context: that of the subscriber it runs for, or what it inherited from its spawner, or an empty one; see {@link #context}. Whatever a task or a callback subscribes to sees it
 * as its subscriber's. So operators work across tasks that find their transaction, user or trace in the Context.
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
     *   <li>Demand: unbounded: there is one value, so nothing to buffer.
     *   <li>Context: the subscription runs in the task's captured context, and has its Reactor {@link #context()}.
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

    /** Like {@link #await(Mono)}; the policy says what becomes of the Mono if the task is cancelled. */
    public static <T> @Nullable T await(Mono<? extends T> mono, CancelPolicy policy) {
        return awaitOr(mono, null, Objects.requireNonNull(policy, "policy"));
    }

    /**
     * Like {@link #await(Mono)}, for a Mono that has a value.
     *
     * @throws NoSuchElementException if it was empty
     */
    public static <T> T awaitRequired(Mono<? extends T> mono) {
        return required(awaitOr(mono, null), "Mono");
    }

    /** Like {@link #awaitRequired(Mono)}; a value that comes too late goes to {@code onUndelivered}. */
    public static <T> T awaitRequired(Mono<? extends T> mono, Consumer<? super T> onUndelivered) {
        return required(awaitOr(mono, Objects.requireNonNull(onUndelivered, "onUndelivered")), "Mono");
    }

    /** Like {@link #awaitRequired(Mono)}; the policy says what becomes of the Mono if the task is cancelled. */
    public static <T> T awaitRequired(Mono<? extends T> mono, CancelPolicy policy) {
        return required(await(mono, policy), "Mono");
    }

    /** Like {@link #await(Mono)}; no value is an empty optional. */
    public static <T> Optional<T> awaitOptional(Mono<? extends T> mono) {
        return Optional.ofNullable(awaitOr(mono, null));
    }

    /** Like {@link #awaitOptional(Mono)}; a value that comes too late goes to {@code onUndelivered}. */
    public static <T> Optional<T> awaitOptional(Mono<? extends T> mono, Consumer<? super T> onUndelivered) {
        return Optional.ofNullable(awaitOr(mono, Objects.requireNonNull(onUndelivered, "onUndelivered")));
    }

    /** Like {@link #awaitOptional(Mono)}; the policy says what becomes of the Mono if the task is cancelled. */
    public static <T> Optional<T> awaitOptional(Mono<? extends T> mono, CancelPolicy policy) {
        return Optional.ofNullable(await(mono, policy));
    }

    private static <T> @Nullable T awaitOr(Mono<? extends T> mono, @Nullable Consumer<? super T> onUndelivered) {
        return awaitOr(mono, onUndelivered, CancelPolicy.OWN);
    }

    private static <T> @Nullable T awaitOr(
            Mono<? extends T> mono, @Nullable Consumer<? super T> onUndelivered, CancelPolicy policy) {
        Objects.requireNonNull(mono, "mono");
        return Await.<@Nullable T>await(new MonoAwait<T>(mono, onUndelivered), policy);
    }

    private static <T> T required(@Nullable T value, String source) {
        if (value == null) {
            throw new NoSuchElementException("the " + source + " completed without a value");
        }
        return value;
    }

    /**
     * A future of the current loop that ends as the Mono does; null if that is empty.
     *
     * <ol>
     *   <li>Start: the Mono is subscribed once, from the ready queue, whether or not anybody awaits the future.
     *   <li>Threads: subscribed on the loop's own thread.
     *   <li>Cancel: cancelling the future cancels the subscription, and a closing loop cancels the future. A Mono cancelled by somebody else is a failed future, not a cancelled one.
     *   <li>Empty is null; more than one value as with {@link #await(Mono)}.
     *   <li>Undelivered: a value or an error that comes after the future was cancelled; as with {@link #await(Mono)}. A failure that nobody observes is reported by the loop.
     *   <li>Demand: unbounded.
     *   <li>Context: the caller's captured context and Reactor {@link #context()}.
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

    // ---- Flux, and any other Publisher -> coloop

    /**
     * Subscribes to a publisher and waits for its end; returns its only item, or null if it was empty. Only in a task.
     *
     * <ol>
     *   <li>Start: it is subscribed once, now, after the task has given up the loop.
     *   <li>Threads: subscribed on the loop's own thread, not on the task's stack. Signals are welcome from any thread.
     *   <li>Cancel: cancelling the task cancels the subscription before the task goes on. A publisher cancelled by somebody else fails this with its
     *       {@link java.util.concurrent.CancellationException}.
     *   <li>Empty is null. More than one item is an {@link IllegalStateException}, and the publisher is cancelled.
     *   <li>Undelivered: see {@link Reactor}. The discard hook is the one that the publisher ends with ({@code doOnDiscard} as its last operator). An item whose publisher then
     *       fails is undelivered.
     *   <li>Demand: two items, so that a second one is noticed.
     *   <li>Context: the subscription runs in the task's captured context, and has its Reactor {@link #context()}; of a publisher that is neither Mono nor Flux, too.
     * </ol>
     *
     * @throws io.coloop.LoopMisuseException outside a task
     * @throws TaskCancelledException if the task is cancelled meanwhile
     * @throws java.util.concurrent.CompletionException if the publisher fails with a checked exception, which is its cause; others are thrown as they are
     */
    public static <T> @Nullable T await(Publisher<? extends T> publisher) {
        return only(publisher, null, CancelPolicy.OWN);
    }

    /** Like {@link #await(Publisher)}; the policy says what becomes of the publisher if the task is cancelled. */
    public static <T> @Nullable T await(Publisher<? extends T> publisher, CancelPolicy policy) {
        return only(publisher, null, Objects.requireNonNull(policy, "policy"));
    }

    /** Like {@link #await(Publisher)}; an item that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> @Nullable T await(Publisher<? extends T> publisher, Consumer<? super T> onUndelivered) {
        return only(publisher, Objects.requireNonNull(onUndelivered, "onUndelivered"), CancelPolicy.OWN);
    }

    /**
     * Like {@link #await(Publisher)}, for a publisher that has an item.
     *
     * @throws NoSuchElementException if it was empty
     */
    public static <T> T awaitRequired(Publisher<? extends T> publisher) {
        return required(only(publisher, null, CancelPolicy.OWN), "Publisher");
    }

    /** Like {@link #awaitRequired(Publisher)}; an item that comes too late goes to {@code onUndelivered}. */
    public static <T> T awaitRequired(Publisher<? extends T> publisher, Consumer<? super T> onUndelivered) {
        return required(
                only(publisher, Objects.requireNonNull(onUndelivered, "onUndelivered"), CancelPolicy.OWN), "Publisher");
    }

    /** Like {@link #awaitRequired(Publisher)}; the policy says what becomes of the publisher if the task is cancelled. */
    public static <T> T awaitRequired(Publisher<? extends T> publisher, CancelPolicy policy) {
        return required(await(publisher, policy), "Publisher");
    }

    /** Like {@link #await(Publisher)}; no item is an empty optional. */
    public static <T> Optional<T> awaitOptional(Publisher<? extends T> publisher) {
        return Optional.ofNullable(only(publisher, null, CancelPolicy.OWN));
    }

    /** Like {@link #awaitOptional(Publisher)}; an item that comes too late goes to {@code onUndelivered}. */
    public static <T> Optional<T> awaitOptional(Publisher<? extends T> publisher, Consumer<? super T> onUndelivered) {
        return Optional.ofNullable(
                only(publisher, Objects.requireNonNull(onUndelivered, "onUndelivered"), CancelPolicy.OWN));
    }

    /** Like {@link #awaitOptional(Publisher)}; the policy says what becomes of the publisher if the task is cancelled. */
    public static <T> Optional<T> awaitOptional(Publisher<? extends T> publisher, CancelPolicy policy) {
        return Optional.ofNullable(await(publisher, policy));
    }

    private static <T> @Nullable T only(
            Publisher<? extends T> publisher, @Nullable Consumer<? super T> onUndelivered, CancelPolicy policy) {
        StreamSource<T> source = source("await", publisher, onUndelivered);
        return Pick.<T>only(source, source).await(policy);
    }

    /** Like {@link #await(Publisher)}, but returns at the first item, and cancels the publisher then; one item is asked for. */
    public static <T> @Nullable T awaitFirst(Publisher<? extends T> publisher) {
        return first(publisher, null, CancelPolicy.OWN);
    }

    /** Like {@link #awaitFirst(Publisher)}; an item that comes too late goes to {@code onUndelivered}. */
    public static <T> @Nullable T awaitFirst(Publisher<? extends T> publisher, Consumer<? super T> onUndelivered) {
        return first(publisher, Objects.requireNonNull(onUndelivered, "onUndelivered"), CancelPolicy.OWN);
    }

    /** Like {@link #awaitFirst(Publisher)}; the policy says what becomes of the publisher if the task is cancelled. */
    public static <T> @Nullable T awaitFirst(Publisher<? extends T> publisher, CancelPolicy policy) {
        return first(publisher, null, Objects.requireNonNull(policy, "policy"));
    }

    private static <T> @Nullable T first(
            Publisher<? extends T> publisher, @Nullable Consumer<? super T> onUndelivered, CancelPolicy policy) {
        StreamSource<T> source = source("awaitFirst", publisher, onUndelivered);
        return Pick.<T>first(source, source).await(policy);
    }

    /**
     * Like {@link #await(Publisher)}, but returns the last item. 256 are asked for at a time; those before it go where undelivered ones do, as with {@code Flux.last()}, but are not
     * reported.
     */
    public static <T> @Nullable T awaitLast(Publisher<? extends T> publisher) {
        return last(publisher, null, CancelPolicy.OWN);
    }

    /** Like {@link #awaitLast(Publisher)}; the items before the last, and one that comes too late, go to {@code onUndelivered}. */
    public static <T> @Nullable T awaitLast(Publisher<? extends T> publisher, Consumer<? super T> onUndelivered) {
        return last(publisher, Objects.requireNonNull(onUndelivered, "onUndelivered"), CancelPolicy.OWN);
    }

    /** Like {@link #awaitLast(Publisher)}; the policy says what becomes of the publisher if the task is cancelled. */
    public static <T> @Nullable T awaitLast(Publisher<? extends T> publisher, CancelPolicy policy) {
        return last(publisher, null, Objects.requireNonNull(policy, "policy"));
    }

    private static <T> @Nullable T last(
            Publisher<? extends T> publisher, @Nullable Consumer<? super T> onUndelivered, CancelPolicy policy) {
        StreamSource<T> source = source("awaitLast", publisher, onUndelivered);
        return Pick.<T>last(source, source).await(policy);
    }

    /**
     * A future of the current loop with the publisher's only item; null if it is empty. As {@link #await(Publisher)} otherwise, but subscribed from the ready queue, in the caller's captured context and
     * Reactor {@link #context()}, whether or not anybody awaits the future. Cancelling the future cancels the subscription.
     *
     * @throws io.coloop.LoopMisuseException if the calling thread has no loop
     */
    public static <T> Future<@Nullable T> future(Publisher<? extends T> publisher) {
        return onlyLater(publisher, null);
    }

    /** Like {@link #future(Publisher)}; an item that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Future<@Nullable T> future(Publisher<? extends T> publisher, Consumer<? super T> onUndelivered) {
        return onlyLater(publisher, Objects.requireNonNull(onUndelivered, "onUndelivered"));
    }

    private static <T> Future<@Nullable T> onlyLater(
            Publisher<? extends T> publisher, @Nullable Consumer<? super T> onUndelivered) {
        StreamSource<T> source = source("future", publisher, onUndelivered);
        return Loop.current().subscribe(Pick.<T>only(source, source));
    }

    /** An iteration over a publisher, with {@link Iteration#DEFAULT_PREFETCH}; see {@link #iterate(Publisher, int)}. */
    public static <T> Iteration<T> iterate(Publisher<? extends T> publisher) {
        return iteration(publisher, Iteration.DEFAULT_PREFETCH, null);
    }

    /**
     * An iteration over a publisher, for a plain {@code for} in a task; close it, best with {@code try}. On a loop only.
     *
     * <ol>
     *   <li>Start: the publisher is subscribed once, at the first {@code hasNext()}, after the task has given up the loop.
     *   <li>Threads: subscribed, asked for more and cancelled on the loop's own thread. Signals are welcome from any thread.
     *   <li>Cancel: closing the iteration cancels the subscription, from the ready queue. Cancelling the task ends its {@code hasNext()}, and the iteration stays open until it is closed. A publisher
     *       cancelled by somebody else fails the iteration.
     *   <li>Empty is an iteration without items.
     *   <li>Undelivered: items that are here, or still on their way, when it is closed; see {@link Reactor}. The discard hook is the one that the publisher ends with.
     *   <li>Demand: {@code prefetch} items at first, and more as soon as three quarters of them were taken. A publisher that gives more than that fails the iteration.
     *   <li>Context: that of the task that iterates first, and its Reactor {@link #context()}.
     * </ol>
     *
     * @param prefetch how many items are asked for at first: one or more
     * @throws io.coloop.LoopMisuseException if the calling thread has no loop
     */
    public static <T> Iteration<T> iterate(Publisher<? extends T> publisher, int prefetch) {
        return iteration(publisher, prefetch, null);
    }

    /** Like {@link #iterate(Publisher, int)}; items that are left when it is closed go to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Iteration<T> iterate(
            Publisher<? extends T> publisher, int prefetch, Consumer<? super T> onUndelivered) {
        return iteration(publisher, prefetch, Objects.requireNonNull(onUndelivered, "onUndelivered"));
    }

    private static <T> Iteration<T> iteration(
            Publisher<? extends T> publisher, int prefetch, @Nullable Consumer<? super T> onUndelivered) {
        StreamSource<T> source = source("iterate", publisher, onUndelivered);
        return Iteration.of(source, prefetch, source);
    }

    private static <T> StreamSource<T> source(
            String call, Publisher<? extends T> publisher, @Nullable Consumer<? super T> onUndelivered) {
        Objects.requireNonNull(publisher, "publisher");
        Loop loop = Loop.currentOrNull();
        if (loop == null) {
            throw LoopMisuseException.of(
                    "a publisher is subscribed on a loop",
                    call + "(Publisher)",
                    null,
                    "start the code with Loop.run(...), or on a loop that runs with loop.spawn(...)");
        }
        return new StreamSource<>(loop, publisher, onUndelivered);
    }

    // ---- coloop -> Mono

    /**
     * A Mono that runs a body as a task on the loop, once for each subscriber.
     *
     * <ol>
     *   <li>Cold: the task starts at the subscription, from any thread, without waiting for demand.
     *   <li>Threads: the body and all signals run on the loop; signals on its own thread, right after the task's stack has gone.
     *   <li>Cancel: cancelling the subscription cancels the task, which runs its cleanup and signals nothing more. A task cancelled by somebody else, or by the loop's
     *       end, is {@code onError} with a plain {@link java.util.concurrent.CancellationException}. A closed loop is {@code onError} with
     *       {@link io.coloop.LoopClosedException}.
     *   <li>A null result is an empty Mono.
     *   <li>Undelivered: what the task gives after the cancel; see {@link Reactor}. The hooks are those of the subscriber's context.
     *   <li>Demand: the value waits until it is asked for.
     *   <li>Context: the subscriber's Reactor Context is the task's; what the loop captures is that of the thread that subscribes, as with {@link Loop#spawn(Body)}.
     * </ol>
     */
    public static <T> Mono<T> mono(Loop loop, Body<? extends @Nullable T, ?> body) {
        return BodyMono.of(Objects.requireNonNull(loop, "loop"), Objects.requireNonNull(body, "body"), null);
    }

    /** Like {@link #mono(Loop, Body)}; a value that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Mono<T> mono(Loop loop, Body<? extends @Nullable T, ?> body, Consumer<? super T> onUndelivered) {
        return BodyMono.of(
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
        return BodyMono.of(Objects.requireNonNull(loop, "loop"), empty, null);
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
     *   <li>Undelivered: a value is still in the future and goes nowhere else. An error after the cancel is reported by the loop, unless somebody else
     *       looks at it.
     *   <li>Demand: the value waits until it is asked for.
     *   <li>Context: nothing runs upstream.
     * </ol>
     */
    public static <T> Mono<T> mono(Future<? extends @Nullable T> future) {
        return FutureMono.of(Objects.requireNonNull(future, "future"), false, null);
    }

    /** Like {@link #mono(Future)}, but the future is the subscribers': the first that cancels cancels it, and a value that came too late for one is undelivered. */
    public static <T> Mono<T> monoOwning(Future<? extends @Nullable T> future) {
        return FutureMono.of(Objects.requireNonNull(future, "future"), true, null);
    }

    /** Like {@link #monoOwning(Future)}; a value that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Mono<T> monoOwning(Future<? extends @Nullable T> future, Consumer<? super T> onUndelivered) {
        return FutureMono.of(
                Objects.requireNonNull(future, "future"), true, Objects.requireNonNull(onUndelivered, "onUndelivered"));
    }

    // ---- coloop -> Flux

    /**
     * A Flux of what a body emits, which runs as a task on the loop, once for each subscriber.
     *
     * <ol>
     *   <li>Cold: the task starts at the subscription, from any thread, without waiting for demand.
     *   <li>Threads: the body and all signals run on the loop; signals on its own thread, never on a task's stack.
     *   <li>Cancel: cancelling the subscription cancels the task, which runs its cleanup and signals nothing more. A task cancelled by somebody else, or by the loop's
     *       end, is {@code onError} with a plain {@link java.util.concurrent.CancellationException}. A closed loop is {@code onError} with
     *       {@link io.coloop.LoopClosedException}.
     *   <li>A body that emits nothing is an empty Flux; a null item is a {@link NullPointerException} in the body.
     *   <li>Undelivered: an item that was being emitted at the cancel, and what the body fails with after it; see {@link Reactor}. The hooks are those of the subscriber's context.
     *   <li>Demand: {@link io.coloop.stream.Emitter#emit emit} awaits it. Nothing is buffered.
     *   <li>Context: the subscriber's Reactor Context is the task's; what the loop captures is that of the thread that subscribes. Signals are made in the context of the task that emits.
     * </ol>
     */
    public static <T> Flux<T> flux(Loop loop, EmittingBody<T, ?> body) {
        return BodyFlux.of(Objects.requireNonNull(loop, "loop"), Objects.requireNonNull(body, "body"), null);
    }

    /** Like {@link #flux(Loop, EmittingBody)}; an item that could not be signalled goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Flux<T> flux(Loop loop, EmittingBody<T, ?> body, Consumer<? super T> onUndelivered) {
        return BodyFlux.of(
                Objects.requireNonNull(loop, "loop"),
                Objects.requireNonNull(body, "body"),
                Objects.requireNonNull(onUndelivered, "onUndelivered"));
    }

    /** A Flux of the items of an iterable, whose iterator is made for each subscriber and may await; each is taken once it is asked for; as {@link #flux(Loop, EmittingBody)} otherwise. The iterable is not closed. */
    public static <T> Flux<T> flux(Loop loop, Iterable<? extends T> items) {
        return flux(loop, Streams.<T>emitting(items));
    }

    /** Like {@link #flux(Loop, Iterable)}; an item that could not be signalled goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Flux<T> flux(Loop loop, Iterable<? extends T> items, Consumer<? super T> onUndelivered) {
        return flux(loop, Streams.<T>emitting(items), onUndelivered);
    }

    /**
     * A Flux of the items of a queue, each taken out when a subscriber asks for it: subscribers share them. It completes when the queue is shut down and empty; as
     * {@link #flux(Loop, EmittingBody)} otherwise. {@link Queue#taskDone} is not called.
     */
    public static <T> Flux<T> flux(Loop loop, Queue<? extends T> queue) {
        return flux(loop, Streams.<T>emitting(queue));
    }

    /** Like {@link #flux(Loop, Queue)}; an item that was taken out and could not be signalled goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Flux<T> flux(Loop loop, Queue<? extends T> queue, Consumer<? super T> onUndelivered) {
        return flux(loop, Streams.<T>emitting(queue), onUndelivered);
    }

    // ---- the Reactor Context

    /** The Reactor Context of the calling task or callback, which whatever it subscribes to sees; empty if nobody gave it one. Any thread. */
    public static ContextView context() {
        return ReactorContext.current();
    }

    /**
     * Runs a body with these entries added to the Reactor {@link #context()}, as {@code contextWrite} adds them. In a task the body may await. Thread locals that are registered with micrometer's
     * context-propagation have the values of that Context meanwhile. Returns the body's result or throws its own failure.
     *
     * @throws io.coloop.LoopMisuseException on a host's thread outside tasks and callbacks
     */
    public static <T extends @Nullable Object, X extends Throwable> T withContext(ContextView entries, Body<T, X> body)
            throws X {
        Objects.requireNonNull(entries, "entries");
        return ReactorContext.run(ReactorContext.current().putAll(entries), Objects.requireNonNull(body, "body"));
    }

    /** Runs a body without a result; see {@link #withContext(ContextView, Body)}. */
    public static <X extends Throwable> void withContext(ContextView entries, VoidBody<X> body) throws X {
        withContext(entries, ReactorContext.asBody(body));
    }

    /** Runs a body with a Reactor {@link #context()} that a function makes of the present one; see {@link #withContext(ContextView, Body)}. */
    public static <T extends @Nullable Object, X extends Throwable> T withContext(
            Function<Context, Context> change, Body<T, X> body) throws X {
        Context changed = Objects.requireNonNull(change, "change").apply(ReactorContext.current());
        return ReactorContext.run(
                Objects.requireNonNull(changed, "what the function made"), Objects.requireNonNull(body, "body"));
    }

    /** Runs a body without a result; see {@link #withContext(Function, Body)}. */
    public static <X extends Throwable> void withContext(Function<Context, Context> change, VoidBody<X> body) throws X {
        withContext(change, ReactorContext.asBody(body));
    }

    // ---- the loop as a scheduler, and the other way round

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

    /**
     * The loop of a Reactor scheduler's one thread: attached at the first call, found again by later ones. See {@link Loop#on}; {@link #loopOn(Scheduler, LoopBuilder)} gives it settings. The scheduler
     * of a loop gives back that loop.
     *
     * <p>The scheduler must have one thread ({@code Schedulers.newSingle}, {@code Schedulers.single}, {@code fromExecutorService} of one) and take delays. Close the loop before the scheduler is disposed.
     *
     * @throws io.coloop.LoopMisuseException if the scheduler takes no work or no delays, or runs it on the calling thread. That it has several threads is noticed when it uses a second one: then the loop is
     *     {@linkplain io.coloop.Report.Kind#HOST_LOST lost}
     */
    public static Loop loopOn(Scheduler scheduler) {
        return loopOn(scheduler, Loop.builder());
    }

    /** Like {@link #loopOn(Scheduler)}, with settings, which count only at the first call for a scheduler. */
    public static Loop loopOn(Scheduler scheduler, LoopBuilder settings) {
        Objects.requireNonNull(scheduler, "scheduler");
        Objects.requireNonNull(settings, "settings");
        return scheduler instanceof LoopScheduler ours ? ours.loop() : settings.on(new SchedulerHost(scheduler));
    }
}
