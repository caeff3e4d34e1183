package io.coloop.kotlin

import io.coloop.Await
import io.coloop.Loop
import io.coloop.LoopMisuseException
import io.coloop.Report
import io.coloop.Task
import io.coloop.TaskCancelledException
import io.coloop.sync.Queue
import io.coloop.test.LoopTest
import io.coloop.test.Reports
import java.util.concurrent.CancellationException
import java.util.function.Consumer
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.ClosedReceiveChannelException
import kotlinx.coroutines.channels.ClosedSendChannelException
import kotlinx.coroutines.channels.produce
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.produceIn
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.yield
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test

/** Channels and queues. */
@OptIn(kotlinx.coroutines.ExperimentalCoroutinesApi::class)
class ChannelTest {
    // ---- iterate

    @LoopTest
    fun aTaskIteratesOverAChannelUntilItIsClosed(loop: Loop) {
        val channel = loop.scope().produce(capacity = 2) { for (i in 0 until 100) send(i) }
        assertThat(channel.iterate().toList()).isEqualTo((0 until 100).toList())
    }

    @LoopTest(foreignThreads = true)
    fun whoSendsMayBeElsewhere() {
        val channel = CoroutineScope(Dispatchers.Default).produce { for (i in 0 until 1000) send(i) }
        assertThat(channel.iterate().toList()).isEqualTo((0 until 1000).toList())
    }

    @LoopTest
    fun closingTheIterationLeavesTheChannelAlone() {
        val channel = Channel<Int>(10)
        for (i in 0..4) channel.trySend(i)
        val left = mutableListOf<Int>()
        channel.iterate(Consumer { left += it }).use { items ->
            for (item in items) {
                settle()
                if (item == 1) break
            }
        }
        settle()
        assertThat(left).containsExactly(2) // one ahead
        assertThat(awaitReceive(channel)).isEqualTo(3)
        assertThat(channel.isClosedForReceive).isFalse()
    }

    @LoopTest
    fun anItemThatNobodyTookIsClosedOrReported(reports: Reports) {
        val channel = Channel<Any>(10)
        val resource = Resource()
        for (item in listOf(1, resource, 2, "left")) channel.trySend(item)
        channel.iterate().use {
            it.iterator().next()
            settle()
        }
        settle()
        assertThat(resource.closed).isEqualTo(1)
        channel.iterate().use {
            it.iterator().next()
            settle()
        }
        settle()
        assertThat(reports.takeOnly(Report.Kind.LATE_VALUE).value()).isEqualTo("left")
    }

    @LoopTest
    fun trapAChannelThatSomebodyElseCancelsIsAFailure(loop: Loop) {
        val channel = Channel<Int>()
        val task = task { channel.iterate().toList() }
        settle()
        channel.cancel(CancellationException("by others"))
        assertThat(thrownBy<CancellationException> { Await.await(task) }).isNotInstanceOf(TaskCancelledException::class.java)
        assertThat(task.isFailed).isTrue()
        assertThat(loop.timerCount()).isZero()
    }

    @LoopTest
    fun aChannelClosedWithAFailureFails() {
        val failure = IllegalStateException("expected")
        val channel = Channel<Int>(1)
        channel.trySend(1)
        channel.close(failure)
        val items = channel.iterate().iterator()
        assertThat(items.next()).isEqualTo(1)
        val thrown = thrownBy<IllegalStateException> { items.hasNext() }
        assertThat(generateSequence(thrown as Throwable) { it.cause }.toList()).contains(failure) // kotlinx may copy it to recover its trace
    }

    // ---- one item

    @LoopTest
    fun aTaskReceivesWhatIsThereAndWhatComes(loop: Loop) {
        val channel = Channel<String?>(2)
        channel.trySend("there")
        channel.trySend(null)
        assertThat(awaitReceive(channel)).isEqualTo("there")
        assertThat(awaitReceive(channel)).isNull()
        loop.scope().launch {
            delay(5)
            channel.send("later")
        }
        assertThat(awaitReceive(channel)).isEqualTo("later")
    }

    @LoopTest
    fun aTaskSendsWhereThereIsRoomAndWaitsWhereThereIsNone(loop: Loop) {
        val channel = Channel<Int>(1)
        awaitSend(channel, 1)
        val sending = task { awaitSend(channel, 2) }
        settle()
        assertThat(sending.isDone).isFalse()
        assertThat(awaitReceive(channel)).isEqualTo(1)
        Await.await(sending)
        assertThat(awaitReceive(channel)).isEqualTo(2)
        assertThat(loop.timerCount()).isZero()
    }

    @LoopTest
    fun aClosedChannelThrows() {
        val channel = Channel<Int>()
        channel.close()
        thrownBy<ClosedReceiveChannelException> { awaitReceive(channel) }
        thrownBy<ClosedSendChannelException> { awaitSend(channel, 1) }
    }

    @LoopTest
    fun aTaskThatIsCancelledReceivesAndSendsNothing() {
        val lost = mutableListOf<Int>()
        val channel = Channel<Int>(onUndeliveredElement = { lost += it })
        val receiving = task { awaitReceive(channel) }
        settle()
        receiving.cancel()
        thrownBy<TaskCancelledException> { Await.await(receiving) }
        val sending = task { awaitSend(channel, 7) }
        settle()
        sending.cancel()
        thrownBy<TaskCancelledException> { Await.await(sending) }
        assertThat(channel.tryReceive().isSuccess).isFalse()
        assertThat(lost).containsExactly(7)
    }

    /** The trap: kotlinx goes on with an unconfined peer where its item is received or sent, and that was the task's own stack. */
    @LoopTest
    fun anUnconfinedPeerNeverRunsOnTheTasksStack() {
        val onATask = mutableListOf<Boolean>()
        val unconfined = CoroutineScope(Dispatchers.Unconfined)
        val channel = Channel<Int>()
        awaitSuspend {
            unconfined.launch {
                channel.send(1)
                onATask += Task.currentOrNull() != null
            }
        }
        assertThat(awaitReceive(channel)).isEqualTo(1)
        awaitSuspend {
            unconfined.launch {
                channel.receive()
                onATask += Task.currentOrNull() != null
            }
        }
        awaitSend(channel, 2)
        assertThat(onATask).containsExactly(false, false)
    }

    @LoopTest
    fun anItemOfTheTurnOfTheCancelIsClosed() {
        val resource = Resource()
        val channel = Channel<Resource>(1)
        channel.trySend(resource)
        val receiving = task { awaitReceive(channel) }
        Await.yieldNow()
        receiving.cancel()
        thrownBy<TaskCancelledException> { Await.await(receiving) }
        settle()
        assertThat(resource.closed + (if (channel.tryReceive().isSuccess) 1 else 0)).isEqualTo(1)
    }

    @LoopTest
    fun endlessReceivingStarvesNobody(loop: Loop) {
        val channel = Channel<Int>(Channel.UNLIMITED)
        repeat(1000) { channel.trySend(it) }
        val turn = loop.turnCount()
        repeat(1000) { awaitReceive(channel) }
        assertThat(loop.turnCount()).isGreaterThan(turn)
    }

    @Test
    fun theyAreMisuseOutsideATask() {
        thrownBy<LoopMisuseException> { awaitReceive(Channel<Int>()) }
        thrownBy<LoopMisuseException> { awaitSend(Channel(), 1) }
    }

    // ---- queues

    @LoopTest
    fun aQueueIsAFlowUntilItIsShutDown(loop: Loop) {
        val queue = Queue.bounded<Int>(2)
        val putting = task {
            for (i in 0..9) queue.put(i)
            queue.shutdown()
        }
        assertThat(awaitSuspend { queue.asFlow(loop).toList() }).isEqualTo((0..9).toList())
        Await.await(putting)
    }

    @LoopTest
    fun collectorsShareAQueueAndTakeNoneAhead(loop: Loop) {
        val queue = Queue.unbounded<Int>()
        for (i in 0..4) queue.tryPut(i)
        awaitSuspend {
            assertThat(queue.asFlow(loop).first()).isEqualTo(0)
            assertThat(queue.asFlow(loop).take(2).toList()).containsExactly(1, 2)
        }
        assertThat(queue.size()).isEqualTo(2)
    }

    @LoopTest
    fun aQueueIsAChannelThroughAFlow(loop: Loop) {
        val queue = Queue.unbounded<Int>()
        for (i in 0..4) queue.tryPut(i)
        queue.shutdown()
        awaitSuspend {
            coroutineScope {
                val channel = queue.asFlow(loop).produceIn(this)
                val seen = mutableListOf<Int>()
                for (item in channel) seen += item
                assertThat(seen).containsExactly(0, 1, 2, 3, 4)
            }
            yield()
        }
    }

    @LoopTest
    fun aChannelGoesIntoAQueue(loop: Loop) {
        val channel = loop.scope().produce { for (i in 0..4) send(i) }
        val queue = Queue.bounded<Int>(1)
        val moving = task {
            for (item in channel.iterate()) queue.put(item)
            queue.shutdown()
        }
        assertThat(awaitSuspend { queue.asFlow(loop).toList() }).containsExactly(0, 1, 2, 3, 4)
        Await.await(moving)
    }
}
