package io.coloop.benchmarks;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;

/** {@link BareFibers}: the same work as in {@link RoundTrip} and {@link Spawn}. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class BareVirtualThreads {
    private static final int AWAITS = RoundTrip.AWAITS;

    @Benchmark
    @OperationsPerInvocation(AWAITS)
    public void yieldAlone() {
        BareFibers fibers = new BareFibers();
        fibers.start(() -> yields(fibers, AWAITS));
        fibers.run();
    }

    @Benchmark
    @OperationsPerInvocation(AWAITS)
    public void yieldTwoFibers() {
        BareFibers fibers = new BareFibers();
        fibers.start(() -> yields(fibers, AWAITS / 2));
        fibers.start(() -> yields(fibers, AWAITS / 2));
        fibers.run();
    }

    private static void yields(BareFibers fibers, int times) {
        Thread self = Thread.currentThread();
        for (int i = 0; i < times; i++) {
            fibers.passTo(self);
        }
    }

    /** Two fibers wake each other. */
    @Benchmark
    @OperationsPerInvocation(AWAITS)
    public void pingPong() {
        BareFibers fibers = new BareFibers();
        Thread[] players = new Thread[2];
        players[0] = fibers.start(() -> play(fibers, players, 1));
        players[1] = fibers.start(() -> play(fibers, players, 0));
        fibers.wake(players[0]);
        fibers.run();
    }

    private static void play(BareFibers fibers, Thread[] players, int other) {
        LockSupport.park();
        for (int i = 1; i < AWAITS / 2; i++) {
            fibers.passTo(players[other]);
        }
        fibers.wake(players[other]);
    }

    @Benchmark
    @OperationsPerInvocation(Spawn.TASKS)
    public void startAndEnd() {
        BareFibers fibers = new BareFibers();
        for (int i = 0; i < Spawn.TASKS; i++) {
            fibers.start(() -> {});
        }
    }
}
