package io.coloop.reactor;

import static io.coloop.Await.yieldNow;

import io.coloop.Task;

/** Lets what is ready run. */
final class Settling {
    private Settling() {}

    static void settle() {
        for (int turn = 0; turn < 8; turn++) {
            yieldNow();
        }
    }

    /** Ends a task that was cancelled or failed, and gives what it threw. */
    static Throwable endOf(Task<?> task) {
        while (!task.isDone()) {
            yieldNow();
        }
        return task.exceptionNow();
    }
}
