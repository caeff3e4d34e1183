package io.coloop.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/** The same work as in {@link Gather} with {@link CompletableFuture#allOf}, whose callbacks run where a future is completed. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class AllOf {
    /** How many are combined at a time. */
    @Param({"10", "100", "1000", "10000"})
    public int size;

    @Benchmark
    @OperationsPerInvocation(Gather.FUTURES)
    public void doneLater(Blackhole sink) {
        for (int i = 0; i < Gather.FUTURES; i += size) {
            sink.consume(gather(size));
        }
    }

    private static List<Integer> gather(int size) {
        List<CompletableFuture<Integer>> futures = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            futures.add(new CompletableFuture<>());
        }
        CompletableFuture<List<Integer>> all = CompletableFuture.allOf(futures.toArray(new CompletableFuture<?>[0]))
                .thenApply(done -> {
                    List<Integer> values = new ArrayList<>(size);
                    futures.forEach(future -> values.add(future.join()));
                    return values;
                });
        futures.forEach(future -> future.complete(1));
        return all.join();
    }
}
