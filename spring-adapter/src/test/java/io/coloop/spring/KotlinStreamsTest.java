package io.coloop.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Flow results and suspend methods beside ours. */
@Timeout(60)
class KotlinStreamsTest {
    private RunningApp app;
    private KotlinStreams controller;

    @BeforeEach
    void start() {
        app = RunningApp.start(List.of(KotlinStreams.class));
        controller = app.bean(KotlinStreams.class);
    }

    @AfterEach
    void stop() {
        app.close();
    }

    private Socket request(String uri) throws Exception {
        Socket socket = new Socket("localhost", URI.create(app.address).getPort());
        socket.getOutputStream()
                .write(("GET " + uri + " HTTP/1.1\r\nHost: x\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    @Test
    void aFlowIsCollectedOnTheRequestsLoop() {
        assertThat(app.get("/kotlin/places")).isEqualTo("web-1,web-1,web-1");
    }

    @Test
    void aFlowProducesWhatTheClientTakesAndEndsWithIt() throws Exception {
        try (Socket socket = request("/kotlin/big")) {
            byte[] status = socket.getInputStream().readNBytes("HTTP/1.1 200".length());
            assertThat(new String(status, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 200");
            for (int i = 0; i < 50; i++) { // while the client reads nothing more
                app.get("/kotlin/places");
            }
            assertThat(controller.getProduced()).hasValueBetween(1, KotlinStreams.BIG / 5);
            assertThat(controller.getTrail()).isEmpty();
        }
        assertThat(controller.getTrail().poll(20, TimeUnit.SECONDS)).isEqualTo("flow left on web-1");
    }

    @ParameterizedTest
    @CsvSource({"/kotlin/awaits-task,task cancelled", "/kotlin/awaits-mono,mono cancelled"})
    void aClientThatLeavesCancelsASuspendMethodAndWhatItAwaits(String uri, String awaited) throws Exception {
        try (Socket socket = request(uri)) {
            controller.getStarted().get(20, TimeUnit.SECONDS);
        }
        assertThat(controller.getTrail().poll(20, TimeUnit.SECONDS)).isEqualTo(awaited);
        assertThat(controller.getTrail().poll(20, TimeUnit.SECONDS)).isEqualTo("coroutine cancelled");
    }
}
