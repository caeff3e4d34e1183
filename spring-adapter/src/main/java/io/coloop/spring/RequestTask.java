package io.coloop.spring;

import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.TimerHandle;
import io.coloop.reactor.Reactor;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import org.springframework.http.HttpStatus;
import org.springframework.web.server.ResponseStatusException;
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

    /** How a Mono is subscribed. */
    enum Start {
        /** On the loop's own thread. */
        ON_LOOP,
        /** In a task, because what it calls at once may await. */
        IN_TASK
    }

    private static final Log LOG = LogFactory.getLog(RequestTask.class);

    private final RequestLoop request;
    private final Loop loop;
    private final Mono<T> source;
    private final Start start;
    private final @Nullable Duration limit;
    private final CoreSubscriber<? super T> actual;
    private final Context context;
    private volatile @Nullable Subscription upstream;
    private volatile boolean cancelled; // by downstream, or because time was up
    private @Nullable TimerHandle timer;
    private volatile @Nullable Run running; // the newest task while it has not ended; written by the loop
    private boolean settled;
    private boolean emitted;
    private @Nullable T value;
    private @Nullable Throwable failure;
    private @Nullable Throwable abandoned; // the failure, if it is that of a cancelled task

    private RequestTask(
            RequestLoop request,
            Mono<T> source,
            Start start,
            @Nullable Duration limit,
            CoreSubscriber<? super T> actual) {
        this.request = request;
        this.loop = request.loop();
        this.source = source;
        this.start = start;
        this.limit = limit;
        this.actual = actual;
        this.context = actual.currentContext().put(RequestTask.class, this).put(RequestLoop.class, request);
    }

    /** What the source gives, signalled on the loop's own thread; a {@link RequestTimeoutException} if that takes longer than the limit. */
    static <T> Mono<T> mono(RequestLoop request, Mono<T> source, Start start, @Nullable Duration limit) {
        return OnLoop.of(request, source, start, limit);
    }

    private static final class OnLoop<T> extends Mono<T> {
        private final RequestLoop request;
        private final Mono<T> source;
        private final Start start;
        private final @Nullable Duration limit;

        private OnLoop(RequestLoop request, Mono<T> source, Start start, @Nullable Duration limit) {
            this.request = request;
            this.source = source;
            this.start = start;
            this.limit = limit;
        }

        static <T> Mono<T> of(RequestLoop request, Mono<T> source, Start start, @Nullable Duration limit) {
            return onAssembly(new OnLoop<>(request, source, start, limit));
        }

        @Override
        public void subscribe(CoreSubscriber<? super T> actual) {
            RequestTask<T> task = new RequestTask<>(request, source, start, limit, actual);
            actual.onSubscribe(task);
            task.onLoop(task::begin);
        }
    }

    /** That of the operator that gives this action to a scheduler, or null if the action is no operator's of a controller method that runs as a task. */
    static @Nullable RequestTask<?> of(Runnable action) {
        CoreSubscriber<?> subscriber = TaskScheduler.subscriberOf(action);
        return subscriber == null ? null : subscriber.currentContext().getOrDefault(RequestTask.class, null);
    }

    /** That for which the calling task runs, or null. */
    static @Nullable RequestTask<?> current() {
        return Task.currentOrNull() == null
                ? null
                : (RequestTask<?>) Reactor.context().getOrDefault(RequestTask.class, null);
    }

    boolean isCancelled() {
        return cancelled;
    }

    private void onLoop(Runnable action) {
        if (loop.isOnLoop() && Task.currentOrNull() == null) {
            action.run();
            return;
        }
        try {
            loop.execute(action);
        } catch (LoopClosedException closed) {
            closed(closed);
        }
    }

    /** Nothing runs on the loop any more. */
    private void closed(LoopClosedException closed) {
        if (!cancelled && !emitted) {
            emitted = true;
            actual.onError(closed);
        }
    }

    private void begin() {
        if (cancelled) {
            return;
        }
        if (limit != null) {
            timer = loop.callLater(limit, this::expire);
        }
        if (start == Start.IN_TASK) {
            runAsTask(this::subscribe);
        } else {
            subscribe();
        }
    }

    private void subscribe() {
        source.subscribe(this);
    }

    private void expire() {
        if (!emitted && !cancelled) {
            emitted = true;
            RequestTimeoutException failure = new RequestTimeoutException(Objects.requireNonNull(limit));
            LOG.warn(request + ": " + failure.getReason() + " (coloop.webflux.request-timeout); it is cancelled");
            cancelUpstream();
            actual.onError(failure);
        }
    }

    @Override
    public Context currentContext() {
        return context;
    }

    // ---- what the adapter's operators ask of a scheduler

    /** Runs an action where this was begun: on the loop's own thread, in place if this is it, or in the task. */
    Disposable runWhereBegun(Runnable action) {
        if (start == Start.IN_TASK && isInTask()) {
            action.run();
        } else {
            onLoop(action);
        }
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
        // one value at most, and that is after downstream has asked for it
    }

    @Override
    public void cancel() {
        cancelUpstream();
        if (limit != null) {
            onLoop(this::disarm);
        }
    }

    /** The task by itself, too: while it subscribes, the operators do not know it yet. */
    private void cancelUpstream() {
        cancelled = true;
        Subscription given = upstream;
        if (given != null) {
            given.cancel();
        }
        Run task = running;
        if (task != null) {
            task.dispose();
        }
    }

    private void disarm() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
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
        abandoned = UnlessCancelled.abandoned(given);
        failure = abandoned != null ? abandoned : given;
        onComplete();
    }

    @Override
    public void onComplete() {
        settled = true;
        if (!isInTask()) {
            onLoop(this::emit);
        }
    }

    /** Whether this is the stack of the newest task, whose end will be told. */
    private boolean isInTask() {
        Run task = running;
        return task != null && task.isCurrent();
    }

    private void emit() {
        if (!settled || emitted) {
            discard();
            return;
        }
        emitted = true;
        disarm();
        T given = value;
        if (cancelled) {
            discard();
        } else if (failure != null) {
            actual.onError(asStatus(failure));
        } else {
            value = null;
            if (given != null) {
                actual.onNext(given);
            }
            actual.onComplete();
        }
    }

    /** What fails a task may cancel a task around it in the same turn, and that cancel comes from the ready queue: before it, the failure would come to one that has left. */
    private void emitSoon() {
        try {
            loop.execute(this::emit);
        } catch (LoopClosedException closed) {
            emit();
        }
    }

    /** A cancel whose client still waits, because the loop closes or somebody has cancelled the task, is status 503. */
    static Throwable asStatus(Throwable failure) {
        boolean crossed = failure instanceof CancellationException
                && failure.getCause() instanceof TaskCancelledException; // into a Mono
        return failure instanceof TaskCancelledException || crossed
                ? new ResponseStatusException(HttpStatus.SERVICE_UNAVAILABLE, failure.getMessage(), failure)
                : failure;
    }

    private void discard() {
        T given = value;
        value = null;
        if (given != null) {
            Operators.onDiscard(given, context);
        }
    }

    /** One task of the request. It is cancelled when the operator that started it is. */
    private final class Run implements CoreSubscriber<Void>, Disposable {
        private final Runnable action;
        private volatile @Nullable Subscription task;
        private volatile @Nullable Task<?> current;

        Run(Runnable action) {
            this.action = action;
        }

        void body() throws Throwable {
            Task<?> task = Task.current();
            current = task;
            task.rename(request);
            action.run();
            if (task.cancelling() > 0 && value == null && (settled || start == Start.IN_TASK)) {
                // Spring keeps what was thrown at an exception handler or a model method; a value in spite of the
                // cancel settles nothing
                throw abandoned != null ? abandoned : new TaskCancelledException("the request was cancelled");
            }
            if (cancelled) {
                discard();
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
            if (!settled) {
                settled = true;
                failure = given;
            }
            onComplete();
        }

        @Override
        public void onComplete() {
            ended();
            if (failure == null) {
                emit();
            } else {
                emitSoon();
            }
        }

        private void ended() {
            if (running == this) {
                running = null;
            }
        }

        /** An operator that fails cancels what it listens to, which is the task on whose stack it fails: that one is about to end and may yet run an exception handler. */
        @Override
        public void dispose() {
            Subscription started = task;
            if (started != null && !isCurrent() && !isEnding()) {
                started.cancel();
            }
        }

        /** It is cancelled already, as all tasks are when the loop closes, those of filters around it too: another cancel would cut its cleanup short. */
        private boolean isEnding() {
            Task<?> begun = current;
            return begun != null && loop.isOnLoop() && begun.cancelling() > 0;
        }
    }
}
