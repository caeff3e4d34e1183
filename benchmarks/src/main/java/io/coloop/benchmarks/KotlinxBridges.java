package io.coloop.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The bridges of kotlinx on the event loop of {@code runBlocking}: the same work as in {@link Bridges}. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class KotlinxBridges {
    private final Coroutines coroutines = new Coroutines();

    @TearDown
    public void close() {
        coroutines.close();
    }

    @Benchmark
    @OperationsPerInvocation(Bridges.SOURCES)
    public int awaitMonoLater() {
        return coroutines.awaitMonoLater(Bridges.SOURCES);
    }

    @Benchmark
    @OperationsPerInvocation(Bridges.SOURCES)
    public int awaitMonoReady() {
        return coroutines.awaitMonoReady(Bridges.SOURCES);
    }

    @Benchmark
    @OperationsPerInvocation(Bridges.SOURCES)
    public int monoFromBody() {
        return coroutines.monoFromBody(Bridges.SOURCES);
    }

    @Benchmark
    @OperationsPerInvocation(Bridges.ITEMS)
    public int iterateFlux() {
        return coroutines.collectFlux(Bridges.ITEMS);
    }

    @Benchmark
    @OperationsPerInvocation(Bridges.ITEMS)
    public long fluxFromBody() {
        return coroutines.fluxFromBody(Bridges.ITEMS);
    }

    @Benchmark
    @OperationsPerInvocation(Bridges.SOURCES)
    public int awaitSingleLater() {
        return coroutines.awaitSingleLater(Bridges.SOURCES);
    }

    @Benchmark
    @OperationsPerInvocation(Bridges.SOURCES)
    public int singleFromBody() {
        return coroutines.singleFromBody(Bridges.SOURCES);
    }

    @Benchmark
    @OperationsPerInvocation(Bridges.ITEMS)
    public int iterateFlowable() {
        return coroutines.collectFlowable(Bridges.ITEMS);
    }

    @Benchmark
    @OperationsPerInvocation(Bridges.ITEMS)
    public long flowableFromBody() {
        return coroutines.flowableFromBody(Bridges.ITEMS);
    }

    /** {@code CompletionStage.await()}. */
    @Benchmark
    @OperationsPerInvocation(Bridges.SOURCES)
    public int suspendAwaitsFuture() {
        return coroutines.awaitStages(Bridges.SOURCES);
    }

    /** {@code future { }}, awaited. */
    @Benchmark
    @OperationsPerInvocation(Bridges.SOURCES)
    public int suspendToFuture() {
        return coroutines.makeStages(Bridges.SOURCES);
    }
}
