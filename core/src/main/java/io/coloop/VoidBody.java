package io.coloop;

/**
 * What a task does, without a result. It may await.
 *
 * @param <X> the checked failure, inferred
 */
@FunctionalInterface
public interface VoidBody<X extends Throwable> {
    /** Does it. */
    void run() throws X;
}
