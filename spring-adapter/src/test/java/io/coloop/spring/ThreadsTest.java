package io.coloop.spring;

import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Task;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.core.MethodParameter;
import org.springframework.core.ResolvableType;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.http.codec.ServerCodecConfigurer;
import org.springframework.util.MimeType;
import org.springframework.util.MimeTypeUtils;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.BindingContext;
import org.springframework.web.reactive.config.WebFluxConfigurer;
import org.springframework.web.reactive.result.method.HandlerMethodArgumentResolver;
import org.springframework.web.reactive.result.method.annotation.ArgumentResolverConfigurer;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Which thread runs what. */
@Timeout(60)
class ThreadsTest {
    private RunningApp app;
    private Seen seen;

    @BeforeEach
    void start() {
        app = RunningApp.start(List.of(Seen.class, Controller.class, Arguments.class, Elsewhere.class));
        seen = app.bean(Seen.class);
    }

    @AfterEach
    void stop() {
        app.close();
    }

    /** Where it was: {@code task}, {@code loop} for the event-loop thread itself, or {@code elsewhere}. */
    static class Seen {
        final Queue<String> places = new ConcurrentLinkedQueue<>();

        void here(String what) {
            boolean eventLoop = Thread.currentThread().getName().startsWith("one-");
            String place = Task.currentOrNull() != null ? "task" : eventLoop ? "loop" : "elsewhere";
            places.add(what + ": " + place);
        }
    }

    static final class Argument {}

    /** Encoded by an encoder of ours. */
    record Text(String value) implements CharSequence {
        @Override
        public int length() {
            return value.length();
        }

        @Override
        public char charAt(int index) {
            return value.charAt(index);
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return value.subSequence(start, end);
        }
    }

    @RestController
    static class Controller {
        private final Seen seen;

        Controller(Seen seen) {
            this.seen = seen;
        }

        @GetMapping(path = "/text", produces = "text/plain")
        Text text(Argument argument) {
            seen.here("method");
            await(Mono.fromRunnable(() -> seen.here("subscription")));
            sleep(Duration.ofMillis(1));
            seen.here("after await");
            return new Text("text");
        }

        @GetMapping(path = "/failing", produces = "text/plain")
        Text failing() {
            seen.here("method");
            throw new IllegalStateException("failed");
        }

        @GetMapping("/same-loop")
        boolean sameLoop(ServerWebExchange exchange) {
            return Task.current().loop()
                    == exchange.getApplicationContext()
                            .getBean(RequestLoops.class)
                            .loopOf(exchange);
        }

        @GetMapping("/blocks-no-thread")
        String block() {
            return Mono.just("x").delayElement(Duration.ofMillis(1)).block();
        }

        @ExceptionHandler
        Text failed(IllegalStateException failure) {
            seen.here("handler");
            return new Text(String.valueOf(failure.getMessage()));
        }
    }

    static class Arguments implements WebFluxConfigurer, HandlerMethodArgumentResolver {
        private final Seen seen;

        Arguments(Seen seen) {
            this.seen = seen;
        }

        @Override
        public void configureArgumentResolvers(ArgumentResolverConfigurer configurer) {
            configurer.addCustomResolver(this);
        }

        @Override
        public boolean supportsParameter(MethodParameter parameter) {
            return parameter.getParameterType() == Argument.class;
        }

        @Override
        public Mono<Object> resolveArgument(
                MethodParameter parameter, BindingContext binding, ServerWebExchange exchange) {
            return Mono.fromSupplier(() -> {
                seen.here("argument");
                return new Argument();
            });
        }

        @Override
        public void configureHttpMessageCodecs(ServerCodecConfigurer configurer) {
            configurer.customCodecs().register(new SeenEncoder(seen));
        }
    }

    static final class SeenEncoder extends org.springframework.core.codec.AbstractSingleValueEncoder<Text> {
        private final Seen seen;

        SeenEncoder(Seen seen) {
            super(MimeTypeUtils.TEXT_PLAIN);
            this.seen = seen;
        }

        @Override
        public boolean canEncode(ResolvableType type, MimeType mime) {
            return type.resolve() == Text.class;
        }

        @Override
        protected Flux<DataBuffer> encode(
                Text text, DataBufferFactory buffers, ResolvableType type, MimeType mime, Map<String, Object> hints) {
            seen.here("encoder");
            return Flux.just(buffers.wrap(text.value().getBytes()));
        }
    }

    /** Leaves the event loop on the way to the controller, for requests that ask for it. */
    static class Elsewhere implements WebFilter {
        @Override
        public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
            Mono<Void> rest = chain.filter(exchange);
            return exchange.getRequest().getQueryParams().containsKey("elsewhere")
                    ? rest.subscribeOn(Schedulers.parallel())
                    : rest;
        }
    }

    @Test
    void argumentsAndEncodingOnTheEventLoopItselfTheMethodInATask() {
        assertThat(app.get("/text")).isEqualTo("text");
        assertThat(seen.places)
                .containsExactly(
                        "argument: loop", "method: task", "subscription: loop", "after await: task", "encoder: loop");
    }

    @Test
    void alsoIfAFilterHasLeftTheEventLoop() {
        assertThat(app.get("/text?elsewhere")).isEqualTo("text");
        assertThat(seen.places)
                .containsExactly(
                        "argument: loop", "method: task", "subscription: loop", "after await: task", "encoder: loop");
    }

    @Test
    void theExceptionHandlerInTheSameTaskItsResultOnTheEventLoopItself() {
        assertThat(app.get("/failing")).isEqualTo("failed");
        assertThat(seen.places).containsExactly("method: task", "handler: task", "encoder: loop");
    }

    @Test
    void theLoopOfTheExchangeIsTheTasks() {
        assertThat(app.get("/same-loop")).isEqualTo("true");
        assertThat(app.get("/same-loop")).isEqualTo("true");
        assertThat(app.bean(RequestLoops.class).loops()).hasSize(1);
    }

    @Test
    void blockIsRefused() {
        assertThat(app.get("/blocks-no-thread")).contains("block()");
    }
}
