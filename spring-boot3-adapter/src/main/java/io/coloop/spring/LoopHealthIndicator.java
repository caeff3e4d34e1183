package io.coloop.spring;

import org.springframework.boot.actuate.health.AbstractHealthIndicator;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.Status;

/** Down while one of the loops on which requests are handled does not answer. Asked on a thread that is no loop's, as Spring asks it. */
final class LoopHealthIndicator extends AbstractHealthIndicator {
    private final StuckLoops stuckLoops;

    LoopHealthIndicator(StuckLoops stuckLoops) {
        super("loops could not be asked");
        this.stuckLoops = stuckLoops;
    }

    @Override
    protected void doHealthCheck(Health.Builder builder) {
        StuckLoops.Found found = stuckLoops.find();
        builder.status(found.stuck().isEmpty() ? Status.UP : Status.DOWN).withDetail("loops", found.loops());
        if (!found.stuck().isEmpty()) {
            builder.withDetail("stuck", found.stuck());
        }
    }
}
