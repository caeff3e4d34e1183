package io.coloop.kotlin

import java.io.IOException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.flow.onEach

/** Kotlin code that [FromJavaTest] calls. */
class Repo {
    val trail = mutableListOf<String>()

    suspend fun find(id: Int): String {
        delay(5)
        return "user $id"
    }

    fun all(): Flow<String> = flowOf("a", "b", "c").onEach { delay(1) }

    fun cached(id: Int): Deferred<String> = CompletableDeferred("user $id")

    suspend fun broken(): String {
        delay(1)
        throw IOException("broken")
    }

    suspend fun endless(): String {
        try {
            delay(Long.MAX_VALUE)
        } finally {
            trail += "cancelled"
        }
        return "never"
    }
}
