package io.coloop.examples.shop;

import java.util.List;

/**
 * What the page shows.
 *
 * @param requests how many have ended
 * @param perSecond how many of them in the last second
 * @param p50 the median latency of the last thousand, in milliseconds
 * @param p99 that which one in a hundred exceeds
 * @param mode how tasks run
 * @param loops the event loops
 */
public record Live(long requests, long perSecond, double p50, double p99, String mode, List<Of> loops) {
    /**
     * One event loop.
     *
     * @param name its name
     * @param tasks how many tasks it has
     * @param items how many steps of tasks and callbacks it has run
     */
    public record Of(String name, int tasks, long items) {}
}
