package io.coloop.kotlin

import io.coloop.Ending
import io.coloop.Loop
import io.coloop.stream.Iteration
import io.coloop.stream.Undelivered
import java.util.concurrent.CancellationException
import java.util.concurrent.Flow.Publisher
import java.util.concurrent.Flow.Subscriber
import java.util.concurrent.Flow.Subscription
import java.util.function.Consumer
import kotlin.coroutines.CoroutineContext
import kotlinx.coroutines.CancellableContinuation
import kotlinx.coroutines.CoroutineExceptionHandler
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.suspendCancellableCoroutine

internal fun <T : Any> iterationOf(flow: Flow<T>, prefetch: Int, onUndelivered: Consumer<in T>?): Iteration<T> {
    val loop = Loop.current()
    return Iteration.of(FlowSource(loop, flow), prefetch, FlowUndelivered(loop, handedOnContext(), onUndelivered))
}

/** A flow as core's streams see it: subscribed, asked for more and cancelled on the loop's own thread. */
private class FlowSource<T : Any>(private val loop: Loop, private val flow: Flow<T>) : Publisher<T> {
    override fun subscribe(subscriber: Subscriber<in T>) = Collecting(loop, subscriber).start(flow)

    override fun toString(): String = "Flow"
}

/** All state is the loop's. */
private class Collecting<T : Any>(private val loop: Loop, private val subscriber: Subscriber<in T>) : Subscription {
    private var demand = 0L
    private var starving: CancellableContinuation<Unit>? = null
    private var coroutine: Job? = null
    private var cancelled = false

    fun start(flow: Flow<T>) {
        subscriber.onSubscribe(this)
        val starting =
            Standalone(contextBelow(loop)).async(start = CoroutineStart.UNDISPATCHED) {
                awaitDemand()
                flow.collect(::deliver)
            }
        coroutine = starting
        if (cancelled) { // by what it did so far
            starting.cancel()
        }
        starting.invokeOnCompletion(::end)
    }

    private suspend fun deliver(item: T?) {
        subscriber.onNext(item ?: throw NullPointerException("a stream's item must not be null"))
        demand--
        awaitDemand() // after the item: the flow's producer must not make one that nobody has asked for
    }

    private suspend fun awaitDemand() {
        if (demand == 0L) {
            suspendCancellableCoroutine { starving = it }
        }
    }

    private fun end(failure: Throwable?) {
        if (failure == null) {
            subscriber.onComplete()
        } else if (!cancelled || failure !is CancellationException) {
            subscriber.onError(failure)
        }
    }

    override fun request(more: Long) {
        demand += more
        val waiting = starving ?: return
        starving = null
        waiting.resumeHere()
    }

    override fun cancel() {
        cancelled = true
        val ending = coroutine ?: return
        val over = loop.promise<Unit>()
        ending.invokeOnCompletion { over.complete(Unit) } // after end(), also if that throws
        ending.cancel()
        Ending.add(over.future())
    }
}

/** Where items and errors of a flow go that nobody can receive any more; an error goes to the handler of the coroutine's context as well. */
internal class FlowUndelivered<T : Any>(loop: Loop, private val context: CoroutineContext, receiver: Consumer<in T>?) : Undelivered<T>(loop, "a Flow", receiver) {
    override fun dropped(failure: Throwable) {
        context[CoroutineExceptionHandler]?.handleException(context, failure)
    }
}
