package io.coloop.benchmarks;

import static io.coloop.Await.await;

import io.coloop.Task;
import io.coloop.TaskGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.infra.Blackhole;

/** Ten tasks: an operation spawns and awaits them, by hand or in a group. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Groups {
    static final int ROUNDS = 500;
    static final int TASKS = 10;

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public void byHand(OwnedLoop on, Blackhole sink) {
        on.run(() -> {
            for (int round = 0; round < ROUNDS; round++) {
                List<Task<Integer>> tasks = new ArrayList<>(TASKS);
                for (int i = 0; i < TASKS; i++) {
                    tasks.add(Task.spawn(() -> 1));
                }
                for (Task<Integer> task : tasks) {
                    sink.consume(await(task));
                }
            }
        });
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public void inAGroup(OwnedLoop on, Blackhole sink) {
        on.run(() -> {
            for (int round = 0; round < ROUNDS; round++) {
                TaskGroup.run(group -> {
                    for (int i = 0; i < TASKS; i++) {
                        sink.consume(group.spawn(() -> 1));
                    }
                });
            }
        });
    }
}
