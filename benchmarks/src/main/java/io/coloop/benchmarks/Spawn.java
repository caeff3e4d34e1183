package io.coloop.benchmarks;

import static io.coloop.Await.await;

import io.coloop.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.infra.Blackhole;

/** The life of a trivial task: an operation spawns it, runs it and awaits its result. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Spawn {
    static final int TASKS = 2_000;

    @Benchmark
    @OperationsPerInvocation(TASKS)
    public void spawnAndAwait(OwnedLoop on, Blackhole sink) {
        on.run(() -> {
            for (int i = 0; i < TASKS; i++) {
                sink.consume(await(Task.spawn(() -> 1)));
            }
        });
    }

    /** All are spawned before the first is awaited. */
    @Benchmark
    @OperationsPerInvocation(TASKS)
    public void spawnAllThenAwait(OwnedLoop on, Blackhole sink) {
        on.run(() -> {
            List<Task<Integer>> tasks = new ArrayList<>(TASKS);
            for (int i = 0; i < TASKS; i++) {
                tasks.add(Task.spawn(() -> 1));
            }
            for (Task<Integer> task : tasks) {
                sink.consume(await(task));
            }
        });
    }
}
