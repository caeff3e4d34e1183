package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.test.LoopTest;
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
}
