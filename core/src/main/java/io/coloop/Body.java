package io.coloop;

import org.jspecify.annotations.Nullable;

/**
 * What a task computes. It may await.
 *
 * @param <T> the result
 * @param <X> the checked failure, inferred
 */
@FunctionalInterface
public interface Body<T extends @Nullable Object, X extends Throwable> {
    /** Computes the result. */
    T run() throws X;
}
