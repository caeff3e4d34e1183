package io.coloop.kotlin

import io.coloop.Await
import io.coloop.Awaitable
import io.coloop.Body
import io.coloop.CancelPolicy
import io.coloop.Context
import io.coloop.Loop
import io.coloop.LoopClosedException
import io.coloop.Promise
import io.coloop.TaskCancelledException
import java.util.concurrent.CancellationException
import java.util.concurrent.CompletionException
import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.CoroutineContext
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Job
import kotlinx.coroutines.async

/** What a task does that is a coroutine. */
internal fun <T> suspendingBody(context: CoroutineContext, block: suspend CoroutineScope.() -> T): Body<T, Throwable> = Body {
    val call = SuspendCall<T>(Loop::discard, context, block)
    try {
        call.await()
    } catch (wrapped: CompletionException) {
        throw call.failure ?: wrapped // a task may fail with a checked one, an await may not throw it
    }
}

/** A scope without a job: what it starts has no parent, and a failure is only its own. */
internal class Standalone(override val coroutineContext: CoroutineContext) : CoroutineScope

/**
 * One coroutine that one task awaits until it has ended, however often the task is cancelled meanwhile: each await gets a promise of its own, since a
 * cancelled one is done at once.
 */
internal class SuspendCall<T>(
    private val onUndelivered: Loop.(T) -> Unit,
    private val context: CoroutineContext,
    private val block: suspend CoroutineScope.() -> T,
) : Awaitable<T> {
    // The loop's. Where a coroutine of another dispatcher ends last, the end is told on the loop; after the loop has closed, nobody awaits it.
    private var coroutine: Job? = null
    private var promise: Promise<T>? = null
    private var returned: Any? = NOTHING
    private var cancelled = false
    private var ended = false

    /** What the coroutine failed with. */
    var failure: Throwable? = null
        private set

    /** The policy says what becomes of the coroutine; not [CancelPolicy.SHIELD], under which it would belong to nobody. */
    fun await(policy: CancelPolicy = CancelPolicy.OWN): T {
        var first: TaskCancelledException? = null
        while (true) {
            try {
                return if (first == null) Await.await(this, policy) else Await.await(this)
            } catch (cancelled: TaskCancelledException) {
                first = first ?: cancelled
                if (!hasMoreToSay()) {
                    throw first
                }
            }
        }
    }

    private fun hasMoreToSay(): Boolean {
        if (coroutine == null) {
            return false
        }
        return !ended || failure.let { it != null && it !is CancellationException }
    }

    override fun subscribe(promise: Promise<T>) {
        this.promise = promise
        val loop = promise.future().loop()
        promise.onUndelivered { value -> loop.onUndelivered(value) }
        promise.onCancel {
            cancelled = true
            coroutine?.cancel(promise.future().exceptionNow() as CancellationException)
        }
        if (coroutine == null) {
            start(loop)
        } else if (ended) {
            settle(promise)
        }
    }

    override fun toString(): String = "suspending block"

    private fun start(loop: Loop) {
        val elsewhere = context[ContinuationInterceptor].let { it != null && it != loop.dispatcher }
        val how = if (elsewhere) CoroutineStart.DEFAULT else CoroutineStart.UNDISPATCHED
        val starting = Standalone(contextBelow(loop)).async(context, how) { returned = block() }
        coroutine = starting
        starting.invokeOnCompletion { cause ->
            try {
                if (loop.isOnLoop) ended(loop, cause) else loop.execute({ ended(loop, cause) }, Context.empty())
            } catch (closed: LoopClosedException) {
                ended(loop, cause)
            }
        }
    }

    private fun ended(loop: Loop, cause: Throwable?) {
        ended = true
        failure = cause
        promise?.let(::settle)
        val value = returned
        if (cause != null && value !== NOTHING) {
            @Suppress("UNCHECKED_CAST") loop.onUndelivered(value as T)
        }
    }

    private fun settle(promise: Promise<T>) {
        val cause = failure
        if (cause == null && cancelled && !promise.isDone) { // it ended elsewhere before it could be told
            promise.future().loop().onUndelivered(returnedValue())
            promise.future().cancel()
        } else if (cause == null) {
            promise.complete(returnedValue())
        } else if (cancelled && cause is CancellationException) {
            promise.future().cancel()
        } else {
            promise.fail(cause.asFailureForTask())
        }
    }

    @Suppress("UNCHECKED_CAST") private fun returnedValue(): T = returned as T

    private companion object {
        val NOTHING = Any()
    }
}
