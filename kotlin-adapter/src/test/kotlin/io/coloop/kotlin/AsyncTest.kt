package io.coloop.kotlin

import io.coloop.Await
import io.coloop.Cleanup
import io.coloop.Loop
import io.coloop.LoopClosedException
import io.coloop.Report
import io.coloop.Task
import io.coloop.TaskCancelledException
import io.coloop.VoidBody
import io.coloop.test.LoopTest
import io.coloop.test.Reports
import io.coloop.test.Trail
import io.coloop.test.VirtualClock
import java.io.IOException
import java.time.Duration
import java.util.concurrent.CancellationException
import java.util.concurrent.ExecutionException
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.async as childAsync
import kotlinx.coroutines.delay
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.supervisorScope
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.yield
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test

/** `loop.async { }`: suspend -> Future. */
class AsyncTest {
    @LoopTest
    fun theValueIsTheTasks(loop: Loop) {
        val future = loop.async {
            delay(10)
            "value"
        }
        assertThat(future.isDone).isFalse()
        assertThat(Await.await(future)).isEqualTo("value")
    }

    @LoopTest
    fun nullIsAValue(loop: Loop) {
        assertThat(Await.await(loop.async<String?> { null })).isNull()
    }

    @LoopTest
    fun itStartsFromTheReadyQueueThoughNobodyAwaitsIt(loop: Loop, trail: Trail) {
        loop.execute { trail.step(2) }
        val future = loop.async { trail.step(3) }
        loop.execute { trail.step(4) }
        trail.step(1)
        settle()
        trail.finished(4)
        assertThat(future.isDone).isTrue()
    }

    @LoopTest
    fun coroutinesOfOneLoopInterleaveOnlyWhereTheySuspend(loop: Loop, trail: Trail) {
        val both =
            listOf("a", "b").map { name ->
                loop.async {
                    trail.mark("$name 1")
                    yield()
                    trail.mark("$name 2")
                    yield()
                    trail.mark("$name 3")
                }
            }
        both.forEach { Await.await(it) }
        assertThat(trail.marks()).containsExactly("a 1", "b 1", "a 2", "b 2", "a 3", "b 3")
    }

    @LoopTest
    fun everythingRunsOnTheLoopsOwnThread(loop: Loop) {
        val own = loop.ownThread()
        val threads = mutableSetOf<Thread>()
        val future = loop.async {
            threads += Thread.currentThread()
            val children = List(3) {
                childAsync {
                    threads += Thread.currentThread()
                    delay(1)
                    threads += Thread.currentThread()
                    assertThat(Task.currentOrNull()).isNull()
                }
            }
            children.forEach { it.await() }
            threads += Thread.currentThread()
        }
        Await.await(future)
        assertThat(threads).containsExactly(own)
    }

    @Test
    fun itMayBeCalledFromAnyThread() {
        Loop.start("async").use { loop ->
            val own = loop.ownThread()
            val future = loop.async {
                delay(1)
                Thread.currentThread()
            }
            assertThat(future.get(LIMIT_SECONDS, TimeUnit.SECONDS)).isSameAs(own)
        }
    }

    @LoopTest
    fun theCoroutineHasNoParent(loop: Loop) {
        val outer = loop.async {
            val inner = loop.async { coroutineContext.job.parentOf() }
            inner.await()
        }
        assertThat(Await.await(outer)).isNull()
    }

    @OptIn(kotlinx.coroutines.ExperimentalCoroutinesApi::class)
    private fun Job.parentOf(): Job? = parent

    @LoopTest
    fun aFailureIsTheSameInstanceEvenAChecked(loop: Loop) {
        for (failure in listOf(IllegalStateException("unchecked"), IOException("checked"), AssertionError("error"))) {
            val future = loop.async {
                yield()
                throw failure
            }
            thrownBy<Throwable> { Await.await(future) }
            assertThat(future.exceptionNow()).isSameAs(failure)
            val again = loop.async { future.await() }
            thrownBy<Throwable> { Await.await(again) }
            assertThat(again.exceptionNow()).isSameAs(failure)
        }
    }

    @LoopTest
    fun aFailureThatNobodyObservesIsReported(loop: Loop, reports: Reports) {
        val failure = IOException("nobody looks")
        loop.async { throw failure }
        settle()
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(failure)
    }

    @LoopTest
    fun aChildsFailureCancelsItsSiblingsAndFailsTheFuture(loop: Loop, trail: Trail) {
        val failure = IllegalStateException("child")
        val future = loop.async {
            launch {
                try {
                    delay(Long.MAX_VALUE)
                } finally {
                    trail.step(1)
                }
            }
            launch {
                yield()
                throw failure
            }
            delay(Long.MAX_VALUE)
        }
        thrownBy<IllegalStateException> { Await.await(future) }
        assertThat(future.exceptionNow()).isSameAs(failure)
        trail.finished(1)
    }

    @LoopTest
    fun aChildsFailureInASupervisorScopeStaysThere(loop: Loop) {
        val future = loop.async {
            supervisorScope {
                val failing = childAsync { throw IllegalStateException("contained") }
                failing.join()
                "fine"
            }
        }
        assertThat(Await.await(future)).isEqualTo("fine")
    }

    @LoopTest
    fun cancellingTheFutureCancelsTheCoroutineAndItsChildren(loop: Loop, trail: Trail) {
        val future = loop.async {
            launch {
                try {
                    delay(Long.MAX_VALUE)
                } finally {
                    trail.mark("child")
                }
            }
            try {
                delay(Long.MAX_VALUE)
            } finally {
                trail.mark("block")
            }
        }
        settle()
        assertThat(future.cancel("enough")).isTrue()
        assertThat(thrownBy<TaskCancelledException> { Await.await(future) }).hasMessage("enough")
        assertThat(trail.marks()).containsExactlyInAnyOrder("block", "child")
        assertThat(future.cancel()).isFalse()
    }

    @LoopTest
    fun theFutureIsDoneWhenTheCoroutineHasEnded(loop: Loop, clock: VirtualClock) {
        val future = loop.async {
            try {
                delay(Long.MAX_VALUE)
            } finally {
                withContext(NonCancellable) { delay(4000) }
            }
        }
        settle()
        future.cancel()
        settle()
        assertThat(future.isDone).isFalse()
        thrownBy<TaskCancelledException> { Await.await(future) }
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(4))
    }

    @LoopTest
    fun cancelledBeforeItsFirstStepItNeverRuns(loop: Loop) {
        val future = loop.async { throw AssertionError("ran") }
        future.cancel()
        thrownBy<TaskCancelledException> { Await.await(future) }
        assertThat(future.isCancelled).isTrue()
    }

    @LoopTest
    fun aTimeoutOfTheBlockIsAFailure(loop: Loop) {
        val future = loop.async { withTimeout(1) { delay(2) } }
        thrownBy<TimeoutCancellationException> { Await.await(future) }
        assertThat(future.isFailed).isTrue()
    }

    @LoopTest
    fun aFutureThatTheBlockAwaitsAndSomebodyElseCancelsIsAFailure(loop: Loop) {
        val promise = loop.promise<Int>()
        val future = loop.async { promise.future().await() }
        settle()
        promise.future().cancel("by a third")
        thrownBy<FutureCancelledException> { Await.await(future) }
        assertThat(future.isFailed).isTrue()
    }

    @LoopTest
    fun aResourceReturnedAfterTheCancellationIsClosed(loop: Loop) {
        val resource = Resource()
        val future = loop.async {
            withContext(NonCancellable) { delay(1) }
            resource
        }
        settle()
        future.cancel()
        thrownBy<TaskCancelledException> { Await.await(future) }
        assertThat(resource.closed).isEqualTo(1)
    }

    @LoopTest
    fun aThousandAtOnce(loop: Loop, clock: VirtualClock) {
        val futures = List(1000) { number ->
            loop.async {
                delay(number % 10L)
                number
            }
        }
        assertThat(futures.sumOf { Await.await(it) }).isEqualTo(499_500)
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(9))
    }

    @Test
    fun aClosedLoopRefuses() {
        val loop = Loop.start("closed")
        loop.close()
        thrownBy<LoopClosedException> { loop.async { 1 } }
    }

    @Test
    fun closingTheLoopCancelsTheCoroutineAndWaitsForIt() {
        val loop = Loop.start("closing")
        val trail = Trail()
        val started = loop.promise<Unit>()
        val future = loop.async {
            started.complete(Unit)
            try {
                delay(Long.MAX_VALUE)
            } finally {
                withContext(NonCancellable) { delay(1) }
                trail.step(1)
            }
        }
        started.future().get(LIMIT_SECONDS, TimeUnit.SECONDS)
        loop.close()
        trail.finished(1)
        assertThat(thrownBy<CancellationException> { future.get(LIMIT_SECONDS, TimeUnit.SECONDS) })
            .isNotInstanceOf(ExecutionException::class.java)
    }

    /** It ended on another thread before it could be told of the cancel, and its end reaches the loop after that. */
    @LoopTest
    fun aValueOfAnotherDispatcherThatCrossesTheCancelIsClosed(loop: Loop) {
        val held = HeldDispatcher()
        val resource = Resource()
        val task = loop.async(held) { resource }
        settle()
        Thread.ofPlatform().start { held.release() }.join()
        task.cancel()
        thrownBy<TaskCancelledException> { Await.await(task) }
        settle()
        assertThat(resource.closed).isEqualTo(1)
    }

    @LoopTest
    fun whatATaskThatEndsCancelledReturnedIsClosedAndUnitIsNoLoss(loop: Loop) {
        val resource = Resource()
        fun <T> cancelledAfterItsLastAwait(value: T): T {
            Cleanup.run(Duration.ofSeconds(1), VoidBody<RuntimeException> { Task.current().cancel() })
            return value
        }
        for (value in listOf(resource, Unit)) {
            awaitSuspend {
                supervisorScope {
                    task(loop) { cancelledAfterItsLastAwait(value) }
                }
            }
        }
        settle()
        assertThat(resource.closed).isEqualTo(1)
    }
}
