package io.coloop.spring;

import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.spring.WebFlux.filter;
import static io.coloop.spring.WebFlux.flux;
import static io.coloop.spring.WebFlux.handler;
import static io.coloop.spring.WebFlux.mono;
import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.web.reactive.function.server.RouterFunctions.route;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.annotation.Bean;
import org.springframework.core.annotation.Order;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.ReactiveSecurityContextHolder;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilter;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Where Spring Security's context can be read from the thread. */
@Timeout(60)
class SecurityContextTest {
    private static String user() {
        Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
        return authentication == null ? "nobody" : authentication.getName();
    }

    static class Filters {
        /** Like Spring Security's. */
        @Bean
        @Order(1)
        WebFilter security() {
            return (exchange, chain) -> chain.filter(exchange)
                    .contextWrite(ReactiveSecurityContextHolder.withAuthentication(
                            new TestingAuthenticationToken("ada", "")));
        }

        @Bean
        @Order(2)
        WebFilter awaiting() {
            return filter((exchange, chain) -> {
                exchange.getResponse().getHeaders().set("X-User", user());
                await(chain.filter(exchange));
            });
        }

        @Bean
        RouterFunction<ServerResponse> routes() {
            return route().GET(
                            "/handler", handler(request -> ServerResponse.ok().bodyValue(twice())))
                    .build();
        }
    }

    private static String twice() {
        String first = user();
        sleep(Duration.ofMillis(1));
        return first + " " + user();
    }

    @RestController
    static class Controller {
        @GetMapping("/method")
        String method() {
            return twice();
        }

        @GetMapping("/mono")
        Mono<String> inMono() {
            return mono(() -> twice());
        }

        @GetMapping("/flux")
        Flux<String> inFlux() {
            return flux(emitter -> emitter.emit(twice()));
        }

        @GetMapping("/thrown")
        String thrown() {
            throw new IllegalStateException();
        }

        @GetMapping("/given")
        Mono<String> given() {
            return Mono.error(new IllegalStateException());
        }

        @GetMapping("/argument/{number}")
        String argument(@PathVariable int number, @RequestParam String missing) {
            return number + missing;
        }

        @ExceptionHandler
        String failed(Exception failure) {
            return twice();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void inAllThatAwaits(boolean wanted) {
        String expected = wanted ? "ada ada" : "nobody nobody";
        try (RunningApp app = RunningApp.start(
                List.of(Filters.class, Controller.class), "coloop.webflux.context.security=" + wanted)) {
            for (String uri : List.of("/method", "/mono", "/flux", "/handler", "/thrown", "/given", "/argument/1")) {
                assertThat(uri + " " + app.get(uri)).isEqualTo(uri + " " + expected);
            }
            assertThat(app.client
                            .get()
                            .uri("/method")
                            .exchangeToMono(response -> response.releaseBody()
                                    .thenReturn(response.headers().header("X-User")))
                            .block(RunningApp.LIMIT))
                    .containsExactly(wanted ? "ada" : "nobody");
        }
    }
}
