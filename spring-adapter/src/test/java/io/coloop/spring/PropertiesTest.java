package io.coloop.spring;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;

/** Values of properties that make no sense end the start of the application. */
@Timeout(60)
class PropertiesTest {
    private final ReactiveWebApplicationContextRunner runner = new ReactiveWebApplicationContextRunner()
            .withConfiguration(Boot.WEB_FLUX)
            .withConfiguration(Boot.HTTP_CLIENTS)
            .withConfiguration(AutoConfigurations.of(
                    ColoopWebFluxAutoConfiguration.class,
                    ColoopWebClientAutoConfiguration.class,
                    ColoopActuatorAutoConfiguration.class));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "coloop.webflux.request-timeout=0s: it is longer than 0s and at most 36500d",
                "coloop.webflux.request-timeout=-1s: it is longer than 0s and at most 36500d",
                "coloop.webflux.request-timeout=300000d: it is longer than 0s and at most 36500d",
                "coloop.webflux.shutdown-timeout=-1ms: it is at least 0s and at most 36500d",
                "coloop.webflux.shutdown-timeout=300000d: it is at least 0s and at most 36500d",
                "coloop.webflux.own-loops=-3: it is at least 0",
                "coloop.health.timeout=0s: it is longer than 0s and at most 36500d",
                "coloop.health.timeout=-1s: it is longer than 0s and at most 36500d",
                "coloop.webclient.max-connections=0: it is at least 1",
                "coloop.webclient.pending-acquire-max-count=-2: it is at least -1"
            })
    void outOfRange(String expected) {
        String property = expected.substring(0, expected.indexOf(':'));
        String name = property.substring(0, property.indexOf('='));
        String rule = expected.substring(expected.indexOf(':') + 1);
        runner.withPropertyValues(property)
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(IllegalArgumentException.class)
                        .message()
                        .startsWith(name + " cannot be ")
                        .endsWith(":" + rule));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "coloop.webflux.request-timeout=1ns",
                "coloop.webflux.request-timeout=36500d",
                "coloop.webflux.shutdown-timeout=0s",
                "coloop.webflux.own-loops=0",
                "coloop.health.timeout=1ms",
                "coloop.webclient.max-connections=1",
                "coloop.webclient.pending-acquire-max-count=-1",
                "coloop.webclient.pending-acquire-timeout=0s"
            })
    void inRange(String property) {
        runner.withPropertyValues(property)
                .run(context -> assertThat(context).hasNotFailed().hasSingleBean(RequestLoops.class));
    }
}
