package io.coloop.spring;

import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** What an operator sees of the loops on which requests are handled: each part where the library that shows it is there. */
@AutoConfiguration(
        after = ColoopWebFluxAutoConfiguration.class,
        beforeName = {
            "org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration",
            "org.springframework.boot.actuate.autoconfigure.health.HealthContributorAutoConfiguration" // Boot 3
        })
@ConditionalOnBean(RequestLoops.class)
@Import(LoopHealthConfiguration.class)
public class ColoopActuatorAutoConfiguration {
    /** Made by Spring. */
    public ColoopActuatorAutoConfiguration() {}

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass({Endpoint.class, ConditionalOnAvailableEndpoint.class})
    static class Actuator {
        @Bean
        @ConditionalOnAvailableEndpoint
        @ConditionalOnMissingBean
        LoopsEndpoint coloopLoopsEndpoint(RequestLoops loops) {
            return new LoopsEndpoint(loops);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(MeterRegistry.class)
    static class Meters {
        @Bean
        LoopMetrics coloopLoopMetrics(RequestLoops loops) {
            return new LoopMetrics(loops);
        }
    }
}
