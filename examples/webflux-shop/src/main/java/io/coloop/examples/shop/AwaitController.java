package io.coloop.examples.shop;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.kotlin.Coroutines.awaitSuspend;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.awaitRequired;
import static io.coloop.reactor.Reactor.mono;

import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.TaskGroup;
import io.coloop.rx.Rx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** In await style: each method runs as a task on the request's own event loop. */
@RestController
@RequestMapping("/await")
public class AwaitController {
    private final Suppliers suppliers;
    private final Products products;
    private final Reviews reviews;
    private final Recommendations recommendations;
    private final TransactionalOperator transaction;

    AwaitController(
            Suppliers suppliers,
            Products products,
            Reviews reviews,
            Recommendations recommendations,
            TransactionalOperator transaction) {
        this.suppliers = suppliers;
        this.products = products;
        this.reviews = reviews;
        this.recommendations = recommendations;
        this.transaction = transaction;
    }

    @GetMapping("/products/{id}")
    ProductPage page(@PathVariable long id) {
        int stock = awaitRequired(suppliers.stock(id));
        int price = awaitRequired(suppliers.price(id));
        int rating = awaitRequired(suppliers.rating(id));
        return new ProductPage(id, stock, price, rating);
    }

    @GetMapping("/products/{id}/offers")
    Offers offers(@PathVariable long id) {
        return TaskGroup.run(group -> {
            List<Task<Integer>> asked = new ArrayList<>();
            for (int supplier = 0; supplier < 3; supplier++) {
                long number = id + supplier;
                asked.add(group.spawn(() -> awaitRequired(suppliers.price(number))));
            }
            List<Integer> prices = new ArrayList<>();
            for (Task<Integer> each : asked) {
                prices.add(await(each));
            }
            return new Offers(id, prices);
        });
    }

    @GetMapping("/products/{id}/row")
    Product row(@PathVariable long id) {
        Product product = await(products.findById(id));
        if (product == null) {
            throw new NoSuchProduct(id);
        }
        return product;
    }

    @PostMapping("/orders")
    Receipt order(@RequestBody Order order) {
        return awaitRequired(transaction.transactional(mono(Loop.current(), () -> {
            if (awaitRequired(products.take(order.product(), order.quantity())) == 0) {
                throw new OutOfStock(order.product());
            }
            await(products.record(order.product(), order.quantity()));
            long purchases = awaitRequired(products.purchases(order.product()));
            return new Receipt(order.product(), order.quantity(), purchases);
        })));
    }

    @GetMapping("/slow/{milliseconds}")
    String slow(@PathVariable long milliseconds) {
        sleep(Duration.ofMillis(milliseconds));
        return "slow";
    }

    /** A repository of Reactor, a client of RxJava and a service of Kotlin, one after the other on one thread. */
    @GetMapping("/products/{id}/story")
    String story(@PathVariable long id) {
        String name = row(id).name();
        StringBuilder said = new StringBuilder();
        try (var each = Rx.iterate(reviews.of(id))) {
            for (String review : each) {
                said.append(' ').append(review);
            }
        }
        List<Long> like = awaitSuspend(continuation -> recommendations.like(id, continuation));
        return name + ":" + said + "; see also " + like;
    }
}
