package io.coloop;

import java.util.Set;

/**
 * What {@link Await#waitFor} found when it stopped waiting. Both sets are unmodifiable and in the order in which the futures were given.
 *
 * @param done the futures that were done
 * @param pending those that were not
 * @param <F> the futures' type
 */
public record WaitResult<F extends Future<?>>(Set<F> done, Set<F> pending) {}
