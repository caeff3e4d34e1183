package io.coloop.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Controller methods that block their thread: each runs on another thread and not as a task, so it must not await. The thread is one of the executor that the application has given WebFlux
 * ({@code BlockingExecutionConfigurer.setExecutor}), else one of coloop's own, of the kind that {@code coloop.webflux.blocking-threads} says. An annotation on the method goes before one on its class.
 *
 * @see AsTask
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface Blocking {}
