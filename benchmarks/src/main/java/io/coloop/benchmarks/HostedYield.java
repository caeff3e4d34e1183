package io.coloop.benchmarks;

import io.coloop.Loop;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A lone task that yields on a hosted loop: each yield is a turn, and each turn a visit to the host's own queue and I/O. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class HostedYield {
    private static final int AWAITS = 1_000;

    @Param({"netty", "jdk"})
    public String host;

    private ScheduledExecutorService thread;
    private Loop loop;

    @Setup
    public void attach() {
        thread = host.equals("netty") ? Netty.nio() : Executors.newSingleThreadScheduledExecutor();
        loop = Loop.on(thread);
    }

    @TearDown
    public void detach() {
        loop.close();
        Netty.shutdown(thread);
    }

    @Benchmark
    @OperationsPerInvocation(AWAITS)
    public void yieldAlone() {
        loop.spawn(() -> RoundTrip.yields(AWAITS)).join();
    }
}
