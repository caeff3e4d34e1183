package io.coloop.kotlin

import io.coloop.Await
import io.coloop.Loop
import io.coloop.test.LoopExtension
import io.coloop.test.LoopTest
import io.coloop.test.Reports
import java.io.IOException
import java.util.concurrent.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.delay
import kotlinx.coroutines.future.asCompletableFuture
import kotlinx.coroutines.future.asDeferred as kotlinxAsDeferred
import kotlinx.coroutines.future.await as kotlinxAwait
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.runTest
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.extension.ExtendWith

/** kotlinx's own functions on our types: an import may pick them, and that must be safe. */
class KotlinxInteropTest {
    @LoopTest
    fun kotlinxAwaitReadsTheValueOfOurFuture(loop: Loop) {
        val own = loop.ownThread()
        coroutine {
            val promise = loop.promise<String?>()
            loop.execute { promise.complete("value") }
            assertThat(promise.future().kotlinxAwait()).isEqualTo("value")
            assertThat(promise.future().kotlinxAwait()).isEqualTo("value")
            assertThat(Thread.currentThread()).isSameAs(own)
        }
    }

    @LoopTest
    fun kotlinxAwaitThrowsTheFailureAndObservesIt(loop: Loop, reports: Reports) {
        val failure = IOException("checked")
        coroutine {
            val promise = loop.promise<Int>()
            loop.execute { promise.fail(failure) }
            val thrown = thrownBy<IOException> { promise.future().kotlinxAwait() }
            assertThat(generateSequence(thrown as Throwable) { it.cause }.toList()).contains(failure) // perhaps a copy with both traces
            thrownBy<IOException> { promise.future().kotlinxAwait() }
        }
        settle()
        assertThat(reports.take()).isEmpty()
    }

    @LoopTest
    fun kotlinxAwaitCancelsOurFutureWithTheCoroutine(loop: Loop, reports: Reports) {
        val promise = loop.promise<Int>()
        val job = loop.scope().launch { promise.future().kotlinxAwait() }
        settle()
        job.cancel()
        job.ended()
        assertThat(promise.future().isCancelled).isTrue()
        settle()
        assertThat(reports.take()).isEmpty()
    }

    @LoopTest
    fun kotlinxAsDeferredWorksBothWays(loop: Loop) {
        val promise = loop.promise<Int>()
        val deferred = promise.future().kotlinxAsDeferred()
        promise.complete(1)
        assertThat(await(deferred)).isEqualTo(1)
        val cancelled = loop.promise<Int>()
        cancelled.future().kotlinxAsDeferred().cancel()
        assertThat(cancelled.future().isCancelled).isTrue()
    }

    @LoopTest
    fun aCompletableFutureOfADeferredIsAwaitedInATask(loop: Loop) {
        val deferred = CompletableDeferred<Int>()
        loop.execute { deferred.complete(8) }
        assertThat(Await.await(deferred.asCompletableFuture())).isEqualTo(8)
    }

    @Test
    @ExtendWith(LoopExtension::class)
    fun runTestAwaitsAFuture(loop: Loop) = runTest {
        val promise = loop.promise<Int>()
        loop.execute { promise.complete(1) }
        assertThat(promise.future().await()).isEqualTo(1)
        assertThat(loop.async { delay(1000); 2 }.await()).isEqualTo(2)
    }

    @OptIn(kotlinx.coroutines.ExperimentalCoroutinesApi::class)
    @Test
    @ExtendWith(LoopExtension::class)
    fun runTestAndTheLoopHaveEachTheirOwnTime(loop: Loop) = runTest {
        val before = loop.time()
        delay(1000)
        assertThat(loop.time()).isEqualTo(before)
        val testTime = testScheduler.currentTime
        withContext(loop.dispatcher) { delay(5000) }
        assertThat(loop.time() - before).isEqualTo(5_000_000_000)
        assertThat(testScheduler.currentTime).isEqualTo(testTime)
    }

    @Test
    @ExtendWith(LoopExtension::class)
    fun aTimeoutOfRunTestCancelsAFutureOfTheLoop(loop: Loop) = runTest {
        val promise = loop.promise<Int>()
        assertThat(withTimeoutOrNull(1000) { promise.future().await() }).isNull()
        assertThat(promise.future().isCancelled).isTrue()
        assertThat(promise.future().exceptionNow()).isInstanceOf(CancellationException::class.java)
    }
}
