package io.coloop.spring;

import org.springframework.boot.autoconfigure.http.client.reactive.ClientHttpConnectorBuilderCustomizer;
import org.springframework.boot.http.client.reactive.ClientHttpConnectorBuilder;

/** Boot's, wherever it is. */
interface ConnectorBuilderCustomizer<B extends ClientHttpConnectorBuilder<?>>
        extends ClientHttpConnectorBuilderCustomizer<B> {}
