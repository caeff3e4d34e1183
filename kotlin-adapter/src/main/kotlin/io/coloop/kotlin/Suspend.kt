@file:JvmName("Coroutines")
@file:JvmMultifileClass

package io.coloop.kotlin

import io.coloop.Await
import io.coloop.CancelPolicy
import io.coloop.Loop
import io.coloop.Report
import io.coloop.Task
import io.coloop.TaskCancelledException
import java.util.concurrent.CancellationException
import java.util.concurrent.CompletionException
import java.util.function.Consumer
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext
import kotlinx.coroutines.CoroutineExceptionHandler
import kotlinx.coroutines.CoroutineScope

/**
 * Starts a coroutine as a task of this loop: a suspending block becomes a future. Any thread.
 *
 * 1. *Start:* hot; the block starts from the ready queue, as every task does.
 * 2. *Thread:* the block runs on the loop's own thread, on [Loop.dispatcher], not in a task's body: it suspends, it does not await.
 * 3. *Cancellation:* cancelling the task cancels the coroutine; the task is done when the coroutine is, with its children and its `finally` blocks. A block
 *    that is cancelled otherwise, such as by its own `withTimeout`, is a failure with its [CancellationException]. Closing the loop cancels it like
 *    every task.
 * 4. *Null* is a value.
 * 5. *Undelivered:* a value that the block returns though it was cancelled is closed if it is [AutoCloseable], otherwise reported. A failure
 *    that nobody observes is reported.
 * 6. *Demand:* one value.
 * 7. *Context:* [context] over the loop's dispatcher and a job of its own without a parent. The coroutine sees the [io.coloop.ContextVar]s and the foreign context
 *    that the caller sees now, see [contextElement], and the caller's Reactor Context as a `ReactorContext`, where coloop-reactor and kotlinx-coroutines-reactor are on the class path; below a task
 *    that a coroutine started, also the other elements of that coroutine's context, such as its name.
 *
 * A failure, of the block or of a child, is the task's: the same instance.
 *
 * @param context as for kotlinx's `async`: a dispatcher in it takes the place of the loop's, a job in it becomes the parent
 *
 * From Java: `Coroutines.async(loop, (scope, continuation) -> repo.find(7, continuation))`.
 *
 * @throws io.coloop.LoopClosedException if the loop is closed
 */
@JvmOverloads
public fun <T> Loop.async(context: CoroutineContext = EmptyCoroutineContext, block: suspend CoroutineScope.() -> T): Task<T> =
    spawn(suspendingBody(context, block)).also { it.onUndelivered(::discard) }

/**
 * Runs a suspending block in a task's body and returns its result: Java await-style code calls Kotlin.
 *
 * 1. *Start:* cold; the block starts now, once.
 * 2. *Thread:* the block runs on the loop's own thread, on [Loop.dispatcher], after the task has given up the loop; without a hop.
 * 3. *Cancellation:* the task owns the block. If it is cancelled, so is the coroutine, at once; the task goes on when the coroutine has ended, after its
 *    children and its `finally` blocks, as if they stood in the task. A block that is cancelled otherwise is a failure with its [CancellationException].
 * 4. *Null* is a value.
 * 5. *Undelivered:* a value that the block returns though the task is cancelled is closed if it is [AutoCloseable], otherwise
 *    reported. A failure beats the cancellation, as everywhere in kotlinx.
 * 6. *Demand:* one value.
 * 7. *Context:* the loop's dispatcher and a job of its own without a parent. The block sees the [io.coloop.ContextVar]s and the foreign context that the task sees
 *    now, see [contextElement], and what it sets is its own; it has the task's Reactor Context as a `ReactorContext`, where coloop-reactor and kotlinx-coroutines-reactor are on the class path, so a reactive
 *    transaction around the task is seen by `awaitSingle`; below a task that a coroutine started, also the other elements of that coroutine's context, such as its name.
 *
 * An unchecked failure is thrown as the same instance, a checked one as the cause of a [CompletionException].
 *
 * From Java a suspending function takes its continuation as the last argument:
 * `User user = awaitSuspend(continuation -> repo.find(7, continuation));`
 *
 * @throws io.coloop.LoopMisuseException outside a task, as in a coroutine: there, call the function itself
 */
public fun <T> awaitSuspend(block: suspend () -> T): T = SuspendCall<T>(Loop::discard, EmptyCoroutineContext) { block() }.await()

/** As [awaitSuspend], with [onUndelivered] to receive a value that the block returns though the task is cancelled. The loop reports what that throws. */
public fun <T> awaitSuspend(onUndelivered: Consumer<in T>, block: suspend () -> T): T =
    SuspendCall<T>({ value -> handOver(value, onUndelivered::accept) }, EmptyCoroutineContext) { block() }.await()

/**
 * As [awaitSuspend]; the policy says what becomes of the block if the task is cancelled. With [CancelPolicy.SHIELD] it goes on as a task of its own, and what it returns then is closed if it is
 * [AutoCloseable], otherwise reported; its failure is reported, and goes to the [CoroutineExceptionHandler], if there is one. With [CancelPolicy.drain] it may finish within a while. A block has one
 * awaiter, so [CancelPolicy.SHARE] is [CancelPolicy.OWN].
 */
public fun <T> awaitSuspend(policy: CancelPolicy, block: suspend () -> T): T =
    if (policy === CancelPolicy.SHIELD) awaitShielded(block) else SuspendCall<T>(Loop::discard, EmptyCoroutineContext) { block() }.await(policy)

private fun <T> awaitShielded(block: suspend () -> T): T {
    Task.current()
    val loop = Loop.current()
    val context = handedOnContext()
    val task = loop.async { block() }
    try {
        return Await.await(task, CancelPolicy.SHIELD)
    } catch (left: TaskCancelledException) {
        task.handle { _: Any?, _: Throwable? -> if (task.isFailed) loop.failedTooLate(context, task.exceptionNow()) else if (!task.isCancelled) loop.discard(task.resultNow()) }
        throw left
    }
}

private fun Loop.failedTooLate(context: CoroutineContext, failure: Throwable) {
    report(Report(Report.Kind.LATE_FAILURE, this, "a shielded suspending block failed after its task had left: $failure", failure, null, null))
    context[CoroutineExceptionHandler]?.handleException(context, failure)
}
