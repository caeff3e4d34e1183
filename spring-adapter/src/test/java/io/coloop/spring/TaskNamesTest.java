package io.coloop.spring;

import static io.coloop.Await.await;
import static io.coloop.spring.WebFlux.filter;
import static io.coloop.spring.WebFlux.flux;
import static io.coloop.spring.WebFlux.handler;
import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.web.reactive.function.server.RouterFunctions.route;
import static org.springframework.web.reactive.function.server.ServerResponse.ok;

import io.coloop.Task;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.context.annotation.Bean;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilter;
import reactor.core.publisher.Flux;

/** Tasks are called what their requests are. */
@Timeout(60)
class TaskNamesTest {
    private RunningApp app;

    @BeforeEach
    void start() {
        app = RunningApp.start(List.of(Controller.class, Others.class));
    }

    @AfterEach
    void stop() {
        app.close();
    }

    @RestController
    static class Controller {
        @GetMapping("/products/{id}")
        String product(@PathVariable String id) {
            return Task.current().name();
        }

        @PostMapping("/products")
        String created() {
            return Task.current().name();
        }

        @GetMapping("/child/{id}")
        String child() {
            return await(Task.spawn(() -> Task.current().name()));
        }

        @GetMapping("/stream/{id}")
        Flux<String> stream() {
            return flux(emitter -> emitter.emit(Task.current().name()));
        }

        @GetMapping("/failing/{id}")
        String failing() {
            throw new IllegalStateException();
        }

        @ExceptionHandler
        String failed(IllegalStateException failure) {
            return Task.current().name();
        }
    }

    static class Others {
        @Bean
        RouterFunction<ServerResponse> routes() {
            return route().GET(
                            "/route/{id}",
                            handler(request -> ok().bodyValue(Task.current().name())))
                    .build();
        }

        @Bean
        WebFilter named() {
            return filter((exchange, chain) -> {
                exchange.getResponse()
                        .getHeaders()
                        .set("X-Filter", Task.current().name());
                io.coloop.reactor.Reactor.await(chain.filter(exchange));
            });
        }
    }

    @Test
    void methodAndPattern() {
        assertThat(app.get("/products/7?secret=x")).isEqualTo("GET /products/{id}");
        assertThat(app.client
                        .post()
                        .uri("/products")
                        .retrieve()
                        .bodyToMono(String.class)
                        .block(RunningApp.LIMIT))
                .isEqualTo("POST /products");
        assertThat(app.get("/stream/7")).isEqualTo("GET /stream/{id}");
        assertThat(app.get("/failing/7")).isEqualTo("GET /failing/{id}");
        assertThat(app.get("/route/7")).isEqualTo("GET /route/{id}");
        assertThat(app.get("/child/7")).matches("task-\\d+");
    }

    private String filtersName(String uri) {
        return app.client
                .get()
                .uri(uri)
                .exchangeToMono(response -> response.releaseBody()
                        .thenReturn(response.headers().header("X-Filter").get(0)))
                .block(RunningApp.LIMIT);
    }

    @Test
    void thePathWithoutTheQueryBeforeThePatternIsKnown() {
        assertThat(filtersName("/products/7?secret=x")).isEqualTo("GET /products/7");
        assertThat(filtersName("/" + "x".repeat(1000))).isEqualTo("GET /" + "x".repeat(99) + "...");
    }
}
