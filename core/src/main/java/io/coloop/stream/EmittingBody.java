package io.coloop.stream;

/**
 * What produces a stream: in await style, as a task. Its end is the stream's, and so is its failure.
 *
 * @param <T> the items
 * @param <X> what it throws
 */
@FunctionalInterface
public interface EmittingBody<T, X extends Throwable> {
    /** Emits the items. */
    void run(Emitter<T> emitter) throws X;
}
