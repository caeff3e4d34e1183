package io.coloop.kotlin

import io.coloop.Await
import io.coloop.Loop
import io.coloop.LoopMisuseException
import io.coloop.test.LoopTest
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.PrintStream
import java.time.Duration
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test

/** A loop of one's own, from Kotlin. */
class RunLoopTest {
    @Test
    fun theTypeIsInferred() {
        val value = runLoop {
            Await.sleep(Duration.ofMillis(1))
            "value"
        }
        assertThat(value.length).isEqualTo(5)
        val nothing: Int? = runLoop { null }
        assertThat(nothing).isNull()
        runLoop { Await.yieldNow() }
    }

    @Test
    fun aFailureIsTheSameInstance() {
        val failure = IOException("checked")
        assertThat(thrownBy<IOException> { runLoop { throw failure } }).isSameAs(failure)
    }

    @Test
    fun ofALoopWithSettings() {
        assertThat(runLoop(Loop.builder().name("mine")) { Loop.current().name() }).isEqualTo("mine")
    }

    @LoopTest
    fun onALoopItIsMisuse() {
        assertThat(thrownBy<LoopMisuseException> { runLoop {} }).hasMessageStartingWith("one thread has one loop\n")
    }

    @Test
    fun theReadmesProgram() {
        val printed = ByteArrayOutputStream()
        val out = System.out
        System.setOut(PrintStream(printed, true))
        try {
            io.coloop.kotlin.user.main()
        } finally {
            System.setOut(out)
        }
        assertThat(printed.toString().trim()).isEqualTo("user 7 and user 8")
    }
}
