package io.coloop.spring;

import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.spring.WebFlux.filter;
import static io.coloop.spring.WebFlux.flux;
import static io.coloop.spring.WebFlux.mono;
import static io.coloop.spring.WebFlux.webSocket;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Task;
import io.coloop.TaskCancelledException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.context.annotation.Bean;
import org.springframework.context.i18n.LocaleContextHolder;
import org.springframework.context.i18n.SimpleLocaleContext;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.client.reactive.ReactorClientHttpConnector;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.reactive.socket.WebSocketHandler;
import org.springframework.web.reactive.socket.client.ReactorNettyWebSocketClient;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.i18n.LocaleContextResolver;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;
import reactor.netty.channel.AbortedException;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.HttpClient;

/** What ends with a request, or with its connection, and what does not. */
@Timeout(60)
class RequestEndTest {
    private RunningApp app;

    @AfterEach
    void stop() {
        app.close();
    }

    private void start(Class<?> beans, String... properties) {
        app = RunningApp.start(List.of(beans), properties);
    }

    /** Sends a request, and closes the connection once that many bytes of the answer have come. */
    private void leaveAfter(int bytes, String uri) throws Exception {
        try (Socket socket = new Socket("localhost", URI.create(app.address).getPort())) {
            socket.getOutputStream()
                    .write(("GET " + uri + " HTTP/1.1\r\nHost: x\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            socket.getInputStream().readNBytes(bytes);
        }
    }

    // ---- filters

    static class Around {
        final Queue<SignalType> ends = new LinkedBlockingQueue<>();
        final CompletableFuture<String> after = new CompletableFuture<>();

        @RestController
        static class Plain {
            @GetMapping("/plain")
            Mono<String> plain() {
                return Mono.just("plain");
            }

            @GetMapping("/forever")
            String forever() {
                return await(Mono.<String>never().doOnCancel(() -> cancelled.complete(null)));
            }

            final CompletableFuture<Void> cancelled = new CompletableFuture<>();
        }

        @Bean
        Plain plain() {
            return new Plain();
        }

        @Bean
        @Order(1)
        WebFilter observing() {
            return (exchange, chain) -> chain.filter(exchange)
                    .then(Mono.delay(Duration.ofMillis(20)).then())
                    .doFinally(ends::add);
        }

        /** As a filter that everything depends on is written. */
        @Bean
        @Order(Ordered.HIGHEST_PRECEDENCE)
        WebFilter working() {
            return filter((exchange, chain) -> {
                await(chain.filter(exchange));
                sleep(Duration.ofMillis(20));
                after.complete("done");
            });
        }
    }

    private Queue<SignalType> ends() {
        return app.bean(Around.class).ends;
    }

    @Test
    void aFilterFinishesThoughTheAnswerHasClosedTheConnection() throws Exception {
        start(Around.class);
        try (Socket socket = new Socket("localhost", URI.create(app.address).getPort())) {
            socket.getOutputStream().write("GET /plain HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .endsWith("plain");
        }
        assertThat(app.bean(Around.class).after.get(20, TimeUnit.SECONDS)).isEqualTo("done");
        assertThat(ends()).containsExactly(SignalType.ON_COMPLETE);
    }

    @Test
    void aFilterFinishesThoughTheAnswerHasClosedItsStreamOfHttp2() {
        start(Around.class, "server.http2.enabled=true");
        Flux.range(0, 20).flatMap(n -> http2("/plain")).blockLast(RunningApp.LIMIT);
        eventually(() -> ends().size() == 20);
        assertThat(ends()).containsOnly(SignalType.ON_COMPLETE);
    }

    @Test
    void aStreamOfHttp2ThatItsClientCancelsCancelsItsTask() throws Exception {
        start(Around.class, "server.http2.enabled=true");
        http2("/forever").timeout(Duration.ofMillis(300), Mono.empty()).block(RunningApp.LIMIT);
        app.bean(Around.Plain.class).cancelled.get(20, TimeUnit.SECONDS);
    }

    private Mono<String> http2(String uri) {
        return WebClient.builder()
                .clientConnector(
                        new ReactorClientHttpConnector(HttpClient.create().protocol(HttpProtocol.H2C)))
                .baseUrl(app.address)
                .build()
                .get()
                .uri(uri)
                .retrieve()
                .bodyToMono(String.class);
    }

    private static void eventually(java.util.function.BooleanSupplier condition) {
        Flux.interval(Duration.ofMillis(5))
                .takeUntil(n -> condition.getAsBoolean())
                .blockLast(RunningApp.LIMIT);
    }

    // ---- streams that are not the answer

    static class Background {
        final CompletableFuture<List<Integer>> items = new CompletableFuture<>();
        final CompletableFuture<Throwable> failure = new CompletableFuture<>();
        final CompletableFuture<Integer> cancelled = new CompletableFuture<>();

        @RestController
        class Leaving {
            @GetMapping("/leave")
            String leave() {
                Task.spawn(() -> {
                    sleep(Duration.ofMillis(50));
                    items.complete(await(numbers(3).collectList()));
                });
                return "left";
            }

            @GetMapping(path = "/endless", produces = "text/event-stream")
            Flux<Integer> endless() {
                return mono(() -> {
                            Task.spawn(() -> {
                                try {
                                    await(numbers(Integer.MAX_VALUE).then());
                                } catch (AbortedException expected) {
                                    failure.complete(expected);
                                }
                            });
                        })
                        .thenMany(Flux.interval(Duration.ofMillis(5))
                                .onBackpressureDrop()
                                .map(Long::intValue));
            }

            private Flux<Integer> numbers(int last) {
                return flux(emitter -> {
                    try {
                        for (int n = 1; n <= last; n++) {
                            emitter.emit(n);
                            sleep(Duration.ofMillis(1));
                        }
                    } finally {
                        cancelled.complete(Task.current().cancelling());
                    }
                });
            }
        }

        @Bean
        Leaving leaving() {
            return new Leaving();
        }
    }

    @Test
    void aStreamOfATaskLeftBehindIsWholeWhenTheAnswerIsOut() throws Exception {
        start(Background.class);
        assertThat(app.get("/leave")).isEqualTo("left");
        assertThat(app.bean(Background.class).items.get(20, TimeUnit.SECONDS)).containsExactly(1, 2, 3);
    }

    @Test
    void aStreamOfARequestWhoseConnectionIsClosedFailsForWhoeverElseListens() throws Exception {
        start(Background.class);
        leaveAfter(200, "/endless");
        Background background = app.bean(Background.class);
        assertThat(background.failure.get(20, TimeUnit.SECONDS)).hasMessage("the request's connection was closed");
        assertThat(background.cancelled.get(20, TimeUnit.SECONDS)).isEqualTo(1);
    }

    // ---- WebSockets

    static class Sockets {
        final CompletableFuture<Void> begun = new CompletableFuture<>();
        final CompletableFuture<String> ended = new CompletableFuture<>();

        @Bean
        HandlerMapping sockets() {
            WebSocketHandler plain = session -> session.send(messages().map(session::textMessage));
            return new SimpleUrlHandlerMapping(
                    Map.of(
                            "/plain",
                            plain,
                            "/task",
                            webSocket(session -> await(session.send(messages().map(session::textMessage)))),
                            "/deaf",
                            webSocket(session -> {
                                begun.complete(null);
                                try {
                                    sleep(Duration.ofMinutes(10));
                                } catch (TaskCancelledException cancelled) {
                                    sleep(Duration.ofMillis(1)); // cleanup may await
                                    ended.complete("cancelled");
                                    throw cancelled;
                                }
                            }),
                            "/listening",
                            webSocket(session -> {
                                await(session.receive().then());
                                sleep(Duration.ofMillis(20));
                                ended.complete("by itself");
                            })),
                    -1);
        }

        private static Flux<String> messages() {
            return flux(emitter -> {
                for (int n = 1; n <= 3; n++) {
                    emitter.emit("m" + n);
                    sleep(Duration.ofMillis(5));
                }
            });
        }
    }

    @Test
    void aWebSocketsStreamIsWhole() {
        start(Sockets.class);
        for (String uri : List.of("/plain", "/task")) {
            Queue<String> received = new ConcurrentLinkedQueue<>();
            connect(
                            uri,
                            session -> session.receive()
                                    .doOnNext(message -> received.add(message.getPayloadAsText()))
                                    .then())
                    .block(RunningApp.LIMIT);
            assertThat(received).as(uri).containsExactly("m1", "m2", "m3");
        }
    }

    @Test
    void aWebSocketsBodyThatDoesNotListenIsCancelledAfterItsClientHasLeft() throws Exception {
        start(Sockets.class);
        Sockets sockets = app.bean(Sockets.class);
        connect("/deaf", session -> Mono.fromFuture(sockets.begun)).block(RunningApp.LIMIT);
        assertThat(sockets.ended.get(20, TimeUnit.SECONDS)).isEqualTo("cancelled");
    }

    @Test
    void aWebSocketsBodyIsCancelledAfterItsConnectionBreaks() throws Exception {
        start(Sockets.class);
        Sockets sockets = app.bean(Sockets.class);
        try (Socket socket = new Socket("localhost", URI.create(app.address).getPort())) {
            socket.setSoLinger(true, 0);
            socket.getOutputStream()
                    .write(("GET /deaf HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            sockets.begun.get(20, TimeUnit.SECONDS);
        }
        assertThat(sockets.ended.get(20, TimeUnit.SECONDS)).isEqualTo("cancelled");
    }

    @Test
    void aWebSocketsBodyThatListensEndsByItself() throws Exception {
        start(Sockets.class);
        Sockets sockets = app.bean(Sockets.class);
        connect("/listening", session -> session.send(Mono.just(session.textMessage("hello"))))
                .block(RunningApp.LIMIT);
        assertThat(sockets.ended.get(20, TimeUnit.SECONDS)).isEqualTo("by itself");
    }

    private Mono<Void> connect(String uri, WebSocketHandler handler) {
        return new ReactorNettyWebSocketClient().execute(URI.create(app.address.replace("http", "ws") + uri), handler);
    }

    // ---- the locale

    static class Decided {
        @Bean
        LocaleContextResolver localeContextResolver() {
            return new LocaleContextResolver() {
                @Override
                public SimpleLocaleContext resolveLocaleContext(ServerWebExchange exchange) {
                    return new SimpleLocaleContext(exchange.getAttributeOrDefault("locale", Locale.ENGLISH));
                }

                @Override
                public void setLocaleContext(
                        ServerWebExchange exchange, org.springframework.context.i18n.LocaleContext localeContext) {
                    throw new UnsupportedOperationException();
                }
            };
        }

        @Bean
        WebFilter deciding() {
            return (exchange, chain) -> {
                exchange.getAttributes().put("locale", Locale.GERMAN);
                return chain.filter(exchange);
            };
        }

        @RestController
        static class Speaking {
            @GetMapping("/locale")
            String locale(Locale argument) {
                sleep(Duration.ofMillis(1));
                return argument + " " + LocaleContextHolder.getLocale();
            }
        }

        @Bean
        Speaking speaking() {
            return new Speaking();
        }
    }

    @Test
    void aLaterFilterDecidesTheLocale() {
        start(Decided.class);
        assertThat(app.get("/locale")).isEqualTo("de de");
    }
}
