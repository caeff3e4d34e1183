package io.coloop.spring;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.Scannable;
import reactor.core.scheduler.Scheduler;

/** What Spring's adapter for controller methods has as its scheduler: it runs a method as a task of its request if it has one, and gives everything else to the scheduler for blocking methods. */
final class TaskScheduler implements Scheduler {
    /*
     * The adapter uses it twice for one method. subscribeOn takes a worker, which subscribes: that, and with it what resolves the arguments, stays on the loop's own thread. publishOn
     * gives the call itself to the scheduler, from wherever the last argument came.
     */
    private final Scheduler blocking;

    TaskScheduler(Scheduler blocking) {
        this.blocking = blocking;
    }

    /** Whom an operator's action signals, or null if it does not look like an operator's. */
    static @Nullable CoreSubscriber<?> subscriberOf(Runnable action) {
        if (action instanceof CoreSubscriber<?> operator) {
            return operator;
        }
        Object actual = action instanceof Scannable source ? source.scanUnsafe(Scannable.Attr.ACTUAL) : null;
        return actual instanceof CoreSubscriber<?> subscriber ? subscriber : null;
    }

    @Override
    public Disposable schedule(Runnable action) {
        RequestTask<?> request = RequestTask.of(action);
        return request != null ? request.runAsTask(action) : blocking.schedule(action);
    }

    @Override
    public Worker createWorker() {
        return new RequestWorker();
    }

    @Override
    public void dispose() {
        blocking.dispose();
    }

    @Override
    public boolean isDisposed() {
        return blocking.isDisposed();
    }

    @Override
    public String toString() {
        return "TaskScheduler[" + blocking + "]";
    }

    /** Of one subscription: its first action says whose. */
    private final class RequestWorker implements Worker {
        private @Nullable RequestTask<?> request;
        private @Nullable Worker other;
        private volatile boolean disposed;

        @Override
        public Disposable schedule(Runnable action) {
            if (request == null && other == null) {
                request = RequestTask.of(action);
                other = request != null ? null : blocking.createWorker();
            }
            RequestTask<?> ours = request;
            if (ours != null) {
                return ours.runWhereBegun(action);
            }
            return Objects.requireNonNull(other).schedule(action);
        }

        @Override
        public void dispose() {
            disposed = true;
            if (other != null) {
                other.dispose();
            }
        }

        @Override
        public boolean isDisposed() {
            return disposed;
        }
    }
}
