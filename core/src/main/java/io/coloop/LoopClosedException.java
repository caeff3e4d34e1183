package io.coloop;

import java.util.concurrent.RejectedExecutionException;

/** Work was given to a loop that is closed. The work was not done and is still the caller's. */
public final class LoopClosedException extends RejectedExecutionException {
    private static final long serialVersionUID = 1L;

    LoopClosedException(String message) {
        super(message);
    }
}
