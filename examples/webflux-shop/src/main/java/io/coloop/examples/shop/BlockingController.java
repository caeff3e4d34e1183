package io.coloop.examples.shop;

import io.coloop.spring.Blocking;
import java.util.List;
import java.util.Objects;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** The same with {@code block()}, on virtual threads. */
@Blocking
@RestController
@RequestMapping("/block")
public class BlockingController {
    private final Suppliers suppliers;
    private final Products products;
    private final TransactionalOperator transaction;

    BlockingController(Suppliers suppliers, Products products, TransactionalOperator transaction) {
        this.suppliers = suppliers;
        this.products = products;
        this.transaction = transaction;
    }

    @GetMapping("/products/{id}")
    ProductPage page(@PathVariable long id) {
        int stock = block(suppliers.stock(id));
        int price = block(suppliers.price(id));
        int rating = block(suppliers.rating(id));
        return new ProductPage(id, stock, price, rating);
    }

    @GetMapping("/products/{id}/offers")
    Offers offers(@PathVariable long id) {
        return block(Mono.zip(suppliers.price(id), suppliers.price(id + 1), suppliers.price(id + 2))
                .map(prices -> new Offers(id, List.of(prices.getT1(), prices.getT2(), prices.getT3()))));
    }

    @GetMapping("/products/{id}/row")
    Product row(@PathVariable long id) {
        return block(products.findById(id).switchIfEmpty(Mono.error(() -> new NoSuchProduct(id))));
    }

    @GetMapping("/slow/{milliseconds}")
    String slow(@PathVariable long milliseconds) throws InterruptedException {
        Thread.sleep(milliseconds);
        return "slow";
    }

    /** The transaction is reactive, so what is in it is, too: a blocking one is bound to another kind of connection. */
    @PostMapping("/orders")
    Receipt order(@RequestBody Order order) {
        return block(products.take(order.product(), order.quantity())
                .filter(rows -> rows > 0)
                .switchIfEmpty(Mono.error(() -> new OutOfStock(order.product())))
                .then(products.record(order.product(), order.quantity()))
                .then(products.purchases(order.product()))
                .map(purchases -> new Receipt(order.product(), order.quantity(), purchases))
                .as(transaction::transactional));
    }

    private static <T> T block(Mono<T> mono) {
        return Objects.requireNonNull(mono.block());
    }
}
