package io.coloop.reactor;

import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.Report;
import io.coloop.TaskCancelledException;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/** Where the values and errors of one conversion go that nobody can receive any more. Thread-safe. */
final class Undelivered<T> {
    /** {@code Hooks.KEY_ON_DISCARD}, which is not public; {@code Operators.onDiscard} does not tell whether there is a hook. */
    private static final String DISCARD_HOOK = "reactor.onDiscard.local";

    private final Loop loop;
    private final @Nullable Consumer<? super T> receiver;

    Undelivered(Loop loop, @Nullable Consumer<? super T> receiver) {
        this.loop = loop;
        this.receiver = receiver;
    }

    /**
     * Gives the value to the receiver, else to the context's discard hook, else closes it if it is an {@link AutoCloseable}, else reports it; from the
     * ready queue, or on the calling thread if the loop is closed.
     */
    void value(@Nullable T value, Context context) {
        if (value != null) {
            handOverSoon("a Mono's value came too late: ", value, context);
        }
    }

    /** Like {@link #value}, of one of several values where there can be only one. */
    void valueTooMany(T value, Context context) {
        handOverSoon("a Mono had more than one value: ", value, context);
    }

    private void handOverSoon(String why, T value, Context context) {
        try {
            loop.execute(() -> handOver(why, value, context));
        } catch (LoopClosedException closed) {
            handOver(why, value, context);
        }
    }

    private void handOver(String why, T value, Context context) {
        try {
            if (receiver != null) {
                receiver.accept(value);
            } else if (context.hasKey(DISCARD_HOOK)) {
                Operators.onDiscard(value, context);
            } else if (value instanceof AutoCloseable resource) {
                resource.close();
            } else {
                loop.report(new Report(Report.Kind.LATE_VALUE, loop, why + value, null, null, value));
            }
        } catch (Throwable failure) {
            loop.report(new Report(
                    Report.Kind.CALLBACK_FAILED,
                    loop,
                    "a value that nobody can receive could not be disposed of: " + failure,
                    failure,
                    null,
                    value));
        }
    }

    /** Reports the error and gives it to {@code onErrorDropped}; not a cancellation, which is what the other side asked for. */
    void error(Throwable failure, Context context) {
        if (failure instanceof CancellationException) {
            return;
        }
        loop.report(
                new Report(Report.Kind.LATE_FAILURE, loop, "a Mono failed too late: " + failure, failure, null, null));
        dropped(failure, context);
    }

    /** Gives the error to {@code onErrorDropped} only: the loop has it already. */
    void dropped(Throwable failure, Context context) {
        if (!(failure instanceof CancellationException)) {
            Operators.onErrorDropped(failure, context);
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
