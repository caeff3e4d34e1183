package io.coloop.kotlin

import io.coloop.Await
import io.coloop.Awaitable
import io.coloop.Body
import io.coloop.Loop
import io.coloop.Task
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.coroutineScope

/** Starts a task on the current loop. What it returns though it ends cancelled is closed or reported, but not [Unit]. */
internal fun <T> task(body: () -> T): Task<T> = Task.spawn(Body<T, Throwable> { body() }).also { it.onUndelivered(Loop.current()::discard) }

/** Runs a block as a coroutine of the current loop while the test's task awaits it. */
internal fun coroutine(block: suspend CoroutineScope.() -> Unit) = awaitSuspend { coroutineScope(block) }

/** Awaits the end of a job in the test's task. */
internal fun Job.ended() = awaitSuspend { join() }

/** A scope on the loop, with a job of its own. */
internal fun Loop.scope(): CoroutineScope = CoroutineScope(dispatcher + Job())

/** What the block throws. */
internal inline fun <reified X : Throwable> thrownBy(block: () -> Unit): X {
    val thrown =
        try {
            block()
            null
        } catch (thrown: Throwable) {
            thrown
        }
    return thrown as? X ?: throw AssertionError("expected ${X::class.java.name} but got $thrown", thrown)
}

/** Gives up the loop until everything that was ready, and what that made ready in turn, has run. */
internal fun settle() = repeat(10) { Await.yieldNow() }

/** Runs an action on another thread and awaits its end. */
internal fun elsewhere(action: () -> Unit) {
    Await.await(
        Awaitable { promise ->
            Thread.ofPlatform().start {
                try {
                    action()
                    promise.complete(Unit)
                } catch (failure: Throwable) {
                    promise.fail(failure)
                }
            }
        }
    )
}

/** The thread that runs the loop's callbacks, which is the one for coroutines. */
internal fun Loop.ownThread(): Thread {
    val thread = CompletableFuture<Thread>()
    execute { thread.complete(Thread.currentThread()) }
    return if (isOnLoop) Await.await(thread) else thread.get(LIMIT_SECONDS, TimeUnit.SECONDS)
}

internal const val LIMIT_SECONDS = 20L

/** A resource that knows whether it was closed. */
internal class Resource : AutoCloseable {
    var closed = 0

    override fun close() {
        closed++
    }
}
