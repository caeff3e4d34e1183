package io.coloop.benchmarks

import java.util.concurrent.Executors
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.async
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.yield

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

    override fun close() = executor.close()
}
