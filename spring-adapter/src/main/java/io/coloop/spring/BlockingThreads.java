package io.coloop.spring;

import io.coloop.spring.ColoopWebFluxProperties.BlockingThreadKind;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** The threads of {@link Blocking} methods where the application has given WebFlux no executor for them; made when first used. */
final class BlockingThreads implements DisposableBean {
    private final BlockingThreadKind kind;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Scheduler made; // guarded by lock

    BlockingThreads(BlockingThreadKind kind) {
        this.kind = kind;
    }

    /** Gives its work to those threads. */
    Scheduler scheduler() {
        return new LazyScheduler(this::made);
    }

    private Scheduler made() {
        lock.lock();
        try {
            Scheduler known = made;
            if (known == null) {
                known = kind == BlockingThreadKind.VIRTUAL ? virtual() : platform();
                made = known;
            }
            return known;
        } finally {
            lock.unlock();
        }
    }

    private static Scheduler virtual() {
        ExecutorService threads = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("blocking-", 1).factory());
        return Schedulers.fromExecutorService(threads);
    }

    private static Scheduler platform() {
        return Schedulers.newBoundedElastic(
                Schedulers.DEFAULT_BOUNDED_ELASTIC_SIZE, Schedulers.DEFAULT_BOUNDED_ELASTIC_QUEUESIZE, "blocking");
    }

    @Override
    public void destroy() {
        lock.lock();
        try {
            if (made != null) {
                made.dispose();
            }
        } finally {
            lock.unlock();
        }
    }
}
