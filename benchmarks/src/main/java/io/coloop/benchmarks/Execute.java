package io.coloop.benchmarks;

import io.coloop.Loop;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
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
import org.openjdk.jmh.annotations.Threads;

/**
 * Actions sent from other threads: an operation is one action sent and run. A producer sends a batch and waits until the last of it ran, so
 * nothing counts that is only queued.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class Execute {
    private static final int BATCH = 10_000;

    @Param({"coloop", "netty-nio", "netty-default", "jdk"})
    public String executor;

    private Executor target;

    @Setup
    public void start() {
        target = switch (executor) {
            case "coloop" -> Loop.start("benchmark");
            case "netty-nio" -> Netty.nio();
            case "netty-default" -> Netty.withoutIo();
            case "jdk" -> new ScheduledThreadPoolExecutor(1);
            default -> throw new IllegalArgumentException(executor);
        };
    }

    @TearDown
    public void stop() {
        if (target instanceof Loop loop) {
            loop.close();
        } else {
            Netty.shutdown((ExecutorService) target);
        }
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void oneProducer() {
        new Batch().sendTo(target);
    }

    @Benchmark
    @Threads(2)
    @OperationsPerInvocation(BATCH)
    public void twoProducers() {
        new Batch().sendTo(target);
    }

    private static final class Batch implements Runnable {
        private final Thread producer = Thread.currentThread();
        private int left = BATCH; // the executor's thread
        private volatile boolean done;

        void sendTo(Executor target) {
            for (int i = 0; i < BATCH; i++) {
                target.execute(this);
            }
            while (!done) {
                LockSupport.park(this);
            }
        }

        @Override
        public void run() {
            if (--left == 0) {
                done = true;
                LockSupport.unpark(producer);
            }
        }
    }
}
