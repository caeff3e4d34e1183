package io.coloop.spring;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.awaitRequired;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Task;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.MDC;
import org.springframework.context.annotation.Bean;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** SLF4J's MDC beside a tracer that puts its ids into it. */
@Timeout(60)
class LoggingContextTest {
    @AfterEach
    void hooksOfTheProcess() {
        Hooks.disableAutomaticContextPropagation();
    }

    /** Does what tracers do. */
    static class Tracing {
        @Bean
        ObservationRegistry observations() {
            ObservationRegistry registry = ObservationRegistry.create();
            registry.observationConfig().observationHandler(new ObservationHandler<>() {
                @Override
                public boolean supportsContext(Observation.Context context) {
                    return true;
                }

                @Override
                public void onScopeOpened(Observation.Context context) {
                    MDC.put("trace", "of the request");
                }

                @Override
                public void onScopeClosed(Observation.Context context) {
                    MDC.remove("trace");
                }
            });
            return registry;
        }
    }

    @RestController
    static class Controller {
        private static String logged(String where) {
            return where + ": " + MDC.get("trace") + ", " + MDC.get("own");
        }

        @GetMapping("/chain")
        Mono<List<String>> chain() {
            return Mono.fromCallable(() -> logged("callable"))
                    .publishOn(Schedulers.parallel())
                    .map(first -> List.of(first, logged("elsewhere")));
        }

        @GetMapping("/task")
        List<String> task() {
            MDC.put("own", "mine");
            String atFirst = logged("task");
            sleep(Duration.ofMillis(1));
            return List.of(
                    atFirst,
                    logged("after an await"),
                    await(Task.spawn(() -> logged("child"))),
                    blocking(() -> logged("blocking")),
                    awaitRequired(Mono.fromCallable(() -> logged("subscribed"))));
        }

        @GetMapping("/none")
        String none() {
            return String.valueOf(MDC.get("own"));
        }
    }

    private static final String IN_TASKS = "[\"task: of the request, mine\",\"after an await: of the request, mine\","
            + "\"child: of the request, mine\",\"blocking: of the request, mine\",\"subscribed: of the request, mine\"]";

    @Test
    void operatorsKeepWhatTheTracerPutThere() {
        try (RunningApp app =
                RunningApp.start(List.of(Tracing.class, Controller.class), "spring.reactor.context-propagation=auto")) {
            assertThat(app.get("/chain"))
                    .isEqualTo("[\"callable: of the request, null\",\"elsewhere: of the request, null\"]");
            assertThat(app.get("/task")).isEqualTo(IN_TASKS);
            assertThat(app.get("/none")).isEqualTo("null");
        }
    }

    @Test
    void tasksHaveItWithoutReactorsHelp() {
        try (RunningApp app = RunningApp.start(
                List.of(Tracing.class, Controller.class), "spring.reactor.context-propagation=limited")) {
            assertThat(app.get("/task")).isEqualTo(IN_TASKS);
            assertThat(app.get("/none")).isEqualTo("null");
        }
    }

    @Test
    void notCarriedIfNotWanted() {
        try (RunningApp app = RunningApp.start(List.of(Controller.class), "coloop.webflux.context.mdc=false")) {
            assertThat(app.get("/task")).contains("\"after an await: null, mine\",\"child: null, null\"");
        }
    }
}
