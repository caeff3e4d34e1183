package io.coloop;

import java.util.List;

/**
 * Thrown where one of several futures should have succeeded and all failed, as JavaScript's {@code AggregateError}. The first future's failure is the
 * cause, the others are suppressed.
 */
public final class AllFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Throwable[] failures;

    AllFailedException(List<Throwable> failures) {
        super("none of " + failures.size() + " succeeded, the first: " + failures.get(0), failures.get(0));
        this.failures = failures.toArray(Throwable[]::new);
        failures.stream().skip(1).forEach(this::addSuppressed);
    }

    /**
     * How each future failed, in the order in which they were given; a {@link TaskCancelledException} for one that was cancelled. At least one;
     * unmodifiable.
     */
    public List<Throwable> failures() {
        return List.of(failures);
    }
}
