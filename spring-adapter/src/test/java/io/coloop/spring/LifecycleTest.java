package io.coloop.spring;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Loop;
import io.coloop.Mode;
import io.coloop.Promise;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.reactor.Reactor;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.WebFilter;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;

/** From the first request to the end of the application. */
@Timeout(60)
class LifecycleTest {
    @RestController
    static class Controller {
        final CompletableFuture<Promise<String>> inFlight = new CompletableFuture<>();
        final CompletableFuture<String> background = new CompletableFuture<>();

        @GetMapping("/loop")
        String loop() {
            return Task.current().loop().name() + " of "
                    + System.identityHashCode(Task.current().loop());
        }

        @GetMapping("/in-flight")
        String inFlight() {
            Promise<String> promise = Task.current().loop().promise();
            inFlight.complete(promise);
            return await(promise.future());
        }

        @GetMapping("/leave-behind")
        String leaveBehind() {
            Task.spawn(() -> {
                try {
                    sleep(Duration.ofMillis(500)); // longer than the end of an application takes
                    background.complete("done");
                } catch (TaskCancelledException cancelled) {
                    background.complete("cancelled");
                    throw cancelled;
                }
            });
            return "left";
        }
    }

    @Test
    void loopsAreMadeWhenRequestsComeAndClosedWithTheApplication() {
        List<Loop> loops;
        try (RunningApp app = RunningApp.start(List.of(Controller.class))) {
            assertThat(app.bean(RequestLoops.class).loops()).isEmpty();
            app.get("/loop");
            loops = app.bean(RequestLoops.class).loops();
            assertThat(loops).hasSize(1).noneMatch(Loop::isClosed);
        }
        assertThat(loops).allMatch(Loop::isClosed);
    }

    /** Stops before the web server begins to. */
    static class FirstToStop implements SmartLifecycle {
        private final Controller controller;
        private volatile boolean running;

        FirstToStop(Controller controller) {
            this.controller = controller;
        }

        @Override
        public void start() {
            running = true;
        }

        @Override
        public void stop() {
            running = false;
            Promise<String> promise = controller.inFlight.join();
            Loop loop = promise.future().loop();
            loop.execute(() -> loop.callLater(
                    Duration.ofMillis(300), () -> Thread.ofPlatform().start(() -> promise.complete("in time"))));
        }

        @Override
        public boolean isRunning() {
            return running;
        }
    }

    @Test
    void requestsInFlightEndBeforeTheApplicationDoes() throws Exception {
        CompletableFuture<String> answer;
        try (RunningApp app = RunningApp.start(List.of(Controller.class, FirstToStop.class))) {
            answer = app.getLater("/in-flight");
            app.bean(Controller.class).inFlight.get(20, TimeUnit.SECONDS);
        }
        assertThat(answer.get(20, TimeUnit.SECONDS)).isEqualTo("in time");
    }

    @Test
    void whatARequestLeftBehindMayGoOnForAWhile() throws Exception {
        Controller controller;
        try (RunningApp app = RunningApp.start(List.of(Controller.class))) {
            app.get("/leave-behind");
            controller = app.bean(Controller.class);
        }
        assertThat(controller.background.get(20, TimeUnit.SECONDS)).isEqualTo("done");
    }

    @Test
    void andIsCancelledThen() throws Exception {
        Controller controller;
        try (RunningApp app = RunningApp.start(List.of(Controller.class), "coloop.webflux.shutdown-timeout=0s")) {
            app.get("/leave-behind");
            controller = app.bean(Controller.class);
        }
        assertThat(controller.background.get(20, TimeUnit.SECONDS)).isEqualTo("cancelled");
    }

    static class BehindAFilter {
        final CompletableFuture<Void> begun = new CompletableFuture<>();
        final CompletableFuture<String> cleanup = new CompletableFuture<>();

        @Bean
        WebFilter around() {
            return WebFlux.filter((exchange, chain) -> Reactor.await(chain.filter(exchange)));
        }

        @RestController
        class Held {
            @GetMapping("/held")
            String held() {
                begun.complete(null);
                try {
                    return await(Promise.<String>create().future());
                } finally {
                    try {
                        sleep(Duration.ofMillis(50));
                        cleanup.complete("done");
                    } catch (TaskCancelledException again) {
                        cleanup.complete(again.getMessage());
                    }
                }
            }
        }

        @Bean
        Held held() {
            return new Held();
        }
    }

    @Test
    void aCleanupIsCancelledOnceThoughTheFilterAroundItIsCancelledToo() throws Exception {
        BehindAFilter beans;
        try (RunningApp app = RunningApp.start(
                List.of(BehindAFilter.class),
                "spring.lifecycle.timeout-per-shutdown-phase=400ms",
                "coloop.webflux.shutdown-timeout=50ms")) {
            beans = app.bean(BehindAFilter.class);
            app.getLater("/held");
            beans.begun.get(20, TimeUnit.SECONDS);
        }
        assertThat(beans.cleanup.get(20, TimeUnit.SECONDS)).isEqualTo("done");
    }

    static class SharedEventLoops {
        static final LoopResources SHARED = LoopResources.create("shared", 1, true);

        @Bean
        ReactorResourceFactory resources() {
            ReactorResourceFactory factory = new ReactorResourceFactory();
            factory.setUseGlobalResources(false);
            factory.setLoopResources(SHARED);
            factory.setConnectionProvider(ConnectionProvider.newConnection());
            return factory;
        }
    }

    @Test
    void anEventLoopOfTwoApplicationsKeepsItsLoopUntilBothHaveEnded() {
        Loop shared;
        try (RunningApp other = RunningApp.start(SharedEventLoops.class, List.of(Controller.class))) {
            other.get("/loop");
            shared = other.loop();
            try (RunningApp app = RunningApp.start(SharedEventLoops.class, List.of(Controller.class))) {
                app.get("/loop");
                assertThat(app.loop()).isSameAs(shared);
            }
            assertThat(shared.isClosed()).isFalse();
            assertThat(other.get("/loop")).isNotEmpty();
        }
        assertThat(shared.isClosed()).isTrue();
        try (RunningApp next = RunningApp.start(SharedEventLoops.class, List.of(Controller.class))) {
            next.get("/loop");
            assertThat(next.loop()).isNotSameAs(shared);
        }
    }

    @Test
    @ExtendWith(OutputCaptureExtension.class)
    void theStartupLine(CapturedOutput output) {
        try (RunningApp app = RunningApp.start(
                List.of(Controller.class, MethodChoiceTest.Mixed.class),
                "logging.level.io.coloop=INFO",
                "spring.threads.virtual.enabled=true")) {
            String mode = Loop.mode() == Mode.MOUNTED ? "mounted" : "hand-off";
            assertThat(output)
                    .containsOnlyOnce("controller methods as tasks on the request's loop: 1, in " + mode
                            + " mode; on the application's executor: 6");
            app.get("/as-task");
            assertThat(output)
                    .satisfiesAnyOf(
                            text -> assertThat(text).doesNotContain("Add-Opens"),
                            text -> assertThat(text).containsOnlyOnce("Add-Opens"));
        }
    }

    @Test
    void aLoopThatIsHeldDoesNotHoldUpTheEnd() {
        RequestLoops loops = new RequestLoops(
                () -> Loop.builder()
                        .slowItem(Duration.ZERO)
                        .shutdownTimeout(Duration.ofMillis(100))
                        .exceptionHandler(report -> {}),
                1,
                Duration.ofMillis(100));
        CompletableFuture<Void> held = new CompletableFuture<>();
        CompletableFuture<Void> released = new CompletableFuture<>();
        loops.nextOfGroup().execute(() -> {
            held.complete(null);
            released.join();
        });
        held.join();
        try {
            CompletableFuture.runAsync(loops::stop)
                    .orTimeout(20, TimeUnit.SECONDS)
                    .join();
        } finally {
            released.complete(null);
        }
    }

    @Test
    void aLoopThatHasEndedIsReplaced() {
        RequestLoops loops =
                new RequestLoops(() -> Loop.builder().exceptionHandler(report -> {}), 2, Duration.ofMillis(100));
        Loop first = loops.nextOfGroup();
        Loop second = loops.nextOfGroup();
        first.execute(() -> {
            throw new OutOfMemoryError("of this test");
        });
        first.close();
        try {
            Loop third = loops.nextOfGroup();
            assertThat(third).isNotSameAs(first);
            assertThat(third.isClosed()).isFalse();
            assertThat(loops.nextOfGroup()).isSameAs(second);
            assertThat(loops.nextOfGroup()).isSameAs(third);
            assertThat(loops.loops()).containsExactly(third, second);
        } finally {
            loops.stop();
        }
        assertThat(loops.nextOfGroup().isClosed()).isFalse();
        loops.stop();
    }

    @RestController
    static class OutOfMemory {
        @GetMapping("/out-of-memory")
        String outOfMemory() {
            throw new OutOfMemoryError("of this test");
        }
    }

    @Test
    void whatEndsTheLoopOfAnEventLoopEndsItsRequestsToo() throws Exception {
        try (RunningApp app = RunningApp.start(List.of(Controller.class, OutOfMemory.class))) {
            CompletableFuture<Integer> other = app.client
                    .get()
                    .uri("/in-flight")
                    .exchangeToMono(response -> response.releaseBody()
                            .thenReturn(response.statusCode().value()))
                    .toFuture();
            app.bean(Controller.class).inFlight.get(20, TimeUnit.SECONDS);
            Loop loop = app.loop();
            CompletableFuture<String> own = app.getLater("/out-of-memory");
            assertThat(other.get(20, TimeUnit.SECONDS)).isEqualTo(503);
            List<Loop> loops;
            do { // the one that ends may still have answered
                assertThat(app.exchange("/loop")).isNotEmpty();
                loops = app.bean(RequestLoops.class).loops();
            } while (loops.isEmpty() || loops.contains(loop));
            assertThat(app.exchange("/loop")).startsWith("200 ");
            assertThat(app.takeReports()).isNotEmpty();
            own.cancel(true);
        }
    }
}
