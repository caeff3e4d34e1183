package io.coloop.spring;

import io.coloop.LoopBuilder;

/** Changes the settings of the loops on which requests are handled; beans of this type are called in their order, for each loop before it is made. */
@FunctionalInterface
public interface LoopCustomizer {
    /**
     * Changes what the next loop is built with. Its name is set afterwards. {@link LoopBuilder#exceptionHandler()} is the application's bean of that type, or what logs; one that is set here takes its place for
     * that loop, and may pass on to it. Reports are counted in any case.
     */
    void customize(LoopBuilder settings);
}
