package io.coloop;

import java.util.concurrent.CancellationException;
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
}
