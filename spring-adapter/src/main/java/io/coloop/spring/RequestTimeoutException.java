package io.coloop.spring;

import java.time.Duration;
import org.springframework.http.HttpStatus;
import org.springframework.web.server.ResponseStatusException;

/** A controller method that ran as a task gave no result within {@code coloop.webflux.request-timeout}; its task was cancelled. Status 503, unless an exception handler says otherwise. */
public final class RequestTimeoutException extends ResponseStatusException {
    private static final long serialVersionUID = 1L;

    RequestTimeoutException(Duration limit) {
        super(HttpStatus.SERVICE_UNAVAILABLE, "no result within " + limit);
    }
}
