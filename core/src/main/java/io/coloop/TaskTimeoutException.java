package io.coloop;

import org.jspecify.annotations.Nullable;

/** Thrown when a {@link Timeout} expired; the message says what timed out and after how long. The cause is the cancellation that ended the body. */
public final class TaskTimeoutException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TaskTimeoutException(String message, @Nullable TaskCancelledException cause) {
        super(message, cause);
    }
}
