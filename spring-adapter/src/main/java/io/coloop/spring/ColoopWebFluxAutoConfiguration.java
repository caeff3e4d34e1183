package io.coloop.spring;

import io.coloop.Loop;
import io.coloop.reactor.ContextPropagation;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import reactor.core.scheduler.Schedulers;

/** Runs controller methods with a plain return type as tasks on the request's event loop. */
@AutoConfiguration
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
@ConditionalOnBooleanProperty(name = "coloop.webflux.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ColoopWebFluxProperties.class)
public class ColoopWebFluxAutoConfiguration {
    /** Made by Spring. */
    public ColoopWebFluxAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean
    RequestLoops requestLoops(ColoopWebFluxProperties properties) {
        int own = properties.ownLoops() > 0
                ? properties.ownLoops()
                : Runtime.getRuntime().availableProcessors();
        return new RequestLoops(
                () -> Loop.builder().contextCapture(ContextPropagation.capture()), own, properties.shutdownTimeout());
    }

    @Bean
    RequestLoopFilter requestLoopFilter(RequestLoops loops) {
        return new RequestLoopFilter(loops);
    }

    @Bean
    static HandlerAdapterPostProcessor coloopHandlerAdapterPostProcessor(
            ObjectProvider<RequestLoops> loops, ObjectProvider<TaskMethods> chosen) {
        return new HandlerAdapterPostProcessor(loops::getObject, chosen::getIfAvailable, Schedulers::boundedElastic);
    }
}
