package io.coloop.spring;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.http.client.HttpClientAutoConfiguration;
import org.springframework.boot.autoconfigure.http.client.reactive.ClientHttpConnectorAutoConfiguration;
import org.springframework.boot.autoconfigure.web.reactive.WebFluxAutoConfiguration;
import org.springframework.boot.web.reactive.context.AnnotationConfigReactiveWebApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.reactive.function.client.support.WebClientAdapter;
import org.springframework.web.service.invoker.HttpServiceProxyFactory;

/** What the tests use of Spring that differs from line to line. */
final class Boot {
    static final String OTHER_LINE = "4.1.0";
    static final String OTHER_STARTER = "coloop-spring-boot-starter";

    static final AutoConfigurations WEB_FLUX = AutoConfigurations.of(WebFluxAutoConfiguration.class);
    static final AutoConfigurations HTTP_CLIENTS =
            AutoConfigurations.of(HttpClientAutoConfiguration.class, ClientHttpConnectorAutoConfiguration.class);
    static final String HTTP_CLIENT_PROPERTIES = "spring.http.reactiveclient";
    static final String HTTP_CONNECTOR_PROPERTY = "spring.http.reactiveclient.connector";

    static final Class<?> HEALTH_INDICATOR = HealthIndicator.class;
    static final String HEALTH_PACKAGE = "org.springframework.boot.actuate.health";
    static final boolean HEALTH_IS_PART_OF_ACTUATOR = true;

    private Boot() {}

    /** Not refreshed. */
    static ConfigurableApplicationContext withoutServer(Class<?>... beans) {
        AnnotationConfigReactiveWebApplicationContext context = new AnnotationConfigReactiveWebApplicationContext();
        context.register(beans);
        return context;
    }

    @Configuration(proxyBeanMethods = false)
    static class DeclarativeClients {
        @Bean
        LoopHttpConnectorTest.Greetings greetings(
                WebClient.Builder builder, @Value("${downstream}") String downstream) {
            WebClient client = builder.baseUrl(downstream).build();
            return HttpServiceProxyFactory.builderFor(WebClientAdapter.create(client))
                    .build()
                    .createClient(LoopHttpConnectorTest.Greetings.class);
        }
    }
}
