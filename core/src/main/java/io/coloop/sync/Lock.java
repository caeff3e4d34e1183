package io.coloop.sync;

import io.coloop.Await;
import io.coloop.Promise;
import io.coloop.Task;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Held by one task at a time; the others get it in the order in which they asked, and nobody overtakes them.
 *
 * <pre>{@code
 * try (var hold = lock.acquire()) {
 *     ... // may await
 * }
 * }</pre>
 *
 * <p>It is needed only around code that awaits: between two awaits a task has the loop to itself. Behaves as asyncio's {@code Lock}, but it has an
 * owner, as trio's does: only the task that holds it may release it, and what can never succeed fails at once. To let another task release, use a
 * {@link Semaphore} of one permit. Belongs to the first loop that uses it; every call is checked.
 */
public final class Lock {
    private final Home home = new Home();
    private final WaitQueue waiters = new WaitQueue(home, new Line(this, this::holders));
    private @Nullable Holding holding;

    private Lock() {}

    /** A lock that nobody holds. Any thread. */
    public static Lock create() {
        return new Lock();
    }

    /**
     * Waits until no other task holds the lock or is in line before this one, and takes it; at once, without giving up the loop, if that is so already. Task
     * only.
     *
     * @return what releases it, as {@link #release()} does too
     * @throws io.coloop.TaskCancelledException if the task is cancelled while it waits; it does not hold the lock then
     * @throws io.coloop.LoopMisuseException if this would wait for ever: the task holds the lock already, or one that has ended does
     */
    public Hold acquire() {
        return acquire("Lock.acquire()");
    }

    Hold acquire(String call) {
        Task<?> task = home.task(call);
        Holding current = holding;
        if (current != null) {
            checkCanBeReleased(current.owner, task, call);
        }
        Holding mine = new Holding(this, task);
        take(mine);
        return mine;
    }

    /**
     * Releases the lock and wakes the first in line. Only by the task that holds it.
     *
     * @throws io.coloop.LoopMisuseException if the calling task does not hold it
     */
    public void release() {
        holdingOf("Lock.release()");
        free();
    }

    /** Whether a task holds it. Loop only. */
    public boolean isLocked() {
        return owner("Lock.isLocked()") != null;
    }

    /** The task that holds it, or null. Loop only. */
    public @Nullable Task<?> owner() {
        return owner("Lock.owner()");
    }

    @Override
    public String toString() {
        return "Lock[" + state() + ", " + waiters.waiting() + " waiting]";
    }

    // ---- for conditions on this lock

    Home home() {
        return home;
    }

    String state() {
        Holding current = holding;
        return current == null ? "unlocked" : "locked by " + current.owner.name();
    }

    private List<Task<?>> holders() {
        Holding current = holding;
        return current == null ? List.of() : List.of(current.owner);
    }

    @Nullable
    Task<?> owner(String call) {
        home.check(call);
        return holding == null ? null : holding.owner;
    }

    /** The calling task's holding of this lock. */
    Holding holdingOf(String call) {
        Task<?> task = home.task("only a task holds a lock", call);
        Holding current = holding;
        if (current == null || current.owner != task) {
            throw home.misuse(
                    "this is for the task that holds the lock, and "
                            + (current == null ? "none does" : current.owner.name() + " does"),
                    call,
                    "acquire it in the same task; use a Semaphore of one permit if another task is to release it");
        }
        return current;
    }

    /** Waits for the lock and makes this its holding. */
    void take(Holding mine) {
        if (holding != null || waiters.isContended()) {
            Promise<Boolean> turn = waiters.enter(mine.owner);
            try {
                Await.await(turn.future());
            } catch (Throwable thrown) {
                waiters.leave(turn);
                if (holding == null) {
                    waiters.signalFirst();
                }
                throw thrown;
            }
            waiters.leave(turn);
        }
        holding = mine;
    }

    void free() {
        holding = null;
        waiters.signalFirst();
    }

    private void checkCanBeReleased(Task<?> owner, Task<?> task, String call) {
        if (owner == task) {
            throw home.misuse(
                    "a lock is not reentrant, and this task holds it",
                    call,
                    "acquire it once, and pass the work a lock that is held");
        }
        if (owner.isDone()) {
            throw home.misuse(
                    owner.name() + " ended while it held the lock, so nobody can release it",
                    call,
                    "release it in the same task, with try (var hold = lock.acquire())");
        }
    }

    /** The lock is held as long as it has one of these. */
    static final class Holding implements Hold {
        private final Lock lock;
        private final Task<?> owner;

        private Holding(Lock lock, Task<?> owner) {
            this.lock = lock;
            this.owner = owner;
        }

        @Override
        public void close() {
            lock.home.check("Hold.close() of a Lock");
            if (lock.holding == this) {
                lock.holdingOf("Hold.close() of a Lock");
                lock.free();
            }
        }

        Task<?> owner() {
            return owner;
        }

        boolean isCurrent() {
            return lock.holding == this;
        }
    }
}
