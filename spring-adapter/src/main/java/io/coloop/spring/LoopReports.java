package io.coloop.spring;

import io.coloop.ExceptionHandler;
import io.coloop.Loop;
import io.coloop.LoopLocal;
import io.coloop.LoopStatistics;
import io.coloop.Report;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Counts what loops report, and remembers which item held each of them last, before the application's own handler has it. Any thread. */
final class LoopReports implements ExceptionHandler {
    private static final LoopLocal<OfLoop> SEEN = LoopLocal.withInitial(loop -> new OfLoop());

    private final ExceptionHandler next;

    LoopReports(ExceptionHandler next) {
        this.next = next;
    }

    /** How often something of this kind was reported. */
    static long count(Loop loop, Report.Kind kind) {
        return SEEN.get(loop).of(kind).sum();
    }

    /** What holds the loop, or null if nothing does that was reported. */
    static @Nullable Held heldBy(Loop loop) {
        Held held = SEEN.get(loop).held;
        return held != null && held.goesOn(loop.statistics()) ? held : null;
    }

    @Override
    public void handle(Report report) {
        OfLoop seen = SEEN.get(report.loop());
        seen.of(report.kind()).increment();
        if (report.kind() == Report.Kind.SLOW_ITEM || report.kind() == Report.Kind.STUCK_LOOP) {
            LoopStatistics now = report.loop().statistics();
            Held earlier = seen.held;
            Instant since = earlier != null && earlier.goesOn(now) ? earlier.since : Instant.now();
            seen.held = new Held(since, now.items(), now.idle(), report);
        }
        next.handle(report);
    }

    /** An item that holds a loop: as long as the loop neither begins another nor waits. */
    record Held(Instant since, long items, Duration idle, Report report) {
        private boolean goesOn(LoopStatistics now) {
            return now.items() == items && now.idle().equals(idle);
        }
    }

    private static final class OfLoop {
        private final Map<Report.Kind, LongAdder> counts = new EnumMap<>(Report.Kind.class);
        volatile @Nullable Held held;

        OfLoop() {
            for (Report.Kind kind : Report.Kind.values()) {
                counts.put(kind, new LongAdder());
            }
        }

        LongAdder of(Report.Kind kind) {
            return Objects.requireNonNull(counts.get(kind));
        }
    }
}
