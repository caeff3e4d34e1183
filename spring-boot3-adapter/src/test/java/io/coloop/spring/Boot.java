package io.coloop.spring;

import io.coloop.spring.RunningApp.Server;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.http.client.HttpClientAutoConfiguration;
import org.springframework.boot.autoconfigure.http.client.reactive.ClientHttpConnectorAutoConfiguration;
import org.springframework.boot.autoconfigure.web.reactive.WebFluxAutoConfiguration;
import org.springframework.boot.autoconfigure.web.reactive.WebFluxRegistrations;
import org.springframework.boot.autoconfigure.web.reactive.function.client.WebClientSsl;
import org.springframework.boot.web.embedded.jetty.JettyReactiveWebServerFactory;
import org.springframework.boot.web.embedded.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.embedded.tomcat.TomcatReactiveWebServerFactory;
import org.springframework.boot.web.reactive.context.AnnotationConfigReactiveWebApplicationContext;
import org.springframework.boot.web.reactive.server.ReactiveWebServerFactory;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.reactive.function.client.support.WebClientAdapter;
import org.springframework.web.reactive.result.method.annotation.RequestMappingHandlerAdapter;
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

    /** In place of the first one that Spring Boot finds on the tests' class path. */
    static Class<?> only(Server server) {
        return switch (server) {
            case NETTY -> Netty.class;
            case TOMCAT -> TomcatReactiveWebServerFactory.class;
            case JETTY -> JettyReactiveWebServerFactory.class;
        };
    }

    static class Netty {
        @Bean
        NettyReactiveWebServerFactory server(ReactorResourceFactory resources) {
            NettyReactiveWebServerFactory server = new NettyReactiveWebServerFactory();
            server.setResourceFactory(resources);
            return server;
        }
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

    /** Gives the application an adapter of its own. */
    record OwnAdapter(RequestMappingHandlerAdapter adapter) implements WebFluxRegistrations {
        @Override
        public RequestMappingHandlerAdapter getRequestMappingHandlerAdapter() {
            return adapter;
        }
    }
}
