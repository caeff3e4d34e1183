package io.coloop;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A stage that is not ours, as something to await. */
record Foreign<T extends @Nullable Object>(CompletionStage<T> stage) implements Awaitable<T> {
    @Override
    public void subscribe(Promise<T> promise) {
        follow(stage, promise);
    }

    @Override
    public String toString() {
        return stage.toString();
    }

    /** Settles the promise as the stage ends, wherever that happens. Cancelling the promise's future leaves the stage alone. */
    static <T extends @Nullable Object> void follow(CompletionStage<? extends T> stage, Promise<T> promise) {
        if (stage instanceof CompletableFuture<? extends T> future && canBeAsked(future) && !future.isDone()) {
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

    /** Whether it is a {@link CompletableFuture} that is done. */
    static boolean isDone(Object source) {
        return source instanceof CompletableFuture<?> future && canBeAsked(future) && future.isDone();
    }

    /** What {@code completedStage} and {@code minimalCompletionStage} return is a future by its type alone. */
    private static boolean canBeAsked(CompletableFuture<?> future) {
        try {
            future.isDone();
            return true;
        } catch (UnsupportedOperationException minimal) {
            return false;
        }
    }

    private static <T extends @Nullable Object> void settle(CompletionStage<? extends T> stage, Promise<T> promise) {
        stage.whenComplete((value, failure) -> {
            if (failure == null) {
                promise.complete(value);
            } else {
                promise.fail(TaskCancelledException.crossing(failure));
            }
        });
    }
}
