package io.coloop.stream;

import io.coloop.CancelPolicy;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.sync.Queue;
import io.coloop.sync.QueueShutDownException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * {@link Flow} and coloop, in both directions. For static import.
 *
 * <p>What is the same for all: code runs on the loop and never hops. A value that can no longer be delivered goes to the caller's {@code onUndelivered} if there is one, else it is closed
 * if it is an {@link AutoCloseable}, else it is reported as {@link io.coloop.Report.Kind#LATE_VALUE}; from the ready queue. An error that can no longer be delivered is reported as
 * {@link io.coloop.Report.Kind#LATE_FAILURE}.
 */
public final class Streams {
    private Streams() {}

    // ---- Flow.Publisher -> coloop

    /**
     * Subscribes to a publisher and waits for its end; returns its only item, or null if it was empty. Only in a task.
     *
     * <ol>
     *   <li>Start: it is subscribed once, now, after the task has given up the loop.
     *   <li>Threads: subscribed on the loop's own thread, not on the task's stack. Signals are welcome from any thread.
     *   <li>Cancel: cancelling the task cancels the subscription before the task goes on. A publisher that somebody else cancelled fails this.
     *   <li>Empty is null. More than one item is an {@link IllegalStateException}.
     *   <li>Undelivered: see {@link Streams}. An item whose publisher then fails is undelivered.
     *   <li>Demand: two items, so that a second one is noticed.
     *   <li>Context: the subscription runs in the task's captured context.
     * </ol>
     *
     * @throws io.coloop.LoopMisuseException outside a task
     * @throws io.coloop.TaskCancelledException if the task is cancelled meanwhile
     * @throws java.util.concurrent.CompletionException if the publisher fails with a checked exception, which is its cause; others are thrown as they are
     */
    public static <T> @Nullable T await(Flow.Publisher<? extends T> publisher) {
        return only(publisher, null).await();
    }

    /** Like {@link #await(Flow.Publisher)}; an item that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> @Nullable T await(Flow.Publisher<? extends T> publisher, Consumer<? super T> onUndelivered) {
        return only(publisher, Objects.requireNonNull(onUndelivered, "onUndelivered"))
                .await();
    }

    /** Like {@link #await(Flow.Publisher)}; the policy says what becomes of the publisher if the task is cancelled. */
    public static <T> @Nullable T await(Flow.Publisher<? extends T> publisher, CancelPolicy policy) {
        return only(publisher, null).await(policy);
    }

    /**
     * Like {@link #await(Flow.Publisher)}, for a publisher that has an item.
     *
     * @throws NoSuchElementException if it was empty
     */
    public static <T> T awaitRequired(Flow.Publisher<? extends T> publisher) {
        return required(only(publisher, null).await());
    }

    /** Like {@link #awaitRequired(Flow.Publisher)}; an item that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> T awaitRequired(Flow.Publisher<? extends T> publisher, Consumer<? super T> onUndelivered) {
        return required(only(publisher, Objects.requireNonNull(onUndelivered, "onUndelivered"))
                .await());
    }

    /** Like {@link #awaitRequired(Flow.Publisher)}; the policy says what becomes of the publisher if the task is cancelled. */
    public static <T> T awaitRequired(Flow.Publisher<? extends T> publisher, CancelPolicy policy) {
        return required(only(publisher, null).await(policy));
    }

    /** Like {@link #await(Flow.Publisher)}; no item is an empty optional. */
    public static <T> Optional<T> awaitOptional(Flow.Publisher<? extends T> publisher) {
        return Optional.ofNullable(only(publisher, null).await());
    }

    /** Like {@link #awaitOptional(Flow.Publisher)}; an item that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Optional<T> awaitOptional(
            Flow.Publisher<? extends T> publisher, Consumer<? super T> onUndelivered) {
        return Optional.ofNullable(only(publisher, Objects.requireNonNull(onUndelivered, "onUndelivered"))
                .await());
    }

    /** Like {@link #awaitOptional(Flow.Publisher)}; the policy says what becomes of the publisher if the task is cancelled. */
    public static <T> Optional<T> awaitOptional(Flow.Publisher<? extends T> publisher, CancelPolicy policy) {
        return Optional.ofNullable(only(publisher, null).await(policy));
    }

    /** Like {@link #await(Flow.Publisher)}, but returns at the first item, and cancels the publisher then; one item is asked for. */
    public static <T> @Nullable T awaitFirst(Flow.Publisher<? extends T> publisher) {
        return Streams.<T>first(publisher, null).await();
    }

    /** Like {@link #awaitFirst(Flow.Publisher)}; an item that comes too late goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> @Nullable T awaitFirst(Flow.Publisher<? extends T> publisher, Consumer<? super T> onUndelivered) {
        return first(publisher, Objects.requireNonNull(onUndelivered, "onUndelivered"))
                .await();
    }

    /** Like {@link #awaitFirst(Flow.Publisher)}; the policy says what becomes of the publisher if the task is cancelled. */
    public static <T> @Nullable T awaitFirst(Flow.Publisher<? extends T> publisher, CancelPolicy policy) {
        return Streams.<T>first(publisher, null).await(policy);
    }

    /** Like {@link #await(Flow.Publisher)}, but returns the last item; 256 are asked for at a time, and those before it are dropped, or closed if they are {@link AutoCloseable}. */
    public static <T> @Nullable T awaitLast(Flow.Publisher<? extends T> publisher) {
        return Streams.<T>last(publisher, null).await();
    }

    /** Like {@link #awaitLast(Flow.Publisher)}; the items before the last, and one that comes too late, go to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> @Nullable T awaitLast(Flow.Publisher<? extends T> publisher, Consumer<? super T> onUndelivered) {
        return last(publisher, Objects.requireNonNull(onUndelivered, "onUndelivered"))
                .await();
    }

    /** Like {@link #awaitLast(Flow.Publisher)}; the policy says what becomes of the publisher if the task is cancelled. */
    public static <T> @Nullable T awaitLast(Flow.Publisher<? extends T> publisher, CancelPolicy policy) {
        return Streams.<T>last(publisher, null).await(policy);
    }

    private static <T> Pick<T> only(
            Flow.Publisher<? extends T> publisher, @Nullable Consumer<? super T> onUndelivered) {
        return Pick.only(checked(publisher), undelivered(Loop.current(), onUndelivered));
    }

    private static <T> Pick<T> first(
            Flow.Publisher<? extends T> publisher, @Nullable Consumer<? super T> onUndelivered) {
        return Pick.first(checked(publisher), undelivered(Loop.current(), onUndelivered));
    }

    private static <T> Pick<T> last(
            Flow.Publisher<? extends T> publisher, @Nullable Consumer<? super T> onUndelivered) {
        return Pick.last(checked(publisher), undelivered(Loop.current(), onUndelivered));
    }

    private static <T> T required(@Nullable T item) {
        if (item == null) {
            throw new NoSuchElementException("the publisher completed without an item");
        }
        return item;
    }

    /** A future of the current loop with the publisher's only item, or null; subscribed from the ready queue. Cancelling the future cancels the subscription. */
    public static <T> Future<@Nullable T> future(Flow.Publisher<? extends T> publisher) {
        Loop loop = Loop.current();
        return loop.subscribe(Pick.<T>only(checked(publisher), undelivered(loop, null)));
    }

    /** An iteration over a publisher, with {@link Iteration#DEFAULT_PREFETCH}; see {@link Iteration}. Loop only. */
    public static <T> Iteration<T> iterate(Flow.Publisher<? extends T> publisher) {
        return iterate(publisher, Iteration.DEFAULT_PREFETCH);
    }

    /**
     * An iteration over a publisher; see {@link Iteration}. Loop only.
     *
     * @param prefetch how many items are asked for at first: one or more
     */
    public static <T> Iteration<T> iterate(Flow.Publisher<? extends T> publisher, int prefetch) {
        return Iteration.of(checked(publisher), prefetch, undelivered(Loop.current(), null));
    }

    /** Like {@link #iterate(Flow.Publisher, int)}; items that are left when it is closed go to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Iteration<T> iterate(
            Flow.Publisher<? extends T> publisher, int prefetch, Consumer<? super T> onUndelivered) {
        Objects.requireNonNull(onUndelivered, "onUndelivered");
        return Iteration.of(checked(publisher), prefetch, undelivered(Loop.current(), onUndelivered));
    }

    // ---- coloop -> Flow.Publisher

    /**
     * A publisher that runs a body as a task on the loop, once for each subscriber.
     *
     * <ol>
     *   <li>Cold: the task starts at the subscription, from any thread, without waiting for demand.
     *   <li>Threads: the body and all signals run on the loop; signals on its own thread, never on a task's stack.
     *   <li>Cancel: cancelling the subscription cancels the task, which runs its cleanup and signals nothing more. A task cancelled by somebody else, or by the loop's end, is
     *       {@code onError} with a plain {@link java.util.concurrent.CancellationException}. A closed loop is {@code onError} with {@link io.coloop.LoopClosedException}.
     *   <li>A null item is a {@link NullPointerException} in the body. A body that emits nothing is an empty stream.
     *   <li>Undelivered: an item that was being emitted at the cancel, and what the body fails with after it; see {@link Streams}.
     *   <li>Demand: {@link Emitter#emit} awaits it. Nothing is buffered.
     *   <li>Context: that of the thread that subscribes, as with {@link Loop#spawn}. Signals are made in the context of the task that emits.
     * </ol>
     */
    public static <T> Flow.Publisher<T> publisher(Loop loop, EmittingBody<T, ?> body) {
        return emitting(loop, body, null);
    }

    /** Like {@link #publisher(Loop, EmittingBody)}; an item that could not be signalled goes to {@code onUndelivered}, which runs on the loop and must not await. */
    public static <T> Flow.Publisher<T> publisher(
            Loop loop, EmittingBody<T, ?> body, Consumer<? super T> onUndelivered) {
        return emitting(loop, body, Objects.requireNonNull(onUndelivered, "onUndelivered"));
    }

    private static <T> Flow.Publisher<T> emitting(
            Loop loop, EmittingBody<T, ?> body, @Nullable Consumer<? super T> onUndelivered) {
        Objects.requireNonNull(loop, "loop");
        Objects.requireNonNull(body, "body");
        return subscriber -> emit(loop, body, subscriber, undelivered(loop, onUndelivered));
    }

    /** A publisher of the items of an iterable, whose iterator is made for each subscriber and may await. It is not closed. */
    public static <T> Flow.Publisher<T> publisher(Loop loop, Iterable<? extends T> items) {
        return publisher(loop, emitting(items));
    }

    /**
     * A publisher of the items of a queue, each taken out when a subscriber asks for it: subscribers share them. It completes when a subscriber asks and the queue is shut down and
     * empty. {@link Queue#taskDone} is not called.
     */
    public static <T> Flow.Publisher<T> publisher(Loop loop, Queue<? extends T> queue) {
        return publisher(loop, emitting(queue));
    }

    // ---- for bridges

    /** A body that emits the items of an iterable. */
    public static <T> EmittingBody<T, RuntimeException> emitting(Iterable<? extends T> items) {
        Objects.requireNonNull(items, "items");
        return emitter -> {
            for (Iterator<? extends T> next = items.iterator(); next.hasNext(); ) {
                emitter.awaitDemand(); // first: what is taken out of a stream cannot be put back
                emitter.emit(next.next());
            }
        };
    }

    /** A body that emits the items of a queue until that is shut down and empty. */
    public static <T> EmittingBody<T, RuntimeException> emitting(Queue<? extends T> queue) {
        Objects.requireNonNull(queue, "queue");
        return emitter -> {
            while (true) {
                emitter.awaitDemand();
                T item;
                try {
                    item = queue.get();
                } catch (QueueShutDownException end) {
                    return;
                }
                emitter.emit(item);
            }
        };
    }

    /**
     * Runs a body for one subscriber, as the publishers of {@link #publisher(Loop, EmittingBody)} do. Any thread.
     *
     * @throws NullPointerException without a subscriber
     */
    public static <T> void emit(
            Loop loop,
            EmittingBody<T, ?> body,
            Flow.Subscriber<? super T> subscriber,
            Undelivered<? super T> undelivered) {
        Emission.start(loop, body, subscriber, undelivered);
    }

    private static <T> Flow.Publisher<T> checked(Flow.Publisher<T> publisher) {
        return Objects.requireNonNull(publisher, "publisher");
    }

    private static <T> Undelivered<T> undelivered(Loop loop, @Nullable Consumer<? super T> onUndelivered) {
        return new Undelivered<>(loop, "a publisher", onUndelivered);
    }
}
