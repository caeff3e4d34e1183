package io.coloop.spring;

import java.util.Optional;
import org.springframework.security.core.context.ReactiveSecurityContextHolder;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.util.ClassUtils;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** Shows Spring Security's context, of which a Reactor Context has only a Mono, to what reads it from a thread: Spring Security has an accessor for micrometer's context-propagation that takes it from there. */
final class SecurityContexts {
    /** That of {@code SecurityContextHolderThreadLocalAccessor}, which is not public. */
    private static final String KEY = "org.springframework.security.core.context.SecurityContext";

    private SecurityContexts() {}

    static boolean arePresent() {
        return ClassUtils.isPresent(
                "org.springframework.security.core.context.ReactiveSecurityContextHolder",
                SecurityContexts.class.getClassLoader());
    }

    /** For what is subscribed as part of a request, if its application wants that and there is such a context. */
    static <T> Mono<T> readableInRequest(Mono<T> mono) {
        return Mono.deferContextual(context ->
                isWanted(context) ? loaded().flatMap(found -> mono.contextWrite(more -> with(more, found))) : mono);
    }

    /** As {@link #readableInRequest(Mono)}. */
    static <T> Flux<T> readableInRequest(Flux<T> flux) {
        return Flux.deferContextual(context ->
                isWanted(context) ? loaded().flatMapMany(found -> flux.contextWrite(more -> with(more, found))) : flux);
    }

    private static boolean isWanted(ContextView context) {
        RequestLoop request = context.getOrDefault(RequestLoop.class, null);
        return request != null && request.hasSecurityContext() && context.hasKey(SecurityContext.class);
    }

    private static Mono<Optional<SecurityContext>> loaded() {
        return ReactiveSecurityContextHolder.getContext().map(Optional::of).defaultIfEmpty(Optional.empty());
    }

    private static Context with(Context context, Optional<SecurityContext> found) {
        return found.isPresent() ? context.put(KEY, found.get()) : context;
    }
}
