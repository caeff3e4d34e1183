package io.coloop.spring;

import io.coloop.ContextCapture;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Carries SLF4J's MDC, beneath what others carry. It is not registered with micrometer's context-propagation: that registry is the JVM's, and Reactor would clear in all chains of operators what a tracer has put into the MDC.
 *
 * @param others what is put in place after it, such as an observation whose scope adds to the MDC
 */
record LoggingContext(ContextCapture others) implements ContextCapture {
    @Override
    public Snapshot capture() {
        Map<String, String> entries = MDC.getCopyOfContextMap();
        Snapshot theirs = others.capture();
        return () -> open(entries, theirs);
    }

    private static Scope open(@Nullable Map<String, String> entries, Snapshot theirs) {
        Map<String, String> before = MDC.getCopyOfContextMap();
        put(entries);
        try {
            Scope scope = theirs.open();
            return () -> close(scope, before);
        } catch (Throwable failure) {
            put(before);
            throw failure;
        }
    }

    private static void close(Scope scope, @Nullable Map<String, String> before) {
        try {
            scope.close();
        } finally {
            put(before);
        }
    }

    private static void put(@Nullable Map<String, String> entries) {
        if (entries == null) {
            MDC.clear();
        } else {
            MDC.setContextMap(entries);
        }
    }
}
