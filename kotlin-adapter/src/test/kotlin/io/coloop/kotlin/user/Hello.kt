package io.coloop.kotlin.user

// region program
import io.coloop.Await.await
import io.coloop.Loop
import io.coloop.kotlin.async
import io.coloop.kotlin.awaitSuspend
import io.coloop.kotlin.runLoop
import kotlinx.coroutines.delay

suspend fun nameOf(id: Int): String {
    delay(5)
    return "user $id"
}

fun main() {
    val both = runLoop {
        val second = Loop.current().async { nameOf(8) } // under way meanwhile
        val first = awaitSuspend { nameOf(7) } // a body awaits; only a coroutine suspends
        "$first and ${await(second)}"
    }
    println(both)
}
// endregion
