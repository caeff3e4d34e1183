package io.coloop;

/** A callback that runs once a future is done, registered with {@link Future#onDone}. Thread-safe. */
public sealed interface DoneHook permits DoneCallback {
    /** Takes the callback back: it does not begin any more. From another thread than the future's loop, it may be running. Idempotent. */
    void remove();
}
