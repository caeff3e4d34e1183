package io.coloop.spring;

import java.util.Optional;
import org.springframework.security.core.context.ReactiveSecurityContextHolder;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.util.ClassUtils;
import reactor.core.publisher.Mono;

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

    static <T> Mono<T> readableBy(Mono<T> mono) {
        return Mono.deferContextual(context -> context.hasKey(SecurityContext.class)
                ? ReactiveSecurityContextHolder.getContext()
                        .map(Optional::of)
                        .defaultIfEmpty(Optional.empty())
                        .flatMap(found ->
                                found.isPresent() ? mono.contextWrite(more -> more.put(KEY, found.get())) : mono)
                : mono);
    }
}
