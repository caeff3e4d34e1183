package io.coloop.examples.shop

import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.reactor.awaitSingle
import kotlinx.coroutines.reactor.awaitSingleOrNull
import org.springframework.transaction.reactive.TransactionalOperator
import org.springframework.transaction.reactive.executeAndAwait
import org.springframework.web.bind.annotation.GetMapping
import org.springframework.web.bind.annotation.PathVariable
import org.springframework.web.bind.annotation.PostMapping
import org.springframework.web.bind.annotation.RequestBody
import org.springframework.web.bind.annotation.RequestMapping
import org.springframework.web.bind.annotation.RestController

/** The same as suspend functions, which run on the request's event loop, too. */
@RestController
@RequestMapping("/suspend")
public class SuspendController(
    private val suppliers: Suppliers,
    private val products: Products,
    private val transaction: TransactionalOperator,
) {
    @GetMapping("/products/{id}")
    public suspend fun page(@PathVariable id: Long): ProductPage {
        val stock = suppliers.stock(id).awaitSingle()
        val price = suppliers.price(id).awaitSingle()
        val rating = suppliers.rating(id).awaitSingle()
        return ProductPage(id, stock, price, rating)
    }

    @GetMapping("/products/{id}/offers")
    public suspend fun offers(@PathVariable id: Long): Offers = coroutineScope {
        Offers(id, List(3) { async { suppliers.price(id + it).awaitSingle() } }.awaitAll())
    }

    @GetMapping("/products/{id}/row")
    public suspend fun row(@PathVariable id: Long): Product = products.findById(id).awaitSingleOrNull() ?: throw NoSuchProduct(id)

    @GetMapping("/slow/{milliseconds}")
    public suspend fun slow(@PathVariable milliseconds: Long): String {
        delay(milliseconds)
        return "slow"
    }

    @PostMapping("/orders")
    public suspend fun order(@RequestBody order: Order): Receipt = transaction.executeAndAwait {
        if (products.take(order.product, order.quantity).awaitSingle() == 0) throw OutOfStock(order.product)
        products.record(order.product, order.quantity).awaitSingle()
        Receipt(order.product, order.quantity, products.purchases(order.product).awaitSingle())
    }
}
