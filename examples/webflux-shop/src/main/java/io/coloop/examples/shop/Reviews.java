package io.coloop.examples.shop;

import io.coloop.rx.ReactorRx;
import io.reactivex.rxjava3.core.Flowable;
import org.springframework.stereotype.Component;

/** A client that speaks RxJava. */
@Component
public class Reviews {
    private final Suppliers suppliers;

    Reviews(Suppliers suppliers) {
        this.suppliers = suppliers;
    }

    /** What people say. */
    Flowable<String> of(long product) {
        return ReactorRx.flowable(suppliers
                        .client()
                        .get()
                        .uri("/reviews/{id}", product)
                        .retrieve()
                        .bodyToFlux(String.class))
                .map(line -> line.replace("\"", ""));
    }
}
