package io.coloop.examples.guide;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.http.MediaType;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.web.reactive.socket.WebSocketMessage;
import org.springframework.web.reactive.socket.client.ReactorNettyWebSocketClient;
import reactor.core.publisher.Mono;

/** What the WebFlux guide says, on a real port. */
@Timeout(60)
@SpringBootTest(
        classes = Guide.App.class,
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {"spring.r2dbc.url=r2dbc:h2:mem:///guide;DB_CLOSE_DELAY=-1", "spring.sql.init.mode=never"})
class GuideTest {
    @LocalServerPort
    private int port;

    @Autowired
    private DatabaseClient database;

    @Autowired
    private Guide.More more;

    private WebTestClient client;

    @BeforeEach
    void connect() {
        client = WebTestClient.bindToServer()
                .baseUrl("http://localhost:" + port)
                .responseTimeout(Duration.ofSeconds(20))
                .build();
    }

    private String get(String path) {
        return client.get()
                .uri(path)
                .exchange()
                .expectStatus()
                .isOk()
                .expectBody(String.class)
                .returnResult()
                .getResponseBody();
    }

    @Test
    void aPage() {
        String page = "{\"user\":{\"id\":7,\"name\":\"ada\"},\"orders\":[\"a lamp\",\"a chair\"]}";
        assertThat(get("/users/7")).isEqualTo(page);
        assertThat(get("/users/7/together")).isEqualTo(page);
    }

    @Test
    void kotlin() {
        assertThat(get("/users/7/greeting")).isEqualTo("hello ada");
        assertThat(get("/greetings/bob")).isEqualTo("hello BOB");
    }

    @Test
    void aStream() {
        assertThat(get("/ticks")).isEqualTo("data:1\n\ndata:2\n\ndata:3\n\n");
    }

    @Test
    void aClientThatLeaves() throws IOException {
        try (Socket socket = new Socket("localhost", port)) {
            socket.getOutputStream()
                    .write("GET /jobs/3 HTTP/1.1\r\nHost: here\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
            until("job 3 begun");
        }
        until("job 3 cleaned up");
    }

    private void until(String mark) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!more.trail.contains(mark)) {
            assertThat(System.nanoTime()).as(mark).isLessThan(end);
            Thread.onSpinWait();
        }
    }

    @Test
    void failures() {
        client.get()
                .uri("/failing")
                .exchange()
                .expectStatus()
                .isEqualTo(409)
                .expectBody(String.class)
                .isEqualTo("ada was told: out of paper");
    }

    @Test
    void aFile() {
        assertThat(get("/file")).contains("coloop-examples-webflux-shop");
    }

    @Test
    void beans() {
        client.get()
                .uri("/names/7")
                .exchange()
                .expectHeader()
                .exists("X-Begin")
                .expectBody(String.class)
                .isEqualTo("ada");
        String echo = Mono.<String>create(sink -> new ReactorNettyWebSocketClient()
                        .execute(
                                URI.create("ws://localhost:" + port + "/echo"),
                                session -> session.send(Mono.just(session.textMessage("hi")))
                                        .then(session.receive()
                                                .map(WebSocketMessage::getPayloadAsText)
                                                .next()
                                                .doOnNext(sink::success)
                                                .then()))
                        .subscribe(null, sink::error))
                .block(Duration.ofSeconds(20));
        assertThat(echo).isEqualTo("hi");
    }

    @Test
    void aTransaction() {
        database.sql("create table if not exists account (name varchar(20) primary key, balance int)")
                .then()
                .block();
        database.sql("merge into account values ('a', 10), ('b', 0)").then().block();
        assertThat(transfer(7)).isEqualTo(200);
        assertThat(balances()).isEqualTo("3 7");
        assertThat(transfer(4)).isEqualTo(500);
        assertThat(balances()).isEqualTo("3 7");
    }

    private int transfer(int amount) {
        return client.post()
                .uri("/transfers")
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue(new Guide.Transfer("a", "b", amount))
                .exchange()
                .returnResult(String.class)
                .getStatus()
                .value();
    }

    private String balances() {
        return database.sql("select listagg(balance, ' ') within group (order by name) from account")
                .mapValue(String.class)
                .one()
                .block();
    }

    @Test
    void migrated() {
        assertThat(get("/chain/7")).isEqualTo("ada has 2").isEqualTo(get("/awaited/7"));
    }
}
