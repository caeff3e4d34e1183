package io.coloop.examples.shop;

import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.ResponseStatus;

/** There is too little of a product. */
@ResponseStatus(HttpStatus.CONFLICT)
public final class OutOfStock extends RuntimeException {
    private static final long serialVersionUID = 1;

    OutOfStock(long product) {
        super("too little of product " + product);
    }
}
