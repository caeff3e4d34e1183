package io.coloop.kotlin

import io.coloop.Loop
import io.coloop.Promise
import io.coloop.Report
import io.coloop.Task
import io.coloop.VoidBody
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.CyclicBarrier
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Test

/** Cancel against complete from different threads, many times: every value has exactly one fate, and nothing hangs. */
class RaceTest {
    private val reports = ConcurrentLinkedQueue<Report>()
    private val loop = Loop.builder().name("race").exceptionHandler { reports += it }.start()

    @AfterEach
    fun nothingIsLeft() {
        val left = loop.async { loop.timerCount() to loop.taskCount() }.get(LIMIT_SECONDS, TimeUnit.SECONDS)
        loop.close()
        assertThat(left).isEqualTo(0 to 1)
        assertThat(reports).isEmpty()
    }

    /** Runs both at once, often; the barrier makes them meet. */
    private fun race(times: Int, first: (Int) -> Unit, second: (Int) -> Unit) {
        val barrier = CyclicBarrier(2)
        fun runner(action: (Int) -> Unit) = Thread.ofPlatform().start {
            repeat(times) {
                barrier.await(LIMIT_SECONDS, TimeUnit.SECONDS)
                action(it)
            }
        }
        listOf(runner(first), runner(second)).forEach {
            it.join(LIMIT_SECONDS * 1000)
            check(!it.isAlive) { "stuck" }
        }
    }

    private fun ended(jobs: List<Job>) = runBlocking { withTimeout(LIMIT_SECONDS * 1000) { jobs.joinAll() } }

    private fun everyResourceHasOneFate(scope: (Loop) -> CoroutineScope) {
        val delivered = AtomicInteger()
        val undelivered = AtomicInteger()
        val promises = List(TIMES) { loop.promise<Resource>() }
        val jobs = promises.map { promise ->
            promise.onUndelivered { undelivered.incrementAndGet() }
            scope(loop).launch {
                promise.future().await { undelivered.incrementAndGet() }
                delivered.incrementAndGet()
            }
        }
        race(TIMES, { promises[it].complete(Resource()) }, { jobs[it].cancel() })
        ended(jobs)
        // cancelled before its first step, a coroutine never awaits: then the value stays with the future
        val neverAwaited = promises.indices.count { jobs[it].isCancelled && promises[it].future().isDone && !promises[it].future().isCancelled }
        assertThat(delivered.get() + undelivered.get()).isBetween(TIMES - neverAwaited, TIMES)
    }

    @Test
    fun completeAgainstCancelOnTheLoop() = everyResourceHasOneFate { it.scope() }

    @Test
    fun completeAgainstCancelOnAnotherDispatcher() = everyResourceHasOneFate { CoroutineScope(Dispatchers.Default) }

    @Test
    fun completeAgainstCancelThatAwaitsAlready() {
        val delivered = AtomicInteger()
        val undelivered = AtomicInteger()
        val promises = List(TIMES) { loop.promise<Int>() }
        val jobs = promises.map { promise ->
            promise.onUndelivered { undelivered.incrementAndGet() }
            CoroutineScope(Dispatchers.Default).launch(start = CoroutineStart.UNDISPATCHED) {
                promise.future().await { undelivered.incrementAndGet() }
                delivered.incrementAndGet()
            }
        }
        race(TIMES, { promises[it].complete(it) }, { jobs[it].cancel() })
        ended(jobs)
        assertThat(delivered.get() + undelivered.get()).isEqualTo(TIMES)
    }

    @Test
    fun cancelOfTheTaskAgainstTheEndOfItsCoroutine() {
        val resources = ConcurrentLinkedQueue<Resource>()
        val gates = List(TIMES) { CompletableDeferred<Unit>() }
        val tasks: List<Task<Resource>> = gates.map { gate ->
            loop.async {
                gate.await()
                Resource().also { resources += it }
            }
        }
        race(TIMES, { gates[it].complete(Unit) }, { tasks[it].cancel() })
        ended(tasks.map { it.asSharedDeferred() })
        loop.spawn(VoidBody<RuntimeException> { settle() }).get(LIMIT_SECONDS, TimeUnit.SECONDS)
        val delivered = tasks.count { !it.isCancelled }
        assertThat(tasks).allMatch { it.isDone && !it.isFailed }
        assertThat(resources.count { it.closed == 0 }).isEqualTo(delivered)
        assertThat(resources).allMatch { it.closed <= 1 }
    }

    @Test
    fun cancelOfADelayAgainstItsTimer() {
        val jobs = List(TIMES) { loop.scope().launch { delay(1) } }
        race(TIMES, { jobs[it].cancel() }, { jobs[(it * 7) % TIMES].cancel() })
        ended(jobs)
    }

    @Test
    fun completeAgainstAsFuture() {
        val deferreds = List(TIMES) { CompletableDeferred<Int>() }
        val futures = ConcurrentLinkedQueue<io.coloop.Future<Int>>()
        race(TIMES, { deferreds[it].complete(1) }, { futures += deferreds[it].asFuture(loop) })
        assertThat(futures.sumOf { it.get(LIMIT_SECONDS, TimeUnit.SECONDS) }).isEqualTo(TIMES)
    }

    @Test
    fun completeAgainstAsDeferred() {
        val promises: List<Promise<Int>> = List(TIMES) { loop.promise() }
        val deferreds = ConcurrentLinkedQueue<kotlinx.coroutines.Deferred<Int>>()
        race(TIMES, { promises[it].complete(1) }, { deferreds += promises[it].future().asDeferred() })
        val sum = runBlocking { withTimeout(LIMIT_SECONDS * 1000) { deferreds.sumOf { it.await() } } }
        assertThat(sum).isEqualTo(TIMES)
    }

    @Test
    fun closingTheLoopUnderCoroutinesThatAwait() {
        repeat(20) {
            val late = ConcurrentLinkedQueue<Report>()
            val closing = Loop.builder().name("closing").slowItem(java.time.Duration.ZERO).exceptionHandler { late += it }.start()
            val promises = List(50) { closing.promise<Int>() }
            val jobs = promises.map { promise -> closing.scope().async { promise.future().await() } }
            val tasks = promises.mapNotNull { promise -> runCatching { closing.async { promise.future().awaitShared() } }.getOrNull() }
            race(1, { closing.close() }, { promises.forEach { it.complete(1) } })
            ended(jobs + tasks.map { it.asSharedDeferred() })
            assertThat(jobs).allMatch { it.isCompleted }
            assertThat(tasks).allMatch { it.isDone && !it.isFailed }
            // a value that met the close on its way: reported, once for each task that did not get it
            assertThat(late).allMatch { it.kind() == Report.Kind.LATE_VALUE }.hasSizeLessThanOrEqualTo(tasks.count { it.isCancelled })
        }
    }

    private companion object {
        const val TIMES = 2000
    }
}
