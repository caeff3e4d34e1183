package io.coloop.examples.guide;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.kotlin.Coroutines.awaitSuspend;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.awaitRequired;
import static io.coloop.reactor.Reactor.iterate;
import static io.coloop.spring.WebFlux.filter;
import static io.coloop.spring.WebFlux.flux;
import static io.coloop.spring.WebFlux.handler;
import static io.coloop.spring.WebFlux.webSocket;
import static org.springframework.web.reactive.function.server.RouterFunctions.route;
import static org.springframework.web.reactive.function.server.ServerResponse.ok;

import io.coloop.Task;
import io.coloop.TaskGroup;
import io.coloop.TaskTimeoutException;
import io.coloop.spring.Blocking;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.reactive.socket.WebSocketMessage;
import org.springframework.web.server.WebFilter;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The application of the WebFlux guide. */
final class Guide {
    private static final Duration MILLISECOND = Duration.ofMillis(1);

    private Guide() {}

    record User(long id, String name) {}

    record Page(User user, List<String> orders) {}

    record Transfer(String from, String to, int amount) {}

    /** What the calls of the guide reach. */
    @RestController
    static class Backend {
        @GetMapping("/backend/users/{id}")
        Mono<User> user(@PathVariable long id) {
            return id < 0 ? Mono.error(new IllegalArgumentException("no")) : Mono.just(new User(id, "ada"));
        }

        @GetMapping(path = "/backend/orders/{id}", produces = MediaType.APPLICATION_NDJSON_VALUE)
        Flux<Map<String, String>> orders(@PathVariable long id) {
            return Flux.just(Map.of("what", "a lamp"), Map.of("what", "a chair"));
        }
    }

    /** Calls it. */
    static class Client {
        private final WebClient web;

        Client(WebClient web) {
            this.web = web;
        }

        Mono<User> user(long id) {
            return web.get().uri("/backend/users/{id}", id).retrieve().bodyToMono(User.class);
        }

        Flux<String> orders(long id) {
            return web.get()
                    .uri("/backend/orders/{id}", id)
                    .retrieve()
                    .bodyToFlux(Map.class)
                    .map(each -> (String) each.get("what"));
        }
    }

    // region controller
    @RestController
    static class Pages {
        private final Client client;

        Pages(Client client) {
            this.client = client;
        }

        @GetMapping("/users/{id}")
        Page page(@PathVariable long id) { // a plain return type: it runs as a task
            User user = await(client.user(id)); // a Mono of WebClient
            List<String> orders = await(client.orders(id).collectList());
            return new Page(user, orders);
        }
    }
    // endregion

    @RestController
    static class More {
        private final Client client;
        private final Greetings greetings;
        final Queue<String> trail = new ConcurrentLinkedQueue<>();

        More(Client client, Greetings greetings) {
            this.client = client;
            this.greetings = greetings;
        }

        // region together
        @GetMapping("/users/{id}/together")
        Page together(@PathVariable long id) {
            return TaskGroup.run(
                    group -> { // both at once; if one fails, the other is cancelled
                        Task<User> user = group.spawn(() -> await(client.user(id)));
                        Task<List<String>> orders =
                                group.spawn(() -> await(client.orders(id).collectList()));
                        return new Page(await(user), await(orders));
                    });
        }
        // endregion

        // region suspend
        @GetMapping("/users/{id}/greeting")
        String greeting(@PathVariable long id) {
            User user = await(client.user(id));
            return awaitSuspend(
                    continuation -> greetings.greet(user.name(), continuation)); // a Kotlin suspend function
        }
        // endregion

        // region stream
        @GetMapping(path = "/ticks", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
        Flux<Integer> ticks() {
            return flux(
                    emitter -> { // as a task, until the client leaves
                        for (int i = 1; i <= 3; i++) {
                            emitter.emit(i); // waits until the connection takes it
                            sleep(MILLISECOND);
                        }
                    });
        }
        // endregion

        // region cleanup
        @GetMapping("/jobs/{id}")
        String job(@PathVariable long id) {
            trail.add("job " + id + " begun");
            try {
                sleep(Duration.ofMinutes(10)); // the client leaves: TaskCancelledException
                return "done";
            } finally {
                sleep(MILLISECOND); // cleaning up may await
                trail.add("job " + id + " cleaned up");
            }
        }
        // endregion

        // region exceptions
        @ExceptionHandler
        ResponseEntity<String> failed(IllegalStateException failure) {
            User admin = await(client.user(0)); // may await, too
            return ResponseEntity.status(409).body(admin.name() + " was told: " + failure.getMessage());
        }
        // endregion

        @GetMapping("/failing")
        String failing() {
            throw new IllegalStateException("out of paper");
        }

        // region blocking
        @Blocking
        @GetMapping("/file")
        String file() throws java.io.IOException {
            return Files.readString(Path.of("pom.xml")); // on a thread that may block
        }
        // endregion
    }

    // region beans
    static class Beans {
        @Bean
        RouterFunction<ServerResponse> routes(Client client) {
            return route().GET("/names/{id}", handler(request -> {
                        User user = awaitRequired(client.user(Long.parseLong(request.pathVariable("id"))));
                        return ok().bodyValue(user.name());
                    }))
                    .build();
        }

        @Bean
        WebFilter timed() {
            return filter((exchange, chain) -> {
                long begin = System.nanoTime();
                exchange.getResponse().getHeaders().set("X-Begin", "" + begin);
                await(chain.filter(exchange));
            });
        }

        @Bean
        HandlerMapping sockets() {
            return new SimpleUrlHandlerMapping(
                    Map.of("/echo", webSocket(session -> {
                        try (var texts = iterate(session.receive().map(WebSocketMessage::getPayloadAsText))) {
                            for (String text : texts) {
                                await(session.send(Mono.just(session.textMessage(text))));
                            }
                        }
                    })),
                    -1);
        }
    }
    // endregion

    // region transaction
    static class Accounts {
        private final DatabaseClient database;

        Accounts(DatabaseClient database) {
            this.database = database;
        }

        @Transactional // of the reactive transaction manager: an exception or a cancelled request rolls back
        public void transfer(Transfer transfer) {
            add(transfer.from(), -transfer.amount());
            if (balance(transfer.from()) < 0) {
                throw new IllegalStateException("too little money");
            }
            add(transfer.to(), transfer.amount());
        }

        private void add(String account, int amount) {
            await(database.sql("update account set balance = balance + :amount where name = :name")
                    .bind("amount", amount)
                    .bind("name", account)
                    .then());
        }

        int balance(String account) {
            return awaitRequired(database.sql("select balance from account where name = :name")
                    .bind("name", account)
                    .mapValue(Integer.class)
                    .one());
        }
    }

    @RestController
    static class Transfers {
        private final Accounts accounts;

        Transfers(Accounts accounts) {
            this.accounts = accounts;
        }

        @PostMapping("/transfers")
        String transfer(@RequestBody Transfer transfer) {
            accounts.transfer(transfer);
            return "done";
        }
    }
    // endregion

    /** The same in other ways, for those who come from there. */
    @RestController
    static class Before {
        private final Client client;

        Before(Client client) {
            this.client = client;
        }

        // region chain
        @GetMapping("/chain/{id}")
        Mono<String> chain(@PathVariable long id) {
            return client.user(id)
                    .flatMap(user ->
                            client.orders(user.id()).collectList().map(orders -> user.name() + " has " + orders.size()))
                    .timeout(Duration.ofSeconds(2))
                    .onErrorResume(java.util.concurrent.TimeoutException.class, late -> Mono.just("too slow"));
        }
        // endregion

        // region chain-awaited
        @GetMapping("/awaited/{id}")
        String awaited(@PathVariable long id) {
            try {
                return io.coloop.Timeout.of(Duration.ofSeconds(2)).run(() -> {
                    User user = await(client.user(id));
                    List<String> orders = await(client.orders(user.id()).collectList());
                    return user.name() + " has " + orders.size();
                });
            } catch (TaskTimeoutException late) {
                return "too slow";
            }
        }
        // endregion
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({
        Backend.class,
        Pages.class,
        More.class,
        Beans.class,
        Accounts.class,
        Transfers.class,
        Before.class,
        Greetings.class,
        GreetingController.class
    })
    static class App {
        @Bean
        Client client(WebClient.Builder builder, org.springframework.core.env.Environment environment) {
            return new Client(builder.filter((request, next) ->
                            next.exchange(org.springframework.web.reactive.function.client.ClientRequest.from(request)
                                    .url(java.net.URI.create("http://localhost:"
                                            + environment.getProperty("local.server.port")
                                            + request.url().getPath()))
                                    .build()))
                    .build());
        }
    }
}
