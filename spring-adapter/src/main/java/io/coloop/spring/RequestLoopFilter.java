package io.coloop.spring;

import org.jspecify.annotations.Nullable;
import org.springframework.context.i18n.LocaleContextThreadLocalAccessor;
import org.springframework.core.Ordered;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** Lets everything below find the request's loop: through the exchange, through the Reactor Context and through what Spring starts coroutines with. The first filter. */
final class RequestLoopFilter implements WebFilter, Ordered {
    /** {@code CoWebFilter.COROUTINE_CONTEXT_ATTRIBUTE}, which needs Kotlin. */
    private static final String COROUTINE_CONTEXT = "org.springframework.web.server.CoWebFilter.context";

    private final RequestLoops loops;
    private final boolean locale;
    private final @Nullable Dispatchers dispatchers; // null without coloop-kotlin

    RequestLoopFilter(RequestLoops loops, boolean locale, @Nullable Dispatchers dispatchers) {
        this.loops = loops;
        this.locale = locale;
        this.dispatchers = dispatchers;
    }

    @Override
    public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
        RequestLoop loop = RequestLoop.on(exchange, loops);
        if (dispatchers != null) {
            exchange.getAttributes().putIfAbsent(COROUTINE_CONTEXT, dispatchers.of(loop.loop()));
        }
        return NettyRequest.untilClosed(loop, exchange.getRequest(), chain.filter(exchange))
                .contextWrite(context -> with(context, loop, exchange));
    }

    private Context with(Context context, RequestLoop loop, ServerWebExchange exchange) {
        Context found = context.put(RequestLoop.class, loop);
        return locale ? found.put(LocaleContextThreadLocalAccessor.KEY, exchange.getLocaleContext()) : found;
    }

    @Override
    public int getOrder() {
        return Ordered.HIGHEST_PRECEDENCE;
    }
}
