package io.coloop.kotlin

import io.coloop.Context
import io.coloop.Future
import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.resume
import kotlinx.coroutines.CancellableContinuation
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.suspendCancellableCoroutine

internal suspend fun <T> Future<T>.suspendUntilDone(owned: Boolean) {
    suspendCancellableCoroutine { continuation ->
        val view = toCompletableFuture()
        view.whenComplete { _, _ -> continuation.resumeHere() }
        continuation.invokeOnCancellation { cancelled ->
            if (owned) {
                cancel("the coroutine that awaits it was cancelled")
            } else {
                view.completeExceptionally(cancelled) // it no longer observes the future
            }
        }
    }
}

/** On the loop's dispatcher this is the coroutine's turn: it stands in the ready queue where a task would. */
@OptIn(ExperimentalCoroutinesApi::class)
internal fun CancellableContinuation<Unit>.resumeHere() {
    val dispatcher = context[ContinuationInterceptor]
    if (dispatcher is LoopDispatcher && dispatcher.mayRunHere()) {
        // What it runs in is its own, not that of whoever resumes it.
        Context.empty().run<RuntimeException> { dispatcher.resumeUndispatched(Unit) }
    } else {
        resume(Unit)
    }
}
