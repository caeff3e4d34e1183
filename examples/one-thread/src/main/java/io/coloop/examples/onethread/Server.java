package io.coloop.examples.onethread;

import static io.coloop.reactor.Reactor.mono;

import io.coloop.Body;
import io.coloop.Loop;
import io.coloop.examples.onethread.Shop.Reply;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpMethod;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;

/** A reactor-netty server, and its client, on one event-loop thread that hosts a loop. */
final class Server implements AutoCloseable {
    private static final int MAX_CONNECTIONS = 500;

    private final LoopResources threads = LoopResources.create("one-thread", 1, 1, true);
    private final ConnectionProvider connections = ConnectionProvider.create("prices", MAX_CONNECTIONS);
    private final ExecutorService otherThreads = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("somebody-else").factory());
    private final Witness witness = new Witness();
    private final Loop loop;
    private final Shop shop;
    private final DisposableServer server;

    private Server(int port) {
        EventLoop eventLoop = threads.onServer(false).next();
        loop = Loop.on(eventLoop);
        HttpClient client = HttpClient.create(connections).runOn(threads, false);
        server = HttpServer.create()
                .host("localhost")
                .port(port)
                .runOn(threads, false)
                .route(routes -> routes.get("/", (request, response) -> page(response, "/price"))
                        .get("/broken", (request, response) -> page(response, "/no-price"))
                        .get("/slow", (request, response) -> page(response, "/slow-price"))
                        .get("/price", (request, response) -> price(response, Duration.ofMillis(15)))
                        .get("/price-now", (request, response) -> price(response, Duration.ZERO))
                        .get("/slow-price", (request, response) -> price(response, Duration.ofMinutes(1)))
                        .get(
                                "/no-price",
                                (request, response) -> response.status(500).send())
                        .route(anything -> true, Server::nothingHere))
                .bindNow();
        shop = new Shop(loop, client.baseUrl(address()), otherThreads, witness);
    }

    /** Starts it; port 0 is a free one. */
    static Server start(int port) {
        return new Server(port);
    }

    private Publisher<Void> page(HttpServerResponse response, String priceUri) {
        return reply(response, () -> shop.page(priceUri));
    }

    private Publisher<Void> price(HttpServerResponse response, Duration thinking) {
        return reply(response, () -> shop.price(thinking));
    }

    private static Publisher<Void> nothingHere(HttpServerRequest request, HttpServerResponse response) {
        boolean asked = request.method().equals(HttpMethod.GET);
        return response.status(asked ? 404 : 405)
                .header("Content-Type", "text/plain; charset=utf-8")
                .header("Allow", "GET")
                .sendString(Mono.just(asked ? "nothing is here; the page is at /\n" : "only GET is allowed\n"));
    }

    /** A task per request; it is cancelled when the client leaves. */
    private Publisher<Void> reply(HttpServerResponse response, Body<Reply, ?> body) {
        return mono(loop, body)
                .flatMap(reply -> response.status(reply.status())
                        .header("Content-Type", "text/html; charset=utf-8")
                        .sendString(Mono.just(reply.body()))
                        .then());
    }

    String address() {
        InetSocketAddress bound = (InetSocketAddress) server.address();
        return "http://localhost:" + bound.getPort();
    }

    Loop loop() {
        return loop;
    }

    Shop shop() {
        return shop;
    }

    Witness witness() {
        return witness;
    }

    /** Waits until the process ends. */
    void serve() {
        server.onDispose().block();
    }

    @Override
    public void close() {
        server.disposeNow();
        loop.close();
        connections.dispose();
        otherThreads.shutdown();
        threads.disposeLater(Duration.ZERO, Duration.ofSeconds(5)).block();
    }
}
