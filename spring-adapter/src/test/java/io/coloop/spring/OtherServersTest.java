package io.coloop.spring;

import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.spring.WebFlux.flux;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Loop;
import io.coloop.Promise;
import io.coloop.Task;
import io.coloop.spring.RunningApp.Server;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.web.server.reactive.ReactiveWebServerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Servers whose threads are no event loops: tasks run on an owned group of loops. */
@Timeout(60)
class OtherServersTest {
    @RestController
    static class Controller {
        final CompletableFuture<Promise<String>> inFlight = new CompletableFuture<>();
        final CompletableFuture<String> cleaned = new CompletableFuture<>();
        final CompletableFuture<Void> opened = new CompletableFuture<>();

        @GetMapping("/loop")
        String loop() {
            String before = Task.current().loop().name();
            sleep(Duration.ofMillis(1));
            await(Mono.delay(Duration.ofMillis(1))); // on another thread
            return before + " " + Loop.current().name();
        }

        @PostMapping("/length")
        int length(@RequestBody String body) {
            sleep(Duration.ofMillis(1));
            return body.length();
        }

        @GetMapping("/failing")
        String failing() {
            sleep(Duration.ofMillis(1));
            throw new IllegalStateException("of the application");
        }

        @GetMapping("/mono")
        Mono<String> mono() {
            return Mono.just("a Mono beside them");
        }

        @GetMapping(path = "/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
        Flux<Integer> events() {
            return flux(emitter -> {
                emitter.emit(1);
                await(Mono.fromFuture(opened));
                emitter.emit(2);
                emitter.emit(3);
            });
        }

        @GetMapping(path = "/endless", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
        Flux<Integer> endless() {
            return flux(emitter -> {
                try {
                    for (int i = 0; ; i++) {
                        emitter.emit(i);
                        sleep(Duration.ofMillis(1));
                    }
                } finally {
                    sleep(Duration.ofMillis(1)); // cleanup may await
                    cleaned.complete(Task.current().loop().name());
                }
            });
        }

        @GetMapping("/forever")
        String forever() {
            try {
                return await(Mono.<String>never());
            } finally {
                sleep(Duration.ofMillis(1));
                cleaned.complete(Task.current().loop().name());
            }
        }

        @GetMapping("/in-flight")
        String inFlight() {
            Promise<String> promise = Task.current().loop().promise();
            inFlight.complete(promise);
            return io.coloop.Await.await(promise.future());
        }

        @ExceptionHandler
        ResponseEntity<String> failed(IllegalStateException failure) {
            sleep(Duration.ofMillis(1));
            return ResponseEntity.status(409).body("handled " + failure.getMessage());
        }
    }

    @RestControllerAdvice
    static class Advice {
        @ExceptionHandler
        ResponseEntity<String> late(RequestTimeoutException failure) {
            sleep(Duration.ofMillis(1));
            return ResponseEntity.status(503).body("too late: " + failure.getReason());
        }
    }

    private static RunningApp start(Server server, String... properties) {
        String[] all = Arrays.copyOf(properties, properties.length + 1);
        all[properties.length] = "coloop.webflux.own-loops=2";
        return RunningApp.start(server, List.of(Controller.class, Advice.class, FirstToStop.class), all);
    }

    @ParameterizedTest
    @EnumSource(names = {"TOMCAT", "JETTY"})
    @ExtendWith(OutputCaptureExtension.class)
    void tasksRunOnTheOwnedGroup(Server server, CapturedOutput output) {
        try (RunningApp app = start(server, "logging.level.io.coloop=INFO")) {
            assertThat(output)
                    .contains("; requests do not come on Netty event loops, so loops with threads of their own: 2");
            assertThat(app.context.getBeanNamesForType(ReactiveWebServerFactory.class))
                    .singleElement()
                    .asString()
                    .startsWith(server.name().toLowerCase(Locale.ROOT));
            Set<String> places = new HashSet<>();
            for (int i = 0; i < 4; i++) {
                places.add(app.get("/loop"));
            }
            assertThat(places).containsExactlyInAnyOrder("web-1 web-1", "web-2 web-2");
            assertThat(app.client
                            .post()
                            .uri("/length")
                            .bodyValue("x".repeat(100_000))
                            .retrieve()
                            .bodyToMono(Integer.class)
                            .block(RunningApp.LIMIT))
                    .isEqualTo(100_000);
            assertThat(app.exchange("/failing")).isEqualTo("409 handled of the application");
            assertThat(app.get("/mono")).isEqualTo("a Mono beside them");
            assertThat(app.bean(RequestLoops.class).loops()).hasSize(2);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"TOMCAT", "JETTY"})
    void eventsComeOneByOne(Server server) {
        try (RunningApp app = start(server)) {
            List<Integer> events = app.client
                    .get()
                    .uri("/events")
                    .retrieve()
                    .bodyToFlux(Integer.class)
                    .doOnNext(event -> app.bean(Controller.class).opened.complete(null)) // after the first
                    .collectList()
                    .block(RunningApp.LIMIT);
            assertThat(events).containsExactly(1, 2, 3);
        }
    }

    private static Socket request(RunningApp app, String uri) throws Exception {
        Socket socket = new Socket("localhost", URI.create(app.address).getPort());
        socket.getOutputStream()
                .write(("GET " + uri + " HTTP/1.1\r\nHost: x\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    @ParameterizedTest
    @EnumSource(names = {"TOMCAT", "JETTY"})
    void aClientThatLeavesAStreamCancelsItsTask(Server server) throws Exception {
        try (RunningApp app = start(server)) {
            try (Socket socket = request(app, "/endless")) {
                InputStream in = socket.getInputStream();
                assertThat(new String(in.readNBytes(12), StandardCharsets.US_ASCII))
                        .isEqualTo("HTTP/1.1 200");
            }
            assertThat(app.bean(Controller.class).cleaned.get(20, TimeUnit.SECONDS))
                    .startsWith("web-");
            noTaskIsLeft(app);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"TOMCAT", "JETTY"})
    void requestTimeout(Server server) throws Exception {
        try (RunningApp app = start(server, "coloop.webflux.request-timeout=50ms")) {
            assertThat(app.exchange("/forever")).isEqualTo("503 too late: no result within PT0.05S");
            assertThat(app.bean(Controller.class).cleaned.get(20, TimeUnit.SECONDS))
                    .startsWith("web-");
            noTaskIsLeft(app);
        }
    }

    private static void noTaskIsLeft(RunningApp app) throws Exception {
        for (Loop loop : app.bean(RequestLoops.class).loops()) {
            loop.spawn(() -> {
                        while (loop.taskCount() > 1) {
                            sleep(Duration.ofMillis(1));
                        }
                    })
                    .get(20, TimeUnit.SECONDS);
        }
    }

    /** Stops before the web server begins to. */
    static class FirstToStop implements SmartLifecycle {
        private final Controller controller;
        private volatile boolean running;

        FirstToStop(Controller controller) {
            this.controller = controller;
        }

        @Override
        public void start() {
            running = true;
        }

        @Override
        public void stop() {
            running = false;
            Promise<String> promise = controller.inFlight.getNow(null);
            if (promise != null) {
                Loop loop = promise.future().loop();
                loop.execute(() -> loop.callLater(Duration.ofMillis(300), () -> promise.complete("in time")));
            }
        }

        @Override
        public boolean isRunning() {
            return running;
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"TOMCAT", "JETTY"})
    void requestsInFlightEndBeforeTheApplicationDoes(Server server) throws Exception {
        CompletableFuture<String> answer;
        List<Loop> loops;
        try (RunningApp app = start(server)) {
            answer = app.getLater("/in-flight");
            app.bean(Controller.class).inFlight.get(20, TimeUnit.SECONDS);
            loops = app.bean(RequestLoops.class).loops();
        }
        assertThat(answer.get(20, TimeUnit.SECONDS)).isEqualTo("in time");
        assertThat(loops).isNotEmpty().allMatch(Loop::isClosed);
    }
}
