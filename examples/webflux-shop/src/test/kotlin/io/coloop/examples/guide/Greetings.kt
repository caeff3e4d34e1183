package io.coloop.examples.guide

import io.coloop.Body
import io.coloop.kotlin.await
import io.coloop.spring.RequestLoops
import kotlinx.coroutines.delay
import org.springframework.web.bind.annotation.GetMapping
import org.springframework.web.bind.annotation.PathVariable
import org.springframework.web.bind.annotation.RestController
import org.springframework.web.server.ServerWebExchange
import kotlin.time.Duration.Companion.milliseconds

/** A service of suspend functions. */
public class Greetings {
    public suspend fun greet(name: String): String {
        delay(1.milliseconds)
        return "hello $name"
    }
}

// region suspend-controller
/** Runs on the request's event loop as well, beside Java's tasks. */
@RestController
public class GreetingController(private val greetings: Greetings, private val loops: RequestLoops) {
    @GetMapping("/greetings/{name}")
    public suspend fun greeting(@PathVariable name: String, exchange: ServerWebExchange): String {
        val loud = loops.loopOf(exchange).spawn(Body<String, RuntimeException> { name.uppercase() }) // a Java task on the same thread
        return greetings.greet(loud.await())
    }
}
// endregion
