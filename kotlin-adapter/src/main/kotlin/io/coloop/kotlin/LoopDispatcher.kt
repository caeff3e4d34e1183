@file:JvmName("Coroutines")
@file:JvmMultifileClass

package io.coloop.kotlin

import io.coloop.Context
import io.coloop.Loop
import io.coloop.LoopClosedException
import io.coloop.Task
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.resume
import kotlinx.coroutines.CancellableContinuation
import kotlinx.coroutines.Delay
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.DisposableHandle
import kotlinx.coroutines.InternalCoroutinesApi
import kotlinx.coroutines.MainCoroutineDispatcher
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.cancel

/**
 * Runs coroutines on this loop: through its ready queue, in order, one at a time with its tasks and callbacks, on the loop's own
 * thread and never on a task's stack.
 *
 * Every dispatch waits its turn in the queue; [LoopDispatcher.immediate] goes on in place where that is safe. `delay`, `withTimeout` and
 * their like use the loop's timers, so under a virtual clock they jump. Any thread. A loop has one.
 */
@get:JvmName("dispatcher")
public val Loop.dispatcher: LoopDispatcher
    get() = coroutines.dispatcher

/**
 * A loop as a [kotlinx.coroutines.CoroutineDispatcher]; see [Loop.dispatcher].
 *
 * **Time.** kotlinx hands a dispatcher whole milliseconds: `delay(Duration)` and `withTimeout(Duration)` round up to the next one before
 * they get here, so they are never early and up to a millisecond late. From there on it is exact. Where nanoseconds matter, sleep in a
 * task: `loop.awaitTask { sleep(duration) }`.
 *
 * **When the loop closes**, coroutines that belong to a task, such as [async] and [awaitSuspend] start, are cancelled and waited for like every task. Then the jobs of
 * all others that are in a `delay` or a `withTimeout` are cancelled, and they clean up on the loop; a delay that is [NonCancellable] may go on until the loop's shutdown timeout. **After the
 * close** a dispatch cancels the coroutine's job, with the [LoopClosedException] as the cause, and goes to [Dispatchers.IO], so that its `finally`
 * blocks still run; a delay throws.
 *
 * **Context.** A coroutine sees its own, by [contextElement], and nothing of whoever resumes it.
 *
 * Do not call `runBlocking` on the loop: it blocks the thread that would have to run what it waits for.
 */
@OptIn(InternalCoroutinesApi::class)
public class LoopDispatcher
internal constructor(
    /** The loop that it dispatches to. */
    public val loop: Loop,
    private val inPlace: Boolean,
) : MainCoroutineDispatcher(), Delay {
    /**
     * The dispatcher that goes on in place if the calling thread is the loop's own and is not in a task's body, where foreign code between
     * two awaits would break the rule that only `await` gives up the loop; otherwise it dispatches.
     */
    override val immediate: LoopDispatcher
        get() = loop.coroutines.immediate

    override fun isDispatchNeeded(context: CoroutineContext): Boolean = !(inPlace && mayRunHere())

    /** Whether the calling thread is the loop's own, outside a task's body. */
    internal fun mayRunHere(): Boolean = Task.currentOrNull() == null && loop.isOnLoop

    override fun dispatch(context: CoroutineContext, block: Runnable) {
        try {
            loop.execute(block, Context.empty()) // of whoever resumes the coroutine nothing is its business
        } catch (closed: LoopClosedException) {
            context.cancel(loop.closedFor(closed))
            Dispatchers.IO.dispatch(context, block)
        }
    }

    /** Part of kotlinx's contract for dispatchers; call `delay` instead. */
    @InternalCoroutinesApi
    override fun scheduleResumeAfterDelay(timeMillis: Long, continuation: CancellableContinuation<Unit>) {
        // A dispatch follows the timer, as a task's step follows the timer of its sleep: equal deadlines keep their order across languages.
        val timer = LoopTimer(loop, timeMillis, { continuation.resume(Unit) }, continuation.context, continuation)
        timer.start()
        continuation.invokeOnCancellation { timer.dispose() }
    }

    /** Part of kotlinx's contract for dispatchers; call `withTimeout` instead. */
    @InternalCoroutinesApi
    override fun invokeOnTimeout(timeMillis: Long, block: Runnable, context: CoroutineContext): DisposableHandle =
        LoopTimer(loop, timeMillis, block, context, null).also { it.start() }

    override fun toString(): String = "LoopDispatcher[${loop.name()}]" + (if (inPlace) ".immediate" else "")
}
