package io.coloop;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Some futures in the order in which they finish, each once: asyncio's {@code as_completed}, iterated with {@code async for}. {@code next()} awaits the next one that is done,
 * and gives the future itself:
 *
 * <pre>{@code
 * try (var finished = Future.asCompleted(tasks)) {
 *     for (Task<Page> task : finished) {
 *         show(await(task));
 *     }
 * }
 * }</pre>
 *
 * <p>There is one iteration: a second loop over it goes on where the first stopped, and tasks that iterate at the same time share the futures. A {@code next()} that is
 * cancelled takes none; one on which time is up throws {@link TaskTimeoutException}, after those that finished in time. Closing it, which only an iteration that
 * stops early needs, lets go of the futures; none is ever cancelled.
 *
 * <p>It does not look at failures: one that you do not look at either is reported as unobserved, though not before {@code next()} gave the future out.
 *
 * <p>Confined to its loop.
 *
 * @param <F> the futures' type
 */
public final class AsCompleted<F extends Future<?>> implements Iterable<F>, AutoCloseable {
    private final Loop loop;
    private final @Nullable Duration limit;
    private final Set<Watch> pending = new LinkedHashSet<>();
    private final Deque<F> finished = new ArrayDeque<>();
    private final Deque<Promise<@Nullable Void>> waiting = new ArrayDeque<>(); // calls of next()
    private final Iterator<F> iterator = new Finished();
    private int left; // how many calls of next() have an answer to come
    private @Nullable TimerHandle timer;
    private boolean expired;
    private boolean closed;

    private AsCompleted(Loop loop, @Nullable Duration limit) {
        this.loop = loop;
        this.limit = limit;
    }

    static <F extends Future<?>> AsCompleted<F> of(Iterable<? extends F> futures, @Nullable Duration limit) {
        Set<F> once = new LinkedHashSet<>();
        Objects.requireNonNull(futures, "futures")
                .forEach(future -> once.add(Objects.requireNonNull(future, "future")));
        AsCompleted<F> finished = new AsCompleted<>(Loop.require("Future.asCompleted(...)"), limit);
        finished.start(once);
        return finished;
    }

    private void start(Set<F> futures) {
        left = futures.size();
        for (F future : futures) {
            Watch watch = new Watch(future);
            pending.add(watch);
            future.register(watch);
        }
        if (limit != null && left > 0) {
            timer = loop.callLater(limit, this::expire);
        }
    }

    /** The one iteration. */
    @Override
    public Iterator<F> iterator() {
        return iterator;
    }

    /** Ends the iteration: lets go of the futures that are not done; a {@code next()} that waits throws {@link NoSuchElementException}. Idempotent. */
    @Override
    public void close() {
        loop.checkOnLoop("AsCompleted.close()");
        closed = true;
        letGo();
        finished.forEach(Future::turnedAway);
        finished.clear();
        wakeAll();
    }

    private void expire() {
        expired = true;
        letGo();
        wakeAll();
    }

    private void letGo() {
        if (timer != null) {
            timer.cancel();
        }
        pending.forEach(watch -> watch.future.unregister(watch));
        pending.clear();
    }

    private void wakeAll() {
        while (!waiting.isEmpty()) {
            wakeOne();
        }
    }

    private void wakeOne() {
        Promise<@Nullable Void> call = waiting.poll();
        while (call != null && !call.complete(null)) { // cancelled, and not yet told
            call = waiting.poll();
        }
    }

    private List<F> awaited() {
        List<F> futures = new ArrayList<>(pending.size());
        pending.forEach(watch -> futures.add(watch.future));
        return futures;
    }

    @Override
    public String toString() {
        return "AsCompleted[" + finished.size() + " finished, " + pending.size() + " pending]";
    }

    /** What a call of next() waits for. */
    private final class Wait implements Origin {
        @Override
        public List<F> awaited() {
            return AsCompleted.this.awaited();
        }

        @Override
        public boolean needsAll() {
            return limit == null && pending.size() == 1;
        }

        @Override
        public String toString() {
            return AsCompleted.this.toString();
        }
    }

    private final class Finished implements Iterator<F> {
        /** Whether there is one more to come, without waiting for it. */
        @Override
        public boolean hasNext() {
            loop.checkOnLoop("AsCompleted.hasNext()");
            return left > 0 && !closed;
        }

        @Override
        public F next() {
            Task<?> task = Task.require("AsCompleted.next()");
            loop.checkOnLoop("AsCompleted.next()");
            if (!hasNext()) {
                throw noMore();
            }
            left--;
            try {
                return take(task);
            } catch (TaskCancelledException | LoopMisuseException none) {
                left++;
                throw none;
            }
        }

        private F take(Task<?> task) {
            task.consumeBudget();
            while (finished.isEmpty()) {
                if (closed) {
                    throw noMore();
                }
                if (expired) {
                    throw new TaskTimeoutException("asCompleted timed out after " + limit, null);
                }
                awaitOne(task);
            }
            F next = finished.remove();
            next.turnedAway();
            return next;
        }

        private static NoSuchElementException noMore() {
            return new NoSuchElementException("all futures were given out, or the iteration was closed");
        }

        private void awaitOne(Task<?> task) {
            Promise<@Nullable Void> call = loop.promise(new Wait());
            waiting.add(call);
            try {
                task.await(call.future());
            } catch (Throwable thrown) {
                waiting.remove(call);
                if (!finished.isEmpty()) {
                    wakeOne(); // instead of this one
                }
                throw thrown;
            }
        }
    }

    /** Takes a future over once it is done. */
    private final class Watch extends Listener {
        private final F future;

        Watch(F future) {
            this.future = future;
        }

        @Override
        Loop loop() {
            return loop;
        }

        @Override
        boolean observes() {
            return true;
        }

        @Override
        boolean mayTurnAway() {
            return true;
        }

        @Override
        public void run() {
            if (pending.remove(this)) {
                future.loop().failures().hold(future);
                finished.add(future);
                wakeOne();
                if (pending.isEmpty() && timer != null) {
                    timer.cancel();
                }
            } else {
                future.turnedAway();
            }
        }
    }
}
