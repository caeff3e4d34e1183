package io.coloop.kotlin

import io.coloop.Body
import io.coloop.Context
import io.coloop.Future
import io.coloop.Loop
import java.util.concurrent.CancellationException
import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.resume
import kotlinx.coroutines.CancellableContinuation
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.coroutines.withContext

internal suspend fun <T> Future<T>.suspendUntilDone(owned: Boolean) {
    suspendCancellableCoroutine { continuation ->
        val hook = onDone(
            {
                markObserved() // the coroutine looks at it later, perhaps on another thread
                continuation.resumeBare()
            },
            Context.empty(),
        )
        continuation.invokeOnCancellation {
            if (owned) {
                cancel("the coroutine that awaits it was cancelled")
            } else {
                hook.remove() // it no longer observes the future
            }
        }
    }
}

private fun Future<*>.markObserved() {
    if (isFailed) {
        exceptionNow()
    }
}

/** On the loop's dispatcher this is the coroutine's turn: it stands in the ready queue where a task would. */
@OptIn(ExperimentalCoroutinesApi::class)
internal fun CancellableContinuation<Unit>.resumeHere() {
    val dispatcher = dispatcherHere()
    if (dispatcher == null) {
        resume(Unit)
    } else { // what it runs in is its own, not that of whoever resumes it
        Context.empty().run<RuntimeException> { dispatcher.resumeUndispatched(Unit) }
    }
}

/** As [resumeHere], for an item of the loop's that has no context. */
@OptIn(ExperimentalCoroutinesApi::class)
private fun CancellableContinuation<Unit>.resumeBare() {
    val dispatcher = dispatcherHere()
    if (dispatcher == null) {
        resume(Unit)
    } else {
        dispatcher.resumeUndispatched(Unit)
    }
}

/** The loop's dispatcher that it goes on with, if that may be here and now. */
private fun CancellableContinuation<*>.dispatcherHere(): LoopDispatcher? = (context[ContinuationInterceptor] as? LoopDispatcher)?.takeIf { it.mayRunHere() }

/** See [await]. */
internal suspend fun <T> Future<T>.awaitOwned(onUndelivered: (T) -> Unit): T {
    if (isDone) {
        return result()
    }
    try {
        suspendUntilDone(owned = true)
    } catch (cancelled: CancellationException) {
        throw endAfterCancellation(cancelled, onUndelivered)
    }
    return result()
}

/** The result of a future that is done. */
internal fun <T> Future<T>.result(): T {
    if (isCancelled || isFailed) {
        throw exceptionNow().asFailureForCoroutine()
    }
    return resultNow()
}

/** The coroutine was cancelled and has cancelled the future: waits for its end, and returns what the coroutine throws. */
private suspend fun <T> Future<T>.endAfterCancellation(cancelled: CancellationException, onUndelivered: (T) -> Unit): Throwable {
    if (!isDone) {
        withContext(NonCancellable) { suspendUntilDone(owned = false) }
    }
    if (isCancelled || isFailed) {
        val failure = exceptionNow().unwrapped()
        return if (failure is CancellationException) cancelled else failure
    }
    loop().handOver(resultNow(), onUndelivered)
    return cancelled
}

/**
 * See [awaitTask].
 *
 * @param onUndelivered gets what the body returns though the task ends cancelled
 */
internal suspend fun <T> Loop.runAsTask(onUndelivered: (T) -> Unit, body: () -> T): T {
    val context = currentCoroutineContext()
    context.ensureActive()
    val task = spawn(Body<T, Throwable> { inContextOf(context, body) })
    task.onUndelivered(onUndelivered)
    return task.await()
}
