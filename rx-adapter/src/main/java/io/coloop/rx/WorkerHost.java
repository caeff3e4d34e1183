package io.coloop.rx;

import io.coloop.Loop;
import io.reactivex.rxjava3.core.Scheduler;
import io.reactivex.rxjava3.disposables.Disposable;
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
import org.jspecify.annotations.Nullable;

/** One Worker of an RxJava scheduler, as the host of a loop. Equal to another one of the same scheduler, so that a scheduler has one loop. Thread-safe. */
final class WorkerHost extends AbstractExecutorService implements ScheduledExecutorService {
    /*
     * A scheduler does not tell that it was shut down; it refuses work, and what was scheduled is gone without a word. So whoever waits for its end asks it to run something,
     * twice a second, unless the last thing has yet to run.
     */
    private static final long PROBE_MILLIS = 500;

    private final Scheduler scheduler;
    private volatile Scheduler.@Nullable Worker
            worker; // made by the first execute(), which attaches the loop: hosts that are only compared need none
    private volatile boolean refused;
    private volatile boolean probing;

    WorkerHost(Scheduler scheduler) {
        this.scheduler = scheduler;
    }

    private Scheduler.Worker worker() {
        Scheduler.Worker used = worker;
        if (used == null) {
            used = scheduler.createWorker();
            worker = used;
        }
        return used;
    }

    /** Whether it is this one that hosts. */
    boolean isUsed() {
        return worker != null;
    }

    /** Gives the worker back once the loop has ended. */
    void releaseAfter(Loop loop) {
        try {
            while (!loop.awaitTermination(Duration.ofDays(1))) {
                // it lives
            }
        } catch (InterruptedException impossible) {
            throw new AssertionError("nobody has this thread", impossible);
        }
        worker().dispose(); // what it may interrupt is the very end of the last turn, which does not wait
    }

    @Override
    public void execute(Runnable action) {
        accepted(worker().schedule(action));
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable action, long delay, TimeUnit unit) {
        Timer timer = new Timer(action);
        timer.subscription = accepted(worker().schedule(timer, delay, unit));
        return timer;
    }

    private Disposable accepted(Disposable subscription) {
        if (subscription == Disposable.disposed()) {
            refused = true;
            throw new RejectedExecutionException(scheduler + " takes no more work");
        }
        return subscription;
    }

    @Override
    public boolean isShutdown() {
        return refused || worker().isDisposed();
    }

    @Override
    public boolean isTerminated() {
        return isShutdown();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        long left = unit.toMillis(timeout);
        while (!isShutdown() && left > 0) {
            Thread.sleep(Math.min(PROBE_MILLIS, left));
            left -= PROBE_MILLIS;
            probe();
        }
        return isShutdown();
    }

    private void probe() {
        if (!probing) {
            probing = true;
            boolean dropped = worker().schedule(() -> probing = false).isDisposed();
            refused |= dropped && probing; // disposed of, and not because it has run
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof WorkerHost host && host.scheduler == scheduler;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(scheduler);
    }

    @Override
    public String toString() {
        return scheduler.toString();
    }

    // ---- a loop's host needs none of these

    @Override
    public void shutdown() {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<Runnable> shutdownNow() {
        throw new UnsupportedOperationException();
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> action, long delay, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable action, long initialDelay, long period, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable action, long initialDelay, long delay, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    /** The alarm of a loop. */
    private static final class Timer extends FutureTask<@Nullable Void> implements ScheduledFuture<@Nullable Void> {
        private volatile @Nullable Disposable subscription;
        private volatile boolean runs;

        Timer(Runnable action) {
            super(action, null);
        }

        @Override
        public void run() {
            runs = true;
            super.run();
        }

        /** Never interrupts, though RxJava does when what runs is disposed of. */
        @Override
        public boolean cancel(boolean mayInterrupt) {
            boolean cancelled = super.cancel(false);
            Disposable scheduled = subscription;
            if (!runs && scheduled != null) {
                scheduled.dispose();
            }
            return cancelled;
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
}
