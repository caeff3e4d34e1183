package io.coloop.spring;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.iterate;
import static io.coloop.spring.WebFlux.filter;
import static io.coloop.spring.WebFlux.flux;
import static io.coloop.spring.WebFlux.handler;
import static io.coloop.spring.WebFlux.mono;
import static io.coloop.spring.WebFlux.webSocket;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.springframework.web.reactive.function.server.RouterFunctions.route;
import static org.springframework.web.reactive.function.server.ServerResponse.ok;

import io.coloop.LoopMisuseException;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.annotation.Bean;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.reactive.socket.WebSocketMessage;
import org.springframework.web.reactive.socket.client.ReactorNettyWebSocketClient;
import org.springframework.web.server.WebFilter;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What is not a controller method with a plain return type, in await style. */
@Timeout(60)
class FunctionalTest {
    private RunningApp app;
    private State state;

    @BeforeEach
    void start() {
        app = RunningApp.start(List.of(State.class, Beans.class, Streams.class));
        state = app.bean(State.class);
    }

    @AfterEach
    void stop() {
        app.close();
    }

    static class State {
        final Queue<String> trail = new ConcurrentLinkedQueue<>();
        final CompletableFuture<Void> waiting = new CompletableFuture<>();
        final CompletableFuture<Integer> cancelled = new CompletableFuture<>();
        final AtomicInteger emitted = new AtomicInteger();
    }

    record Tick(int n) {}

    static class Beans {
        @Bean
        RouterFunction<ServerResponse> routes() {
            return route().GET("/hello/{name}", handler(request -> {
                        String name = later(request.pathVariable("name"));
                        return ok().bodyValue("hello " + name);
                    }))
                    .POST("/echo", handler(request -> ok().bodyValue("got " + await(request.bodyToMono(String.class)))))
                    .GET("/cancelled", handler(request -> {
                        awaitCancelled();
                        return ok().build();
                    }))
                    .GET("/failing", handler(request -> {
                        later("");
                        throw new IllegalStateException("no");
                    }))
                    .onError(
                            IllegalStateException.class,
                            (failure, request) -> ServerResponse.status(418).bodyValue(failure.getMessage()))
                    .build();
        }

        @Bean
        WebFilter around(State state) {
            return filter((exchange, chain) -> {
                later("");
                if (exchange.getRequest().getPath().value().equals("/cancelled-in-filter")) {
                    awaitCancelled();
                }
                state.trail.add("before " + exchange.getRequest().getPath());
                exchange.getResponse().getHeaders().set("X-Filter", "yes");
                await(chain.filter(exchange));
                state.trail.add(
                        "after " + exchange.getResponse().getStatusCode().value());
            });
        }

        @Bean
        HandlerMapping sockets(State state) {
            return new SimpleUrlHandlerMapping(
                    Map.of("/socket", webSocket(session -> {
                        try (var messages = iterate(session.receive().map(WebSocketMessage::getPayloadAsText))) {
                            for (String text : messages) {
                                if (text.equals("wait")) {
                                    state.waiting.complete(null);
                                }
                                await(session.send(Mono.just(session.textMessage("echo " + later(text)))));
                            }
                        } finally {
                            state.cancelled.complete(Task.current().cancelling());
                        }
                    })),
                    -1);
        }
    }

    private static void awaitCancelled() throws Exception {
        Task<Void> other = Task.spawn(() -> sleep(Duration.ofHours(1)));
        other.cancel("by somebody");
        await(other);
    }

    private static String later(String value) {
        sleep(Duration.ofMillis(1));
        return value;
    }

    @RestController
    static class Streams {
        private final State state;

        Streams(State state) {
            this.state = state;
        }

        @GetMapping(
                path = "/ticks",
                produces = {MediaType.TEXT_EVENT_STREAM_VALUE, MediaType.APPLICATION_NDJSON_VALUE})
        Flux<Tick> ticks() {
            return flux(emitter -> {
                for (int n = 1; n <= 3; n++) {
                    later("");
                    emitter.emit(new Tick(n));
                }
            });
        }

        @GetMapping(path = "/endless", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
        Flux<String> endless() {
            String item = "x".repeat(10_000);
            return flux(emitter -> {
                try {
                    while (true) {
                        emitter.emit(item);
                        state.emitted.incrementAndGet();
                    }
                } catch (TaskCancelledException cancelled) {
                    sleep(Duration.ofMillis(1));
                    state.cancelled.complete(state.emitted.get());
                    throw cancelled;
                }
            });
        }

        @GetMapping("/mono")
        Mono<String> monoOfABody() {
            return mono(() -> later("from a body"));
        }

        @GetMapping("/cancelled-in-controller")
        void cancelled() throws Exception {
            awaitCancelled();
        }

        @GetMapping("/emitted")
        int emitted() {
            return state.emitted.get();
        }
    }

    @Test
    void functionalEndpoints() {
        assertThat(app.get("/hello/ada")).isEqualTo("hello ada");
        assertThat(app.client
                        .post()
                        .uri("/echo")
                        .bodyValue("body")
                        .retrieve()
                        .bodyToMono(String.class)
                        .block(RunningApp.LIMIT))
                .isEqualTo("got body");
        assertThat(app.exchange("/failing")).isEqualTo("418 no");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/cancelled", "/cancelled-in-filter", "/cancelled-in-controller"})
    void whatSomebodyElseHasCancelledIsUnavailable(String path) {
        assertThat(app.exchange(path)).startsWith("503 ");
    }

    @Test
    void filters() {
        // its connections are kept: a client that closes one cancels what the filter has still to do
        WebClient keeping = WebClient.create(app.address);
        var answer =
                keeping.get().uri("/mono").retrieve().toEntity(String.class).block(RunningApp.LIMIT);
        assertThat(answer.getHeaders().getFirst("X-Filter")).isEqualTo("yes");
        assertThat(answer.getBody()).isEqualTo("from a body");
        assertThat(keeping.get()
                        .uri("/nowhere")
                        .exchangeToMono(response -> response.releaseBody().thenReturn(response.statusCode()))
                        .block(RunningApp.LIMIT)
                        .value())
                .isEqualTo(404);
        assertThat(state.trail).contains("before /mono", "after 200", "before /nowhere");
    }

    @Test
    void streams() {
        assertThat(accepting(MediaType.APPLICATION_NDJSON)).isEqualTo("{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
        assertThat(accepting(MediaType.TEXT_EVENT_STREAM))
                .isEqualTo("data:{\"n\":1}\n\ndata:{\"n\":2}\n\ndata:{\"n\":3}\n\n");
    }

    private String accepting(MediaType type) {
        return app.client
                .get()
                .uri("/ticks")
                .accept(type)
                .exchangeToMono(response -> response.body(
                        (message, context) -> org.springframework.core.io.buffer.DataBufferUtils.join(message.getBody())
                                .map(buffer -> buffer.toString(StandardCharsets.UTF_8))))
                .block(RunningApp.LIMIT);
    }

    @Test
    void aClientThatDoesNotReadStopsTheStreamAndOneThatLeavesCancelsIt() throws Exception {
        try (Socket socket = new Socket("localhost", URI.create(app.address).getPort())) {
            socket.getOutputStream()
                    .write("GET /endless HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            assertThat(in.read()).isEqualTo('H');
            int before = -1;
            int now = Integer.parseInt(app.get("/emitted"));
            for (int same = 0; same < 20; same = now == before ? same + 1 : 0) {
                before = now;
                now = Integer.parseInt(app.get("/emitted"));
            }
            assertThat(now).isPositive().isLessThan(10_000); // that is 100 MB
        }
        assertThat(state.cancelled.get(20, TimeUnit.SECONDS)).isPositive();
    }

    @Test
    void webSockets() throws Exception {
        Queue<String> received = new ConcurrentLinkedQueue<>();
        new ReactorNettyWebSocketClient()
                .execute(
                        URI.create(app.address.replace("http", "ws") + "/socket"),
                        session -> session.send(Flux.just("a", "b").map(session::textMessage))
                                .thenMany(session.receive()
                                        .map(WebSocketMessage::getPayloadAsText)
                                        .doOnNext(received::add)
                                        .take(2))
                                .then())
                .block(RunningApp.LIMIT);
        assertThat(received).containsExactly("echo a", "echo b");
        state.cancelled.get(20, TimeUnit.SECONDS);
    }

    @Test
    void outsideOfARequestThereIsNoLoop() {
        assertThatThrownBy(() -> mono(() -> "x").block(RunningApp.LIMIT))
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining("WebFlux.mono(...)");
    }
}
