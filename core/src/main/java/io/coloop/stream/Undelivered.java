package io.coloop.stream;

import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.Report;
import io.coloop.TaskCancelledException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where the values and errors of one conversion go that nobody can receive any more: they came too late, or nobody wanted them. Thread-safe.
 *
 * <p>A value goes to the caller's receiver if there is one, else to the foreign library's own hook, else it is closed if it is an {@link AutoCloseable}, else it is reported as
 * {@link Report.Kind#LATE_VALUE}. An error is reported as {@link Report.Kind#LATE_FAILURE} and goes to that library's hook as well; a {@link CancellationException} does neither, for it is
 * what was asked for.
 *
 * <p>For bridges: a subclass names the hooks of its library.
 *
 * @param <T> the values
 */
public class Undelivered<T> {
    private final Loop loop;
    private final String source;
    private final @Nullable Consumer<? super T> receiver;

    /**
     * @param source what gave the values, with its article, for messages: "a Mono"
     * @param receiver the caller's, or null; it runs on the loop and must not await
     */
    public Undelivered(Loop loop, String source, @Nullable Consumer<? super T> receiver) {
        this.loop = Objects.requireNonNull(loop, "loop");
        this.source = Objects.requireNonNull(source, "source");
        this.receiver = receiver;
    }

    /** Disposes of a value that came too late; from the ready queue, or on the calling thread if the loop is closed. Null is none. Any thread. */
    public final void value(@Nullable T value) {
        if (value != null) {
            value(value, "a value came too late");
        }
    }

    /**
     * Disposes of a value; from the ready queue, or on the calling thread if the loop is closed. Any thread.
     *
     * @param why for the report: "there was more than one value"
     */
    public final void value(T value, String why) {
        handOverSoon(Objects.requireNonNull(why, "why"), Objects.requireNonNull(value, "value"));
    }

    /** Disposes of a value that its consumer did not want, having left early or waited for a later one: like {@link #value(Object)}, but it is not reported. Any thread. */
    public final void unwanted(T value) {
        handOverSoon(null, Objects.requireNonNull(value, "value"));
    }

    private void handOverSoon(@Nullable String why, T value) {
        try {
            loop.execute(() -> handOver(why, value));
        } catch (LoopClosedException closed) {
            handOver(why, value);
        }
    }

    private void handOver(@Nullable String why, T value) {
        try {
            if (receiver != null) {
                receiver.accept(value);
            } else if (!discard(value)) {
                if (value instanceof AutoCloseable resource) {
                    resource.close();
                } else if (why != null) {
                    loop.report(new Report(
                            Report.Kind.LATE_VALUE,
                            loop,
                            "of " + source + ", " + why + ": " + value,
                            null,
                            null,
                            value));
                }
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

    /** Reports an error that came too late and gives it to the foreign library's hook, unless it is a cancellation. Any thread. */
    public final void error(Throwable failure) {
        if (Objects.requireNonNull(failure, "failure") instanceof CancellationException) {
            return;
        }
        loop.report(new Report(
                Report.Kind.LATE_FAILURE, loop, source + " failed too late: " + failure, failure, null, null));
        dropped(failure);
    }

    /**
     * Reports what a source or a subscriber threw where the rules of streams allow nothing to be thrown, so that nobody catches it; an error of the virtual machine ends the loop. Any
     * thread.
     */
    final void brokenRule(String what, Throwable failure) {
        if (failure instanceof VirtualMachineError fatal && !(failure instanceof StackOverflowError)) {
            try {
                loop.execute(() -> {
                    throw fatal;
                });
                return;
            } catch (LoopClosedException closed) {
                // reported here
            }
        }
        loop.report(new Report(
                Report.Kind.CALLBACK_FAILED,
                loop,
                what + ", which the rules of streams forbid: " + failure,
                failure,
                null,
                null));
    }

    /** The loop. */
    final Loop loop() {
        return loop;
    }

    /** Gives a value to the foreign library's hook; false if it has none. */
    protected boolean discard(T value) {
        return false;
    }

    /** Gives an error to the foreign library's hook. */
    protected void dropped(Throwable failure) {
        // the loop has it
    }

    /**
     * An error as it crosses a bridge: that something was cancelled by somebody else is a failure to the one who waits for it, so it must not look like that one's own
     * cancellation. Any thread.
     *
     * @return the error itself, or a plain {@link CancellationException} for a {@link TaskCancelledException}
     */
    public static Throwable crossing(Throwable failure) {
        return TaskCancelledException.crossing(failure);
    }
}
