package io.coloop.reactor;

import io.coloop.LoopMisuseException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;

/** A Reactor scheduler as the host of a loop: of an executor it is only what a loop uses. Two of the same scheduler are equal. */
final class SchedulerHost extends AbstractExecutorService implements ScheduledExecutorService {
    private final Scheduler scheduler;
    private boolean checked; // when the loop is attached, before anybody else knows this

    SchedulerHost(Scheduler scheduler) {
        this.scheduler = scheduler;
    }

    @Override
    public void execute(Runnable turn) {
        if (!checked) {
            check();
            checked = true;
        }
        scheduler.schedule(turn);
    }

    private void check() {
        AtomicReference<@Nullable Thread> asking = new AtomicReference<>(Thread.currentThread());
        AtomicReference<Boolean> inline = new AtomicReference<>(false);
        try {
            scheduler.schedule(() -> inline.set(asking.get() == Thread.currentThread()), 0, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException rejected) {
            throw misuse("a host must accept work and delays", "rejected: " + rejected.getMessage());
        }
        asking.set(null);
        if (inline.get()) {
            throw misuse("a host has a thread of its own", "it ran an action on the calling thread");
        }
    }

    private LoopMisuseException misuse(String rule, String seen) {
        return LoopMisuseException.of(
                rule,
                "Reactor.loopOn(" + scheduler + "): " + seen,
                null,
                "pass a scheduler with one thread that is not disposed, such as Schedulers.newSingle(...)");
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable turn, long delay, TimeUnit unit) {
        Alarm alarm = new Alarm(turn);
        scheduler.schedule(alarm, delay, unit);
        return alarm;
    }

    /** What is cancelled stays with the scheduler until it is due, and does nothing then: disposing it might interrupt the thread. */
    private static final class Alarm extends FutureTask<@Nullable Void> implements ScheduledFuture<@Nullable Void> {
        Alarm(Runnable turn) {
            super(turn, null);
        }

        @Override
        public long getDelay(TimeUnit unit) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int compareTo(Delayed other) {
            throw new UnsupportedOperationException();
        }
    }

    @Override
    public boolean isShutdown() {
        return scheduler.isDisposed();
    }

    @Override
    public boolean isTerminated() {
        return scheduler.isDisposed();
    }

    /** A scheduler tells nobody that it is disposed: so this looks when the time is over. */
    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        if (!scheduler.isDisposed()) {
            unit.sleep(timeout);
            return false;
        }
        try {
            scheduler.disposeGracefully().block(Duration.ofNanos(unit.toNanos(timeout)));
            return true;
        } catch (IllegalStateException timedOut) {
            return false;
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SchedulerHost host && host.scheduler == scheduler;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(scheduler);
    }

    @Override
    public String toString() {
        return scheduler.toString();
    }

    // ---- what a loop does not use

    @Override
    public void shutdown() {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<Runnable> shutdownNow() {
        throw new UnsupportedOperationException();
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable command, long initialDelay, long period, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable command, long initialDelay, long delay, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }
}
