package io.coloop.examples.shop;

import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.ResponseStatus;

/** There is no such product. */
@ResponseStatus(HttpStatus.NOT_FOUND)
public final class NoSuchProduct extends RuntimeException {
    private static final long serialVersionUID = 1;

    NoSuchProduct(long product) {
        super("no product " + product);
    }
}
