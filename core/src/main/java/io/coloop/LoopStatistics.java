package io.coloop;

import java.time.Duration;

/**
 * What a loop did since it was made, and what it has to do now. A snapshot that is not atomic: the loop goes on while it is taken.
 *
 * @param turns how many turns it made
 * @param items how many callbacks and steps of tasks it ran
 * @param ready how many items wait in the ready queue
 * @param tasks how many tasks have begun and not ended
 * @param timers how many timers are armed
 * @param busy how long it had something to do; of the machine's time, also on a virtual clock
 * @param idle how long it waited
 * @param timerDelays by how much timers fired after their deadlines, on the loop's clock
 */
public record LoopStatistics(
        long turns, long items, int ready, int tasks, int timers, Duration busy, Duration idle, Delays timerDelays) {

    /** The share of time in which it had something to do: 0 to 1. Like Node's {@code eventLoopUtilization}. */
    public double utilization() {
        double total = (double) busy.toNanos() + idle.toNanos();
        return total == 0 ? 0 : busy.toNanos() / total;
    }

    /** What happened between an earlier snapshot of the same loop and this one; what it has to do is this one's. */
    public LoopStatistics since(LoopStatistics earlier) {
        return new LoopStatistics(
                turns - earlier.turns,
                items - earlier.items,
                ready,
                tasks,
                timers,
                busy.minus(earlier.busy),
                idle.minus(earlier.idle),
                timerDelays.since(earlier.timerDelays));
    }

    /** A histogram of durations, each known to a quarter of its size. Immutable. */
    public static final class Delays {
        private static final int BUCKETS = 4 * 63;

        private final long[] counts;

        Delays(long[] counts) {
            this.counts = counts;
        }

        static long[] newCounts() {
            return new long[BUCKETS];
        }

        /** Four buckets for each power of two. */
        static int bucketOf(long nanos) {
            if (nanos < 4) {
                return (int) Math.max(nanos, 0);
            }
            int exponent = 63 - Long.numberOfLeadingZeros(nanos);
            return 4 * (exponent - 1) + (int) ((nanos >>> (exponent - 2)) & 3);
        }

        private static long upperBound(int bucket) {
            return bucket < 4 ? bucket : ((5L + bucket % 4) << (bucket / 4 - 1)) - 1;
        }

        /** How many durations there are. */
        public long count() {
            long count = 0;
            for (long each : counts) {
                count += each;
            }
            return count;
        }

        /** A duration that this share of them does not exceed: {@code percentile(50)} is the median, {@code percentile(100)} the longest; zero if there are none. */
        public Duration percentile(double percent) {
            if (!(percent >= 0 && percent <= 100)) {
                throw new IllegalArgumentException("not a percentage: " + percent);
            }
            long wanted = Math.max(1, (long) Math.ceil(count() * percent / 100));
            long seen = 0;
            for (int bucket = 0; bucket < counts.length; bucket++) {
                seen += counts[bucket];
                if (seen >= wanted) {
                    return Duration.ofNanos(upperBound(bucket));
                }
            }
            return Duration.ZERO;
        }

        private Delays since(Delays earlier) {
            long[] difference = counts.clone();
            for (int bucket = 0; bucket < difference.length; bucket++) {
                difference[bucket] -= earlier.counts[bucket];
            }
            return new Delays(difference);
        }

        @Override
        public String toString() {
            return "Delays[" + count() + ", median " + percentile(50) + ", 99% " + percentile(99) + ", longest "
                    + percentile(100) + "]";
        }
    }
}
