package io.coloop.examples.shop;

import java.time.Duration;
import java.util.List;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** The same as chains of operators. */
@RestController
@RequestMapping("/chain")
public class ChainController {
    private final Suppliers suppliers;
    private final Products products;
    private final TransactionalOperator transaction;

    ChainController(Suppliers suppliers, Products products, TransactionalOperator transaction) {
        this.suppliers = suppliers;
        this.products = products;
        this.transaction = transaction;
    }

    @GetMapping("/products/{id}")
    Mono<ProductPage> page(@PathVariable long id) {
        return suppliers
                .stock(id)
                .flatMap(stock -> suppliers
                        .price(id)
                        .flatMap(price ->
                                suppliers.rating(id).map(rating -> new ProductPage(id, stock, price, rating))));
    }

    @GetMapping("/products/{id}/offers")
    Mono<Offers> offers(@PathVariable long id) {
        return Mono.zip(suppliers.price(id), suppliers.price(id + 1), suppliers.price(id + 2))
                .map(prices -> new Offers(id, List.of(prices.getT1(), prices.getT2(), prices.getT3())));
    }

    @GetMapping("/products/{id}/row")
    Mono<Product> row(@PathVariable long id) {
        return products.findById(id).switchIfEmpty(Mono.error(() -> new NoSuchProduct(id)));
    }

    @GetMapping("/slow/{milliseconds}")
    Mono<String> slow(@PathVariable long milliseconds) {
        return Mono.delay(Duration.ofMillis(milliseconds)).thenReturn("slow");
    }

    @PostMapping("/orders")
    Mono<Receipt> order(@RequestBody Order order) {
        return products.take(order.product(), order.quantity())
                .filter(rows -> rows > 0)
                .switchIfEmpty(Mono.error(() -> new OutOfStock(order.product())))
                .then(products.record(order.product(), order.quantity()))
                .then(products.purchases(order.product()))
                .map(purchases -> new Receipt(order.product(), order.quantity(), purchases))
                .as(transaction::transactional);
    }
}
