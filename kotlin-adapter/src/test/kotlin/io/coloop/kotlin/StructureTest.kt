package io.coloop.kotlin

import io.coloop.Await
import io.coloop.Loop
import io.coloop.LoopClosedException
import io.coloop.LoopMisuseException
import io.coloop.Task
import io.coloop.TaskCancelledException
import io.coloop.TaskGroupException
import io.coloop.Timeout
import io.coloop.test.LoopTest
import io.coloop.test.Reports
import io.coloop.test.Trail
import io.coloop.test.VirtualClock
import java.io.IOException
import java.time.Duration
import java.util.concurrent.CancellationException
import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.EmptyCoroutineContext
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineExceptionHandler
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.supervisorScope
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.yield
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test

/** Coroutines that are children of tasks, and tasks that are children of coroutines. */
class StructureTest {
    private val failure = IllegalStateException("expected")

    private suspend fun untilCancelled(onEnd: suspend () -> Unit = {}) {
        try {
            delay(Long.MAX_VALUE)
        } finally {
            withContext(kotlinx.coroutines.NonCancellable) {
                delay(1000)
                onEnd()
            }
        }
    }

    private fun sleepUntilCancelled(onEnd: () -> Unit = {}) {
        try {
            Await.sleep(Duration.ofDays(1))
        } finally {
            Await.sleep(Duration.ofSeconds(1))
            onEnd()
        }
    }

    // ---- a coroutine in a task group

    @LoopTest
    fun aGroupWaitsForItsCoroutines(trail: Trail) {
        val sum = taskGroup {
            val one = async {
                delay(5)
                1
            }
            async {
                delay(10)
                trail.step(1)
            }
            Await.await(one) + 1
        }
        assertThat(sum).isEqualTo(2)
        trail.finished(1)
    }

    @LoopTest
    fun aFailingCoroutineFailsTheGroupAndCancelsItsTasks(trail: Trail) {
        val thrown =
            thrownBy<TaskGroupException> {
                taskGroup {
                    spawn { sleepUntilCancelled { trail.step(1) } }
                    async { untilCancelled { trail.step(2) } }
                    async {
                        delay(5)
                        throw failure
                    }
                    Await.sleep(Duration.ofDays(1))
                }
            }
        assertThat(thrown.failures()).containsExactly(failure)
        trail.finished(2)
    }

    @LoopTest
    fun aCheckedFailureIsTheSameInstanceInTheGroup() {
        val checked = IOException("checked")
        val thrown = thrownBy<TaskGroupException> { taskGroup { async { throw checked } } }
        assertThat(thrown.failures()).containsExactly(checked)
    }

    @LoopTest
    fun aFailingTaskCancelsTheCoroutineAndWaitsForIt(trail: Trail, clock: VirtualClock) {
        thrownBy<TaskGroupException> {
            taskGroup {
                async { untilCancelled { trail.step(1) } }
                Await.yieldNow()
                Await.yieldNow()
                throw failure
            }
        }
        trail.finished(1)
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(1))
    }

    @LoopTest
    fun cancellingTheGroupCancelsItsCoroutines(trail: Trail) {
        taskGroup {
            async { untilCancelled { trail.step(1) } }
            settle()
            cancel("enough")
        }
        trail.finished(1)
    }

    @LoopTest
    fun cancellingOneCoroutineOfTheGroupLeavesTheOthers(trail: Trail) {
        taskGroup {
            val one = async { untilCancelled { trail.step(1) } }
            async {
                delay(5000)
                trail.step(2)
            }
            settle()
            one.cancel("no longer wanted")
        }
        trail.finished(2)
    }

    @LoopTest
    fun aTimeoutCancelsTheGroupsCoroutines(trail: Trail) {
        thrownBy<io.coloop.TaskTimeoutException> {
            Timeout.of(Duration.ofMillis(5)).run<Task<Unit>, RuntimeException> {
                taskGroup { async { untilCancelled { trail.step(1) } } }
            }
        }
        trail.finished(1)
    }

    @LoopTest
    fun trapATimeoutInsideACoroutineOfTheGroupIsAFailure() {
        val thrown = thrownBy<TaskGroupException> { taskGroup { async { withTimeout(5) { delay(10) } } } }
        assertThat(thrown.failures().single()).isInstanceOf(kotlinx.coroutines.TimeoutCancellationException::class.java)
    }

    @LoopTest
    fun aGroupThatHasEndedRefuses() {
        val ended = taskGroup { this }
        thrownBy<LoopMisuseException> { ended.async {} }
    }

    @LoopTest(foreignThreads = true)
    fun aCoroutineOfTheGroupMayRunElsewhere(loop: Loop) {
        val own = loop.ownThread()
        val resource = Resource()
        val (there, value) =
            taskGroup {
                Await.await(async(Dispatchers.Default) { Thread.currentThread() }) to
                    Await.await(
                        async {
                            launch(Dispatchers.IO) {} // ends last, and elsewhere
                            resource
                        }
                    )
            }
        assertThat(there).isNotSameAs(own)
        assertThat(value).isSameAs(resource)
        assertThat(resource.closed).isZero()
    }

    // ---- a scope for coroutines, in a task

    @LoopTest
    fun theScopeWaitsForItsCoroutines(loop: Loop, trail: Trail, clock: VirtualClock) {
        val own = loop.ownThread()
        val result = taskScope {
            launch {
                assertThat(Thread.currentThread()).isSameAs(own)
                assertThat(coroutineContext[ContinuationInterceptor]).isSameAs(loop.dispatcher)
                delay(10)
                trail.step(3)
            }
            val value = async {
                delay(5)
                "value"
            }
            trail.step(1)
            await(value).also { trail.step(2) }
        }
        trail.finished(3)
        assertThat(result).isEqualTo("value")
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(10))
    }

    @LoopTest
    fun theBodyRunsOnTheCallingTask() {
        val self = Task.current()
        assertThat(taskScope { Task.current() } === self).isTrue()
        assertThat(taskScope<String?> { null }).isNull()
    }

    @LoopTest
    fun aFailingCoroutineCancelsTheBodyAndTheOthers(trail: Trail) {
        val checked = IOException("checked")
        val thrown =
            thrownBy<IOException> {
                taskScope {
                    launch { untilCancelled { trail.step(1) } }
                    launch {
                        delay(5)
                        throw checked
                    }
                    try {
                        Await.sleep(Duration.ofDays(1))
                    } catch (cancelled: TaskCancelledException) {
                        trail.mark("body")
                        throw cancelled
                    }
                }
            }
        assertThat(thrown).isSameAs(checked)
        trail.finished(1)
        assertThat(trail.marks()).contains("body")
        Await.yieldNow() // the request to cancel was the scope's own
        assertThat(Task.current().cancelling()).isZero()
    }

    @LoopTest
    fun aFailingBodyCancelsTheCoroutines(trail: Trail) {
        val thrown =
            thrownBy<IllegalStateException> {
                taskScope {
                    launch { untilCancelled { trail.step(1) } }
                    settle()
                    throw failure
                }
            }
        assertThat(thrown).isSameAs(failure)
        trail.finished(1)
    }

    @LoopTest
    fun aLaterFailureIsSuppressedInTheFirst() {
        val later = IOException("later")
        val thrown =
            thrownBy<IllegalStateException> {
                taskScope {
                    launch {
                        try {
                            delay(Long.MAX_VALUE)
                        } finally {
                            throw later
                        }
                    }
                    settle()
                    throw failure
                }
            }
        assertThat(thrown.suppressed).contains(later)
    }

    @LoopTest
    fun cancellingTheTaskCancelsTheCoroutinesAndWaits(trail: Trail, clock: VirtualClock) {
        val task = task {
            try {
                taskScope<Unit> {
                    launch { untilCancelled { trail.step(1) } }
                    Await.sleep(Duration.ofDays(1))
                }
            } finally {
                trail.step(2)
            }
        }
        settle()
        task.cancel("enough")
        thrownBy<TaskCancelledException> { Await.await(task) }
        trail.finished(2)
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(1))
    }

    @LoopTest
    fun aTaskThatIsCancelledBeforeTheScopeOpensStartsNothing() {
        val task = task {
            Task.current().cancel()
            taskScope { throw AssertionError("ran") }
        }
        thrownBy<TaskCancelledException> { Await.await(task) }
    }

    @LoopTest
    fun aCoroutineThatIsMerelyCancelledIsNoFailure() {
        val result = taskScope {
            launch { delay(Long.MAX_VALUE) }.cancel()
            "value"
        }
        assertThat(result).isEqualTo("value")
    }

    @LoopTest
    fun cancellingTheScopeCutsTheBodyShort() {
        val thrown =
            thrownBy<CancellationException> {
                taskScope {
                    cancel("by itself")
                    Await.sleep(Duration.ofDays(1))
                }
            }
        assertThat(thrown).isNotInstanceOf(TaskCancelledException::class.java).hasMessage("by itself")
    }

    @LoopTest
    fun aSupervisorInsideKeepsFailuresApart(trail: Trail) {
        val handler = CoroutineExceptionHandler { _, seen -> trail.mark(seen.message!!) }
        taskScope {
            launch(SupervisorJob(coroutineContext.job) + handler) { throw failure }.ended()
            (coroutineContext.job.children.forEach { it.cancel() })
        }
        assertThat(trail.marks()).containsExactly("expected")
    }

    @LoopTest
    fun scopesNest(trail: Trail) {
        val thrown =
            thrownBy<IllegalStateException> {
                taskScope<Unit> {
                    launch { untilCancelled { trail.step(2) } }
                    taskScope {
                        launch { untilCancelled { trail.step(1) } }
                        settle()
                        throw failure
                    }
                }
            }
        assertThat(thrown).isSameAs(failure)
        trail.finished(2)
    }

    @LoopTest
    fun itIsMisuseInACoroutine() = coroutine { thrownBy<LoopMisuseException> { taskScope {} } }

    @Test
    fun itIsMisuseWithoutALoop() {
        thrownBy<LoopMisuseException> { taskScope {} }
    }

    // ---- a task in a coroutine's scope

    @LoopTest
    fun theScopeWaitsForItsTasks(loop: Loop, trail: Trail, clock: VirtualClock) = coroutine {
        val value = coroutineScope {
            val task = task(loop) {
                Await.sleep(Duration.ofNanos(5))
                trail.step(2)
                Task.current()
            }
            trail.step(1)
            task
        }
        trail.finished(2)
        assertThat(value.isDone).isTrue()
        assertThat(value.resultNow() === value).isTrue()
        assertThat(clock.elapsed()).isEqualTo(Duration.ofNanos(5))
    }

    @LoopTest
    fun aFailingTaskCancelsTheScope(loop: Loop, trail: Trail) = coroutine {
        for (failure in listOf(failure, IOException("checked"))) {
            val thrown =
                thrownBy<Exception> {
                    coroutineScope {
                        launch { untilCancelled { trail.mark("cancelled") } }
                        yield()
                        task(loop) { throw failure }
                    }
                }
            assertThat(generateSequence(thrown as Throwable) { it.cause }.toList()).contains(failure) // kotlinx may copy it to recover its trace
        }
        assertThat(trail.marks()).containsExactly("cancelled", "cancelled")
    }

    @LoopTest
    fun cancellingTheScopeCancelsTheTaskAndWaits(loop: Loop, trail: Trail) {
        val job = loop.scope().launch {
            try {
                coroutineScope { task(loop) { sleepUntilCancelled { trail.step(1) } } }
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
    fun aFailingSiblingCancelsTheTask(loop: Loop, trail: Trail) = coroutine {
        thrownBy<IllegalStateException> {
            coroutineScope {
                task(loop) { sleepUntilCancelled { trail.step(1) } }
                launch {
                    delay(5)
                    throw failure
                }
            }
        }
        trail.finished(1)
    }

    @LoopTest
    fun cancellingTheTaskAloneIsNoFailureOfTheScope(loop: Loop, trail: Trail) = coroutine {
        coroutineScope {
            val task = task(loop) { sleepUntilCancelled { trail.step(1) } }
            delay(5)
            task.cancel("no longer wanted")
        }
        trail.finished(1)
    }

    @LoopTest
    fun trapWhatTheTaskAwaitsBeingCancelledByOthersIsAFailureForWhoeverAwaitsTheTask(loop: Loop) = coroutine {
        coroutineScope {
            val source = loop.promise<Int>()
            val task = task(loop) { Await.await(source.future()) }
            yield()
            source.future().cancel()
            thrownBy<FutureCancelledException> { task.await() }
        }
    }

    @LoopTest
    fun trapADeferredThatSomebodyElseCancelsFailsTheTaskAndItsScope(loop: Loop) = coroutine {
        val deferred = CompletableDeferred<Int>()
        launch {
            delay(1)
            deferred.cancel()
        }
        thrownBy<FutureCancelledException> { coroutineScope { task(loop) { await(deferred) } } }
    }

    @LoopTest
    fun inAScopeThatIsCancelledTheBodyNeverRuns(loop: Loop) = coroutine {
        val scope = loop.scope()
        scope.cancel()
        val task = scope.task(loop) { throw AssertionError("ran") }
        scope.coroutineContext.job.join()
        while (!task.isDone) yield()
        assertThat(task.isCancelled).isTrue()
    }

    @LoopTest(foreignThreads = true)
    fun fromAnotherThreadTooTheBodyNeverRuns(loop: Loop) {
        val scope = CoroutineScope(Job())
        scope.cancel()
        var task: Task<Unit>? = null
        elsewhere { task = scope.task<Unit>(loop) { throw AssertionError("ran") } }
        thrownBy<TaskCancelledException> { Await.await(task!!) }
    }

    @LoopTest
    fun inASupervisorAFailureGoesToTheHandler(loop: Loop, trail: Trail, reports: Reports) = coroutine {
        withContext(CoroutineExceptionHandler { _, seen -> trail.mark("handled ${seen.message}") }) {
            supervisorScope {
                task(loop) { throw failure }
                launch { trail.mark("sibling") }
            }
        }
        assertThat(trail.marks()).containsExactlyInAnyOrder("handled expected", "sibling")
        assertThat(reports.take()).isEmpty()
    }

    @LoopTest(foreignThreads = true)
    fun aScopeOfAnotherDispatcherRunsATaskHere(loop: Loop) {
        val scope = CoroutineScope(Dispatchers.Default)
        val deferred = scope.async { task(loop) { Loop.current() }.await() }
        assertThat(await(deferred)).isSameAs(loop)
    }

    @LoopTest
    fun itsValueStaysWithTheTask(loop: Loop) = coroutine {
        val resource = Resource()
        val job = loop.scope().launch {
            task(loop) {
                try {
                    Await.sleep(Duration.ofDays(1))
                } catch (cancelled: TaskCancelledException) {
                    Task.current().uncancel()
                }
                resource
            }
        }
        yield()
        yield()
        job.cancel()
        job.join()
        assertThat(resource.closed).isZero()
    }

    @Test
    fun aClosedLoopRefuses() {
        val loop = Loop.start("closed")
        loop.close()
        runBlocking { thrownBy<LoopClosedException> { task(loop) {} } }
    }

    // ---- both ways

    @LoopTest
    fun aCancellationCrossesFourHopsAndWaitsForEach(loop: Loop, trail: Trail) {
        val task = task {
            try {
                awaitSuspend {
                    try {
                        loop.awaitTask {
                            try {
                                taskScope<Unit> { launch { untilCancelled { trail.step(1) } } }
                            } finally {
                                trail.step(2)
                            }
                        }
                    } finally {
                        trail.step(3)
                    }
                }
            } finally {
                trail.step(4)
            }
        }
        settle()
        task.cancel()
        thrownBy<TaskCancelledException> { Await.await(task) }
        trail.finished(4)
    }

    @LoopTest
    fun aFailureCrossesFourHopsAsTheSameInstance(loop: Loop) {
        val thrown =
            thrownBy<IllegalStateException> {
                awaitSuspend {
                    coroutineScope {
                        task(loop) {
                            taskScope {
                                launch {
                                    delay(5)
                                    throw failure
                                }
                            }
                        }
                    }
                }
            }
        assertThat(generateSequence(thrown as Throwable) { it.cause }.toList()).contains(failure)
    }

    @LoopTest
    fun aContextsJobIsTheParentAsWithKotlinx(loop: Loop) {
        val parent = Job()
        val task = loop.async(parent) { delay(Long.MAX_VALUE) }
        settle()
        parent.cancel()
        thrownBy<CancellationException> { Await.await(task) }
        assertThat(task.isFailed).isTrue()
        assertThat(parent.children.toList()).isEmpty()
        assertThat(Await.await(loop.async(EmptyCoroutineContext) { 1 })).isEqualTo(1)
    }
}
