package io.coloop.kotlin

import io.coloop.Await
import io.coloop.Loop
import io.coloop.LoopMisuseException
import io.coloop.Report
import io.coloop.TaskCancelledException
import io.coloop.test.LoopTest
import io.coloop.test.Reports
import io.coloop.test.VirtualClock
import java.io.IOException
import java.time.Duration
import java.util.concurrent.CancellationException
import java.util.concurrent.CompletionException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.plus
import kotlinx.coroutines.withContext
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test

/** A job's end, in a task and as a future. */
class JobTest {
    private val quiet = kotlinx.coroutines.CoroutineExceptionHandler { _, _ -> }

    private fun failing(loop: Loop, failure: Throwable): Job =
        (loop.scope() + SupervisorJob() + quiet).launch {
            delay(5)
            throw failure
        }

    // ---- await

    @LoopTest
    fun aTaskAwaitsAJobThatIsPendingAndOneThatIsDone(loop: Loop, clock: VirtualClock) {
        val job = loop.scope().launch { delay(5) }
        await(job)
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(5))
        val turn = loop.turnCount()
        await(job)
        assertThat(loop.turnCount()).isEqualTo(turn)
    }

    @LoopTest
    fun aLazyJobIsStarted(loop: Loop) {
        var ran = 0
        await(loop.scope().launch(start = CoroutineStart.LAZY) { ran++ })
        await(loop.scope().launch(start = CoroutineStart.LAZY) { ran++ }.asFuture(loop))
        assertThat(ran).isEqualTo(2)
    }

    private fun await(future: io.coloop.Future<Unit>) = Await.await(future)

    @LoopTest
    fun anUncheckedFailureIsTheSameInstanceACheckedOneACause(loop: Loop) {
        val unchecked = IllegalStateException("unchecked")
        assertThat(thrownBy<IllegalStateException> { await(failing(loop, unchecked)) }).isSameAs(unchecked)
        val checked = IOException("checked")
        assertThat(thrownBy<CompletionException> { await(failing(loop, checked)) }.cause).isSameAs(checked)
    }

    @LoopTest
    fun cancellingTheTaskLeavesTheJobAlone(loop: Loop) {
        val job = loop.scope().launch { delay(100) }
        val task = task { await(job) }
        settle()
        task.cancel()
        thrownBy<TaskCancelledException> { Await.await(task) }
        assertThat(job.isActive).isTrue()
        await(job)
    }

    @LoopTest
    fun trapAJobThatSomebodyElseCancelsIsAFailure(loop: Loop) {
        val job = loop.scope().launch { delay(Long.MAX_VALUE) }
        val task = task { await(job) }
        settle()
        job.cancel(CancellationException("by others"))
        val thrown = thrownBy<CancellationException> { Await.await(task) }
        assertThat(thrown).isNotInstanceOf(TaskCancelledException::class.java).hasMessage("by others")
        assertThat(task.isFailed).isTrue()
    }

    @LoopTest
    fun aDeferredGivesItsValue() {
        assertThat(await(CompletableDeferred(3))).isEqualTo(3)
    }

    @Test
    fun itIsMisuseOutsideATask() {
        thrownBy<LoopMisuseException> { await(Job()) }
    }

    // ---- as a future

    @LoopTest
    fun cancellingTheFutureLeavesTheJobAlone(loop: Loop) {
        val job = loop.scope().launch { delay(100) }
        job.asFuture(loop).cancel()
        await(job)
        assertThat(job.isCancelled).isFalse()
    }

    @LoopTest
    fun cancellingAnOwningFutureCancelsTheJob(loop: Loop, clock: VirtualClock) {
        val job =
            loop.scope().launch {
                try {
                    delay(Long.MAX_VALUE)
                } finally {
                    withContext(NonCancellable) { delay(5) }
                }
            }
        settle()
        val future = job.asOwningFuture(loop)
        future.cancel("enough")
        assertThat(future.isCancelled).isTrue()
        job.ended()
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(5))
    }

    @LoopTest
    fun aTaskThatAwaitsAnOwningFutureCancelsTheJob(loop: Loop) {
        val job = loop.scope().launch { delay(Long.MAX_VALUE) }
        val task = task { Await.await(job.asOwningFuture(loop)) }
        settle()
        task.cancel()
        thrownBy<TaskCancelledException> { Await.await(task) }
        job.ended()
        assertThat(job.isCancelled).isTrue()
    }

    @LoopTest
    fun aFailureThatNobodyObservesIsReported(loop: Loop, reports: Reports) {
        val failure = IOException("expected")
        failing(loop, failure).asFuture(loop)
        Await.sleep(Duration.ofMillis(10))
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(failure)
    }

    @LoopTest
    fun aDeferredIsAFutureOfItsValue(loop: Loop) {
        val future: io.coloop.Future<Int> = loop.scope().async { 4 }.asFuture(loop)
        assertThat(Await.await(future)).isEqualTo(4)
    }

    @LoopTest
    fun aFutureAsAJobCompletesWithIt(loop: Loop) {
        val promise = loop.promise<Int>()
        val job: Job = promise.future().asDeferred()
        promise.complete(1)
        await(job)
        val cancelled = loop.promise<Int>()
        val other: Job = cancelled.future().asDeferred()
        other.cancel()
        assertThat(cancelled.future().isCancelled).isTrue()
    }
}
