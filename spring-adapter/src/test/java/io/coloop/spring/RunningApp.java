package io.coloop.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Loop;
import io.coloop.Report;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.http.client.reactive.ReactorClientHttpConnector;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;

/** An application on a real server, reactor-netty with one event loop as a rule, with a port of its own. Closing it fails if its loops reported anything that was not taken. */
final class RunningApp implements AutoCloseable {
    static final Duration LIMIT = Duration.ofSeconds(20);

    final ConfigurableApplicationContext context;
    final String address;
    final WebClient client;

    private final ConnectionProvider connections = ConnectionProvider.create("test");

    private RunningApp(ConfigurableApplicationContext context) {
        this.context = context;
        this.address = "http://localhost:" + context.getEnvironment().getProperty("local.server.port");
        this.client = WebClient.builder()
                .clientConnector(new ReactorClientHttpConnector(HttpClient.create(connections)))
                .baseUrl(address)
                .codecs(codecs -> codecs.defaultCodecs().maxInMemorySize(10_000_000))
                .build();
    }

    static RunningApp start(List<Class<?>> beans, String... properties) {
        return start(Server.NETTY, OneEventLoop.class, beans, properties);
    }

    static RunningApp start(Server server, List<Class<?>> beans, String... properties) {
        return start(server, OneEventLoop.class, beans, properties);
    }

    static RunningApp start(Class<?> eventLoops, List<Class<?>> beans, String... properties) {
        return start(Server.NETTY, eventLoops, beans, properties);
    }

    private static RunningApp start(Server server, Class<?> eventLoops, List<Class<?>> beans, String... properties) {
        List<Class<?>> sources = new ArrayList<>(beans);
        sources.add(App.class);
        sources.add(eventLoops);
        sources.add(Boot.only(server));
        return new RunningApp(new SpringApplicationBuilder(sources.toArray(Class<?>[]::new))
                .web(WebApplicationType.REACTIVE)
                .bannerMode(Banner.Mode.OFF)
                .logStartupInfo(false)
                .properties(Stream.concat(
                                Stream.of(
                                        "server.port=0",
                                        "logging.level.root=WARN",
                                        "spring.main.register-shutdown-hook=false"),
                                Stream.of(properties))
                        .toArray(String[]::new))
                .run());
    }

    <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    String get(String uri) {
        return client.get().uri(uri).retrieve().bodyToMono(String.class).block(LIMIT);
    }

    CompletableFuture<String> getLater(String uri) {
        return client.get().uri(uri).retrieve().bodyToMono(String.class).toFuture();
    }

    /** Status and body. */
    String exchange(String uri) {
        return client.get()
                .uri(uri)
                .exchangeToMono(response -> response.bodyToMono(String.class)
                        .defaultIfEmpty("")
                        .map(body -> response.statusCode().value() + " " + body))
                .block(LIMIT);
    }

    Loop loop() {
        List<Loop> loops = bean(RequestLoops.class).loops();
        assertThat(loops).hasSize(1);
        return loops.get(0);
    }

    List<Report> takeReports() {
        Queue<Report> reports = bean(Reported.class).reports;
        List<Report> taken = new ArrayList<>(reports);
        reports.clear();
        return taken;
    }

    @Override
    public void close() {
        Queue<Report> reports = bean(Reported.class).reports;
        context.close();
        connections.dispose();
        assertThat(reports).isEmpty();
    }

    /** All are on the tests' class path; a user has one of them. */
    enum Server {
        NETTY,
        TOMCAT,
        JETTY
    }

    static final class Reported {
        final Queue<Report> reports = new ConcurrentLinkedQueue<>();
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class App {
        @Bean
        Reported reported() {
            return new Reported();
        }

        @Bean
        @Order(Ordered.HIGHEST_PRECEDENCE) // so that a test's own come after it
        LoopCustomizer quiet(Reported reported) {
            return settings -> settings.slowItem(Duration.ZERO) // classes load, and the machine is busy
                    .exceptionHandler(reported.reports::add);
        }
    }

    /** Everything of the server on one thread. */
    static class OneEventLoop {
        @Bean
        ReactorResourceFactory resources() {
            ReactorResourceFactory factory = new ReactorResourceFactory();
            factory.setUseGlobalResources(false);
            factory.setLoopResourcesSupplier(() -> LoopResources.create("one", 1, true));
            factory.setShutdownQuietPeriod(Duration.ZERO);
            return factory;
        }
    }
}
