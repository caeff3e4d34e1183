package io.coloop.kotlin

import io.coloop.Await
import io.coloop.CloseHook
import io.coloop.Loop
import io.coloop.LoopClosedException
import io.coloop.Promise
import io.coloop.Task
import io.coloop.TimerHandle
import io.coloop.VoidBody
import java.util.concurrent.CancellationException
import java.util.concurrent.TimeUnit
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.jvm.internal.CoroutineStackFrame
import kotlinx.coroutines.CancellableContinuation
import kotlinx.coroutines.DisposableHandle
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.cancel

/**
 * The timers that the coroutines of a loop wait for. A closing loop would merely drop them: this cancels the coroutines first, as a close hook.
 *
 * All state is the loop's.
 */
internal class LoopTimers(private val loop: Loop) : VoidBody<RuntimeException> {
    private val pending = LinkedHashSet<LoopTimer>()
    private var hook: CloseHook? = null // there while something is pending
    private var allGone: Promise<Unit>? = null // what the running hook waits for

    fun add(timer: LoopTimer) {
        pending.add(timer)
        if (allGone != null) {
            timer.cancel()
        } else if (hook == null) {
            try {
                hook = loop.onClose(this)
            } catch (closed: LoopClosedException) {
                abandonAll()
            }
        }
    }

    fun remove(timer: LoopTimer) {
        pending.remove(timer)
        if (pending.isEmpty()) {
            allGone?.complete(Unit)
            hook?.remove()
            hook = null
        }
    }

    /** The close hook. */
    override fun run() {
        hook = null // it is used up
        if (pending.isEmpty()) {
            return
        }
        val gone = loop.promise<Unit>()
        allGone = gone
        Task.current().whenComplete { _: Any?, _: Throwable? ->
            if (!gone.isDone) abandonAll() // the loop gave the hook up
        }
        loop.execute(::cancelAll) // handlers of the jobs must not run on a task's stack
        try {
            Await.await(gone.future())
        } finally {
            allGone = null
        }
    }

    private fun cancelAll() {
        for (timer in pending.toList()) {
            if (timer in pending) { // one job may have several
                timer.cancel()
            }
        }
    }

    private fun abandonAll() {
        allGone = null
        val left = pending.toList()
        pending.clear()
        left.forEach(LoopTimer::abandon)
    }

    override fun toString(): String = "${pending.size} timers of coroutines"
}

/** A timer of a loop that any thread may start and dispose. What reaches the loop from one thread arrives in order, so it starts first. */
internal class LoopTimer(
    private val loop: Loop,
    delayMillis: Long,
    private val action: Runnable,
    /** Of the coroutine that it will wake or cancel. */
    private val context: CoroutineContext,
    /** What it will resume, or null if it cancels something. */
    private val continuation: CancellableContinuation<Unit>?,
) : DisposableHandle {
    private val deadline = (loop.time() + TimeUnit.MILLISECONDS.toNanos(delayMillis)).let { if (it < 0) Long.MAX_VALUE else it }
    private var handle: TimerHandle? = null // the loop's
    private var disposed = false // the loop's

    fun start() {
        try {
            onLoop(::arm)
        } catch (closed: LoopClosedException) {
            endBecause(closed)
        }
    }

    private fun arm() {
        if (disposed) {
            return
        }
        try {
            handle = loop.callAt(deadline, ::fire)
        } catch (closed: LoopClosedException) { // it closed while this was on its way
            endBecause(closed)
            return
        }
        loop.coroutines.timers.add(this)
    }

    private fun fire() {
        loop.coroutines.timers.remove(this)
        action.run()
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
        if (handle?.cancel() == true) {
            loop.coroutines.timers.remove(this)
        }
    }

    private fun onLoop(step: () -> Unit) {
        if (loop.isOnLoop) step() else loop.execute(step)
    }

    /** The loop is closing: cancels the coroutine, which disposes of this. What cannot be cancelled is waited for. */
    fun cancel() {
        val job = context[Job]
        if (job == null) {
            disarm()
            abandon()
        } else if (!job.isNonCancellable()) {
            job.cancel(CancellationException("the coroutine's loop ${loop.name()} is closing"))
            if (continuation == null) {
                disarm()
            }
        }
    }

    /** Whether it is in a block of [NonCancellable]: kotlinx keeps no link to that, but there a coroutine that continues another has no parent. */
    @OptIn(ExperimentalCoroutinesApi::class)
    private fun Job.isNonCancellable(): Boolean {
        val root = generateSequence(this) { it.parent }.last()
        return root === NonCancellable || root is CoroutineStackFrame
    }

    /** The loop has closed and will not fire it. */
    fun abandon() {
        endBecause(CancellationException("the coroutine's loop ${loop.name()} closed before its timer was due"))
    }

    private fun endBecause(cause: RuntimeException) {
        context.cancel(cause as? CancellationException ?: loop.closedFor(cause))
        continuation?.cancel(cause) // where the job is none, or not cancellable
    }
}

/** What ends a coroutine whose loop is closed. */
internal fun Loop.closedFor(cause: Throwable): CancellationException =
    CancellationException("the coroutine's loop ${name()} is closed").also { it.initCause(cause) }
