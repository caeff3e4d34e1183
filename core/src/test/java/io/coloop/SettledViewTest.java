package io.coloop;

import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/** A CompletableFuture of a future, settled by hand, made a later failure of the future count as observed. */
class SettledViewTest {
    @LoopTest
    void aViewThatWasSettledByHandDoesNotObserveAFailure(Reports reports) {
        Promise<String> promise = Promise.create();
        CompletableFuture<String> view = promise.future().toCompletableFuture();
        view.complete("by hand");
        IOException failure = new IOException("nobody looks");
        promise.fail(failure);
        for (int turn = 0; turn < 5; turn++) {
            yieldNow();
        }
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(failure);
    }

    @LoopTest
    void aViewThatIsPendingObservesIt(Reports reports) {
        Promise<String> promise = Promise.create();
        CompletableFuture<String> view = promise.future().toCompletableFuture();
        promise.fail(new IOException("seen"));
        for (int turn = 0; turn < 5; turn++) {
            yieldNow();
        }
        assertThat(view).isCompletedExceptionally();
        assertThat(reports.take()).isEmpty();
    }
}
