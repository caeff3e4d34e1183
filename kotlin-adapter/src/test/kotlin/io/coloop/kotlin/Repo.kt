package io.coloop.kotlin

import java.io.IOException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.delay

/** Kotlin code that [FromJavaTest] calls. */
class Repo {
    val trail = mutableListOf<String>()

    suspend fun find(id: Int): String {
        delay(5)
        return "user $id"
    }

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
