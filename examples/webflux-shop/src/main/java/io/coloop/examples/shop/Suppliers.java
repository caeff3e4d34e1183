package io.coloop.examples.shop;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Mono;

/** Calls the suppliers. */
@Component
public class Suppliers implements DisposableBean {
    private final WebClient client;
    private final AutoCloseable started;

    Suppliers(WebClient.Builder builder, ShopProperties properties) {
        if (properties.suppliers().isEmpty()) {
            SupplierServer server = new SupplierServer(0, properties.delay());
            started = server;
            client = builder.baseUrl("http://localhost:" + server.port()).build();
        } else {
            started = () -> {};
            client = builder.baseUrl(properties.suppliers()).build();
        }
    }

    WebClient client() {
        return client;
    }

    Mono<Integer> stock(long product) {
        return number("stock", product);
    }

    Mono<Integer> price(long product) {
        return number("price", product);
    }

    Mono<Integer> rating(long product) {
        return number("rating", product);
    }

    private Mono<Integer> number(String what, long product) {
        return client.get().uri("/{what}/{id}", what, product).retrieve().bodyToMono(Integer.class);
    }

    @Override
    public void destroy() throws Exception {
        started.close();
    }
}
