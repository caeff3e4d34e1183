package io.coloop.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Await;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** What the tests of this package share. */
final class Turns {
    private Turns() {}

    static void turns(int count) {
        for (int i = 0; i < count; i++) {
            Await.yieldNow();
        }
    }

    static void assertEndsCancelled(Task<?> task) {
        assertThatThrownBy(() -> Await.await(task)).isInstanceOf(TaskCancelledException.class);
        assertThat(task.isCancelled()).isTrue();
    }

    /** Computes something on a thread that has no loop. */
    static <T> T onOtherThread(Supplier<T> supplier) {
        try {
            return CompletableFuture.supplyAsync(
                            supplier, action -> Thread.ofPlatform().daemon().start(action))
                    .get(20, TimeUnit.SECONDS);
        } catch (Exception failure) {
            throw new AssertionError(failure);
        }
    }
}
