package io.coloop.stream;

import io.coloop.Await;
import io.coloop.Awaitable;
import io.coloop.CloseHook;
import io.coloop.Ending;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Promise;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.VoidBody;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * One iteration over a stream, with a plain {@code for} in a task: {@code hasNext()} awaits the next item.
 *
 * <pre>{@code
 * try (var rows = iterate(table, 32)) {
 *     for (Row row : rows) {
 *         store(row);
 *     }
 * }
 * }</pre>
 *
 * <ol>
 *   <li>Start: the source is subscribed once, at the first {@code hasNext()}, after the task has given up the loop.
 *   <li>Threads: the source is subscribed, asked for more and cancelled on the loop's own thread, never on a task's stack. Its signals are welcome from any thread.
 *   <li>Cancel: {@link #close} cancels the source, from the ready queue, unless it has ended, and waits in a task until the source has heard of it and the bodies and flows that end by it have ended. A cancelled task gets its {@link TaskCancelledException} from {@code hasNext()}, and the
 *       iteration stays open until it is closed. A source that somebody else cancelled is a failure.
 *   <li>Empty is an iteration without items; a null item breaks the rules of streams and fails the iteration.
 *   <li>Undelivered: items that are here, or still on their way, when it is closed, and a failure that comes then; see {@link Undelivered}. An item for which there is no
 *       receiver and no hook, and nothing to close, is not reported: the consumer did not want it.
 *   <li>Demand: {@code prefetch} items are asked for at first, and more as soon as three quarters of them were taken. A source that gives more than that fails the iteration.
 *   <li>Context: the source is subscribed in the context of the task that iterates first.
 * </ol>
 *
 * <p>A failure of the source is thrown by {@code hasNext()} once the items before it were taken: the same instance if it is unchecked, else as the cause of a
 * {@link java.util.concurrent.CompletionException}. After 256 items that were ready the task gives up the loop for a turn.
 *
 * <p>There is one iteration: a second {@code for} goes on where the first stopped, and is misuse once it is over. It closes itself at the source's end, and is closed with its loop at the latest. Belongs to the loop of the
 * task that begins it; one task at a time waits.
 *
 * @param <T> the items
 */
public final class Iteration<T> implements Iterable<T>, AutoCloseable {
    /** How many items are asked for where nobody says. */
    public static final int DEFAULT_PREFETCH = 32;

    private final Loop loop;
    private final Flow.Publisher<? extends T> source;
    private final Inflow<T> inflow;
    private final Iterator<T> iterator = new Items();
    private @Nullable CloseHook closeHook; // null until it is subscribed
    private boolean closed;
    private @Nullable Ending ending; // what whoever closes it waits for

    private Iteration(Loop loop, Flow.Publisher<? extends T> source, Inflow<T> inflow) {
        this.loop = loop;
        this.source = source;
        this.inflow = inflow;
    }

    /**
     * An iteration of the current loop, for bridges: the source is given this iteration's own subscriber, on the loop's own thread.
     *
     * @param prefetch one or more; {@code null} items, signals from several threads at once and more items than were asked for break the rules
     */
    public static <T> Iteration<T> of(
            Flow.Publisher<? extends T> source, int prefetch, Undelivered<? super T> undelivered) {
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(undelivered, "undelivered");
        if (prefetch < 1 || prefetch > 1 << 30) {
            throw new IllegalArgumentException("prefetch is from 1 to 2^30: " + prefetch);
        }
        Loop loop = Loop.current();
        return new Iteration<>(loop, source, new Inflow<>(loop, prefetch, undelivered));
    }

    /**
     * The one iteration.
     *
     * @throws LoopMisuseException if it is over: closed, or at its end
     */
    @Override
    public Iterator<T> iterator() {
        if (closed) {
            throw LoopMisuseException.of(
                    "a stream is iterated over once, and this iteration is over",
                    "Iteration.iterator()",
                    loop,
                    "call iterate(...) again for another subscription");
        }
        return iterator;
    }

    /**
     * Ends the iteration; a {@code hasNext()} that waits says false. In a task it returns when the source has heard of it and what coloop runs for it has ended, no matter who closed it first; see {@link Ending#await}. Idempotent. Loop only.
     *
     * @throws TaskCancelledException if that takes more than five seconds and the task is being cancelled
     */
    @Override
    public void close() {
        checkOnLoop("Iteration.close()");
        closeNow();
        if (ending != null && Task.currentOrNull() != null) {
            ending.await();
        }
    }

    private void closeNow() {
        if (closed) {
            return;
        }
        end();
        if (closeHook != null) {
            ending = inflow.close();
        }
    }

    private void end() {
        closed = true;
        if (closeHook != null) {
            closeHook.remove();
        }
    }

    private void checkOnLoop(String call) {
        if (!loop.isOnLoop()) {
            throw LoopMisuseException.of(
                    "an iteration belongs to the loop on which it was made", call, loop, "make one on each loop");
        }
    }

    private void checkTask(String call) {
        checkOnLoop(call);
        if (Task.currentOrNull() == null) {
            throw LoopMisuseException.of(
                    "only a task may await",
                    call,
                    loop,
                    "start a task with Task.spawn(...); in an operator, return the other stream with flatMap(...)");
        }
    }

    @Override
    public String toString() {
        return "Iteration[" + (closed ? "closed" : closeHook == null ? "not begun" : "open") + "]";
    }

    /** What a call of hasNext() awaits: the first one subscribes the source. */
    private final class More implements Awaitable<@Nullable Void> {
        private @Nullable Promise<@Nullable Void> promise; // null until it is subscribed

        @Override
        public void subscribe(Promise<@Nullable Void> promise) {
            this.promise = promise;
            if (closed) {
                promise.complete(null);
                return;
            }
            inflow.whenReady(promise);
            if (closeHook == null) {
                closeHook = loop.onClose(new AtLoopsEnd());
                inflow.subscribeTo(source);
            }
        }

        @Override
        public String toString() {
            return "the next item of " + source;
        }
    }

    /** What the loop closes if nobody does; a leak is reported by its name. */
    private final class AtLoopsEnd implements VoidBody<RuntimeException> {
        @Override
        public void run() {
            closeNow(); // other hooks wait for this one
        }

        @Override
        public String toString() {
            return "the iteration over " + source;
        }
    }

    private final class Items implements Iterator<T> {
        private boolean counted; // the next item is, to the task's budget

        /** Waits for the next item; false at the end. */
        @Override
        public boolean hasNext() {
            checkTask("Iteration.hasNext()");
            if (!closed && inflow.hasItem() && !counted) {
                Await.consumeBudget();
            }
            while (!closed && !inflow.hasItem()) {
                if (inflow.isEnded()) {
                    finish();
                } else {
                    awaitMore();
                }
            }
            counted = !closed;
            return counted;
        }

        private void finish() {
            Throwable failure = inflow.failure();
            end();
            inflow.finish();
            if (failure != null) {
                Await.await(Future.failed(failure));
            }
        }

        private void awaitMore() {
            if (inflow.isAwaited()) {
                throw LoopMisuseException.of(
                        "one task at a time waits for an iteration's next item",
                        "Iteration.hasNext()",
                        loop,
                        "let one task iterate and hand the items to the others through a Queue");
            }
            More more = new More();
            try {
                Await.await(more);
            } catch (Throwable thrown) {
                if (more.promise != null) {
                    inflow.stopWaiting(more.promise);
                }
                throw thrown;
            }
        }

        @Override
        public T next() {
            checkTask("Iteration.next()");
            if (!hasNext()) {
                throw new NoSuchElementException("the stream has ended, or the iteration was closed");
            }
            counted = false;
            return inflow.take();
        }
    }
}
