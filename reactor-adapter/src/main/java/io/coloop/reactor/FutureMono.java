package io.coloop.reactor;

import io.coloop.Body;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.Task;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/** A Mono of what a future gives: one future for all subscribers, or a new task for each. */
final class FutureMono<T> extends Mono<T> {
    private final Function<Context, Future<? extends @Nullable T>> source; // given the subscriber's context
    private final boolean owns;
    private final @Nullable Consumer<? super T> onUndelivered;

    private FutureMono(
            Function<Context, Future<? extends @Nullable T>> source,
            boolean owns,
            @Nullable Consumer<? super T> onUndelivered) {
        this.source = source;
        this.owns = owns;
        this.onUndelivered = onUndelivered;
    }

    /**
     * A new task for each subscriber, which owns it. Subscribed from another thread, it may fail before that thread listens to it, and must not be reported as a
     * failure that nobody observes: so the body itself listens first.
     */
    static <T> Mono<T> cold(
            Loop loop, Body<? extends @Nullable T, ?> body, @Nullable Consumer<? super T> onUndelivered) {
        Body<@Nullable T, ?> observed = () -> {
            Task.current().handle((value, failure) -> null);
            return body.run();
        };
        return onAssembly(new FutureMono<>(
                context -> {
                    Body<? extends @Nullable T, ?> own = loop.isOnLoop() ? body : observed;
                    return loop.<@Nullable T>spawn(ReactorContext.<@Nullable T>inTask(context, own));
                },
                true,
                onUndelivered));
    }

    /** One future, which its subscribers own or not. */
    static <T> Mono<T> hot(
            Future<? extends @Nullable T> future, boolean owns, @Nullable Consumer<? super T> onUndelivered) {
        return onAssembly(new FutureMono<>(context -> future, owns, onUndelivered));
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        Context context = actual.currentContext();
        if (ThreadLocals.areIn(context)) {
            ThreadLocals.run(context, () -> start(actual, context));
        } else {
            start(actual, context);
        }
    }

    private void start(CoreSubscriber<? super T> actual, Context context) {
        Future<? extends @Nullable T> future;
        try {
            future = source.apply(context);
        } catch (LoopClosedException closed) {
            Operators.error(actual, closed);
            return;
        }
        Future<? extends @Nullable T> own =
                owns ? future : Future.shield(future); // which a subscriber that leaves can cancel
        Delivery<T> delivery = new Delivery<>(actual, context, own, owns, onUndelivered);
        if (owns && future instanceof Task<? extends @Nullable T> task) {
            task.onUndelivered(delivery::value);
        }
        actual.onSubscribe(delivery);
        own.handle(delivery::settled);
    }

    /** Brings one future's outcome to one subscriber. */
    private static final class Delivery<T> extends ReactorUndelivered<T> implements Subscription {
        /*
         *   IDLE -> REQUESTED -> ENDED      demand first
         *   IDLE -> WAITING -> ENDED        value first; it is emitted from the ready queue once it is asked for
         *   any but ENDED -> CANCELLED
         *
         * The future settles this on its loop; request and cancel come from any thread.
         */
        private static final int IDLE = 0;
        private static final int REQUESTED = 1;
        private static final int WAITING = 2;
        private static final int ENDED = 3;
        private static final int CANCELLED = 4;

        private final Future<? extends @Nullable T> future;
        private final boolean owns;
        private final Context context;
        private final AtomicInteger state = new AtomicInteger();
        private volatile @Nullable CoreSubscriber<? super T> actual; // null once cancelled: the future may live long
        private @Nullable T value; // published by WAITING

        Delivery(
                CoreSubscriber<? super T> actual,
                Context context,
                Future<? extends @Nullable T> future,
                boolean owns,
                @Nullable Consumer<? super T> onUndelivered) {
            super(future.loop(), "a Mono", onUndelivered);
            this.actual = actual;
            this.context = context;
            this.future = future;
            this.owns = owns;
        }

        @Override
        Context hooks() {
            return context;
        }

        @Nullable
        Void settled(@Nullable T value, @Nullable Throwable failure) {
            if (failure != null) {
                fail(failure);
            } else if (value != null) {
                succeed(value);
            } else if (end()) {
                actual().onComplete();
            }
            return null;
        }

        private void fail(Throwable wrapped) {
            Throwable cause = wrapped instanceof CompletionException ? wrapped.getCause() : null;
            Throwable failure = cause != null ? cause : wrapped;
            if (end()) {
                actual().onError(crossing(failure));
            } else {
                error(failure);
            }
        }

        private boolean end() {
            return state.getAndUpdate(now -> now == CANCELLED ? CANCELLED : ENDED) != CANCELLED;
        }

        private void succeed(T value) {
            this.value = value;
            if (state.compareAndSet(IDLE, WAITING)) {
                return;
            }
            if (state.compareAndSet(REQUESTED, ENDED)) {
                emit();
            } else {
                discard();
            }
        }

        private void emit() {
            CoreSubscriber<? super T> subscriber = actual();
            subscriber.onNext(Objects.requireNonNull(value));
            subscriber.onComplete();
        }

        @Override
        public void request(long n) {
            if (n <= 0) {
                soon(() -> refuse(n));
            } else if (!state.compareAndSet(IDLE, REQUESTED) && state.get() == WAITING) {
                soon(this::emitWaiting);
            }
        }

        private void soon(Runnable signal) {
            try {
                future.loop().execute(signal);
            } catch (LoopClosedException closed) {
                signal.run();
            }
        }

        /** As if it had cancelled, but it is told. */
        private void refuse(long n) {
            CoreSubscriber<? super T> refused = actual;
            if (refused != null && release()) {
                refused.onError(new IllegalArgumentException(
                        "a subscriber may only ask for more than 0 values (rule 3.9 of Reactive Streams): " + n));
            }
        }

        private void emitWaiting() {
            if (state.compareAndSet(WAITING, ENDED)) {
                emit();
            }
        }

        @Override
        public void cancel() {
            release();
        }

        /** Whether there was something to release. */
        private boolean release() {
            int before = state.getAndUpdate(now -> now == ENDED ? ENDED : CANCELLED);
            if (before == ENDED || before == CANCELLED) {
                return false;
            }
            actual = null;
            if (before == WAITING) {
                discard();
            } else {
                future.cancel("its subscriber cancelled");
            }
            return true;
        }

        /** A value of a future that is not the subscriber's is still there for others. */
        private void discard() {
            T late = value;
            value = null;
            if (owns) {
                value(late);
            }
        }

        private CoreSubscriber<? super T> actual() {
            return Objects.requireNonNull(actual);
        }
    }
}
