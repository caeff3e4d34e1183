package io.coloop.spring;

import org.springframework.core.Ordered;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/** Lets everything below find the request's loop: through the exchange and through the Reactor Context. */
final class RequestLoopFilter implements WebFilter, Ordered {
    private final RequestLoops loops;

    RequestLoopFilter(RequestLoops loops) {
        this.loops = loops;
    }

    @Override
    public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
        RequestLoop loop = RequestLoop.on(exchange, loops);
        return chain.filter(exchange).contextWrite(context -> context.put(RequestLoop.class, loop));
    }

    @Override
    public int getOrder() {
        return Ordered.HIGHEST_PRECEDENCE;
    }
}
