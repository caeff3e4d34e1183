package io.coloop.spring;

import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import org.jspecify.annotations.Nullable;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;
import reactor.util.context.ContextView;

/** The loop of one request, found when it is first asked for. In the exchange's attributes and in the Reactor Context, by its class's name and its class. */
final class RequestLoop {
    private static final String ATTRIBUTE = RequestLoop.class.getName();

    private final RequestLoops loops;
    private final ServerHttpRequest request;
    private volatile @Nullable Loop
            loop; // two threads may find it; they find the same, but for requests without an event loop

    private RequestLoop(RequestLoops loops, ServerHttpRequest request) {
        this.loops = loops;
        this.request = request;
    }

    /** Makes it the exchange's. */
    static RequestLoop on(ServerWebExchange exchange, RequestLoops loops) {
        RequestLoop known = exchange.getAttribute(ATTRIBUTE);
        if (known != null) {
            return known;
        }
        RequestLoop made = new RequestLoop(loops, exchange.getRequest());
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

    Loop loop() {
        Loop found = loop;
        if (found == null || found.isClosed()) {
            synchronized (this) {
                found = loop;
                if (found == null || found.isClosed()) {
                    found = loops.loopOf(request);
                    loop = found;
                }
            }
        }
        return found;
    }
}
