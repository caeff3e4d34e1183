package io.coloop;

import io.coloop.internal.jdk.HeldLock;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the watchdog finds out about a loop that one item holds for long: the stacks of all its tasks, and the lock that the item waits for. */
final class StuckLoop {
    private static final int MAX_STACKS = 100;
    private static final int MAX_TASKS = 10_000;

    private final Loop loop;
    private final List<Task<?>> parked = new ArrayList<>();
    private final @Nullable HeldLock lock;
    private final @Nullable Task<?> owner;

    /**
     * Looks at the loop. Its tasks are read while they may change: some may be missed, if the loop goes on.
     *
     * @param holder the thread that holds it
     * @param tasksOfAllLoops how many a dump of all threads would have to show
     */
    StuckLoop(Loop loop, Thread holder, int tasksOfAllLoops) {
        this.loop = loop;
        for (Task<?> task = loop.alive().newest(); task != null && parked.size() < MAX_TASKS; task = task.following) {
            if (task.threadOrNull() != holder) {
                parked.add(task);
            }
        }
        this.lock = HeldLock.blocking(holder, tasksOfAllLoops <= MAX_TASKS);
        this.owner = lock == null ? null : taskOf(lock.ownerId());
        if (owner != null) {
            parked.remove(owner);
            parked.addFirst(owner);
        }
    }

    private @Nullable Task<?> taskOf(long threadId) {
        for (Task<?> task : parked) {
            Thread thread = task.threadOrNull();
            if (thread != null && thread.threadId() == threadId) {
                return task;
            }
        }
        return null;
    }

    /** Why it is stuck, as far as that is known; to follow a clause. */
    String reason() {
        if (lock == null) {
            return "";
        }
        if (lock.ownerId() == 0) {
            return ": it waits for " + lock.lock()
                    + "; if that is a lock, look for a task that holds it while it awaits";
        }
        if (owner == null) {
            return ": it waits for " + lock.lock() + ", which " + nameOf(lock.ownerId()) + " holds";
        }
        return ": it waits for " + lock.lock() + ", which " + owner.name()
                + " holds while it awaits; a lock must not be held across an await";
    }

    /** Virtual threads have no registry; of those, tasks are known. */
    private static String nameOf(long threadId) {
        ThreadInfo owner = ManagementFactory.getThreadMXBean().getThreadInfo(threadId);
        return owner == null ? "thread #" + threadId : "thread " + owner.getThreadName();
    }

    /** The stack that holds the loop, and as suppressed ones those of its parked tasks. */
    ThreadStack stacks(StackTraceElement[] holding) {
        ThreadStack all = ThreadStack.of(holding, "the loop is held here");
        for (Task<?> task : parked.subList(0, Math.min(parked.size(), MAX_STACKS))) {
            Thread thread = task.threadOrNull();
            if (thread != null) {
                all.addSuppressed(ThreadStack.of(thread, task.name() + " is parked here"));
            }
        }
        return all;
    }

    /** How many tasks are parked, and how many of them {@link #stacks} leaves out. */
    String counts() {
        int count = loop.alive().count() - (loop.running() == null ? 0 : 1);
        return "parked tasks: " + count + (count > MAX_STACKS ? ", the stacks of " + MAX_STACKS + " follow" : "");
    }
}
