package io.coloop.spring;

import static io.coloop.Await.sleep;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Task;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Kotlin controllers and Java controllers share the loop. */
@Timeout(60)
class KotlinAndJavaTest {
    private RunningApp app;

    @BeforeEach
    void start() {
        app = RunningApp.start(List.of(KotlinControllers.class, Recommendations.class, InJava.class));
    }

    @AfterEach
    void stop() {
        app.close();
    }

    @RestController
    static class InJava {
        @GetMapping("/java")
        String plain() {
            sleep(Duration.ofMillis(1));
            return Task.current().loop().name();
        }
    }

    @Test
    void onOneLoop() {
        assertThat(app.get("/java")).isEqualTo("web-1");
        assertThat(app.get("/kotlin/suspend/7")).isEqualTo("web-1 coroutine, web-1 coroutine, tea for 7");
        assertThat(app.get("/kotlin/plain/8")).isEqualTo("web-1 task, web-1 task, tea for 8");
        assertThat(app.get("/kotlin/flow")).isEqualTo("ab");
        assertThat(app.exchange("/kotlin/unit")).isEqualTo("200 ");
    }

    @Test
    void contextInSuspendFunctionsOfATask() {
        assertThat(app.client
                        .get()
                        .uri("/kotlin/context")
                        .header("Accept-Language", "fr-CH")
                        .retrieve()
                        .bodyToMono(String.class)
                        .block(RunningApp.LIMIT))
                .isEqualTo("true fr-CH");
    }
}
