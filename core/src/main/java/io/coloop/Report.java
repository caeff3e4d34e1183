package io.coloop;

import org.jspecify.annotations.Nullable;

/**
 * Something that would have been lost in silence, given once to the loop's {@link ExceptionHandler}.
 *
 * @param kind what happened
 * @param loop the loop it happened on
 * @param message what happened, in a sentence
 * @param failure the failure, if there is one
 * @param task the task concerned, if there is one
 * @param value the value concerned, if there is one
 */
public record Report(
        Kind kind,
        Loop loop,
        String message,
        @Nullable Throwable failure,
        @Nullable Task<?> task,
        @Nullable Object value) {
    /** What happened. */
    public enum Kind {
        /** A callback, or an action given to the loop, threw. */
        CALLBACK_FAILED,
        /** A future failed and nothing can observe it any more. */
        UNOBSERVED_FAILURE,
        /** A value arrived after its consumer was gone. */
        LATE_VALUE,
        /** An error arrived after its consumer was gone. */
        LATE_FAILURE,
        /** A task was cancelled and ended otherwise. */
        SWALLOWED_CANCELLATION,
        /** A task was still alive when its loop closed: it did not end within the time limit after being cancelled. */
        LEFT_AT_CLOSE,
        /** One item held the loop for longer than {@link LoopBuilder#slowItem} allows; reported while it does. */
        SLOW_ITEM,
        /** A host shut down, or broke its contract, under its loop. */
        HOST_LOST,
        /** A loop ended because of an error of the virtual machine. */
        LOOP_FAILED
    }
}
