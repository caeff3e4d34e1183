package io.coloop.internal.fiber;

/** A fiber was to suspend on a stack that cannot unmount. */
public final class PinnedStackException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    PinnedStackException() {
        super(null, null, false, false);
    }
}
