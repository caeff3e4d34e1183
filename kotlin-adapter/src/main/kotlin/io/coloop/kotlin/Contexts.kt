@file:JvmName("Coroutines")
@file:JvmMultifileClass

package io.coloop.kotlin

import io.coloop.ContextHolder
import io.coloop.ContextVar
import io.coloop.Loop
import kotlin.coroutines.CoroutineContext

/**
 * An element that gives coroutines coloop's context: the [ContextVar]s and, by the [io.coloop.ContextCapture] of this loop, the foreign context that the calling
 * thread sees now. They see it after every suspension, on whatever thread they go on. For scopes of one's own:
 * `CoroutineScope(loop.dispatcher + loop.contextElement())`. What [async], [awaitSuspend] and [taskScope] start has one without it. Any thread.
 *
 * A coroutine gets a copy when it starts: a [ContextVar] that it sets keeps its value there, also in `withContext` and after it, and is inherited by the children that it
 * starts later, but nobody else sees it. Foreign context is put back as it was at the start before each piece of the coroutine, so a thread local that the coroutine
 * changes itself keeps its new value only until the next suspension.
 *
 * A coroutine of the loop's dispatcher without such an element sees no [ContextVar] of anybody.
 */
@JvmSynthetic
public fun Loop.contextElement(): CoroutineContext.Element = LoopContext(this, ContextHolder.capture(this))
