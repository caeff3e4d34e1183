package io.coloop;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Delayed;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.RunnableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A loop seen as the JDK's scheduler; any thread may use it. */
final class LoopExecutorService extends AbstractExecutorService implements ScheduledExecutorService {
    /*
     * Every action is a Job: a FutureTask that the loop runs and that is a member of `jobs` until it is done, so that
     * shutdown can let the ready ones run, drop the delayed ones (as the JDK's does by its default for periodic ones) and know the end.
     */
    private static final String SPAWN = "spawn a task for each, and await them";

    private final Loop loop;
    private final ReentrantLock lock = new ReentrantLock();
    private final Set<Job<?>> jobs = new LinkedHashSet<>(); // guarded by lock
    private boolean shutdown; // guarded by lock
    private final CountDownLatch terminated = new CountDownLatch(1);

    LoopExecutorService(Loop loop) {
        this.loop = loop;
    }

    @Override
    public void execute(Runnable command) {
        if (command instanceof Job<?> submitted) {
            start(submitted);
        } else {
            Objects.requireNonNull(command, "command");
            start(new Job<>(
                    callable(() -> loop.runItem(command)), 0, 0)); // nobody sees its future: a failure is reported
        }
    }

    @Override
    protected <T> RunnableFuture<T> newTaskFor(Runnable runnable, T value) {
        return new Job<>(Executors.callable(runnable, value), 0, 0);
    }

    @Override
    protected <T> RunnableFuture<T> newTaskFor(Callable<T> callable) {
        return new Job<>(callable, 0, 0);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        return start(new Job<>(callable(command), unit.toNanos(delay), 0));
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
        return start(new Job<>(Objects.requireNonNull(callable, "callable"), unit.toNanos(delay), 0));
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable command, long initialDelay, long period, TimeUnit unit) {
        return startPeriodic(command, unit.toNanos(initialDelay), positive(unit.toNanos(period), "period"));
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable command, long initialDelay, long delay, TimeUnit unit) {
        return startPeriodic(command, unit.toNanos(initialDelay), -positive(unit.toNanos(delay), "delay"));
    }

    private ScheduledFuture<?> startPeriodic(Runnable command, long initialDelay, long period) {
        return start(new Job<>(callable(command), initialDelay, period));
    }

    private static Callable<Object> callable(Runnable command) {
        return Executors.callable(Objects.requireNonNull(command, "command"));
    }

    private static long positive(long nanos, String name) {
        if (nanos <= 0) {
            throw new IllegalArgumentException(name + " must be positive");
        }
        return nanos;
    }

    private <V> Job<V> start(Job<V> job) {
        lock.lock();
        try {
            if (shutdown) {
                throw new RejectedExecutionException("this view of loop " + loop.name() + " is shut down");
            }
            if (jobs.isEmpty()) {
                loop.busyViews().add(this);
            }
            jobs.add(job);
        } finally {
            lock.unlock();
        }
        if (!loop.offerItem(loop.inContext(job::begin))) {
            ended(job);
            throw Misuse.closed("a ScheduledExecutorService of it", loop);
        }
        return job;
    }

    private void ended(Job<?> job) {
        lock.lock();
        try {
            if (jobs.remove(job) && jobs.isEmpty()) {
                loop.busyViews().remove(this);
                if (shutdown) {
                    terminated.countDown();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Ends the view, not the loop: what is ready still runs, what is delayed or periodic is cancelled. */
    @Override
    public void shutdown() {
        List<Job<?>> delayed = new ArrayList<>();
        lock.lock();
        try {
            shutdown = true;
            for (Job<?> job : jobs) {
                if (job.isDelayed()) {
                    delayed.add(job);
                }
            }
            if (jobs.isEmpty()) {
                terminated.countDown();
            }
        } finally {
            lock.unlock();
        }
        delayed.forEach(job -> job.cancel(false));
    }

    @Override
    public List<Runnable> shutdownNow() {
        List<Runnable> left;
        lock.lock();
        try {
            shutdown = true;
            left = new ArrayList<>(jobs);
            if (left.isEmpty()) {
                terminated.countDown();
            }
        } finally {
            lock.unlock();
        }
        left.forEach(job -> ((Job<?>) job).cancel(false));
        return left;
    }

    @Override
    public boolean isShutdown() {
        lock.lock();
        try {
            return shutdown || loop.isClosed();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean isTerminated() {
        return terminated.getCount() == 0 || loop.isClosed();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        refuseOnLoop("awaitTermination(...)", "wait for its end on another thread");
        return isTerminated() || terminated.await(timeout, unit);
    }

    @Override
    public void close() {
        refuseOnLoop("close()", "call shutdown(), which does not wait");
        super.close();
    }

    @Override
    public <T> List<java.util.concurrent.Future<T>> invokeAll(Collection<? extends Callable<T>> tasks)
            throws InterruptedException {
        refuseOnLoop("invokeAll(...)", SPAWN);
        return super.invokeAll(tasks);
    }

    @Override
    public <T> List<java.util.concurrent.Future<T>> invokeAll(
            Collection<? extends Callable<T>> tasks, long timeout, TimeUnit unit) throws InterruptedException {
        refuseOnLoop("invokeAll(...)", SPAWN);
        return super.invokeAll(tasks, timeout, unit);
    }

    @Override
    public <T> T invokeAny(Collection<? extends Callable<T>> tasks) throws InterruptedException, ExecutionException {
        refuseOnLoop("invokeAny(...)", SPAWN);
        return super.invokeAny(tasks);
    }

    @Override
    public <T> T invokeAny(Collection<? extends Callable<T>> tasks, long timeout, TimeUnit unit)
            throws InterruptedException, ExecutionException, TimeoutException {
        refuseOnLoop("invokeAny(...)", SPAWN);
        return super.invokeAny(tasks, timeout, unit);
    }

    private void refuseOnLoop(String call, String remedy) {
        if (loop.isOnLoop()) {
            throw Misuse.blocksLoop("ScheduledExecutorService." + call, loop, remedy);
        }
    }

    @Override
    public String toString() {
        return "ScheduledExecutorService of " + loop.name();
    }

    /** One action. */
    private final class Job<V> extends FutureTask<V> implements ScheduledFuture<V> {
        private final long period; // positive: fixed rate, negative: fixed delay, 0: once
        private final boolean delayed;
        private volatile long deadline;
        private @Nullable TimerHandle timer; // the loop's

        Job(Callable<V> callable, long delayNanos, long period) {
            super(callable);
            this.period = period;
            this.delayed = delayNanos > 0 || period != 0;
            this.deadline = loop.deadlineAfter(delayNanos);
        }

        boolean isDelayed() {
            return delayed;
        }

        /** On the loop: runs it, or arms its timer. */
        void begin() {
            if (delayed) {
                arm();
            } else {
                run();
            }
        }

        private void arm() {
            if (loop.isClosed()) {
                cancel(false);
            } else if (!isDone()) {
                timer = loop.callAt(deadline, this::fire);
            }
        }

        private void fire() {
            timer = null;
            if (period == 0) {
                run();
            } else if (runAndReset()) {
                deadline = period > 0 ? deadline + period : loop.deadlineAfter(-period);
                arm();
            }
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            return super.cancel(false); // the thread is everybody's
        }

        @Override
        protected void done() {
            ended(this);
            if (delayed && isCancelled()) {
                loop.enqueue(() -> {
                    if (timer != null && loop.isOnLoop()) { // else the loop has ended, and its timers with it
                        timer.cancel();
                    }
                });
            }
        }

        @Override
        public V get() throws InterruptedException, ExecutionException {
            refuseWhilePending();
            return super.get();
        }

        @Override
        public V get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
            refuseWhilePending();
            return super.get(timeout, unit);
        }

        private void refuseWhilePending() {
            if (!isDone()) {
                refuseOnLoop("get()", "call loop.spawn(...), whose task can be awaited");
            }
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(deadline - loop.time(), TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
        }
    }
}
