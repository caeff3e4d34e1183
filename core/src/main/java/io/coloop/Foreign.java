package io.coloop;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Listening to stages that are not ours. */
final class Foreign {
    private Foreign() {}

    /** Settles the promise as the stage ends, wherever that happens. Cancelling the promise's future leaves the stage alone. */
    static <T extends @Nullable Object> void follow(CompletionStage<? extends T> stage, Promise<T> promise) {
        CompletionStage<? extends T> listening = stage.whenComplete((value, failure) -> {
            if (failure == null) {
                promise.complete(value);
            } else {
                promise.fail(failure);
            }
        });
        if (listening instanceof CompletableFuture<?> removable) {
            promise.onCancel(
                    () -> removable.cancel(false)); // so that a long-lived stage does not collect dead listeners
        }
    }
}
