package io.coloop.spring;

import java.util.Locale;
import java.util.TimeZone;
import org.jspecify.annotations.Nullable;
import org.springframework.context.i18n.LocaleContextThreadLocalAccessor;
import org.springframework.context.i18n.TimeZoneAwareLocaleContext;
import org.springframework.core.PriorityOrdered;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** Lets everything below find the request's loop: through the exchange, through the Reactor Context and through what Spring starts coroutines with. The first filter. */
final class RequestLoopFilter implements WebFilter, PriorityOrdered {
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
        return chain.filter(exchange).contextWrite(context -> with(context, loop, exchange));
    }

    private Context with(Context context, RequestLoop loop, ServerWebExchange exchange) {
        Context found = context.put(RequestLoop.class, loop);
        return locale ? found.put(LocaleContextThreadLocalAccessor.KEY, new RequestLocale(exchange)) : found;
    }

    /** What the request's locale is when somebody asks: a later filter may decide it. */
    private record RequestLocale(ServerWebExchange exchange) implements TimeZoneAwareLocaleContext {
        @Override
        public @Nullable Locale getLocale() {
            return exchange.getLocaleContext().getLocale();
        }

        @Override
        public @Nullable TimeZone getTimeZone() {
            return exchange.getLocaleContext() instanceof TimeZoneAwareLocaleContext zoned ? zoned.getTimeZone() : null;
        }
    }

    @Override
    public int getOrder() {
        return HIGHEST_PRECEDENCE;
    }
}
