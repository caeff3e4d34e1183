package io.coloop.kotlin

import io.coloop.Loop
import io.coloop.LoopLocal

/** What a loop has for coroutines. */
internal class LoopCoroutines(loop: Loop) {
    val dispatcher = LoopDispatcher(loop, inPlace = false)
    val immediate = LoopDispatcher(loop, inPlace = true)
    val timers = LoopTimers(loop)
    val shared = SharedJobs(loop)

    /** For scopes whose coroutines inherit the context of whoever starts them. */
    val inherited = LoopContext(loop, null)
}

private val ofLoop = LoopLocal.withInitial(::LoopCoroutines)

internal val Loop.coroutines: LoopCoroutines
    get() = ofLoop.get(this)
