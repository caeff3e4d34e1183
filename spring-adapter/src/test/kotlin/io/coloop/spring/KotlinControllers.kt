package io.coloop.spring

import io.coloop.Loop
import io.coloop.Task
import io.coloop.kotlin.awaitSuspend
import io.coloop.kotlin.dispatcher
import io.coloop.reactor.Reactor
import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.coroutineContext
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import org.springframework.context.i18n.LocaleContextHolder
import org.springframework.web.bind.annotation.GetMapping
import org.springframework.web.bind.annotation.PathVariable
import org.springframework.web.bind.annotation.RestController

/** A suspend service, which knows nothing of loops. */
open class Recommendations {
    suspend fun of(id: Long): String {
        delay(1)
        return "tea for $id"
    }
}

/** Suspend methods and plain ones in one class. */
@RestController
class KotlinControllers(private val recommendations: Recommendations) {
    private fun place(): String = "${Loop.currentOrNull()?.name()} ${if (Task.currentOrNull() == null) "coroutine" else "task"}"

    @GetMapping("/kotlin/suspend/{id}")
    suspend fun suspending(@PathVariable id: Long): String {
        val before = place()
        val advice = recommendations.of(id)
        val dispatcher = coroutineContext[ContinuationInterceptor]
        check(dispatcher === Loop.current().dispatcher.immediate) { "$dispatcher" }
        return "$before, ${place()}, $advice"
    }

    @GetMapping("/kotlin/plain/{id}")
    fun plain(@PathVariable id: Long): String {
        val before = place()
        val advice = awaitSuspend { recommendations.of(id) }
        return "$before, ${place()}, $advice"
    }

    @GetMapping("/kotlin/unit")
    fun unit() {
        awaitSuspend { delay(1) }
    }

    @GetMapping("/kotlin/flow")
    fun flow(): Flow<String> = flow {
        emit("a")
        delay(1)
        emit("b")
    }

    @GetMapping("/kotlin/context")
    fun context(): String = awaitSuspend {
        delay(1)
        "${Reactor.context().hasKey(RequestLoop::class.java)} ${LocaleContextHolder.getLocale().toLanguageTag()}"
    }
}
