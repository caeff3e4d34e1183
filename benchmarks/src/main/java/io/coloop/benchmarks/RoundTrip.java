package io.coloop.benchmarks;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;

import io.coloop.Loop;
import io.coloop.Promise;
import io.coloop.Task;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;

/** What one suspension of a task costs on an owned loop: an operation is one await that gives up the loop. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RoundTrip {
    static final int AWAITS = 10_000;

    @Benchmark
    @OperationsPerInvocation(AWAITS)
    public void yieldAlone(OwnedLoop on) {
        on.run(() -> yields(AWAITS));
    }

    @Benchmark
    @OperationsPerInvocation(AWAITS)
    public void yieldTwoTasks(OwnedLoop on) {
        on.run(() -> {
            Task<?> other = Task.spawn(() -> yields(AWAITS / 2));
            yields(AWAITS / 2);
            await(other);
        });
    }

    static void yields(int times) {
        for (int i = 0; i < times; i++) {
            yieldNow();
        }
    }

    /** Two tasks wake each other through promises. */
    @Benchmark
    @OperationsPerInvocation(AWAITS)
    public void pingPong(OwnedLoop on) {
        on.run(() -> {
            Table table = new Table(Loop.current());
            Task<?> other = Task.spawn(() -> table.play(AWAITS / 2));
            table.play(AWAITS / 2);
            table.hitBack(0);
            await(other);
        });
    }

    private static final class Table {
        private final Loop loop;
        private Promise<Integer> awaited;

        Table(Loop loop) {
            this.loop = loop;
        }

        void play(int awaits) {
            for (int i = 0; i < awaits; i++) {
                Promise<Integer> mine = loop.promise();
                hitBack(i);
                awaited = mine;
                await(mine.future());
            }
        }

        void hitBack(int ball) {
            if (awaited != null) {
                awaited.complete(ball);
            }
        }
    }

    /** A callback of the loop completes what the task awaits. */
    @Benchmark
    @OperationsPerInvocation(AWAITS)
    public void completedByCallback(OwnedLoop on) {
        on.run(() -> {
            Loop loop = Loop.current();
            for (int i = 0; i < AWAITS; i++) {
                Promise<Integer> promise = loop.promise();
                loop.execute(() -> promise.complete(1));
                await(promise.future());
            }
        });
    }
}
