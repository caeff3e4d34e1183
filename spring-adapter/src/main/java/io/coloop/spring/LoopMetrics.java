package io.coloop.spring;

import io.coloop.Loop;
import io.coloop.LoopStatistics;
import io.coloop.Report;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Micrometer's meters of the loops on which requests are handled, from when each is made until the next one is made after it was closed. */
final class LoopMetrics implements MeterBinder {
    private static final double[] PERCENTILES = {0.5, 0.95, 0.99, 1};
    private static final long FRESH = Duration.ofMillis(100).toNanos();

    private final RequestLoops loops;

    LoopMetrics(RequestLoops loops) {
        this.loops = loops;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        Map<Loop, OfLoop> bound = new ConcurrentHashMap<>(); // a registry refers to what it measures weakly
        loops.whenMade(made -> {
            bound.values().removeIf(OfLoop::isOver);
            bound.computeIfAbsent(made, loop -> new OfLoop(loop, registry).bind());
        });
    }

    /**
     * @param time when it was taken, {@link System#nanoTime}
     * @param total since the loop was made
     * @param recent lately
     */
    private record Snapshot(long time, LoopStatistics total, LoopStatistics recent) {}

    private static final class OfLoop {
        private final Loop loop;
        private final MeterRegistry registry;
        private final Tags tags;
        private final List<Meter> meters = new ArrayList<>();
        private volatile @Nullable Snapshot last;

        OfLoop(Loop loop, MeterRegistry registry) {
            this.loop = loop;
            this.registry = registry;
            this.tags = Tags.of("loop", loop.name());
        }

        /** Whether the loop is closed; its meters are taken away then. */
        boolean isOver() {
            if (loop.isClosed()) {
                meters.forEach(registry::remove);
            }
            return loop.isClosed();
        }

        /** One snapshot for all meters of a scrape. */
        private Snapshot now() {
            Snapshot known = last;
            long time = System.nanoTime();
            if (known != null && time - known.time < FRESH) {
                return known;
            }
            LoopStatistics total = loop.statistics();
            Snapshot taken = new Snapshot(time, total, RecentStatistics.of(loop, total));
            last = taken;
            return taken;
        }

        OfLoop bind() {
            gauge(
                    "coloop.loop.utilization",
                    null,
                    "Share of time in which the loop had something to do, lately",
                    now -> now.recent.utilization());
            gauge("coloop.loop.tasks", "tasks", "Tasks that have begun and not ended", now -> now.total.tasks());
            gauge("coloop.loop.ready", "items", "Items that wait in the ready queue", now -> now.total.ready());
            gauge("coloop.loop.timers", "timers", "Timers that are armed", now -> now.total.timers());
            counter("coloop.loop.turns", "turns", "Turns of the loop", LoopStatistics::turns);
            counter("coloop.loop.items", "items", "Callbacks and steps of tasks that were run", LoopStatistics::items);
            counter(
                    "coloop.loop.busy",
                    "seconds",
                    "Time in which the loop had something to do",
                    statistics -> statistics.busy().toNanos() / 1e9);
            counter(
                    "coloop.loop.idle",
                    "seconds",
                    "Time in which the loop waited",
                    statistics -> statistics.idle().toNanos() / 1e9);
            counter(
                    "coloop.loop.timers.fired",
                    "timers",
                    "Timers that fired",
                    statistics -> statistics.timerDelays().count());
            for (double percentile : PERCENTILES) {
                delay(percentile);
            }
            for (Report.Kind kind : Report.Kind.values()) {
                meters.add(FunctionCounter.builder("coloop.loop.reports", loop, each -> LoopReports.count(each, kind))
                        .description("What the loop reported instead of losing it in silence")
                        .tags(tags.and(
                                "kind", kind.name().toLowerCase(Locale.ROOT).replace('_', '-')))
                        .register(registry));
            }
            return this;
        }

        private void gauge(String name, @Nullable String unit, String what, ToDoubleFunction<Snapshot> value) {
            meters.add(Gauge.builder(name, this, each -> value.applyAsDouble(each.now()))
                    .description(what)
                    .baseUnit(unit)
                    .tags(tags)
                    .register(registry));
        }

        private void counter(String name, String unit, String what, ToDoubleFunction<LoopStatistics> value) {
            meters.add(FunctionCounter.builder(name, this, each -> value.applyAsDouble(each.now().total))
                    .description(what)
                    .baseUnit(unit)
                    .tags(tags)
                    .register(registry));
        }

        /** As Micrometer's own timers give percentiles that are computed where they are measured. */
        private void delay(double percentile) {
            meters.add(TimeGauge.builder(
                            "coloop.loop.timer.delay.percentile",
                            this,
                            TimeUnit.NANOSECONDS,
                            each -> each.now()
                                    .recent
                                    .timerDelays()
                                    .percentile(percentile * 100)
                                    .toNanos())
                    .description("By how much timers fired after their deadlines, lately")
                    .tags(tags.and("phi", String.valueOf(percentile)))
                    .register(registry));
        }
    }
}
