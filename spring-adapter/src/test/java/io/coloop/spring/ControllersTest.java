package io.coloop.spring;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.Task;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.core.MethodParameter;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.client.MultipartBodyBuilder;
import org.springframework.http.codec.multipart.FilePart;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RequestPart;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.bind.support.WebExchangeBindException;
import org.springframework.web.reactive.BindingContext;
import org.springframework.web.reactive.config.WebFluxConfigurer;
import org.springframework.web.reactive.function.BodyInserters;
import org.springframework.web.reactive.result.method.HandlerMethodArgumentResolver;
import org.springframework.web.reactive.result.method.annotation.ArgumentResolverConfigurer;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebSession;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** What controller methods take and give. */
@Timeout(60)
class ControllersTest {
    private static RunningApp app;

    @BeforeAll
    static void start() {
        app = RunningApp.start(List.of(Plain.class, WithModel.class, Advice.class, Reactive.class, Resolvers.class));
    }

    @AfterAll
    static void stop() {
        app.close();
    }

    /** Awaits once, so that only a task gets through. */
    static <T> T later(T value) {
        return await(Mono.just(value).delayElement(Duration.ofMillis(1)));
    }

    record Page(String title, long id) {}

    static class TeapotException extends RuntimeException {}

    static class MissingException extends RuntimeException {}

    static final class Tenant {
        final String name;

        Tenant(String name) {
            this.name = name;
        }
    }

    static class Order {
        @NotBlank
        private String name;

        private int count;

        public String getName() {
            return name;
        }

        public void setName(String name) {
            this.name = name;
        }

        public int getCount() {
            return count;
        }

        public void setCount(int count) {
            this.count = count;
        }
    }

    @RestController
    static class Plain {
        @GetMapping("/page/{id}")
        Page page(@PathVariable long id) {
            return new Page(later("a page"), id);
        }

        @GetMapping("/no-arguments")
        String noArguments() {
            return later("none");
        }

        @GetMapping("/list")
        List<Page> list() {
            return later(List.of(new Page("a", 1), new Page("b", 2)));
        }

        @GetMapping("/null")
        String nothing() {
            sleep(Duration.ofMillis(1));
            return null;
        }

        @GetMapping("/void")
        void noResult(ServerHttpResponse response) {
            response.getHeaders().set("X-Seen", later("yes"));
        }

        @GetMapping("/void-without-arguments")
        @ResponseStatus(HttpStatus.ACCEPTED)
        void noResult() {
            sleep(Duration.ofMillis(1));
        }

        @GetMapping("/entity")
        ResponseEntity<Page> entity() {
            return ResponseEntity.status(201).header("X-Seen", "yes").body(later(new Page("made", 3)));
        }

        @GetMapping("/entity-of-mono")
        ResponseEntity<Mono<String>> entityOfMono() {
            return ResponseEntity.ok(Mono.just(later("in a Mono")));
        }

        @GetMapping("/teapot")
        String teapot() {
            sleep(Duration.ofMillis(1));
            throw new TeapotException();
        }

        @GetMapping("/checked")
        String checked() throws IOException {
            sleep(Duration.ofMillis(1));
            throw new IOException("disk");
        }

        @GetMapping("/missing")
        String missing() {
            sleep(Duration.ofMillis(1));
            throw new MissingException();
        }

        @GetMapping("/status-exception")
        String statusException() {
            sleep(Duration.ofMillis(1));
            throw new ResponseStatusException(HttpStatus.CONFLICT);
        }

        @GetMapping("/unwritable")
        Object unwritable() {
            return later(new Object() {
                @SuppressWarnings("unused")
                public String getName() {
                    throw new TeapotException();
                }
            });
        }

        @ExceptionHandler
        ResponseEntity<String> teapot(TeapotException failure) {
            return ResponseEntity.status(418).body(later("short and stout"));
        }

        @PostMapping("/orders")
        String order(@Valid @RequestBody Order order) {
            return later(order.getCount() + " " + order.getName());
        }

        @PostMapping("/form")
        String form(@Valid @ModelAttribute Order order) {
            return later(order.getCount() + " " + order.getName());
        }

        @PostMapping("/length")
        String length(@RequestBody byte[] body) {
            return later(body.length + " bytes");
        }

        @PostMapping("/multipart")
        String multipart(@RequestPart("name") String name, @RequestPart("file") FilePart file) {
            DataBuffer content = await(org.springframework.core.io.buffer.DataBufferUtils.join(file.content()));
            String text = content.toString(StandardCharsets.UTF_8);
            org.springframework.core.io.buffer.DataBufferUtils.release(content);
            return later(name + " " + file.filename() + " " + text);
        }

        @GetMapping("/exchange")
        String exchange(ServerWebExchange exchange, @RequestParam String q) {
            return later(exchange.getRequest().getPath() + " " + q);
        }

        @GetMapping("/session")
        String session(WebSession session) {
            session.getAttributes().put("count", 1 + (int) session.getAttributeOrDefault("count", 0));
            return later("count " + session.getAttribute("count"));
        }

        @GetMapping("/tenant")
        String tenant(Tenant tenant) {
            return later(tenant.name);
        }
    }

    @RestController
    static class WithModel {
        @ModelAttribute("user")
        String user(@RequestParam String user) {
            return later("user " + user);
        }

        @GetMapping("/model")
        String model(@ModelAttribute("user") String user, Model model) {
            return later(user + " in " + model.asMap().keySet().contains("user"));
        }
    }

    @ControllerAdvice
    static class Advice {
        @ExceptionHandler
        ResponseEntity<String> missing(MissingException failure) {
            return ResponseEntity.status(404).body(later("nobody here"));
        }

        @ExceptionHandler
        ResponseEntity<String> invalid(WebExchangeBindException failure) {
            return ResponseEntity.badRequest()
                    .body(later("invalid " + failure.getFieldError().getField()));
        }

        @ExceptionHandler
        Mono<ResponseEntity<String>> disk(IOException failure) {
            return Mono.just(ResponseEntity.status(507).body("disk")).delayElement(Duration.ofMillis(1));
        }

        @ExceptionHandler(org.springframework.web.reactive.resource.NoResourceFoundException.class)
        ResponseEntity<String> notFound() {
            return ResponseEntity.status(404).body(later("no such page"));
        }
    }

    @RestController
    static class Reactive {
        @GetMapping("/mono")
        Mono<String> mono() {
            assertThat(Task.currentOrNull()).isNull();
            return Mono.just("mono");
        }

        @GetMapping("/mono-failure")
        Mono<String> monoFailure() {
            return Mono.error(new MissingException());
        }

        @GetMapping("/flux")
        Flux<String> flux() {
            return Flux.just("f", "lux");
        }

        @GetMapping("/completable")
        CompletableFuture<String> completable() {
            return CompletableFuture.completedFuture("completable");
        }

        @GetMapping("/future")
        Future<String> future(ServerWebExchange exchange) {
            return spawn(exchange, "future");
        }

        @GetMapping("/task")
        Task<String> task(ServerWebExchange exchange) {
            return spawn(exchange, "task");
        }

        @GetMapping("/task-failure")
        Task<String> taskFailure(ServerWebExchange exchange) {
            return loops(exchange).spawn(() -> {
                sleep(Duration.ofMillis(1));
                throw new MissingException();
            });
        }

        @GetMapping("/no-future")
        Future<String> noFuture() {
            return null;
        }

        @GetMapping("/plain-beside")
        String plainBeside() {
            return later("plain");
        }

        @PostMapping("/future-argument")
        String futureArgument(@RequestBody Future<String> body) {
            return "got " + await(body);
        }

        private static Task<String> spawn(ServerWebExchange exchange, String value) {
            return loops(exchange).spawn(() -> later(value));
        }

        private static Loop loops(ServerWebExchange exchange) {
            return exchange.getApplicationContext().getBean(RequestLoops.class).loopOf(exchange);
        }
    }

    /** Answers on another thread. */
    static class Resolvers implements WebFluxConfigurer, HandlerMethodArgumentResolver {
        @Override
        public void configureArgumentResolvers(ArgumentResolverConfigurer configurer) {
            configurer.addCustomResolver(this);
        }

        @Override
        public boolean supportsParameter(MethodParameter parameter) {
            return parameter.getParameterType() == Tenant.class;
        }

        @Override
        public Mono<Object> resolveArgument(
                MethodParameter parameter, BindingContext binding, ServerWebExchange exchange) {
            if (exchange.getRequest().getQueryParams().containsKey("none")) {
                return Mono.<Object>error(new MissingException()).publishOn(Schedulers.parallel());
            }
            return Mono.<Object>fromSupplier(() -> new Tenant("acme")).subscribeOn(Schedulers.parallel());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /page/7                | 200 {"title":"a page","id":7}
            /no-arguments          | 200 none
            /list                  | 200 [{"title":"a","id":1},{"title":"b","id":2}]
            /null                  | 200
            /void                  | 200
            /void-without-arguments| 202
            /entity                | 201 {"title":"made","id":3}
            /entity-of-mono        | 200 in a Mono
            /exchange?q=x          | 200 /exchange x
            /tenant                | 200 acme
            /model?user=ada        | 200 user ada in true
            """)
    void plainReturnTypes(String uri, String answer) {
        assertThat(app.exchange(uri).trim()).isEqualTo(answer);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /teapot        | 418 short and stout
            /missing       | 404 nobody here
            /checked       | 507 disk
            /tenant?none   | 404 nobody here
            /unwritable    | 418 short and stout
            /mono-failure  | 404 nobody here
            /task-failure  | 404 nobody here
            /nowhere       | 404 no such page
            """)
    void exceptionHandlersAwait(String uri, String answer) {
        assertThat(app.exchange(uri)).isEqualTo(answer);
    }

    @Test
    void failuresWithoutAHandler() {
        assertThat(app.exchange("/status-exception")).startsWith("409 ");
        assertThat(app.exchange("/page/x")).startsWith("400 ");
        assertThat(app.exchange("/model")).startsWith("400 ");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /mono         | 200 mono
            /flux         | 200 flux
            /completable  | 200 completable
            /future       | 200 future
            /task         | 200 task
            /no-future    | 200
            /plain-beside | 200 plain
            """)
    void otherReturnTypesBesideThem(String uri, String answer) {
        assertThat(app.exchange(uri).trim()).isEqualTo(answer);
    }

    private String post(String uri, Object body, MediaType type) {
        return app.client
                .post()
                .uri(uri)
                .contentType(type)
                .bodyValue(body)
                .exchangeToMono(response -> response.bodyToMono(String.class)
                        .map(text -> response.statusCode().value() + " " + text))
                .block(RunningApp.LIMIT);
    }

    @Test
    void bodies() {
        Map<String, Object> order = Map.of("name", "tea", "count", 2);
        assertThat(post("/orders", order, MediaType.APPLICATION_JSON)).isEqualTo("200 2 tea");
        assertThat(post("/form", "name=tea&count=3", MediaType.APPLICATION_FORM_URLENCODED))
                .isEqualTo("200 3 tea");
        assertThat(post("/future-argument", "a body", MediaType.TEXT_PLAIN)).isEqualTo("200 got a body");
    }

    @Test
    void validationErrors() {
        assertThat(post("/orders", Map.of("count", 2), MediaType.APPLICATION_JSON))
                .isEqualTo("400 invalid name");
        assertThat(post("/form", "count=3", MediaType.APPLICATION_FORM_URLENCODED))
                .isEqualTo("400 invalid name");
    }

    @Test
    void aLargeChunkedBody() {
        byte[] chunk = new byte[10_000];
        Flux<DataBuffer> chunks = Flux.range(0, 20).map(i -> DefaultDataBufferFactory.sharedInstance.wrap(chunk));
        String answer = app.client
                .post()
                .uri("/length")
                .contentType(MediaType.APPLICATION_OCTET_STREAM)
                .body(BodyInserters.fromDataBuffers(chunks))
                .retrieve()
                .bodyToMono(String.class)
                .block(RunningApp.LIMIT);
        assertThat(answer).isEqualTo("200000 bytes");
    }

    @Test
    void multipart() {
        MultipartBodyBuilder parts = new MultipartBodyBuilder();
        parts.part("name", "ada");
        parts.part("file", "content".getBytes(StandardCharsets.UTF_8)).filename("a.txt");
        String answer = app.client
                .post()
                .uri("/multipart")
                .body(BodyInserters.fromMultipartData(parts.build()))
                .retrieve()
                .bodyToMono(String.class)
                .block(RunningApp.LIMIT);
        assertThat(answer).isEqualTo("ada a.txt content");
    }

    @Test
    void sessions() {
        var first = app.client
                .get()
                .uri("/session")
                .retrieve()
                .toEntity(String.class)
                .block(RunningApp.LIMIT);
        String cookie = first.getHeaders().getFirst("Set-Cookie").split(";")[0];
        String second = app.client
                .get()
                .uri("/session")
                .header("Cookie", cookie)
                .retrieve()
                .bodyToMono(String.class)
                .block(RunningApp.LIMIT);
        assertThat(first.getBody()).isEqualTo("count 1");
        assertThat(second).isEqualTo("count 2");
    }
}
