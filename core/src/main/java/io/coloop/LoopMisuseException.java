package io.coloop;

/** A call broke a rule of the loop: the caller's mistake. The message names the rule, the call, the thread, the loop and the remedy. */
public final class LoopMisuseException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    LoopMisuseException(String message) {
        super(message);
    }
}
