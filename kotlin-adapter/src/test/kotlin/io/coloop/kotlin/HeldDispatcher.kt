package io.coloop.kotlin

import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.coroutines.CoroutineContext
import kotlinx.coroutines.CoroutineDispatcher

/** Keeps what is dispatched until the test runs it, so that something can happen between a resumption and its dispatch. */
internal class HeldDispatcher : CoroutineDispatcher() {
    private val held = ConcurrentLinkedQueue<Runnable>()

    val waiting: Int
        get() = held.size

    override fun dispatch(context: CoroutineContext, block: Runnable) {
        held += block
    }

    fun release() {
        while (true) {
            (held.poll() ?: return).run()
        }
    }
}
