package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

class ForeignListenersTest {
    @LoopTest
    void aLongLivedFutureDoesNotCollectTheListenersOfCancelledAwaits() {
        CompletableFuture<String> longLived = new CompletableFuture<>();
        for (int i = 0; i < 1_000; i++) {
            Task<String> impatient = Task.spawn(() -> await(longLived));
            yieldNow();
            impatient.cancel();
            yieldNow();
            yieldNow();
        }
        assertThat(longLived.getNumberOfDependents()).isLessThan(5);
        assertThat(longLived).isNotDone();
    }

    @LoopTest
    void aStageThatOnlyLooksLikeAFutureCanBeAwaited(Loop loop) {
        CompletableFuture<String> later = new CompletableFuture<>();
        assertThat(await(CompletableFuture.completedStage("done"))).isEqualTo("done");
        assertThat(await(loop.from(CompletableFuture.completedStage("done")))).isEqualTo("done");
        loop.callSoon(() -> later.complete("later"));
        assertThat(await(later.minimalCompletionStage())).isEqualTo("later");
    }

    /** The trap: a failure that looks like a cancellation. */
    @LoopTest
    void whatSomebodyElseCancelledIsAFailureThroughAStageToo() {
        for (boolean derived : new boolean[] {false, true}) {
            Task<String> task = Task.spawn(() -> await(Promise.<String>create().future()));
            CompletableFuture<String> view = task.toCompletableFuture();
            CompletableFuture<String> stage = derived ? view.thenApply(value -> value) : view;
            Task<String> waiting = Task.spawn(() -> await(stage));
            yieldNow();
            yieldNow();
            task.cancel("by somebody else");
            assertThatThrownBy(() -> await(waiting))
                    .isInstanceOf(CancellationException.class)
                    .isNotInstanceOf(TaskCancelledException.class)
                    .hasMessage("by somebody else");
            assertThat(waiting.isFailed()).isTrue();
        }
    }
}
