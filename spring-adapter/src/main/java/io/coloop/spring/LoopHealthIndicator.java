package io.coloop.spring;

import io.coloop.Loop;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

/** Down while one of the loops on which requests are handled does not answer. Asked on a thread that is no loop's, as Spring asks it. */
final class LoopHealthIndicator extends AbstractHealthIndicator {
    private final RequestLoops loops;
    private final Duration timeout;
    private final Map<Loop, Instant> stuckSince = new ConcurrentHashMap<>();

    LoopHealthIndicator(RequestLoops loops, Duration timeout) {
        super("loops could not be asked");
        this.loops = loops;
        this.timeout = timeout;
    }

    @Override
    protected void doHealthCheck(Health.Builder builder) {
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
        builder.status(stuck.isEmpty() ? Status.UP : Status.DOWN).withDetail("loops", all.size());
        if (!stuck.isEmpty()) {
            builder.withDetail("stuck", stuck);
        }
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
