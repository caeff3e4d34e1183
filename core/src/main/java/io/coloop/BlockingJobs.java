package io.coloop;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The threads on which a loop's blocking jobs run: platform threads, made on demand, ended when idle. */
final class BlockingJobs {
    private static final int MAX_THREADS = 32;
    private static final int IDLE_SECONDS = 10;

    private final Loop loop;
    private final ExecutorService threads;
    private final AtomicInteger started = new AtomicInteger(); // threads
    private final ReentrantLock lock = new ReentrantLock();
    private final Set<Job<?>> jobs = new LinkedHashSet<>(); // guarded by lock; removed on the loop, after the result
    private boolean closed; // guarded by lock

    BlockingJobs(Loop loop) {
        this.loop = loop;
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                MAX_THREADS,
                MAX_THREADS,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                job -> new JobThread(job, loop.name() + "-blocking-" + started.incrementAndGet()));
        pool.allowCoreThreadTimeOut(true);
        this.threads = pool;
    }

    /** Whether the calling thread is one of these, of any loop. */
    static boolean isOnItsThread() {
        return Thread.currentThread() instanceof JobThread;
    }

    /** Whether every job that was started has reported back to the loop. Any thread. */
    boolean isIdle() {
        lock.lock();
        try {
            return jobs.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    <T extends @Nullable Object> Promise<T> start(Callable<? extends T> callable) {
        Promise<T> promise = new Promise<>(loop, "a blocking job");
        promise.onUndelivered(this::reportLate);
        Job<T> job = new Job<>(callable, promise, loop.snapshot());
        lock.lock();
        try {
            if (closed) {
                throw Misuse.closed("blocking(...)", loop);
            }
            threads.execute(job);
            jobs.add(job);
        } finally {
            lock.unlock();
        }
        promise.onCancel(job::cancel);
        return promise;
    }

    private void reportedBack(Job<?> job) {
        lock.lock();
        try {
            jobs.remove(job);
        } finally {
            lock.unlock();
        }
    }

    private void reportLate(@Nullable Object value) {
        if (value != null) {
            loop.report(new Report(
                    Report.Kind.LATE_VALUE,
                    loop,
                    "a blocking job returned a value after it was cancelled: " + value,
                    null,
                    null,
                    value));
        }
    }

    /** Refuses what comes from now on, if nothing is left; whether nothing is. */
    boolean closeIfIdle() {
        lock.lock();
        try {
            return jobs.isEmpty() && close().isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Refuses what comes from now on. Jobs that have not begun never will; those that run are reported and go on.
     *
     * @param when until when they should have ended
     */
    void giveUp(String when) {
        for (Job<?> job : close()) {
            job.giveUp(when);
        }
    }

    private List<Job<?>> close() {
        lock.lock();
        try {
            closed = true;
            threads.shutdown();
            return List.copyOf(jobs);
        } finally {
            lock.unlock();
        }
    }

    private static final class JobThread extends Thread {
        JobThread(Runnable jobs, String name) {
            super(null, jobs, name, 0, false); // inherited ThreadLocals would be those of whoever came first
            setDaemon(true);
        }
    }

    private final class Job<T extends @Nullable Object> implements Runnable {
        private final Callable<? extends T> callable;
        private final Promise<T> promise;
        private final ContextCapture.Snapshot context;
        private final @Nullable ClassLoader classLoader = Thread.currentThread().getContextClassLoader();
        private final ReentrantLock lock = new ReentrantLock(); // so that an interrupt hits this job and no later one
        private @Nullable Thread runner; // guarded by lock
        private boolean begun; // guarded by lock
        private boolean cancelled; // guarded by lock

        Job(Callable<? extends T> callable, Promise<T> promise, ContextCapture.Snapshot context) {
            this.callable = callable;
            this.promise = promise;
            this.context = context;
        }

        void cancel() {
            lock.lock();
            try {
                cancelled = true;
                if (runner != null) {
                    runner.interrupt();
                }
            } finally {
                lock.unlock();
            }
        }

        void giveUp(String when) {
            Thread thread;
            lock.lock();
            try {
                thread = runner;
                cancelled |= !begun;
            } finally {
                lock.unlock();
            }
            if (thread == null) {
                promise.future().cancel("the loop closed before the job began"); // too late if it has ended meanwhile
            } else {
                loop.report(new Report(
                        Report.Kind.LEFT_AT_CLOSE,
                        loop,
                        "a blocking job did not end " + when + " and goes on, on " + thread.getName(),
                        ThreadStack.of(thread, "the job is here"),
                        null,
                        null));
            }
        }

        @Override
        public void run() {
            try {
                if (begin()) {
                    Thread.currentThread().setContextClassLoader(classLoader);
                    context.run(this::call);
                }
            } catch (Throwable contextFailure) {
                settleFailed(contextFailure);
            } finally {
                end();
                loop.enqueue(() -> reportedBack(this)); // after the result, so that a virtual clock waits for it
            }
        }

        private boolean begin() {
            lock.lock();
            try {
                begun = true;
                runner = cancelled ? null : Thread.currentThread();
                return !cancelled;
            } finally {
                lock.unlock();
            }
        }

        private void end() {
            lock.lock();
            try {
                runner = null;
                Thread.interrupted(); // ours, or the job's: the thread goes on to other jobs
            } finally {
                lock.unlock();
            }
        }

        private void call() {
            T value;
            try {
                value = callable.call();
            } catch (Throwable failure) {
                settleFailed(failure);
                return;
            }
            promise.complete(value);
        }

        private void settleFailed(Throwable failure) {
            if (!promise.fail(failure) && !(failure instanceof InterruptedException)) {
                loop.report(new Report(
                        Report.Kind.LATE_FAILURE,
                        loop,
                        "a blocking job failed after it was cancelled: " + Report.brief(failure),
                        failure,
                        null,
                        null));
            }
        }
    }
}
