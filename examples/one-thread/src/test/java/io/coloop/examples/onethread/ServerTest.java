package io.coloop.examples.onethread;

import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Loop;
import io.coloop.Mode;
import io.coloop.Task;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real HTTP on real sockets, so real time. */
@Timeout(60)
class ServerTest {
    private static final int REQUESTS = 100;

    private Server server;
    private HttpClient client;

    @BeforeEach
    void start() {
        server = Server.start(0);
        client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(server.address() + path))
                .timeout(Duration.ofSeconds(20))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void thePageShowsEveryLibraryOnOneThread() throws Exception {
        HttpResponse<String> page = get("/");

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.body())
                .contains("costs 4.20 EUR", "7 in stock", "rated 4.5", "goes well with tea")
                .contains("<svg", "</svg>");
        for (Timeline.Lane lane : Timeline.Lane.values()) {
            assertThat(page.body()).contains("<title>" + lane.title + ": ");
        }
    }

    @Test
    void hundredConcurrentRequestsRunOnePieceAtATime() {
        Load.Result result = Load.run(server.address(), REQUESTS);

        assertThat(result.errors()).isZero();
        assertThat(server.witness().mostAtOnce()).isEqualTo(1);
        if (Loop.mode() == Mode.MOUNTED) {
            assertThat(server.witness().carriers()).hasSize(1);
        }
    }

    @Test
    void aWrongRouteIsNotFound() throws Exception {
        HttpResponse<String> page = get("/nowhere");

        assertThat(page.statusCode()).isEqualTo(404);
        assertThat(page.body()).isEqualTo("nothing is here; the page is at /\n");
    }

    @Test
    void onlyGetIsAllowed() throws Exception {
        HttpRequest post = HttpRequest.newBuilder(URI.create(server.address() + "/"))
                .timeout(Duration.ofSeconds(20))
                .POST(HttpRequest.BodyPublishers.ofString("x"))
                .build();
        HttpResponse<String> answer = client.send(post, HttpResponse.BodyHandlers.ofString());

        assertThat(answer.statusCode()).isEqualTo(405);
        assertThat(answer.headers().firstValue("Allow")).contains("GET");
        assertThat(answer.body()).isEqualTo("only GET is allowed\n");
    }

    @Test
    void aFailingDownstreamIsMapped() throws Exception {
        HttpResponse<String> page = get("/broken");

        assertThat(page.statusCode()).isEqualTo(502);
        assertThat(page.body()).contains("the price service answered 500");
    }

    @Test
    void aClientThatLeavesCancelsTheTaskAndItsDownstreamCall() throws Exception {
        try (Socket socket =
                new Socket("localhost", URI.create(server.address()).getPort())) {
            OutputStream out = socket.getOutputStream();
            out.write("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            out.flush();
            server.shop().slowPriceStarted().get(20, TimeUnit.SECONDS);
        }

        server.shop().pageCancelled().get(20, TimeUnit.SECONDS);
        server.shop().priceCancelled().get(20, TimeUnit.SECONDS);
        assertThat(server.loop().spawn(() -> server.loop().taskCount()).get(20, TimeUnit.SECONDS))
                .as("only the task that counts")
                .isEqualTo(1);
    }

    @Test
    void aTaskThatYieldsForEverLeavesRequestsFast() throws Exception {
        get("/price"); // warm
        Task<Void> greedy = server.loop().spawn(() -> {
            while (true) {
                yieldNow();
            }
        });
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 20; i++) {
            long start = System.nanoTime();
            assertThat(get("/price-now").statusCode()).isEqualTo(200);
            best = Math.min(best, System.nanoTime() - start);
        }
        greedy.cancel("enough");

        assertThat(Duration.ofNanos(best)).isLessThan(Duration.ofMillis(20));
    }
}
