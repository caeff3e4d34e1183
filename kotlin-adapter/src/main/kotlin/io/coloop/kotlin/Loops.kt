@file:JvmName("Coroutines")
@file:JvmMultifileClass

package io.coloop.kotlin

import io.coloop.Body
import io.coloop.Loop
import io.coloop.LoopBuilder

/**
 * Runs a body in await style as a task on a loop of its own, while the caller waits; returns its result or throws its failure, the same instance.
 * [Loop.run] for Kotlin, which does not infer the types of that one.
 *
 * @param settings of the loop
 * @throws io.coloop.LoopMisuseException if the calling thread has a loop already
 */
@JvmSynthetic
public fun <T> runLoop(settings: LoopBuilder = Loop.builder(), body: () -> T): T = settings.run(Body<T, Throwable> { body() })
