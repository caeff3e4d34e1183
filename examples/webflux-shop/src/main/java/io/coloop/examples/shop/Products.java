package io.coloop.examples.shop;

import org.springframework.data.r2dbc.repository.Modifying;
import org.springframework.data.r2dbc.repository.Query;
import org.springframework.data.repository.reactive.ReactiveCrudRepository;
import reactor.core.publisher.Mono;

/** The products: a reactive repository. */
public interface Products extends ReactiveCrudRepository<Product, Long> {
    /** Takes some out of the stock; how many rows changed: none if there is too little. */
    @Modifying
    @Query("update product set stock = stock - :quantity where id = :id and stock >= :quantity")
    Mono<Integer> take(long id, int quantity);

    @Modifying
    @Query("insert into purchase (product, quantity) values (:id, :quantity)")
    Mono<Integer> record(long id, int quantity);

    @Query("select count(*) from purchase where product = :id")
    Mono<Long> purchases(long id);
}
