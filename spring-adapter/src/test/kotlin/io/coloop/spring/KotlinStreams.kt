package io.coloop.spring

import io.coloop.Await
import io.coloop.Loop
import io.coloop.kotlin.awaitTask
import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.reactor.awaitSingle
import org.springframework.web.bind.annotation.GetMapping
import org.springframework.web.bind.annotation.RestController
import reactor.core.publisher.Mono

/** Flow results, and suspend methods that wait for what never comes. */
@RestController
class KotlinStreams {
    val started = CompletableFuture<Unit>()
    val trail = LinkedBlockingQueue<String>()
    val produced = AtomicInteger()

    @GetMapping("/kotlin/places")
    fun places(): Flow<String> = flow {
        emit("${Loop.currentOrNull()?.name()},")
        delay(1)
        emit("${Loop.currentOrNull()?.name()},")
        Mono.delay(Duration.ofMillis(1)).awaitSingle()
        emit("${Loop.currentOrNull()?.name()}")
    }

    @GetMapping("/kotlin/big")
    fun big(): Flow<String> = flow {
        try {
            repeat(BIG) {
                produced.incrementAndGet()
                emit("x".repeat(100_000))
            }
        } finally {
            trail += "flow left on ${Loop.currentOrNull()?.name()}"
        }
    }

    @GetMapping("/kotlin/awaits-task")
    suspend fun awaitsTask(): String =
        try {
            Loop.current().awaitTask {
                started.complete(Unit)
                try {
                    Await.sleep(Duration.ofMinutes(10))
                } finally {
                    Await.sleep(Duration.ofMillis(1)) // cleaning up may await
                    trail += "task cancelled"
                }
                "never"
            }
        } finally {
            trail += "coroutine cancelled"
        }

    @GetMapping("/kotlin/awaits-mono")
    suspend fun awaitsMono(): String =
        try {
            Mono.never<String>().doOnSubscribe { started.complete(Unit) }.doOnCancel { trail += "mono cancelled" }.awaitSingle()
        } finally {
            trail += "coroutine cancelled"
        }

    companion object {
        const val BIG = 10_000
    }
}
