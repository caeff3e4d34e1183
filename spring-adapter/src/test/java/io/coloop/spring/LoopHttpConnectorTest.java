package io.coloop.spring;

import static io.coloop.Await.await;
import static io.coloop.reactor.Reactor.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.netty.channel.Channel;
import io.netty.channel.ServerChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.timeout.ReadTimeoutException;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import javax.net.ssl.KeyManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.http.client.reactive.ReactorClientHttpConnectorBuilder;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.http.client.reactive.ClientHttpConnector;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.reactive.function.client.WebClientRequestException;
import org.springframework.web.service.annotation.GetExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.DisposableServer;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.server.HttpServer;
import reactor.netty.resources.LoopResources;

/** Where the answers of HTTP calls come, with a server of four event loops. */
@Timeout(60)
class LoopHttpConnectorTest {
    private static final int CALLS = 200;
    private static final String PASSWORD = "changeit";

    private Downstream downstream;
    private RunningApp app;

    @BeforeEach
    void startDownstream() {
        downstream = new Downstream();
    }

    @AfterEach
    void stop() {
        if (app != null) {
            app.close();
        }
        downstream.close();
    }

    private void start(List<Class<?>> more, String... properties) {
        start(FourEventLoops.class, more, properties);
    }

    private void start(Class<?> eventLoops, List<Class<?>> more, String... properties) {
        List<Class<?>> beans = new ArrayList<>(more);
        beans.add(Caller.class);
        beans.add(Boot.DeclarativeClients.class);
        beans.add(KotlinCaller.class);
        String address = downstream.scheme() + "://localhost:" + downstream.port();
        String[] all = Arrays.copyOf(properties, properties.length + 2);
        all[properties.length] = "downstream=" + address;
        all[properties.length + 1] = "spring.http.serviceclient.greetings.base-url=" + address;
        app = RunningApp.start(eventLoops, beans, all);
    }

    /** How many of the calls say true. */
    private long trueOf(String uri) {
        return Flux.range(0, CALLS)
                .flatMap(call -> app.client.get().uri(uri).retrieve().bodyToMono(Boolean.class), 20)
                .filter(own -> own)
                .count()
                .block(RunningApp.LIMIT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/await", "/declarative", "/mono", "/suspend", "/subscribed", "/driver"})
    void answersComeOnTheCallersEventLoop(String uri) {
        start(List.of());
        assertThat(trueOf(uri)).isEqualTo(CALLS);
    }

    @Test
    void withoutItMostComeElsewhere() {
        start(List.of(), "coloop.webclient.enabled=false");
        assertThat(trueOf("/await")).isLessThan(CALLS / 2); // about a quarter
        assertThat(app.context.getBeansOfType(LoopHttpPools.class)).isEmpty();
    }

    @Test
    void answersOverHttp2ComeThereToo() {
        downstream.close();
        downstream = new Downstream(HttpProtocol.H2C);
        start(List.of(Http2.class));
        assertThat(trueOf("/await")).isEqualTo(CALLS);
    }

    @ParameterizedTest
    @CsvSource({
        "/await, " + Boot.HTTP_CLIENT_PROPERTIES + ".ssl.bundle=test",
        "/mono, " + Boot.HTTP_CLIENT_PROPERTIES + ".ssl.bundle=test",
        "/declarative, " + Boot.HTTP_CLIENT_PROPERTIES + ".ssl.bundle=test",
        "/bundled, none=none" // the client asks for it by WebClientSsl
    })
    void answersOverTlsWithABundleOfBootComeThereToo(String uri, String bundle, @TempDir Path directory)
            throws Exception {
        Path store = selfSigned(directory.resolve("store.p12"));
        downstream.close();
        downstream = new Downstream(store);
        start(
                List.of(BundledCaller.class),
                "spring.ssl.bundle.jks.test.truststore.location=" + store.toUri(),
                "spring.ssl.bundle.jks.test.truststore.password=" + PASSWORD,
                bundle);
        assertThat(trueOf(uri)).isEqualTo(CALLS);
    }

    @Test
    void withoutTheBundleTheServerIsNotTrusted(@TempDir Path directory) throws Exception {
        downstream.close();
        downstream = new Downstream(selfSigned(directory.resolve("store.p12")));
        start(List.of());
        assertThatThrownBy(() -> app.bean(Caller.class).call("/hi").block(RunningApp.LIMIT))
                .hasStackTraceContaining("unable to find valid certification path");
    }

    /** A key store, which is also one for those who trust it. */
    private static Path selfSigned(Path store) throws Exception {
        String keytool =
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        Process process = new ProcessBuilder(
                        (keytool + " -genkeypair -alias test -keyalg EC -dname CN=localhost -ext SAN=dns:localhost"
                                        + " -storetype PKCS12 -storepass " + PASSWORD + " -keystore " + store)
                                .split(" "))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        return store;
    }

    @RestController
    static class BundledCaller {
        private final WebClient client;

        BundledCaller(
                WebClient.Builder builder,
                BeanFactory beans,
                ObjectProvider<SslBundles> bundles,
                @Value("${downstream}") String downstream) {
            boolean there = bundles.getObject().getBundleNames().contains("test");
            this.client = (there ? Boot.withBundle(builder, beans, "test") : builder)
                    .baseUrl(downstream)
                    .build();
        }

        @GetMapping("/bundled")
        boolean bundled() {
            return await(Caller.here(client.get().uri("/hi").retrieve().bodyToMono(String.class)));
        }
    }

    @Test
    void callsFromOtherThreadsAreAnswered() {
        start(List.of());
        assertThat(app.bean(Caller.class).call("/hi").block(RunningApp.LIMIT)).isEqualTo("hi");
    }

    @Test
    void eachEventLoopHasItsLimit() {
        start(List.of(), "coloop.webclient.max-connections=1", "coloop.webclient.pending-acquire-max-count=-1");
        assertThat(trueOf("/await")).isEqualTo(CALLS);
        assertThat(downstream.connections()).isEqualTo(4);
    }

    @Test
    void moreThanMayWaitForAConnectionFail() {
        start(
                List.of(),
                "coloop.webclient.max-connections=1",
                "coloop.webclient.pending-acquire-max-count=1",
                Boot.HTTP_CLIENT_PROPERTIES + ".read-timeout=10s");
        ClientHttpConnector connector = app.bean(ClientHttpConnector.class);
        assertThat(connector).isInstanceOf(LoopHttpConnector.class);
        Caller caller = app.bean(Caller.class);
        List<String> failures = Flux.range(0, 3)
                .flatMap(call -> caller.call("/never")
                        .map(answer -> "answer")
                        .onErrorResume(failure -> Mono.just(failure.getMessage())))
                .take(1)
                .collectList()
                .block(RunningApp.LIMIT);
        assertThat(failures)
                .singleElement()
                .asString()
                .contains("Pending acquire queue has reached its maximum size of 1");
    }

    @Test
    void settingsOfTheApplicationApply() {
        start(
                List.of(Header.class),
                Boot.HTTP_CLIENT_PROPERTIES + ".read-timeout=100ms",
                Boot.HTTP_CLIENT_PROPERTIES + ".redirects=dont-follow");
        assertThat(app.get("/times-out")).isEqualTo(ReadTimeoutException.class.getName());
        assertThat(app.get("/header")).isEqualTo("customized");
        assertThat(app.get("/redirected")).isEqualTo("302");
        assertThatThrownBy(() -> app.bean(Caller.class).call("/never").block(RunningApp.LIMIT))
                .as("elsewhere")
                .isInstanceOf(WebClientRequestException.class)
                .hasCauseInstanceOf(ReadTimeoutException.class);
    }

    @Test
    void connectionsAreClosedWithTheApplicationThoughItsEventLoopsGoOn() {
        LoopResources eventLoops = LoopResources.create("outside", 4, true);
        OthersEventLoops.others = eventLoops;
        try {
            start(OthersEventLoops.class, List.of());
            assertThat(trueOf("/await")).isEqualTo(CALLS);
            assertThat(app.bean(Caller.class).call("/hi").block(RunningApp.LIMIT))
                    .isEqualTo("hi");
            assertThat(downstream.connections()).as("used again").isBetween(4, 4 * 20);
            assertThat(downstream.accepted).allMatch(Channel::isOpen);
            app.close();
            app = null;
            downstream.awaitAllClosed();
        } finally {
            eventLoops.disposeLater(Duration.ZERO, Duration.ofSeconds(5)).block(RunningApp.LIMIT);
        }
    }

    interface Greetings {
        @GetExchange("/hi")
        Mono<String> hi();
    }

    @RestController
    static class Caller {
        private final WebClient client;
        private final Greetings greetings;

        Caller(WebClient.Builder builder, Greetings greetings, @Value("${downstream}") String downstream) {
            this.client = builder.baseUrl(downstream).build();
            this.greetings = greetings;
        }

        Mono<String> call(String uri) {
            return client.get().uri(uri).retrieve().bodyToMono(String.class);
        }

        /** Whether the value comes on the thread that subscribes. */
        private static Mono<Boolean> here(Mono<String> call) {
            return Mono.defer(() -> {
                Thread caller = Thread.currentThread();
                return call.map(answer -> Thread.currentThread() == caller);
            });
        }

        @GetMapping("/await")
        boolean awaited() {
            return await(here(call("/hi")));
        }

        @GetMapping("/declarative")
        boolean declarative() {
            return await(here(greetings.hi()));
        }

        @GetMapping("/mono")
        Mono<Boolean> mono() {
            return here(call("/hi"));
        }

        @GetMapping("/subscribed")
        boolean subscribed() {
            AtomicReference<Thread> own = new AtomicReference<>();
            await(Mono.fromRunnable(() -> own.set(Thread.currentThread())));
            return await(call("/hi")
                    .map(answer -> Thread.currentThread() == own.get())
                    .toFuture());
        }

        @GetMapping("/driver")
        boolean driver() {
            Loop loop = Loop.current();
            await(call("/hi").publishOn(Schedulers.parallel()));
            AtomicReference<Loop> after = new AtomicReference<>();
            await(Mono.fromRunnable(() -> after.set(Loop.current())));
            return Loop.current() == loop && after.get() == loop;
        }

        @GetMapping("/times-out")
        String timesOut() {
            try {
                return await(call("/never"));
            } catch (WebClientRequestException failure) {
                return failure.getCause().getClass().getName();
            }
        }

        @GetMapping("/header")
        String header() {
            return await(call("/header"));
        }

        @GetMapping("/redirected")
        String redirected() {
            return await(client.get()
                    .uri("/moved")
                    .exchangeToMono(response ->
                            Mono.just(String.valueOf(response.statusCode().value()))));
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Header {
        @Bean
        ConnectorBuilderCustomizer<ReactorClientHttpConnectorBuilder> header() {
            return builder -> builder.withHttpClientCustomizer(
                    client -> client.headers(headers -> headers.add("X-Test", "customized")));
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Http2 {
        @Bean
        ConnectorBuilderCustomizer<ReactorClientHttpConnectorBuilder> http2() {
            return builder -> builder.withHttpClientCustomizer(client -> client.protocol(HttpProtocol.H2C));
        }
    }

    static class FourEventLoops {
        @Bean
        ReactorResourceFactory resources() {
            ReactorResourceFactory factory = new ReactorResourceFactory();
            factory.setUseGlobalResources(false);
            factory.setLoopResourcesSupplier(() -> LoopResources.create("four", 4, true));
            factory.setShutdownQuietPeriod(Duration.ZERO);
            return factory;
        }
    }

    static class OthersEventLoops {
        static volatile LoopResources others;

        @Bean
        ReactorResourceFactory resources() {
            ReactorResourceFactory factory = new ReactorResourceFactory();
            factory.setUseGlobalResources(false);
            factory.setLoopResources(others);
            return factory;
        }
    }

    /** Another server, on threads of its own. */
    private static final class Downstream {
        final Set<Channel> accepted = ConcurrentHashMap.newKeySet();
        private final LoopResources resources = LoopResources.create("downstream", 1, true);
        private final DisposableServer server;

        private final boolean secure;

        Downstream(HttpProtocol... protocols) {
            this(server -> protocols.length == 0 ? server : server.protocol(protocols), false);
        }

        Downstream(Path keyStore) throws Exception {
            this(secured(keyStore), true);
        }

        private static UnaryOperator<HttpServer> secured(Path keyStore) throws Exception {
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(KeyStore.getInstance(keyStore.toFile(), PASSWORD.toCharArray()), PASSWORD.toCharArray());
            SslContext context = SslContextBuilder.forServer(keys).build();
            return server -> server.secure(spec -> spec.sslContext(context));
        }

        private Downstream(UnaryOperator<HttpServer> settings, boolean secure) {
            this.secure = secure;
            server = settings.apply(HttpServer.create().port(0).runOn(resources))
                    .doOnConnection(connection -> {
                        Channel channel = connection.channel();
                        accepted.add(channel.parent() instanceof ServerChannel ? channel : channel.parent());
                    })
                    .route(routes -> routes.get("/hi", (request, response) -> response.sendString(Mono.just("hi")))
                            .get(
                                    "/header",
                                    (request, response) -> response.sendString(
                                            Mono.just(request.requestHeaders().get("X-Test"))))
                            .get("/moved", (request, response) -> response.sendRedirect("/hi"))
                            .get("/never", (request, response) -> response.sendString(Mono.never())))
                    .bindNow();
        }

        String scheme() {
            return secure ? "https" : "http";
        }

        int port() {
            return server.port();
        }

        int connections() {
            return accepted.size();
        }

        void awaitAllClosed() {
            Instant deadline = Instant.now().plus(RunningApp.LIMIT);
            assertThat(accepted)
                    .allMatch(channel -> channel.closeFuture()
                            .awaitUninterruptibly(
                                    Duration.between(Instant.now(), deadline).toMillis()));
        }

        void close() {
            server.disposeNow();
            resources.disposeLater(Duration.ZERO, Duration.ofSeconds(5)).block(RunningApp.LIMIT);
        }
    }
}
