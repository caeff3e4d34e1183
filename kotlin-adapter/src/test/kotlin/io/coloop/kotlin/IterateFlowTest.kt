package io.coloop.kotlin

import io.coloop.Await
import io.coloop.ContextVar
import io.coloop.Loop
import io.coloop.LoopMisuseException
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
import java.util.function.Consumer
import kotlinx.coroutines.CoroutineExceptionHandler
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.channels.BufferOverflow
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableSharedFlow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.asFlow
import kotlinx.coroutines.flow.channelFlow
import kotlinx.coroutines.flow.emptyFlow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.flow.flowOn
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test

/** A flow, in a task with a plain `for`; and its first, last, only item. */
class IterateFlowTest {
    private val failure = IllegalStateException("expected")

    private fun counting(trail: MutableList<Int>): Flow<Int> = flow {
        var next = 0
        while (true) {
            trail += next
            emit(next++)
        }
    }

    // ---- values

    @LoopTest
    fun allItemsInOrderWhateverThePrefetch() {
        for (prefetch in listOf(1, 2, 3, 4, 5, 32, 1000)) {
            val seen = mutableListOf<Int>()
            for (item in (0 until 500).asFlow().iterate(prefetch)) seen += item
            assertThat(seen).isEqualTo((0 until 500).toList())
        }
    }

    @LoopTest
    fun itemsThatTakeTheirTime(clock: VirtualClock) {
        val seen = mutableListOf<Int>()
        for (item in flowOf(1, 2, 3).onEach { delay(10) }.iterate()) {
            seen += item
            Await.sleep(Duration.ofMillis(1))
        }
        assertThat(seen).containsExactly(1, 2, 3)
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(31))
    }

    @LoopTest
    fun emptyHasNoItems() {
        assertThat(emptyFlow<Int>().iterate().iterator().hasNext()).isFalse()
    }

    @LoopTest
    fun nullFailsTheIteration() {
        @Suppress("UNCHECKED_CAST") val withNull = flowOf<Int?>(1, null) as Flow<Int>
        val items = withNull.iterate().iterator()
        assertThat(items.next()).isEqualTo(1)
        assertThat(thrownBy<NullPointerException> { items.hasNext() }).hasMessage("a stream's item must not be null")
    }

    @LoopTest
    fun itIsCollectedOnceFromTheFirstHasNextOn(trail: Trail) {
        val items = flow {
            trail.step(2)
            emit(1)
        }.iterate()
        settle()
        trail.step(1)
        for (item in items) trail.step(3)
        thrownBy<IllegalStateException> { for (item in items) throw AssertionError("a second time") }
        trail.finished(3)
    }

    @LoopTest
    fun itRunsOnTheLoopsOwnThread(loop: Loop) {
        val own = loop.ownThread()
        val flow = flow {
            emit(Thread.currentThread())
            delay(1)
            emit(Thread.currentThread())
        }
        for (thread in flow.iterate()) assertThat(thread).isSameAs(own)
    }

    @LoopTest(foreignThreads = true)
    fun aFlowThatRunsElsewhereComesHere() {
        val seen = mutableListOf<Int>()
        for (item in (0 until 1000).asFlow().flowOn(Dispatchers.Default).map { it + 1 }.iterate(8)) seen += item
        assertThat(seen).isEqualTo((1..1000).toList())
    }

    // ---- failures

    @LoopTest
    fun trapAFailureComesAfterTheItemsBeforeIt() {
        val flow = flow {
            emit(1)
            emit(2)
            throw failure
        }
        val items = flow.iterate().iterator()
        assertThat(listOf(items.next(), items.next())).containsExactly(1, 2)
        assertThat(thrownBy<IllegalStateException> { items.hasNext() }).isSameAs(failure)
        assertThat(items.hasNext()).isFalse()
    }

    @LoopTest
    fun aCheckedFailureIsACause() {
        val checked = IOException("checked")
        val items = flow<Int> { throw checked }.iterate().iterator()
        assertThat(thrownBy<CompletionException> { items.hasNext() }.cause).isSameAs(checked)
    }

    @LoopTest
    fun trapAFlowThatIsCancelledOtherwiseIsAFailure() {
        val task = task { flow<Int> { withTimeout(5) { delay(10) } }.iterate().iterator().hasNext() }
        thrownBy<TimeoutCancellationException> { Await.await(task) }
        assertThat(task.isFailed).isTrue()
        val itself = task {
            flow<Int> {
                currentCoroutineContext().job.cancel(CancellationException("by itself"))
                delay(1)
            }.iterate().iterator().hasNext()
        }
        assertThat(thrownBy<CancellationException> { Await.await(itself) }).isNotInstanceOf(TaskCancelledException::class.java).hasMessage("by itself")
        assertThat(itself.isFailed).isTrue()
    }

    // ---- cancel

    @LoopTest
    fun leavingEarlyCancelsTheFlowWhichCleansUpOnTheLoop(loop: Loop, trail: Trail) {
        val own = loop.ownThread()
        val flow = flow {
            try {
                for (i in 0..100) emit(i)
            } finally {
                withContext(NonCancellable) { delay(1) }
                assertThat(Thread.currentThread()).isSameAs(own)
                trail.step(1)
            }
        }
        val left = mutableListOf<Int>()
        flow.iterate(4, Consumer { left += it }).use { for (item in it) if (item == 2) break }
        trail.finished(1)
        assertThat(left).containsExactly(3)
    }

    @LoopTest
    fun trapACancelledTaskEndedBeforeTheFlowThatItIteratesOver(clock: VirtualClock) {
        var clean = false
        val flow = flow {
            try {
                emit(1)
                delay(Long.MAX_VALUE)
            } finally {
                withContext(NonCancellable) { delay(3) }
                clean = true
            }
        }
        val task = task { flow.map { it + 1 }.iterate().use { for (item in it) Unit } }
        settle()
        task.cancel("enough")
        thrownBy<TaskCancelledException> { Await.await(task) }
        assertThat(clean).isTrue()
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(3))
    }

    @LoopTest
    fun trapTheFlowIsCancelledAtOnceNotAtItsNextItem(clock: VirtualClock, trail: Trail) {
        val flow = flow<Int> {
            try {
                delay(Long.MAX_VALUE)
            } finally {
                trail.step(1)
            }
        }
        val task = task { flow.iterate().use { it.iterator().hasNext() } }
        settle()
        task.cancel("enough")
        thrownBy<TaskCancelledException> { Await.await(task) }
        settle()
        trail.finished(1)
        assertThat(clock.elapsed()).isZero()
    }

    @LoopTest
    fun aCancelledTaskLeavesTheIterationOpenUntilItIsClosed() {
        val flow = flow {
            emit(1)
            delay(10)
            emit(2)
        }
        val items = flow.iterate()
        val task = task { for (item in items) Unit }
        settle()
        task.cancel()
        thrownBy<TaskCancelledException> { Await.await(task) }
        assertThat(items.iterator().next()).isEqualTo(2)
        items.close()
        settle()
    }

    @LoopTest
    fun aFailureAfterTheCloseIsReportedAndGoesToTheHandler(loop: Loop, reports: Reports) {
        val handled = mutableListOf<Throwable>()
        val flow = flow {
            try {
                emit(1)
                delay(Long.MAX_VALUE)
            } finally {
                throw failure
            }
        }
        awaitSuspend {
            withContext(CoroutineExceptionHandler { _, seen -> handled += seen }) {
                loop.awaitTask { flow.iterate().use { assertThat(it.iterator().next()).isEqualTo(1) } }
            }
        }
        settle()
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure)
        assertThat(handled).containsExactly(failure)
    }

    @LoopTest
    fun itemsThatNobodyTookAreClosed() {
        val resources = List(3) { Resource() }
        resources.asFlow().iterate().use { it.iterator().next() }
        settle()
        assertThat(resources.map { it.closed }).containsExactly(0, 1, 1)
        flowOf("a", "b").iterate().use { it.iterator().next() }
        settle()
    }

    @Test
    fun theClosingLoopEndsIt() {
        var ended = false
        runLoop {
            val items = flow {
                try {
                    emit(1)
                    delay(Long.MAX_VALUE)
                } finally {
                    ended = true
                }
            }.iterate()
            items.iterator().next()
        }
        assertThat(ended).isTrue()
    }

    // ---- demand

    @LoopTest
    fun theProducerIsNeverFurtherAheadThanThePrefetch() {
        for (prefetch in listOf(1, 2, 4, 32)) {
            val made = mutableListOf<Int>()
            counting(made).iterate(prefetch, Consumer {}).use { items ->
                var taken = 0
                for (item in items) {
                    taken++
                    settle()
                    assertThat(made.size).isLessThanOrEqualTo(taken + prefetch)
                    if (item == 100) break
                }
            }
            settle()
        }
    }

    @LoopTest
    fun trapABufferThatIsFullBlocksNoEmitter() {
        val hot = MutableSharedFlow<Int>(extraBufferCapacity = 2, onBufferOverflow = BufferOverflow.DROP_OLDEST)
        val seen = mutableListOf<Int>()
        val task = task { hot.iterate(1).use { for (item in it) { seen += item; Await.sleep(Duration.ofMillis(10)); if (item == 9) break } } }
        settle()
        for (i in 0..9) assertThat(hot.tryEmit(i)).isTrue()
        Await.await(task)
        assertThat(seen).containsExactly(8, 9)
        settle()
        assertThat(hot.subscriptionCount.value).isZero()
    }

    @LoopTest
    fun aStateFlowShowsTheLatest() {
        val state = MutableStateFlow(0)
        val task = task {
            state.iterate(1).use { items -> items.asSequence().onEach { Await.sleep(Duration.ofMillis(5)) }.takeWhile { it < 3 }.toList() }
        }
        Await.sleep(Duration.ofMillis(1))
        state.value = 1
        state.value = 2
        Await.sleep(Duration.ofMillis(20))
        state.value = 3
        assertThat(Await.await(task)).startsWith(0).endsWith(2)
    }

    @LoopTest
    fun aProducerThatNeverSuspendsStarvesNobody(loop: Loop, trail: Trail) {
        loop.execute { trail.step(1) }
        val made = mutableListOf<Int>()
        counting(made).iterate(1 shl 10, Consumer {}).use { for (item in it) if (item == 5000) break }
        trail.finished(1)
        settle()
    }

    @LoopTest
    fun aPrefetchOfNoneIsRefused() {
        assertThat(thrownBy<IllegalArgumentException> { flowOf(1).iterate(0) }).hasMessageContaining("prefetch")
    }

    @Test
    fun itNeedsALoop() {
        thrownBy<LoopMisuseException> { flowOf(1).iterate() }
    }

    // ---- context

    @LoopTest
    fun trapTheContextIsSeenInsideTheFlow() {
        val user = ContextVar.of<String>("user")
        user.set("ann")
        val seen = flow {
            emit(user.get())
            delay(1)
            emit(user.get())
            user.set("bob")
            emit(user.get())
        }
        assertThat(seen.iterate(1).toList()).containsExactly("ann", "ann", "bob")
        assertThat(user.get()).isEqualTo("ann")
    }

    // ---- one item

    @LoopTest
    fun firstLastSingle() {
        val many = flowOf(1, 2, 3)
        val none = emptyFlow<Int>()
        assertThat(listOf(awaitFirst(many), awaitFirstOrNull(many), awaitLast(many), awaitLastOrNull(many))).containsExactly(1, 1, 3, 3)
        assertThat(awaitSingle(flowOf(7))).isEqualTo(7)
        assertThat(listOf(awaitFirstOrNull(none), awaitLastOrNull(none))).containsExactly(null, null)
        thrownBy<NoSuchElementException> { awaitFirst(none) }
        thrownBy<NoSuchElementException> { awaitLast(none) }
        thrownBy<NoSuchElementException> { awaitSingle(none) }
        thrownBy<IllegalArgumentException> { awaitSingle(many) }
        assertThat(awaitSingle(flowOf<Int?>(null))).isNull()
    }

    @LoopTest
    fun theFirstItemCancelsTheFlow(trail: Trail) {
        val endless = flow {
            try {
                while (true) emit("first")
            } finally {
                trail.step(1)
            }
        }
        assertThat(awaitFirst(endless)).isEqualTo("first")
        trail.finished(1)
    }

    @LoopTest
    fun trapTheOnlyItemIsNotReturnedBeforeTheFlowsEnd() {
        val commits = flow {
            emit("value")
            delay(5)
            throw failure
        }
        assertThat(thrownBy<IllegalStateException> { awaitSingle(commits) }).isSameAs(failure)
        assertThat(thrownBy<IllegalStateException> { awaitLast(commits) }).isSameAs(failure)
    }

    @LoopTest
    fun cancellingTheTaskCancelsTheFlowAndWaits(trail: Trail) {
        val task = task {
            awaitLast(
                channelFlow<Int> {
                    launch {
                        try {
                            delay(Long.MAX_VALUE)
                        } finally {
                            withContext(NonCancellable) { delay(1) }
                            trail.step(1)
                        }
                    }
                }
            )
        }
        settle()
        task.cancel()
        thrownBy<TaskCancelledException> { Await.await(task) }
        trail.finished(1)
    }
}
