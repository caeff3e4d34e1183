package io.coloop;

/** The stack in which a thread was seen, in the shape in which a {@link Report} carries it. */
final class ThreadStack extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private ThreadStack(String message, StackTraceElement[] stack) {
        super(message, null, true, true);
        setStackTrace(stack);
    }

    /** Looks at a thread now. */
    static ThreadStack of(Thread thread, String message) {
        return of(thread.getStackTrace(), message);
    }

    static ThreadStack of(StackTraceElement[] stack, String message) {
        return new ThreadStack(message, stack);
    }
}
