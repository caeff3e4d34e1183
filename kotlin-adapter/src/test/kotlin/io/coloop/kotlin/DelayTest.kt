package io.coloop.kotlin

import io.coloop.Await
import io.coloop.Loop
import io.coloop.test.LoopTest
import io.coloop.test.Trail
import io.coloop.test.VirtualClock
import java.time.Duration
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.time.Duration.Companion.microseconds
import kotlin.time.Duration.Companion.nanoseconds
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.InternalCoroutinesApi
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.selects.onTimeout
import kotlinx.coroutines.selects.select
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.withTimeoutOrNull
import org.assertj.core.api.Assertions.assertThat

/** `delay`, `withTimeout` and their like on the loop's timers, in virtual time. */
class DelayTest {
    @LoopTest
    fun delayJumpsTheVirtualTime(clock: VirtualClock) = coroutine {
        delay(86_400_000)
        assertThat(clock.elapsed()).isEqualTo(Duration.ofDays(1))
    }

    @LoopTest
    fun zeroAndLessReturnAtOnce(loop: Loop, clock: VirtualClock) = coroutine {
        val turn = loop.turnCount()
        delay(0)
        delay(-5)
        assertThat(loop.turnCount()).isEqualTo(turn)
        assertThat(clock.elapsed()).isZero()
    }

    @LoopTest
    fun trapNanosecondsAreRoundedUpByKotlinxNeverCut(clock: VirtualClock) = coroutine {
        delay(1.nanoseconds)
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(1))
        delay(1001.microseconds)
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(3))
    }

    @LoopTest
    fun aDelayStartsAtTheNanosecondItWasCalled(loop: Loop, clock: VirtualClock) = coroutine {
        loop.awaitTask { Await.sleep(Duration.ofNanos(7)) }
        delay(1)
        assertThat(clock.elapsed()).isEqualTo(Duration.ofNanos(1_000_007))
    }

    @LoopTest
    fun equalDeadlinesKeepTheirOrderAcrossTheLanguages(loop: Loop, trail: Trail) {
        val all =
            listOf(
                task {
                    Await.sleep(Duration.ofMillis(3))
                    trail.mark("task 1")
                },
                loop.async {
                    delay(3)
                    trail.mark("coroutine 1")
                },
                task {
                    Await.sleep(Duration.ofMillis(3))
                    trail.mark("task 2")
                },
                loop.async {
                    delay(3)
                    trail.mark("coroutine 2")
                },
            )
        // coroutines and tasks take their first step in this order, so they set their timers in this order
        all.forEach { Await.await(it) }
        assertThat(trail.marks()).containsExactly("task 1", "coroutine 1", "task 2", "coroutine 2")
    }

    @LoopTest
    fun aCancelledDelayLeavesNoTimer(loop: Loop) = coroutine {
        val before = loop.timerCount()
        val job = launch { delay(Long.MAX_VALUE - 1) }
        kotlinx.coroutines.yield()
        assertThat(loop.timerCount()).isEqualTo(before + 1)
        job.cancelAndJoin()
        assertThat(loop.timerCount()).isEqualTo(before)
    }

    @LoopTest
    fun delayForeverSetsNoTimer(loop: Loop) = coroutine {
        val before = loop.timerCount()
        val job = launch { delay(Long.MAX_VALUE) }
        kotlinx.coroutines.yield()
        assertThat(loop.timerCount()).isEqualTo(before)
        job.cancelAndJoin()
    }

    @LoopTest
    fun aHugeDelayDoesNotOverflowIntoThePast(loop: Loop, clock: VirtualClock) = coroutine {
        clock.advanceBy(Duration.ofDays(1))
        val job = launch { delay(Long.MAX_VALUE - 1) }
        delay(1000)
        assertThat(job.isActive).isTrue()
        job.cancelAndJoin()
        assertThat(loop.timerCount()).isZero()
    }

    @LoopTest(foreignThreads = true)
    fun aDelayThatIsCancelledFromAnotherThreadLeavesNoTimer(loop: Loop) {
        val job = loop.scope().launch { delay(Long.MAX_VALUE - 1) }
        settle()
        assertThat(loop.timerCount()).isEqualTo(1)
        elsewhere { job.cancel() }
        job.ended()
        settle()
        assertThat(loop.timerCount()).isZero()
    }

    @LoopTest
    fun aTimeoutThatIsNotNeededLeavesNoTimer(loop: Loop, clock: VirtualClock) = coroutine {
        assertThat(withTimeout(1000) { "quick" }).isEqualTo("quick")
        assertThat(
                withTimeout(1000) {
                    delay(1)
                    "slower"
                }
            )
            .isEqualTo("slower")
        assertThat(loop.timerCount()).isZero()
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(1))
    }

    @LoopTest
    fun aTimeoutCancelsInTime(clock: VirtualClock, trail: Trail) = coroutine {
        thrownBy<TimeoutCancellationException> {
            withTimeout(10) {
                try {
                    delay(20)
                } finally {
                    trail.step(1)
                }
            }
        }
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(10))
        assertThat(withTimeoutOrNull(10) { delay(20) }).isNull()
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(20))
        trail.finished(1)
    }

    @LoopTest
    fun cleaningUpMayDelay(clock: VirtualClock) = coroutine {
        val job = launch {
            try {
                delay(Long.MAX_VALUE)
            } finally {
                withContext(NonCancellable) { delay(50) }
            }
        }
        kotlinx.coroutines.yield()
        job.cancelAndJoin()
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(50))
    }

    @OptIn(kotlinx.coroutines.ExperimentalCoroutinesApi::class)
    @LoopTest
    fun onTimeoutOfASelect(loop: Loop, clock: VirtualClock) = coroutine {
        val never = loop.promise<Int>().future().asDeferred()
        val chosen =
            select<String> {
                never.onAwait { "value" }
                onTimeout(30) { "timeout" }
            }
        assertThat(chosen).isEqualTo("timeout")
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(30))
        never.cancel()
    }

    @LoopTest
    fun aDelayOnImmediateIsTheSame(loop: Loop, clock: VirtualClock) {
        val job = loop.scope().launch(loop.dispatcher.immediate) { delay(4) }
        job.ended()
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(4))
        assertThat(loop.timerCount()).isZero()
    }

    @LoopTest
    fun manyDelaysOutOfOrder(trail: Trail) = coroutine {
        listOf(5L, 1L, 4L, 2L, 3L).map { millis -> launch { delay(millis); trail.mark("$millis") } }.forEach { it.join() }
        assertThat(trail.marks()).containsExactly("1", "2", "3", "4", "5")
    }

    // ---- the timers that kotlinx asks for from any thread

    @OptIn(InternalCoroutinesApi::class)
    @LoopTest(foreignThreads = true)
    fun aTimerMayBeSetAndDisposedFromAnotherThread(loop: Loop, clock: VirtualClock, trail: Trail) {
        elsewhere {
            clock.foreign(loop).use { // time stands still until it is disposed
                val disposed = loop.dispatcher.invokeOnTimeout(5, { trail.mark("disposed") }, EmptyCoroutineContext)
                loop.dispatcher.invokeOnTimeout(6, { trail.mark("kept") }, EmptyCoroutineContext)
                disposed.dispose()
                disposed.dispose()
            }
        }
        Await.sleep(Duration.ofMillis(10))
        assertThat(trail.marks()).containsExactly("kept")
        assertThat(loop.timerCount()).isZero()
    }

    @OptIn(InternalCoroutinesApi::class)
    @LoopTest(foreignThreads = true)
    fun aTimerThatWasDisposedOnTheLoopBeforeItArrivedIsNeverSet(loop: Loop, trail: Trail) {
        val dispatcher = loop.dispatcher
        var timer: kotlinx.coroutines.DisposableHandle? = null
        // on its way to the loop, which this task holds until the next await
        Thread.ofPlatform().start { timer = dispatcher.invokeOnTimeout(5, { trail.mark("fired") }, EmptyCoroutineContext) }.join()
        timer!!.dispose()
        settle()
        assertThat(loop.timerCount()).isZero()
        Await.sleep(Duration.ofMillis(10))
        assertThat(trail.marks()).isEmpty()
    }

    @OptIn(InternalCoroutinesApi::class)
    @LoopTest
    fun aTimerMayBeDisposedAfterItFired(loop: Loop, trail: Trail) {
        val timer = loop.dispatcher.invokeOnTimeout(1, { trail.step(1) }, EmptyCoroutineContext)
        Await.sleep(Duration.ofMillis(2))
        timer.dispose()
        trail.finished(1)
    }

    @LoopTest(foreignThreads = true)
    fun aCoroutineOfAnotherDispatcherIsCancelledInADelayHere(loop: Loop) {
        val job = CoroutineScope(Dispatchers.Default).launch { withContext(loop.dispatcher) { delay(Long.MAX_VALUE - 1) } }
        while (loop.timerCount() == 0) Await.yieldNow()
        job.cancel()
        job.ended()
        settle()
        assertThat(loop.timerCount()).isZero()
    }
}
