package io.coloop.sync;

/** What an {@code acquire()} gave, until it is closed; for try-with-resources. */
public sealed interface Hold extends AutoCloseable permits Lock.Holding, Semaphore.Permit {
    /** Gives it back. Does nothing if that was done before: nobody else's hold is released. Loop only. */
    @Override
    void close();
}
