package io.coloop;

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
    private final AtomicInteger running = new AtomicInteger(); // queued or running; decremented on the loop

    BlockingJobs(Loop loop) {
        this.loop = loop;
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                MAX_THREADS,
                MAX_THREADS,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                Thread.ofPlatform()
                        .daemon()
                        .name(loop.name() + "-blocking-", 1)
                        .inheritInheritableThreadLocals(false) // they would be those of whoever came first
                        .factory());
        pool.allowCoreThreadTimeOut(true);
        this.threads = pool;
    }

    /** How many jobs were started and have not reported back to the loop. */
    int running() {
        return running.get();
    }

    <T extends @Nullable Object> Promise<T> start(Callable<? extends T> callable) {
        if (loop.isClosed()) {
            throw Misuse.closed("blocking(...)", loop);
        }
        Promise<T> promise = loop.promise();
        promise.onUndelivered(this::reportLate);
        Job<T> job = new Job<>(callable, promise, loop.contextCapture().capture());
        running.incrementAndGet();
        threads.execute(job);
        promise.onCancel(job::cancel);
        return promise;
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

    void shutdown() {
        threads.shutdown();
    }

    private final class Job<T extends @Nullable Object> implements Runnable {
        private final Callable<? extends T> callable;
        private final Promise<T> promise;
        private final ContextCapture.Snapshot context;
        private final @Nullable ClassLoader classLoader = Thread.currentThread().getContextClassLoader();
        private final ReentrantLock lock = new ReentrantLock(); // so that an interrupt hits this job and no later one
        private @Nullable Thread runner; // guarded by lock
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
                loop.enqueue(running::decrementAndGet); // after the result, so that a virtual clock waits for it
            }
        }

        private boolean begin() {
            lock.lock();
            try {
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
                        "a blocking job failed after it was cancelled: " + failure,
                        failure,
                        null,
                        null));
            }
        }
    }
}
