@file:JvmName("Coroutines")
@file:JvmMultifileClass

package io.coloop.kotlin

import io.coloop.Loop
import io.coloop.stream.Emitter
import io.coloop.stream.EmittingBody
import io.coloop.stream.Iteration
import io.coloop.stream.Streams
import io.coloop.sync.Queue
import java.util.concurrent.CancellationException
import java.util.function.Consumer
import kotlinx.coroutines.CoroutineExceptionHandler
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.firstOrNull
import kotlinx.coroutines.flow.last
import kotlinx.coroutines.flow.lastOrNull
import kotlinx.coroutines.flow.single

// ---- Flow -> task

/**
 * Iterates over a flow in a task with a plain `for`; see [Iteration]. In Java: `try (var rows = iterate(flow, 32)) { for (Row row : rows) ... }`.
 *
 * 1. *Start:* the flow is collected once, from the first `hasNext()` on.
 * 2. *Thread:* it is collected on the loop's own thread, on [Loop.dispatcher], without a hop; the task takes the items.
 * 3. *Cancellation:* closing the iteration cancels the collecting, at once, wherever the flow suspends, and waits in a task for its `finally` blocks, which run on the loop; see [Iteration.close]. A cancelled task gets its
 *    [io.coloop.TaskCancelledException] and leaves the iteration open until it is closed. A flow that is cancelled otherwise is a failure with its [CancellationException].
 * 4. *Empty* is an iteration without items. *Null* fails it.
 * 5. *Undelivered:* items that are here when it is closed are closed if they are [AutoCloseable], otherwise dropped. A failure that comes after that is reported, and goes to the
 *    [CoroutineExceptionHandler], if there is one.
 * 6. *Demand:* the flow is suspended in its `emit` when it is [prefetch] items ahead, and goes on when three quarters of them were taken. A hot flow keeps or drops what
 *    comes meanwhile, as its own buffer says.
 * 7. *Context:* as with [awaitSuspend], of the task that iterates first.
 *
 * A failure of the flow is thrown by `hasNext()` once the items before it were taken: the same instance if it is unchecked, else as the cause of a
 * [java.util.concurrent.CompletionException].
 *
 * @param prefetch one or more
 * @throws io.coloop.LoopMisuseException without a loop
 */
@JvmOverloads
public fun <T : Any> Flow<T>.iterate(prefetch: Int = Iteration.DEFAULT_PREFETCH): Iteration<T> = iterationOf(this, prefetch, null)

/** As [iterate]; items that are left when it is closed go to [onUndelivered], which runs on the loop and must not await. */
public fun <T : Any> Flow<T>.iterate(prefetch: Int, onUndelivered: Consumer<in T>): Iteration<T> = iterationOf(this, prefetch, onUndelivered)

/**
 * Awaits the first item of a flow in a task's body, and cancels the flow then. [awaitSuspend] of kotlinx's `first`, with the same answers.
 *
 * @throws NoSuchElementException if it is empty
 */
public fun <T> awaitFirst(flow: Flow<T>): T = awaitSuspend { flow.first() }

/** As [awaitFirst]; null if the flow is empty. */
public fun <T> awaitFirstOrNull(flow: Flow<T>): T? = awaitSuspend { flow.firstOrNull() }

/**
 * Awaits the end of a flow in a task's body and returns its last item; those before it are dropped. [awaitSuspend] of kotlinx's `last`, with the same answers.
 *
 * @throws NoSuchElementException if it is empty
 */
public fun <T> awaitLast(flow: Flow<T>): T = awaitSuspend { flow.last() }

/** As [awaitLast]; null if the flow is empty. */
public fun <T> awaitLastOrNull(flow: Flow<T>): T? = awaitSuspend { flow.lastOrNull() }

/**
 * Awaits the end of a flow in a task's body and returns its only item. [awaitSuspend] of kotlinx's `single`, with the same answers.
 *
 * @throws NoSuchElementException if it is empty
 * @throws IllegalArgumentException if there is more than one
 */
public fun <T> awaitSingle(flow: Flow<T>): T = awaitSuspend { flow.single() }

// ---- task -> Flow

/**
 * A flow that await-style code emits: `loop.flow { emit(await(x)) }`. The body may use everything of `io.coloop.Await`.
 *
 * 1. *Start:* cold; a task for each collector, from the loop's ready queue.
 * 2. *Thread:* the body runs on the loop, as a task; the items are collected where the collector says. On the loop's dispatcher all stays on the loop.
 * 3. *Cancellation:* when the collector leaves, by a cancellation, a failure or an operator such as `first`, the task is cancelled, at once, and the collecting ends when the task has, after its
 *    `finally` blocks. A task that somebody else cancels, or the loop's end, is a failure: [FutureCancelledException]. A closed loop is one, too:
 *    [io.coloop.LoopClosedException].
 * 4. *Null* is a [NullPointerException] in the body. A body that emits nothing is an empty flow.
 * 5. *Undelivered:* an item that was being emitted when the collector left goes to [onUndelivered], else it is closed if it is [AutoCloseable], otherwise reported; so does what the body
 *    fails with after that, which goes to the [CoroutineExceptionHandler] as well.
 * 6. *Demand:* `emit` waits until the collector is ready for an item, and so does `awaitDemand`. Nothing is buffered; kotlinx's `buffer` does.
 * 7. *Context:* the task sees the [io.coloop.ContextVar]s and the foreign context of the collecting coroutine; below it, [awaitSuspend] and [async] hand on the elements of that
 *    coroutine's context, such as its name, and it has the coroutine's `ReactorContext` as its Reactor Context.
 *
 * A failure of the body is the same instance.
 *
 * @param onUndelivered runs on the loop and must not await
 */
@JvmSynthetic
public fun <T : Any> Loop.flow(onUndelivered: ((T) -> Unit)? = null, body: Emitter<T>.() -> Unit): Flow<T> =
    emitted(this, { emitter -> emitter.body() }, onUndelivered?.let { Consumer(it) })

/** A flow that await-style code emits, for Java; see [Loop.flow]. */
public fun <T : Any> flow(loop: Loop, body: EmittingBody<T, *>): Flow<T> = emitted(loop, body, null)

/** As [flow]; an item that could not be delivered goes to [onUndelivered], which runs on the loop and must not await. */
public fun <T : Any> flow(loop: Loop, body: EmittingBody<T, *>, onUndelivered: Consumer<in T>): Flow<T> = emitted(loop, body, onUndelivered)

/**
 * The items of a queue as a flow: each is taken out when a collector is ready for it, so collectors share them. It completes when the queue is shut down and empty. Otherwise as
 * [Loop.flow]; an item that was taken out and could not be delivered is undelivered. As a channel: `queue.asFlow(loop).produceIn(scope)`.
 */
public fun <T : Any> Queue<T>.asFlow(loop: Loop): Flow<T> = emitted(loop, Streams.emitting(this), null)
