package io.coloop.benchmarks;

import static io.coloop.Await.await;

import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.Promise;
import java.util.ArrayList;
import java.util.List;
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

/** Futures that are gathered, completed and awaited together: an operation is one future, from its making to its value in the list. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class Gather {
    static final int FUTURES = 10_000;

    /** How many are gathered at a time. */
    @Param({"10", "100", "1000", "10000"})
    public int size;

    @Benchmark
    @OperationsPerInvocation(FUTURES)
    public void doneLater(OwnedLoop on, Blackhole sink) {
        on.run(() -> {
            for (int i = 0; i < FUTURES; i += size) {
                sink.consume(gather(Loop.current(), size));
            }
        });
    }

    private static List<Integer> gather(Loop loop, int size) {
        List<Promise<Integer>> promises = new ArrayList<>(size);
        List<Future<Integer>> futures = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            Promise<Integer> promise = loop.promise();
            promises.add(promise);
            futures.add(promise.future());
        }
        Future<List<Integer>> all = Future.gather(futures);
        for (Promise<Integer> promise : promises) {
            promise.complete(1);
        }
        return await(all);
    }
}
