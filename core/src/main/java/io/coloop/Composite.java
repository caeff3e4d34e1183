package io.coloop;

import org.jspecify.annotations.Nullable;

/** The origin of a future that is made of others and is cancelled by cancelling them. */
interface Composite extends Origin {
    @Override
    default boolean needsAll() {
        return true;
    }

    /** Asks the parts to end; the future does so when they have. Any thread. False if none of them could be asked. */
    boolean cancelParts(@Nullable String reason);
}
