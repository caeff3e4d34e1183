package io.coloop.spring;

import io.coloop.LoopBuilder;

/** Changes the settings of the loops on which requests are handled; beans of this type are called in their order, for each loop before it is made. */
@FunctionalInterface
public interface LoopCustomizer {
    /** Changes what the next loop is built with. Its name is set afterwards. */
    void customize(LoopBuilder settings);
}
