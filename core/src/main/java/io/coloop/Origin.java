package io.coloop;

import java.util.Collection;

/**
 * What a future's result comes from, where something other than a task's body computes it. A {@link Promise} made with an origin lets {@code Loop.dump()}
 * say what its awaiters wait for, and name circles that lead through it.
 *
 * <p>{@code toString()} is what the dump shows.
 */
@FunctionalInterface
public interface Origin {
    /** The futures whose results it waits for now; a lock gives the task that holds it. Called on the loop. */
    Collection<? extends Future<?>> awaited();

    /**
     * Whether the result can certainly not be there before all of them are done: a circle through it is an error at once then. One through a lock is not: a timeout may end it. Called on
     * the loop.
     */
    default boolean needsAll() {
        return false;
    }
}
