package io.coloop.spring;

import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.TaskTimeoutException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/** Clients that leave, limits on time, and what goes on meanwhile. */
@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class RequestCancellationTest {
    private RunningApp app;
    private Waiting controller;

    @BeforeEach
    void start() {
        app = RunningApp.start(List.of(Waiting.class, WaitingElsewhere.class, Advice.class));
        controller = app.bean(Waiting.class);
    }

    @AfterEach
    void stop() {
        app.close();
    }

    @RestController
    static class Waiting {
        final CompletableFuture<Void> started = new CompletableFuture<>();
        final CompletableFuture<String> cleaned = new CompletableFuture<>();
        final CompletableFuture<Void> sourceCancelled = new CompletableFuture<>();
        final Queue<Throwable> handled = new ConcurrentLinkedQueue<>();
        final Queue<String> order = new ConcurrentLinkedQueue<>();
        volatile Promise<String> door;

        @GetMapping("/forever")
        String forever() {
            try {
                return await(Mono.<String>never()
                        .doOnSubscribe(subscription -> started.complete(null))
                        .doOnCancel(() -> sourceCancelled.complete(null)));
            } catch (TaskCancelledException cancelled) {
                sleep(Duration.ofMillis(1)); // cleanup may await
                cleaned.complete(Task.current().loop().name());
                throw cancelled;
            }
        }

        @GetMapping("/stubborn")
        String stubborn() {
            try {
                return await(Mono.<String>never().doOnSubscribe(subscription -> started.complete(null)));
            } catch (TaskCancelledException cancelled) {
                cleaned.complete("swallowed");
                return "an answer for nobody";
            }
        }

        @GetMapping("/broken-cleanup")
        String brokenCleanup() {
            try {
                return await(Mono.<String>never().doOnSubscribe(subscription -> started.complete(null)));
            } finally {
                cleaned.complete("failing");
                brokenCleanupFails();
            }
        }

        private static void brokenCleanupFails() {
            throw new IllegalStateException("cleanup failed");
        }

        @GetMapping("/own-timeout")
        String ownTimeout() {
            return io.coloop.Timeout.of(Duration.ofMillis(1)).run(() -> await(Mono.<String>never()));
        }

        @PostMapping("/body")
        String body(@RequestBody String body) {
            return body;
        }

        @GetMapping("/wait/{name}")
        String waitAtTheDoor(@PathVariable String name, ServerWebExchange exchange) {
            order.add(name + " in");
            door = Task.current().loop().promise();
            started.complete(null);
            String answer = io.coloop.Await.await(door.future());
            order.add(name + " out");
            return answer;
        }

        @GetMapping("/open")
        String open() {
            order.add("open in");
            door.complete("opened");
            sleep(Duration.ofMillis(1));
            order.add("open out");
            return "open";
        }

        @GetMapping("/failing")
        String failing() {
            throw new IllegalStateException("of the application");
        }

        @ExceptionHandler
        ResponseEntity<String> everything(Exception failure) {
            handled.add(failure);
            return ResponseEntity.status(500).body("handled " + failure.getMessage());
        }
    }

    @RestController
    static class WaitingElsewhere {
        private final Waiting waiting;

        WaitingElsewhere(Waiting waiting) {
            this.waiting = waiting;
        }

        @ModelAttribute
        void model(@RequestParam(defaultValue = "") String model) {
            if (model.equals("waits")) {
                waiting.forever();
            }
        }

        @GetMapping("/with-model")
        String withModel() {
            return "with a model";
        }

        @GetMapping("/handler-waits")
        String handlerWaits() {
            throw new UnsupportedOperationException();
        }

        @GetMapping("/later-handler-waits")
        Mono<String> laterHandlerWaits() {
            return Mono.error(new UnsupportedOperationException());
        }

        @ExceptionHandler
        String waits(UnsupportedOperationException failure) {
            return waiting.forever();
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

    private Socket request(String uri) throws Exception {
        Socket socket = new Socket("localhost", URI.create(app.address).getPort());
        OutputStream out = socket.getOutputStream();
        out.write(("GET " + uri + " HTTP/1.1\r\nHost: x\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        out.flush();
        return socket;
    }

    @Test
    void aClientThatLeavesCancelsTheTaskAndWhatItAwaits() throws Exception {
        try (Socket socket = request("/forever")) {
            controller.started.get(20, TimeUnit.SECONDS);
        }
        controller.sourceCancelled.get(20, TimeUnit.SECONDS);
        assertThat(controller.cleaned.get(20, TimeUnit.SECONDS)).startsWith("web-");
        noTaskIsLeft();
        assertThat(controller.handled).isEmpty(); // nobody waits for what an exception handler would say
    }

    @ParameterizedTest
    @ValueSource(strings = {"/with-model?model=waits", "/handler-waits", "/later-handler-waits"})
    void whereverTheTaskIs(String uri) throws Exception {
        assertThat(app.get("/with-model")).isEqualTo("with a model");
        try (Socket socket = request(uri)) {
            controller.started.get(20, TimeUnit.SECONDS);
        }
        controller.sourceCancelled.get(20, TimeUnit.SECONDS);
        controller.cleaned.get(20, TimeUnit.SECONDS);
        noTaskIsLeft();
        assertThat(controller.handled).isEmpty();
    }

    private void noTaskIsLeft() throws Exception {
        app.loop()
                .spawn(() -> {
                    while (app.loop().taskCount() > 1) {
                        sleep(Duration.ofMillis(1));
                    }
                })
                .get(20, TimeUnit.SECONDS);
    }

    @Test
    void aTaskThatSwallowsItsCancellationIsReported() throws Exception {
        try (Socket socket = request("/stubborn")) {
            controller.started.get(20, TimeUnit.SECONDS);
        }
        controller.cleaned.get(20, TimeUnit.SECONDS);
        noTaskIsLeft();
        assertThat(app.takeReports()).extracting(Report::kind).containsExactly(Report.Kind.SWALLOWED_CANCELLATION);
    }

    @Test
    void aFailureAfterTheClientHasLeftIsReported() throws Exception {
        try (Socket socket = request("/broken-cleanup")) {
            controller.started.get(20, TimeUnit.SECONDS);
        }
        controller.cleaned.get(20, TimeUnit.SECONDS);
        noTaskIsLeft();
        assertThat(app.takeReports())
                .extracting(report -> report.failure().getMessage())
                .contains("cleanup failed");
        assertThat(controller.handled).isEmpty();
    }

    @Test
    void aClientThatLeavesWhileItSendsItsBody() throws Exception {
        try (Socket socket = new Socket("localhost", URI.create(app.address).getPort())) {
            OutputStream out = socket.getOutputStream();
            out.write("POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nContent-Type: text/plain\r\n\r\nhalf"
                    .getBytes(StandardCharsets.US_ASCII));
            out.flush();
            assertThat(app.exchange("/failing")).startsWith("500 "); // on the same thread: the other has been seen
        }
        assertThat(app.exchange("/failing")).startsWith("500 ");
        noTaskIsLeft();
    }

    @Test
    void twoRequestsInterleaveOnOneLoop() throws Exception {
        CompletableFuture<String> first = app.getLater("/wait/first");
        controller.started.get(20, TimeUnit.SECONDS);
        assertThat(app.get("/open")).isEqualTo("open");
        assertThat(first.get(20, TimeUnit.SECONDS)).isEqualTo("opened");
        assertThat(controller.order).containsExactly("first in", "open in", "first out", "open out");
    }

    @Test
    void handlersInTheControllerSeeItsOwnFailures() {
        assertThat(app.exchange("/failing")).isEqualTo("500 handled of the application");
        assertThat(app.exchange("/own-timeout")).startsWith("500 handled timed out after");
        assertThat(controller.handled).hasOnlyElementsOfTypes(IllegalStateException.class, TaskTimeoutException.class);
    }

    @Test
    void requestTimeout() throws Exception {
        try (RunningApp limited =
                RunningApp.start(List.of(Waiting.class, Advice.class), "coloop.webflux.request-timeout=50ms")) {
            assertThat(limited.exchange("/forever")).isEqualTo("503 too late: no result within PT0.05S");
            Waiting waiting = limited.bean(Waiting.class);
            assertThat(waiting.cleaned.get(20, TimeUnit.SECONDS)).startsWith("web-");
            assertThat(waiting.handled).isEmpty();
            assertThat(limited.exchange("/failing")).isEqualTo("500 handled of the application");
        }
    }

    @Test
    void theLimitIsForTheReadingOfTheBodyToo() throws Exception {
        try (RunningApp limited =
                        RunningApp.start(List.of(Waiting.class, Advice.class), "coloop.webflux.request-timeout=50ms");
                Socket socket =
                        new Socket("localhost", URI.create(limited.address).getPort())) {
            socket.getOutputStream()
                    .write(
                            "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nContent-Type: text/plain\r\n\r\nhalf"
                                    .getBytes(StandardCharsets.US_ASCII));
            byte[] status = socket.getInputStream().readNBytes("HTTP/1.1 503".length());
            assertThat(new String(status, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 503");
        }
    }

    @Test
    void requestTimeoutWithoutAnExceptionHandler(CapturedOutput output) throws Exception {
        try (RunningApp limited = RunningApp.start(List.of(Waiting.class), "coloop.webflux.request-timeout=50ms")) {
            assertThat(limited.exchange("/forever")).startsWith("503 ");
            limited.bean(Waiting.class).cleaned.get(20, TimeUnit.SECONDS);
            assertThat(output.getOut())
                    .contains("GET /forever: no result within PT0.05S (coloop.webflux.request-timeout)");
        }
    }
}
