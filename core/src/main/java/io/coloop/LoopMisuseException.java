package io.coloop;

import org.jspecify.annotations.Nullable;

/** A call broke a rule of the loop: the caller's mistake. The message names the rule, the call, the thread, the loop and the remedy. */
public final class LoopMisuseException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    LoopMisuseException(String message) {
        super(message);
    }

    /**
     * The error for a call that broke a rule, for types that are confined to a loop as the loop's own are. Names the calling thread and its task by
     * itself.
     *
     * @param rule what holds, in half a sentence
     * @param call the call that broke it, as the caller wrote it
     * @param loop the loop concerned, or null if there is none
     * @param remedy what to call instead
     */
    public static LoopMisuseException of(String rule, String call, @Nullable Loop loop, String remedy) {
        return Misuse.of(rule, call, loop, remedy);
    }
}
