package io.coloop.benchmarks;

import static io.coloop.Await.await;

import io.coloop.Task;
import io.coloop.sync.Hold;
import io.coloop.sync.Lock;
import io.coloop.sync.Queue;
import io.coloop.sync.Semaphore;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.infra.Blackhole;

/** Locks, semaphores and queues: alone, where an operation is a pair of calls, and handed over, where it is one call that waits. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Sync {
    private static final int PAIRS = 100_000;
    private static final int WAITS = 10_000;

    @Benchmark
    @OperationsPerInvocation(PAIRS)
    public void lock(OwnedLoop on) {
        on.run(() -> {
            Lock lock = Lock.create();
            for (int i = 0; i < PAIRS; i++) {
                lock.acquire();
                lock.release();
            }
        });
    }

    @Benchmark
    @OperationsPerInvocation(PAIRS)
    public void lockInTry(OwnedLoop on, Blackhole sink) {
        on.run(() -> {
            Lock lock = Lock.create();
            for (int i = 0; i < PAIRS; i++) {
                try (Hold hold = lock.acquire()) {
                    sink.consume(hold);
                }
            }
        });
    }

    @Benchmark
    @OperationsPerInvocation(PAIRS)
    public void semaphore(OwnedLoop on) {
        on.run(() -> {
            Semaphore semaphore = Semaphore.withPermits(1);
            for (int i = 0; i < PAIRS; i++) {
                semaphore.acquire();
                semaphore.release();
            }
        });
    }

    @Benchmark
    @OperationsPerInvocation(PAIRS)
    public void queue(OwnedLoop on, Blackhole sink) {
        on.run(() -> {
            Queue<String> queue = Queue.bounded(16);
            for (int i = 0; i < PAIRS; i++) {
                queue.put("item");
                sink.consume(queue.get());
            }
        });
    }

    /** Two tasks want the lock in turn: each acquire waits for the other's release. */
    @Benchmark
    @OperationsPerInvocation(WAITS)
    public void lockHandOver(OwnedLoop on) {
        on.run(() -> {
            Lock lock = Lock.create();
            Task<?> other = Task.spawn(() -> contend(lock));
            contend(lock);
            await(other);
        });
    }

    private static void contend(Lock lock) {
        for (int i = 0; i < WAITS / 2; i++) {
            lock.acquire();
            if (i == 0) {
                RoundTrip.yields(1); // let the other one line up
            }
            lock.release();
        }
    }

    /** Two tasks answer each other through two queues: each get waits for the other's put. */
    @Benchmark
    @OperationsPerInvocation(WAITS)
    public void queueHandOver(OwnedLoop on) {
        on.run(() -> {
            Queue<String> there = Queue.unbounded();
            Queue<String> back = Queue.unbounded();
            Task<?> other = Task.spawn(() -> {
                for (int i = 0; i < WAITS / 2; i++) {
                    back.put(there.get());
                }
            });
            for (int i = 0; i < WAITS / 2; i++) {
                there.put("item");
                back.get();
            }
            await(other);
        });
    }
}
