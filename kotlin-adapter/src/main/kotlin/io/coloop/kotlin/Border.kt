package io.coloop.kotlin

import io.coloop.Loop
import io.coloop.LoopClosedException
import io.coloop.Report
import io.coloop.Task
import io.coloop.TaskCancelledException
import java.util.concurrent.CancellationException
import java.util.concurrent.CompletionException

/** What a future's failure is for a coroutine: without the stages' wrapper, and never a cancellation, which would end it in silence. */
internal fun Throwable.asFailureForCoroutine(): Throwable {
    val failure = unwrapped()
    return if (failure is CancellationException) FutureCancelledException(failure) else failure
}

internal fun Throwable.unwrapped(): Throwable = if (this is CompletionException) cause ?: this else this

/** What a coroutine's failure is for a task: never a [TaskCancelledException], which would end the task as if it had been cancelled itself. */
internal fun Throwable.asFailureForTask(): Throwable = TaskCancelledException.crossing(this)

/** Closes a value that nobody will receive; reports any other one that is worth it. */
internal fun Loop.discard(value: Any?) {
    when (value) {
        null, Unit -> return
        is AutoCloseable -> handOver(value, AutoCloseable::close)
        else -> report(Report(Report.Kind.LATE_VALUE, this, "a coroutine's value came after the cancellation: $value", null, null, value))
    }
}

/** Gives a value that was not delivered to its receiver, whose failure is the loop's to report. */
internal fun <T> Loop.handOver(value: T, receiver: (T) -> Unit) {
    try {
        receiver(value)
    } catch (failure: Throwable) {
        val message = "what receives an undelivered value failed: $failure"
        report(Report(Report.Kind.LATE_FAILURE, this, message, failure, null, value))
    }
}

/** As [handOver], from the ready queue, or on the calling thread if the loop is closed. Any thread. */
internal fun <T> Loop.handOverSoon(value: T, receiver: (T) -> Unit) = executeOrRun { handOver(value, receiver) }

/** Foreign code, which never runs on a task's stack: here if this is the loop's own thread outside a task, else as [executeOrRun]. Any thread. */
internal fun Loop.runOnOwnThread(action: Runnable) {
    if (isOnLoop && Task.currentOrNull() == null) action.run() else executeOrRun(action)
}

/** From the ready queue, or on the calling thread if the loop is closed. Any thread. */
internal fun Loop.executeOrRun(action: Runnable) {
    try {
        execute(action)
    } catch (closed: LoopClosedException) {
        action.run()
    }
}
