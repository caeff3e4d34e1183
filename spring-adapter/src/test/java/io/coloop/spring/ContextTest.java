package io.coloop.spring;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.context;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Task;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.MDC;
import org.springframework.context.i18n.LocaleContextHolder;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.context.ReactiveSecurityContextHolder;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/** What a task sees of its request. */
@Timeout(60)
class ContextTest {
    private RunningApp app;

    @BeforeEach
    void start() {
        app = RunningApp.start(List.of(Controller.class, Filters.class));
    }

    @AfterEach
    void stop() {
        app.close();
    }

    private static final ObservationRegistry OBSERVATIONS = ObservationRegistry.create();

    static {
        OBSERVATIONS.observationConfig().observationHandler(context -> true);
    }

    /** What security, tracing and the application's own code put there. */
    static class Filters implements WebFilter {
        @Override
        public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
            String user = exchange.getRequest().getQueryParams().getFirst("user");
            Observation observation = Observation.start("of " + user, OBSERVATIONS);
            return chain.filter(exchange)
                    .contextWrite(
                            ReactiveSecurityContextHolder.withAuthentication(new TestingAuthenticationToken(user, "")))
                    .contextWrite(context -> context.put("tenant", "tenant of " + user)
                            .put(ObservationThreadLocalAccessor.KEY, observation));
        }
    }

    @RestController
    static class Controller {
        private static String seen() {
            var authentication = SecurityContextHolder.getContext().getAuthentication();
            Observation observation = OBSERVATIONS.getCurrentObservation();
            return String.join(
                    ", ",
                    context().getOrDefault("tenant", "no tenant"),
                    "" + (authentication == null ? null : authentication.getName()),
                    "" + (observation == null ? null : observation.getContext().getName()),
                    LocaleContextHolder.getLocale().toLanguageTag(),
                    "" + MDC.get("who"));
        }

        @GetMapping("/seen")
        List<String> all() {
            MDC.put("who", "mdc of the method");
            String atFirst = seen();
            sleep(Duration.ofMillis(1));
            String afterAwait = seen();
            String child = await(Task.spawn(() -> {
                sleep(Duration.ofMillis(1));
                return seen();
            }));
            String reactive = await(Mono.deferContextual(context -> ReactiveSecurityContextHolder.getContext()
                    .map(security -> context.get("tenant") + ", "
                            + security.getAuthentication().getName())));
            return List.of(atFirst, afterAwait, child, reactive);
        }

        @GetMapping("/mdc")
        String mdc() {
            return MDC.get("who") + ", " + LocaleContextHolder.getLocale().toLanguageTag();
        }
    }

    @Test
    void seenInTheMethodAfterAwaitsAndInChildren() {
        String answer = app.client
                .get()
                .uri("/seen?user=ada")
                .header("Accept-Language", "de-CH")
                .retrieve()
                .bodyToMono(String.class)
                .block(RunningApp.LIMIT);
        String expected = "\"tenant of ada, ada, of ada, de-CH, mdc of the method\"";
        assertThat(answer).isEqualTo("[" + expected + "," + expected + "," + expected + ",\"tenant of ada, ada\"]");
    }

    @Test
    void nothingStaysForTheNextRequest() {
        app.get("/seen?user=ada");
        assertThat(app.client
                        .get()
                        .uri("/mdc?user=bob")
                        .header("Accept-Language", "fr")
                        .retrieve()
                        .bodyToMono(String.class)
                        .block(RunningApp.LIMIT))
                .isEqualTo("null, fr");
    }
}
