package io.coloop.spring;

import io.coloop.Future;
import io.coloop.Task;
import io.coloop.reactor.Reactor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.ReactiveAdapter;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.core.ReactiveTypeDescriptor;
import reactor.core.publisher.Mono;

/** Makes {@link Future} and {@link Task} types that Spring takes and gives as it does Mono. Who cancels the publisher that it makes of one, such as a client that leaves, cancels the future. */
final class ReactiveTypes implements BeanPostProcessor {
    ReactiveTypes() {
        register(ReactiveAdapterRegistry.getSharedInstance()); // what transactions and HTTP interfaces ask
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
        if (bean instanceof ReactiveAdapterRegistry registry) {
            register(registry);
        }
        return bean;
    }

    private static void register(ReactiveAdapterRegistry registry) {
        register(registry, Future.class, source -> Reactor.future(Mono.fromDirect(source)));
        register(registry, Task.class, source -> Task.<@Nullable Object>spawn(() -> Reactor.await(source)));
    }

    /** Each by its own: Spring takes what a type is before what it extends, and a CompletionStage is known to it. */
    private static void register(
            ReactiveAdapterRegistry registry, Class<?> type, Function<Publisher<?>, Object> fromPublisher) {
        ReactiveAdapter known = registry.getAdapter(type);
        if (known != null && known.getReactiveType() == type) {
            return;
        }
        registry.registerReactiveType(
                ReactiveTypeDescriptor.singleOptionalValue(type, Mono::empty),
                source -> source instanceof Future<?> future ? Reactor.monoOwning(future) : (Publisher<?>) source,
                fromPublisher);
    }
}
