package io.coloop;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Listening to stages that are not ours. */
final class Foreign {
    private Foreign() {}

    /** Settles the promise as the stage ends, wherever that happens. Cancelling the promise's future leaves the stage alone. */
    static <T extends @Nullable Object> void follow(CompletionStage<? extends T> stage, Promise<T> promise) {
        if (stage instanceof CompletableFuture<? extends T> future && !future.isDone()) {
            // A long-lived future must not collect dead listeners. It has no way to remove one, but anyOf() sweeps them
            // once it is done.
            CompletableFuture<@Nullable Void> gone = new CompletableFuture<>();
            promise.onCancel(() -> gone.complete(null));
            CompletableFuture.anyOf(future, gone).whenComplete((ignored, orFailed) -> {
                if (future.isDone()) {
                    settle(future, promise);
                }
            });
        } else {
            settle(stage, promise);
        }
    }

    private static <T extends @Nullable Object> void settle(CompletionStage<? extends T> stage, Promise<T> promise) {
        stage.whenComplete((value, failure) -> {
            if (failure == null) {
                promise.complete(value);
            } else {
                promise.fail(failure);
            }
        });
    }
}
