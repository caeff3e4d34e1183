package io.coloop;

import java.util.List;

/**
 * Thrown by {@link TaskGroup#run} if the group's body or one of its tasks failed; always this type, also for a single failure. The first failure is
 * the cause, the others are suppressed.
 */
public final class TaskGroupException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Throwable[] failures;

    TaskGroupException(List<Throwable> failures) {
        super(message(failures), failures.get(0));
        this.failures = failures.toArray(Throwable[]::new);
        failures.stream().skip(1).forEach(this::addSuppressed);
    }

    private static String message(List<Throwable> failures) {
        return failures.size() == 1
                ? "1 failure in a task group: " + failures.get(0)
                : failures.size() + " failures in a task group, the first: " + failures.get(0);
    }

    /** What failed, as it was thrown, in the order in which it happened. At least one; unmodifiable. */
    public List<Throwable> failures() {
        return List.of(failures);
    }
}
