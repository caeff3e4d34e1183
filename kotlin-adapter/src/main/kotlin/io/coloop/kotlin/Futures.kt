@file:JvmName("Coroutines")
@file:JvmMultifileClass

package io.coloop.kotlin

import io.coloop.Await
import io.coloop.CancelPolicy
import io.coloop.Future
import io.coloop.Loop
import io.coloop.Task
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async

/**
 * Awaits this future and returns its value, at once if it is done.
 *
 * 1. *Start:* the future is hot; awaiting it starts nothing.
 * 2. *Thread:* the coroutine goes on through its own dispatcher. On the dispatcher of the future's loop it goes on in the very turn, and in the same order,
 *    in which a task that awaits the future does.
 * 3. *Cancellation:* the coroutine owns what it awaits. If it is cancelled, so is the future, at once; the coroutine goes on when
 *    the future is done, which for a task means after its `finally` blocks. If somebody else cancelled the future, that is a failure:
 *    [FutureCancelledException].
 * 4. *Null* is a value.
 * 5. *Undelivered:* if the coroutine is cancelled though the future has a value, an [AutoCloseable] is closed and any other value stays with the
 *    future. A failure beats the cancellation, as everywhere in kotlinx.
 * 6. *Demand:* one value.
 * 7. *Context:* the coroutine's own.
 *
 * A failure is thrown as the same instance, a [java.util.concurrent.CompletionException] of a derived stage unwrapped.
 * [awaitShared] is the same without owning the future.
 */
@JvmSynthetic
public suspend fun <T> Future<T>.await(): T = awaitOwned { value -> if (value is AutoCloseable) value.close() }

/**
 * As [await], with [onUndelivered] to receive a value that the future has though the coroutine is cancelled. It is called on the coroutine's
 * dispatcher; what it throws is reported by the loop.
 */
@JvmSynthetic
public suspend fun <T> Future<T>.await(onUndelivered: (T) -> Unit): T {
    if (this is Task<T>) {
        onUndelivered { value -> loop().handOver(value, onUndelivered) }
    }
    return awaitOwned(onUndelivered)
}

/**
 * As [await]; the policy says what becomes of the future if the coroutine is cancelled. [CancelPolicy.OWN] is [await], [CancelPolicy.SHIELD] is [awaitShared]; with
 * [CancelPolicy.SHARE] the future is cancelled when the last one that observes it leaves, and with [CancelPolicy.drain] it may finish within a while.
 */
@JvmSynthetic
public suspend fun <T> Future<T>.await(policy: CancelPolicy): T =
    when {
        isDone || policy === CancelPolicy.OWN -> await()
        policy === CancelPolicy.SHIELD -> awaitShared()
        else -> loop().runAsTask({ value -> if (value is AutoCloseable) value.close() }) { Await.await(this, policy) }
    }

/**
 * Awaits this future and leaves it to others: a coroutine that is cancelled goes on at once, and neither the future nor its value is touched.
 * Otherwise as [await].
 */
@JvmSynthetic
public suspend fun <T> Future<T>.awaitShared(): T {
    if (!isDone) {
        suspendUntilDone(owned = false)
    }
    return result()
}

/**
 * Runs await-style code as a task of this loop and returns its result. The body may use everything of `io.coloop.Await`.
 *
 * The coroutine owns the task, as with [await]: it is cancelled with the coroutine, which goes on when the task has ended. A coroutine that is cancelled
 * already starts nothing. Below the task, [awaitSuspend] and [async] hand on the elements of the coroutine's context, such as its name, and it has the coroutine's `ReactorContext` as its Reactor Context.
 *
 * @throws io.coloop.LoopClosedException if the loop is closed
 */
@JvmSynthetic
public suspend fun <T> Loop.awaitTask(body: () -> T): T = runAsTask(::discard, body)

/**
 * This future as a [Deferred], hot. Any thread.
 *
 * Cancelling the deferred cancels the future; it is complete when the future is done. Cancelling a coroutine that awaits the deferred leaves
 * both alone, as kotlinx defines. If somebody else cancels the future, the deferred fails with [FutureCancelledException]; a
 * failure is the same instance. The value stays with the future. Like every deferred it keeps a failure that nobody awaits to itself.
 * [asSharedDeferred] leaves the future alone.
 */
@JvmSynthetic
public fun <T> Future<T>.asDeferred(): Deferred<T> = deferred { awaitOwned {} }

/** As [asDeferred], but cancelling the deferred leaves the future alone. */
@JvmSynthetic
public fun <T> Future<T>.asSharedDeferred(): Deferred<T> = deferred { awaitShared() }

/** Unconfined: it has no code of its own to run, and completes in the future's callback on the loop. */
private fun <T> deferred(awaiting: suspend () -> T): Deferred<T> =
    Standalone(Dispatchers.Unconfined).async(start = CoroutineStart.UNDISPATCHED) { awaiting() }
