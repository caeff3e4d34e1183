package io.coloop.reactor;

import io.coloop.Ending;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.Task;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.util.context.Context;

/** Brings the outcome of a future, or of a task that starts later, to one subscriber. */
final class MonoDelivery<T> extends ReactorUndelivered<T> implements Subscription {
    /*
     *   IDLE -> REQUESTED -> ENDED      demand first
     *   IDLE -> WAITING -> ENDED        value first; it is emitted from the ready queue once it is asked for
     *   any but ENDED -> CANCELLED
     *
     * The loop settles this; request and cancel come from any thread. Whoever takes the source out cancels it: the cancel, or the one who puts it there and finds that the
     * cancel came before.
     */
    private static final int IDLE = 0;
    private static final int REQUESTED = 1;
    private static final int WAITING = 2;
    private static final int ENDED = 3;
    private static final int CANCELLED = 4;

    private final Loop loop;
    private final boolean owns;
    private final Context context;
    private final AtomicInteger state = new AtomicInteger();
    private final AtomicReference<@Nullable Future<? extends @Nullable T>> source = new AtomicReference<>();
    private volatile @Nullable CoreSubscriber<? super T> actual; // null once cancelled: the future may live long
    private @Nullable T value; // published by WAITING
    private volatile boolean open; // onSubscribe() has returned
    private volatile long badRequest; // a request that was none; 0 for none

    MonoDelivery(
            Loop loop,
            CoreSubscriber<? super T> actual,
            Context context,
            boolean owns,
            @Nullable Consumer<? super T> onUndelivered) {
        super(loop, "a Mono", onUndelivered);
        this.loop = loop;
        this.actual = actual;
        this.context = context;
        this.owns = owns;
    }

    @Override
    Context hooks() {
        return context;
    }

    /** Says that signals are welcome now; whether they still are. */
    boolean open() {
        open = true;
        if (badRequest == 0) {
            return !isCancelled();
        }
        soon(this::refuse);
        return false;
    }

    private boolean isCancelled() {
        return state.get() == CANCELLED;
    }

    /** What a cancel ends. Once. */
    void follow(Future<? extends @Nullable T> future) {
        if (owns && future instanceof Task<? extends @Nullable T> task) {
            task.onUndelivered(this::value);
        }
        source.set(future);
        if (isCancelled()) {
            cancelSource();
        }
    }

    private void cancelSource() {
        Future<? extends @Nullable T> cancelled = source.getAndSet(null);
        if (cancelled != null) {
            cancelled.cancel("its subscriber cancelled");
            Ending.add(cancelled);
        }
    }

    void settled(@Nullable T value, @Nullable Throwable failure) {
        if (failure != null) {
            fail(failure);
        } else if (value != null) {
            succeed(value);
        } else if (end()) {
            actual().onComplete();
        }
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
            badRequest = n;
            if (open) {
                soon(this::refuse);
            }
        } else if (!state.compareAndSet(IDLE, REQUESTED) && state.get() == WAITING) {
            soon(this::emitWaiting);
        }
    }

    private void soon(Runnable signal) {
        try {
            loop.execute(signal);
        } catch (LoopClosedException closed) {
            signal.run();
        }
    }

    /** As if it had cancelled, but it is told. */
    private void refuse() {
        CoreSubscriber<? super T> refused = actual;
        if (refused != null && release()) {
            refused.onError(new IllegalArgumentException(
                    "a subscriber may only ask for more than 0 values (rule 3.9 of Reactive Streams): " + badRequest));
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
            cancelSource();
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
