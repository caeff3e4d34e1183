package io.coloop.kotlin

import io.coloop.Body
import io.coloop.reactor.Reactor
import java.util.function.Function
import kotlin.coroutines.CoroutineContext
import kotlinx.coroutines.reactor.ReactorContext
import reactor.util.context.Context

/** One Reactor Context for a task, coloop-reactor's, and for the coroutines below and above it, kotlinx-coroutines-reactor's; nothing where one of the two is not on the class path. */
internal object ReactorContexts {
    private val present: Boolean =
        try {
            Both.arePresent()
        } catch (absent: LinkageError) {
            false
        }

    /** What a coroutine has that the calling task starts: the elements, with the task's. */
    fun below(elements: CoroutineContext): CoroutineContext = if (present) Both.below(elements) else elements

    /** Runs what a task does that a coroutine started, with the coroutine's. */
    fun <T> run(coroutine: CoroutineContext, body: () -> T): T = if (present) Both.run(coroutine, body) else body()

    private object Both {
        fun arePresent(): Boolean = ReactorContext(Reactor.context())[ReactorContext] != null

        fun below(elements: CoroutineContext): CoroutineContext {
            val tasks = Reactor.context()
            return when {
                elements[ReactorContext]?.context === tasks -> elements
                tasks.isEmpty -> elements.minusKey(ReactorContext)
                else -> elements + ReactorContext(tasks)
            }
        }

        fun <T> run(coroutine: CoroutineContext, body: () -> T): T {
            val coroutines = coroutine[ReactorContext]?.context
            return if (coroutines == null || coroutines === Reactor.context()) body()
            else Reactor.withContext(Function<Context, Context> { coroutines }, Body<T, Throwable> { body() })
        }
    }
}
