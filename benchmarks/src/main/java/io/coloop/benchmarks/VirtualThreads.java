package io.coloop.benchmarks;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;

/** The JDK's virtual threads on its own scheduler: the same work as in {@link RoundTrip} and {@link Spawn}. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class VirtualThreads {
    private static final int AWAITS = RoundTrip.AWAITS;

    @Benchmark
    @OperationsPerInvocation(AWAITS)
    public void yieldAlone() throws InterruptedException {
        Thread.startVirtualThread(() -> {
                    for (int i = 0; i < AWAITS; i++) {
                        Thread.yield();
                    }
                })
                .join();
    }

    /** Two threads wake each other with unpark and wait with park. */
    @Benchmark
    @OperationsPerInvocation(AWAITS)
    public void pingPong() throws InterruptedException {
        Player first = new Player();
        Player second = new Player();
        first.start(second);
        second.start(first);
        first.hit();
        first.thread.join();
        second.thread.join();
    }

    private static final class Player {
        private Thread thread = Thread.currentThread();
        private volatile boolean mine;

        void start(Player other) {
            thread = Thread.ofVirtual().unstarted(() -> {
                for (int i = 0; i < AWAITS / 2; i++) {
                    while (!mine) {
                        LockSupport.park();
                    }
                    mine = false;
                    other.hit();
                }
            });
            thread.start();
        }

        void hit() {
            mine = true;
            LockSupport.unpark(thread);
        }
    }

    @Benchmark
    @OperationsPerInvocation(Spawn.TASKS)
    public void startAndJoin() throws InterruptedException {
        Thread.startVirtualThread(() -> {
                    for (int i = 0; i < Spawn.TASKS; i++) {
                        try {
                            Thread.startVirtualThread(() -> {}).join();
                        } catch (InterruptedException impossible) {
                            throw new AssertionError(impossible);
                        }
                    }
                })
                .join();
    }
}
