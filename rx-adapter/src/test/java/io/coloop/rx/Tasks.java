package io.coloop.rx;

import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Task;
import io.coloop.TaskCancelledException;

/** What tests do with tasks. */
final class Tasks {
    private Tasks() {}

    /** Ends a task that was cancelled or failed, and gives what it threw. */
    static Throwable endOf(Task<?> task) {
        while (!task.isDone()) {
            yieldNow();
        }
        return task.exceptionNow();
    }

    /** Cancels a task, which ends cancelled. */
    static void cancel(Task<?> task) {
        task.cancel();
        assertThat(endOf(task)).isInstanceOf(TaskCancelledException.class);
    }

    /** Lets everything run that is ready, and what that makes ready. */
    static void settle() {
        for (int turn = 0; turn < 8; turn++) {
            yieldNow();
        }
    }
}
