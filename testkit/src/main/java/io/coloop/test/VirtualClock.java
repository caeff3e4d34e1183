package io.coloop.test;

import io.coloop.Clock;
import io.coloop.Loop;
import io.coloop.LoopClosedException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The time of one test loop: it stands still while anything is ready, and jumps to the next timer when nothing is and neither a
 * {@code blocking} job nor a declared {@linkplain #foreign foreign operation} is in flight. Thread-safe.
 */
public final class VirtualClock implements Clock {
    private final AtomicLong now = new AtomicLong();
    private final Set<ForeignOperation> foreign = ConcurrentHashMap.newKeySet();
    private volatile boolean stopped;
    private volatile boolean alone; // a test's body runs on the loop: what else is at work is declared

    /** A clock that shows zero. */
    public VirtualClock() {}

    @Override
    public long nanoTime() {
        return now.get();
    }

    /** How much time has passed. */
    public Duration elapsed() {
        return Duration.ofNanos(now.get());
    }

    /** Moves the time by hand; timers that become due fire at the loop's next turn. */
    public void advanceBy(Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException("time does not go back: " + duration);
        }
        now.addAndGet(duration.toNanos());
    }

    @Override
    public boolean advance(long nanos) {
        if (nanos == Long.MAX_VALUE || stopped || !foreign.isEmpty()) {
            return false;
        }
        now.addAndGet(nanos);
        return true;
    }

    @Override
    public boolean nothingElseRuns() {
        return alone && !stopped && foreign.isEmpty();
    }

    void alone(boolean alone) {
        this.alone = alone;
    }

    /**
     * Declares that something outside the loop is at work for it, so that time must not jump until it is closed. Close it after what it
     * completed; any thread.
     */
    public ForeignOperation foreign(Loop loop) {
        ForeignOperation operation = new ForeignOperation(this, loop);
        foreign.add(operation);
        return operation;
    }

    /** Those that were declared and not closed. */
    List<ForeignOperation> foreignOperations() {
        return List.copyOf(foreign);
    }

    /** Lets time stand still or jump: a test's leftovers must not run off while they are counted. */
    void stop(boolean stop) {
        stopped = stop;
    }

    @Override
    public String toString() {
        return "VirtualClock[" + elapsed() + ", " + foreign.size() + " foreign operations]";
    }

    /** Work outside the loop that a test waits for. */
    public static final class ForeignOperation implements AutoCloseable {
        private final VirtualClock clock;
        private final Loop loop;
        private final String place = Place.of(new Throwable(), VirtualClock.class, ForeignOperation.class);
        private final AtomicBoolean closed = new AtomicBoolean();

        private ForeignOperation(VirtualClock clock, Loop loop) {
            this.clock = clock;
            this.loop = loop;
        }

        /** The work is done: time may jump again. Idempotent. */
        @Override
        public void close() {
            if (!closed.compareAndSet(false, true)) {
                return;
            }
            try {
                loop.execute(() -> clock.foreign.remove(this)); // behind what was completed, or time would jump past it
            } catch (LoopClosedException nothingJumps) {
                clock.foreign.remove(this);
            }
        }

        @Override
        public String toString() {
            return "declared at " + place;
        }
    }
}
