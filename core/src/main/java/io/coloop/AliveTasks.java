package io.coloop;

import org.jspecify.annotations.Nullable;

/** The tasks of one loop that have begun and not ended, linked through the tasks themselves. The loop's. */
final class AliveTasks {
    private @Nullable Task<?> newest;
    private int count;
    private int closingRound; // how many of them the closing loop cancelled

    int count() {
        return count;
    }

    /** The one that began last, or null; {@link Task#following} leads to the older ones. */
    @Nullable
    Task<?> newest() {
        return newest;
    }

    /** The id of the one that began last, 0 if there is none. */
    long newestId() {
        return newest == null ? 0 : newest.id();
    }

    void add(Task<?> task) {
        count++;
        task.following = newest;
        if (newest != null) {
            newest.previous = task;
        }
        newest = task;
    }

    void remove(Task<?> task) {
        if (task.previous == null && newest != task) {
            return; // never began
        }
        count--;
        if (task.following != null) {
            task.following.previous = task.previous;
        }
        if (task.previous != null) {
            task.previous.following = task.following;
        } else {
            newest = task.following;
        }
        task.previous = null;
        task.following = null;
        if (task.inClosingRound) {
            closingRound--;
        }
    }

    /** Cancels all, unless some of those that an earlier call cancelled have not ended: tasks that cleaning up spawns may work for it until then; whether it did. */
    boolean cancelInRounds(String reason) {
        if (closingRound > 0) {
            return false;
        }
        for (Task<?> task = newest; task != null; task = task.following) {
            task.inClosingRound = true;
            closingRound++;
            task.cancel(reason);
        }
        return true;
    }
}
