package io.coloop.kotlin

import io.coloop.Await
import io.coloop.Loop
import io.coloop.LoopClosedException
import io.coloop.Task
import io.coloop.test.LoopTest
import io.coloop.test.Trail
import io.coloop.test.VirtualClock
import java.io.IOException
import java.time.Duration
import java.util.concurrent.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test

/** `loop.awaitTask { }`: a coroutine runs await-style code. */
class AwaitTaskTest {
    @LoopTest
    fun theBodyIsATaskAndMayAwait(loop: Loop, clock: VirtualClock) = coroutine {
        val task = loop.awaitTask {
            Await.sleep(Duration.ofSeconds(1))
            Task.current()
        }
        assertThat(task.isDone).isTrue()
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(1))
    }

    @LoopTest
    fun trapItsSleepIsExactToTheNanosecond(loop: Loop, clock: VirtualClock) = coroutine {
        loop.awaitTask { Await.sleep(Duration.ofNanos(1)) }
        assertThat(clock.elapsed()).isEqualTo(Duration.ofNanos(1))
    }

    @LoopTest
    fun nullIsAValue(loop: Loop) = coroutine { assertThat(loop.awaitTask<String?> { null }).isNull() }

    @LoopTest
    fun aFailureIsTheSameInstance(loop: Loop) = coroutine {
        for (failure in listOf(IllegalStateException("unchecked"), IOException("checked"))) {
            assertThat(thrownBy<Throwable> { loop.awaitTask { throw failure } }).isSameAs(failure)
        }
    }

    @LoopTest
    fun cancellingTheCoroutineCancelsTheTaskAndWaitsForIt(loop: Loop, trail: Trail) {
        val job = loop.scope().launch {
            try {
                loop.awaitTask {
                    try {
                        Await.sleep(Duration.ofHours(1))
                    } finally {
                        Await.sleep(Duration.ofSeconds(1))
                        trail.step(1)
                    }
                }
            } finally {
                trail.step(2)
            }
        }
        settle()
        job.cancel()
        job.ended()
        trail.finished(2)
    }

    @LoopTest
    fun aCoroutineThatIsCancelledStartsNothing(loop: Loop) = coroutine {
        val job = launch {
            this@launch.cancel()
            loop.awaitTask { throw AssertionError("started") }
        }
        job.join()
        assertThat(job.isCancelled).isTrue()
    }

    @LoopTest
    fun aTimeoutCancelsTheTask(loop: Loop, trail: Trail) = coroutine {
        thrownBy<TimeoutCancellationException> {
            withTimeout(5) {
                loop.awaitTask {
                    try {
                        Await.sleep(Duration.ofHours(1))
                    } finally {
                        trail.step(1)
                    }
                }
            }
        }
        trail.finished(1)
    }

    @LoopTest
    fun aTaskThatSomebodyElseCancelsIsAFailure(loop: Loop) = coroutine {
        val failure = thrownBy<FutureCancelledException> {
            loop.awaitTask {
                Task.current().cancel("by itself")
                Await.yieldNow()
            }
        }
        assertThat(failure.cause).isInstanceOf(CancellationException::class.java)
    }

    @LoopTest(foreignThreads = true)
    fun aCoroutineElsewhereRunsATaskHere(loop: Loop) {
        val awaiting = CoroutineScope(Dispatchers.Default).async { loop.awaitTask { Loop.current() } to Loop.currentOrNull() }
        assertThat(await(awaiting)).isEqualTo(loop to null)
    }

    @LoopTest
    fun aCoroutineElsewhereSeesAFailureWhichIsNotReportedBefore(loop: Loop) {
        val elsewhere = HeldDispatcher()
        val awaiting = CoroutineScope(elsewhere).async { thrownBy<IOException> { loop.awaitTask { throw IOException("expected") } } }
        elsewhere.release()
        settle() // nothing is reported
        assertThat(elsewhere.waiting).isEqualTo(1)
        elsewhere.release()
        assertThat(await(awaiting)).hasMessage("expected")
    }

    @Test
    fun runBlockingOutsideTheLoopMayUseIt() {
        Loop.start("used from outside").use { loop ->
            assertThat(runBlocking { loop.awaitTask { Loop.current() } }).isSameAs(loop)
        }
    }

    @Test
    fun aClosedLoopRefuses() {
        val loop = Loop.start("closed")
        loop.close()
        runBlocking { thrownBy<LoopClosedException> { loop.awaitTask {} } }
    }
}
