package io.coloop.benchmarks

import io.coloop.Future
import io.coloop.Loop
import io.coloop.kotlin.async
import io.coloop.kotlin.await as awaitFuture
import io.reactivex.rxjava3.core.Flowable
import io.reactivex.rxjava3.core.Single
import java.util.concurrent.CompletableFuture
import java.util.concurrent.Executors
import kotlin.coroutines.ContinuationInterceptor
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.async
import kotlinx.coroutines.future.await
import kotlinx.coroutines.future.future
import kotlinx.coroutines.launch
import kotlinx.coroutines.reactive.asFlow
import kotlinx.coroutines.reactive.awaitSingle
import kotlinx.coroutines.reactor.flux
import kotlinx.coroutines.reactor.mono
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.rx3.await
import kotlinx.coroutines.rx3.rxFlowable
import kotlinx.coroutines.rx3.rxSingle
import kotlinx.coroutines.yield
import reactor.core.publisher.Flux
import reactor.core.publisher.Mono

/** Coroutines for the Java benchmarks; on the event loop of runBlocking unless the name says otherwise. */
class Coroutines : AutoCloseable {
    private val executor = Executors.newSingleThreadExecutor().asCoroutineDispatcher()

    fun yields(times: Int) = runBlocking { repeat(times) { yield() } }

    fun yieldsOnExecutor(times: Int) = runBlocking(executor) { repeat(times) { yield() } }

    fun asyncAndAwait(times: Int): Int = runBlocking {
        var sum = 0
        repeat(times) { sum += async { 1 }.await() }
        sum
    }

    /** Two coroutines wake each other; this many waits in all. */
    fun pingPong(awaits: Int) = runBlocking {
        var awaited: CompletableDeferred<Int>? = null
        suspend fun play() = repeat(awaits / 2) {
            val mine = CompletableDeferred<Int>()
            awaited?.complete(it)
            awaited = mine
            mine.await()
        }
        val other = launch { play() }
        play()
        awaited?.complete(0)
        other.join()
    }

    /** Suspends this many coroutines, looks, and lets them end. */
    fun suspended(count: Int, look: Runnable) = runBlocking {
        val gate = CompletableDeferred<Int>()
        repeat(count) { launch(start = CoroutineStart.UNDISPATCHED) { gate.await() } }
        look.run()
        gate.complete(0)
    }

    // ---- bridges

    fun awaitMonoLater(times: Int): Int = runBlocking {
        val dispatcher = dispatcher()
        val later = Mono.create<Int> { to -> dispatcher.dispatch(coroutineContext) { to.success(1) } }
        var sum = 0
        repeat(times) { sum += later.awaitSingle() }
        sum
    }

    fun awaitMonoReady(times: Int): Int = runBlocking {
        val ready = Mono.just(1)
        var sum = 0
        repeat(times) { sum += ready.awaitSingle() }
        sum
    }

    fun monoFromBody(times: Int): Int = runBlocking {
        val body = mono(dispatcher()) { 1 }
        var sum = 0
        repeat(times) { sum += body.awaitSingle() }
        sum
    }

    fun collectFlux(items: Int): Int = runBlocking {
        var sum = 0
        Flux.range(0, items).asFlow().collect { sum += it }
        sum
    }

    fun fluxFromBody(items: Int): Long = runBlocking { flux(dispatcher()) { repeat(items) { send(it) } }.count().awaitSingle() }

    fun awaitSingleLater(times: Int): Int = runBlocking {
        val dispatcher = dispatcher()
        val later = Single.create<Int> { to -> dispatcher.dispatch(coroutineContext) { to.onSuccess(1) } }
        var sum = 0
        repeat(times) { sum += later.await() }
        sum
    }

    fun singleFromBody(times: Int): Int = runBlocking {
        val body = rxSingle(dispatcher()) { 1 }
        var sum = 0
        repeat(times) { sum += body.await() }
        sum
    }

    fun collectFlowable(items: Int): Int = runBlocking {
        var sum = 0
        Flowable.range(0, items).asFlow().collect { sum += it }
        sum
    }

    fun flowableFromBody(items: Int): Long = runBlocking { rxFlowable(dispatcher()) { repeat(items) { send(it) } }.count().await() }

    fun awaitStages(times: Int): Int = runBlocking {
        val dispatcher = dispatcher()
        var sum = 0
        repeat(times) {
            val stage = CompletableFuture<Int>()
            dispatcher.dispatch(coroutineContext) { stage.complete(1) }
            sum += stage.await()
        }
        sum
    }

    fun makeStages(times: Int): Int = runBlocking {
        var sum = 0
        repeat(times) { sum += future { 1 }.await() }
        sum
    }

    /** The same as [awaitStages], of a loop. */
    fun awaitFutures(loop: Loop, times: Int): Future<Int> =
        loop.async {
            var sum = 0
            repeat(times) {
                val promise = loop.promise<Int>()
                loop.execute { promise.complete(1) }
                sum += promise.future().awaitFuture()
            }
            sum
        }

    /** The same as [makeStages], of a loop. */
    fun makeFutures(loop: Loop, times: Int): Future<Int> =
        loop.async {
            var sum = 0
            repeat(times) { sum += loop.async { 1 }.awaitFuture() }
            sum
        }

    private fun CoroutineScope.dispatcher() = coroutineContext[ContinuationInterceptor] as CoroutineDispatcher

    override fun close() = executor.close()
}
