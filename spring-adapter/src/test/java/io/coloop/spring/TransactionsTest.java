package io.coloop.spring;

import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.mono;
import static io.coloop.spring.WebFlux.mono;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Task;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.ReactiveTransactionManager;
import org.springframework.transaction.annotation.EnableTransactionManagement;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** Reactive transactions around await-style code. */
@Timeout(120)
class TransactionsTest {
    private static final int CONNECTIONS = 5;
    private static final AtomicInteger DATABASES = new AtomicInteger();

    private RunningApp app;
    private Rows rows;
    private ConnectionPool pool;

    @BeforeEach
    void start() {
        app = RunningApp.start(List.of(Database.class, Rows.class, Inside.class, Service.class, Controller.class));
        rows = app.bean(Rows.class);
        pool = app.bean(ConnectionPool.class);
        rows.create().block(RunningApp.LIMIT);
    }

    @AfterEach
    void stop() {
        app.close();
    }

    @Configuration(proxyBeanMethods = false)
    @EnableTransactionManagement
    static class Database {
        @Bean(destroyMethod = "dispose")
        ConnectionPool connections() {
            ConnectionFactory h2 = ConnectionFactories.get(
                    "r2dbc:h2:mem:///tx" + DATABASES.incrementAndGet() + "?options=DB_CLOSE_DELAY=-1");
            return new ConnectionPool(ConnectionPoolConfiguration.builder(h2)
                    .initialSize(1)
                    .maxSize(CONNECTIONS)
                    .maxAcquireTime(Duration.ofSeconds(20))
                    .build());
        }

        @Bean
        ReactiveTransactionManager transactions(ConnectionFactory connections) {
            return new R2dbcTransactionManager(connections);
        }

        @Bean
        TransactionalOperator operator(ReactiveTransactionManager transactions) {
            return TransactionalOperator.create(transactions);
        }

        @Bean
        DatabaseClient client(ConnectionFactory connections) {
            return DatabaseClient.create(connections);
        }
    }

    static class Rows {
        private final DatabaseClient client;

        Rows(DatabaseClient client) {
            this.client = client;
        }

        Mono<Void> create() {
            return client.sql("create table rows (name varchar(100))").then();
        }

        Mono<Void> insert(String name) {
            return client.sql("insert into rows values (:name)")
                    .bind("name", name)
                    .then();
        }

        Mono<Long> count() {
            return client.sql("select count(*) as n from rows")
                    .map(row -> row.get("n", Long.class))
                    .one();
        }
    }

    static class Inside {
        final BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    }

    static class CheckedException extends Exception {}

    static class Service {
        private final Rows rows;
        private final Inside inside;

        Service(Rows rows, Inside inside) {
            this.rows = rows;
            this.inside = inside;
        }

        @Transactional
        public long plain(String way) throws CheckedException {
            await(rows.insert("a"));
            act(way);
            await(rows.insert("b"));
            return await(rows.count());
        }

        @Transactional
        public Mono<Long> reactive(String way) {
            return mono(() -> plain(way));
        }

        @Transactional(rollbackFor = CheckedException.class)
        public void alsoForChecked() throws CheckedException {
            await(rows.insert("a"));
            throw new CheckedException();
        }

        void act(String way) throws CheckedException {
            switch (way) {
                case "fail" -> throw new IllegalStateException("no");
                case "fail-checked" -> throw new CheckedException();
                case "wait" -> {
                    inside.seen.add("waiting");
                    try {
                        await(Mono.never());
                    } finally {
                        sleep(Duration.ofNanos(1));
                        inside.seen.add("cleaned");
                    }
                }
                default -> {}
            }
        }
    }

    @RestController
    static class Controller {
        private final Service service;
        private final Rows rows;
        private final TransactionalOperator operator;

        Controller(Service service, Rows rows, TransactionalOperator operator) {
            this.service = service;
            this.rows = rows;
            this.operator = operator;
        }

        @GetMapping("/operator/{way}")
        Long operator(@PathVariable String way) {
            return await(operator.transactional(mono(Task.current().loop(), () -> {
                await(rows.insert("a"));
                service.act(way);
                await(rows.insert("b"));
                return await(rows.count());
            })));
        }

        @GetMapping("/plain/{way}")
        long plain(@PathVariable String way) throws CheckedException {
            return service.plain(way);
        }

        @GetMapping("/reactive/{way}")
        Long reactive(@PathVariable String way) {
            return await(service.reactive(way));
        }

        @Transactional
        @GetMapping("/controller/{way}")
        public Mono<Long> controller(@PathVariable String way) {
            return mono(() -> {
                await(rows.insert("a"));
                service.act(way);
                await(rows.insert("b"));
                return await(rows.count());
            });
        }

        @Transactional
        @GetMapping("/plain-controller/{way}")
        public long plainController(@PathVariable String way) throws CheckedException {
            await(rows.insert("a"));
            service.act(way);
            await(rows.insert("b"));
            return await(rows.count());
        }

        @GetMapping("/checked")
        String checked() {
            try {
                service.alsoForChecked();
                return "not thrown";
            } catch (CheckedException failure) {
                return "caught";
            }
        }
    }

    private long count() {
        return rows.count().block(RunningApp.LIMIT);
    }

    private void leave(String uri) throws Exception {
        try (Socket socket = new Socket("localhost", URI.create(app.address).getPort())) {
            socket.getOutputStream()
                    .write(("GET " + uri + " HTTP/1.1\r\nHost: x\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            assertThat(app.bean(Inside.class).seen.poll(20, TimeUnit.SECONDS)).isEqualTo("waiting");
        }
        assertThat(app.bean(Inside.class).seen.poll(20, TimeUnit.SECONDS)).isEqualTo("cleaned");
    }

    private static final List<String> WAYS =
            List.of("/operator", "/plain", "/reactive", "/controller", "/plain-controller");

    @Test
    void commit() {
        long expected = 0;
        for (String way : WAYS) {
            expected += 2;
            assertThat(app.exchange(way + "/commit")).as(way).isEqualTo("200 " + expected);
            assertThat(count()).as(way).isEqualTo(expected);
        }
        connectionsComeBack();
    }

    @Test
    void rollbackOnAnException() {
        for (String way : WAYS) {
            assertThat(app.exchange(way + "/fail")).as(way).startsWith("500 ");
            assertThat(count()).as(way).isZero();
        }
        connectionsComeBack();
    }

    @Test
    void checkedExceptionsCommitUnlessTheyAreNamed() {
        assertThat(app.exchange("/plain/fail-checked")).startsWith("500 ");
        assertThat(count()).isEqualTo(1);
        assertThat(app.exchange("/checked")).isEqualTo("200 caught");
        assertThat(count()).isEqualTo(1);
    }

    @Test
    void rollbackWhenTheClientLeaves() throws Exception {
        for (String way : WAYS) {
            leave(way + "/wait");
            connectionsComeBack();
            assertThat(count()).as(way).isZero();
        }
    }

    /** All of the pool at once. */
    private void connectionsComeBack() {
        List<io.r2dbc.spi.Connection> all = reactor.core.publisher.Flux.range(0, CONNECTIONS)
                .flatMap(i -> pool.create())
                .collectList()
                .block(RunningApp.LIMIT);
        reactor.core.publisher.Flux.fromIterable(all)
                .flatMap(io.r2dbc.spi.Connection::close)
                .then()
                .block(RunningApp.LIMIT);
    }

    @Test
    void noConnectionIsLeftAfterManyCancelledRequests() throws Exception {
        int requests = Integer.getInteger("coloop.test.cancelled-requests", 1_000);
        int port = URI.create(app.address).getPort();
        byte[] request = "GET /plain/wait HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        BlockingQueue<String> inside = app.bean(Inside.class).seen;
        for (int i = 0; i < requests; i++) {
            try (Socket socket = new Socket("localhost", port)) {
                socket.setSoLinger(true, 0);
                socket.getOutputStream().write(request);
                if (i % 2 == 0) { // every other one leaves wherever it is
                    assertThat(inside.poll(20, TimeUnit.SECONDS))
                            .as("request " + i)
                            .isNotNull();
                    inside.clear();
                }
            }
        }
        connectionsComeBack();
        app.loop()
                .spawn(() -> {
                    while (app.loop().taskCount() > 1) {
                        sleep(Duration.ofMillis(1));
                    }
                })
                .get(20, TimeUnit.SECONDS);
        assertThat(count()).isZero();
        assertThat(pool.getMetrics().orElseThrow().acquiredSize()).isZero();
    }
}
