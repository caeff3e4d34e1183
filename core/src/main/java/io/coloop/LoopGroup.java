package io.coloop;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Loops that share work, each with a thread of its own: one per core uses the machine. A task stays on its loop. What belongs to a loop belongs to one of these; tasks of different ones talk through a
 * {@link io.coloop.sync.SharedQueue}, or by awaiting one another's futures.
 *
 * <p>A loop that ends alone, because of an error of the virtual machine, is not replaced: the others go on. Thread-safe.
 */
public final class LoopGroup implements AutoCloseable {
    private final String name;
    private final Duration shutdownTimeout;
    private final List<Loop> loops;
    private final AtomicInteger turn = new AtomicInteger();

    private LoopGroup(String name, Duration shutdownTimeout, List<Loop> loops) {
        this.name = name;
        this.shutdownTimeout = shutdownTimeout;
        this.loops = List.copyOf(loops);
    }

    /** Starts one loop for each available processor; see {@link #start(String, int)}. */
    public static LoopGroup start(String name) {
        return start(name, Runtime.getRuntime().availableProcessors());
    }

    /**
     * Starts so many loops, called {@code name-0} and so on. They keep the JVM alive until the group is closed. For other settings: {@link LoopBuilder#startGroup}.
     *
     * @throws IllegalArgumentException if it is less than one
     */
    public static LoopGroup start(String name, int size) {
        return Loop.builder().name(name).startGroup(size);
    }

    static LoopGroup start(LoopBuilder settings, int size) {
        if (size < 1) {
            throw new IllegalArgumentException("a group has at least one loop, not " + size);
        }
        String name = settings.name;
        List<Loop> started = new ArrayList<>(size);
        try {
            for (int i = 0; i < size; i++) {
                started.add(settings.name(name + "-" + i).start());
            }
        } catch (Throwable refused) { // no more threads, for example
            started.forEach(Loop::shutdown);
            throw refused;
        }
        return new LoopGroup(name, settings.shutdownTimeout, started);
    }

    /** All its loops, those included that are closed. Any thread. */
    public List<Loop> loops() {
        return loops;
    }

    /**
     * The next loop in turn. One that is closed, or closing, is passed over. Any thread.
     *
     * @throws LoopClosedException if none is left
     */
    public Loop next() {
        int first = turn.getAndIncrement();
        for (int i = 0; i < loops.size(); i++) {
            Loop loop = loops.get(Math.floorMod(first + i, loops.size()));
            if (loop.closing().isRunning()) {
                return loop;
            }
        }
        throw Misuse.closed("LoopGroup.next()", loops.getFirst());
    }

    /**
     * Starts a task on the {@linkplain #next() next} loop, where it stays. Any thread.
     *
     * @throws LoopClosedException if none is left
     */
    public <T extends @Nullable Object> Task<T> spawn(Body<? extends T, ?> body) {
        return onNext(loop -> loop.spawn(body));
    }

    /** Starts a task without a result; see {@link #spawn(Body)}. */
    public Task<@Nullable Void> spawn(VoidBody<?> body) {
        return onNext(loop -> loop.spawn(body));
    }

    /** Starts a task with a name, which its thread has too; see {@link #spawn(Body)}. */
    public <T extends @Nullable Object> Task<T> spawn(String name, Body<? extends T, ?> body) {
        return onNext(loop -> loop.spawn(name, body));
    }

    /** Starts a task without a result and with a name, which its thread has too; see {@link #spawn(Body)}. */
    public Task<@Nullable Void> spawn(String name, VoidBody<?> body) {
        return onNext(loop -> loop.spawn(name, body));
    }

    private <T extends @Nullable Object> Task<T> onNext(Function<Loop, Task<T>> spawning) {
        while (true) {
            Loop loop = next();
            try {
                return spawning.apply(loop);
            } catch (LoopClosedException meanwhile) {
                // it is passed over from now on
            }
        }
    }

    /**
     * Closes all its loops at a time, as {@link Loop#close} does, and waits for them: one time limit for all. Idempotent.
     *
     * @throws LoopMisuseException on one of its loops, which would wait for itself: {@link #shutdown} does not wait
     */
    @Override
    public void close() {
        checkNotOnLoop("LoopGroup.close()", "call shutdown(), which does not wait");
        shutdown();
        long begin = System.nanoTime();
        for (Loop loop : loops) {
            long waited = System.nanoTime() - begin;
            loop.closing().awaitEndOrGiveUp(Math.max(0, Loop.nanos(shutdownTimeout) - waited));
        }
    }

    /** Starts what {@link #close()} does and does not wait. Any thread. */
    public void shutdown() {
        loops.forEach(Loop::shutdown);
    }

    /** Whether all its loops are closed. Any thread. */
    public boolean isClosed() {
        return loops.stream().allMatch(Loop::isClosed);
    }

    /**
     * Waits until all its loops have ended; false if the time is over first.
     *
     * @throws LoopMisuseException on one of its loops
     */
    public boolean awaitTermination(Duration timeout) throws InterruptedException {
        long limit = Loop.nanos(Objects.requireNonNull(timeout, "timeout"));
        checkNotOnLoop("LoopGroup.awaitTermination(...)", "wait for its end on another thread");
        long begin = System.nanoTime();
        for (Loop loop : loops) {
            if (!loop.awaitTermination(Duration.ofNanos(limit - (System.nanoTime() - begin)))) {
                return false;
            }
        }
        return true;
    }

    private void checkNotOnLoop(String call, String remedy) {
        for (Loop loop : loops) {
            if (loop.isOnLoop()) {
                throw Misuse.blocksLoop(call, loop, remedy);
            }
        }
    }

    @Override
    public String toString() {
        return "LoopGroup[" + name + ", "
                + loops.stream().filter(loop -> !loop.isClosed()).count() + " of " + loops.size() + " loops open]";
    }
}
