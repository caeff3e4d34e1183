package io.coloop.spring;

import org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The health of the loops. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
@EnableConfigurationProperties(ColoopHealthProperties.class)
class LoopHealthConfiguration {
    @Bean
    @ConditionalOnEnabledHealthIndicator("coloop")
    @ConditionalOnMissingBean(name = "coloopHealthIndicator")
    LoopHealthIndicator coloopHealthIndicator(RequestLoops loops, ColoopHealthProperties properties) {
        return new LoopHealthIndicator(new StuckLoops(loops, properties.timeout()));
    }
}
