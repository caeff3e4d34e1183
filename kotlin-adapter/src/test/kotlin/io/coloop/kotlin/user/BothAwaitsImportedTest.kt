package io.coloop.kotlin.user

import io.coloop.Await.await
import io.coloop.Loop
import io.coloop.kotlin.FutureCancelledException
import io.coloop.kotlin.async
import io.coloop.kotlin.await
import io.coloop.test.LoopTest
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.future.await
import org.assertj.core.api.Assertions.assertThat

/** Every `await` imported by name at once: the nearest type decides. */
class BothAwaitsImportedTest {
    @LoopTest
    fun onOurFutureOursIsCalled(loop: Loop) {
        val promise = loop.promise<Int>()
        val future = loop.async {
            try {
                promise.future().await()
                "value"
            } catch (ours: FutureCancelledException) {
                "ours" // kotlinx's would have ended the coroutine in silence
            }
        }
        repeat(5) { io.coloop.Await.yieldNow() }
        promise.future().cancel()
        assertThat(await(future)).isEqualTo("ours")
    }

    @LoopTest
    fun aTaskAwaitsFuturesStagesAndDeferreds(loop: Loop) {
        assertThat(await(loop.async { 1 })).isEqualTo(1)
        assertThat(await(java.util.concurrent.CompletableFuture.completedFuture(2))).isEqualTo(2)
        assertThat(await(CompletableDeferred(3))).isEqualTo(3)
    }

    @LoopTest
    fun spawnWithATypeKeepsTheResult(loop: Loop) {
        assertThat(await(loop.spawn<Int> { 42 })).isEqualTo(42)
    }
}
