package io.coloop.spring;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.core.SpringVersion;
import org.springframework.util.ReflectionUtils;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.reactive.result.method.annotation.RequestMappingHandlerAdapter;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.scheduler.Scheduler;

/**
 * The two settings of Spring's adapter for controller methods that can be given to it as a whole only by its fields: the scheduler can be set as an executor alone, which does not know the request, and neither can
 * be read. All reflection of this package is here.
 */
final class HandlerAdapterFields {
    private static final Field SCHEDULER = field("scheduler", Scheduler.class);
    private static final Field PREDICATE = field("blockingMethodPredicate", Predicate.class);

    private HandlerAdapterFields() {}

    private static Field field(String name, Class<?> type) {
        Field field = ReflectionUtils.findField(RequestMappingHandlerAdapter.class, name, type);
        if (field == null) {
            throw new IllegalStateException("coloop cannot run controller methods as tasks: Spring Framework "
                    + SpringVersion.getVersion() + " has no field " + RequestMappingHandlerAdapter.class.getName() + "."
                    + name + " of type " + type.getName()
                    + "; use a version that coloop supports, or set coloop.webflux.enabled=false");
        }
        ReflectionUtils.makeAccessible(field);
        return field;
    }

    /** Calls of the adapter are surrounded by a subclass. */
    static void refuseFinal(RequestMappingHandlerAdapter adapter) {
        Class<?> type = adapter.getClass();
        if (Modifier.isFinal(type.getModifiers())) {
            throw refused(type.getName(), "class");
        }
        for (Class<?> second : new Class<?>[] {Object.class, Throwable.class}) {
            String name = second == Object.class ? "handle" : "handleError";
            Method method = ReflectionUtils.findMethod(type, name, ServerWebExchange.class, second);
            if (method != null && Modifier.isFinal(method.getModifiers())) {
                throw refused(type.getName() + "." + name, "method");
            }
        }
    }

    private static IllegalStateException refused(String what, String kind) {
        return new IllegalStateException("coloop cannot run controller methods as tasks: " + what
                + " is final, so that its calls cannot be surrounded; make the " + kind
                + " open, or set coloop.webflux.enabled=false");
    }

    static @Nullable Scheduler scheduler(RequestMappingHandlerAdapter adapter) {
        return (Scheduler) ReflectionUtils.getField(SCHEDULER, adapter);
    }

    static void setScheduler(RequestMappingHandlerAdapter adapter, Scheduler scheduler) {
        ReflectionUtils.setField(SCHEDULER, adapter, scheduler);
    }

    @SuppressWarnings("unchecked") // as it is declared
    static @Nullable Predicate<HandlerMethod> blockingMethodPredicate(RequestMappingHandlerAdapter adapter) {
        return (Predicate<HandlerMethod>) ReflectionUtils.getField(PREDICATE, adapter);
    }
}
