package io.coloop;

import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The write side of a {@link Future}. Settles it once; later attempts return false. Thread-safe: it may be settled from any
 * thread, and what waits for it goes on, on its own loop, from the ready queue. Closing the loop does not settle it, unless it belongs to {@link Loop#subscribe}: a thread that waits in
 * {@link Future#get()} waits until somebody does.
 *
 * @param <T> the result
 */
public final class Promise<T extends @Nullable Object> {
    private final Future<T> future;
    private volatile @Nullable Consumer<? super T> undelivered;
    private volatile @Nullable Consumer<? super Throwable> undeliveredFailure;

    Promise(Loop loop, @Nullable Object origin) {
        this.future = new Future<>(loop, origin);
    }

    /** A promise of the current loop. */
    public static <T extends @Nullable Object> Promise<T> create() {
        return Loop.require("Promise.create()").promise();
    }

    /** The read side. */
    public Future<T> future() {
        return future;
    }

    /** Completes the future with a value. If it was done already, returns false, and the value goes to {@link #onUndelivered}. */
    public boolean complete(T value) {
        if (future.settle(Outcome.of(value))) {
            return true;
        }
        deliverElsewhere(value);
        return false;
    }

    /** Completes the future with a failure. If it was done already, returns false, and the failure goes to {@link #onUndeliveredFailure}. */
    public boolean fail(Throwable failure) {
        if (future.settle(Outcome.failure(failure))) {
            return true;
        }
        Consumer<? super Throwable> receiver = undeliveredFailure;
        if (receiver != null) {
            receiver.accept(failure);
        }
        return false;
    }

    /** Whether the future is done. */
    public boolean isDone() {
        return future.isDone();
    }

    /**
     * Registers what to do when the future is cancelled: it runs from the loop's ready queue; if the cancellation comes from the loop itself, in
     * the order of registration with what awaits the future. Never runs if the future ends otherwise.
     */
    public void onCancel(Runnable action) {
        Runnable inContext = future.loop().inContext(Objects.requireNonNull(action, "action"));
        future.register(new CancelHook(future, reason -> inContext.run()));
    }

    /**
     * Registers where a value goes that {@link #complete} was given and nobody can receive: the future was done before, or the
     * awaiting task was cancelled in the same turn. Called on the completing thread, or from the ready queue; never on a task's stack unless that completes it. The latest registration counts.
     */
    public void onUndelivered(Consumer<? super T> action) {
        this.undelivered = Objects.requireNonNull(action, "action");
    }

    /**
     * Registers where a failure goes that {@link #fail} was given and nobody can receive; see {@link #onUndelivered}. Called likewise. Without
     * one, a failure of the turn in which the awaiting task was cancelled is reported by the loop.
     */
    public void onUndeliveredFailure(Consumer<? super Throwable> action) {
        this.undeliveredFailure = Objects.requireNonNull(action, "action");
    }

    /** The awaiting task is gone, though the future may be done: then its value or failure is handed on, from the ready queue, as this may be that task's own stack. */
    void takeBack() {
        if (future.isDone() && !future.loop().offer(this::handOn)) {
            handOn();
        }
    }

    /** As {@link #takeBack}, here and now. */
    void handOn() {
        Object outcome = Objects.requireNonNull(future.outcome());
        if (outcome instanceof Outcome.Cancelled) {
            return;
        }
        if (!(outcome instanceof Outcome.Failure failure)) {
            deliverElsewhere(Outcome.<T>valueOf(outcome));
        } else if (!(failure.cause instanceof CancellationException)) {
            future.markObserved(failure);
            Consumer<? super Throwable> receiver = undeliveredFailure;
            if (receiver != null) {
                receiver.accept(failure.cause);
            } else {
                reportLate(failure.cause);
            }
        }
    }

    private void reportLate(Throwable failure) {
        String message = "what a task awaited failed after the task was cancelled: " + Report.brief(failure);
        future.loop().report(new Report(Report.Kind.LATE_FAILURE, future.loop(), message, failure, null, null));
    }

    private void deliverElsewhere(T value) {
        Consumer<? super T> receiver = undelivered;
        if (receiver != null) {
            receiver.accept(value);
        }
    }

    @Override
    public String toString() {
        return "Promise of " + future;
    }

    /** Tells a source that its future was cancelled. */
    static final class CancelHook extends Listener {
        private final Future<?> future;
        private final Consumer<@Nullable String> action;

        CancelHook(Future<?> future, Consumer<@Nullable String> action) {
            this.future = future;
            this.action = action;
        }

        @Override
        Loop loop() {
            return future.loop();
        }

        @Override
        boolean observes() {
            return false;
        }

        @Override
        public void run() {
            if (future.outcome() instanceof Outcome.Cancelled cancelled) {
                action.accept(cancelled.reason);
            }
        }
    }
}
