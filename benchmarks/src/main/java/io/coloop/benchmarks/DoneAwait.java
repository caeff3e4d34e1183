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
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/** An await that need not wait. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class DoneAwait {
    private static final int FUTURES = 128; // several, so that the compiler cannot read one only once
    private static final int ROUNDS = 1_000;

    private final List<Future<Integer>> done = new ArrayList<>();

    @Setup
    public void complete(OwnedLoop on) {
        Loop loop = on.loop;
        for (int i = 0; i < FUTURES; i++) {
            Promise<Integer> promise = loop.promise();
            promise.complete(i);
            done.add(promise.future());
        }
    }

    @Benchmark
    @OperationsPerInvocation(FUTURES * ROUNDS)
    public void doneFuture(OwnedLoop on, Blackhole sink) {
        on.run(() -> {
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < FUTURES; i++) {
                    sink.consume(await(done.get(i)));
                }
            }
        });
    }
}
