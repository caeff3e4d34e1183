package io.coloop;

import java.util.Optional;
import java.util.stream.Stream;

/** Finds the place in the user's code that a stack belongs to. */
final class Sites {
    static final String UNKNOWN = "an unknown place";
    private static final StackWalker WALKER = StackWalker.getInstance();

    private Sites() {}

    /** Where the user's code calls the kernel now, as {@code class.method(file:line)}. */
    static String caller() {
        return WALKER.walk(frames -> first(frames.map(StackWalker.StackFrame::toStackTraceElement)));
    }

    /** Where the user's code waits, given the whole stack. */
    static String of(StackTraceElement[] stack) {
        return first(Stream.of(stack));
    }

    private static String first(Stream<StackTraceElement> stack) {
        Optional<StackTraceElement> site =
                stack.filter(frame -> !isMachinery(frame.getClassName())).findFirst();
        return site.isEmpty()
                ? UNKNOWN
                : site.get().getClassName() + "." + site.get().getMethodName() + "("
                        + site.get().getFileName() + ":" + site.get().getLineNumber() + ")";
    }

    private static boolean isMachinery(String className) {
        return className.startsWith("java.")
                || className.startsWith("jdk.")
                || className.startsWith("kotlin.")
                || className.startsWith("kotlinx.")
                || (className.startsWith("io.coloop.") && !className.startsWith("io.coloop.examples."));
    }
}
