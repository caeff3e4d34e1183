@file:JvmName("Coroutines")
@file:JvmMultifileClass

package io.coloop.kotlin

import io.coloop.Await
import io.coloop.Awaitable
import io.coloop.Loop
import io.coloop.Promise
import io.coloop.stream.Iteration
import java.util.function.Consumer
import kotlinx.coroutines.channels.ChannelResult
import kotlinx.coroutines.channels.ReceiveChannel
import kotlinx.coroutines.channels.SendChannel
import kotlinx.coroutines.channels.onSuccess
import kotlinx.coroutines.flow.receiveAsFlow

/**
 * Iterates over what a channel receives, in a task with a plain `for`, until the channel is closed; see [Iteration].
 *
 * 1. *Start:* the channel is hot; the iteration receives from its first `hasNext()` on.
 * 2. *Thread:* it receives on the loop's own thread; who sends does that where it is.
 * 3. *Cancellation:* closing the iteration leaves the channel alone; `channel.cancel()` ends it. A channel that somebody else cancels is a failure.
 * 4. *Empty* is an iteration without items. *Null* fails it.
 * 5. *Undelivered:* it receives one item ahead. That one is closed, when the iteration is closed, if it is [AutoCloseable], otherwise reported; [awaitReceive] takes none ahead.
 * 6. *Demand:* one item ahead; what the sender does meanwhile is said by the channel's own capacity.
 * 7. *Context:* the task's own.
 *
 * @throws io.coloop.LoopMisuseException without a loop
 */
public fun <T : Any> ReceiveChannel<T>.iterate(): Iteration<T> {
    val loop = Loop.current()
    return iterate { item -> loop.discard(item) } // it is lost to the channel
}

/** As [iterate]; an item that is left when it is closed goes to [onUndelivered], which runs on the loop and must not await. */
public fun <T : Any> ReceiveChannel<T>.iterate(onUndelivered: Consumer<in T>): Iteration<T> = iterationOf(receiveAsFlow(), 1, onUndelivered)

/**
 * Receives one item of a channel in a task's body, in the loop's next turn if there is one. The channel is hot and left alone. An item that is on its way to a task that is cancelled goes to the
 * channel's own `onUndeliveredElement`; one that has arrived is closed if it is [AutoCloseable], otherwise reported. Null is a value.
 *
 * @throws kotlinx.coroutines.channels.ClosedReceiveChannelException if the channel is closed and empty; if it was closed with a failure, that is thrown as by [awaitSuspend]
 * @throws io.coloop.LoopMisuseException outside a task, as in a coroutine: there, call `channel.receive()`
 */
public fun <T> awaitReceive(channel: ReceiveChannel<T>): T {
    val ready = Await.await(TryReceive(channel))
    return if (ready.isSuccess) ready.getOrThrow() else awaitSuspend { channel.receive() }
}

/** On the loop's own thread: a sender that is unconfined goes on where its item is received. */
private class TryReceive<T>(private val channel: ReceiveChannel<T>) : Awaitable<ChannelResult<T>> {
    override fun subscribe(promise: Promise<ChannelResult<T>>) {
        val loop = promise.future().loop()
        promise.onUndelivered { ready -> ready.onSuccess(loop::discard) }
        promise.complete(channel.tryReceive())
    }

    override fun toString(): String = "awaitReceive"
}

/**
 * Sends an item to a channel in a task's body, now if there is room, and gives up the loop. If the task is cancelled meanwhile, the item goes to the channel's own `onUndeliveredElement`, unless it was
 * sent.
 *
 * @throws kotlinx.coroutines.channels.ClosedSendChannelException if the channel is closed; if it was closed with a failure, that is thrown as by [awaitSuspend]
 * @throws io.coloop.LoopMisuseException outside a task, as in a coroutine: there, call `channel.send(item)`
 */
public fun <T> awaitSend(channel: SendChannel<T>, item: T) {
    if (!Await.await(TrySend(channel, item)).isSuccess) {
        awaitSuspend { channel.send(item) }
    }
}

/** On the loop's own thread: a receiver that is unconfined goes on where its item is sent. */
private class TrySend<T>(private val channel: SendChannel<T>, private val item: T) : Awaitable<ChannelResult<Unit>> {
    override fun subscribe(promise: Promise<ChannelResult<Unit>>) {
        promise.complete(channel.trySend(item))
    }

    override fun toString(): String = "awaitSend"
}
