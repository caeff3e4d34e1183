package io.coloop.spring;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of the health indicator for loops.
 *
 * @param timeout How long a loop may take to answer before it counts as stuck. The health check takes as long while one is.
 */
@ConfigurationProperties("coloop.health")
public record ColoopHealthProperties(@DefaultValue("1s") Duration timeout) {
    /**
     * Made by Spring.
     *
     * @throws IllegalArgumentException if the timeout is not longer than zero
     */
    public ColoopHealthProperties {
        PropertyChecks.positive("coloop.health.timeout", timeout);
    }
}
