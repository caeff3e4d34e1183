package io.coloop.kotlin.user

import io.coloop.Loop
import io.coloop.kotlin.asDeferred
import io.coloop.kotlin.asFlow
import io.coloop.kotlin.async
import io.coloop.kotlin.await
import io.coloop.kotlin.awaitFirst
import io.coloop.kotlin.awaitSingle
import io.coloop.kotlin.awaitSuspend
import io.coloop.kotlin.dispatcher
import io.coloop.kotlin.flow
import io.coloop.sync.Queue
import io.coloop.test.LoopTest
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.asFlow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.future.asDeferred
import kotlinx.coroutines.future.await
import kotlinx.coroutines.reactive.awaitFirst
import kotlinx.coroutines.reactor.awaitSingle
import kotlinx.coroutines.reactor.mono
import org.assertj.core.api.Assertions.assertThat

/** The same names of both libraries imported by name: the types decide. */
class NamedImportsTest {
    @LoopTest
    fun theTypesDecide(loop: Loop) {
        val queue = Queue.unbounded<Int>()
        queue.tryPut(1)
        queue.shutdown()
        val seen = awaitSuspend {
            flow { emit(0) }.toList() +
                queue.asFlow(loop).toList() +
                loop.flow { emit(2) }.toList() +
                listOf(3).asFlow().toList() +
                coroutineScope { async { 4 }.await() } +
                loop.async { 5 }.await() +
                loop.async { 6 }.asDeferred().await() +
                java.util.concurrent.CompletableFuture.completedFuture(7).asDeferred().await() +
                mono(loop.dispatcher) { 8 }.awaitSingle() +
                mono(loop.dispatcher) { 9 }.awaitFirst()
        }
        assertThat(seen).isEqualTo((0..9).toList())
        assertThat(awaitFirst(flow<Int> { emit(1) }) + awaitSingle(flow<Int> { emit(2) })).isEqualTo(3)
    }
}
