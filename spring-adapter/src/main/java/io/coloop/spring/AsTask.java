package io.coloop.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Says whether controller methods run as tasks on the request's event loop. A method with a plain return type does without it; where the application sends such methods to an executor of its own, this
 * takes them back, and with {@code false} a method is called as Spring calls it: on the event-loop thread, where it must neither await nor block. An annotation on the method goes before one on its
 * class, and both go before a {@link TaskMethods}. On a method with a reactive return type, a {@code CompletionStage} or {@code suspend} it changes nothing.
 *
 * @see Blocking
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface AsTask {
    /** Whether they do. */
    boolean value() default true;
}
