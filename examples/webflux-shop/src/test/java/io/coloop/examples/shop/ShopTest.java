package io.coloop.examples.shop;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.http.MediaType;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.test.web.reactive.server.WebTestClient;
import reactor.core.publisher.Flux;

/** All four ways give the same answers, on a real port. */
@Timeout(60)
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
class ShopTest {
    @LocalServerPort
    private int port;

    @Autowired
    private Products products;

    private WebTestClient client;

    @BeforeEach
    void connect() {
        client = WebTestClient.bindToServer()
                .baseUrl("http://localhost:" + port)
                .responseTimeout(Duration.ofSeconds(20))
                .build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"await", "chain", "suspend", "block"})
    void threeCallsOneAfterTheOther(String way) {
        assertThat(get("/" + way + "/products/7", ProductPage.class)).isEqualTo(new ProductPage(7, 507, 507, 607));
    }

    @ParameterizedTest
    @ValueSource(strings = {"await", "chain", "suspend", "block"})
    void threeCallsAtOnce(String way) {
        assertThat(get("/" + way + "/products/7/offers", Offers.class))
                .isEqualTo(new Offers(7, List.of(507, 508, 509)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"await", "chain", "suspend", "block"})
    void aRow(String way) {
        Product lamp = get("/" + way + "/products/1/row", Product.class);
        assertThat(lamp.name()).isEqualTo("lamp");
        client.get()
                .uri("/" + way + "/products/99/row")
                .exchange()
                .expectStatus()
                .isNotFound();
    }

    @ParameterizedTest
    @ValueSource(strings = {"await", "chain", "suspend", "block"})
    void slow(String way) {
        assertThat(get("/" + way + "/slow/20", String.class)).isEqualTo("slow");
    }

    @ParameterizedTest
    @ValueSource(strings = {"await", "chain", "suspend", "block"})
    void anOrderIsATransaction(String way) {
        long before = purchases();
        int stock = stock();
        Receipt receipt = client.post()
                .uri("/" + way + "/orders")
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue(new Order(3, 2))
                .exchange()
                .expectStatus()
                .isOk()
                .expectBody(Receipt.class)
                .returnResult()
                .getResponseBody();
        assertThat(receipt).isEqualTo(new Receipt(3, 2, before + 1));
        assertThat(stock()).isEqualTo(stock - 2);
        client.post()
                .uri("/" + way + "/orders")
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue(new Order(3, 1_000))
                .exchange()
                .expectStatus()
                .isEqualTo(409);
        assertThat(purchases()).isEqualTo(before + 1);
        assertThat(stock()).isEqualTo(stock - 2);
    }

    private long purchases() {
        return products.purchases(3).block();
    }

    private int stock() {
        return products.findById(3L).block().stock();
    }

    @Test
    void aStoryOfThreeLibraries() {
        assertThat(get("/await/products/1/story", String.class))
                .isEqualTo("lamp: good better best; see also [4, 3, 2]");
    }

    @Test
    void whatGoesOn() {
        get("/await/products/7", ProductPage.class);
        Flux<ServerSentEvent<Live>> events = client.get()
                .uri("/live")
                .accept(MediaType.TEXT_EVENT_STREAM)
                .exchange()
                .expectStatus()
                .isOk()
                .returnResult(new ParameterizedTypeReference<ServerSentEvent<Live>>() {})
                .getResponseBody();
        List<ServerSentEvent<Live>> two = events.take(2).collectList().block(Duration.ofSeconds(20));
        assertThat(two).hasSize(2);
        Live live = two.get(1).data();
        assertThat(live.requests()).isPositive();
        assertThat(live.mode()).isEqualTo(System.getProperty("coloop.test.mode"));
        assertThat(live.loops()).isNotEmpty();
        assertThat(live.loops().stream().mapToInt(Live.Of::tasks).sum()).isPositive();
    }

    private <T> T get(String path, Class<T> type) {
        return client.get()
                .uri(path)
                .exchange()
                .expectStatus()
                .isOk()
                .expectBody(type)
                .returnResult()
                .getResponseBody();
    }
}
