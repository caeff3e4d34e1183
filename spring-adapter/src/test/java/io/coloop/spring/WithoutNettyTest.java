package io.coloop.spring;

import static io.coloop.Await.sleep;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Loop;
import io.coloop.Task;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Requests that no Netty event loop carries. */
@Timeout(60)
class WithoutNettyTest {
    @RestController
    static class Controller {
        @GetMapping("/loop")
        String loop() {
            sleep(Duration.ofMillis(1));
            return Task.current().loop().name();
        }
    }

    @Test
    void anOwnedGroupOfLoopsTakesThemInTurn() {
        List<Loop> loops;
        try (ConfigurableApplicationContext context = Boot.withoutServer(RunningApp.App.class, Controller.class)) {
            org.springframework.boot.test.util.TestPropertyValues.of("coloop.webflux.own-loops=2")
                    .applyTo(context);
            context.refresh();
            WebTestClient client = WebTestClient.bindToApplicationContext(context)
                    .configureClient()
                    .responseTimeout(RunningApp.LIMIT)
                    .build();
            Set<String> names = new HashSet<>();
            for (int i = 0; i < 4; i++) {
                names.add(client.get()
                        .uri("/loop")
                        .exchange()
                        .expectStatus()
                        .isOk()
                        .expectBody(String.class)
                        .returnResult()
                        .getResponseBody());
            }
            assertThat(names).containsExactlyInAnyOrder("web-1", "web-2");
            loops = context.getBean(RequestLoops.class).loops();
            assertThat(loops).hasSize(2);
        }
        assertThat(loops).allMatch(Loop::isClosed);
    }
}
