package io.coloop.examples.shop

import kotlinx.coroutines.delay
import kotlinx.coroutines.reactor.awaitSingle
import org.springframework.stereotype.Component
import kotlin.time.Duration.Companion.milliseconds

/** A service of suspend functions. */
@Component
public class Recommendations(private val suppliers: Suppliers) {
    /** What else may please, the best one first. */
    public suspend fun like(product: Long): List<Long> {
        delay(1.milliseconds)
        return (1..3L).map { it + product }.sortedByDescending { suppliers.ratingOf(it) }
    }

    private suspend inline fun List<Long>.sortedByDescending(rating: (Long) -> Int): List<Long> =
        map { it to rating(it) }.sortedWith { a, b -> b.second - a.second }.map { it.first }

    private suspend fun Suppliers.ratingOf(product: Long): Int = rating(product).awaitSingle()
}
