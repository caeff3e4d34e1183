package io.coloop.kotlin

import io.coloop.Await
import io.coloop.CancelPolicy
import io.coloop.Loop
import io.coloop.LoopMisuseException
import io.coloop.Report
import io.coloop.TaskCancelledException
import io.coloop.test.LoopTest
import io.coloop.test.Reports
import io.coloop.test.VirtualClock
import java.time.Duration
import java.util.concurrent.CancellationException
import java.util.function.Consumer
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineExceptionHandler
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test

/** What becomes of a source whose awaiter is cancelled. */
class CancelPolicyTest {
    private fun cancelledAwaiting(policy: CancelPolicy): CompletableDeferred<Int> {
        val deferred = CompletableDeferred<Int>()
        val task = task { await(deferred, policy) }
        settle()
        task.cancel()
        thrownBy<TaskCancelledException> { Await.await(task) }
        settle()
        return deferred
    }

    @LoopTest
    fun aTaskThatOwnsADeferredCancelsIt() {
        assertThat(cancelledAwaiting(CancelPolicy.OWN).isCancelled).isTrue()
        assertThat(cancelledAwaiting(CancelPolicy.SHARE).isCancelled).isTrue()
        assertThat(cancelledAwaiting(CancelPolicy.SHIELD).isActive).isTrue()
    }

    @LoopTest
    fun theLastTaskThatSharesADeferredCancelsIt() {
        val deferred = CompletableDeferred<Int>()
        val tasks = List(3) { task { await(deferred, CancelPolicy.SHARE) } }
        settle()
        for (task in tasks) {
            assertThat(deferred.isActive).isTrue()
            task.cancel()
            thrownBy<TaskCancelledException> { Await.await(task) }
            settle()
        }
        assertThat(deferred.isCancelled).isTrue()
    }

    @LoopTest
    fun whoShareADeferredAllGetItsValue() {
        val deferred = CompletableDeferred<Int>()
        val tasks = List(3) { task { await(deferred, CancelPolicy.SHARE) } }
        settle()
        tasks[0].cancel()
        deferred.complete(5)
        assertThat(listOf(Await.await(tasks[1]), Await.await(tasks[2]))).containsExactly(5, 5)
        assertThat(await(deferred, CancelPolicy.SHARE)).isEqualTo(5)
        settle()
        assertThat(deferred.isCancelled).isFalse()
    }

    @LoopTest
    fun trapWhoOwnsADeferredIsSomebodyElseToThoseWhoShareIt() {
        val deferred = CompletableDeferred<Int>()
        val sharing = task { await(deferred, CancelPolicy.SHARE) }
        val owning = task { await(deferred, CancelPolicy.OWN) }
        settle()
        owning.cancel()
        assertThat(thrownBy<CancellationException> { Await.await(sharing) }).isNotInstanceOf(TaskCancelledException::class.java)
        assertThat(sharing.isFailed).isTrue()
        thrownBy<TaskCancelledException> { Await.await(owning) }
    }

    @LoopTest
    fun aDeferredMayDrain(loop: Loop, clock: VirtualClock, reports: Reports) {
        val slow = loop.scope().async { delay(10); 1 }
        val task = task { await(slow, CancelPolicy.drain(Duration.ofMillis(50))) }
        settle()
        task.cancel()
        assertThat(Await.await(task.handle { _: Any?, _: Throwable? -> clock.elapsed() })).isEqualTo(Duration.ofMillis(10))
        assertThat(slow.isCancelled).isFalse()
        settle()
        assertThat(reports.takeOnly(Report.Kind.LATE_VALUE).value()).isEqualTo(1)
        val slower = loop.scope().async { delay(100); 1 }
        val other = task { await(slower, CancelPolicy.drain(Duration.ofMillis(50))) }
        settle()
        other.cancel()
        thrownBy<TaskCancelledException> { Await.await(other) }
        slower.ended()
        assertThat(slower.isCancelled).isTrue()
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(60))
    }

    @LoopTest
    fun aValueOfADeferredThatComesTooLateGoesToTheReceiver(loop: Loop) {
        val received = mutableListOf<Int>()
        val deferred = CompletableDeferred<Int>()
        val task = task { await(deferred, Consumer { received += it }) }
        settle()
        task.cancel()
        thrownBy<TaskCancelledException> { Await.await(task) }
        assertThat(received).isEmpty()
        deferred.complete(3)
        settle()
        assertThat(received).containsExactly(3)
        assertThat(await(CompletableDeferred(4), Consumer { throw AssertionError("delivered") })).isEqualTo(4)
        assertThat(loop.timerCount()).isZero()
    }

    @LoopTest
    fun aFutureInACoroutineFollowsThePolicyToo(loop: Loop) {
        for ((policy, cancelled) in listOf(CancelPolicy.OWN to true, CancelPolicy.SHIELD to false, CancelPolicy.SHARE to true)) {
            val promise = loop.promise<Int>()
            val job = loop.scope().launch { promise.future().await(policy) }
            settle()
            job.cancel()
            job.ended()
            settle()
            assertThat(promise.future().isCancelled).isEqualTo(cancelled)
        }
        assertThat(awaitSuspend { io.coloop.Future.completed(1).await(CancelPolicy.SHARE) }).isEqualTo(1)
    }

    @LoopTest
    fun coroutinesAndTasksShareAFuture(loop: Loop) {
        val promise = loop.promise<Int>()
        val job = loop.scope().launch { promise.future().await(CancelPolicy.SHARE) }
        val task = task { Await.await(promise.future(), CancelPolicy.SHARE) }
        settle()
        job.cancel()
        job.ended()
        settle()
        assertThat(promise.future().isDone).isFalse()
        promise.complete(8)
        assertThat(Await.await(task)).isEqualTo(8)
    }

    @LoopTest
    fun aFutureInACoroutineMayDrain(loop: Loop, clock: VirtualClock) {
        val slow = loop.async { delay(10); 1 }
        val job = loop.scope().launch { slow.await(CancelPolicy.drain(Duration.ofMillis(50))) }
        settle()
        job.cancel()
        job.ended()
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(10))
        assertThat(slow.isCancelled).isFalse()
    }

    @LoopTest
    fun aSuspendingBlockFollowsThePolicyAsATask(loop: Loop) {
        var ended = false
        val task = task { Await.await(loop.async { delay(10); ended = true }, CancelPolicy.SHIELD) }
        settle()
        task.cancel()
        thrownBy<TaskCancelledException> { Await.await(task) }
        Await.sleep(Duration.ofMillis(20))
        assertThat(ended).isTrue()
    }

    /** What a block that takes 10 ms sees when the task that awaits it is cancelled after a few turns, and what time it is when the task has ended. */
    private fun cancelledAwaiting(clock: VirtualClock, policy: CancelPolicy): Pair<List<String>, Duration> {
        val seen = mutableListOf<String>()
        val before = clock.elapsed()
        val task = task {
            seen += awaitSuspend(policy) {
                try {
                    delay(10)
                    seen += "finished"
                } catch (cancelled: CancellationException) {
                    seen += "cancelled"
                    throw cancelled
                }
                "value"
            }
            Await.yieldNow()
        }
        settle()
        task.cancel()
        thrownBy<TaskCancelledException> { Await.await(task) }
        return seen to clock.elapsed().minus(before)
    }

    @LoopTest
    fun aSuspendingBlockFollowsThePolicy(clock: VirtualClock, reports: Reports) {
        for (policy in listOf(CancelPolicy.OWN, CancelPolicy.SHARE, CancelPolicy.drain(Duration.ofMillis(0)))) {
            assertThat(cancelledAwaiting(clock, policy)).isEqualTo(listOf("cancelled") to Duration.ZERO)
        }
        assertThat(cancelledAwaiting(clock, CancelPolicy.drain(Duration.ofMillis(4)))).isEqualTo(listOf("cancelled") to Duration.ofMillis(4))
        assertThat(cancelledAwaiting(clock, CancelPolicy.drain(Duration.ofMillis(50)))).isEqualTo(listOf("finished", "value") to Duration.ofMillis(10))
        val (seen, time) = cancelledAwaiting(clock, CancelPolicy.SHIELD)
        assertThat(seen).isEmpty()
        assertThat(time).isEqualTo(Duration.ZERO)
        Await.sleep(Duration.ofMillis(10))
        settle()
        assertThat(seen).containsExactly("finished")
        assertThat(reports.takeOnly(Report.Kind.LATE_VALUE).value()).isEqualTo("value")
    }

    @LoopTest
    fun theValueWhateverThePolicy() {
        for (policy in listOf(CancelPolicy.OWN, CancelPolicy.SHIELD, CancelPolicy.SHARE, CancelPolicy.drain(Duration.ofMillis(5)))) {
            assertThat(awaitSuspend(policy) { delay(1); 5 }).isEqualTo(5)
            assertThat(awaitSuspend<String?>(policy) { null }).isNull()
            val failure = IllegalStateException("broken")
            assertThat(thrownBy<IllegalStateException> { awaitSuspend(policy) { throw failure } }).isSameAs(failure)
        }
    }

    @LoopTest
    fun aShieldedBlockClosesWhatItReturnsToNobody() {
        var closed = 0
        val task = task { awaitSuspend(CancelPolicy.SHIELD) { delay(1); AutoCloseable { closed++ } } }
        settle()
        task.cancel()
        thrownBy<TaskCancelledException> { Await.await(task) }
        Await.sleep(Duration.ofMillis(2))
        assertThat(closed).isEqualTo(1)
    }

    @LoopTest
    fun aShieldedBlockThatFailsTellsTheLoopAndTheHandler(loop: Loop, reports: Reports) {
        val handled = mutableListOf<Throwable>()
        val handler = CoroutineExceptionHandler { _, failure -> handled += failure }
        val failure = IllegalStateException("late")
        loop.scope().launch(handler) {
            loop.awaitTask {
                val task = task { awaitSuspend(CancelPolicy.SHIELD) { delay(1); throw failure } }
                settle()
                task.cancel()
                thrownBy<TaskCancelledException> { Await.await(task) }
            }
        }
        Await.sleep(Duration.ofMillis(2))
        settle()
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure)
        assertThat(handled).containsExactly(failure)
    }

    @LoopTest
    fun aJobFollowsThePolicy(loop: Loop) {
        for ((policy, cancelled) in listOf(CancelPolicy.OWN to true, CancelPolicy.SHIELD to false, CancelPolicy.SHARE to true)) {
            val job = loop.scope().launch { delay(10) }
            val task = task { await(job, policy) }
            settle()
            task.cancel()
            thrownBy<TaskCancelledException> { Await.await(task) }
            settle()
            assertThat(job.isCancelled).isEqualTo(cancelled)
            job.ended()
        }
    }

    @LoopTest
    fun tasksShareADeferredAsTheJobThatItIs() {
        val deferred = CompletableDeferred<Int>()
        val asJob = task { await(deferred as Job, CancelPolicy.SHARE) }
        val asDeferred = task { await(deferred, CancelPolicy.SHARE) }
        settle()
        asJob.cancel()
        thrownBy<TaskCancelledException> { Await.await(asJob) }
        settle()
        assertThat(deferred.isActive).isTrue()
        deferred.complete(7)
        assertThat(Await.await(asDeferred)).isEqualTo(7)
    }

    @LoopTest
    fun aJobMayDrain(loop: Loop, clock: VirtualClock) {
        val job = loop.scope().launch { delay(10) }
        val task = task { await(job, CancelPolicy.drain(Duration.ofMillis(50))) }
        settle()
        task.cancel()
        assertThat(Await.await(task.handle { _: Any?, _: Throwable? -> clock.elapsed() })).isEqualTo(Duration.ofMillis(10))
        assertThat(job.isCancelled).isFalse()
    }

    @Test
    fun itIsMisuseOutsideATask() {
        thrownBy<LoopMisuseException> { await(CompletableDeferred<Int>(), CancelPolicy.SHARE) }
        thrownBy<LoopMisuseException> { await(CompletableDeferred<Int>(), Consumer {}) }
        thrownBy<LoopMisuseException> { await(Job(), CancelPolicy.SHARE) }
        thrownBy<LoopMisuseException> { awaitSuspend(CancelPolicy.SHIELD) { } }
        thrownBy<LoopMisuseException> { awaitSuspend(CancelPolicy.OWN) { } }
    }
}
