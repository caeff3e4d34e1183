package io.coloop.kotlin

import io.coloop.Await
import io.coloop.Loop
import io.coloop.Mode
import io.coloop.Task
import io.coloop.test.LoopTest
import io.coloop.test.Trail
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.EmptyCoroutineContext
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineExceptionHandler
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.Semaphore
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.sync.withPermit
import kotlinx.coroutines.withContext
import kotlinx.coroutines.yield
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test

/** The contract of `loop.dispatcher` as a CoroutineDispatcher; for time see [DelayTest]. */
class DispatcherTest {
    private fun CoroutineDispatcher.needsDispatch() = isDispatchNeeded(EmptyCoroutineContext)

    // ---- isDispatchNeeded: who asks, where

    @LoopTest
    fun inATasksBodyBothNeedADispatch(loop: Loop) {
        assertThat(Task.currentOrNull()).isNotNull()
        assertThat(loop.dispatcher.needsDispatch()).isTrue()
        assertThat(loop.dispatcher.immediate.needsDispatch()).isTrue()
    }

    @LoopTest
    fun onTheLoopsOwnThreadOnlyImmediateNeedsNone(loop: Loop) {
        val answers = mutableListOf<Boolean>()
        loop.execute {
            answers += loop.dispatcher.needsDispatch()
            answers += loop.dispatcher.immediate.needsDispatch()
        }
        settle()
        assertThat(answers).containsExactly(true, false)
    }

    @LoopTest(foreignThreads = true)
    fun onAnotherThreadBothNeedADispatch(loop: Loop) {
        elsewhere {
            assertThat(loop.dispatcher.needsDispatch()).isTrue()
            assertThat(loop.dispatcher.immediate.needsDispatch()).isTrue()
        }
    }

    @LoopTest(foreignThreads = true)
    fun onAnotherLoopBothNeedADispatch(loop: Loop) {
        Loop.start("another").use { another ->
            val answers = another.async {
                listOf(loop.dispatcher.needsDispatch(), loop.dispatcher.immediate.needsDispatch(), another.dispatcher.immediate.needsDispatch())
            }
            assertThat(Await.await(answers)).containsExactly(true, true, false)
        }
    }

    @LoopTest
    fun inATaskThatACoroutineAwaitsImmediateNeedsADispatch(loop: Loop) = coroutine {
        assertThat(loop.dispatcher.immediate.needsDispatch()).isFalse()
        assertThat(loop.awaitTask { loop.dispatcher.immediate.needsDispatch() }).isTrue()
    }

    // ---- order

    @LoopTest
    fun dispatchesAndCallbacksAndTasksShareOneQueue(loop: Loop, trail: Trail) {
        loop.execute { trail.mark("callback 1") }
        loop.scope().launch { trail.mark("coroutine 1") }
        task { trail.mark("task") }
        loop.scope().launch { trail.mark("coroutine 2") }
        loop.execute { trail.mark("callback 2") }
        assertThat(trail.marks()).isEmpty()
        settle()
        assertThat(trail.marks()).containsExactly("callback 1", "coroutine 1", "task", "coroutine 2", "callback 2")
    }

    @LoopTest(foreignThreads = true)
    fun trapDispatchesFromOneForeignThreadKeepTheirOrder(loop: Loop) {
        val order = mutableListOf<Int>()
        val scope = loop.scope()
        elsewhere { repeat(1000) { scope.launch { order += it } } }
        settle()
        assertThat(order).isEqualTo(List(1000) { it })
    }

    @LoopTest
    fun launchNeverRunsInPlace(loop: Loop, trail: Trail) = coroutine {
        val job = launch(loop.dispatcher) { trail.step(2) }
        trail.step(1)
        job.join()
        trail.step(3)
    }

    @LoopTest
    fun immediateRunsInPlaceOnTheLoopsOwnThread(loop: Loop, trail: Trail) = coroutine {
        val job = launch(loop.dispatcher.immediate) { trail.step(1) }
        trail.step(2)
        job.join()
    }

    @LoopTest
    fun immediateNeverRunsOnATasksStack(loop: Loop, trail: Trail) {
        val job = loop.scope().launch(loop.dispatcher.immediate) {
            assertThat(Task.currentOrNull()).isNull()
            trail.step(2)
        }
        trail.step(1)
        job.ended()
        trail.finished(2)
    }

    @LoopTest
    fun yieldLetsEverythingElseRunFirst(loop: Loop, trail: Trail) = coroutine {
        loop.execute { trail.step(2) }
        loop.spawn<Unit> { trail.step(3) }
        launch { trail.step(4) }
        trail.step(1)
        yield()
        trail.step(5)
    }

    @LoopTest
    fun anEndlessYieldStarvesNobody(loop: Loop) {
        val busy = loop.scope().launch { while (true) yield() }
        assertThat(Await.await(loop.async { 1 })).isEqualTo(1)
        settle()
        busy.cancel()
        busy.ended()
    }

    @LoopTest(foreignThreads = true)
    fun oneAtATimeEvenWithManyThreadsAtIt(loop: Loop) {
        var inside = 0
        var count = 0
        val scope = loop.scope()
        val threads = List(4) {
            Thread.ofPlatform().start {
                repeat(500) {
                    scope.launch {
                        inside++
                        check(inside == 1)
                        count++
                        inside--
                        yield()
                        count++
                    }
                }
            }
        }
        Await.blocking { threads.forEach { it.join() } }
        settle()
        assertThat(count).isEqualTo(4000)
    }

    // ---- thread

    @LoopTest(foreignThreads = true)
    fun mountedEverythingRunsOnOnePlatformThread(loop: Loop) {
        val own = loop.ownThread()
        assertThat(own.isVirtual).isEqualTo(Loop.mode() == Mode.HAND_OFF)
        val threads = ConcurrentLinkedQueue<Thread>()
        val job = loop.scope().launch {
            threads += Thread.currentThread()
            launch(Dispatchers.Default) { withContext(loop.dispatcher) { threads += Thread.currentThread() } }
            launch(loop.dispatcher.immediate) { threads += Thread.currentThread() }
            yield()
            threads += Thread.currentThread()
        }
        job.ended()
        assertThat(threads).hasSize(4).containsOnly(own)
    }

    @Test
    fun withContextFromRunBlockingGoesThereAndBack() {
        Loop.start("there").use { loop ->
            val here = Thread.currentThread()
            runBlocking {
                val there = withContext(loop.dispatcher) { Thread.currentThread() }
                assertThat(there).isSameAs(loop.ownThread())
                assertThat(Thread.currentThread()).isSameAs(here)
            }
        }
    }

    // ---- jobs, failures, locks

    @LoopTest
    fun launchAndJoin(loop: Loop, trail: Trail) = coroutine {
        val job = launch(start = CoroutineStart.LAZY) { trail.step(2) }
        trail.step(1)
        job.join()
        trail.step(3)
        assertThat(loop.isOnLoop).isTrue()
    }

    @LoopTest
    fun aFailureGoesToTheCoroutinesHandlerNotToTheLoop(loop: Loop) {
        val failure = IllegalStateException("launched")
        var handled: Throwable? = null
        val job = loop.scope().launch(CoroutineExceptionHandler { _, thrown -> handled = thrown }) { throw failure }
        job.ended()
        assertThat(handled).isSameAs(failure)
    }

    @LoopTest
    fun aMutexIsFair(loop: Loop, trail: Trail) = coroutine {
        val mutex = Mutex()
        List(5) { number ->
                launch {
                    mutex.withLock {
                        trail.mark("in $number")
                        yield()
                        trail.mark("out $number")
                    }
                }
            }
            .joinAll()
        assertThat(trail.marks()).isEqualTo((0..4).flatMap { listOf("in $it", "out $it") })
        assertThat(loop.isOnLoop).isTrue()
    }

    @LoopTest
    fun aSemaphoreLetsItsPermitsIn() = coroutine {
        val semaphore = Semaphore(2)
        var inside = 0
        var most = 0
        coroutineScope {
            repeat(10) {
                launch {
                    semaphore.withPermit {
                        most = maxOf(most, ++inside)
                        yield()
                        inside--
                    }
                }
            }
        }
        assertThat(most).isEqualTo(2)
    }

    @LoopTest
    fun undispatchedStartsInPlaceAndGoesOnOnTheLoop(loop: Loop, trail: Trail) {
        val gate = CompletableDeferred<Unit>()
        val future = loop.scope().async(start = CoroutineStart.UNDISPATCHED) {
            trail.step(1)
            gate.await()
            trail.step(4)
            Task.currentOrNull()
        }
        trail.step(2)
        gate.complete(Unit)
        trail.step(3)
        assertThat(await(future)).isNull()
    }

    // ---- views

    @LoopTest
    fun limitedParallelismIsTheDispatcherItself(loop: Loop, trail: Trail) = coroutine {
        val one = loop.dispatcher.limitedParallelism(1)
        assertThat(one).isEqualTo(loop.dispatcher)
        assertThat(loop.dispatcher.limitedParallelism(8)).isEqualTo(loop.dispatcher)
        launch(one) { trail.step(2) }
        launch(loop.dispatcher) { trail.step(3) }
        launch(loop.dispatcher.limitedParallelism(1, "named")) {
            assertThat(coroutineContext[ContinuationInterceptor].toString()).contains("named")
            trail.step(4)
        }
        trail.step(1)
        yield()
        trail.step(5)
        thrownBy<IllegalArgumentException> { loop.dispatcher.limitedParallelism(0) }
    }

    @Test
    fun twoDispatchersOfOneLoopAreEqual() {
        Loop.start("a").use { a ->
            Loop.start("b").use { b ->
                assertThat(a.dispatcher).isEqualTo(a.dispatcher).hasSameHashCodeAs(a.dispatcher).isNotEqualTo(b.dispatcher)
                assertThat(a.dispatcher.immediate).isEqualTo(a.dispatcher.immediate).hasSameHashCodeAs(a.dispatcher.immediate)
                assertThat(a.dispatcher.immediate).isNotEqualTo(a.dispatcher).isNotEqualTo(b.dispatcher.immediate)
                assertThat(a.dispatcher as Any).isNotEqualTo("another thing")
                assertThat(a.dispatcher.loop).isSameAs(a)
                val immediate = a.dispatcher.immediate
                assertThat(immediate.immediate).isSameAs(immediate)
            }
        }
    }

    @Test
    fun itsTextNamesTheLoop() {
        Loop.start("orders").use { loop ->
            assertThat(loop.dispatcher).hasToString("LoopDispatcher[orders]")
            assertThat(loop.dispatcher.immediate).hasToString("LoopDispatcher[orders].immediate")
        }
    }

    @Test
    fun aLoopOnAHostDispatchesToTheHostsThread() {
        val host = java.util.concurrent.Executors.newSingleThreadScheduledExecutor { Thread(it, "host") }
        try {
            val loop = Loop.on(host)
            val ended = CountDownLatch(1)
            val names = ConcurrentLinkedQueue<String>()
            loop.scope().launch {
                names += Thread.currentThread().name.substringBefore(' ')
                kotlinx.coroutines.delay(1)
                names += Thread.currentThread().name.substringBefore(' ')
                names += loop.awaitTask { Await.yieldNow(); if (Loop.current() === loop) "task" else "elsewhere" }
                names += loop.async { Thread.currentThread().name.substringBefore(' ') }.await()
                ended.countDown()
            }
            assertThat(ended.await(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue()
            assertThat(names).containsExactly("host", "host", "task", "host")
            loop.close()
        } finally {
            host.shutdownNow()
        }
    }
}
