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

/** Kotlin coroutines on one thread: the same work as in {@link RoundTrip} and {@link Spawn}. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class Kotlinx {
    private final Coroutines coroutines = new Coroutines();

    @TearDown
    public void close() {
        coroutines.close();
    }

    /** On the event loop of {@code runBlocking}. */
    @Benchmark
    @OperationsPerInvocation(RoundTrip.AWAITS)
    public void yieldAlone() {
        coroutines.yields(RoundTrip.AWAITS);
    }

    /** On the dispatcher of a single-threaded executor. */
    @Benchmark
    @OperationsPerInvocation(RoundTrip.AWAITS)
    public void yieldAloneOnExecutor() {
        coroutines.yieldsOnExecutor(RoundTrip.AWAITS);
    }

    @Benchmark
    @OperationsPerInvocation(RoundTrip.AWAITS)
    public void pingPong() {
        coroutines.pingPong(RoundTrip.AWAITS);
    }

    @Benchmark
    @OperationsPerInvocation(Spawn.TASKS)
    public void asyncAndAwait() {
        coroutines.asyncAndAwait(Spawn.TASKS);
    }
}
