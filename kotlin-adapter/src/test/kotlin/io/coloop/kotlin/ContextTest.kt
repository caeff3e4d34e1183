package io.coloop.kotlin

import io.coloop.Await
import io.coloop.Body
import io.coloop.CancelPolicy
import io.coloop.ContextCapture
import io.coloop.ContextVar
import io.coloop.Loop
import io.coloop.Task
import io.coloop.reactor.Reactor
import io.coloop.test.LoopTest
import io.coloop.test.Reports
import java.util.concurrent.CopyOnWriteArrayList
import java.util.function.Function
import kotlin.coroutines.coroutineContext
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineName
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flowOn
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.reactor.ReactorContext
import kotlinx.coroutines.reactor.awaitSingle
import kotlinx.coroutines.reactor.mono
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.yield
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test
import reactor.core.publisher.Mono
import reactor.util.context.Context as ReactorsContext

/** coloop's context, foreign thread locals and a Reactor context in coroutines. */
class ContextTest {
    private companion object {
        val VAR: ContextVar<String> = ContextVar.of("var", "unset")
        val LOCAL = ThreadLocal<String>()
        val LOCALS = ContextCapture {
            val captured: String? = LOCAL.get()
            ContextCapture.Snapshot {
                val before: String? = LOCAL.get()
                LOCAL.set(captured)
                ContextCapture.Scope { if (before == null) LOCAL.remove() else LOCAL.set(before) }
            }
        }
    }

    private fun Loop.seenOnTheLoop(): List<String?> {
        val seen = mutableListOf<String?>()
        execute({ seen += VAR.get(); seen += LOCAL.get() }, io.coloop.Context.empty())
        Await.yieldNow()
        return seen
    }

    // ---- a coroutine of a task

    @LoopTest(foreignThreads = true)
    fun trapItSeesTheTasksContextAfterDelayAndElsewhereAndBack(loop: Loop) {
        VAR.set("task")
        val seen = awaitSuspend {
            buildList {
                add(VAR.get())
                delay(5)
                add(VAR.get())
                yield()
                add(VAR.get())
                add(withContext(Dispatchers.IO) { VAR.get() })
                add(VAR.get())
                add(withTimeout(1000) { delay(1); VAR.get() })
                add(coroutineScope { launch { delay(1) }; VAR.get() })
            }
        }
        assertThat(seen).hasSize(7).containsOnly("task")
        assertThat(loop.seenOnTheLoop()).containsExactly("unset", null)
    }

    @LoopTest(foreignThreads = true)
    fun whatItSetsIsItsOwnWhereverItGoesOn(loop: Loop) {
        VAR.set("task")
        val seen = awaitSuspend {
            buildList {
                VAR.set("one")
                delay(5)
                add(VAR.get())
                add(withContext(Dispatchers.IO) { VAR.get().also { VAR.set("two") } })
                add(VAR.get())
                withContext(CoroutineName("same thread")) {
                    VAR.set("three")
                    delay(1)
                    VAR.set(VAR.get() + "!")
                }
                add(VAR.get())
            }
        }
        assertThat(seen).containsExactly("one", "one", "two", "three!")
        assertThat(VAR.get()).isEqualTo("task")
        assertThat(loop.seenOnTheLoop()).containsExactly("unset", null)
    }

    @LoopTest(foreignThreads = true)
    fun trapAHopElsewhereSeesWhatWasSetJustBefore() {
        repeat(500) { round -> // the other thread may begin before this one has left the coroutine
            val seen = awaitSuspend {
                VAR.set("round $round")
                withContext(Dispatchers.Default) { VAR.get() }
            }
            assertThat(seen).isEqualTo("round $round")
        }
    }

    @LoopTest
    fun siblingsAreIsolatedAndChildrenInherit(loop: Loop) {
        VAR.set("task")
        val seen = awaitSuspend {
            coroutineScope {
                VAR.set("parent")
                val children =
                    listOf("a", "b").map { name ->
                        async {
                            val inherited = VAR.get()
                            VAR.set(name)
                            delay(5)
                            "$inherited ${VAR.get()}"
                        }
                    }
                VAR.set("later")
                children.awaitAll() + VAR.get()
            }
        }
        assertThat(seen).containsExactly("parent a", "parent b", "later")
        assertThat(VAR.get()).isEqualTo("task")
        assertThat(loop.seenOnTheLoop()).containsExactly("unset", null)
    }

    @LoopTest
    fun whatTheTaskSetsStaysWithIt() {
        VAR.set("before")
        val deferred = CompletableDeferred<Unit>()
        val task = task {
            VAR.set("task")
            awaitSuspend {
                deferred.await()
                VAR.set("coroutine")
            }
            VAR.get()
        }
        settle()
        VAR.set("others")
        deferred.complete(Unit) // whoever resumes it is not whose context it sees
        assertThat(Await.await(task)).isEqualTo("task")
    }

    @LoopTest
    fun asyncSeesItsSpawners(loop: Loop) {
        VAR.set("spawner")
        val task = loop.async { delay(1); VAR.get() }
        VAR.set("later")
        assertThat(Await.await(task)).isEqualTo("spawner")
    }

    @LoopTest
    fun aTaskOfACoroutineSeesTheCoroutinesAndTheOtherWayRound(loop: Loop) {
        val seen = awaitSuspend {
            VAR.set("coroutine")
            delay(1)
            val fromTask = loop.awaitTask {
                val inherited = VAR.get()
                VAR.set("task")
                inherited + " " + awaitSuspend { delay(1); VAR.get() }
            }
            listOf(fromTask, VAR.get())
        }
        assertThat(seen).containsExactly("coroutine task", "coroutine")
    }

    @LoopTest
    fun aTaskInAScopeSeesTheCallers(loop: Loop) = coroutine {
        VAR.set("coroutine")
        val task = task(loop) { VAR.get() }
        VAR.set("later")
        assertThat(task.await()).isEqualTo("coroutine")
    }

    @LoopTest
    fun coroutinesOfATaskScopeInheritFromWhoeverStartsThem() {
        VAR.set("one")
        val seen = taskScope {
            val first = async { delay(1); VAR.get() }
            VAR.set("two")
            val second = async {
                val third = async { VAR.set("inner"); VAR.get() }
                delay(1)
                VAR.get() + " " + third.await()
            }
            listOf(await(first), await(second), VAR.get())
        }
        assertThat(seen).containsExactly("one", "two inner", "two")
    }

    @LoopTest
    fun coroutinesOfAGroupInheritFromWhoeverStartsThem() {
        val seen = taskGroup {
            VAR.set("one")
            val first = async { delay(1); VAR.get() }
            VAR.set("two")
            Await.await(first) + Await.await(async { VAR.get() })
        }
        assertThat(seen).isEqualTo("onetwo")
    }

    @LoopTest
    fun aChangeIsTakenBackAfterASuspension() {
        VAR.set("task")
        awaitSuspend {
            VAR.set("coroutine").use {
                delay(1)
                assertThat(VAR.get()).isEqualTo("coroutine")
            }
            assertThat(VAR.get()).isEqualTo("task")
        }
    }

    @LoopTest(foreignThreads = true)
    fun trapItIsSeenInsideAFlowOnAnyDispatcher() {
        VAR.set("task")
        val seen = awaitSuspend {
            val values = flow {
                emit(VAR.get())
                delay(1)
                emit(VAR.get())
            }
            values.toList() + values.flowOn(Dispatchers.Default).toList()
        }
        assertThat(seen).hasSize(4).containsOnly("task")
    }

    @LoopTest
    fun aCoroutineThatIsResumedOnATasksStackLeavesTheTasksContext(loop: Loop) {
        VAR.set("task")
        val gate = CompletableDeferred<Unit>()
        val seen = mutableListOf<String>()
        val job =
            CoroutineScope(Dispatchers.Unconfined + loop.contextElement()).launch {
                VAR.set("unconfined")
                gate.await()
                seen += VAR.get()
            }
        assertThat(VAR.get()).isEqualTo("task")
        VAR.set("changed")
        gate.complete(Unit)
        job.ended()
        assertThat(seen).containsExactly("unconfined")
        assertThat(VAR.get()).isEqualTo("changed")
    }

    // ---- scopes of one's own

    @LoopTest
    fun aScopeWithTheElementKeepsItsOwn(loop: Loop) {
        VAR.set("scope")
        val scope = CoroutineScope(loop.dispatcher + Job() + loop.contextElement())
        VAR.set("launcher")
        val seen = await(scope.async { delay(1); VAR.get().also { VAR.set("mine") } })
        assertThat(seen).isEqualTo("scope")
        assertThat(await(scope.async { VAR.get() })).isEqualTo("scope")
        assertThat(await(scope.async(loop.contextElement()) { delay(1); VAR.get() })).isEqualTo("launcher")
        assertThat(awaitSuspend { withContext(loop.contextElement()) { VAR.get() } }).isEqualTo("launcher")
    }

    @LoopTest
    fun aCoroutineWithoutTheElementSeesNothingOfWhoeverStartsOrResumesIt(loop: Loop) {
        VAR.set("task")
        val gate = CompletableDeferred<Unit>()
        val seen = mutableListOf<String>()
        val job =
            loop.scope().launch {
                seen += VAR.get()
                gate.await()
                seen += VAR.get()
                delay(1)
                seen += VAR.get()
            }
        settle()
        gate.complete(Unit)
        job.ended()
        assertThat(seen).hasSize(3).containsOnly("unset")
    }

    @Test
    fun theElementWorksWithoutALoopsThread() {
        Loop.start("elsewhere").use { loop ->
            VAR.set("thread").use {
                val seen = runBlocking(loop.contextElement()) {
                    VAR.set("coroutine")
                    withContext(loop.dispatcher) { delay(1); VAR.get() } + " " + VAR.get()
                }
                assertThat(seen).isEqualTo("coroutine coroutine")
                assertThat(VAR.get()).isEqualTo("thread")
            }
        }
    }

    // ---- foreign thread locals

    @Test
    fun trapThreadLocalsAreThereAfterEverySuspensionAndNothingIsLeftBehind() {
        val seen = CopyOnWriteArrayList<String?>()
        val left = runLoop(Loop.builder().contextCapture(LOCALS)) {
            LOCAL.set("task")
            awaitSuspend {
                seen += LOCAL.get()
                delay(1)
                seen += LOCAL.get()
                withContext(Dispatchers.IO) { seen += LOCAL.get() }
                seen += LOCAL.get()
                coroutineScope { launch { delay(1); seen += LOCAL.get() } }
            }
            assertThat(LOCAL.get()).isEqualTo("task")
            LOCAL.remove()
            Loop.current().seenOnTheLoop() + awaitSuspend { withContext(Dispatchers.IO) { LOCAL.get() } }
        }
        assertThat(seen).hasSize(5).containsOnly("task")
        assertThat(left).containsExactly("unset", null, null)
    }

    /** The trap: it went on inside the emitting task's own foreign context. */
    @Test
    fun trapACollectorWithoutTheElementSeesNothingOfTheTaskThatEmits() {
        val seen = CopyOnWriteArrayList<String?>()
        runLoop(Loop.builder().contextCapture(LOCALS)) {
            val loop = Loop.current()
            val flow = loop.flow {
                LOCAL.set("emitter")
                for (i in 0..2) {
                    emit(i)
                    Await.sleep(java.time.Duration.ofMillis(1))
                }
            }
            for (dispatcher in listOf(loop.dispatcher, loop.dispatcher.immediate, Dispatchers.Unconfined)) {
                awaitSuspend { CoroutineScope(dispatcher).launch { flow.collect { seen += LOCAL.get() } }.join() }
            }
        }
        assertThat(seen).hasSize(9).containsOnlyNulls()
    }

    @Test
    fun aThreadLocalThatACoroutineSetsLastsUntilTheNextSuspensionAndIsInherited() {
        val seen = CopyOnWriteArrayList<String?>()
        runLoop(Loop.builder().contextCapture(LOCALS)) {
            LOCAL.set("task")
            awaitSuspend {
                LOCAL.set("coroutine")
                seen += LOCAL.get()
                coroutineScope { launch { seen += "child ${LOCAL.get()}" } }
                delay(1)
                seen += LOCAL.get()
            }
            seen += LOCAL.get()
        }
        assertThat(seen).containsExactly("coroutine", "child coroutine", "task", "task")
    }

    @Test
    fun anElementOfASiblingsLoopCarriesWhatItWasMadeWith() {
        val seen = runLoop(Loop.builder().contextCapture(LOCALS)) {
            LOCAL.set("one")
            val scope = CoroutineScope(Loop.current().dispatcher + Loop.current().contextElement())
            LOCAL.set("two")
            await(scope.async { delay(1); LOCAL.get() }).also { scope.cancel() }
        }
        assertThat(seen).isEqualTo("one")
    }

    @Test
    fun aCaptureThatFailsIsReportedAndTheCoroutineGoesOn() {
        val reports = CopyOnWriteArrayList<Throwable?>()
        val failure = IllegalStateException("no context")
        var broken = false
        val capture = ContextCapture { ContextCapture.Snapshot { if (broken) throw failure else ContextCapture.Scope.NONE } }
        val seen = runLoop(Loop.builder().contextCapture(capture).exceptionHandler { reports += it.failure() }) {
            awaitSuspend {
                broken = true
                yield()
                broken = false
                "value"
            }
        }
        assertThat(seen).isEqualTo("value")
        assertThat(reports).isNotEmpty().containsOnly(failure)
    }

    // ---- the other elements of a coroutine's context

    @LoopTest
    fun aReactorContextPassesThroughOurBuilders(loop: Loop) {
        val reactors = ReactorContext(ReactorsContext.of("user", "ann"))
        suspend fun user(): String? = coroutineContext[ReactorContext]?.context?.getOrDefault("user", null as String?)
        val seen = Await.await(
            loop.async(reactors) {
                listOf(
                    user(),
                    loop.awaitTask { awaitSuspend { delay(1); user() } },
                    coroutineScope { task(loop) { Await.await(loop.async { user() }) }.await() },
                    loop.awaitTask { taskScope { await(async { user() }) } },
                    loop.awaitTask { taskGroup { Await.await(async { user() }) } },
                    withContext(ReactorContext(ReactorsContext.of("user", "bob"))) { loop.awaitTask { awaitSuspend { user() } } },
                )
            }
        )
        assertThat(seen).containsExactly("ann", "ann", "ann", "ann", "ann", "bob")
        assertThat(awaitSuspend { user() }).isNull()
    }

    @LoopTest
    fun aReactorContextCrossesAMonoOfKotlinx(loop: Loop) {
        val mono = mono(loop.dispatcher) { loop.awaitTask { awaitSuspend { coroutineContext[ReactorContext]?.context?.get<String>("user") } } }
        val seen = CompletableDeferred<String?>()
        mono.contextWrite { it.put("user", "ann") }.subscribe({ seen.complete(it) }, { seen.completeExceptionally(it) })
        assertThat(await(seen)).isEqualTo("ann")
    }

    private suspend fun reactorUser(): String? = coroutineContext[ReactorContext]?.context?.getOrDefault("user", null as String?)

    private val seenByPublisher: Mono<String> = Mono.deferContextual { Mono.just(it.getOrDefault("user", "nobody")!!) }

    private fun <T> withUser(name: String, body: () -> T): T = Reactor.withContext<T, Throwable>(ReactorsContext.of("user", name), Body<T, Throwable> { body() })

    @LoopTest
    fun trapATasksReactorContextIsThatOfTheCoroutinesItStarts(loop: Loop) {
        val seen = withUser("ann") {
            val spawned = loop.async { reactorUser() } // before anything changes
            listOf(
                awaitSuspend { delay(1); reactorUser() },
                awaitSuspend { seenByPublisher.awaitSingle() },
                awaitSuspend(CancelPolicy.SHIELD) { reactorUser() },
                Await.await(spawned),
                taskScope { await(async { reactorUser() }) },
                taskGroup { Await.await(async { reactorUser() }) },
                flow { emit(reactorUser()!!) }.iterate().use { it.iterator().next() },
                withUser("bob") { awaitSuspend { reactorUser() } },
                awaitSuspend { withContext(ReactorContext(ReactorsContext.of("user", "eve"))) { seenByPublisher.awaitSingle() } },
            )
        }
        assertThat(seen).containsExactly("ann", "ann", "ann", "ann", "ann", "ann", "ann", "bob", "eve")
        assertThat(awaitSuspend { reactorUser() }).isNull()
        assertThat(awaitSuspend { seenByPublisher.awaitSingle() }).isEqualTo("nobody")
    }

    @LoopTest
    fun trapACoroutinesReactorContextIsThatOfTheTasksItStarts(loop: Loop) {
        val seen = Await.await(
            loop.async(ReactorContext(ReactorsContext.of("user", "ann"))) {
                listOf(
                    loop.awaitTask { Reactor.awaitRequired(seenByPublisher) },
                    coroutineScope { task(loop) { Reactor.context().get<String>("user") }.await() },
                    loop.flow { emit(Reactor.awaitRequired(seenByPublisher)) }.first(),
                    loop.awaitTask { Await.await(Task.spawn(Body<String, Throwable> { Reactor.awaitRequired(seenByPublisher) })) },
                    withContext(ReactorContext(ReactorsContext.of("user", "bob"))) { loop.awaitTask { Reactor.awaitRequired(seenByPublisher) } },
                    loop.awaitTask { withUser("eve") { awaitSuspend { reactorUser() } } + " " + awaitSuspend { reactorUser() } },
                )
            }
        )
        assertThat(seen).containsExactly("ann", "ann", "ann", "ann", "bob", "eve ann")
        assertThat(Reactor.context().isEmpty).isTrue()
    }

    @LoopTest
    fun aReactorContextThatATaskTakesAwayIsAway(loop: Loop) {
        val seen = Await.await(
            loop.async(ReactorContext(ReactorsContext.of("user", "ann"))) {
                loop.awaitTask {
                    Reactor.withContext<String?, Throwable>(Function { ReactorsContext.empty() }, Body<String?, Throwable> { awaitSuspend { reactorUser() } })
                }
            }
        )
        assertThat(seen).isNull()
    }

    @LoopTest
    fun aCoroutinesJobAndDispatcherAreNotHandedOn(loop: Loop, reports: Reports) = coroutine {
        val outer = coroutineContext[Job]
        withContext(CoroutineName("outer")) {
            loop.awaitTask {
                awaitSuspend {
                    assertThat(currentCoroutineContext()[CoroutineName]?.name).isEqualTo("outer")
                    val inner = currentCoroutineContext()[Job]
                    assertThat(outer!!.children.none { it === inner }).isTrue()
                    assertThat(currentCoroutineContext()[kotlin.coroutines.ContinuationInterceptor]).isSameAs(loop.dispatcher)
                }
            }
        }
        assertThat(reports.take()).isEmpty()
    }
}
