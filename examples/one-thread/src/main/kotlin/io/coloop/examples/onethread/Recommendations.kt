package io.coloop.examples.onethread

import io.coloop.Future
import io.coloop.Loop
import io.coloop.kotlin.async
import kotlinx.coroutines.delay
import java.util.function.Supplier
import kotlin.time.Duration.Companion.milliseconds

/** The Kotlin part: a suspend function, and how Java calls it. */
public object Recommendations {
    /** Thinks for a while, without a thread of its own. */
    public suspend fun recommend(choose: Supplier<String>): String {
        delay(12.milliseconds)
        return choose.get()
    }

    /** The same for Java, which awaits the future. */
    @JvmStatic
    public fun recommendOn(loop: Loop, choose: Supplier<String>): Future<String> = loop.async { recommend(choose) }
}
