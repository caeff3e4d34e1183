package io.coloop.kotlin

import io.coloop.Loop
import io.coloop.LoopClosedException
import java.util.concurrent.CancellationException
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.resume
import kotlinx.coroutines.CancellableContinuation
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.InternalCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test

/** What happens to coroutines, timers and futures when the loop is gone. */
class ClosedLoopTest {
    private val loop = Loop.start("closed")

    private fun <T> within(block: suspend CoroutineScope.() -> T): T = runBlocking { withTimeout(LIMIT_SECONDS * 1000, block) }

    @Test
    fun aDispatchCancelsTheJobAndCleansUpElsewhere() {
        val thread = CompletableFuture<Thread>()
        val seen = CompletableFuture<Throwable>()
        val continuations = CompletableFuture<CancellableContinuation<Unit>>()
        val job = loop.scope().launch {
            try {
                suspendCancellableCoroutine { continuations.complete(it) }
                coroutineContext[Job]!!.let { check(it.isCancelled) }
                suspendCancellableCoroutine<Unit> { error("it is cancelled already, so this is not kept") }
            } catch (cancelled: Throwable) {
                seen.complete(cancelled)
                throw cancelled
            } finally {
                thread.complete(Thread.currentThread())
            }
        }
        val continuation = continuations.get(LIMIT_SECONDS, TimeUnit.SECONDS)
        loop.close()
        continuation.resume(Unit)
        within { job.join() }
        assertThat(job.isCancelled).isTrue()
        val cancelled = seen.get(LIMIT_SECONDS, TimeUnit.SECONDS)
        assertThat(cancelled).isInstanceOf(CancellationException::class.java).hasMessageContaining("the coroutine's loop closed is closed")
        assertThat(generateSequence(cancelled) { it.cause }.toList()).anyMatch { it is LoopClosedException }
        assertThat(thread.get(LIMIT_SECONDS, TimeUnit.SECONDS).name).contains("DefaultDispatcher-worker")
    }

    @Test
    fun aCoroutineIsNotStartedThere() {
        loop.close()
        val job = loop.scope().launch { throw AssertionError("ran") }
        within { job.join() }
        assertThat(job.isCancelled).isTrue()
    }

    @Test
    fun withContextThrows() {
        loop.close()
        within { thrownBy<CancellationException> { withContext(loop.dispatcher) { throw AssertionError("ran") } } }
    }

    @Test
    fun aDelayThereIsCancelled() {
        val entered = CompletableDeferred<Unit>()
        val gate = CompletableDeferred<Unit>()
        val job =
            CoroutineScope(loop.dispatcher).launch(start = CoroutineStart.UNDISPATCHED) {
                entered.complete(Unit)
                runCatching { gate.await() }
                delay(Long.MAX_VALUE - 1)
            }
        loop.close()
        gate.complete(Unit)
        within { job.join() }
        assertThat(entered.isCompleted).isTrue()
        assertThat(job.isCancelled).isTrue()
    }

    @OptIn(InternalCoroutinesApi::class)
    @Test
    fun aTimerThatCannotBeSetCancelsTheJob() {
        loop.close()
        val job = Job()
        loop.dispatcher.invokeOnTimeout(5, { throw AssertionError("fired") }, job).dispose()
        assertThat(job.isCancelled).isTrue()
        loop.dispatcher.invokeOnTimeout(5, { throw AssertionError("fired") }, EmptyCoroutineContext).dispose()
    }

    @OptIn(InternalCoroutinesApi::class)
    @Test
    fun aTimerOnItsWayWhenTheLoopClosesCancelsTheJob() {
        val job = Job()
        val entered = CompletableFuture<Unit>()
        val leave = CompletableFuture<Unit>()
        loop.execute {
            entered.complete(Unit)
            leave.get(LIMIT_SECONDS, TimeUnit.SECONDS)
            loop.shutdown()
        }
        entered.get(LIMIT_SECONDS, TimeUnit.SECONDS)
        // behind the shutdown's own turn: it arrives while the loop closes, or after; both must end the job or fire nothing
        val arming = Thread.ofPlatform().start {
            leave.complete(Unit)
            repeat(1000) { loop.dispatcher.invokeOnTimeout(3_600_000, { throw AssertionError("fired") }, job) }
        }
        loop.awaitTermination(java.time.Duration.ofSeconds(LIMIT_SECONDS))
        arming.join(LIMIT_SECONDS * 1000)
        loop.dispatcher.invokeOnTimeout(1, { throw AssertionError("fired") }, job)
        assertThat(job.isCancelled).isTrue()
    }

    @OptIn(InternalCoroutinesApi::class)
    @Test
    fun disposingATimerOfAClosedLoopIsHarmless() {
        val timer = loop.dispatcher.invokeOnTimeout(3_600_000, { throw AssertionError("fired") }, EmptyCoroutineContext)
        loop.close()
        timer.dispose()
    }

    @Test
    fun immediateNeedsADispatch() {
        loop.close()
        assertThat(loop.dispatcher.immediate.isDispatchNeeded(EmptyCoroutineContext)).isTrue()
    }

    @Test
    fun aFutureCompletedAfterTheCloseResumesACoroutineElsewhere() {
        val promise = loop.promise<Int>()
        val awaiting = CoroutineScope(Dispatchers.Default).async(start = CoroutineStart.UNDISPATCHED) { promise.future().await() }
        loop.close()
        promise.complete(3)
        assertThat(within { awaiting.await() }).isEqualTo(3)
    }

    @Test
    fun aFutureCompletedAfterTheCloseEndsACoroutineOfTheLoop() {
        val promise = loop.promise<Resource>()
        val started = CompletableFuture<Unit>()
        val awaiting = loop.scope().async {
            started.complete(Unit)
            promise.future().await()
        }
        started.get(LIMIT_SECONDS, TimeUnit.SECONDS)
        loop.ownThread() // it awaits by now
        loop.close()
        val resource = Resource()
        promise.complete(resource)
        within { thrownBy<CancellationException> { awaiting.await() } }
        assertThat(resource.closed).isEqualTo(1)
    }

    @Test
    fun aDeferredCompletesAFutureOfAClosedLoop() {
        val deferred = CompletableDeferred<Int>()
        val future = deferred.asFuture(loop)
        loop.close()
        deferred.complete(4)
        assertThat(future.get(LIMIT_SECONDS, TimeUnit.SECONDS)).isEqualTo(4)
        assertThat(deferred.asFuture(loop).resultNow()).isEqualTo(4)
    }

    @Test
    fun aDeferredOfAFutureOfAClosedLoopCompletes() {
        val promise = loop.promise<Int>()
        val deferred = promise.future().asDeferred()
        loop.close()
        promise.complete(5)
        assertThat(within { deferred.await() }).isEqualTo(5)
        assertThat(within { promise.future().asSharedDeferred().await() }).isEqualTo(5)
    }
}
