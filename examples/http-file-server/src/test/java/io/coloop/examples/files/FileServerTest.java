package io.coloop.examples.files;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.Report;
import io.coloop.net.Connection;
import io.coloop.net.Net;
import io.coloop.net.NetOptions;
import io.coloop.net.Server;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The server on one loop, its clients elsewhere, in real time. */
@Timeout(60)
class FileServerTest {
    private static final int CLIENTS = 200;
    private static final int LARGE = 4 * 1024 * 1024; // bytes: more than the sockets' buffers take
    private static final Duration SHORT = Duration.ofMillis(300);

    @TempDir
    Path directory;

    private final Queue<Report> reports = new ConcurrentLinkedQueue<>();
    private final Loop serving = Loop.builder()
            .name("server")
            .slowItem(Duration.ZERO) // a busy machine is slow
            .exceptionHandler(reports::add)
            .start();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private Server server;
    private byte[] large;

    @BeforeEach
    void listen() throws Exception {
        Path root = Files.createDirectory(directory.resolve("root")).toRealPath();
        Files.writeString(root.resolve("index.html"), "<p>hello");
        Files.writeString(root.resolve("a b.txt"), "spaces");
        Files.createFile(root.resolve("empty.txt"));
        large = new byte[LARGE];
        new Random(1).nextBytes(large);
        Files.write(root.resolve("large.bin"), large);
        Files.writeString(directory.resolve("secret.txt"), "secret");
        Files.createSymbolicLink(root.resolve("link.txt"), directory.resolve("secret.txt"));
        serve(Duration.ofSeconds(30));
    }

    private void serve(Duration patience) throws Exception {
        FileServer files = new FileServer(directory.resolve("root").toRealPath(), patience);
        server = onLoop(() -> Net.listen(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), NetOptions.DEFAULT.backlog(CLIENTS)));
        Server mine = server;
        serving.spawn(() -> mine.serve(files::talk));
    }

    private <T> T onLoop(io.coloop.Body<T, ?> body) throws Exception {
        return serving.spawn(body).get(50, TimeUnit.SECONDS);
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        client.shutdownNow();
        onLoop(() -> {
            server.close();
            return null;
        });
        serving.close(); // reports files and connections that are still open
        assertThat(reports).isEmpty();
    }

    private URI uri(String target) {
        return URI.create("http://localhost:" + ((InetSocketAddress) server.localAddress()).getPort() + target);
    }

    private HttpResponse<byte[]> get(String target) throws Exception {
        return client.send(HttpRequest.newBuilder(uri(target)).build(), BodyHandlers.ofByteArray());
    }

    /** What comes back until the server closes the connection. */
    private String talk(String request) throws Exception {
        return onLoop(() -> {
            try (Connection connection = Net.connect(server.localAddress())) {
                connection.write(request);
                return new String(connection.input().readAll(LARGE), UTF_8);
            }
        });
    }

    // ---- what is there

    @Test
    void aFileArrivesWhole() throws Exception {
        HttpResponse<byte[]> response = get("/large.bin");
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValueAsLong("Content-Length")).hasValue(LARGE);
        assertThat(response.body()).isEqualTo(large);
    }

    @Test
    void manyClientsAtOnce() throws Exception {
        onLoop(() -> {
            List<Future<HttpResponse<byte[]>>> all = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                all.add(Future.from(client.sendAsync(
                        HttpRequest.newBuilder(uri(i % 20 == 0 ? "/large.bin" : "/"))
                                .build(),
                        BodyHandlers.ofByteArray())));
            }
            for (int i = 0; i < CLIENTS; i++) {
                assertThat(await(all.get(i)).body()).hasSize(i % 20 == 0 ? LARGE : "<p>hello".length());
            }
            return null;
        });
    }

    @Test
    void oneConnectionAsksAgainAndAgain() throws Exception {
        String requests = "GET / HTTP/1.1\r\nHost: h\r\n\r\n".repeat(3);
        String answers = talk(requests + "HEAD /large.bin HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        assertThat(answers.split("<p>hello", -1)).hasSize(4);
        assertThat(answers).contains("Content-Length: " + LARGE).endsWith("Connection: close\r\n\r\n");
        assertThat(talk("GET / HTTP/1.0\r\n\r\n"))
                .startsWith("HTTP/1.1 200 OK\r\n")
                .endsWith("<p>hello");
    }

    @ParameterizedTest
    @CsvSource({
        "/, text/html, <p>hello",
        "/index.html?x=1, text/html, <p>hello",
        "/a%20b.txt, text/plain, spaces",
        "/empty.txt, text/plain, ''"
    })
    void namesAndTypes(String target, String type, String body) throws Exception {
        HttpResponse<byte[]> response = get(target);
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).hasValue(type);
        assertThat(new String(response.body(), UTF_8)).isEqualTo(body);
    }

    // ---- what is not

    @ParameterizedTest
    @CsvSource({
        "GET /none HTTP/1.1, 404",
        "GET /../secret.txt HTTP/1.1, 404",
        "GET /%2e%2e/secret.txt HTTP/1.1, 404",
        "GET //../secret.txt HTTP/1.1, 404",
        "GET /link.txt HTTP/1.1, 404",
        "GET /a%00b HTTP/1.1, 400",
        "GET /a|b HTTP/1.1, 400",
        "GET / HTTP/2.0, 400",
        "GET /, 400",
        "PUT / HTTP/1.1, 405",
    })
    void whatIsRefused(String line, int status) throws Exception {
        assertThat(talk(line + "\r\nHost: h\r\n\r\n"))
                .startsWith("HTTP/1.1 " + status)
                .endsWith("\r\n\r\n");
    }

    @ParameterizedTest
    @CsvSource({
        "no colon, 400",
        "Transfer-Encoding: chunked, 413",
        "Content-Length: 5, 413",
        "Content-Length:   5  , 413",
        "Content-Length : 5, 400",
        "Transfer-Encoding : chunked, 400",
        "' folded: line', 400",
    })
    void headersThatAreRefused(String header, int status) throws Exception {
        assertThat(talk("GET / HTTP/1.1\r\n" + header + "\r\n\r\n")).startsWith("HTTP/1.1 " + status);
    }

    /** What follows must not be taken for a request of its own. */
    @Test
    void aHeaderThatOthersMayReadOtherwiseIsRefused() throws Exception {
        assertThat(talk("GET / HTTP/1.1\r\nContent-Length: 44\r\r\n\r\nGET /a%20b.txt HTTP/1.1\r\n\r\n"))
                .startsWith("HTTP/1.1 400")
                .doesNotContain("spaces");
        assertThat(talk("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\u0085\r\n\r\n"))
                .startsWith("HTTP/1.1 4");
    }

    @Test
    void tooMuchIsRefused() throws Exception {
        assertThat(talk("GET /" + "a".repeat(70_000) + " HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 431");
        assertThat(talk("GET / HTTP/1.1\r\n" + "a: b\r\n".repeat(101) + "\r\n")).startsWith("HTTP/1.1 431");
    }

    // ---- peers that misbehave

    @ParameterizedTest
    @ValueSource(strings = {"", "GET", "GET / HTTP/1.1\r\nHo"})
    void aClientThatLeavesInTheMiddle(String part) throws Exception {
        onLoop(() -> {
            Connection connection = Net.connect(server.localAddress());
            connection.write(part);
            connection.close();
            return null;
        });
        assertThat(talk("GET / HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 200");
        nobodyStays();
    }

    @Test
    void aClientThatLeavesAmidAFile() throws Exception {
        onLoop(() -> {
            Connection connection = Net.connect(server.localAddress());
            connection.write("GET /large.bin HTTP/1.1\r\n\r\n");
            connection.readExactly(1_000);
            connection.abort();
            return null;
        });
        nobodyStays();
    }

    @Test
    void aClientThatSaysNothingOrTakesNothingIsDropped() throws Exception {
        onLoop(() -> {
            server.close();
            return null;
        });
        serve(SHORT);
        onLoop(() -> {
            Connection silent = Net.connect(server.localAddress());
            Connection slow = Net.connect(server.localAddress());
            slow.write("GET /large.bin HTTP/1.1\r\n\r\n");
            slow.readExactly(1); // both were accepted
            awaitNobody();
            silent.abort();
            slow.abort();
            return null;
        });
    }

    private void nobodyStays() throws Exception {
        onLoop(() -> {
            awaitNobody();
            return null;
        });
    }

    private void awaitNobody() {
        while (server.connectionCount() > 0) {
            sleep(Duration.ofMillis(1));
        }
    }
}
