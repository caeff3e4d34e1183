package io.coloop;

import org.jspecify.annotations.Nullable;

/**
 * Anything a task can await: a type of one's own joins in by implementing this one method.
 *
 * @param <T> the result
 */
@FunctionalInterface
public interface Awaitable<T extends @Nullable Object> {
    /**
     * Starts what is awaited and arranges that the promise is settled, now or later, on any thread.
     *
     * <p>Called on the loop's own thread, right after the awaiting task gave it up, in that task's captured context; never on
     * the task's stack. What this throws fails the promise. If the awaiting task is cancelled, the promise's future is:
     * {@link Promise#onCancel} is where the source learns of it, {@link Promise#onUndelivered} where a value goes that came too
     * late.
     */
    void subscribe(Promise<T> promise);
}
