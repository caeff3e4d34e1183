package io.coloop.kotlin

import io.coloop.Await
import io.coloop.ContextVar
import io.coloop.Loop
import io.coloop.LoopClosedException
import io.coloop.Report
import io.coloop.Task
import io.coloop.TaskCancelledException
import io.coloop.stream.Emitter
import io.coloop.test.LoopTest
import io.coloop.test.Reports
import io.coloop.test.Trail
import io.coloop.test.VirtualClock
import java.io.IOException
import java.time.Duration
import java.util.concurrent.CompletableFuture
import kotlinx.coroutines.CoroutineExceptionHandler
import kotlinx.coroutines.CoroutineName
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.catch
import kotlinx.coroutines.flow.collect
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.onCompletion
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.flow.zip
import kotlinx.coroutines.launch
import kotlinx.coroutines.reactor.ReactorContext
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.coroutines.yield
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test

/** `loop.flow { emit(x) }`: await-style code emits a flow. */
class BodyFlowTest {
    private val failure = IllegalStateException("expected")

    private fun Loop.numbers(trail: MutableList<String>? = null): Flow<Int> = flow(onUndelivered = {}) {
        var next = 0
        try {
            while (true) {
                trail?.add("emit $next")
                emit(next++)
            }
        } finally {
            Await.sleep(Duration.ofMillis(1))
            trail?.add("end")
        }
    }

    // ---- values

    @LoopTest
    fun itEmitsWhatTheBodyAwaits(loop: Loop, clock: VirtualClock) = coroutine {
        val flow = loop.flow {
            for (i in 1..3) {
                Await.sleep(Duration.ofNanos(i.toLong()))
                emit(i)
            }
        }
        assertThat(flow.toList()).containsExactly(1, 2, 3)
        assertThat(clock.elapsed()).isEqualTo(Duration.ofNanos(6))
    }

    @LoopTest
    fun aBodyThatEmitsNothingIsAnEmptyFlow(loop: Loop) = coroutine { assertThat(loop.flow<Int> {}.toList()).isEmpty() }

    @LoopTest
    fun manyItemsInOrder(loop: Loop) = coroutine {
        assertThat(loop.flow { for (i in 0 until 5000) emit(i) }.map { it + 1 }.toList()).isEqualTo((1..5000).toList())
    }

    @LoopTest
    fun nullIsRefusedInTheBody(loop: Loop) = coroutine {
        @Suppress("UNCHECKED_CAST") val unchecked = loop.flow<Int> { (this as Emitter<Any?>).emit(null) }
        thrownBy<NullPointerException> { unchecked.toList() }
    }

    @LoopTest
    fun trapItIsColdATaskForEachCollector(loop: Loop) = coroutine {
        val tasks = mutableSetOf<Task<*>>()
        val flow = loop.flow {
            tasks += Task.current()
            emit(1)
        }
        repeat(3) { yield() }
        assertThat(tasks.size).isZero()
        assertThat(flow.toList() + flow.toList()).containsExactly(1, 1)
        assertThat(flow.zip(flow) { a, b -> a + b }.toList()).containsExactly(2)
        assertThat(tasks.size).isEqualTo(4)
    }

    @LoopTest
    fun aTaskIteratesWhatAnotherEmits(loop: Loop) {
        val seen = mutableListOf<Int>()
        for (item in loop.flow { for (i in 0 until 100) emit(i) }.iterate(8)) seen += item
        assertThat(seen).isEqualTo((0 until 100).toList())
    }

    @LoopTest
    fun severalTasksMayEmit(loop: Loop) = coroutine {
        val flow = loop.flow {
            val emitter = this
            taskGroup { repeat(3) { spawn<Unit> { repeat(10) { emitter.emit(1) } } } }
        }
        assertThat(flow.toList()).hasSize(30)
    }

    // ---- thread

    @LoopTest
    fun allOfItStaysOnTheLoop(loop: Loop) {
        val own = loop.ownThread()
        coroutine {
            loop.flow { emit(Task.current()) }.collect { body ->
                assertThat(Task.currentOrNull()).isNull()
                assertThat(body.loop() === loop).isTrue()
                assertThat(Thread.currentThread()).isSameAs(own)
            }
        }
    }

    @LoopTest(foreignThreads = true)
    fun itIsCollectedElsewhere(loop: Loop) {
        val collecting = CoroutineScope(Dispatchers.Default).async { loop.flow { for (i in 0 until 1000) emit(i) }.toList() to Loop.currentOrNull() }
        assertThat(await(collecting)).isEqualTo((0 until 1000).toList() to null)
    }

    // ---- cancel

    @LoopTest
    fun aCollectorThatLeavesCancelsTheTaskAndWaitsForItsEnd(loop: Loop, clock: VirtualClock) = coroutine {
        val trail = mutableListOf<String>()
        assertThat(loop.numbers(trail).take(2).toList()).containsExactly(0, 1)
        assertThat(trail).containsExactly("emit 0", "emit 1", "end")
        assertThat(loop.numbers(trail).first()).isEqualTo(0)
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(2))
        assertThat(loop.taskCount()).isEqualTo(1)
    }

    @LoopTest(foreignThreads = true)
    fun aCollectorElsewhereThatLeavesWaitsToo(loop: Loop, clock: VirtualClock) {
        repeat(100) {
            val trail = java.util.concurrent.CopyOnWriteArrayList<String>()
            clock.foreign(loop).use {
                val collecting = CoroutineScope(Dispatchers.Default).async { loop.flow(onUndelivered = {}) {
                    try {
                        emit(1)
                        emit(2)
                    } finally {
                        try {
                            Await.yieldNow()
                        } finally {
                            trail += "end"
                        }
                    }
                }.first() }
                assertThat(await(collecting)).isEqualTo(1)
                assertThat(trail).containsExactly("end")
            }
        }
    }

    @LoopTest
    fun trapTheBodyIsCancelledAtOnceNotAtItsNextItem(loop: Loop, clock: VirtualClock, trail: Trail) = coroutine {
        val flow = loop.flow<Int> {
            try {
                Await.sleep(Duration.ofDays(1))
            } finally {
                trail.step(1)
            }
        }
        assertThat(withTimeoutOrNull(5) { flow.toList() }).isNull()
        trail.finished(1)
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(5))
    }

    @LoopTest
    fun aCollectorThatFailsCancelsTheTask(loop: Loop) = coroutine {
        val trail = mutableListOf<String>()
        val thrown = thrownBy<IllegalStateException> { loop.numbers(trail).collect { throw failure } }
        assertThat(thrown).isSameAs(failure)
        assertThat(trail).containsExactly("emit 0", "end")
    }

    @LoopTest
    fun aCollectorThatIsCancelledBeforeTheBodyBeginsStartsNothing(loop: Loop) = coroutine {
        val job = launch { loop.flow<Int> { throw AssertionError("ran") }.toList() }
        yield()
        job.cancel()
        job.join()
        assertThat(job.isCancelled).isTrue()
    }

    @LoopTest
    fun trapATaskThatSomebodyElseCancelsIsAFailure(loop: Loop) = coroutine {
        val flow = loop.flow {
            emit(1)
            Task.current().cancel("by others")
            Await.yieldNow()
        }
        val seen = mutableListOf<Int>()
        val thrown = thrownBy<FutureCancelledException> { flow.collect { seen += it } }
        assertThat(thrown.cause).hasMessage("by others")
        assertThat(seen).containsExactly(1)
    }

    @Test
    fun aClosedLoopIsAFailure() {
        val loop = Loop.start("closed")
        val flow = loop.flow { emit(1) }
        loop.close()
        runBlocking { thrownBy<LoopClosedException> { flow.toList() } }
    }

    @Test
    fun theClosingLoopIsAFailureForACollectorElsewhere() {
        val loop = Loop.start("closing")
        val begun = CompletableFuture<Unit>()
        val collecting = CoroutineScope(Dispatchers.Default).async {
            loop.flow {
                emit(1)
                begun.complete(Unit)
                Await.sleep(Duration.ofDays(1))
            }.collect {}
        }
        begun.get()
        loop.close()
        runBlocking { thrownBy<FutureCancelledException> { collecting.await() } }
    }

    // ---- failures

    @LoopTest
    fun aFailureIsTheSameInstanceAndComesAfterTheItems(loop: Loop) = coroutine {
        for (expected in listOf(failure, IOException("checked"))) {
            val seen = mutableListOf<Int>()
            val thrown =
                thrownBy<Exception> {
                    loop.flow {
                        emit(1)
                        throw expected
                    }.collect { seen += it }
                }
            assertThat(thrown).isSameAs(expected)
            assertThat(seen).containsExactly(1)
        }
    }

    @LoopTest
    fun aBodyThatThrowsBeforeItsFirstAwait(loop: Loop, reports: Reports) = coroutine {
        thrownBy<IllegalStateException> { loop.flow<Int> { throw failure }.toList() }
        assertThat(loop.flow<Int> { throw failure }.catch { emit(-1) }.toList()).containsExactly(-1)
        assertThat(reports.take()).isEmpty()
    }

    @LoopTest
    fun whatTheBodyFailsWithAfterTheCollectorLeftIsReportedAndHandled(loop: Loop, reports: Reports) = coroutine {
        val handled = mutableListOf<Throwable>()
        withContext(CoroutineExceptionHandler { _, seen -> handled += seen }) {
            val flow = loop.flow {
                try {
                    emit(1)
                    emit(2)
                } finally {
                    throw failure
                }
            }
            assertThat(flow.first()).isEqualTo(1)
        }
        assertThat(handled).containsExactly(failure)
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure)
    }

    @LoopTest
    fun theCompletionIsSeen(loop: Loop, trail: Trail) = coroutine {
        loop.flow { emit(1) }.onCompletion { trail.mark("end $it") }.collect {}
        assertThat(trail.marks()).containsExactly("end null")
    }

    // ---- undelivered, demand

    @LoopTest
    fun anItemThatWasBeingEmittedIsUndelivered(loop: Loop, reports: Reports) = coroutine {
        suspend fun <T> leave(flow: Flow<T>) {
            withTimeoutOrNull(5) { flow.collect { delay(10) } }
            repeat(3) { yield() }
        }
        val resources = List(3) { Resource() }
        leave(loop.flow { resources.forEach(::emit) })
        assertThat(resources.map { it.closed }).containsExactly(0, 1, 0)
        val received = mutableListOf<Int>()
        leave(loop.flow(onUndelivered = { received += it }) { for (i in 0..5) emit(i) })
        assertThat(received).containsExactly(1)
        leave(loop.flow { for (i in 0..5) emit(i) })
        assertThat(reports.take()).`as`("the collector left it behind").isEmpty()
    }

    @LoopTest
    fun aFailureThatComesWhileTheCollectorFailsIsReported(loop: Loop, reports: Reports) = coroutine {
        val failure = IllegalStateException("the body")
        val collector = runCatching {
            loop.flow<Int> { emit(1); throw failure }.collect {
                delay(10)
                error("the collector")
            }
        }
        assertThat(collector.exceptionOrNull()).hasMessage("the collector")
        repeat(3) { yield() }
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure)
    }

    @LoopTest
    fun theBodyGoesOnWhenTheCollectorIsReady(loop: Loop) = coroutine {
        val trail = mutableListOf<String>()
        loop.numbers(trail).take(3).collect {
            delay(10)
            trail += "collected $it"
        }
        assertThat(trail).containsSubsequence("collected 0", "emit 2", "collected 1", "collected 2", "end")
        assertThat(trail).doesNotContain("emit 4")
    }

    @LoopTest
    fun aBufferIsKotlinxs(loop: Loop) = coroutine {
        val trail = mutableListOf<String>()
        loop.flow { for (i in 0..3) { emit(i); trail += "sent $i" } }.buffer(10).collect {
            delay(10)
            trail += "got $it"
        }
        assertThat(trail.indexOf("sent 3")).isLessThan(trail.indexOf("got 0"))
    }

    @LoopTest
    fun awaitDemandWaitsForTheCollector(loop: Loop, trail: Trail) = coroutine {
        val flow = loop.flow {
            emit(1)
            awaitDemand()
            trail.step(2)
            emit(2)
        }
        flow.collect {
            if (it == 1) {
                delay(10)
                trail.step(1)
            }
        }
        trail.finished(2)
    }

    // ---- context

    @LoopTest
    fun theBodySeesTheCollectorsContext(loop: Loop) {
        val user = ContextVar.of<String>("user")
        val flow = loop.flow {
            emit(user.get())
            user.set("body")
            emit(awaitSuspend { delay(1); "${user.get()} ${currentCoroutineContext()[CoroutineName]?.name}" })
            emit(awaitSuspend { currentCoroutineContext()[ReactorContext]!!.context.get<String>("tenant") })
        }
        val seen = awaitSuspend {
            user.set("collector")
            withContext(CoroutineName("named") + ReactorContext(reactor.util.context.Context.of("tenant", "a"))) { flow.toList() } + user.get()
        }
        assertThat(seen).containsExactly("collector", "body named", "a", "collector")
    }

    // ---- misuse

    @LoopTest
    fun emittingAfterTheBodysEndIsRefused(loop: Loop) {
        var escaped: Emitter<Resource>? = null
        awaitSuspend { loop.flow { escaped = this }.collect {} }
        val resource = Resource()
        thrownBy<IllegalStateException> { escaped!!.emit(resource) }
        settle()
        assertThat(resource.closed).isEqualTo(1)
    }

    @LoopTest
    fun aBodyThatGoesOnAfterTheCollectorLeftIsTold(loop: Loop, reports: Reports) = coroutine {
        val told = mutableListOf<String>()
        loop.flow(onUndelivered = {}) {
            try {
                emit(1)
                emit(2)
            } catch (cancelled: TaskCancelledException) {
                Task.current().uncancel()
                try {
                    emit(3)
                } catch (left: java.util.concurrent.CancellationException) {
                    told += left.message!!
                }
            }
        }.take(1).collect { delay(1) }
        assertThat(told).containsExactly("the stream's subscriber has cancelled")
        assertThat(reports.take()).isEmpty()
    }
}
