package io.coloop.kotlin

import java.util.concurrent.CancellationException

/**
 * A future that a coroutine awaited was cancelled by somebody else.
 *
 * For the coroutine that is a failure. It is no [CancellationException] on purpose: with one, the coroutine would end in silence as
 * if it had been cancelled itself. The future's own exception is the [cause].
 */
public class FutureCancelledException internal constructor(cause: CancellationException) :
    RuntimeException("the awaited future was cancelled by somebody else" + (cause.message?.let { ": $it" } ?: ""), cause)
