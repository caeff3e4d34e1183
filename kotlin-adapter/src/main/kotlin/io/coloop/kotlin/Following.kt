package io.coloop.kotlin

import io.coloop.Future
import io.coloop.Loop
import io.coloop.Promise
import java.util.IdentityHashMap
import java.util.concurrent.CancellationException
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.Job

/** Ends as a deferred does, which is started if it is lazy. */
@OptIn(ExperimentalCoroutinesApi::class)
internal fun <T> Promise<T>.follow(deferred: Deferred<T>, whenDone: Runnable? = null) {
    val listening = deferred.invokeOnCompletion {
        whenDone?.let { future().loop().executeOrRun(it) }
        val failure = deferred.getCompletionExceptionOrNull()
        if (failure == null) {
            complete(deferred.getCompleted())
        } else {
            fail(failure.asFailureForTask())
        }
    }
    onCancel { listening.dispose() } // so that a long-lived deferred does not collect dead listeners
    start(deferred)
}

/** Ends when a job does, which is started if it is lazy. */
internal fun Promise<Unit>.followEnd(job: Job, whenDone: Runnable? = null) {
    val listening = job.invokeOnCompletion { failure ->
        whenDone?.let { future().loop().executeOrRun(it) }
        if (failure == null) {
            complete(Unit)
        } else {
            fail(failure.asFailureForTask())
        }
    }
    onCancel { listening.dispose() } // so that a long-lived job does not collect dead listeners
    start(job)
}

/** One that is unconfined runs where it is started. */
private fun Promise<*>.start(job: Job) {
    if (!job.isActive && !job.isCompleted) {
        future().loop().runOnOwnThread { job.start() }
    }
}

/** The jobs that tasks of one loop share: one owning future for all that await the same one. The loop's. */
internal class SharedJobs(private val loop: Loop) {
    private val futures = IdentityHashMap<Job, Future<*>>() // pending, or done in this turn

    @Suppress("UNCHECKED_CAST") // it was made of this deferred
    fun <T> of(deferred: Deferred<T>): Future<T> = (pending(deferred) ?: owning<T>(deferred) { whenDone -> follow(deferred, whenDone) }) as Future<T>

    fun of(job: Job): Future<*> = if (job is Deferred<*>) of(job) else pending(job) ?: owning<Unit>(job) { whenDone -> followEnd(job, whenDone) }

    private fun pending(job: Job): Future<*>? = futures[job]?.takeUnless { it.isDone }

    private fun <T> owning(job: Job, follow: Promise<T>.(Runnable) -> Unit): Future<T> {
        val promise = loop.promise<T>()
        val future = promise.future()
        futures[job] = future
        promise.onCancel {
            futures.remove(job, future)
            job.cancel(future.exceptionNow() as CancellationException)
        }
        promise.follow { futures.remove(job, future) }
        return future
    }
}
