package io.coloop.spring

import kotlinx.coroutines.reactor.awaitSingle
import org.springframework.beans.factory.annotation.Value
import org.springframework.web.bind.annotation.GetMapping
import org.springframework.web.bind.annotation.RestController
import org.springframework.web.reactive.function.client.WebClient
import org.springframework.web.reactive.function.client.bodyToMono

/** Calls another server from a suspend method. */
@RestController
class KotlinCaller(builder: WebClient.Builder, @Value("\${downstream}") downstream: String) {
    private val client = builder.baseUrl(downstream).build()

    /** Whether the answer comes on the thread that asks. */
    @GetMapping("/suspend")
    suspend fun suspending(): Boolean {
        val caller = Thread.currentThread()
        return client.get().uri("/hi").retrieve().bodyToMono<String>().map { Thread.currentThread() === caller }.awaitSingle()
    }
}
