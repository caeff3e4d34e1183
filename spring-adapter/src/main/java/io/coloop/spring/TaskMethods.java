package io.coloop.spring;

import org.springframework.web.method.HandlerMethod;

/**
 * Chooses the controller methods that run as tasks; a bean of this type is asked about each with a plain return type that has no {@link AsTask} or {@link Blocking}. It says what becomes of the others: those that it
 * refuses are called as Spring calls them, on the application's executor if it has one for them. Asked once for each method; any thread.
 */
@FunctionalInterface
public interface TaskMethods {
    /** Whether the method runs as a task. */
    boolean isTask(HandlerMethod method);
}
