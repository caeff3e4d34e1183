@file:JvmName("Coroutines")
@file:JvmMultifileClass

package io.coloop.kotlin

import io.coloop.Await
import io.coloop.Awaitable
import io.coloop.CancelPolicy
import io.coloop.Future
import io.coloop.Loop
import io.coloop.Promise
import io.coloop.TaskCancelledException
import java.util.concurrent.CancellationException
import java.util.function.Consumer
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.ExperimentalCoroutinesApi

/**
 * Awaits a deferred in a task's body and returns its value, at once if it is complete. For Java: `import static io.coloop.kotlin.Coroutines.await`.
 *
 * 1. *Start:* the deferred is hot; one that is lazy is started, on the loop's own thread.
 * 2. *Thread:* the deferred runs where its dispatcher says; the task goes on on its loop.
 * 3. *Cancellation:* a task that is cancelled leaves the deferred alone; `await(deferred.asOwningFuture(loop))` cancels it. A deferred that somebody else cancelled is a
 *    failure, its own [CancellationException].
 * 4. *Null* is a value.
 * 5. *Undelivered:* the value stays with the deferred.
 * 6. *Demand:* one value.
 * 7. *Context:* the task's own.
 *
 * An unchecked failure is thrown as the same instance, a checked one as the cause of a [java.util.concurrent.CompletionException].
 *
 * @throws io.coloop.LoopMisuseException outside a task, as in a coroutine: there, call `deferred.await()`
 */
public fun <T> await(deferred: Deferred<T>): T {
    val loop = Loop.currentOrNull()
    if (loop != null && deferred.isCompleted) {
        return Await.await(deferred.asFuture(loop))
    }
    return Await.await(DeferredAwait(deferred))
}

/**
 * As [await]; the policy says what becomes of the deferred if the task is cancelled. Those tasks share it that await it with [CancelPolicy.SHARE] on the same loop.
 */
public fun <T> await(deferred: Deferred<T>, policy: CancelPolicy): T {
    val loop = Loop.currentOrNull()
    if (loop == null || deferred.isCompleted || policy === CancelPolicy.SHIELD) {
        return await(deferred)
    }
    val owning = if (policy === CancelPolicy.SHARE) loop.coroutines.shared.of(deferred) else deferred.asOwningFuture(loop)
    return Await.await(owning, policy)
}

/**
 * As [await], of a resource that is this task's: if the task is cancelled and the deferred has a value nevertheless, then or later, that goes to [onUndelivered], which runs on
 * the loop and must not await.
 */
@OptIn(ExperimentalCoroutinesApi::class)
public fun <T> await(deferred: Deferred<T>, onUndelivered: Consumer<in T>): T {
    try {
        return await(deferred)
    } catch (cancelled: TaskCancelledException) {
        val loop = Loop.current()
        deferred.invokeOnCompletion { failure -> if (failure == null) loop.handOverSoon(deferred.getCompleted(), onUndelivered::accept) }
        throw cancelled
    }
}

private class DeferredAwait<T>(private val deferred: Deferred<T>) : Awaitable<T> {
    override fun subscribe(promise: Promise<T>) = promise.follow(deferred)

    override fun toString(): String = "Deferred"
}

/**
 * This deferred as a future of [loop], hot; a lazy one is started, on the loop's own thread. Any thread.
 *
 * Cancelling the future leaves the deferred alone; [asOwningFuture] cancels it. If somebody else cancels the deferred, the future fails with
 * the deferred's [CancellationException]; a failure is the same instance, and the loop reports it if nobody observes it. The value stays with the deferred.
 */
public fun <T> Deferred<T>.asFuture(loop: Loop): Future<T> {
    val promise = loop.promise<T>()
    promise.follow(this)
    return promise.future()
}

/** As [asFuture], but cancelling the future cancels the deferred. The future is cancelled at once, the deferred when it has ended. */
public fun <T> Deferred<T>.asOwningFuture(loop: Loop): Future<T> {
    val promise = loop.promise<T>()
    promise.onCancel { cancel(promise.future().exceptionNow() as CancellationException) }
    promise.follow(this)
    return promise.future()
}
