package io.coloop.spring;

import io.coloop.spring.RunningApp.Server;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.http.client.autoconfigure.HttpClientAutoConfiguration;
import org.springframework.boot.http.client.autoconfigure.reactive.ReactiveHttpClientAutoConfiguration;
import org.springframework.boot.jetty.autoconfigure.reactive.JettyReactiveWebServerAutoConfiguration;
import org.springframework.boot.reactor.netty.autoconfigure.NettyReactiveWebServerAutoConfiguration;
import org.springframework.boot.tomcat.autoconfigure.reactive.TomcatReactiveWebServerAutoConfiguration;
import org.springframework.boot.web.context.reactive.AnnotationConfigReactiveWebApplicationContext;
import org.springframework.boot.web.server.reactive.ReactiveWebServerFactory;
import org.springframework.boot.webclient.autoconfigure.WebClientSsl;
import org.springframework.boot.webflux.autoconfigure.WebFluxAutoConfiguration;
import org.springframework.boot.webflux.autoconfigure.WebFluxRegistrations;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.reactive.result.method.annotation.RequestMappingHandlerAdapter;
import org.springframework.web.service.registry.HttpServiceGroup;
import org.springframework.web.service.registry.ImportHttpServices;

/** What the tests use of Spring that differs from line to line. */
final class Boot {
    static final String OTHER_LINE = "3.5.16";
    static final String OTHER_STARTER = "coloop-spring-boot3-starter";

    static final AutoConfigurations WEB_FLUX = AutoConfigurations.of(WebFluxAutoConfiguration.class);
    static final AutoConfigurations HTTP_CLIENTS =
            AutoConfigurations.of(HttpClientAutoConfiguration.class, ReactiveHttpClientAutoConfiguration.class);
    static final String HTTP_CLIENT_PROPERTIES = "spring.http.clients";
    static final String HTTP_CONNECTOR_PROPERTY = "spring.http.clients.reactive.connector";

    static final Class<?> HEALTH_INDICATOR = HealthIndicator.class;
    static final String HEALTH_PACKAGE = "org.springframework.boot.health";
    static final boolean HEALTH_IS_PART_OF_ACTUATOR = false;

    static final Class<?> SERVER_FACTORY = ReactiveWebServerFactory.class;

    private Boot() {}

    /** Not refreshed. */
    static ConfigurableApplicationContext withoutServer(Class<?>... beans) {
        AnnotationConfigReactiveWebApplicationContext context = new AnnotationConfigReactiveWebApplicationContext();
        context.register(beans);
        return context;
    }

    static WebClient.Builder withBundle(WebClient.Builder builder, BeanFactory beans, String bundle) {
        return builder.apply(beans.getBean(WebClientSsl.class).fromBundle(bundle));
    }

    /** Takes the other servers of the tests' class path away. */
    static Class<?> only(Server server) {
        return switch (server) {
            case NETTY -> Netty.class;
            case TOMCAT -> Tomcat.class;
            case JETTY -> Jetty.class;
        };
    }

    @EnableAutoConfiguration(
            exclude = {TomcatReactiveWebServerAutoConfiguration.class, JettyReactiveWebServerAutoConfiguration.class})
    static class Netty {}

    @EnableAutoConfiguration(
            exclude = {NettyReactiveWebServerAutoConfiguration.class, JettyReactiveWebServerAutoConfiguration.class})
    static class Tomcat {}

    @EnableAutoConfiguration(
            exclude = {NettyReactiveWebServerAutoConfiguration.class, TomcatReactiveWebServerAutoConfiguration.class})
    static class Jetty {}

    @ImportHttpServices(
            group = "greetings",
            types = LoopHttpConnectorTest.Greetings.class,
            clientType = HttpServiceGroup.ClientType.WEB_CLIENT)
    static class DeclarativeClients {}

    /** Gives the application an adapter of its own. */
    record OwnAdapter(RequestMappingHandlerAdapter adapter) implements WebFluxRegistrations {
        @Override
        public RequestMappingHandlerAdapter getRequestMappingHandlerAdapter() {
            return adapter;
        }
    }
}
