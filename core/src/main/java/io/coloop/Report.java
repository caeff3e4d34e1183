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
    /** A failure in one line for a message: the report carries the failure itself, too. */
    static String brief(Throwable failure) {
        return String.valueOf(failure).lines().findFirst().orElse("");
    }

    /** What happened. */
    public enum Kind {
        /** A callback, a close hook, or an action given to the loop, threw. */
        CALLBACK_FAILED,
        /** A connection of a server ended by an {@link java.io.IOException}, in its handshake or from its handler: as when the peer leaves, or speaks something else. */
        CONNECTION_FAILED,
        /** A future failed and nothing can observe it any more. */
        UNOBSERVED_FAILURE,
        /** A value arrived after its consumer was gone. */
        LATE_VALUE,
        /** An error arrived after its consumer was gone. */
        LATE_FAILURE,
        /** A task was cancelled and returned all the same. One that fails is not reported so: its failure is seen or is {@link #UNOBSERVED_FAILURE}. */
        SWALLOWED_CANCELLATION,
        /** A task was cancelled and goes on for longer than {@link LoopBuilder#slowCancellation} allows; how it ends later is not reported. */
        SLOW_CANCELLATION,
        /** A task, a close hook or a blocking job had not ended when its loop closed, or a channel was open. */
        LEFT_AT_CLOSE,
        /** One item held the loop for longer than {@link LoopBuilder#slowItem} allows; reported while it does. */
        SLOW_ITEM,
        /** That item still holds it, for ten times as long. The failure is its stack; suppressed ones are those of the loop's parked tasks. */
        STUCK_LOOP,
        /**
         * An owned loop has tasks that wait, no timer, and nothing has happened for {@link LoopBuilder#silence}: they may wait for one another, or for what nobody will complete. The
         * message says who awaits whom.
         */
        SILENCE,
        /** The operating system has no descriptor, or no memory, for what comes in; it is tried again. Reported once until it works again. */
        OUT_OF_RESOURCES,
        /** A host broke its contract, or was shut down while its loop had something left to do. */
        HOST_LOST,
        /** A loop ended because of an error of the virtual machine. */
        LOOP_FAILED
    }
}
