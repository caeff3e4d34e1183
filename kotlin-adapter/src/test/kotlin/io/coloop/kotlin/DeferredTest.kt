package io.coloop.kotlin

import io.coloop.Await
import io.coloop.CancelPolicy
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
import java.lang.ref.WeakReference
import java.time.Duration
import java.util.concurrent.CancellationException
import java.util.concurrent.CompletionException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.assertj.core.api.Assertions.assertThat

/** `await(deferred)`, `Deferred.asFuture`, `Deferred.asOwningFuture`, `Future.asDeferred`, `Future.asSharedDeferred`. */
class DeferredTest {
    // ---- await(deferred) in a task

    @LoopTest
    fun aCompleteDeferredIsReadWithoutGivingUpTheLoop(loop: Loop, trail: Trail) {
        loop.execute { trail.mark("other") }
        assertThat(await(CompletableDeferred(1))).isEqualTo(1)
        assertThat(await(CompletableDeferred<String?>(value = null))).isNull()
        assertThat(trail.marks()).isEmpty()
    }

    @LoopTest
    fun aPendingOneIsAwaited(loop: Loop, trail: Trail) {
        val deferred = CompletableDeferred<Int>()
        loop.execute {
            trail.step(2)
            deferred.complete(2)
            trail.step(3)
        }
        trail.step(1)
        assertThat(await(deferred)).isEqualTo(2)
        trail.step(4)
    }

    @LoopTest(foreignThreads = true)
    fun aLazyOneIsStartedOnTheLoopsOwnThread(loop: Loop) {
        val own = loop.ownThread()
        val lazy = loop.scope().async(Dispatchers.Unconfined, CoroutineStart.LAZY) { Thread.currentThread() }
        assertThat(await(lazy)).isSameAs(own)
        val another = loop.scope().async(start = CoroutineStart.LAZY) { 3 }
        assertThat(Await.await(another.asFuture(loop))).isEqualTo(3)
    }

    @LoopTest(foreignThreads = true)
    fun completedElsewhereTheTaskGoesOnHere(loop: Loop) {
        val deferred = CompletableDeferred<Thread>()
        Thread.ofPlatform().start { deferred.complete(Thread.currentThread()) }
        val thread = Thread.currentThread()
        assertThat(await(deferred)).isNotSameAs(thread)
        assertThat(Thread.currentThread()).isSameAs(thread)
        assertThat(loop.isOnLoop).isTrue()
    }

    @LoopTest
    fun itsFailureIsTheSameInstanceOrTheCause() {
        val unchecked = IllegalStateException("unchecked")
        val checked = IOException("checked")
        assertThat(thrownBy<IllegalStateException> { await(failed(unchecked)) }).isSameAs(unchecked)
        assertThat(thrownBy<CompletionException> { await(failed(checked)) }.cause).isSameAs(checked)
        val later = CompletableDeferred<Int>()
        Loop.current().execute { later.completeExceptionally(unchecked) }
        assertThat(thrownBy<IllegalStateException> { await(later) }).isSameAs(unchecked)
    }

    private fun failed(failure: Throwable): Deferred<Int> = CompletableDeferred<Int>().also { it.completeExceptionally(failure) }

    @LoopTest
    fun trapATaskThatIsCancelledLeavesTheDeferredToTheOthers(loop: Loop) {
        val deferred = CompletableDeferred<Resource>()
        val impatient = task { await(deferred) }
        val patient = task { await(deferred) }
        settle()
        impatient.cancel()
        thrownBy<TaskCancelledException> { Await.await(impatient) }
        assertThat(deferred.isActive).isTrue()
        val resource = Resource()
        deferred.complete(resource)
        assertThat(Await.await(patient)).isSameAs(resource)
        assertThat(resource.closed).isZero()
        assertThat(loop.readyCount()).isZero()
    }

    @LoopTest
    fun trapADeferredCancelledBySomebodyElseIsAFailureForTheTask() {
        val deferred = CompletableDeferred<Int>()
        val awaiting = task { await(deferred) }
        settle()
        deferred.cancel(CancellationException("by a third"))
        val failure = thrownBy<CancellationException> { Await.await(awaiting) }
        assertThat(failure).isNotInstanceOf(TaskCancelledException::class.java).hasMessage("by a third")
        assertThat(awaiting.isFailed).isTrue()
    }

    @LoopTest
    fun trapADeferredCancelledWithATasksExceptionIsAFailureToo() {
        val deferred = CompletableDeferred<Int>()
        deferred.cancel(TaskCancelledException("of another task"))
        val awaiting = task { await(deferred) }
        thrownBy<CancellationException> { Await.await(awaiting) }
        assertThat(awaiting.isFailed).isTrue()
    }

    @LoopTest(foreignThreads = true)
    fun outsideATaskItIsRefused(loop: Loop) {
        val awaiting = loop.async { thrownBy<LoopMisuseException> { await(CompletableDeferred(1)) } }
        assertThat(Await.await(awaiting)).hasMessageStartingWith("only a task may await")
        elsewhere {
            assertThat(thrownBy<LoopMisuseException> { await(CompletableDeferred(1)) })
                .hasMessageStartingWith("only a task may await\n  call:   await(Deferred)\n")
        }
    }

    // ---- Deferred -> Future

    @LoopTest
    fun theFutureEndsAsTheDeferredDoes(loop: Loop) {
        val value = CompletableDeferred<Int>()
        val future = value.asFuture(loop)
        assertThat(future.isDone).isFalse()
        value.complete(1)
        assertThat(future.resultNow()).isEqualTo(1)
        assertThat(CompletableDeferred<String?>(value = null).asFuture(loop).resultNow()).isNull()
        val failure = IOException("checked")
        assertThat(failed(failure).asFuture(loop).exceptionNow()).isSameAs(failure)
    }

    @LoopTest
    fun cancellingTheFutureLeavesTheDeferredAlone(loop: Loop, reports: Reports) {
        val deferred = CompletableDeferred<Resource>()
        val future = deferred.asFuture(loop)
        future.cancel()
        settle()
        assertThat(deferred.isActive).isTrue()
        val resource = Resource()
        deferred.complete(resource)
        assertThat(resource.closed).isZero()
        assertThat(reports.take()).isEmpty()
    }

    @LoopTest
    fun aLongLivedDeferredDoesNotCollectDeadListeners(loop: Loop) {
        val deferred = CompletableDeferred<Int>()
        val cancelled = cancelledFutureOf(deferred, loop)
        settle()
        var collections = 0
        while (cancelled.get() != null && collections++ < 100) {
            System.gc()
            Await.yieldNow()
        }
        assertThat(cancelled.get()).isNull()
        assertThat(deferred.isActive).isTrue()
    }

    private fun cancelledFutureOf(deferred: Deferred<Int>, loop: Loop) =
        WeakReference(deferred.asFuture(loop).also { it.cancel() })

    @LoopTest
    fun cancellingTheOwningFutureCancelsTheDeferred(loop: Loop) {
        val deferred = CompletableDeferred<Int>()
        val future = deferred.asOwningFuture(loop)
        future.cancel("not needed")
        settle()
        assertThat(deferred.isCancelled).isTrue()
        assertThat(thrownBy<CancellationException> { await(deferred) }).hasMessage("not needed")
    }

    @LoopTest
    fun aTaskThatAwaitsTheOwningFutureCancelsTheCoroutine(loop: Loop, trail: Trail) {
        val deferred = loop.scope().async {
            try {
                delay(Long.MAX_VALUE)
            } finally {
                trail.step(1)
            }
        }
        val awaiting = task { Await.await(deferred.asOwningFuture(loop)) }
        settle()
        awaiting.cancel()
        thrownBy<TaskCancelledException> { Await.await(awaiting) }
        deferred.ended()
        trail.finished(1)
    }

    @LoopTest
    fun aDeferredThatIsCancelledFailsTheFuture(loop: Loop) {
        for (deferred in listOf(CompletableDeferred<Int>(), CompletableDeferred())) {
            val future = if (deferred.isActive) deferred.asFuture(loop) else deferred.asOwningFuture(loop)
            deferred.cancel()
            thrownBy<CancellationException> { Await.await(future) }
            assertThat(future.isFailed).isTrue()
            assertThat(future.isCancelled).isFalse()
        }
    }

    @LoopTest
    fun aFailureThatNobodyObservesIsReportedByTheLoop(loop: Loop, reports: Reports) {
        val failure = IOException("nobody looks")
        val deferred = CompletableDeferred<Int>()
        deferred.asFuture(loop)
        deferred.completeExceptionally(failure)
        settle()
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(failure)
    }

    @LoopTest(foreignThreads = true)
    fun aFutureOfADeferredMayBeMadeOnAnyThread(loop: Loop) {
        val deferred = CompletableDeferred<Int>()
        var made: io.coloop.Future<Int>? = null
        elsewhere { made = deferred.asFuture(loop) }
        deferred.complete(9)
        assertThat(Await.await(made!!)).isEqualTo(9)
        assertThat(made!!.loop()).isSameAs(loop)
    }

    // ---- Future -> Deferred

    @OptIn(ExperimentalCoroutinesApi::class)
    @LoopTest
    fun theDeferredEndsAsTheFutureDoes(loop: Loop) {
        val promise = loop.promise<String?>()
        val views = listOf(promise.future().asDeferred(), promise.future().asSharedDeferred())
        assertThat(views).allMatch { it.isActive }
        promise.complete(null)
        settle()
        assertThat(views).allMatch { it.isCompleted && it.getCompleted() == null }
        assertThat(promise.future().asDeferred().isCompleted).isTrue() // at once
    }

    @OptIn(ExperimentalCoroutinesApi::class)
    @LoopTest
    fun aFailureIsTheSameInstance(loop: Loop, reports: Reports) {
        val failure = IOException("checked")
        val promise = loop.promise<Int>()
        val deferred = promise.future().asDeferred()
        promise.fail(failure)
        settle()
        assertThat(deferred.getCompletionExceptionOrNull()).isSameAs(failure)
        assertThat(reports.take()).isEmpty()
    }

    @LoopTest
    fun trapAFutureCancelledBySomebodyElseFailsTheDeferred(loop: Loop) = coroutine {
        for (view in listOf<(io.coloop.Future<Int>) -> Deferred<Int>>({ it.asDeferred() }, { it.asSharedDeferred() })) {
            val promise = loop.promise<Int>()
            val deferred = view(promise.future())
            promise.future().cancel("by a third")
            thrownBy<FutureCancelledException> { deferred.await() }
        }
    }

    @LoopTest
    fun cancellingTheDeferredCancelsTheFuture(loop: Loop) = coroutine {
        val promise = loop.promise<Int>()
        val deferred = promise.future().asDeferred()
        deferred.cancel()
        assertThat(promise.future().isCancelled).isTrue()
        deferred.join()
    }

    @LoopTest
    fun joiningTheDeferredWaitsForTheTask(loop: Loop, clock: VirtualClock) = coroutine {
        val future = loop.async {
            try {
                delay(Long.MAX_VALUE)
            } finally {
                withContext(NonCancellable) { delay(2000) }
            }
        }
        val deferred = future.asDeferred()
        delay(1)
        deferred.cancelAndJoin()
        assertThat(future.isDone).isTrue()
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(2001))
    }

    @LoopTest
    fun aCoroutineThatAwaitsTheDeferredLeavesBothAlone(loop: Loop) {
        val promise = loop.promise<Int>()
        val deferred = promise.future().asDeferred()
        val impatient = loop.scope().launch { deferred.await() }
        settle()
        impatient.cancel()
        impatient.ended()
        assertThat(promise.future().isDone).isFalse()
        assertThat(deferred.isActive).isTrue()
        promise.complete(1)
        assertThat(await(deferred)).isEqualTo(1)
    }

    @LoopTest
    fun cancellingTheSharedDeferredLeavesTheFutureAlone(loop: Loop) {
        val promise = loop.promise<Int>()
        val deferred = promise.future().asSharedDeferred()
        deferred.cancel()
        deferred.ended()
        assertThat(promise.future().isDone).isFalse()
        promise.complete(1)
        assertThat(promise.future().resultNow()).isEqualTo(1)
    }

    @LoopTest
    fun aValueThatComesWithTheCancellationStaysWithTheFuture(loop: Loop) {
        val resource = Resource()
        val promise = loop.promise<Resource>()
        val deferred = promise.future().asDeferred()
        promise.complete(resource)
        deferred.cancel()
        deferred.ended()
        assertThat(resource.closed).isZero()
        assertThat(promise.future().resultNow()).isSameAs(resource)
    }

    @LoopTest
    fun thereAndBackAgain(loop: Loop) {
        val promise = loop.promise<Int>()
        val back = promise.future().asDeferred().asFuture(loop)
        promise.complete(11)
        assertThat(Await.await(back)).isEqualTo(11)
        val deferred = CompletableDeferred<Int>()
        val again = deferred.asFuture(loop).asDeferred()
        deferred.complete(12)
        assertThat(await(again)).isEqualTo(12)
    }

    /** The trap: kotlinx runs an unconfined coroutine where it is started, and that was the task's own stack. */
    @LoopTest
    fun aLazyUnconfinedOneNeverStartsOnTheTasksStack(loop: Loop) {
        val onATask = mutableListOf<Boolean>()
        fun lazily() = CoroutineScope(Dispatchers.Unconfined).async(start = CoroutineStart.LAZY) { onATask += Task.currentOrNull() != null }
        await(lazily())
        for (policy in listOf(CancelPolicy.OWN, CancelPolicy.SHIELD, CancelPolicy.SHARE, CancelPolicy.drain(Duration.ofSeconds(1)))) {
            await(lazily(), policy)
            await(lazily() as Job, policy)
        }
        Await.await(lazily().asFuture(loop))
        Await.await(lazily().asOwningFuture(loop))
        Await.await((lazily() as Job).asFuture(loop))
        Await.await((lazily() as Job).asOwningFuture(loop))
        assertThat(onATask).hasSize(13).containsOnly(false)
    }
}
