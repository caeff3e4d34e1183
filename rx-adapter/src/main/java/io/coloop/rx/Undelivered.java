package io.coloop.rx;

import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.Report;
import io.coloop.TaskCancelledException;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Where the values and errors of one conversion go that nobody can receive any more. Thread-safe. */
final class Undelivered<T> {
    private final Loop loop;
    private final @Nullable Consumer<? super T> receiver;

    Undelivered(Loop loop, @Nullable Consumer<? super T> receiver) {
        this.loop = loop;
        this.receiver = receiver;
    }

    /**
     * Gives the value to the receiver, else closes it if it is an {@link AutoCloseable}, else reports it; from the ready queue, or on the calling thread if
     * the loop is closed.
     */
    void value(@Nullable T value) {
        if (value == null) {
            return;
        }
        try {
            loop.execute(() -> handOver(value));
        } catch (LoopClosedException closed) {
            handOver(value);
        }
    }

    private void handOver(T value) {
        try {
            if (receiver != null) {
                receiver.accept(value);
            } else if (value instanceof AutoCloseable resource) {
                resource.close();
            } else {
                loop.report(new Report(
                        Report.Kind.LATE_VALUE, loop, "an RxJava value came too late: " + value, null, null, value));
            }
        } catch (Throwable failure) {
            loop.report(new Report(
                    Report.Kind.CALLBACK_FAILED,
                    loop,
                    "a value that came too late could not be disposed of: " + failure,
                    failure,
                    null,
                    value));
        }
    }

    /** Reports the error and gives it to {@link RxJavaPlugins#onError}; not a cancellation, which is what the other side asked for. */
    void error(Throwable failure) {
        if (failure instanceof CancellationException) {
            return;
        }
        loop.report(new Report(
                Report.Kind.LATE_FAILURE, loop, "an RxJava source failed too late: " + failure, failure, null, null));
        dropped(failure);
    }

    /** Gives the error to {@link RxJavaPlugins#onError} only: the loop has it already. */
    void dropped(Throwable failure) {
        if (!(failure instanceof CancellationException)) {
            RxJavaPlugins.onError(failure);
        }
    }

    /**
     * The failure as it crosses a bridge: that something was cancelled by somebody else is a failure to the one who waits for it, so it must not look
     * like its own cancellation.
     */
    static Throwable crossing(Throwable failure) {
        if (!(failure instanceof TaskCancelledException)) {
            return failure;
        }
        CancellationException plain = new CancellationException(failure.getMessage());
        plain.initCause(failure);
        return plain;
    }
}
