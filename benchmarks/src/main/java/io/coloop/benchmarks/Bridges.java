package io.coloop.benchmarks;

import static io.coloop.Await.await;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.flux;
import static io.coloop.reactor.Reactor.mono;
import static io.coloop.rx.Rx.await;
import static io.coloop.rx.Rx.flowable;
import static io.coloop.rx.Rx.single;

import io.coloop.Loop;
import io.coloop.reactor.Reactor;
import io.coloop.rx.Rx;
import io.coloop.stream.Emitter;
import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.core.Single;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The bridges on an owned loop: an operation is one source awaited, one task made a source, or one item of a stream. {@link KotlinxBridges} does the same. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class Bridges {
    static final int SOURCES = 2_000;
    static final int ITEMS = 10_000;
    static final int PREFETCH = 64; // kotlinx's default
    static final int PAGE = 64;

    private final Coroutines coroutines = new Coroutines();

    @TearDown
    public void close() {
        coroutines.close();
    }

    @Benchmark
    @OperationsPerInvocation(SOURCES)
    public void awaitMonoLater(OwnedLoop on, Blackhole sink) {
        on.run(() -> {
            Loop loop = Loop.current();
            Mono<Integer> later = Mono.create(to -> loop.execute(() -> to.success(1)));
            for (int i = 0; i < SOURCES; i++) {
                sink.consume(await(later));
            }
        });
    }

    @Benchmark
    @OperationsPerInvocation(SOURCES)
    public void awaitMonoReady(OwnedLoop on, Blackhole sink) {
        on.run(() -> {
            Mono<Integer> ready = Mono.just(1);
            for (int i = 0; i < SOURCES; i++) {
                sink.consume(await(ready));
            }
        });
    }

    /** Awaited at once, as the peer is. */
    @Benchmark
    @OperationsPerInvocation(SOURCES)
    public void monoFromBody(OwnedLoop on, Blackhole sink) {
        on.run(() -> {
            Mono<Integer> body = mono(Loop.current(), () -> 1);
            for (int i = 0; i < SOURCES; i++) {
                sink.consume(await(body));
            }
        });
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public void iterateFlux(OwnedLoop on, Blackhole sink) {
        on.run(() -> {
            try (var items = Reactor.iterate(Flux.range(0, ITEMS), PREFETCH)) {
                for (Integer item : items) {
                    sink.consume(item);
                }
            }
        });
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public void fluxFromBody(OwnedLoop on, Blackhole sink) {
        on.run(() -> {
            Flux<Integer> items = flux(Loop.current(), emitter -> {
                for (int i = 0; i < ITEMS; i++) {
                    emitter.emit(i);
                }
            });
            sink.consume(await(items.count()));
        });
    }

    private static void emitPages(Emitter<Integer> emitter) {
        List<Integer> page = new ArrayList<>(PAGE);
        for (int i = 0; i < ITEMS; i++) {
            page.add(i);
            if (page.size() == PAGE) {
                emitter.emitAll(page);
                page.clear();
            }
        }
        emitter.emitAll(page);
    }

    /** Items that are there anyway, handed over as a page of rows would be. */
    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public void fluxFromBodyTogether(OwnedLoop on, Blackhole sink) {
        on.run(() -> {
            Flux<Integer> items = flux(Loop.current(), Bridges::emitPages);
            sink.consume(await(items.count()));
        });
    }

    @Benchmark
    @OperationsPerInvocation(SOURCES)
    public void awaitSingleLater(OwnedLoop on, Blackhole sink) {
        on.run(() -> {
            Loop loop = Loop.current();
            Single<Integer> later = Single.create(to -> loop.execute(() -> to.onSuccess(1)));
            for (int i = 0; i < SOURCES; i++) {
                sink.consume(await(later));
            }
        });
    }

    @Benchmark
    @OperationsPerInvocation(SOURCES)
    public void singleFromBody(OwnedLoop on, Blackhole sink) {
        on.run(() -> {
            Single<Integer> body = single(Loop.current(), () -> 1);
            for (int i = 0; i < SOURCES; i++) {
                sink.consume(await(body));
            }
        });
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public void iterateFlowable(OwnedLoop on, Blackhole sink) {
        on.run(() -> {
            try (var items = Rx.iterate(Flowable.range(0, ITEMS), PREFETCH)) {
                for (Integer item : items) {
                    sink.consume(item);
                }
            }
        });
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public void flowableFromBody(OwnedLoop on, Blackhole sink) {
        on.run(() -> {
            Flowable<Integer> items = flowable(Loop.current(), emitter -> {
                for (int i = 0; i < ITEMS; i++) {
                    emitter.emit(i);
                }
            });
            sink.consume(await(items.count()));
        });
    }

    /** Items that are there anyway, handed over as a page of rows would be. */
    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public void flowableFromBodyTogether(OwnedLoop on, Blackhole sink) {
        on.run(() -> {
            Flowable<Integer> items = flowable(Loop.current(), Bridges::emitPages);
            sink.consume(await(items.count()));
        });
    }

    /** A coroutine on the loop's dispatcher awaits futures that a callback completes. */
    @Benchmark
    @OperationsPerInvocation(SOURCES)
    public void suspendAwaitsFuture(OwnedLoop on, Blackhole sink) {
        on.run(() -> sink.consume(await(coroutines.awaitFutures(Loop.current(), SOURCES))));
    }

    /** A coroutine made a future, and awaited by a coroutine. */
    @Benchmark
    @OperationsPerInvocation(SOURCES)
    public void suspendToFuture(OwnedLoop on, Blackhole sink) {
        on.run(() -> sink.consume(await(coroutines.makeFutures(Loop.current(), SOURCES))));
    }
}
