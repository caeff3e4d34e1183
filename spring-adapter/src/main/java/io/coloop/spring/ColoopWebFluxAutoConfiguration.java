package io.coloop.spring;

import io.coloop.ContextCapture;
import io.coloop.ExceptionHandler;
import io.coloop.Loop;
import io.coloop.LoopBuilder;
import io.coloop.reactor.ContextPropagation;
import java.util.function.Supplier;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.SpringBootVersion;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.function.SingletonSupplier;
import org.springframework.web.reactive.DispatcherHandler;

/** Runs controller methods with a plain return type as tasks on the request's event loop. */
@AutoConfiguration
@ConditionalOnClass(DispatcherHandler.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
@ConditionalOnProperty(name = "coloop.webflux.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ColoopWebFluxProperties.class)
public class ColoopWebFluxAutoConfiguration {
    /** Made by Spring. */
    public ColoopWebFluxAutoConfiguration() {
        BootLine.check(SpringBootVersion.getVersion());
    }

    @Bean
    @ConditionalOnMissingBean
    RequestLoops requestLoops(
            ColoopWebFluxProperties properties,
            ObjectProvider<LoopCustomizer> customizers,
            ObjectProvider<ExceptionHandler> handler) {
        if (properties.context().locale()) {
            RequestLocales.register();
        }
        ContextCapture registered = ContextPropagation.capture();
        ContextCapture capture = properties.context().mdc() ? new LoggingContext(registered) : registered;
        int own = properties.ownLoops() > 0
                ? properties.ownLoops()
                : Runtime.getRuntime().availableProcessors();
        Supplier<ExceptionHandler> applications =
                SingletonSupplier.of(() -> handler.getIfAvailable(LoggedReports::new));
        return new RequestLoops(
                () -> settings(capture, customizers, applications.get()), own, properties.shutdownTimeout());
    }

    private static LoopBuilder settings(
            ContextCapture capture, ObjectProvider<LoopCustomizer> customizers, ExceptionHandler handler) {
        LoopBuilder settings = Loop.builder().contextCapture(capture).exceptionHandler(handler);
        customizers.orderedStream().forEach(customizer -> customizer.customize(settings));
        return settings.exceptionHandler(new LoopReports(settings.exceptionHandler()));
    }

    @Bean
    RequestLoopFilter coloopRequestLoopFilter(
            RequestLoops loops, ColoopWebFluxProperties properties, ObjectProvider<Dispatchers> dispatchers) {
        loops.showSecurityContexts(properties.context().security() && SecurityContexts.arePresent());
        return new RequestLoopFilter(loops, properties.context().locale(), dispatchers.getIfAvailable());
    }

    @Bean
    BlockingThreads coloopBlockingThreads(ColoopWebFluxProperties properties) {
        return new BlockingThreads(properties.blockingThreadsOrDefault());
    }

    @Bean
    static HandlerAdapterPostProcessor coloopHandlerAdapterPostProcessor(
            ApplicationContext application,
            ObjectProvider<RequestLoops> loops,
            ObjectProvider<TaskMethods> chosen,
            ObjectProvider<ColoopWebFluxProperties> properties,
            ObjectProvider<BlockingThreads> blockingThreads) {
        return new HandlerAdapterPostProcessor(application, loops, chosen, properties, blockingThreads);
    }

    @Bean
    StartupLine coloopStartupLine(ListableBeanFactory beans, HandlerAdapterPostProcessor adapters, RequestLoops loops) {
        return new StartupLine(beans, adapters, loops);
    }

    @Bean
    static ReactiveTypes coloopReactiveTypes() {
        return new ReactiveTypes();
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(name = {"io.coloop.kotlin.Coroutines", "kotlinx.coroutines.reactor.MonoKt"})
    static class Kotlin {
        @Bean
        Dispatchers coloopDispatchers() {
            return new Dispatchers();
        }

        @Bean
        static FlowResults coloopFlowResults() {
            return new FlowResults();
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(name = "org.springframework.transaction.interceptor.TransactionInterceptor")
    static class Transactions {
        @Bean
        static AwaitingTransactions coloopAwaitingTransactions(BeanFactory beans) {
            return new AwaitingTransactions(beans);
        }
    }
}
