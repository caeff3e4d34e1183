@file:JvmName("Coroutines")
@file:JvmMultifileClass

package io.coloop.kotlin

import io.coloop.Loop
import io.coloop.LoopClosedException
import io.coloop.Task
import io.coloop.TimerHandle
import java.util.concurrent.CancellationException
import java.util.concurrent.TimeUnit
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.resume
import kotlinx.coroutines.CancellableContinuation
import kotlinx.coroutines.Delay
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.DisposableHandle
import kotlinx.coroutines.InternalCoroutinesApi
import kotlinx.coroutines.MainCoroutineDispatcher
import kotlinx.coroutines.cancel

/**
 * Runs coroutines on this loop: through its ready queue, in order, one at a time with its tasks and callbacks, on the loop's own
 * thread and never on a task's stack.
 *
 * Every dispatch waits its turn in the queue; [LoopDispatcher.immediate] goes on in place where that is safe. `delay`, `withTimeout` and
 * their like use the loop's timers, so under a virtual clock they jump. Any thread. Two dispatchers of one loop are equal.
 */
@get:JvmName("dispatcher")
public val Loop.dispatcher: LoopDispatcher
    get() = LoopDispatcher(this, inPlace = false)

/**
 * A loop as a [kotlinx.coroutines.CoroutineDispatcher]; see [Loop.dispatcher].
 *
 * **Time.** kotlinx hands a dispatcher whole milliseconds: `delay(Duration)` and `withTimeout(Duration)` round up to the next one before
 * they get here, so they are never early and up to a millisecond late. From there on it is exact. Where nanoseconds matter, sleep in a
 * task: `loop.awaitTask { sleep(duration) }`.
 *
 * **After the close** of the loop a dispatch cancels the coroutine's job, with the [LoopClosedException] as the cause, and goes to
 * [Dispatchers.IO], so that its `finally` blocks still run. A coroutine that is in a `delay` when the loop closes is not resumed, unless it belongs
 * to a task: one that [async] or [awaitSuspend] started is cancelled and waited for like every task.
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
        get() = if (inPlace) this else LoopDispatcher(loop, inPlace = true)

    override fun isDispatchNeeded(context: CoroutineContext): Boolean = !(inPlace && mayRunHere())

    /** Whether the calling thread is the loop's own, outside a task's body. */
    internal fun mayRunHere(): Boolean = Task.currentOrNull() == null && loop.isOnLoop

    override fun dispatch(context: CoroutineContext, block: Runnable) {
        try {
            loop.execute(block)
        } catch (closed: LoopClosedException) {
            cancelBecause(closed, context)
            Dispatchers.IO.dispatch(context, block)
        }
    }

    /** Part of kotlinx's contract for dispatchers; call `delay` instead. */
    @InternalCoroutinesApi
    override fun scheduleResumeAfterDelay(timeMillis: Long, continuation: CancellableContinuation<Unit>) {
        // A dispatch follows the timer, as a task's step follows the timer of its sleep: equal deadlines keep their order across languages.
        val timer =
            LoopTimer(
                loop,
                timeMillis,
                action = { continuation.resume(Unit) },
                onClosed = { closed ->
                    cancelBecause(closed, continuation.context)
                    continuation.cancel(closed)
                },
            )
        timer.start()
        continuation.invokeOnCancellation { timer.dispose() }
    }

    /** Part of kotlinx's contract for dispatchers; call `withTimeout` instead. */
    @InternalCoroutinesApi
    override fun invokeOnTimeout(timeMillis: Long, block: Runnable, context: CoroutineContext): DisposableHandle =
        LoopTimer(loop, timeMillis, block, onClosed = { closed -> cancelBecause(closed, context) }).also { it.start() }

    private fun cancelBecause(closed: LoopClosedException, context: CoroutineContext) {
        context.cancel(CancellationException("the coroutine's loop ${loop.name()} is closed").apply { initCause(closed) })
    }

    override fun equals(other: Any?): Boolean = other is LoopDispatcher && other.loop === loop && other.inPlace == inPlace

    override fun hashCode(): Int = System.identityHashCode(loop) + (if (inPlace) 1 else 0)

    override fun toString(): String = "LoopDispatcher[${loop.name()}]" + (if (inPlace) ".immediate" else "")
}

/** A timer of a loop that any thread may start and dispose. What reaches the loop from one thread arrives in order, so it starts first. */
private class LoopTimer(
    private val loop: Loop,
    delayMillis: Long,
    private val action: Runnable,
    private val onClosed: (LoopClosedException) -> Unit,
) : DisposableHandle {
    private val deadline = (loop.time() + TimeUnit.MILLISECONDS.toNanos(delayMillis)).let { if (it < 0) Long.MAX_VALUE else it }
    private var handle: TimerHandle? = null // the loop's
    private var disposed = false // the loop's

    fun start() {
        try {
            onLoop(::arm)
        } catch (closed: LoopClosedException) {
            onClosed(closed)
        }
    }

    private fun arm() {
        if (disposed) {
            return
        }
        try {
            handle = loop.callAt(deadline, action)
        } catch (closed: LoopClosedException) { // it closed while this was on its way
            onClosed(closed)
        }
    }

    override fun dispose() {
        try {
            onLoop(::disarm)
        } catch (closed: LoopClosedException) {
            // its timers are gone with it
        }
    }

    private fun disarm() {
        disposed = true
        handle?.cancel()
    }

    private fun onLoop(step: () -> Unit) {
        if (loop.isOnLoop) step() else loop.execute(step)
    }
}
