package io.coloop.kotlin

import io.coloop.Context
import io.coloop.Loop
import io.coloop.LoopClosedException
import io.coloop.Task
import io.coloop.stream.EmittingBody
import io.coloop.stream.Streams
import java.util.concurrent.Flow.Subscriber
import java.util.concurrent.Flow.Subscription
import java.util.concurrent.atomic.AtomicReference
import java.util.function.Consumer
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.resume
import kotlinx.coroutines.CancellableContinuation
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.coroutines.withContext

internal fun <T : Any> emitted(loop: Loop, body: EmittingBody<T, *>, onUndelivered: Consumer<in T>?): Flow<T> =
    kotlinx.coroutines.flow.flow {
        val run = BodyRun(loop, FlowUndelivered(loop, currentCoroutineContext(), onUndelivered))
        run.start(currentCoroutineContext(), body)
        try {
            while (true) {
                emit(run.next() ?: break)
            }
        } catch (left: Throwable) {
            run.leave()
            run.failure?.let(run.undelivered::error) // it came while the collector was busy
            throw left
        }
        run.leave()
        run.failure?.let { throw it }
    }

/** What one run of a body emits for one collector: asked for item by item, on any thread; signalled by the loop. */
private class BodyRun<T : Any>(private val loop: Loop, val undelivered: FlowUndelivered<T>) : Subscriber<T> {
    // The loop puts an item or the end there and then takes the waiter; the collector sets the waiter and then looks again. So one of them sees the other.
    private val item = AtomicReference<T?>() // one is asked for at a time
    private val waiter = AtomicReference<CancellableContinuation<Unit>?>()
    @Volatile private var ended = false
    @Volatile private var task: Task<*>? = null // null until the body begins

    @Volatile
    var failure: Throwable? = null
        private set

    private lateinit var subscription: Subscription // the collector's

    fun start(context: CoroutineContext, body: EmittingBody<T, *>) {
        val inContext =
            EmittingBody<T, Throwable> { emitter ->
                task = Task.current()
                inContextOf(context) { body.run(emitter) }
            }
        Streams.emit(loop, inContext, this, undelivered)
    }

    /** Asks for an item; null at the end. */
    suspend fun next(): T? {
        subscription.request(1)
        if (!isReady()) {
            suspendCancellableCoroutine { continuation ->
                continuation.invokeOnCancellation { subscription.cancel() } // at once, not only when the collector goes on
                waiter.set(continuation)
                if (isReady()) {
                    wake()
                }
            }
        }
        return item.getAndSet(null)
    }

    private fun isReady() = item.get() != null || ended

    private fun wake() {
        val waiting = waiter.getAndSet(null) ?: return
        if (waiting.context[LoopContext] != null) {
            waiting.resumeHere()
        } else { // it has nothing that would hide the foreign context of the task that emits
            executeBare { waiting.resumeHere() }
        }
    }

    /** If the body has not ended, cancels it and waits for its end. */
    suspend fun leave() {
        if (!ended) {
            cancelAndJoin()
        }
        undelivered.value(item.getAndSet(null)) // it came together with the collector's cancellation
    }

    private suspend fun cancelAndJoin() {
        subscription.cancel()
        withContext(NonCancellable) {
            if (!loop.isOnLoop) {
                cancelArrived()
            }
            task?.suspendUntilDone(owned = false) // one that has not begun never does
        }
    }

    private suspend fun cancelArrived() {
        suspendCancellableCoroutine { continuation ->
            executeBare { continuation.resume(Unit) }
        }
    }

    /** As [executeOrRun], but in nobody's context. */
    private fun executeBare(action: Runnable) {
        try {
            loop.execute(action, Context.empty())
        } catch (closed: LoopClosedException) {
            action.run()
        }
    }

    override fun onSubscribe(subscription: Subscription) {
        this.subscription = subscription
    }

    override fun onNext(item: T) {
        this.item.set(item)
        wake()
    }

    override fun onError(failure: Throwable) {
        this.failure = failure.asFailureForCoroutine()
        onComplete()
    }

    override fun onComplete() {
        ended = true
        wake()
    }
}
