package io.coloop.spring;

import java.util.List;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.accept.RequestedContentTypeResolver;
import org.springframework.web.server.ServerWebExchange;

/**
 * Keeps exception handlers from being asked about the failure of a task whose client has gone, which is its cancellation as a rule. Spring's adapter asks for the requested content types before it looks for a handler, and
 * only then.
 */
final class UnlessCancelled implements RequestedContentTypeResolver {
    /** Nobody waits for the answer. */
    static final class Abandoned extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Abandoned() {
            super("the request is cancelled", null, true, false); // Reactor suppresses the failure in it
        }
    }

    private final RequestedContentTypeResolver delegate;

    UnlessCancelled(RequestedContentTypeResolver delegate) {
        this.delegate = delegate;
    }

    @Override
    public List<MediaType> resolveMediaTypes(ServerWebExchange exchange) {
        RequestTask<?> current = RequestTask.current();
        if (current != null && current.isCancelled()) {
            throw new Abandoned();
        }
        return delegate.resolveMediaTypes(exchange);
    }
}
