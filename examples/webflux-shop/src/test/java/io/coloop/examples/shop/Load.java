package io.coloop.examples.shop;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;

/** So many connections on one thread, each asking again as soon as it has its answer, or at a rate. */
final class Load implements AutoCloseable {
    private static final int MOST = 4_000_000;

    private final int connections;
    private final ConnectionProvider pool;
    private final LoopResources thread = LoopResources.create("load", 1, true);
    private final Scheduler timer = Schedulers.fromExecutorService(thread.onClient(true));
    private final HttpClient client;
    private final long[] nanos = new long[MOST];

    Load(int connections, String url) {
        this.connections = connections;
        pool = ConnectionProvider.builder("load")
                .maxConnections(connections)
                .pendingAcquireMaxCount(-1)
                .pendingAcquireTimeout(Duration.ofMinutes(2))
                .build();
        client = HttpClient.create(pool).runOn(thread).baseUrl(url);
    }

    /**
     * What came of it.
     *
     * @param p50 the median latency, in nanoseconds
     * @param p99 that which one in a hundred exceeds
     */
    record Outcome(int requests, int errors, long p50, long p99) {}

    /** Each connection asks again as soon as it has its answer. */
    Outcome run(String path, Duration duration) {
        return run(path, duration, 0);
    }

    /**
     * Latency counts from when a request is due, so one that waits for its turn is seen.
     *
     * @param rate of all connections together, in requests per second; 0: each asks again as soon as it has its answer
     */
    Outcome run(String path, Duration duration, int rate) {
        AtomicInteger ended = new AtomicInteger();
        AtomicInteger errors = new AtomicInteger();
        long start = System.nanoTime();
        long end = start + duration.toNanos();
        long period = rate == 0 ? 0 : connections * 1_000_000_000L / rate;
        Flux.range(0, connections)
                .flatMap(
                        connection -> {
                            long[] due = {start + period * connection / connections};
                            return Mono.defer(() -> {
                                        long begin = rate == 0 ? System.nanoTime() : due[0];
                                        due[0] += period;
                                        return at(begin)
                                                .then(get(path, errors))
                                                .doOnTerminate(() -> nanos[ended.getAndIncrement() % MOST] =
                                                        System.nanoTime() - begin);
                                    })
                                    .repeat(() -> (rate == 0 ? System.nanoTime() : due[0]) < end);
                        },
                        connections)
                .then()
                .block(duration.plusSeconds(60));
        int requests = ended.get();
        long[] sorted = Arrays.copyOf(nanos, Math.min(requests, MOST));
        Arrays.sort(sorted);
        return new Outcome(
                requests, errors.get(), sorted[sorted.length / 2], sorted[(int) (0.99 * (sorted.length - 1))]);
    }

    /** Asks once on each connection, one after the other within some seconds, and waits for all answers. */
    Mono<Integer> once(String path, Duration within, AtomicLong answered) {
        long start = System.nanoTime();
        long step = within.toNanos() / connections; // a listener's queue is short
        AtomicInteger errors = new AtomicInteger();
        return Flux.range(0, connections)
                .flatMap(
                        connection -> at(start + step * connection)
                                .then(get(path, errors))
                                .doOnTerminate(answered::incrementAndGet),
                        connections)
                .then(Mono.fromSupplier(errors::get));
    }

    private Mono<?> at(long due) {
        long left = due - System.nanoTime();
        return left <= 0 ? Mono.empty() : Mono.delay(Duration.ofNanos(left), timer);
    }

    private Mono<Void> get(String path, AtomicInteger errors) {
        return client.get()
                .uri(path)
                .responseSingle((response, body) -> {
                    if (response.status().code() != 200) {
                        errors.incrementAndGet();
                    }
                    return body.asByteArray();
                })
                .onErrorResume(failure -> {
                    errors.incrementAndGet();
                    return Mono.empty();
                })
                .then();
    }

    @Override
    public void close() {
        pool.dispose();
        thread.dispose();
    }
}
