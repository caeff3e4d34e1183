package io.coloop.spring;

import io.micrometer.context.ContextRegistry;
import org.springframework.context.i18n.LocaleContextThreadLocalAccessor;

/** Registers the thread local of Spring's {@code LocaleContextHolder} with micrometer's context-propagation, which Spring does not. That registry is the JVM's. */
final class RequestLocales {
    private RequestLocales() {}

    /** Unless the application did. */
    static void register() {
        ContextRegistry registry = ContextRegistry.getInstance();
        boolean known = registry.getThreadLocalAccessors().stream()
                .anyMatch(other -> other.key().equals(LocaleContextThreadLocalAccessor.KEY));
        if (!known) {
            registry.registerThreadLocalAccessor(new LocaleContextThreadLocalAccessor());
        }
    }
}
