package io.coloop.spring;

import io.netty.channel.EventLoop;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.http.client.reactive.ClientHttpConnectorBuilder;
import org.springframework.boot.http.client.reactive.ReactorClientHttpConnectorBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import reactor.netty.http.client.HttpClient;

/** Keeps the connections of {@code WebClient} and of declarative HTTP interfaces on the caller's event loop. */
@AutoConfiguration(
        afterName = {
            "org.springframework.boot.http.client.autoconfigure.reactive.ReactiveHttpClientAutoConfiguration",
            "org.springframework.boot.autoconfigure.http.client.reactive.ClientHttpConnectorAutoConfiguration" // Boot 3
        })
@ConditionalOnClass(
        value = {ReactorClientHttpConnectorBuilder.class, HttpClient.class, EventLoop.class},
        name = BootLine.CONNECTOR_BUILDER_CUSTOMIZER)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
@ConditionalOnBooleanProperty(
        name = {"coloop.webflux.enabled", "coloop.webclient.enabled"},
        matchIfMissing = true)
@EnableConfigurationProperties(ColoopWebClientProperties.class)
public class ColoopWebClientAutoConfiguration {
    /** Made by Spring. */
    public ColoopWebClientAutoConfiguration() {}

    @Bean
    LoopHttpPools coloopHttpPools(ColoopWebClientProperties properties) {
        return new LoopHttpPools(properties);
    }

    /** Right after Boot's own, so that an application's customizer may give the client other connections. */
    @Bean
    @Order(1)
    ConnectorBuilderCustomizer<ReactorClientHttpConnectorBuilder> coloopHttpPoolsCustomizer(LoopHttpPools pools) {
        return new PoolsCustomizer(pools);
    }

    /** After all others: what it gives back is no reactor-netty builder any more. */
    @Bean
    @Order(Ordered.LOWEST_PRECEDENCE)
    ConnectorBuilderCustomizer<ClientHttpConnectorBuilder<?>> coloopHttpConnectorCustomizer() {
        return new ConnectorCustomizer();
    }

    private record PoolsCustomizer(LoopHttpPools pools)
            implements ConnectorBuilderCustomizer<ReactorClientHttpConnectorBuilder> {
        @Override
        public ReactorClientHttpConnectorBuilder customize(ReactorClientHttpConnectorBuilder builder) {
            return builder.withHttpClientFactory(pools::newClient);
        }
    }

    private record ConnectorCustomizer() implements ConnectorBuilderCustomizer<ClientHttpConnectorBuilder<?>> {
        @Override
        public ClientHttpConnectorBuilder<?> customize(ClientHttpConnectorBuilder<?> builder) {
            return builder instanceof ReactorClientHttpConnectorBuilder reactor
                    ? settings -> LoopHttpConnector.of(customizer ->
                            reactor.withHttpClientCustomizer(customizer).build(settings))
                    : builder;
        }
    }
}
