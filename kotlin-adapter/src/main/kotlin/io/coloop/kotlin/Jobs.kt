@file:JvmName("Coroutines")
@file:JvmMultifileClass

package io.coloop.kotlin

import io.coloop.Await
import io.coloop.Awaitable
import io.coloop.CancelPolicy
import io.coloop.Future
import io.coloop.Loop
import io.coloop.Promise
import java.util.concurrent.CancellationException
import kotlinx.coroutines.Job

/**
 * Awaits a job in a task's body, at once if it is complete. Unlike `join` it throws what the job failed with. For Java: `import static io.coloop.kotlin.Coroutines.await`.
 *
 * 1. *Start:* the job is hot; one that is lazy is started, on the loop's own thread.
 * 2. *Thread:* the job runs where its dispatcher says; the task goes on on its loop.
 * 3. *Cancellation:* a task that is cancelled leaves the job alone; `await(job.asOwningFuture(loop))` cancels it. A job that somebody else cancelled is a
 *    failure, its own [CancellationException].
 * 4. *Null:* there is no value.
 * 5. *Undelivered:* a failure stays with the job, which tells its parent or handler besides.
 * 6. *Demand:* its end.
 * 7. *Context:* the task's own.
 *
 * An unchecked failure is thrown as the same instance, a checked one as the cause of a [java.util.concurrent.CompletionException].
 *
 * @throws io.coloop.LoopMisuseException outside a task, as in a coroutine: there, call `job.join()`
 */
public fun await(job: Job) {
    val loop = Loop.currentOrNull()
    if (loop != null && job.isCompleted) {
        Await.await(job.asFuture(loop))
    } else {
        Await.await(JobAwait(job))
    }
}

/** As [await]; the policy says what becomes of the job if the task is cancelled. Those tasks share it that await it with [CancelPolicy.SHARE] on the same loop. */
public fun await(job: Job, policy: CancelPolicy) {
    val loop = Loop.currentOrNull()
    if (loop == null || job.isCompleted || policy === CancelPolicy.SHIELD) {
        await(job)
    } else {
        Await.await(if (policy === CancelPolicy.SHARE) loop.coroutines.shared.of(job) else job.asOwningFuture(loop), policy)
    }
}

private class JobAwait(private val job: Job) : Awaitable<Unit> {
    override fun subscribe(promise: Promise<Unit>) = promise.followEnd(job)

    override fun toString(): String = "Job"
}

/**
 * The end of this job as a future of [loop], hot; a lazy job is started, on the loop's own thread. Any thread.
 *
 * Cancelling the future leaves the job alone; [asOwningFuture] cancels it. If somebody else cancels the job, the future fails with the job's
 * [CancellationException]; a failure is the same instance, and the loop reports it if nobody observes it, though the job has told its parent or handler.
 * The other way round a [kotlinx.coroutines.Deferred] is a job: `future.asDeferred()`.
 */
public fun Job.asFuture(loop: Loop): Future<Unit> {
    val promise = loop.promise<Unit>()
    promise.followEnd(this)
    return promise.future()
}

/** As [asFuture], but cancelling the future cancels the job. The future is cancelled at once, the job when it has ended. */
public fun Job.asOwningFuture(loop: Loop): Future<Unit> {
    val promise = loop.promise<Unit>()
    promise.onCancel { cancel(promise.future().exceptionNow() as CancellationException) }
    promise.followEnd(this)
    return promise.future()
}
