package io.coloop.kotlin.user

import io.coloop.*
import io.coloop.kotlin.*
import io.coloop.sync.Queue
import io.coloop.test.LoopTest
import kotlinx.coroutines.*
import kotlinx.coroutines.channels.*
import kotlinx.coroutines.flow.*
import kotlinx.coroutines.future.*
import kotlinx.coroutines.reactive.*
import kotlinx.coroutines.reactor.*
import org.assertj.core.api.Assertions.assertThat

/** Everything of both libraries imported with a star. */
class StarImportsTest {
    @LoopTest
    fun onOurFutureOursIsCalled(loop: Loop) {
        val cancelled = Future.failed<Int>(TaskCancelledException("by others"))
        awaitSuspend {
            assertThat(runCatching { cancelled.await() }.exceptionOrNull()).isInstanceOf(FutureCancelledException::class.java)
            assertThat(runCatching { cancelled.asDeferred().await() }.exceptionOrNull()).isInstanceOf(FutureCancelledException::class.java)
            assertThat(java.util.concurrent.CompletableFuture.completedFuture(1).await()).isEqualTo(1)
        }
        assertThat(await(CompletableDeferred(2))).isEqualTo(2)
        assertThat(Await.await(loop.async { 3 })).isEqualTo(3)
    }

    @LoopTest
    fun buildersOfBothAreToldApart(loop: Loop) {
        val theirs = flow { emit(1) }
        val ours = loop.flow { emit(2) }
        assertThat(awaitSuspend { (theirs.toList() + ours.toList()) + coroutineScope { async { 3 }.await() } }).containsExactly(1, 2, 3)
        assertThat(listOf(awaitFirst(theirs), awaitSingle(ours))).containsExactly(1, 2)
        val sum = taskScope {
            launch { delay(1) }
            val one = async { 1 }
            val two = task(loop) { 2 }
            await(one) + Await.await(two)
        }
        assertThat(sum).isEqualTo(3)
        assertThat(taskGroup { Await.await(async { 4 }) }).isEqualTo(4)
        val mono = mono(loop.dispatcher) { 5 }
        assertThat(awaitSuspend { mono.awaitSingle() + mono.awaitFirst() }).isEqualTo(10)
    }

    @LoopTest
    fun streamsOfBothAreToldApart(loop: Loop) {
        val queue = Queue.unbounded<Int>()
        queue.tryPut(1)
        queue.shutdown()
        val channel = Channel<Int>(1)
        channel.trySend(2)
        channel.close()
        assertThat(queue.asFlow(loop).iterate().toList() + listOf(3).asFlow().iterate().toList() + channel.iterate().toList()).containsExactly(1, 3, 2)
        assertThat(mono(loop.dispatcher) { 4 }.asFlow().iterate(1).toList()).containsExactly(4)
    }
}
