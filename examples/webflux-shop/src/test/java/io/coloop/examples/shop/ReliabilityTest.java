package io.coloop.examples.shop;

import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.spring.WebFlux.filter;
import static io.coloop.spring.WebFlux.flux;
import static io.coloop.spring.WebFlux.handler;
import static io.coloop.spring.WebFlux.webSocket;
import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.web.reactive.function.server.RouterFunctions.route;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.coloop.Loop;
import io.coloop.Report;
import io.coloop.spring.LoopCustomizer;
import io.coloop.spring.RequestLoops;
import io.netty.util.ResourceLeakDetector;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.ConnectionFactory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Bean;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.server.WebFilter;
import reactor.core.publisher.Flux;

/** Everything that goes wrong on a network, against the running server: it goes on answering, and nothing is left behind. {@code -Ddisconnects=10000} makes it more of them. */
@Timeout(120)
@SpringBootTest(
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {
            "spring.r2dbc.url=r2dbc:h2:mem:///reliability;DB_CLOSE_DELAY=-1",
            "logging.level.root=off", // everything fails here, on purpose
            "logging.level.io.netty.util.ResourceLeakDetector=error",
            "coloop.webflux.request-timeout=3s"
        })
class ReliabilityTest {
    private static final int DISCONNECTS = Integer.getInteger("disconnects", 1_000);
    private static final long PATIENCE_SECONDS = 30;
    private static final FaultySuppliers SUPPLIERS = new FaultySuppliers();
    private static final ListAppender<ILoggingEvent> LEAKS = new ListAppender<>();
    private static final Queue<Report> REPORTS = new ConcurrentLinkedQueue<>();

    @LocalServerPort
    private int port;

    @Autowired
    private RequestLoops loops;

    @Autowired
    private ConnectionFactory database;

    @DynamicPropertySource
    static void suppliers(DynamicPropertyRegistry registry) {
        registry.add("shop.suppliers", SUPPLIERS::url);
    }

    @TestConfiguration(proxyBeanMethods = false)
    static class Trouble {
        @Bean
        LoopCustomizer reports() {
            return settings -> settings.exceptionHandler(REPORTS::add);
        }

        @RestController
        static class Failing {
            @GetMapping("/trouble/method")
            String method() {
                sleep(Duration.ofMillis(1));
                throw new IllegalStateException("on purpose");
            }

            @GetMapping("/trouble/handler")
            String handler() {
                throw new UnsupportedOperationException("on purpose");
            }

            @ExceptionHandler
            String broken(UnsupportedOperationException failure) {
                sleep(Duration.ofMillis(1));
                throw new IllegalStateException("the handler, too");
            }

            @GetMapping("/trouble/stream")
            Flux<String> stream() {
                return flux(emitter -> {
                    emitter.emit("one");
                    throw new IllegalStateException("on purpose");
                });
            }

            @GetMapping("/trouble/encoding")
            Object encoding() {
                return new Object() {
                    @SuppressWarnings("unused")
                    public String getValue() {
                        throw new IllegalStateException("on purpose");
                    }
                };
            }

            @GetMapping("/trouble/blocks")
            String blocksTheLoop() throws InterruptedException {
                Thread.sleep(400); // what nobody should do
                return "late";
            }
        }

        @Bean
        RouterFunction<ServerResponse> failingRoute() {
            return route().GET("/trouble/function", handler(request -> {
                        sleep(Duration.ofMillis(1));
                        throw new IllegalStateException("on purpose");
                    }))
                    .build();
        }

        @Bean
        WebFilter failingFilter() {
            return filter((exchange, chain) -> {
                if (exchange.getRequest().getPath().value().equals("/trouble/filter")) {
                    sleep(Duration.ofMillis(1));
                    throw new IllegalStateException("on purpose");
                }
                await(chain.filter(exchange));
            });
        }

        @Bean
        HandlerMapping failingSocket() {
            return new SimpleUrlHandlerMapping(
                    Map.of("/trouble/socket", webSocket(session -> {
                        throw new IllegalStateException("on purpose");
                    })),
                    -1);
        }
    }

    @BeforeAll
    static void listenForLeaks() {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        LEAKS.start();
        ((Logger) LoggerFactory.getLogger(ResourceLeakDetector.class)).addAppender(LEAKS);
    }

    @AfterAll
    static void stop() {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.SIMPLE);
        ((Logger) LoggerFactory.getLogger(ResourceLeakDetector.class)).detachAppender(LEAKS);
        SUPPLIERS.close();
    }

    @BeforeEach
    void forget() {
        REPORTS.clear();
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        assertThat(answer("GET /await/products/7 HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"))
                .as("it goes on answering")
                .startsWith("HTTP/1.1 200");
        noTaskIsLeft();
        ConnectionPool pool = (ConnectionPool) database;
        until("no connection is in use", () -> pool.getMetrics().orElseThrow().acquiredSize() == 0);
        for (Loop loop : loops.loops()) {
            CompletableFuture<Map<String, String>> logging = new CompletableFuture<>();
            loop.execute(() -> logging.complete(MDC.getCopyOfContextMap()));
            assertThat(logging.get(10, TimeUnit.SECONDS))
                    .as("what is left of logging contexts")
                    .isNullOrEmpty();
        }
        System.gc();
        for (int i = 0; i < 20; i++) { // leaks are reported when the next buffers are made
            answer("GET /chain/slow/0 HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
        }
        assertThat(LEAKS.list).extracting(ILoggingEvent::getFormattedMessage).isEmpty();
    }

    private void noTaskIsLeft() {
        try {
            until(
                    "no task is left",
                    () -> loops.loops().stream()
                            .allMatch(loop -> loop.statistics().tasks() == 0));
        } catch (AssertionError left) {
            loops.loops().forEach(loop -> left.addSuppressed(new IllegalStateException(loop.dump())));
            throw left;
        }
    }

    private static void until(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            Thread.yield();
        }
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket("localhost", port);
        socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
        return socket;
    }

    /** What the server says until it closes the connection, which it may do before it has read everything. */
    private String answer(String request) throws IOException {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        try (Socket socket = connect()) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            socket.getInputStream().transferTo(answer);
        } catch (SocketException reset) {
            // that is an answer, too
        }
        return answer.toString(StandardCharsets.ISO_8859_1);
    }

    private static String get(String path) {
        return "GET " + path + " HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";
    }

    private static String post(String path, String body) {
        return "POST " + path
                + " HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: "
                + body.length() + "\r\n\r\n" + body;
    }

    // ---- bad requests

    @Test
    void malformedAndOversizedRequests() throws IOException {
        assertThat(answer("\u0000\u0001\u0002 garbage\r\n\r\n")).startsWith("HTTP/1.1 400");
        assertThat(answer("GET /await/products/7 HTTP/1.1\r\nX: " + "x".repeat(100_000) + "\r\n\r\n"))
                .doesNotContain("200 OK");
        assertThat(answer("GET /" + "x".repeat(100_000) + " HTTP/1.1\r\n\r\n")).doesNotContain("200 OK");
        assertThat(answer(get("/await/products/no-number"))).startsWith("HTTP/1.1 400");
        assertThat(answer(post("/await/orders", "{\"product\":"))).startsWith("HTTP/1.1 400");
        assertThat(answer(post("/await/orders", "[" + "1,".repeat(300_000) + "1]")))
                .doesNotContain("200 OK");
        assertThat(answer(
                        "POST /await/orders HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Type: application/json\r\n"
                                + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"))
                .doesNotContain("200 OK");
    }

    @Test
    void aSlowClientHoldsUpNobody() throws IOException {
        String body = "{\"product\":4,\"quantity\":1}";
        String head =
                "POST /await/orders HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: "
                        + body.length() + "\r\n\r\n";
        try (Socket slow = connect()) {
            OutputStream out = slow.getOutputStream();
            for (char each : (head + body).toCharArray()) {
                out.write(each);
                out.flush();
                if (each == '{' || each == ':') {
                    assertThat(answer(get("/await/products/7"))).startsWith("HTTP/1.1 200");
                }
            }
            assertThat(new String(slow.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1))
                    .startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void aClientThatDoesNotReadItsStream() throws IOException {
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Socket socket = connect();
            sockets.add(socket);
            socket.getOutputStream()
                    .write("GET /live HTTP/1.1\r\nHost: here\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
        }
        assertThat(answer(get("/await/products/7"))).startsWith("HTTP/1.1 200");
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    // ---- disconnects

    @Test
    void disconnectsAtRandomPoints() throws IOException {
        List<String> requests = List.of(
                get("/await/products/7"),
                get("/await/products/7/offers"),
                get("/await/products/4/row"),
                get("/await/slow/20"),
                get("/await/products/1/story"),
                get("/suspend/products/7"),
                get("/await/products/" + FaultySuppliers.NEVER),
                post("/await/orders", "{\"product\":4,\"quantity\":1}"),
                get("/live"));
        Random random = new Random(20261121);
        for (int i = 0; i < DISCONNECTS; i++) {
            String request = requests.get(random.nextInt(requests.size()));
            try (Socket socket = connect()) {
                int sent = random.nextInt(4) == 0 ? random.nextInt(request.length()) : request.length();
                socket.getOutputStream().write(request.substring(0, sent).getBytes(StandardCharsets.ISO_8859_1));
                socket.getOutputStream().flush();
                LockSupport.parkNanos(random.nextInt(8) * 1_000_000L); // to be anywhere in it
                if (random.nextBoolean()) {
                    socket.setSoLinger(true, 0); // a reset
                }
            }
        }
        assertThat(REPORTS)
                .filteredOn(report -> report.kind() != Report.Kind.SLOW_ITEM && report.kind() != Report.Kind.LATE_VALUE)
                .isEmpty();
    }

    // ---- downstream

    @Test
    void downstreamFailures() throws IOException {
        for (long trouble : List.of(FaultySuppliers.ERROR, FaultySuppliers.CLOSES, FaultySuppliers.GARBAGE)) {
            for (String way : List.of("await", "chain", "suspend", "block")) {
                assertThat(answer(get("/" + way + "/products/" + trouble)))
                        .as(way)
                        .startsWith("HTTP/1.1 500");
            }
            assertThat(answer(get("/await/products/" + trouble + "/offers"))).startsWith("HTTP/1.1 500");
        }
    }

    @Test
    void downstreamThatNeverAnswers() throws IOException {
        assertThat(answer(get("/await/products/" + FaultySuppliers.NEVER)))
                .as("the request's timeout")
                .startsWith("HTTP/1.1 503");
    }

    // ---- handlers

    @ParameterizedTest
    @ValueSource(strings = {"method", "handler", "encoding", "function", "filter"})
    void anExceptionInAHandler(String where) throws IOException {
        assertThat(answer(get("/trouble/" + where))).startsWith("HTTP/1.1 500");
    }

    @Test
    void anExceptionInAStream() throws IOException {
        assertThat(answer(get("/trouble/stream"))).doesNotContain("one one");
    }

    @Test
    void anExceptionInAWebSocket() throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream()
                    .write(
                            ("GET /trouble/socket HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
                                    .getBytes(StandardCharsets.ISO_8859_1));
            InputStream in = socket.getInputStream();
            assertThat(in.readAllBytes()).as("it is closed").isNotNull();
        }
    }

    @Test
    void aTaskThatBlocksTheLoopIsNamed() throws IOException {
        assertThat(answer(get("/trouble/blocks"))).startsWith("HTTP/1.1 200");
        until("it is reported", () -> REPORTS.stream().anyMatch(ReliabilityTest::namesTheMethod));
    }

    private static boolean namesTheMethod(Report report) {
        return report.kind() == Report.Kind.SLOW_ITEM
                && report.failure() != null
                && List.of(report.failure().getStackTrace()).stream()
                        .anyMatch(frame -> frame.getMethodName().equals("blocksTheLoop"));
    }
}
