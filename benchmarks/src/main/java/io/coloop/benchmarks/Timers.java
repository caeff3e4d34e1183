package io.coloop.benchmarks;

import io.coloop.Loop;
import io.coloop.TimerHandle;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
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

/** Timers set, and called off or waited for, by the thread on which they fire. An operation is one timer. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class Timers {
    private static final int CANCELLED = 1_000_000;
    private static final int FIRED = 100_000;

    @Param({"coloop", "netty", "jdk"})
    public String timers;

    private Target target;

    @Setup
    public void start() {
        target = switch (timers) {
            case "coloop" -> new Coloop();
            case "netty" -> new Scheduled(Netty.nio());
            case "jdk" -> new Scheduled(removingOnCancel());
            default -> throw new IllegalArgumentException(timers);
        };
    }

    private static ScheduledThreadPoolExecutor removingOnCancel() {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1);
        executor.setRemoveOnCancelPolicy(true);
        return executor;
    }

    @TearDown
    public void stop() {
        target.close();
    }

    /** A million timers between 1 s and 61 s, in no order; then each is cancelled, in the order in which they were set. */
    @Benchmark
    @OperationsPerInvocation(CANCELLED)
    public void setMillionThenCancel() throws InterruptedException {
        onThread(done -> {
            Object[] handles = new Object[CANCELLED];
            for (int i = 0; i < CANCELLED; i++) {
                handles[i] = target.set(1_000_000_000L + scattered(i) % 60_000_000_000L, () -> {});
            }
            for (Object handle : handles) {
                target.cancel(handle);
            }
            done.countDown();
        });
    }

    /** A time limit that is not needed: set for 30 s, cancelled at once, beside none other. */
    @Benchmark
    @OperationsPerInvocation(FIRED)
    public void setAndCancel() throws InterruptedException {
        onThread(done -> {
            for (int i = 0; i < FIRED; i++) {
                target.cancel(target.set(30_000_000_000L, () -> {}));
            }
            done.countDown();
        });
    }

    /** Timers within 1 ms, in no order; all of them fire. */
    @Benchmark
    @OperationsPerInvocation(FIRED)
    public void setAndFire() throws InterruptedException {
        onThread(done -> {
            Runnable action = new Runnable() {
                private int left = FIRED;

                @Override
                public void run() {
                    if (--left == 0) {
                        done.countDown();
                    }
                }
            };
            for (int i = 0; i < FIRED; i++) {
                target.set(scattered(i) % 1_000_000, action);
            }
        });
    }

    private static long scattered(int i) {
        return (i * 0x9E3779B97F4A7C15L) >>> 1;
    }

    private void onThread(Consumer<CountDownLatch> work) throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        target.thread().execute(() -> work.accept(done));
        done.await();
    }

    private interface Target {
        Executor thread();

        Object set(long delayNanos, Runnable action);

        void cancel(Object handle);

        void close();
    }

    private static final class Coloop implements Target {
        private final Loop loop =
                Loop.builder().name("benchmark").slowItem(Duration.ofMinutes(1)).start();

        @Override
        public Executor thread() {
            return loop;
        }

        @Override
        public Object set(long delayNanos, Runnable action) {
            return loop.callLater(Duration.ofNanos(delayNanos), action);
        }

        @Override
        public void cancel(Object handle) {
            ((TimerHandle) handle).cancel();
        }

        @Override
        public void close() {
            loop.close();
        }
    }

    /** Netty's event loop ({@link EventLoop}) and the JDK's scheduler have the same face. */
    private record Scheduled(ScheduledExecutorService thread) implements Target {
        @Override
        public Object set(long delayNanos, Runnable action) {
            return thread.schedule(action, delayNanos, TimeUnit.NANOSECONDS);
        }

        @Override
        public void cancel(Object handle) {
            ((Future<?>) handle).cancel(false);
        }

        @Override
        public void close() {
            Netty.shutdown(thread);
        }
    }
}
