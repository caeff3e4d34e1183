package io.coloop.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Task;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.context.annotation.Bean;
import org.springframework.core.task.support.TaskExecutorAdapter;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.config.BlockingExecutionConfigurer;
import org.springframework.web.reactive.config.WebFluxConfigurer;
import reactor.core.publisher.Mono;

/** Which methods run as tasks. */
@Timeout(60)
class MethodChoiceTest {
    /** Where the caller runs. */
    static String place() {
        Thread thread = Thread.currentThread();
        String name = thread.getName();
        return Task.currentOrNull() != null
                ? "task"
                : name.startsWith("one-")
                        ? "inline"
                        : name.startsWith("blocking-")
                                ? (thread.isVirtual() ? "virtual" : "platform")
                                : name.startsWith("application") ? "application" : name;
    }

    @RestController
    static class Mixed {
        @GetMapping("/plain")
        String plain() {
            return place();
        }

        @GetMapping("/blocking")
        @Blocking
        String blocking() {
            return place();
        }

        @GetMapping("/inline")
        @AsTask(false)
        String inline() {
            return place();
        }

        @GetMapping("/as-task")
        @AsTask
        String asTask() {
            return place();
        }

        @GetMapping("/mono")
        Mono<String> mono() {
            return Mono.fromSupplier(MethodChoiceTest::place);
        }

        @GetMapping("/blocking-mono")
        @Blocking
        Mono<String> blockingMono() {
            return Mono.fromSupplier(MethodChoiceTest::place);
        }
    }

    @RestController
    @Blocking
    static class AllBlocking {
        @GetMapping("/all-blocking/one")
        String one() {
            return place();
        }

        @GetMapping("/all-blocking/but-one")
        @AsTask
        String butOne() {
            return place();
        }
    }

    @RestController
    @AsTask(false)
    static class AllInline {
        @GetMapping("/all-inline/one")
        String one() {
            return place();
        }

        @GetMapping("/all-inline/blocking")
        @Blocking
        String blocking() {
            return place();
        }

        @GetMapping("/all-inline/task")
        @AsTask
        String task() {
            return place();
        }
    }

    static class OwnExecutor implements WebFluxConfigurer {
        final Executor threads = Executors.newThreadPerTaskExecutor(
                Thread.ofPlatform().daemon().name("application").factory());

        @Override
        public void configureBlockingExecution(BlockingExecutionConfigurer configurer) {
            configurer.setExecutor(new TaskExecutorAdapter(threads));
        }
    }

    static class SomeBlocking extends OwnExecutor {
        @Override
        public void configureBlockingExecution(BlockingExecutionConfigurer configurer) {
            super.configureBlockingExecution(configurer);
            configurer.setControllerMethodPredicate(
                    method -> method.getMethod().getName().equals("plain"));
        }
    }

    static class Chosen {
        @Bean
        TaskMethods onlyPlain() {
            return method -> method.getMethod().getName().equals("plain");
        }
    }

    private static final List<Class<?>> CONTROLLERS = List.of(Mixed.class, AllBlocking.class, AllInline.class);

    private static String places(RunningApp app, String... uris) {
        StringBuilder places = new StringBuilder();
        for (String uri : uris) {
            places.append(app.get(uri)).append(' ');
        }
        return places.toString().trim();
    }

    private static List<Class<?>> with(Class<?> more) {
        return List.of(Mixed.class, AllBlocking.class, AllInline.class, more);
    }

    @Test
    void byDefaultAndByAnnotations() {
        String own = Runtime.version().feature() >= 24 ? "virtual" : "platform";
        try (RunningApp app = RunningApp.start(CONTROLLERS)) {
            assertThat(places(app, "/plain", "/blocking", "/inline", "/as-task", "/mono"))
                    .isEqualTo("task " + own + " inline task inline");
            assertThat(places(app, "/all-blocking/one", "/all-blocking/but-one"))
                    .isEqualTo(own + " task");
            assertThat(places(app, "/all-inline/one", "/all-inline/blocking", "/all-inline/task"))
                    .isEqualTo("inline " + own + " task");
        }
    }

    @Test
    void ownThreadsOfTheOtherKind() {
        try (RunningApp app = RunningApp.start(CONTROLLERS, "coloop.webflux.blocking-threads=platform")) {
            assertThat(places(app, "/blocking", "/blocking-mono", "/plain")).isEqualTo("platform platform task");
        }
    }

    @Test
    void whatTheApplicationSendsToItsExecutorStaysThere() {
        try (RunningApp app = RunningApp.start(with(SomeBlocking.class))) {
            assertThat(places(app, "/plain", "/blocking", "/inline", "/as-task", "/mono"))
                    .isEqualTo("application application inline task inline");
            assertThat(app.get("/all-inline/one")).isEqualTo("inline");
        }
        try (RunningApp app = RunningApp.start(with(OwnExecutor.class))) {
            assertThat(places(app, "/plain", "/blocking", "/inline", "/as-task", "/mono"))
                    .isEqualTo("application application inline task inline");
        }
    }

    @Test
    void virtualThreadsOfSpringBoot() {
        try (RunningApp app = RunningApp.start(CONTROLLERS, "spring.threads.virtual.enabled=true")) {
            assertThat(places(app, "/plain", "/as-task")).matches("task-\\d+ task");
        }
    }

    @Test
    void byAPredicate() {
        try (RunningApp app = RunningApp.start(with(Chosen.class))) {
            assertThat(places(app, "/plain", "/as-task", "/inline", "/mono")).isEqualTo("task task inline inline");
        }
    }

    @Test
    void notAtAll() {
        try (RunningApp app = RunningApp.start(CONTROLLERS, "coloop.webflux.enabled=false")) {
            assertThat(places(app, "/plain", "/as-task", "/blocking")).isEqualTo("inline inline inline");
            assertThat(app.context.getBeanNamesForType(RequestLoops.class)).isEmpty();
        }
    }
}
