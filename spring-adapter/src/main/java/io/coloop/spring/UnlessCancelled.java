package io.coloop.spring;

import io.coloop.Task;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.accept.RequestedContentTypeResolver;
import org.springframework.web.server.ServerWebExchange;

/**
 * Keeps exception handlers from being asked about the failure of a task that is cancelled, because its client has gone as a rule: it is the cancellation. Spring's adapter asks for the requested content types before it looks for a handler, and
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

    /** What the cancelled task failed with, if that is what this failure tells; else null. */
    static @Nullable Throwable abandoned(Throwable failure) {
        return failure instanceof Abandoned && failure.getSuppressed().length > 0 ? failure.getSuppressed()[0] : null;
    }

    @Override
    public List<MediaType> resolveMediaTypes(ServerWebExchange exchange) {
        RequestTask<?> current = RequestTask.current();
        if (current != null && (current.isCancelled() || Task.current().cancelling() > 0)) {
            throw new Abandoned();
        }
        return delegate.resolveMediaTypes(exchange);
    }
}
