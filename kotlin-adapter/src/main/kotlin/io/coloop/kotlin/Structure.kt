@file:JvmName("Coroutines")
@file:JvmMultifileClass

package io.coloop.kotlin

import io.coloop.Await
import io.coloop.Body
import io.coloop.Loop
import io.coloop.Task
import io.coloop.TaskGroup
import io.coloop.TaskGroupException
import java.util.concurrent.CancellationException
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.launch

/**
 * Runs a body in await style, in place, with a group of tasks, and returns its result once they have all ended. [TaskGroup.run] for Kotlin, which
 * would silently choose the one without a result.
 *
 * @throws TaskGroupException if the body or a task failed
 * @throws io.coloop.LoopMisuseException outside a task
 */
@JvmSynthetic public fun <T> taskGroup(body: TaskGroup.() -> T): T = TaskGroup.run(TaskGroup.GroupBody<T> { group -> group.body() })

/**
 * Starts a coroutine as a task of this group: the group waits for it, its failure fails the group, and whatever ends the group cancels it.
 *
 * Otherwise as [Loop.async], with the same answers. Cancelling the task is no failure of the group.
 *
 * From Java: `Coroutines.async(group, (scope, continuation) -> repo.find(7, continuation))`.
 *
 * @param context as for kotlinx's `async`: a dispatcher in it takes the place of the loop's, a job in it becomes one more parent
 * @throws io.coloop.LoopMisuseException on another thread, if the group has ended, or if it is ending early
 */
@JvmOverloads
public fun <T> TaskGroup.async(context: CoroutineContext = EmptyCoroutineContext, block: suspend CoroutineScope.() -> T): Task<T> =
    spawn(suspendingBody(context, block)).also { task -> task.onUndelivered { value -> task.loop().discard(value) } }

/**
 * Runs a body in await style, in place, on the calling task, with a scope for coroutines: kotlinx's `launch` and `async` in it start children of this task. Returns the body's
 * result once they have all ended. The counterpart of `coroutineScope`.
 *
 * 1. *Start:* the body runs in place, from the loop's next turn on; a coroutine as its start says, from the ready queue.
 * 2. *Thread:* the body runs on the task and awaits; the coroutines run on the loop's own thread, on [Loop.dispatcher].
 * 3. *Cancellation:* cancelling the task cancels the coroutines, and the task goes on when they have ended, after their `finally` blocks. The first failure, of a coroutine or
 *    of the body, cancels the others and is thrown, the same instance; further ones are suppressed in it. A coroutine that is merely cancelled is no failure. Cancelling
 *    the scope cuts the body short with a [CancellationException].
 * 4. *Null* is a value.
 * 5. *Undelivered:* as with kotlinx's builders; the body's value is dropped if a coroutine fails.
 * 6. *Demand:* one value.
 * 7. *Context:* each coroutine sees what whoever starts it sees at that moment, as tasks do; see [contextElement].
 *
 * @throws io.coloop.LoopMisuseException outside a task, as in a coroutine: there, call `coroutineScope`
 */
@JvmSynthetic
public fun <T> taskScope(body: CoroutineScope.() -> T): T {
    try {
        return taskGroup {
            val loop = Loop.current()
            val opened = loop.promise<CoroutineScope>()
            val bodyDone = CompletableDeferred<Unit>()
            val coroutines =
                suspendingBody(EmptyCoroutineContext) {
                    opened.complete(CoroutineScope(coroutineContext + loop.coroutines.inherited))
                    bodyDone.await() // and, as every coroutine, for its children
                }
            spawn("scope", coroutines)
            Await.await(opened.future()).body().also { bodyDone.complete(Unit) }
        }
    } catch (failed: TaskGroupException) {
        throw failed.asOne()
    }
}

private fun TaskGroupException.asOne(): Throwable {
    val first = failures().first()
    failures().drop(1).filter { it !== first }.forEach(first::addSuppressed)
    return first
}

/**
 * Starts await-style code as a task that is a child of this scope. The body may use everything of `io.coloop.Await`. Any thread.
 *
 * 1. *Start:* hot; the body starts from the loop's ready queue, as every task does. In a scope that is cancelled it never runs.
 * 2. *Thread:* the body runs on the loop, as a task; nothing of the scope's dispatcher.
 * 3. *Cancellation:* cancelling the scope cancels the task, and the scope ends when the task has, after its `finally` blocks. Cancelling the task alone is no failure of the
 *    scope. A source of another library that somebody else cancelled while the body awaits it is: [FutureCancelledException].
 * 4. *Null* is a value.
 * 5. *Undelivered:* the value stays with the task.
 * 6. *Demand:* one value.
 * 7. *Context:* the [io.coloop.ContextVar]s and the foreign context that the caller sees, and the scope's `ReactorContext` as its Reactor Context; below the task, [awaitSuspend] and [async] hand on the
 *    other elements of the scope's context, such as its name.
 *
 * A failure cancels the scope, as that of a coroutine which `launch` started: in a supervisor it goes to the [kotlinx.coroutines.CoroutineExceptionHandler].
 *
 * @throws io.coloop.LoopClosedException if the loop is closed
 */
@JvmSynthetic
public fun <T> CoroutineScope.task(loop: Loop, body: () -> T): Task<T> {
    val context = coroutineContext
    val task =
        loop.spawn(
            Body<T, Throwable> {
                if (context[Job]?.isCancelled == true) {
                    Task.current().cancel("its scope is cancelled")
                    Await.yieldNow()
                }
                inContextOf(context, body)
            }
        )
    task.onUndelivered(loop::discard)
    // Unconfined: it has no code of its own to run.
    launch(Dispatchers.Unconfined, CoroutineStart.UNDISPATCHED) {
        try {
            task.awaitOwned {}
        } catch (cancelled: FutureCancelledException) {
            throw if (task.isCancelled) cancelled.cause!! else cancelled // a child that was merely cancelled, or whose source was
        }
    }
    return task
}
