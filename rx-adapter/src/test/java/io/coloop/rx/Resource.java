package io.coloop.rx;

/** A value that must not be lost: it counts how often it was closed. */
final class Resource implements AutoCloseable {
    volatile int closed;

    @Override
    public void close() {
        closed++;
    }
}
