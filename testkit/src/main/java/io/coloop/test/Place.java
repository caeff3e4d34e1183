package io.coloop.test;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Where a test called the testkit. */
final class Place {
    private Place() {}

    /** The first frame that is not of the classes that were called. */
    static String of(Throwable stack, Class<?>... called) {
        Set<String> machinery = Stream.of(called).map(Class::getName).collect(Collectors.toSet());
        return Stream.of(stack.getStackTrace())
                .filter(frame -> !machinery.contains(frame.getClassName()))
                .findFirst()
                .map(StackTraceElement::toString)
                .orElse("an unknown place");
    }
}
