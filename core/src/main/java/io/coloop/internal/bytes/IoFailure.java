package io.coloop.internal.bytes;

import java.io.IOException;
import java.util.concurrent.CompletionException;

/** Of a blocking job, whose checked exceptions arrive as causes. */
public final class IoFailure {
    private IoFailure() {}

    /** Returns the job's {@link IOException}; throws what it failed with if that is none. */
    public static IOException of(CompletionException failed) {
        if (failed.getCause() instanceof IOException refused) {
            return refused;
        }
        throw failed;
    }
}
