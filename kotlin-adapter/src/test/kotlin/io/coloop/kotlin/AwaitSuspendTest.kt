package io.coloop.kotlin

import io.coloop.Await
import io.coloop.Future
import io.coloop.Loop
import io.coloop.LoopMisuseException
import io.coloop.Report
import io.coloop.Task
import io.coloop.TaskCancelledException
import io.coloop.test.LoopTest
import io.coloop.test.Reports
import io.coloop.test.Trail
import io.coloop.test.VirtualClock
import java.io.IOException
import java.time.Duration
import java.util.concurrent.CancellationException
import java.util.concurrent.CompletionException
import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.coroutineContext
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.cancel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.yield
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test

/** `awaitSuspend { }`: a task's body calls a suspending function. */
class AwaitSuspendTest {
    // ---- start, thread, value

    @LoopTest
    fun itReturnsTheValueOfABlockThatSuspendsAndOfOneThatDoesNot() {
        assertThat(awaitSuspend { 1 }).isEqualTo(1)
        assertThat(
                awaitSuspend {
                    delay(5)
                    2
                }
            )
            .isEqualTo(2)
    }

    @LoopTest
    fun nullIsAValue() {
        assertThat(
                awaitSuspend<String?> {
                    yield()
                    null
                }
            )
            .isNull()
    }

    @LoopTest
    fun theBlockRunsOnTheLoopsOwnThreadNotOnTheTasksStack(loop: Loop) {
        val own = loop.ownThread()
        val threads = awaitSuspend {
            assertThat(Task.currentOrNull()).isNull()
            val first = Thread.currentThread()
            delay(1)
            assertThat(loop.isOnLoop).isTrue()
            listOf(first, Thread.currentThread())
        }
        assertThat(threads).containsExactly(own, own)
        assertThat(Thread.currentThread()).isNotSameAs(own)
    }

    @LoopTest
    fun trapNoDefaultDispatcher(loop: Loop) {
        val interceptor = awaitSuspend { coroutineContext[ContinuationInterceptor] }
        assertThat(interceptor).isEqualTo(loop.dispatcher)
    }

    @LoopTest
    fun theBlockStartsInTheVeryItemThatAwaitsIt(loop: Loop, trail: Trail) {
        loop.execute { trail.step(2) }
        awaitSuspend {
            trail.step(1)
            yield()
            trail.step(3)
        }
        trail.finished(3)
    }

    @LoopTest
    fun othersRunMeanwhile(trail: Trail) {
        val other = task {
            trail.step(2)
            Await.sleep(Duration.ofMillis(2))
            trail.step(3)
        }
        awaitSuspend {
            trail.step(1)
            delay(4)
            trail.step(4)
        }
        assertThat(other.isDone).isTrue()
    }

    @LoopTest(foreignThreads = true)
    fun aHopElsewhereComesBack(loop: Loop) {
        val own = loop.ownThread()
        val (there, back) =
            awaitSuspend { withContext(Dispatchers.IO) { Thread.currentThread() } to Thread.currentThread() }
        assertThat(there).isNotSameAs(own)
        assertThat(back).isSameAs(own)
    }

    @LoopTest
    fun theBlockAwaitsChildren(trail: Trail, clock: VirtualClock) {
        awaitSuspend {
            coroutineScope {
                launch {
                    delay(1000)
                    trail.step(2)
                }
                trail.step(1)
            }
        }
        trail.finished(2)
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(1))
    }

    // ---- failures

    @LoopTest
    fun anUncheckedFailureIsTheSameInstance() {
        for (failure in listOf(IllegalStateException("unchecked"), AssertionError("error"))) {
            val now = thrownBy<Throwable> { awaitSuspend { throw failure } }
            val later =
                thrownBy<Throwable> {
                    awaitSuspend {
                        yield()
                        throw failure
                    }
                }
            assertThat(now).isSameAs(failure)
            assertThat(later).isSameAs(failure)
        }
    }

    @LoopTest
    fun aCheckedFailureIsACause() {
        val failure = IOException("checked")
        assertThat(thrownBy<CompletionException> { awaitSuspend { throw failure } }.cause).isSameAs(failure)
    }

    @LoopTest
    fun aFailureOfAChildIsTheBlocks() {
        val failure = IllegalStateException("child")
        val thrown =
            thrownBy<IllegalStateException> {
                awaitSuspend {
                    coroutineScope {
                        launch { throw failure }
                        delay(Long.MAX_VALUE)
                    }
                }
            }
        assertThat(generateSequence(thrown as Throwable) { it.cause }.toList()).contains(failure) // kotlinx may copy it to recover its trace
    }

    // ---- a block that somebody else cancelled

    @LoopTest
    fun trapATimeoutInsideIsAFailureNotACancellation() {
        val awaiting = task { awaitSuspend { withTimeout(5) { delay(10) } } }
        thrownBy<TimeoutCancellationException> { Await.await(awaiting) }
        assertThat(awaiting.isFailed).isTrue()
        assertThat(awaiting.isCancelled).isFalse()
    }

    @LoopTest
    fun trapABlockThatCancelsItselfIsAFailure() {
        val awaiting = task {
            awaitSuspend {
                coroutineContext.cancel(CancellationException("by itself"))
                yield()
            }
        }
        assertThat(thrownBy<CancellationException> { Await.await(awaiting) })
            .isNotInstanceOf(TaskCancelledException::class.java)
            .hasMessage("by itself")
        assertThat(awaiting.isFailed).isTrue()
    }

    @LoopTest
    fun trapATasksCancellationThrownByTheBlockIsAFailure() {
        val inner = TaskCancelledException("of another task")
        val awaiting = task { awaitSuspend { throw inner } }
        val failure = thrownBy<CancellationException> { Await.await(awaiting) }
        assertThat(failure).isNotInstanceOf(TaskCancelledException::class.java).hasMessage("of another task").hasCause(inner)
        assertThat(awaiting.isFailed).isTrue()
    }

    // ---- cancelling the task

    @LoopTest
    fun cancellingTheTaskCancelsTheCoroutineWithTheReason() {
        var seen: CancellationException? = null
        val awaiting = task {
            awaitSuspend {
                try {
                    delay(Long.MAX_VALUE)
                } catch (cancelled: CancellationException) {
                    seen = cancelled
                    throw cancelled
                }
            }
        }
        settle()
        awaiting.cancel("too late")
        thrownBy<TaskCancelledException> { Await.await(awaiting) }
        assertThat(awaiting.isCancelled).isTrue()
        assertThat(seen).hasMessage("too late")
    }

    @LoopTest
    fun theTaskGoesOnWhenTheCoroutineHasEnded(trail: Trail, clock: VirtualClock) {
        val awaiting = task {
            try {
                awaitSuspend {
                    try {
                        delay(Long.MAX_VALUE)
                    } finally {
                        trail.step(1)
                        withContext(NonCancellable) { delay(3000) }
                        trail.step(2)
                    }
                }
            } finally {
                trail.step(3)
                Await.sleep(Duration.ofSeconds(2))
                trail.step(4)
            }
        }
        settle()
        awaiting.cancel()
        thrownBy<TaskCancelledException> { Await.await(awaiting) }
        trail.finished(4)
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(5))
    }

    @LoopTest
    fun itWaitsForChildrenThatCleanUp(trail: Trail) {
        val awaiting = task {
            try {
                awaitSuspend {
                    coroutineScope {
                        launch {
                            try {
                                delay(Long.MAX_VALUE)
                            } finally {
                                withContext(NonCancellable) { delay(1) }
                                trail.step(1)
                            }
                        }
                    }
                }
            } finally {
                trail.step(2)
            }
        }
        settle()
        awaiting.cancel()
        thrownBy<TaskCancelledException> { Await.await(awaiting) }
        trail.finished(2)
    }

    @LoopTest
    fun cancellingAgainWhileTheCoroutineEndsDoesNotCutItsCleanUp(trail: Trail) {
        val awaiting = task {
            try {
                awaitSuspend {
                    try {
                        delay(Long.MAX_VALUE)
                    } finally {
                        withContext(NonCancellable) { delay(1000) }
                        trail.step(2)
                    }
                }
            } catch (cancelled: TaskCancelledException) {
                trail.step(3)
                assertThat(cancelled).hasMessage("first")
                throw cancelled
            }
        }
        settle()
        awaiting.cancel("first")
        settle()
        awaiting.cancel("second")
        settle()
        awaiting.cancel("third")
        trail.step(1)
        thrownBy<TaskCancelledException> { Await.await(awaiting) }
        trail.finished(3)
    }

    @LoopTest
    fun aTaskThatWasCancelledBeforeStartsNothing() {
        val awaiting = task {
            try {
                Await.await(Loop.current().promise<Unit>().future())
            } catch (first: TaskCancelledException) {
                Task.current().cancel("again")
                awaitSuspend { throw AssertionError("started") }
            }
        }
        settle()
        awaiting.cancel()
        thrownBy<TaskCancelledException> { Await.await(awaiting) }
    }

    @LoopTest(foreignThreads = true)
    fun cancellingFromAnotherThread(loop: Loop, trail: Trail) {
        val awaiting = task {
            awaitSuspend {
                try {
                    delay(Long.MAX_VALUE)
                } finally {
                    trail.mark(if (Thread.currentThread() == loop.ownThreadNow()) "own thread" else "foreign thread")
                }
            }
        }
        settle()
        elsewhere { awaiting.cancel() }
        thrownBy<TaskCancelledException> { Await.await(awaiting) }
        assertThat(trail.marks()).containsExactly("own thread")
    }

    /** In a coroutine the current thread is asked directly: this is the loop's own if the loop says so and no task runs. */
    private fun Loop.ownThreadNow(): Thread? = if (isOnLoop && Task.currentOrNull() == null) Thread.currentThread() else null

    @LoopTest
    fun aTaskMayTakeItsCancellationBackAndGoOn() {
        val awaiting = task {
            try {
                awaitSuspend { delay(Long.MAX_VALUE) }
            } catch (cancelled: TaskCancelledException) {
                Task.current().uncancel()
            }
            awaitSuspend {
                delay(1)
                "went on"
            }
        }
        settle()
        awaiting.cancel()
        assertThat(Await.await(awaiting)).isEqualTo("went on")
    }

    @LoopTest
    fun aFailureOfTheCleanUpBeatsTheCancellation() {
        val failure = IllegalStateException("in finally")
        val awaiting = task {
            awaitSuspend {
                try {
                    delay(Long.MAX_VALUE)
                } finally {
                    throw failure
                }
            }
        }
        settle()
        awaiting.cancel()
        assertThat(thrownBy<IllegalStateException> { Await.await(awaiting) }).isSameAs(failure)
    }

    @LoopTest
    fun aFailureThatComesWithTheCancellationBeatsIt(loop: Loop) {
        val failure = IllegalStateException("in the same turn")
        val gate = loop.promise<Unit>()
        var awaiting: Task<Unit>? = null
        awaiting = task {
            awaitSuspend {
                gate.future().await()
                awaiting!!.cancel()
                throw failure
            }
        }
        settle()
        gate.complete(Unit)
        assertThat(thrownBy<IllegalStateException> { Await.await(awaiting) }).isSameAs(failure)
    }

    // ---- values that cannot be delivered

    @LoopTest
    fun trapAResourceReturnedAfterTheCancellationIsClosed() {
        val resource = Resource()
        val awaiting = task {
            awaitSuspend {
                withContext(NonCancellable) { delay(1) }
                resource
            }
        }
        settle()
        awaiting.cancel()
        thrownBy<TaskCancelledException> { Await.await(awaiting) }
        assertThat(resource.closed).isEqualTo(1)
    }

    @LoopTest
    fun aResourceReturnedInTheTurnOfTheCancellationIsClosed(loop: Loop) {
        val resource = Resource()
        val gate = loop.promise<Unit>()
        val awaiting = task {
            awaitSuspend {
                gate.future().await()
                resource
            }
        }
        settle()
        gate.complete(Unit)
        loop.execute { awaiting.cancel() } // behind the coroutine, before the task
        thrownBy<TaskCancelledException> { Await.await(awaiting) }
        settle()
        assertThat(resource.closed).isEqualTo(1)
    }

    @LoopTest
    fun itGoesToTheReceiverInstead() {
        val resource = Resource()
        val received = mutableListOf<Resource>()
        val awaiting = task {
            awaitSuspend({ received += it }) {
                withContext(NonCancellable) { delay(1) }
                resource
            }
        }
        settle()
        awaiting.cancel()
        thrownBy<TaskCancelledException> { Await.await(awaiting) }
        assertThat(received).containsExactly(resource)
        assertThat(resource.closed).isZero()
    }

    @LoopTest
    fun anyOtherValueIsReported(reports: Reports) {
        val awaiting = task {
            awaitSuspend {
                withContext(NonCancellable) { delay(1) }
                "late"
            }
        }
        settle()
        awaiting.cancel()
        thrownBy<TaskCancelledException> { Await.await(awaiting) }
        assertThat(reports.takeOnly(Report.Kind.LATE_VALUE).value()).isEqualTo("late")
    }

    @LoopTest
    fun aReceiverThatFailsIsReported(reports: Reports) {
        val broken = IllegalStateException("broken receiver")
        val awaiting = task {
            awaitSuspend({ throw broken }) {
                withContext(NonCancellable) { delay(1) }
                1
            }
        }
        settle()
        awaiting.cancel()
        thrownBy<TaskCancelledException> { Await.await(awaiting) }
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(broken)
    }

    @LoopTest
    fun aDeliveredValueStaysOpen() {
        val resource = awaitSuspend({ throw AssertionError("it was delivered") }) { Resource() }
        assertThat(resource.closed).isZero()
    }

    // ---- misuse

    @LoopTest
    fun inACoroutineItIsRefused() = coroutine {
        val misuse = thrownBy<LoopMisuseException> { awaitSuspend {} }
        assertThat(misuse).hasMessageStartingWith("only a task may await")
        assertThat(thrownBy<LoopMisuseException> { Await.await(Loop.current().promise<Int>().future()) })
            .hasMessageStartingWith("only a task may await")
    }

    @Test
    fun onAThreadWithoutALoopItIsRefused() {
        val misuse = thrownBy<LoopMisuseException> { awaitSuspend {} }
        assertThat(misuse).hasMessageStartingWith("only a task may await\n  call:   await(suspending block)\n")
    }

    @LoopTest
    fun languagesNestAsDeepAsOneLikes(loop: Loop, clock: VirtualClock) {
        val depth = awaitSuspend {
            1 + loop.awaitTask { 1 + awaitSuspend { 1 + loop.async { loop.awaitTask { Await.sleep(Duration.ofMillis(7)); 1 } }.await() } }
        }
        assertThat(depth).isEqualTo(4)
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(7))
        assertThat(Future.completed(1).isDone).isTrue()
    }

    @LoopTest
    fun cancellationCrossesEveryBorderOfANest(loop: Loop, trail: Trail) {
        val outer = task {
            try {
                awaitSuspend {
                    try {
                        loop.awaitTask {
                            try {
                                awaitSuspend {
                                    try {
                                        coroutineContext.job.invokeOnCompletion { trail.mark("inner job") }
                                        delay(Long.MAX_VALUE)
                                    } finally {
                                        trail.mark("inner coroutine")
                                    }
                                }
                            } finally {
                                trail.mark("inner task")
                            }
                        }
                    } finally {
                        trail.mark("outer coroutine")
                    }
                }
            } finally {
                trail.mark("outer task")
            }
        }
        settle()
        outer.cancel()
        thrownBy<TaskCancelledException> { Await.await(outer) }
        assertThat(trail.marks())
            .containsExactly("inner coroutine", "inner job", "inner task", "outer coroutine", "outer task")
    }
}
