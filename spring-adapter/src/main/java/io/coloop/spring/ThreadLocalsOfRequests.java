package io.coloop.spring;

import io.coloop.spring.ColoopWebFluxProperties.Context;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;
import io.micrometer.context.integration.Slf4jThreadLocalAccessor;
import org.springframework.context.i18n.LocaleContextThreadLocalAccessor;

/** Registers with micrometer's context-propagation what does not do so by itself. That registry is the JVM's. */
final class ThreadLocalsOfRequests {
    private ThreadLocalsOfRequests() {}

    static void register(Context chosen) {
        if (chosen.locale()) {
            register(new LocaleContextThreadLocalAccessor());
        }
        if (chosen.mdc()) {
            register(new Slf4jThreadLocalAccessor());
        }
    }

    /** Unless the application did. */
    private static void register(ThreadLocalAccessor<?> accessor) {
        ContextRegistry registry = ContextRegistry.getInstance();
        boolean known = registry.getThreadLocalAccessors().stream()
                .anyMatch(other -> other.key().equals(accessor.key()));
        if (!known) {
            registry.registerThreadLocalAccessor(accessor);
        }
    }
}
