package io.coloop.kotlin

import io.coloop.Loop
import io.coloop.LoopClosedException
import io.coloop.Report
import java.time.Duration
import java.util.concurrent.CancellationException
import java.io.IOException
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.TimeUnit
import kotlin.coroutines.Continuation
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.resume
import kotlin.coroutines.startCoroutine
import kotlinx.coroutines.CancellableContinuation
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.InternalCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
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
    private val reports = CopyOnWriteArrayList<Report>()
    private val loop = Loop.builder().name("closed").exceptionHandler(reports::add).start()

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
        loop.awaitTermination(Duration.ofSeconds(LIMIT_SECONDS))
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
    fun aFutureThatFailsAfterTheCloseFailsACoroutineElsewhereAndIsNotReported() {
        val promise = loop.promise<Int>()
        val awaiting = CoroutineScope(Dispatchers.Default).async(start = CoroutineStart.UNDISPATCHED) { thrownBy<IOException> { promise.future().await() } }
        loop.close()
        promise.fail(IOException("expected"))
        assertThat(within { awaiting.await() }).hasMessage("expected")
        assertThat(reports).isEmpty()
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

    // ---- coroutines in a delay when the loop closes

    private fun inDelay(scope: CoroutineScope, block: suspend CoroutineScope.() -> Unit): Job =
        scope.launch(block = block).also { loop.ownThread() } // it has begun

    @Test
    fun trapACoroutineOfAnotherScopeInADelayIsCancelledAndCleansUpOnTheLoop() {
        val own = loop.ownThread()
        val seen = CompletableFuture<Throwable>()
        val cleaned = CompletableFuture<Thread>()
        val job = inDelay(loop.scope()) {
            try {
                delay(Long.MAX_VALUE - 1)
            } catch (cancelled: CancellationException) {
                seen.complete(cancelled)
                throw cancelled
            } finally {
                withContext(NonCancellable) {
                    delay(1)
                    cleaned.complete(Thread.currentThread())
                }
            }
        }
        loop.close()
        assertThat(job.isCompleted).isTrue()
        assertThat(job.isCancelled).isTrue()
        assertThat(seen.getNow(null)).hasMessage("the coroutine's loop closed is closing")
        assertThat(cleaned.getNow(null)).isSameAs(own)
    }

    @Test
    fun aTimeoutAndEveryDelayOfAFamilyAreCancelledToo() {
        val scope = loop.scope()
        val jobs =
            listOf(
                inDelay(scope) { withTimeout(Long.MAX_VALUE - 1) { CompletableDeferred<Unit>().await() } },
                inDelay(scope) { coroutineScope { repeat(3) { launch { delay(3_600_000) } } } },
                inDelay(scope) { while (true) delay(1) },
            )
        loop.close()
        within { jobs.forEach { it.join() } }
        assertThat(jobs).allMatch { it.isCompleted }
    }

    @Test
    fun aDelayThatIsNotCancellableMayGoOn() {
        val done = CompletableFuture<Boolean>()
        val job = inDelay(loop.scope()) {
            withContext(NonCancellable) {
                coroutineScope {
                    delay(20)
                    done.complete(loop.isOnLoop)
                }
            }
        }
        loop.close()
        assertThat(done.getNow(false)).isTrue()
        assertThat(job.isCompleted).isTrue()
    }

    @Test
    fun aDelayThatIsNotCancellableIsCutShortAtTheLoopsLimit() {
        val reports = java.util.concurrent.CopyOnWriteArrayList<Report>()
        val limited = Loop.builder().name("limited").shutdownTimeout(Duration.ofMillis(20)).exceptionHandler { reports += it }.start()
        val seen = CompletableFuture<Throwable>()
        val job = limited.scope().launch {
            withContext(NonCancellable) {
                try {
                    delay(Long.MAX_VALUE - 1)
                } catch (cut: Throwable) {
                    seen.complete(cut)
                }
            }
        }
        limited.ownThread()
        limited.close()
        within { job.join() }
        assertThat(seen.get(LIMIT_SECONDS, TimeUnit.SECONDS)).hasMessage("the coroutine's loop limited closed before its timer was due")
        assertThat(reports).extracting<Report.Kind> { it.kind() }.containsExactly(Report.Kind.LEFT_AT_CLOSE)
    }

    @Test
    fun aDelayThatIsNotCancellableThrowsOnAClosedLoop() {
        val gate = CompletableDeferred<Unit>()
        val job =
            CoroutineScope(loop.dispatcher).async(start = CoroutineStart.UNDISPATCHED) {
                withContext(NonCancellable) {
                    gate.await()
                    runCatching { delay(1) }.exceptionOrNull()
                }
            }
        loop.close()
        gate.complete(Unit)
        assertThat(within { runCatching { job.await() }.fold({ it }, { it }) })
            .satisfiesAnyOf({ assertThat(it).isInstanceOf(LoopClosedException::class.java) }, { assertThat(it).isInstanceOf(CancellationException::class.java) })
    }

    @Test
    fun aCoroutineWithoutAJobIsResumedToo() {
        val ended = CompletableFuture<Result<Unit>>()
        loop.execute {
            suspend { delay(Long.MAX_VALUE - 1) }.startCoroutine(Continuation(loop.dispatcher) { ended.complete(it) })
        }
        loop.ownThread()
        loop.ownThread()
        loop.close()
        assertThat(ended.get(LIMIT_SECONDS, TimeUnit.SECONDS).exceptionOrNull()).isInstanceOf(CancellationException::class.java)
    }

    @Test
    fun coroutinesOfTasksAreEndedBeforeThoseOfOthers() {
        val order = java.util.concurrent.CopyOnWriteArrayList<String>()
        loop.async {
            try {
                delay(Long.MAX_VALUE - 1)
            } finally {
                order += "task's"
            }
        }
        inDelay(loop.scope()) {
            try {
                delay(Long.MAX_VALUE - 1)
            } finally {
                order += "other"
            }
        }
        loop.ownThread()
        loop.close()
        assertThat(order).containsExactly("task's", "other")
    }

    @Test
    fun aHookMayStillDelay() {
        val slept = CompletableFuture<Unit>()
        loop.onClose {
            awaitSuspend {
                delay(2)
                slept.complete(Unit)
            }
        }
        val job = inDelay(loop.scope()) { delay(Long.MAX_VALUE - 1) }
        loop.close()
        assertThat(job.isCompleted).isTrue()
        assertThat(slept.isDone).isTrue()
    }
}
