package io.coloop.spring;

import io.coloop.Body;
import io.coloop.VoidBody;
import io.coloop.reactor.Reactor;
import io.coloop.stream.EmittingBody;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.socket.WebSocketHandler;
import org.springframework.web.reactive.socket.WebSocketSession;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What is not a controller method, in await style: streams, functional endpoints, filters, WebSocket handlers. Made for static import, beside {@link Reactor}.
 *
 * <p>Each function answers these questions alike: (1) cold: a new task for each subscriber, that is for each request, started when it subscribes. (2) The task runs on the request's loop, which is that of its event
 * loop; so do all signals. (3) Cancelling the subscription, as when the client leaves, cancels the task; its {@code finally} may await. (4) Null is empty. (5) A value that nobody can receive any more is discarded downstream,
 * an error dropped, as by {@link Reactor#mono(io.coloop.Loop, Body)}. (6) Demand is the subscriber's: nothing is buffered. (7) The task has the subscriber's Reactor Context, and the thread locals that are registered with
 * micrometer's context-propagation.
 *
 * <p>The loop is found through the subscriber's Reactor Context; where that does not come from a request, it is the calling thread's loop, and where there is none, the subscriber gets a
 * {@link io.coloop.LoopMisuseException}.
 */
public final class WebFlux {
    private static final Duration AFTER_CLOSE = Duration.ofSeconds(1); // for what was received, and for its own end

    private WebFlux() {}

    /** What a body gives, on the request's loop: for a method that has to return a Mono, such as one with {@code @Transactional} where plain types are not supported. See {@link Reactor#mono(io.coloop.Loop, Body)}. */
    public static <T> Mono<T> mono(Body<? extends @Nullable T, ?> body) {
        Objects.requireNonNull(body, "body");
        return onLoop("WebFlux.mono(...)", body);
    }

    /** The end of a body without a result, on the request's loop; see {@link #mono(Body)}. */
    public static Mono<Void> mono(VoidBody<?> body) {
        Objects.requireNonNull(body, "body");
        return onLoop("WebFlux.mono(...)", body);
    }

    /**
     * What a body emits, on the request's loop: the natural return value of a controller method that gives {@code text/event-stream} or {@code application/x-ndjson}. {@code emit} awaits the client's demand, so nothing is produced
     * that the connection does not take. An item that is on its way when the client leaves is discarded, closed if it is {@link AutoCloseable}, and not reported: that is no defect. If the request's connection is closed while
     * somebody else subscribes, that subscriber gets reactor-netty's {@code AbortedException}. See {@link Reactor#flux(io.coloop.Loop, EmittingBody)}.
     */
    public static <T> Flux<T> flux(EmittingBody<T, ?> body) {
        Objects.requireNonNull(body, "body");
        return SecurityContexts.readableInRequest(Flux.deferContextual(context -> {
            Flux<T> items = Reactor.flux(RequestLoop.in(context, "WebFlux.flux(...)"), emitter -> {
                RequestLoop.nameTask();
                body.run(emitter);
            });
            RequestLoop request = context.getOrDefault(RequestLoop.class, null);
            return request == null ? items : untilClosed(items, request.closed());
        }));
    }

    private static <T> Flux<T> untilClosed(Flux<T> items, Mono<Void> closed) {
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        return items.takeUntilOther(closed.onErrorResume(
                        reason -> { // which cancels the items only at the other's end
                            failure.set(reason);
                            return Mono.empty();
                        }))
                .concatWith(Mono.defer(() -> {
                    Throwable reason = failure.get();
                    return reason == null ? Mono.empty() : Mono.error(reason);
                }));
    }

    /** A functional endpoint: {@code route().GET("/users/{id}", handler(request -> ok().bodyValue(await(users.findById(...)))))}. What the body returns is subscribed on the loop's own thread, after its task has ended. */
    public static <T extends ServerResponse> HandlerFunction<T> handler(Handler<T> body) {
        Objects.requireNonNull(body, "body");
        return request -> WebFlux.<Mono<T>>onLoop("WebFlux.handler(...)", () -> body.handle(request))
                .onErrorMap(RequestTask::asStatus)
                .flatMap(response -> response);
    }

    /** A filter: code around {@code await(chain.filter(exchange))}, whose end is the request's. Its task lives until then, and what {@code await} subscribes to is subscribed on the loop's own thread. */
    public static WebFilter filter(Filter body) {
        Objects.requireNonNull(body, "body");
        return (exchange, chain) -> onLoop("WebFlux.filter(...)", () -> body.filter(exchange, chain))
                .onErrorMap(RequestTask::asStatus);
    }

    /**
     * A WebSocket handler: {@code for (String text : iterate(session.receive().map(WebSocketMessage::getPayloadAsText)))}. A message's content is the connection's as soon as the message has been signalled, so it is to be
     * read by an operator before {@code iterate}, or retained there. The connection is closed when the body ends. When the client leaves, {@code receive()} ends; a body that still runs a second later is cancelled.
     */
    public static WebSocketHandler webSocket(Socket body) {
        Objects.requireNonNull(body, "body");
        return session ->
                onLoop("WebFlux.webSocket(...)", () -> body.handle(session)).takeUntilOther(afterClose(session));
    }

    private static Mono<Long> afterClose(WebSocketSession session) {
        return Mono.deferContextual(context -> session.closeStatus()
                .then(Mono.delay(AFTER_CLOSE, Reactor.scheduler(RequestLoop.in(context, "WebFlux.webSocket(...)")))));
    }

    private static <T> Mono<T> onLoop(String call, Body<? extends @Nullable T, ?> body) {
        return SecurityContexts.readableInRequest(
                Mono.deferContextual(context -> Reactor.mono(RequestLoop.in(context, call), () -> {
                    RequestLoop.nameTask();
                    return body.run();
                })));
    }

    private static Mono<Void> onLoop(String call, VoidBody<?> body) {
        return WebFlux.<Void>onLoop(call, () -> {
            body.run();
            return null;
        });
    }

    /**
     * The body of a functional endpoint.
     *
     * @param <T> the response
     */
    @FunctionalInterface
    public interface Handler<T extends ServerResponse> {
        /** Answers a request; what the builders of {@link ServerResponse} give is returned as it is. */
        Mono<T> handle(ServerRequest request) throws Exception;
    }

    /** The body of a filter. */
    @FunctionalInterface
    public interface Filter {
        /** Handles the exchange, or awaits the rest of the chain. */
        void filter(ServerWebExchange exchange, WebFilterChain chain) throws Exception;
    }

    /** The body of a WebSocket handler. */
    @FunctionalInterface
    public interface Socket {
        /** Talks to the client. */
        void handle(WebSocketSession session) throws Exception;
    }
}
