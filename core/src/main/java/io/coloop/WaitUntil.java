package io.coloop;

/** What {@link Await#waitFor} waits for. */
public enum WaitUntil {
    /** One future is done, however it ended; asyncio's {@code FIRST_COMPLETED}. */
    FIRST_DONE,
    /** One future has failed, or all are done; asyncio's {@code FIRST_EXCEPTION}. A cancelled future has not failed. */
    FIRST_FAILURE,
    /** All futures are done; asyncio's {@code ALL_COMPLETED}. */
    ALL_DONE;

    boolean isMetBy(Future<?> done, int pending) {
        return pending == 0 || this == FIRST_DONE || (this == FIRST_FAILURE && done.isFailed());
    }
}
