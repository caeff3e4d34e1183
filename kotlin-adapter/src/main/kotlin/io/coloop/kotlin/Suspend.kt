@file:JvmName("Coroutines")
@file:JvmMultifileClass

package io.coloop.kotlin

import io.coloop.Await
import io.coloop.Awaitable
import io.coloop.Body
import io.coloop.Loop
import io.coloop.Promise
import io.coloop.Task
import io.coloop.TaskCancelledException
import java.util.concurrent.CancellationException
import java.util.concurrent.CompletionException
import java.util.function.Consumer
import kotlin.coroutines.CoroutineContext
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Job
import kotlinx.coroutines.async

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
 * 7. *Context:* the loop's dispatcher, a job of its own without a parent, and the task's captured context while the block first runs.
 *
 * A failure, of the block or of a child, is the task's: the same instance.
 *
 * From Java: `Coroutines.async(loop, (scope, continuation) -> repo.find(7, continuation))`.
 *
 * @throws io.coloop.LoopClosedException if the loop is closed
 */
public fun <T> Loop.async(block: suspend CoroutineScope.() -> T): Task<T> =
    spawn(
        Body<T, Throwable> {
            val call = SuspendCall<T>(Loop::discard, block)
            try {
                call.await()
            } catch (wrapped: CompletionException) {
                throw call.failure ?: wrapped // a task may fail with a checked one, an await may not throw it
            }
        }
    )

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
 * 7. *Context:* the loop's dispatcher, a job of its own without a parent, and the task's captured context while the block first runs.
 *
 * An unchecked failure is thrown as the same instance, a checked one as the cause of a [CompletionException].
 *
 * From Java a suspending function takes its continuation as the last argument:
 * `User user = awaitSuspend(continuation -> repo.find(7, continuation));`
 *
 * @throws io.coloop.LoopMisuseException outside a task, as in a coroutine: there, call the function itself
 */
public fun <T> awaitSuspend(block: suspend () -> T): T = SuspendCall<T>(Loop::discard) { block() }.await()

/** As [awaitSuspend], with [onUndelivered] to receive a value that the block returns though the task is cancelled. The loop reports what that throws. */
public fun <T> awaitSuspend(onUndelivered: Consumer<in T>, block: suspend () -> T): T =
    SuspendCall<T>({ value -> handOver(value, onUndelivered::accept) }) { block() }.await()

/** A scope without a job: what it starts has no parent, and a failure is only its own. */
internal class Standalone(override val coroutineContext: CoroutineContext) : CoroutineScope

/**
 * One coroutine that one task awaits until it has ended, however often the task is cancelled meanwhile: each await gets a promise of its own, since a
 * cancelled one is done at once.
 */
private class SuspendCall<T>(
    private val onUndelivered: Loop.(T) -> Unit,
    private val block: suspend CoroutineScope.() -> T,
) : Awaitable<T> {
    // The loop's. Only a coroutine that outlives its loop ends on another thread; by then nobody awaits it.
    private var coroutine: Job? = null
    private var promise: Promise<T>? = null
    private var returned: Any? = NOTHING
    private var cancelled = false

    /** What the coroutine failed with. */
    var failure: Throwable? = null
        private set

    fun await(): T {
        var first: TaskCancelledException? = null
        while (true) {
            try {
                return Await.await(this)
            } catch (cancelled: TaskCancelledException) {
                first = first ?: cancelled
                if (!hasMoreToSay()) {
                    throw first
                }
            }
        }
    }

    private fun hasMoreToSay(): Boolean {
        val started = coroutine ?: return false
        return !started.isCompleted || failure.let { it != null && it !is CancellationException }
    }

    override fun subscribe(promise: Promise<T>) {
        this.promise = promise
        val loop = promise.future().loop()
        promise.onUndelivered { value -> loop.onUndelivered(value) }
        promise.onCancel {
            cancelled = true
            coroutine?.cancel(promise.future().exceptionNow() as CancellationException)
        }
        val started = coroutine
        if (started == null) {
            start(loop)
        } else if (started.isCompleted) {
            settle(promise)
        }
    }

    override fun toString(): String = "suspending block"

    private fun start(loop: Loop) {
        val starting = Standalone(loop.dispatcher).async(start = CoroutineStart.UNDISPATCHED) { returned = block() }
        coroutine = starting
        starting.invokeOnCompletion { cause ->
            failure = cause
            promise?.let(::settle)
            val value = returned
            if (cause != null && value !== NOTHING) {
                @Suppress("UNCHECKED_CAST") loop.onUndelivered(value as T)
            }
        }
    }

    private fun settle(promise: Promise<T>) {
        val cause = failure
        if (cause == null) {
            @Suppress("UNCHECKED_CAST") promise.complete(returned as T)
        } else if (cancelled && cause is CancellationException) {
            promise.future().cancel()
        } else {
            promise.fail(cause.asFailureForTask())
        }
    }

    private companion object {
        val NOTHING = Any()
    }
}
