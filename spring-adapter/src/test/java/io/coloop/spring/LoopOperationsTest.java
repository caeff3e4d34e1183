package io.coloop.spring;

import static io.coloop.Await.sleep;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import elsewhere.Waiter;
import io.coloop.ExceptionHandler;
import io.coloop.Loop;
import io.coloop.LoopStatistics;
import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.http.MediaType;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.http.client.reactive.ReactorClientHttpConnector;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;

/** What an operator sees, of a server with an acceptor and two event loops, of which one is held. */
@Timeout(60)
class LoopOperationsTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private ConfigurableApplicationContext context;
    private WebClient client;
    private Controller controller;
    private Loop loop;

    @BeforeEach
    void start() throws InterruptedException {
        context = new SpringApplicationBuilder(App.class, Controller.class, Boot.only(RunningApp.Server.NETTY))
                .web(WebApplicationType.REACTIVE)
                .bannerMode(Banner.Mode.OFF)
                .logStartupInfo(false)
                .properties(
                        "server.port=0",
                        "logging.level.root=WARN",
                        "management.endpoints.web.exposure.include=*",
                        "management.endpoint.health.show-details=always",
                        "coloop.health.timeout=500ms")
                .run();
        // each request has a connection of its own, and connections go to the event loops in turn
        client = WebClient.builder()
                .baseUrl("http://localhost:" + context.getEnvironment().getProperty("local.server.port"))
                .clientConnector(new ReactorClientHttpConnector(HttpClient.create(ConnectionProvider.newConnection())))
                .build();
        controller = context.getBean(Controller.class);
    }

    @AfterEach
    void stop() {
        controller.free.countDown();
        context.close();
    }

    /** Sends a request whose task says that it is there. */
    private Mono<String> begin(String uri) throws InterruptedException {
        Mono<String> answer =
                client.get().uri(uri).retrieve().bodyToMono(String.class).cache();
        answer.subscribe();
        assertThat(controller.begun.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        loop = controller.loop;
        return answer;
    }

    /** A request on the event loop that is not held: if the first one's turn was the other, it is given up. */
    private Map<String, Object> get(String uri) {
        Mono<Map<String, Object>> request = client.get()
                .uri(uri)
                .exchangeToMono(
                        response -> response.bodyToMono(new ParameterizedTypeReference<Map<String, Object>>() {}));
        return Mono.firstWithValue(request, request).block(LIMIT);
    }

    private String text(String uri) {
        Mono<String> request =
                client.get().uri(uri).accept(MediaType.TEXT_PLAIN).retrieve().bodyToMono(String.class);
        return Mono.firstWithValue(request, request).block(LIMIT);
    }

    private double meter(String name, String... tags) {
        return context.getBean(MeterRegistry.class)
                .get(name)
                .tag("loop", loop.name())
                .tags(tags)
                .meter()
                .measure()
                .iterator()
                .next()
                .getValue();
    }

    @Test
    @SuppressWarnings("unchecked")
    void theEndpointShowsWhereTasksWait() throws Exception {
        Mono<String> answer = begin("/wait");
        Map<String, Object> all = get("/actuator/loops");
        assertThat(all).containsEntry("mode", Loop.mode().toString());
        assertThat((List<Map<String, Object>>) all.get("loops"))
                .filteredOn(each -> each.get("name").equals(loop.name()))
                .singleElement()
                .satisfies(this::isWaiting);
        isWaiting(get("/actuator/loops/" + loop.name()));
        assertThat(text("/actuator/loops/" + loop.name()))
                .startsWith(loop.name() + ": 1 task, ")
                .contains(Waiter.class.getName() + ".waitFor");
        assertThat(text("/actuator/loops")).contains(loop.name() + ": 1 task, ");
        controller.promise.complete("answer");
        assertThat(answer.block(LIMIT)).isEqualTo("answer");
    }

    @SuppressWarnings("unchecked")
    private void isWaiting(Map<String, Object> each) {
        assertThat(each).containsEntry("responding", true);
        assertThat((String) each.get("thread")).startsWith("two-");
        assertThat((Double) each.get("utilization")).isBetween(0.0, 1.0);
        assertThat((Map<String, Object>) each.get("statistics")).containsEntry("tasks", 1);
        assertThat((List<String>) each.get("tasks"))
                .anySatisfy(
                        line -> assertThat(line).contains("GET /wait", "awaits", Waiter.class.getName() + ".waitFor"));
    }

    @Test
    void aLoopThatIsNotThere() {
        int status = client.get()
                .uri("/actuator/loops/none")
                .exchangeToMono(response -> Mono.just(response.statusCode().value()))
                .block(LIMIT);
        assertThat(status).isEqualTo(404);
    }

    @Test
    @SuppressWarnings("unchecked")
    void theEndpointShowsWhatHoldsALoop() throws Exception {
        Mono<String> answer = begin("/hold");
        Map<String, Object> held = get("/actuator/loops/" + loop.name());
        assertThat(held).containsEntry("responding", false).doesNotContainKey("tasks");
        Map<String, Object> by = (Map<String, Object>) held.get("heldBy");
        assertThat((String) by.get("message")).contains("holds the loop for");
        assertThat((List<String>) by.get("stack"))
                .anySatisfy(line -> assertThat(line).contains(Controller.class.getName() + ".hold"));
        assertThat(text("/actuator/loops"))
                .contains(loop.name() + " did not answer within 1 s", Controller.class.getName() + ".hold");
        controller.free.countDown();
        assertThat(answer.block(LIMIT)).isEqualTo("held");
        assertThat(get("/actuator/loops/" + loop.name()))
                .containsEntry("responding", true)
                .doesNotContainKey("heldBy");
    }

    @Test
    @SuppressWarnings("unchecked")
    void healthIsDownWhileALoopIsStuck() throws Exception {
        Instant before = Instant.now();
        Mono<String> answer = begin("/hold");
        Map<String, Object> down = get("/actuator/health/coloop");
        assertThat(down).containsEntry("status", "DOWN");
        Map<String, Object> details = (Map<String, Object>) down.get("details");
        Map<String, Map<String, Object>> stuck = (Map<String, Map<String, Object>>) details.get("stuck");
        assertThat(stuck).containsOnlyKeys(loop.name());
        assertThat(Instant.parse((String) stuck.get(loop.name()).get("since"))).isBetween(before, Instant.now());
        assertThat((String) stuck.get(loop.name()).get("reason")).contains("holds the loop for");
        assertThat(get("/actuator/health")).containsEntry("status", "DOWN");
        controller.free.countDown();
        assertThat(answer.block(LIMIT)).isEqualTo("held");
        assertThat(get("/actuator/health/coloop")).containsEntry("status", "UP");
    }

    @Test
    void meters() throws Exception {
        Mono<String> answer = begin("/wait");
        assertThat(meter("coloop.loop.tasks")).isEqualTo(1);
        assertThat(meter("coloop.loop.ready")).isNotNegative();
        assertThat(meter("coloop.loop.timers")).isZero();
        assertThat(meter("coloop.loop.utilization")).isBetween(0.0, 1.0);
        controller.promise.complete("answer");
        assertThat(answer.block(LIMIT)).isEqualTo("answer");
        assertThat(meter("coloop.loop.timers.fired")).isEqualTo(1);
        assertThat(meter("coloop.loop.timer.delay.percentile", "phi", "1.0")).isPositive();
        assertThat(meter("coloop.loop.turns")).isPositive();
        assertThat(meter("coloop.loop.items")).isPositive();
        assertThat(meter("coloop.loop.busy")).isPositive();
        LoopStatistics statistics = loop.statistics();
        assertThat(meter("coloop.loop.idle")).isCloseTo(statistics.idle().toNanos() / 1e9, within(1.0));
        assertThat(get("/actuator/metrics/coloop.loop.tasks")).containsEntry("name", "coloop.loop.tasks");
    }

    @Test
    void whatLoopsReportIsCounted() throws Exception {
        Mono<String> answer = begin("/hold");
        assertThat(get("/actuator/health/coloop")).containsEntry("status", "DOWN"); // half a second later
        assertThat(meter("coloop.loop.reports", "kind", "slow-item")).isEqualTo(1);
        assertThat(meter("coloop.loop.reports", "kind", "stuck-loop")).isEqualTo(1);
        assertThat(meter("coloop.loop.reports", "kind", "late-value")).isZero();
        controller.free.countDown();
        answer.block(LIMIT);
        assertThat(context.getBean(App.class).reports)
                .extracting(Report::kind)
                .contains(Report.Kind.SLOW_ITEM, Report.Kind.STUCK_LOOP);
    }

    @Test
    void metersOfLoopsThatAreOverAreTakenAway() throws Exception {
        RequestLoops loops = new RequestLoops(Loop::builder, 1, Duration.ZERO);
        MeterRegistry registry = context.getBean(MeterRegistry.class);
        new LoopMetrics(loops).bindTo(registry);
        Loop first = loops.nextOfGroup();
        List<Meter.Id> ids = of(registry, first);
        assertThat(ids).isNotEmpty();
        loops.stop();
        assertThat(first.isClosed()).isTrue();
        Loop second = loops.nextOfGroup();
        assertThat(of(registry, first)).isEmpty();
        assertThat(of(registry, second)).hasSameSizeAs(ids);
        loops.stop();
    }

    private static List<Meter.Id> of(MeterRegistry registry, Loop loop) {
        return registry.getMeters().stream()
                .map(Meter::getId)
                .filter(id -> loop.name().equals(id.getTag("loop")))
                .toList();
    }

    @Test
    void recentStatisticsAreThoseOfTheLastWindow() {
        RecentStatistics recent = new RecentStatistics();
        LoopStatistics[] taken = new LoopStatistics[4];
        Loop.run(() -> {
            for (int i = 0; i < taken.length; i++) {
                taken[i] = Loop.current().statistics();
                sleep(Duration.ofMillis(1));
            }
        });
        long window = RecentStatistics.WINDOW;
        assertThat(recent.at(0, taken[0])).isSameAs(taken[0]);
        assertThat(recent.at(window - 1, taken[1])).isSameAs(taken[1]);
        assertThat(recent.at(window, taken[2]).items()).isEqualTo(taken[2].items() - taken[0].items());
        assertThat(recent.at(window + 1, taken[3]).items()).isEqualTo(taken[3].items() - taken[0].items());
        assertThat(recent.at(2 * window, taken[3]).items()).isEqualTo(taken[3].items() - taken[2].items());
    }

    @RestController
    static class Controller {
        final CountDownLatch begun = new CountDownLatch(1);
        final CountDownLatch free = new CountDownLatch(1);
        volatile Loop loop;
        volatile Promise<String> promise;

        @GetMapping("/wait")
        String waiting() {
            sleep(Duration.ofMillis(1));
            loop = Loop.current();
            promise = loop.promise();
            loop.callSoon(begun::countDown);
            return Waiter.waitFor(promise.future());
        }

        @GetMapping("/hold")
        String hold() throws InterruptedException {
            loop = Task.current().loop();
            begun.countDown();
            assertThat(free.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
            return "held";
        }
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class App {
        final Queue<Report> reports = new ConcurrentLinkedQueue<>();

        @Bean
        LoopCustomizer impatient() {
            return settings -> settings.slowItem(Duration.ofMillis(20));
        }

        @Bean
        ExceptionHandler reported() {
            return reports::add;
        }

        @Bean
        ReactorResourceFactory resources() {
            ReactorResourceFactory factory = new ReactorResourceFactory();
            factory.setUseGlobalResources(false);
            factory.setLoopResourcesSupplier(() -> LoopResources.create("two", 1, 2, true));
            factory.setShutdownQuietPeriod(Duration.ZERO);
            return factory;
        }
    }
}
