package io.coloop.examples.shop;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/** Counts requests and remembers how long the last ones took. */
@Component
public class Traffic implements WebFilter {
    private static final int REMEMBERED = 1_000;

    private final AtomicLong ended = new AtomicLong();
    private final AtomicLongArray nanos = new AtomicLongArray(REMEMBERED);

    @Override
    public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
        if (exchange.getRequest().getPath().value().equals("/live")) {
            return chain.filter(exchange);
        }
        return Mono.defer(() -> {
            long begin = System.nanoTime();
            return chain.filter(exchange)
                    .doFinally(
                            end -> nanos.set((int) (ended.getAndIncrement() % REMEMBERED), System.nanoTime() - begin));
        });
    }

    /** How many requests have ended. */
    long ended() {
        return ended.get();
    }

    /** The latency in milliseconds that a share of the last thousand requests did not exceed; 0 if there were none. */
    double milliseconds(double share) {
        long[] last = new long[(int) Math.min(ended.get(), REMEMBERED)];
        if (last.length == 0) {
            return 0;
        }
        Arrays.setAll(last, nanos::get);
        Arrays.sort(last);
        return last[(int) (share * (last.length - 1))] / 1e6;
    }
}
