package io.coloop.examples.shop;

import java.time.Duration;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.resources.LoopResources;

/** The other side of the shop's calls: answers with a number that depends on the path, after a while. */
public final class SupplierServer implements AutoCloseable {
    private final LoopResources threads = LoopResources.create("suppliers", 1, true);
    private final DisposableServer server;

    /**
     * @param port 0: any that is free
     */
    public SupplierServer(int port, Duration delay) {
        server = HttpServer.create()
                .host("localhost")
                .port(port)
                .runOn(threads)
                .route(routes -> routes.get(
                                "/reviews/{id}",
                                (request, response) -> response.header("Content-Type", "application/x-ndjson")
                                        .sendString(Flux.just("\"good\"\n", "\"better\"\n", "\"best\"\n")))
                        .get("/{what}/{id}", (request, response) -> {
                            String what = String.valueOf(request.param("what"));
                            long id = Long.parseLong(String.valueOf(request.param("id")));
                            Mono<String> number = Mono.just(String.valueOf(number(what, id)));
                            return response.header("Content-Type", "application/json")
                                    .sendString(delay.isZero() ? number : number.delayElement(delay));
                        }))
                .bindNow();
    }

    /** What they answer. */
    public static int number(String what, long id) {
        return (int) (what.length() * 100L + id % 100);
    }

    public int port() {
        return server.port();
    }

    @Override
    public void close() {
        server.disposeNow();
        threads.dispose();
    }

    /** Serves until the process ends. */
    static void serve(int port, Duration delay) {
        new SupplierServer(port, delay).server.onDispose().block();
    }
}
