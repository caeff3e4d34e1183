package io.coloop.docs

import io.coloop.Loop
import io.coloop.kotlin.async
import io.coloop.kotlin.await
import io.coloop.kotlin.awaitSuspend
import io.coloop.kotlin.dispatcher
import io.coloop.test.Confinement
import io.coloop.test.LoopExtension
import io.coloop.test.LoopTest
import io.coloop.test.ShuffledTest
import io.coloop.test.VirtualClock
import java.time.Duration
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.minutes
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.delay
import kotlinx.coroutines.test.StandardTestDispatcher
import kotlinx.coroutines.test.TestCoroutineScheduler
import kotlinx.coroutines.test.currentTime
import kotlinx.coroutines.test.runTest
import kotlinx.coroutines.withContext
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.extension.ExtendWith

/** The testkit beside kotlinx-coroutines-test. */
@Timeout(60)
@OptIn(ExperimentalCoroutinesApi::class)
class RunTestTest {
    // region loop-test
    @LoopTest
    fun aSuspendingFunctionNeedsNoRunTest(clock: VirtualClock, confinement: Confinement) {
        val page = awaitSuspend {
            delay(1.hours) // on the loop's clock
            confinement.checkSignal("the page")
            "hello"
        }
        assertThat(page).isEqualTo("hello")
        assertThat(clock.elapsed()).isEqualTo(Duration.ofHours(1))
    }
    // endregion

    // region run-test
    @Test
    @ExtendWith(LoopExtension::class)
    fun twoClocks(loop: Loop, clock: VirtualClock) = runTest { // on JUnit's thread; the loop has its own
        val answer = loop.async {
            delay(1.hours) // the loop's clock
            42
        }
        delay(5.minutes) // runTest's
        assertThat(answer.await()).isEqualTo(42)
        withContext(loop.dispatcher) { delay(1.hours) } // the loop's again
        assertThat(clock.elapsed()).isEqualTo(Duration.ofHours(2))
        assertThat(currentTime).isEqualTo(300_000)
    }
    // endregion

    // region test-dispatcher
    @LoopTest
    fun codeThatInsistsOnATestDispatcher(loop: Loop, clock: VirtualClock) {
        val time = TestCoroutineScheduler() // a clock of its own, which somebody has to move
        loop.callLater(Duration.ofMinutes(5)) { time.advanceTimeBy(5.minutes) } // here the loop does
        awaitSuspend { withContext(StandardTestDispatcher(time)) { delay(4.minutes) } }
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMinutes(5))
    }
    // endregion

    @ShuffledTest(rounds = 5)
    fun shuffledInKotlin(clock: VirtualClock) {
        awaitSuspend { delay(1.minutes) }
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMinutes(1))
    }
}
