package io.coloop.sync;

import io.coloop.Await;
import io.coloop.Origin;
import io.coloop.Promise;
import io.coloop.Task;

/**
 * Tasks that wait, first come, first served, until somebody signals them: what locks, events, semaphores and queues are built on, and for building others.
 * It knows no condition: check yours, then wait, with no await in between; and check it again afterwards, for others may have
 * run between the signal and the task that it woke.
 *
 * <p>Belongs to the first loop that uses it; every call is checked.
 */
public final class WaitQueue {
    /*
     * A waiter stays in the ring until its task runs again, also when it was signalled or cancelled; so the order of arrival is known to the end, and
     * whoever arrives meanwhile can be made to wait behind it. Waiters are signalled in the order of the ring: all before `next` are done.
     *
     * A waiter's value says whether its signal was meant for one task: then it must not get lost with it.
     */
    private final Home home;
    private final Origin origin;
    private final Ring<Promise<Boolean>> waiters = new Ring<>();
    private int next;

    /**
     * @param origin what its waiters are said to wait for
     */
    WaitQueue(Home home, Origin origin) {
        this.home = home;
        this.origin = origin;
    }

    private WaitQueue(Home home) {
        this.home = home;
        this.origin = Line.at(this);
    }

    /** An empty one. Any thread. */
    public static WaitQueue create() {
        return new WaitQueue(new Home());
    }

    /**
     * Waits for a signal. If the task was signalled and is cancelled before it runs, this throws, and the signal goes to the next in line; one of
     * {@link #signalAll} does not, since all had theirs. Task only.
     *
     * @throws io.coloop.TaskCancelledException if the task is cancelled
     */
    public void await() {
        Promise<Boolean> turn = enter(home.task("WaitQueue.await()"));
        try {
            Await.await(turn.future());
        } catch (Throwable thrown) {
            if (leave(turn) && turn.future().resultNow()) {
                signalNext();
            }
            throw thrown;
        }
        leave(turn);
    }

    /** Signals the one that waits longest; false if nobody waits. Loop only. */
    public boolean signal() {
        home.check("WaitQueue.signal()");
        return signalNext();
    }

    /** Signals at most {@code count} of them, those that wait longest; returns how many. Loop only. */
    public int signal(int count) {
        home.check("WaitQueue.signal(int)");
        return signalNext(count);
    }

    /** Signals all that wait now; returns how many. Loop only. */
    public int signalAll() {
        home.check("WaitQueue.signalAll()");
        return signalEach();
    }

    /** How many tasks are in it, those included that were signalled, or cancelled, and have not run yet. Loop only. */
    public int size() {
        home.check("WaitQueue.size()");
        return waiters.size();
    }

    @Override
    public String toString() {
        return "WaitQueue[" + waiters.size() + " waiting]";
    }

    // ---- for the classes of this package, which have checked the caller

    /** Puts a task at the end of the line. What becomes of its signal if it is cancelled is the caller's business. */
    Promise<Boolean> enter(Task<?> task) {
        Promise<Boolean> turn = task.loop().promise(origin);
        waiters.add(turn);
        return turn;
    }

    /** The task of that turn runs again; whether it was signalled. */
    boolean leave(Promise<Boolean> turn) {
        if (waiters.remove(turn) < next) {
            next--;
        }
        return turn.isDone() && !turn.future().isCancelled();
    }

    /** Enters, waits and leaves. */
    void park(Task<?> task) {
        Promise<Boolean> turn = enter(task);
        try {
            Await.await(turn.future());
        } finally {
            leave(turn);
        }
    }

    boolean signalNext() {
        while (next < waiters.size()) {
            if (waiters.get(next++).complete(true)) {
                return true;
            }
        }
        return false;
    }

    int signalNext(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("count is negative: " + count);
        }
        int signalled = 0;
        while (signalled < count && signalNext()) {
            signalled++;
        }
        return signalled;
    }

    int signalEach() {
        int signalled = 0;
        while (next < waiters.size()) {
            if (waiters.get(next++).complete(false)) {
                signalled++;
            }
        }
        return signalled;
    }

    /** Signals the first, unless it is done: then it will run anyway, and do so itself if it does not use its turn. */
    void signalFirst() {
        if (next == 0 && waiters.size() > 0) {
            waiters.get(next++).complete(true);
        }
    }

    /** Whether a task is in line that was not cancelled. */
    boolean isContended() {
        for (int i = 0; i < waiters.size(); i++) {
            if (!waiters.get(i).future().isCancelled()) {
                return true;
            }
        }
        return false;
    }

    int waiting() {
        return waiters.size();
    }
}
