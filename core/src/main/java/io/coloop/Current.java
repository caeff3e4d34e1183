package io.coloop;

import org.jspecify.annotations.Nullable;

/** What the calling thread is: a task's, a loop's, or any other with a context of its own. */
final class Current {
    private static final ThreadLocal<@Nullable Object> OTHER = new ThreadLocal<>(); // a Loop or a Context

    private Current() {}

    /**
     * The task whose thread this is. It is kept as the thread's handler of uncaught exceptions, which a task's thread has no other use for: a ThreadLocal would cost each task
     * a map of 136 B, and each look at it more than twice the time.
     */
    static @Nullable Task<?> task() {
        Thread thread = Thread.currentThread();
        return thread.getUncaughtExceptionHandler() instanceof Task<?>.Step step ? step.taskOn(thread) : null;
    }

    /** The task, or the loop, or the context; null if it has none. A loop may have lost this thread since. */
    static @Nullable Object get() {
        Task<?> task = task();
        return task != null ? task : OTHER.get();
    }

    /** Makes a thread that is no task's a loop's, or gives it a context; null takes that away. */
    static void set(@Nullable Object loopOrContext) {
        if (loopOrContext == null) {
            OTHER.remove();
        } else {
            OTHER.set(loopOrContext);
        }
    }
}
