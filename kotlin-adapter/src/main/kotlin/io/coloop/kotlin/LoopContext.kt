package io.coloop.kotlin

import io.coloop.ContextHolder
import io.coloop.ContextVar
import io.coloop.Loop
import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext
import kotlinx.coroutines.CopyableThreadContextElement
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.Job

/**
 * Carries coloop's context through one coroutine.
 *
 * @param holder that coroutine's; null in a scope whose coroutines inherit from whoever starts them, as tasks do
 */
@OptIn(ExperimentalCoroutinesApi::class)
internal class LoopContext(private val loop: Loop, private val holder: ContextHolder?) : CopyableThreadContextElement<Any?> {
    override val key: CoroutineContext.Key<LoopContext>
        get() = Key

    // kotlinx may begin the next piece on another thread before it leaves this one, so nothing is written here when a piece is left.
    override fun updateThreadContext(context: CoroutineContext): Any? = holder?.enter()

    override fun restoreThreadContext(context: CoroutineContext, oldState: Any?) {
        if (oldState != null) {
            holder?.exit(oldState)
        }
    }

    override fun copyForChild(): LoopContext = LoopContext(loop, holder?.copy() ?: ContextHolder.capture(loop))

    override fun mergeForChild(overwritingElement: CoroutineContext.Element): CoroutineContext = (overwritingElement as LoopContext).copyForChild()

    override fun toString(): String = "LoopContext[${holder ?: "inherited"}]"

    companion object Key : CoroutineContext.Key<LoopContext>
}

/** What a coroutine's context hands on to the coroutines below a task that it starts: a name, a logging context, a Reactor context as far as [ReactorContexts] does not know of it. */
private val handedOn = ContextVar.of<CoroutineContext>("coroutine context", EmptyCoroutineContext)

/** What a task does that a coroutine starts, with the coroutine's context. */
internal fun <T> inContextOf(context: CoroutineContext, body: () -> T): T {
    val elements = context.minusKey(Job).minusKey(ContinuationInterceptor).minusKey(LoopContext)
    if (elements != handedOn.get()) {
        handedOn.set(elements)
    }
    return ReactorContexts.run(elements, body)
}

/** What was handed on to the calling task or callback. */
internal fun handedOnContext(): CoroutineContext = handedOn.get()

/** For a coroutine that a task starts: on its loop, and with the context that it sees now. */
internal fun contextBelow(loop: Loop): CoroutineContext = ReactorContexts.below(handedOn.get()) + loop.dispatcher + loop.coroutines.inherited
