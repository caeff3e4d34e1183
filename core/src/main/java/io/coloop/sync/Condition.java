package io.coloop.sync;

import io.coloop.TaskCancelledException;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/**
 * Lets tasks that hold a lock wait until another one changed what the lock guards.
 *
 * <pre>{@code
 * try (var hold = condition.acquire()) {
 *     condition.awaitUntil(() -> !free.isEmpty());
 *     ...
 * }
 * }</pre>
 *
 * <p>Behaves as asyncio's {@code Condition}, with {@code await}, {@code signal} and {@code signalAll} for its {@code wait}, {@code notify} and
 * {@code notify_all}. A wait may end without a signal, so the state is to be checked again. Several conditions may share a lock. Belongs to the loop of
 * its lock; every call is checked.
 */
public final class Condition {
    private final Lock lock;
    private final WaitQueue waiters;

    private Condition(Lock lock) {
        this.lock = lock;
        this.waiters = new WaitQueue(lock.home(), Line.at(this));
    }

    /** A condition with a lock of its own. Any thread. */
    public static Condition create() {
        return new Condition(Lock.create());
    }

    /** A condition of what this lock guards. Any thread. */
    public static Condition of(Lock lock) {
        return new Condition(Objects.requireNonNull(lock, "lock"));
    }

    /** Its lock. Any thread. */
    public Lock lock() {
        return lock;
    }

    /** Acquires the lock; see {@link Lock#acquire()}. */
    public Hold acquire() {
        return lock.acquire("Condition.acquire()");
    }

    /** Releases the lock; see {@link Lock#release()}. */
    public void release() {
        lock.holdingOf("Condition.release()");
        lock.free();
    }

    /** Whether a task holds the lock. Loop only. */
    public boolean isLocked() {
        return lock.owner("Condition.isLocked()") != null;
    }

    /**
     * Releases the lock, waits for a signal, and acquires the lock again, also when it throws. Only by the task that holds the lock; what its
     * {@link #acquire()} gave stays valid.
     *
     * @throws TaskCancelledException if the task is cancelled; another waiter is woken in its stead, as the signal may have been meant for it
     * @throws io.coloop.LoopMisuseException if the calling task does not hold the lock
     */
    public void await() {
        Lock.Holding mine = lock.holdingOf("Condition.await()");
        try {
            lock.free();
            try {
                waiters.park(mine.owner());
            } finally {
                takeBack(mine);
            }
        } catch (Throwable thrown) {
            waiters.signalNext();
            throw thrown;
        }
    }

    /** Waits as {@link #await()} does until the condition holds; at once if it does already, even without the lock. */
    public void awaitUntil(BooleanSupplier condition) {
        Objects.requireNonNull(condition, "condition");
        while (!condition.getAsBoolean()) {
            await();
        }
    }

    /** A cancellation does not end the wait for the lock; the latest one is thrown once it is held. */
    private void takeBack(Lock.Holding mine) {
        TaskCancelledException latest = null;
        while (!mine.isCurrent()) {
            try {
                lock.take(mine);
            } catch (TaskCancelledException cancelled) {
                latest = cancelled;
            }
        }
        if (latest != null) {
            throw latest;
        }
    }

    /** Wakes the task that waits longest, if there is one; it goes on once it gets the lock. Only by the task that holds the lock. */
    public void signal() {
        lock.holdingOf("Condition.signal()");
        waiters.signalNext();
    }

    /** Wakes at most {@code count} tasks, those that wait longest. Only by the task that holds the lock. */
    public void signal(int count) {
        lock.holdingOf("Condition.signal(int)");
        waiters.signalNext(count);
    }

    /** Wakes all that wait. Only by the task that holds the lock. */
    public void signalAll() {
        lock.holdingOf("Condition.signalAll()");
        waiters.signalEach();
    }

    @Override
    public String toString() {
        return "Condition[" + lock.state() + ", " + waiters.waiting() + " waiting]";
    }
}
