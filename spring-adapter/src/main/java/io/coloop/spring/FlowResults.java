package io.coloop.spring;

import io.coloop.kotlin.Coroutines;
import kotlinx.coroutines.flow.Flow;
import kotlinx.coroutines.reactor.ReactorFlowKt;
import org.reactivestreams.Publisher;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.ReactiveAdapter;
import org.springframework.core.ReactiveAdapterRegistry;
import reactor.core.publisher.Flux;

/** Collects a Flow that a controller method returns on the request's loop; by itself it would go on wherever it is resumed, after a delay on a thread of kotlinx's. Needs coloop-kotlin and kotlinx-coroutines-reactor. */
final class FlowResults implements BeanPostProcessor {
    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
        if (bean instanceof ReactiveAdapterRegistry registry) {
            ReactiveAdapter spring = registry.getAdapter(Flow.class);
            if (spring != null) {
                registry.registerReactiveTypeOverride(
                        spring.getDescriptor(), flow -> onLoop((Flow<?>) flow, spring), spring::fromPublisher);
            }
        }
        return bean;
    }

    private static Publisher<?> onLoop(Flow<?> flow, ReactiveAdapter spring) {
        return Flux.deferContextual(context -> {
            RequestLoop request = context.getOrDefault(RequestLoop.class, null);
            return request == null
                    ? spring.toPublisher(flow)
                    : ReactorFlowKt.asFlux(
                            flow, Coroutines.dispatcher(request.loop()).getImmediate());
        });
    }
}
