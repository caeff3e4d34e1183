package io.coloop.spring;

import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Task;
import io.coloop.reactor.Reactor;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/** The loop of one request, found when it is first asked for. In the exchange's attributes and in the Reactor Context, by its class's name and its class. */
final class RequestLoop {
    private static final String ATTRIBUTE = RequestLoop.class.getName();
    private static final int LONGEST_PATH = 100;

    private final RequestLoops loops;
    private final ServerWebExchange exchange;
    private final Mono<Void> closed; // the request knows its connection only until it is answered
    private final AtomicReference<@Nullable Loop> loop = new AtomicReference<>();

    private RequestLoop(RequestLoops loops, ServerWebExchange exchange) {
        this.loops = loops;
        this.exchange = exchange;
        this.closed = NettyRequest.closed(exchange.getRequest());
    }

    /** Makes it the exchange's. */
    static RequestLoop on(ServerWebExchange exchange, RequestLoops loops) {
        RequestLoop known = exchange.getAttribute(ATTRIBUTE);
        if (known != null) {
            return known;
        }
        RequestLoop made = new RequestLoop(loops, exchange);
        exchange.getAttributes().put(ATTRIBUTE, made);
        return made;
    }

    /** That of the request with this Reactor Context; or the calling thread's. */
    static Loop in(ContextView context, String call) {
        RequestLoop found = context.getOrDefault(RequestLoop.class, null);
        if (found != null) {
            return found.loop();
        }
        Loop here = Loop.currentOrNull();
        if (here == null) {
            throw LoopMisuseException.of(
                    "the request's loop is found through the Reactor Context of whoever subscribes",
                    call + ": there is none in it, and the calling thread has no loop",
                    null,
                    "subscribe as part of a request, or name the loop: Reactor.mono(loop, ...), Reactor.flux(loop, ...)");
        }
        return here;
    }

    /** Names the calling task for its request, if it has one. */
    static void nameTask() {
        RequestLoop found = Reactor.context().getOrDefault(RequestLoop.class, null);
        if (found != null) {
            Task.current().rename(found);
        }
    }

    /** Fails when the request's connection is closed; for ever silent where that is not known. */
    Mono<Void> closed() {
        return closed;
    }

    /** Whether its tasks see Spring Security's context. */
    boolean hasSecurityContext() {
        return loops.hasSecurityContexts();
    }

    Loop loop() {
        Loop found = loop.get();
        if (found != null && !found.isClosed()) {
            return found;
        }
        Loop next = loops.loopOf(exchange.getRequest());
        return loop.compareAndSet(found, next) ? next : loop();
    }

    /** The name of its tasks: method and path, as the pattern that it matched once that is known; without the query. */
    @Override
    public String toString() {
        Object pattern = exchange.getAttribute(HandlerMapping.BEST_MATCHING_PATTERN_ATTRIBUTE);
        String path = pattern != null
                ? pattern.toString()
                : exchange.getRequest().getPath().value();
        String shown = path.length() <= LONGEST_PATH ? path : path.substring(0, LONGEST_PATH) + "...";
        return exchange.getRequest().getMethod() + " " + shown;
    }
}
