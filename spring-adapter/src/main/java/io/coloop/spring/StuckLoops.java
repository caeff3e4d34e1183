package io.coloop.spring;

import io.coloop.Loop;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Finds those of the loops on which requests are handled that do not answer. */
final class StuckLoops {
    private final RequestLoops loops;
    private final Duration timeout;
    private final Map<Loop, Instant> stuckSince = new ConcurrentHashMap<>();

    StuckLoops(RequestLoops loops, Duration timeout) {
        this.loops = loops;
        this.timeout = timeout;
    }

    /**
     * What there is.
     *
     * @param loops how many loops were asked
     * @param stuck by name, what is known of those that did not answer
     */
    record Found(int loops, Map<String, Object> stuck) {}

    /** Takes as long as the timeout while one is stuck. Not on a loop's thread. */
    Found find() {
        List<Loop> all = loops.loops();
        Instant asked = Instant.now();
        Map<Loop, @Nullable Boolean> answers = LoopProbe.ask(all, loop -> true, timeout);
        Map<String, Object> stuck = new LinkedHashMap<>();
        stuckSince.keySet().removeIf(loop -> answers.getOrDefault(loop, true) != null);
        answers.forEach((loop, answer) -> {
            if (answer == null) {
                stuck.put(loop.name(), describe(loop, asked));
            }
        });
        return new Found(all.size(), stuck);
    }

    private Map<String, Object> describe(Loop loop, Instant asked) {
        Instant since = stuckSince.computeIfAbsent(loop, absent -> asked);
        LoopReports.Held held = LoopReports.heldBy(loop);
        if (held == null) {
            return Map.of("since", since);
        }
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("since", held.since());
        details.put("reason", held.report().message());
        return details;
    }
}
