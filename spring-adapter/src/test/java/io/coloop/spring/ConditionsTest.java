package io.coloop.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.MeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.http.client.reactive.ClientHttpConnectorBuilder;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.http.client.reactive.ClientHttpConnector;
import reactor.netty.http.client.HttpClient;

/** What there is without the libraries that are optional, and without what properties turn off. */
@Timeout(60)
class ConditionsTest {
    private final ReactiveWebApplicationContextRunner withoutBootsClients = new ReactiveWebApplicationContextRunner()
            .withConfiguration(Boot.WEB_FLUX)
            .withConfiguration(AutoConfigurations.of(
                    ColoopWebFluxAutoConfiguration.class,
                    ColoopWebClientAutoConfiguration.class,
                    ColoopActuatorAutoConfiguration.class))
            .withPropertyValues("management.endpoints.web.exposure.include=loops");
    private final ReactiveWebApplicationContextRunner runner = withoutBootsClients.withConfiguration(Boot.HTTP_CLIENTS);

    @Test
    void everything() {
        runner.run(context -> assertThat(context)
                .hasNotFailed()
                .hasSingleBean(LoopsEndpoint.class)
                .hasSingleBean(LoopMetrics.class)
                .hasSingleBean(LoopHealthIndicator.class)
                .hasSingleBean(LoopHttpPools.class)
                .getBean(ClientHttpConnector.class)
                .isInstanceOf(LoopHttpConnector.class));
    }

    @Test
    void withoutActuator() {
        runner.withClassLoader(new FilteredClassLoader("org.springframework.boot.actuate"))
                .run(context -> {
                    assertThat(context)
                            .hasNotFailed()
                            .doesNotHaveBean(LoopsEndpoint.class)
                            .hasSingleBean(LoopMetrics.class);
                    assertThat(context.containsBean("coloopHealthIndicator"))
                            .isEqualTo(!Boot.HEALTH_IS_PART_OF_ACTUATOR);
                });
        runner.withClassLoader(new FilteredClassLoader(Endpoint.class))
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(LoopsEndpoint.class));
    }

    @Test
    void withoutHealth() {
        runner.withClassLoader(new FilteredClassLoader(Boot.HEALTH_PACKAGE))
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .hasSingleBean(LoopsEndpoint.class)
                        .doesNotHaveBean("coloopHealthIndicator"));
        runner.withClassLoader(new FilteredClassLoader(Boot.HEALTH_INDICATOR))
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean("coloopHealthIndicator"));
    }

    @Test
    void withoutMicrometer() {
        runner.withClassLoader(new FilteredClassLoader(MeterRegistry.class))
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .hasSingleBean(LoopsEndpoint.class)
                        .doesNotHaveBean("coloopLoopMetrics"));
    }

    @Test
    void withoutAnyOfThem() {
        withoutBootsClients
                .withClassLoader(new FilteredClassLoader(
                        "org.springframework.boot.actuate",
                        Boot.HEALTH_PACKAGE,
                        "io.micrometer.core",
                        "org.springframework.boot.http.client",
                        "reactor.netty"))
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .hasSingleBean(RequestLoops.class)
                        .doesNotHaveBean(LoopHttpPools.class));
    }

    @Test
    void withoutReactorNetty() {
        runner.withClassLoader(new FilteredClassLoader(HttpClient.class))
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .doesNotHaveBean("coloopHttpPools")
                        .hasSingleBean(ClientHttpConnector.class));
    }

    @Test
    void turnedOff() {
        runner.withPropertyValues(
                        "coloop.webclient.enabled=false",
                        "management.health.coloop.enabled=false",
                        "management.endpoint.loops.access=NONE")
                .run(context -> assertThat(context)
                        .doesNotHaveBean(LoopHttpPools.class)
                        .doesNotHaveBean(LoopHealthIndicator.class)
                        .doesNotHaveBean(LoopsEndpoint.class)
                        .hasSingleBean(RequestLoops.class));
        runner.withPropertyValues("coloop.webflux.enabled=false")
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .doesNotHaveBean(RequestLoops.class)
                        .doesNotHaveBean(LoopMetrics.class)
                        .doesNotHaveBean(LoopHealthIndicator.class)
                        .doesNotHaveBean(LoopsEndpoint.class)
                        .doesNotHaveBean(LoopHttpPools.class));
    }

    @Test
    void otherHttpClientsAreLeftAlone() {
        runner.withPropertyValues(Boot.HTTP_CONNECTOR_PROPERTY + "=jdk")
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .getBean(ClientHttpConnector.class)
                        .isNotInstanceOf(LoopHttpConnector.class));
        runner.withBean("own", ClientHttpConnectorBuilder.class, ClientHttpConnectorBuilder::reactor)
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .getBean(ClientHttpConnector.class)
                        .isNotInstanceOf(LoopHttpConnector.class));
    }

    @Test
    void theStarterOfTheOtherLineIsRefused() {
        assertThatThrownBy(() -> BootLine.check(Boot.OTHER_LINE))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("this is " + Boot.OTHER_LINE)
                .hasMessageContaining("depend on " + Boot.OTHER_STARTER + ",");
    }
}
