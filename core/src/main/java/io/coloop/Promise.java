package io.coloop;

import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The write side of a {@link Future}. Settles it once; later attempts return false. Thread-safe: it may be settled from any
 * thread, and what waits for it goes on, on its own loop, from the ready queue. Closing the loop does not settle it: a thread that waits in
 * {@link Future#get()} waits until somebody does.
 *
 * @param <T> the result
 */
public final class Promise<T extends @Nullable Object> {
    private final Future<T> future;
    private volatile @Nullable Consumer<? super T> undelivered;

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

    /** Completes the future with a failure; false if it was done already. */
    public boolean fail(Throwable failure) {
        return future.settle(Outcome.failure(failure));
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
     * awaiting task was cancelled in the same turn. Called on the completing thread or the task's. The latest registration counts.
     */
    public void onUndelivered(Consumer<? super T> action) {
        this.undelivered = Objects.requireNonNull(action, "action");
    }

    /** The awaiting task was cancelled though the future is done: hands its value on, reports its failure. */
    void takeBack() {
        Object outcome = future.outcome();
        if (outcome == null || outcome instanceof Outcome.Cancelled) {
            return;
        }
        if (!(outcome instanceof Outcome.Failure failure)) {
            deliverElsewhere(Outcome.<T>valueOf(outcome));
        } else if (!(failure.cause instanceof CancellationException)) {
            future.markObserved(failure);
            future.loop()
                    .report(new Report(
                            Report.Kind.LATE_FAILURE,
                            future.loop(),
                            "what a task awaited failed in the turn in which the task was cancelled: "
                                    + Report.brief(failure.cause),
                            failure.cause,
                            null,
                            null));
        }
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
