package io.coloop.examples.shop;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/** Suppliers that fail: what the number of the product asks for. */
final class FaultySuppliers implements AutoCloseable {
    static final long ERROR = 501;
    static final long CLOSES = 502;
    static final long NEVER = 503;
    static final long GARBAGE = 504;

    private static final Duration DELAY = Duration.ofMillis(2);

    private final DisposableServer server = HttpServer.create()
            .host("localhost")
            .port(0)
            .route(routes -> routes.get("/{what}/{id}", (request, response) -> {
                long id = Long.parseLong(request.param("id"));
                if (id == ERROR) {
                    return response.status(500).send();
                } else if (id == CLOSES) {
                    return response.sendHeaders().then(Mono.error(new IllegalStateException("closes on purpose")));
                } else if (id == NEVER) {
                    return Mono.never();
                }
                String answer = id == GARBAGE ? "{[" : "" + SupplierServer.number(request.param("what"), id);
                return response.header("Content-Type", "application/json")
                        .sendByteArray(Mono.just(answer.getBytes(UTF_8)).delayElement(DELAY)); // no buffer to lose
            }))
            .bindNow();

    String url() {
        return "http://localhost:" + server.port();
    }

    @Override
    public void close() {
        server.disposeNow();
    }
}
