package io.coloop.spring;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Task;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Mono;

@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT, classes = PlainReturnTypesTest.App.class)
class PlainReturnTypesTest {
    @LocalServerPort
    int port;

    record Page(String title, long id) {}

    @SpringBootApplication(scanBasePackageClasses = {})
    @RestController
    static class App {
        @GetMapping("/pages/{id}")
        Page page(@PathVariable long id) {
            sleep(Duration.ofMillis(1));
            String title = await(Mono.just("page").delayElement(Duration.ofMillis(1)));
            return new Page(title + " of " + Task.current().loop().name(), id);
        }
    }

    @Test
    void aRecord() {
        String answer = WebClient.create("http://localhost:" + port)
                .get()
                .uri("/pages/7")
                .retrieve()
                .bodyToMono(String.class)
                .block(Duration.ofSeconds(10));
        assertThat(answer).isEqualTo("{\"title\":\"page of web-1\",\"id\":7}");
    }
}
