package io.coloop;

import java.util.Objects;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** How a future ended: a value (stored as it is, null as {@link #NIL}), a {@link Failure} or a {@link Cancelled}. */
final class Outcome {
    static final Object NIL = new Object();

    private Outcome() {}

    static Object of(@Nullable Object value) {
        return value == null ? NIL : value;
    }

    /** How a body ended. */
    static Object ofRunning(Body<?, ?> body) {
        try {
            return of(body.run());
        } catch (Throwable failure) {
            return failure(failure);
        }
    }

    /** Ended by this failure. */
    static Object failure(Throwable failure) {
        return new Failure(Objects.requireNonNull(failure, "failure"));
    }

    /** The outcome of a stage that depends on one which ended in {@code failure}. */
    static Object dependent(Throwable failure) {
        return new Failure(failure instanceof CompletionException ? failure : new CompletionException(failure));
    }

    static @Nullable Throwable failureOf(Object outcome) {
        return switch (outcome) {
            case Failure failure -> failure.cause;
            case Cancelled cancelled -> cancelled.exception();
            default -> null;
        };
    }

    /** The value as its receiver's type: null where that allows it. */
    @SuppressWarnings({"unchecked", "NullAway", "TypeParameterUnusedInFormals"})
    static <T extends @Nullable Object> T valueOf(Object outcome) {
        return outcome == NIL ? null : (T) outcome;
    }

    /** The result of a task that is done, or its failure thrown as it is. */
    static <T extends @Nullable Object, X extends Throwable> T get(Task<T> task) throws X {
        return get(Objects.requireNonNull(task.outcome()));
    }

    /** The value, or the failure thrown as it is. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    static <T extends @Nullable Object, X extends Throwable> T get(Object outcome) throws X {
        Throwable failure = failureOf(outcome);
        if (failure != null) {
            throw (X) failure; // X is what the body declares, or it is unchecked
        }
        return valueOf(outcome);
    }

    /** Whether a failure ends the whole loop. A stack that overflowed is its body's alone. */
    static boolean endsLoop(Throwable failure) {
        return failure instanceof VirtualMachineError && !(failure instanceof StackOverflowError);
    }

    /** In words. */
    static String describe(Object outcome) {
        return switch (outcome) {
            case Failure failure -> "failed: " + failure.cause;
            case Cancelled cancelled -> "cancelled" + (cancelled.reason == null ? "" : ": " + cancelled.reason);
            default -> "done";
        };
    }

    static boolean isValue(Object outcome) {
        return !(outcome instanceof Failure) && !(outcome instanceof Cancelled);
    }

    /** Ended by a failure. */
    static final class Failure {
        private static final int MAX_SITES = 8; // a failure instance that is shared must not grow for ever

        final Throwable cause;
        private boolean siteAdded; // benign race: one site more
        volatile boolean observed;

        Failure(Throwable cause) {
            this.cause = cause;
        }

        /** Whether this is what a stage gets whose source was cancelled. */
        boolean comesFromCancellation() {
            Throwable source = cause instanceof CompletionException ? cause.getCause() : cause;
            return source instanceof TaskCancelledException;
        }

        /** What an await throws: the instance itself if the compiler's rules allow it. */
        RuntimeException thrownAt(Task<?> task) {
            Throwable unwrapped = unwrapped(cause);
            if (!siteAdded) {
                siteAdded = true;
                addSite(unwrapped, task);
            }
            if (unwrapped instanceof Error error) {
                throw error;
            }
            return unwrapped instanceof RuntimeException unchecked ? unchecked : new CompletionException(unwrapped);
        }

        private static Throwable unwrapped(Throwable failure) {
            Throwable inner = failure instanceof CompletionException ? failure.getCause() : null;
            return inner instanceof RuntimeException || inner instanceof Error ? inner : failure;
        }

        private static void addSite(Throwable failure, Task<?> task) {
            int sites = 0;
            for (Throwable suppressed : failure.getSuppressed()) {
                if (suppressed instanceof AwaitSite) {
                    sites++;
                }
            }
            if (sites < MAX_SITES) {
                failure.addSuppressed(new AwaitSite(task));
            }
        }
    }

    /** Ended by a cancellation. */
    static final class Cancelled {
        final @Nullable String reason;
        private @Nullable TaskCancelledException exception; // made when first asked for; a race makes two equal ones

        Cancelled(@Nullable String reason) {
            this.reason = reason;
        }

        TaskCancelledException exception() {
            TaskCancelledException made = exception;
            if (made == null) {
                exception = made = new TaskCancelledException(reason != null ? reason : "the future was cancelled");
            }
            return made;
        }
    }

    /** Where a failure of something else surfaced; suppressed in that failure, so that its trace shows both places. */
    static final class AwaitSite extends RuntimeException {
        private static final long serialVersionUID = 1L;

        AwaitSite(Task<?> task) {
            super("awaited by " + task.name());
        }
    }
}
