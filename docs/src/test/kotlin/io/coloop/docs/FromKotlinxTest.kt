package io.coloop.docs

import io.coloop.Await.sleep
import io.coloop.Await.yieldNow
import io.coloop.CancelPolicy
import io.coloop.ContextVar
import io.coloop.Loop
import io.coloop.Task
import io.coloop.TaskGroup
import io.coloop.kotlin.async
import io.coloop.kotlin.await
import io.coloop.kotlin.awaitSuspend
import io.coloop.kotlin.awaitTask
import io.coloop.kotlin.dispatcher
import io.coloop.kotlin.flow
import io.coloop.kotlin.iterate
import io.coloop.kotlin.task
import io.coloop.kotlin.taskScope
import io.coloop.test.LoopTest
import io.coloop.test.VirtualClock
import java.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Timeout

/** Coroutines and tasks in one program. */
@Timeout(60)
class FromKotlinxTest {
    private val second = Duration.ofSeconds(1)

    /** Kotlin's. */
    private suspend fun find(id: Int): String {
        delay(1.seconds)
        return "user $id"
    }

    /** Await-style, as a Java class would have it. */
    private fun load(id: Int): String {
        sleep(second)
        return "page of ${awaitSuspend { find(id) }}"
    }

    @LoopTest
    fun aTaskCallsASuspendingFunction(clock: VirtualClock) {
        // region suspend
        val user = awaitSuspend { find(7) } // in a task: gives up the loop, as every await does
        // endregion
        assertThat(user).isEqualTo("user 7")
        assertThat(clock.elapsed()).isEqualTo(second)
    }

    @LoopTest
    fun aCoroutineCallsAwaitStyleCode(loop: Loop) {
        val page: String = awaitSuspend {
            // region await-style
            val task = loop.async { find(7) } // a coroutine as a future, for Java
            task.await() // and a future in a coroutine
            loop.awaitTask { load(7) } // await-style code, as a task that this coroutine waits for
            // endregion
        }
        assertThat(page).isEqualTo("page of user 7")
    }

    @LoopTest
    fun onTheLoop(loop: Loop, clock: VirtualClock) {
        val page = awaitSuspend {
            // region dispatcher
            withContext(loop.dispatcher) { // where a coroutine of another dispatcher wants to be on the loop
                delay(1.seconds) // a timer of the loop
                find(7)
            }
            // endregion
        }
        assertThat(page).isEqualTo("user 7")
        assertThat(clock.elapsed()).isEqualTo(second.multipliedBy(2))
    }

    @LoopTest
    fun aScopeInATask(clock: VirtualClock) {
        // region task-scope
        val both = taskScope { // in a task: coroutineScope for await-style code
            val first = async { find(1) }
            val second = async { find(2) }
            listOf(await(first), await(second))
        } // all that was started in it has ended
        // endregion
        assertThat(both).containsExactly("user 1", "user 2")
        assertThat(clock.elapsed()).isEqualTo(second)
    }

    @LoopTest
    fun aTaskInAScope(loop: Loop) {
        val pages = awaitSuspend {
            // region scope-task
            coroutineScope { // a failure or a cancel of the scope is the tasks', and the other way round
                val first = task(loop) { load(1) }
                val second = task(loop) { load(2) }
                listOf(first.await(), second.await())
            }
            // endregion
        }
        assertThat(pages).containsExactly("page of user 1", "page of user 2")
    }

    @LoopTest
    fun aGroupOfBoth(clock: VirtualClock) {
        // region group
        val pages = mutableListOf<String>()
        TaskGroup.run { group -> // in a task: waits for both, and the first failure cancels the other
            group.async { pages += find(1) }
            group.spawn { pages += load(2) }
        }
        // endregion
        assertThat(pages).containsExactly("user 1", "page of user 2")
        assertThat(clock.elapsed()).isEqualTo(second.multipliedBy(2))
    }

    @LoopTest
    fun flowsBothWays(loop: Loop) {
        // region flows
        val squares =
            loop.flow<Int> { // a task for each collector; emit waits until it has taken the item
                for (i in 1..4) {
                    sleep(second)
                    emit(i * i)
                }
            }
        var sum = 0
        squares.iterate().use { items -> // in a task, with a plain for
            for (item in items) {
                sum += item
            }
        }
        val list = awaitSuspend { squares.toList() } // in a coroutine, as ever
        // endregion
        assertThat(sum).isEqualTo(30)
        assertThat(list).containsExactly(1, 4, 9, 16)
    }

    @LoopTest
    fun policies(loop: Loop) {
        val log = mutableListOf<String>()
        val deferred = kotlinx.coroutines.CompletableDeferred<String>()
        val waiting = Task.spawn {
            // region policy
            log += await(deferred, CancelPolicy.drain(second)) // a Deferred is left alone, unless a policy says otherwise
            // endregion
        }
        yieldNow()
        yieldNow()
        waiting.cancel()
        deferred.complete("value")
        repeat(5) { yieldNow() }
        assertThat(waiting.isCancelled).isTrue()
        assertThat(log).containsExactly("value")
    }

    @LoopTest
    fun context() {
        // region context
        val user = ContextVar.of<String>("user")
        user.set("ada")
        val seen = awaitSuspend {
            delay(1.seconds)
            coroutineScope {
                launch { user.set("bob") } // its own
            }
            user.get() // what the task has, after every suspension
        }
        // endregion
        assertThat(seen).isEqualTo("ada")
    }
}
