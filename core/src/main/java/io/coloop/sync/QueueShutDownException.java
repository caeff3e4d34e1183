package io.coloop.sync;

/** Thrown by a {@link Queue} or {@link SharedQueue} that was shut down: to who puts, and to who gets once it is empty. An item to be put is still the caller's. */
public final class QueueShutDownException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    QueueShutDownException() {
        super("the queue was shut down");
    }
}
