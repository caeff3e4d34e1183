package io.coloop.spring;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Refuses values of properties that make no sense, by the property's name. */
final class PropertyChecks {
    private static final Duration LONGEST =
            Duration.ofDays(36_500); // added to any time, it still fits into a long of nanoseconds

    private PropertyChecks() {}

    /** Null is not set. */
    static void positive(String property, @Nullable Duration value) {
        if (value != null && (value.compareTo(Duration.ZERO) <= 0 || value.compareTo(LONGEST) > 0)) {
            throw refused(property, value, "longer than 0s and at most " + LONGEST.toDays() + "d");
        }
    }

    static void notNegative(String property, Duration value) {
        if (value.isNegative() || value.compareTo(LONGEST) > 0) {
            throw refused(property, value, "at least 0s and at most " + LONGEST.toDays() + "d");
        }
    }

    static void atLeast(int least, String property, int value) {
        if (value < least) {
            throw refused(property, value, "at least " + least);
        }
    }

    private static IllegalArgumentException refused(String property, Object value, String rule) {
        return new IllegalArgumentException(property + " cannot be " + value + ": it is " + rule);
    }
}
