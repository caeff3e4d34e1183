package io.coloop.spring;

import io.coloop.LoopBuilder;

/** Changes the settings of the loops on which requests are handled; beans of this type are called in their order, for each loop before it is made. */
@FunctionalInterface
public interface LoopCustomizer {
    /**
     * Changes what the next loop is built with. Its name is set afterwards. An exception handler is better given as a bean of type {@link io.coloop.ExceptionHandler}: one that is set here has the reports to itself, and
     * neither the meter {@code coloop.loop.reports} nor the health indicator learns of them.
     */
    void customize(LoopBuilder settings);
}
