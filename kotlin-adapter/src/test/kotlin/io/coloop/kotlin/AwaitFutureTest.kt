package io.coloop.kotlin

import io.coloop.Await
import io.coloop.Future
import io.coloop.Loop
import io.coloop.Report
import io.coloop.TaskCancelledException
import io.coloop.test.LoopTest
import io.coloop.test.Reports
import io.coloop.test.Trail
import io.coloop.test.VirtualClock
import java.io.IOException
import java.time.Duration
import java.util.concurrent.CancellationException
import java.util.concurrent.CompletionException
import java.util.concurrent.Executors
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineExceptionHandler
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.yield
import org.assertj.core.api.Assertions.assertThat

/** `suspend Future.await()` and `awaitShared()`. */
class AwaitFutureTest {
    // ---- start and value

    @LoopTest
    fun aDoneFutureIsReadWithoutGivingUpTheLoop(loop: Loop, trail: Trail) = coroutine {
        loop.execute { trail.mark("other") }
        assertThat(Future.completed(1).await()).isEqualTo(1)
        assertThat(Future.completed(2).awaitShared()).isEqualTo(2)
        assertThat(trail.marks()).isEmpty()
    }

    @LoopTest
    fun aPendingFutureGivesUpTheLoopUntilItIsDone(loop: Loop, trail: Trail) = coroutine {
        val promise = loop.promise<String>()
        loop.execute {
            trail.step(2)
            promise.complete("value")
        }
        trail.step(1)
        assertThat(promise.future().await()).isEqualTo("value")
        trail.step(3)
    }

    @LoopTest
    fun nullIsAValue(loop: Loop) = coroutine {
        val pending = loop.promise<String?>()
        loop.execute { pending.complete(null) }
        assertThat(pending.future().await()).isNull()
        assertThat(pending.future().await()).isNull()
        assertThat(pending.future().awaitShared()).isNull()
    }

    @LoopTest
    fun manyCoroutinesAwaitOneFuture(loop: Loop) = coroutine {
        val promise = loop.promise<Int>()
        val awaiting = List(100) { async(start = CoroutineStart.UNDISPATCHED) { promise.future().await() + it } }
        promise.complete(1000)
        assertThat(awaiting.map { it.await() }).isEqualTo(List(100) { 1000 + it })
    }

    // ---- thread and order

    @LoopTest(foreignThreads = true)
    fun aCompletionElsewhereResumesOnTheLoopsOwnThread(loop: Loop) {
        val own = loop.ownThread()
        val promise = loop.promise<Thread>()
        val awaiting = loop.async { promise.future().await() to Thread.currentThread() }
        settle()
        elsewhere { promise.complete(Thread.currentThread()) }
        val (completed, resumed) = Await.await(awaiting)
        assertThat(completed).isNotSameAs(own)
        assertThat(resumed).isSameAs(own)
    }

    @LoopTest
    fun coroutinesAndTasksGoOnInTheOrderInWhichTheyAwaitAndInOneTurn(loop: Loop, trail: Trail) {
        val promise = loop.promise<Unit>()
        val turns = mutableListOf<Long>()
        fun pass(name: String) {
            trail.mark(name)
            turns += loop.turnCount()
        }
        val all =
            listOf(
                task {
                    Await.await(promise.future())
                    pass("task 1")
                },
                loop.async {
                    promise.future().await()
                    pass("coroutine 1")
                },
                task {
                    Await.await(promise.future())
                    pass("task 2")
                },
                loop.async {
                    promise.future().awaitShared()
                    pass("coroutine 2")
                },
            )
        settle()
        promise.complete(Unit)
        all.forEach { Await.await(it) }
        assertThat(trail.marks()).containsExactly("task 1", "coroutine 1", "task 2", "coroutine 2")
        assertThat(turns.distinct()).hasSize(1)
    }

    @LoopTest(foreignThreads = true)
    fun aCoroutineElsewhereGoesOnThroughItsOwnDispatcher(loop: Loop) {
        Executors.newSingleThreadExecutor { Thread(it, "other") }.asCoroutineDispatcher().use { other ->
            val promise = loop.promise<Int>()
            val awaiting =
                CoroutineScope(other).async { promise.future().await() to Thread.currentThread().name.substringBefore(' ') }
            elsewhere { promise.complete(1) }
            assertThat(await(awaiting)).isEqualTo(1 to "other")
        }
    }

    @LoopTest(foreignThreads = true)
    fun aFutureOfAnotherLoopResumesHere(loop: Loop) {
        Loop.start("another").use { another ->
            val own = loop.ownThread()
            val promise = another.promise<Int>()
            val awaiting = loop.async { promise.future().await() to Thread.currentThread() }
            settle()
            another.execute { promise.complete(7) }
            assertThat(Await.await(awaiting)).isEqualTo(7 to own)
        }
    }

    @LoopTest
    fun anImmediateCoroutineGoesOnInTheSameTurnToo(loop: Loop, trail: Trail) {
        val promise = loop.promise<Unit>()
        val job = loop.scope().launch(loop.dispatcher.immediate) {
            promise.future().await()
            trail.step(3)
        }
        settle()
        trail.step(1)
        promise.complete(Unit)
        trail.step(2) // never inside complete
        job.ended()
        trail.finished(3)
    }

    @LoopTest(foreignThreads = true)
    fun anUnconfinedCoroutineNeverGoesOnInsideComplete(loop: Loop, trail: Trail) {
        val promise = loop.promise<Unit>()
        val job = CoroutineScope(Dispatchers.Unconfined).launch {
            promise.future().await()
            trail.step(2)
        }
        promise.complete(Unit)
        trail.step(1)
        job.ended()
        trail.finished(2)
    }

    // ---- failures

    @LoopTest
    fun aFailureIsTheSameInstancePendingOrDoneCheckedOrNot(loop: Loop) = coroutine {
        for (failure in listOf(IllegalStateException("unchecked"), IOException("checked"), AssertionError("error"))) {
            val pending = loop.promise<Int>()
            loop.execute { pending.fail(failure) }
            assertThat(thrownBy<Throwable> { pending.future().await() }).isSameAs(failure)
            assertThat(thrownBy<Throwable> { pending.future().await() }).isSameAs(failure)
            assertThat(thrownBy<Throwable> { pending.future().awaitShared() }).isSameAs(failure)
        }
    }

    @LoopTest
    fun theWrapperOfADerivedStageIsTakenOff(loop: Loop) = coroutine {
        val failure = IOException("inside")
        val promise = loop.promise<Int>()
        val derived = promise.future().thenApply { it + 1 }
        assertThat(derived).isNotNull()
        loop.execute { promise.fail(failure) }
        assertThat(thrownBy<IOException> { derived.await() }).isSameAs(failure)
    }

    @LoopTest
    fun aWrapperWithoutACauseStays(loop: Loop) = coroutine {
        val failure = object : CompletionException("alone") {}
        val promise = loop.promise<Int>()
        promise.fail(failure)
        assertThat(thrownBy<CompletionException> { promise.future().await() }).isSameAs(failure)
    }

    @LoopTest
    fun awaitingObservesTheFailure(loop: Loop, reports: Reports) {
        val promise = loop.promise<Int>()
        val awaiting = loop.async { runCatching { promise.future().await() }.exceptionOrNull()?.message }
        settle()
        promise.fail(IOException("seen"))
        assertThat(Await.await(awaiting)).isEqualTo("seen")
        settle()
        assertThat(reports.take()).isEmpty()
    }

    // ---- a source that somebody else cancelled

    @LoopTest
    fun trapAFutureCancelledBySomebodyElseDoesNotEndTheCoroutineInSilence(loop: Loop) {
        val promise = loop.promise<Int>()
        var handled: Throwable? = null
        val scope = CoroutineScope(loop.dispatcher + Job() + CoroutineExceptionHandler { _, failure -> handled = failure })
        val job = scope.launch { promise.future().await() }
        settle()
        promise.future().cancel("not wanted")
        job.ended()
        val failure = handled as FutureCancelledException
        assertThat(failure).isNotInstanceOf(CancellationException::class.java).hasMessageEndingWith("not wanted")
        assertThat(failure.cause).isInstanceOf(TaskCancelledException::class.java).hasMessage("not wanted")
    }

    @LoopTest
    fun aFutureThatWasCancelledBeforeIsAFailureToo(loop: Loop) = coroutine {
        val promise = loop.promise<Int>()
        promise.future().cancel()
        val failure = thrownBy<FutureCancelledException> { promise.future().await() }
        assertThat(failure).hasMessage("the awaited future was cancelled by somebody else: the future was cancelled")
        thrownBy<FutureCancelledException> { promise.future().awaitShared() }
    }

    @LoopTest
    fun trapAFailureThatLooksLikeACancellationIsAFailure(loop: Loop) = coroutine {
        for (looksLike in listOf(CancellationException("foreign"), TaskCancelledException("stored"))) {
            val pending = loop.promise<Int>()
            loop.execute { pending.fail(looksLike) }
            assertThat(thrownBy<FutureCancelledException> { pending.future().await() }).hasCause(looksLike)
        }
    }

    @LoopTest
    fun aDerivedStageOfACancelledFutureIsAFailure(loop: Loop) = coroutine {
        val promise = loop.promise<Int>()
        val derived = promise.future().thenApply { it + 1 }
        promise.future().cancel("gone")
        thrownBy<FutureCancelledException> { derived.await() }
    }

    @LoopTest
    fun aTaskCancelledBySomebodyElseIsAFailure(loop: Loop) {
        val sleeping = task { Await.sleep(Duration.ofHours(1)) }
        val awaiting = loop.async { thrownBy<FutureCancelledException> { sleeping.await() } }
        settle()
        sleeping.cancel("by a third")
        assertThat(Await.await(awaiting).cause).hasMessage("by a third")
    }

    // ---- cancelling the coroutine

    @LoopTest
    fun trapTheSourceIsCancelledAtOnceNotAtItsNextItem(loop: Loop) {
        val promise = loop.promise<Int>()
        var told = false
        promise.onCancel { told = true }
        val job = loop.scope().launch { promise.future().await() }
        settle()
        job.cancel()
        assertThat(promise.future().isCancelled).isTrue()
        assertThat(promise.future().exceptionNow()).hasMessage("the coroutine that awaits it was cancelled")
        job.ended()
        assertThat(told).isTrue()
        assertThat(job.isCancelled).isTrue()
    }

    @LoopTest
    fun theCoroutineSeesItsOwnCancellation(loop: Loop) {
        val promise = loop.promise<Int>()
        val mine = CancellationException("mine")
        var seen: Throwable? = null
        val job = loop.scope().launch {
            try {
                promise.future().await()
            } catch (cancelled: CancellationException) {
                seen = cancelled
                throw cancelled
            }
        }
        settle()
        job.cancel(mine)
        job.ended()
        assertThat(seen).hasMessage("mine")
    }

    @LoopTest
    fun theCoroutineGoesOnWhenTheTaskHasEnded(loop: Loop, trail: Trail, clock: VirtualClock) {
        val awaited = task {
            try {
                Await.sleep(Duration.ofHours(1))
            } finally {
                trail.step(2)
                Await.sleep(Duration.ofSeconds(3))
                trail.step(3)
            }
        }
        val job = loop.scope().launch {
            try {
                trail.step(1)
                awaited.await()
            } finally {
                trail.step(4)
            }
        }
        settle()
        job.cancel()
        job.ended()
        trail.finished(4)
        assertThat(awaited.isCancelled).isTrue()
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(3))
    }

    @LoopTest
    fun trapATimeoutCancelsTheSource(loop: Loop, clock: VirtualClock) = coroutine {
        val promise = loop.promise<Int>()
        thrownBy<TimeoutCancellationException> { withTimeout(5) { promise.future().await() } }
        assertThat(promise.future().isCancelled).isTrue()
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(5))
    }

    @LoopTest
    fun aCoroutineThatIsCancelledAlreadyStillReadsADoneFuture() = coroutine {
        var read = 0
        val reading = launch {
            coroutineContext.cancel()
            read = Future.completed(1).await()
        }
        reading.join()
        assertThat(read).isEqualTo(1)
    }

    @LoopTest
    fun aCoroutineThatIsCancelledAlreadyCancelsAPendingFuture(loop: Loop) = coroutine {
        val promise = loop.promise<Int>()
        val awaiting = async {
            coroutineContext.cancel()
            promise.future().await()
        }
        awaiting.join()
        assertThat(promise.future().isCancelled).isTrue()
    }

    @LoopTest(foreignThreads = true)
    fun cancellingFromAnotherThreadReachesTheTask(loop: Loop, trail: Trail) {
        val awaited = task {
            try {
                Await.await(loop.promise<Unit>().future())
            } finally {
                trail.mark("task")
            }
        }
        val job = loop.scope().launch {
            try {
                awaited.await()
            } finally {
                trail.mark("coroutine")
            }
        }
        settle()
        elsewhere { job.cancel() }
        job.ended()
        assertThat(trail.marks()).containsExactly("task", "coroutine")
    }

    @LoopTest
    fun aFailureOfTheTasksCleanUpBeatsTheCancellation(loop: Loop) {
        val failure = IOException("in finally")
        val awaited = task {
            try {
                Await.await(loop.promise<Unit>().future())
            } finally {
                throw failure
            }
        }
        val job = loop.scope().async { awaited.await() }
        settle()
        job.cancel()
        assertThat(thrownBy<CompletionException> { await(job) }).hasCause(failure)
    }

    @LoopTest
    fun aSecondCancellationWhileTheTaskEndsChangesNothing(loop: Loop, trail: Trail) {
        val awaited = task {
            try {
                Await.sleep(Duration.ofHours(1))
            } finally {
                Await.sleep(Duration.ofSeconds(1))
                trail.mark("task")
            }
        }
        val scope = loop.scope()
        val job = scope.launch {
            try {
                awaited.await()
            } finally {
                trail.mark("coroutine")
            }
        }
        settle()
        job.cancel()
        settle()
        scope.cancel()
        job.ended()
        assertThat(trail.marks()).containsExactly("task", "coroutine")
    }

    // ---- values that cannot be delivered

    @LoopTest
    fun trapAValueThatComesWithTheCancellationIsClosed(loop: Loop) {
        val resource = Resource()
        val promise = loop.promise<Resource>()
        val job = loop.scope().launch { promise.future().await() }
        settle()
        promise.complete(resource)
        job.cancel()
        job.ended()
        assertThat(resource.closed).isEqualTo(1)
    }

    @LoopTest
    fun itGoesToTheReceiverInstead(loop: Loop) {
        val resource = Resource()
        val received = mutableListOf<Resource>()
        val promise = loop.promise<Resource>()
        val job = loop.scope().launch { promise.future().await { received += it } }
        settle()
        promise.complete(resource)
        job.cancel()
        job.ended()
        assertThat(received).containsExactly(resource)
        assertThat(resource.closed).isZero()
    }

    @LoopTest
    fun aValueThatWasDeliveredStaysOpen(loop: Loop) {
        val resource = Resource()
        val promise = loop.promise<Resource>()
        val awaiting = loop.async { promise.future().await { throw AssertionError("it was delivered") } }
        settle()
        promise.complete(resource)
        assertThat(Await.await(awaiting)).isSameAs(resource)
        assertThat(resource.closed).isZero()
    }

    @LoopTest
    fun aValueOfATaskThatIgnoredItsCancellationIsClosed(loop: Loop, reports: Reports) {
        val resource = Resource()
        val awaited = task {
            try {
                Await.sleep(Duration.ofHours(1))
            } catch (ignored: TaskCancelledException) {
                Await.sleep(Duration.ofSeconds(1))
            }
            resource
        }
        val job = loop.scope().launch { awaited.await() }
        settle()
        job.cancel()
        job.ended()
        assertThat(resource.closed).isEqualTo(1)
        reports.takeOnly(Report.Kind.SWALLOWED_CANCELLATION)
    }

    @LoopTest
    fun aValueIsNotLostBetweenTheResumptionAndTheDispatch(loop: Loop) {
        val resource = Resource()
        val promise = loop.promise<Resource>()
        val held = HeldDispatcher()
        val job = CoroutineScope(held).launch { promise.future().await() }
        held.release()
        promise.complete(resource)
        settle()
        assertThat(held.waiting).isEqualTo(1) // resumed with the value, not yet dispatched
        job.cancel()
        held.release()
        assertThat(job.isCompleted).isTrue()
        assertThat(resource.closed).isEqualTo(1)
    }

    @LoopTest
    fun aReceiverThatFailsIsReported(loop: Loop, reports: Reports) {
        val broken = IllegalStateException("broken receiver")
        val promise = loop.promise<Int>()
        val job = loop.scope().launch { promise.future().await { throw broken } }
        settle()
        promise.complete(1)
        job.cancel()
        job.ended()
        val report = reports.takeOnly(Report.Kind.LATE_FAILURE)
        assertThat(report.failure()).isSameAs(broken)
        assertThat(report.value()).isEqualTo(1)
    }

    @LoopTest
    fun aFailureThatComesWithTheCancellationBeatsIt(loop: Loop) {
        val failure = IllegalStateException("late")
        val promise = loop.promise<Int>()
        val job = loop.scope().async { promise.future().await() }
        settle()
        promise.fail(failure)
        job.cancel()
        assertThat(thrownBy<IllegalStateException> { await(job) }).isSameAs(failure)
    }

    @LoopTest
    fun aForeignCancellationThatComesWithTheOwnOneIsNoFailure(loop: Loop) {
        val promise = loop.promise<Int>()
        val job = loop.scope().launch { promise.future().await() }
        settle()
        promise.future().cancel("by somebody else")
        job.cancel("mine")
        job.ended()
        assertThat(job.isCancelled).isTrue()
    }

    // ---- shared

    @LoopTest
    fun trapASharedFutureIsNotKilledForAllByOneWaiter(loop: Loop) {
        val promise = loop.promise<Resource>()
        val impatient = loop.scope().launch { promise.future().awaitShared() }
        val patient = loop.async { promise.future().awaitShared() }
        settle()
        impatient.cancel()
        settle()
        assertThat(impatient.isCompleted).isTrue()
        assertThat(promise.future().isDone).isFalse()
        val resource = Resource()
        promise.complete(resource)
        assertThat(Await.await(patient)).isSameAs(resource)
        assertThat(resource.closed).isZero()
    }

    @LoopTest
    fun aWaiterThatWasCancelledNoLongerObservesASharedFuture(loop: Loop, reports: Reports) {
        val failure = IOException("nobody looks")
        val promise = loop.promise<Int>()
        val impatient = loop.scope().launch { promise.future().awaitShared() }
        settle()
        impatient.cancel()
        settle()
        promise.fail(failure)
        settle()
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(failure)
    }

    @LoopTest
    fun withContextOfTheSameLoopDoesNotDispatch(loop: Loop) = coroutine {
        val before = loop.turnCount()
        withContext(loop.dispatcher) { assertThat(loop.turnCount()).isEqualTo(before) }
        yield()
        assertThat(loop.turnCount()).isGreaterThan(before)
    }

    @LoopTest
    fun awaitAndADeferredWorkTogether(loop: Loop) = coroutine {
        val deferred = CompletableDeferred<Int>()
        val awaiting = async { deferred.asFuture(loop).await() }
        yield()
        deferred.complete(5)
        assertThat(awaiting.await()).isEqualTo(5)
        awaiting.cancelAndJoin()
    }
}
