package io.coloop.spring;

import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.reactor.Reactor;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Brings a Mono that Spring's adapter makes for a controller method onto the request's loop, and its outcome back. One per subscription.
 *
 * @param <T> what it gives
 */
final class RequestTask<T> implements CoreSubscriber<T>, Subscription {
    /*
     * The adapter's operators are subscribed on the loop's own thread, so that arguments are resolved there, and call the method through a
     * scheduler, which finds this in their Context and starts the task. What the method gives comes here on the task's stack: it is held until the task has ended, and then goes
     * on where the task's end is told, on the loop's own thread again.
     *
     * Fields without a remark belong to the loop.
     */
    private final Loop loop;
    private final Supplier<Mono<T>> source;
    private final CoreSubscriber<? super T> actual;
    private final Context context;
    private volatile @Nullable Subscription upstream;
    private volatile boolean cancelled; // by downstream
    private @Nullable Run running; // while its task has not ended
    private boolean settled;
    private boolean emitted;
    private @Nullable T value;
    private @Nullable Throwable failure;

    private RequestTask(RequestLoop request, Supplier<Mono<T>> source, CoreSubscriber<? super T> actual) {
        this.loop = request.loop();
        this.source = source;
        this.actual = actual;
        this.context = actual.currentContext().put(RequestTask.class, this).put(RequestLoop.class, request);
    }

    static <T> Mono<T> mono(RequestLoop request, Supplier<Mono<T>> source) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super T> actual) {
                RequestTask<T> task = new RequestTask<>(request, source, actual);
                actual.onSubscribe(task);
                task.onLoop(task::start);
            }
        };
    }

    /** That of the operator that gives this action to a scheduler, or null if the action is no operator's of a controller method that runs as a task. */
    static @Nullable RequestTask<?> of(Runnable action) {
        CoreSubscriber<?> subscriber = TaskScheduler.subscriberOf(action);
        return subscriber == null ? null : subscriber.currentContext().getOrDefault(RequestTask.class, null);
    }

    private void onLoop(Runnable action) {
        if (loop.isOnLoop() && Task.currentOrNull() == null) {
            action.run();
            return;
        }
        try {
            loop.execute(action);
        } catch (LoopClosedException closed) {
            actual.onError(closed);
        }
    }

    private void start() {
        if (!cancelled) {
            source.get().subscribe(this);
        }
    }

    @Override
    public Context currentContext() {
        return context;
    }

    // ---- what the adapter's operators ask of a scheduler

    /** Runs an action on the loop's own thread, in place if this is it. */
    Disposable runInline(Runnable action) {
        onLoop(action);
        return Disposables.disposed();
    }

    /** Runs an action as a task. */
    Disposable runAsTask(Runnable action) {
        Run run = new Run(action);
        running = run;
        Mono<Void> task = Reactor.mono(loop, run::body);
        task.subscribe(run);
        return run;
    }

    // ---- downstream's

    @Override
    public void request(long n) {
        // one value at most; it waits until the task has ended, which is after downstream has asked
    }

    @Override
    public void cancel() {
        cancelled = true;
        Subscription source = upstream;
        if (source != null) {
            source.cancel();
        }
    }

    boolean isCancelled() {
        return cancelled;
    }

    // ---- upstream's

    @Override
    public void onSubscribe(Subscription given) {
        if (Operators.validate(upstream, given)) {
            upstream = given;
            if (cancelled) {
                given.cancel();
            } else {
                given.request(Long.MAX_VALUE);
            }
        }
    }

    @Override
    public void onNext(T given) {
        value = given;
    }

    @Override
    public void onError(Throwable given) {
        failure = given;
        onComplete();
    }

    @Override
    public void onComplete() {
        settled = true;
        if (running == null || !running.isCurrent()) {
            onLoop(this::emit);
        }
    }

    private void emit() {
        if (!settled || emitted) {
            return;
        }
        emitted = true;
        T given = value;
        if (cancelled) {
            if (given != null) {
                Operators.onDiscard(given, context);
            }
        } else if (failure != null) {
            actual.onError(failure);
        } else {
            if (given != null) {
                actual.onNext(given);
            }
            actual.onComplete();
        }
    }

    /** One task of the request: the method's. It is cancelled when the operator that started it is. */
    private final class Run implements CoreSubscriber<Void>, Disposable {
        private final Runnable action;
        private volatile @Nullable Subscription task;
        private @Nullable Task<?> current;

        Run(Runnable action) {
            this.action = action;
        }

        void body() {
            current = Task.current();
            action.run();
            if (cancelled && failure instanceof TaskCancelledException cancellation) {
                throw cancellation; // the task ends as what it is
            }
        }

        boolean isCurrent() {
            return current != null && Task.currentOrNull() == current;
        }

        @Override
        public Context currentContext() {
            return context;
        }

        @Override
        public void onSubscribe(Subscription given) {
            task = given;
            given.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(Void never) {}

        @Override
        public void onError(Throwable given) {
            running = null;
            if (!settled) {
                settled = true;
                failure = given;
            }
            emit();
        }

        @Override
        public void onComplete() {
            running = null;
            emit();
        }

        /** An operator that has failed cancels what it listens to, which is the task on whose stack it failed: that one is about to end and may yet run an exception handler. */
        @Override
        public void dispose() {
            if (!isCurrent()) {
                Objects.requireNonNull(task).cancel();
            }
        }
    }
}
