package io.coloop.docs

import io.coloop.Await.blocking
import io.coloop.Await.sleep
import io.coloop.Body
import io.coloop.ContextVar
import io.coloop.Loop
import io.coloop.Task
import io.coloop.kotlin.awaitSuspend
import io.coloop.kotlin.awaitTask
import io.coloop.kotlin.dispatcher
import io.coloop.kotlin.iterate
import io.coloop.kotlin.runLoop
import io.coloop.reactor.ContextPropagation
import io.coloop.reactor.Reactor
import io.coloop.rx.Rx
import io.coloop.test.VirtualClock
import io.micrometer.context.ContextRegistry
import io.reactivex.rxjava3.core.Flowable
import io.reactivex.rxjava3.core.Single
import java.time.Duration
import java.util.concurrent.Callable
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.reactivestreams.Publisher
import reactor.core.publisher.Flux
import reactor.core.publisher.Mono

/** A thread local that a filter has set, a context variable and a Reactor Context on their way through all four libraries and back. */
@Timeout(60)
class OneContextTest {
    private val tenant = ThreadLocal<String>() // as the MDC or a tracer's
    private val user = ContextVar.of("user", "nobody")
    private val hops = CopyOnWriteArrayList<String>()

    private fun hop(where: String) {
        hops += "$where: ${tenant.get()}, ${user.get()}"
    }

    @BeforeEach
    fun register() {
        ContextRegistry.getInstance().registerThreadLocalAccessor("tenant", tenant)
    }

    @AfterEach
    fun remove() {
        ContextRegistry.getInstance().removeThreadLocalAccessor("tenant")
    }

    @Test
    fun crossesAllFourLibrariesAndBack() {
        val settings = Loop.builder().clock(VirtualClock()).contextCapture(ContextPropagation.capture())
        runLoop(settings) {
            val loop = Loop.current()
            val page = page(loop)
            val sibling = Task.spawn(
                Body<String, RuntimeException> {
                    tenant.set("other")
                    user.set("bob")
                    sleep(Duration.ofSeconds(5))
                    "${tenant.get()}, ${user.get()}"
                }
            )
            tenant.set("acme") // the filter
            user.set("ada")
            val text = Reactor.await(page.contextWrite { it.put("trace", "t1") })
            assertThat(text).isEqualTo("t1")
            assertThat(tenant.get()).isEqualTo("acme")
            assertThat(io.coloop.Await.await(sibling)).isEqualTo("other, bob")
            tenant.remove()
            val left = loop.promise<String>()
            io.coloop.Context.empty().run<Unit, RuntimeException> { loop.callSoon { left.complete("${tenant.get()}, ${user.get()}") } }
            assertThat(io.coloop.Await.await(left.future())).isEqualTo("null, nobody")
        }
        assertThat(hops).hasSize(22).allSatisfy { assertThat(it).endsWith(": acme, ada") }
    }

    /** What each hop sees: nothing is handed over by hand. */
    private fun page(loop: Loop): Mono<String> =
        Reactor.mono(
            loop,
            Body<String, Throwable> {
                hop("task")
                sleep(Duration.ofSeconds(1))
                hop("task after a sleep")
                Rx.await(Single.timer(1, TimeUnit.SECONDS, Rx.scheduler(loop)).doOnSuccess { hop("RxJava operator") })
                hop("task after RxJava")
                Rx.iterate(Flowable.range(0, 2).doOnNext { hop("Flowable $it") }).use { items -> items.forEach { _ -> } }
                awaitSuspend { coroutine(loop) }
                hop("task after the coroutine")
                Reactor.iterate(Flux.range(0, 2).delayElements(Duration.ofSeconds(1), Reactor.scheduler(loop)).doOnNext { hop("Flux $it") })
                    .use { items -> items.forEach { _ -> } }
                val foreign = Publisher<Int> { subscriber ->
                    hop("foreign publisher")
                    Mono.just(1).subscribe(subscriber)
                }
                Reactor.await(foreign)
                blocking(Callable { hop("blocking job") })
                Reactor.awaitRequired(Mono.deferContextual { context -> Mono.just(context.get<String>("trace")) })
            },
        )

    private suspend fun coroutine(loop: Loop) {
        hop("coroutine")
        delay(1.seconds)
        hop("coroutine after a delay")
        kotlinx.coroutines.coroutineScope { launch { hop("child") } }
        val numbers = flow {
            hop("inside a flow")
            delay(1.seconds)
            emit(1)
        }
        numbers.collect { hop("collector") }
        withContext(Dispatchers.Default) { hop("another dispatcher") }
        withContext(loop.dispatcher) { hop("back on the loop") }
        loop.awaitTask {
            hop("task of a coroutine")
            Reactor.await(Mono.delay(Duration.ofSeconds(1), Reactor.scheduler(loop)).doOnNext { hop("Reactor operator") })
            numbers.iterate().use { items -> items.forEach { _ -> } }
        }
        hop("coroutine at the end")
    }
}
