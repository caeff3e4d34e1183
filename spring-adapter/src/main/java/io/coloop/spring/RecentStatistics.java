package io.coloop.spring;

import io.coloop.Loop;
import io.coloop.LoopLocal;
import io.coloop.LoopStatistics;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** What a loop did lately: in the last 10 to 20 seconds, if somebody asks that often; else since somebody asked last; at first since it was made. Any thread. */
final class RecentStatistics {
    static final long WINDOW = Duration.ofSeconds(10).toNanos();

    private static final LoopLocal<RecentStatistics> OF = LoopLocal.withInitial(loop -> new RecentStatistics());

    private final AtomicReference<@Nullable Samples> samples = new AtomicReference<>();

    RecentStatistics() {}

    static LoopStatistics of(Loop loop) {
        return of(loop, loop.statistics());
    }

    /** With a snapshot of the loop that was taken just now. */
    static LoopStatistics of(Loop loop, LoopStatistics now) {
        return OF.get(loop).at(System.nanoTime(), now);
    }

    LoopStatistics at(long time, LoopStatistics now) {
        Samples kept = samples.updateAndGet(old -> old == null ? new Samples(null, time, now) : old.at(time, now));
        LoopStatistics start = kept == null ? null : kept.start;
        return start == null ? now : now.since(start);
    }

    /**
     * @param start where the present window begins; null: when the loop was made
     * @param taken when the other one was taken, {@link System#nanoTime}
     * @param next where the next window begins
     */
    private record Samples(@Nullable LoopStatistics start, long taken, LoopStatistics next) {
        Samples at(long time, LoopStatistics now) {
            return time - taken < WINDOW ? this : new Samples(next, time, now);
        }
    }
}
