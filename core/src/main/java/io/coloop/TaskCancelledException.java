package io.coloop;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Thrown by an await when the awaiting task, or the future it awaits, was cancelled. A body that lets it pass ends cancelled;
 * one that catches it to clean up rethrows it.
 */
public final class TaskCancelledException extends CancellationException {
    private static final long serialVersionUID = 1L;

    /**
     * A cancellation.
     *
     * @param reason why, or null
     */
    public TaskCancelledException(@Nullable String reason) {
        super(reason);
    }

    /**
     * A failure as it crosses a border between libraries, for bridges: that something was cancelled by somebody else is a failure for the one who waits for it, so it must not look
     * like that one's own cancellation, not even inside a {@link CompletionException}.
     *
     * @return the failure itself, or a plain {@link CancellationException} with it as its cause
     */
    public static Throwable crossing(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (!(cause instanceof TaskCancelledException)) {
            return failure;
        }
        CancellationException plain = new CancellationException(cause.getMessage());
        plain.initCause(failure);
        return plain;
    }
}
