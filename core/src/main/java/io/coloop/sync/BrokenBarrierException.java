package io.coloop.sync;

/** Thrown to the parties of a {@link Barrier} that was reset or aborted while they waited, or aborted before they came. */
public final class BrokenBarrierException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BrokenBarrierException(String message) {
        super(message);
    }
}
