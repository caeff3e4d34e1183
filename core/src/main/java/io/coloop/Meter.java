package io.coloop;

import java.time.Duration;

/** Measures a loop: the clock is read when it begins and ends to wait, never per item. Written by the loop, read by any thread. */
final class Meter {
    private final long made = System.nanoTime();
    private final long[] delays = LoopStatistics.Delays.newCounts();
    private long turns;
    private long idleNanos;
    private long idleSince = made;
    private boolean idle = true;

    void turnBegins() {
        turns++;
    }

    void waitBegins() {
        idleSince = System.nanoTime();
        idle = true;
    }

    void waitEnds() {
        idle = false;
        idleNanos += System.nanoTime() - idleSince;
    }

    void timerFires(long lateNanos) {
        delays[LoopStatistics.Delays.bucketOf(lateNanos)]++;
    }

    long turns() {
        return turns;
    }

    LoopStatistics read(long items, int ready, int tasks, int timers) {
        long now = System.nanoTime();
        long idleNow = Math.min(idleNanos + (idle ? now - idleSince : 0), now - made);
        return new LoopStatistics(
                turns,
                items,
                ready,
                tasks,
                timers,
                Duration.ofNanos(now - made - idleNow),
                Duration.ofNanos(idleNow),
                new LoopStatistics.Delays(delays.clone()));
    }
}
