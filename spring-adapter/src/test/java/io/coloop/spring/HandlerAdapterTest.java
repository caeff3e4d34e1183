package io.coloop.spring;

import static io.coloop.reactor.Reactor.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.aopalliance.intercept.MethodInterceptor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.aop.Advisor;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.aop.framework.autoproxy.DefaultAdvisorAutoProxyCreator;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.NameMatchMethodPointcut;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.core.PriorityOrdered;
import org.springframework.core.task.support.TaskExecutorAdapter;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.DispatcherHandler;
import org.springframework.web.reactive.HandlerAdapter;
import org.springframework.web.reactive.HandlerResult;
import org.springframework.web.reactive.result.method.annotation.RequestMappingHandlerAdapter;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/** Adapters for controller methods that are not just Spring's own, called by its dispatcher. */
@Timeout(60)
class HandlerAdapterTest {
    @RestController
    static class Controller {
        private final ObjectProvider<DispatcherHandler> dispatcher;

        Controller(ObjectProvider<DispatcherHandler> dispatcher) {
            this.dispatcher = dispatcher;
        }

        @GetMapping("/place")
        String place() {
            return MethodChoiceTest.place();
        }

        @GetMapping("/blocking")
        @Blocking
        String blocking() {
            return MethodChoiceTest.place();
        }

        @GetMapping("/forward/{target}")
        void forward(ServerWebExchange exchange) {
            String target = exchange.getRequest().getPath().value().replace("/forward", "");
            await(dispatcher
                    .getObject()
                    .handle(exchange.mutate()
                            .request(request -> request.path(target))
                            .build()));
        }
    }

    static class Advised {
        final AtomicInteger calls = new AtomicInteger();

        @Bean
        static DefaultAdvisorAutoProxyCreator proxies() {
            DefaultAdvisorAutoProxyCreator creator = new DefaultAdvisorAutoProxyCreator();
            creator.setProxyTargetClass(true);
            return creator;
        }

        @Bean
        Advisor counting() {
            NameMatchMethodPointcut handle = new NameMatchMethodPointcut();
            handle.setMappedName("handle");
            handle.setClassFilter(HandlerAdapter.class::isAssignableFrom);
            MethodInterceptor count = call -> {
                calls.incrementAndGet();
                return call.proceed();
            };
            return new DefaultPointcutAdvisor(handle, count);
        }
    }

    @Test
    void oneThatTheApplicationAdvises() {
        try (RunningApp app = RunningApp.start(List.of(Controller.class, Advised.class))) {
            assertThat(app.get("/place")).isEqualTo("task");
            assertThat(app.bean(Advised.class).calls).hasValue(1);
        }
    }

    static class TooEarly implements BeanPostProcessor, PriorityOrdered {
        @Override
        public Object postProcessBeforeInitialization(Object bean, String name) {
            if (!(bean instanceof RequestMappingHandlerAdapter)) {
                return bean;
            }
            ProxyFactory proxy = new ProxyFactory(bean);
            proxy.setProxyTargetClass(true);
            return proxy.getProxy();
        }

        @Override
        public int getOrder() {
            return LOWEST_PRECEDENCE;
        }
    }

    @Test
    void oneThatIsAProxyTooEarly() {
        assertThatThrownBy(() -> RunningApp.start(List.of(Controller.class, TooEarly.class)))
                .rootCause()
                .hasMessage(
                        "coloop cannot run controller methods as tasks: bean 'requestMappingHandlerAdapter' is a proxy"
                                + " before it is initialized, so that its settings cannot be reached; have its BeanPostProcessor"
                                + " make it after initialization, or set coloop.webflux.enabled=false");
    }

    static class Prepared extends RequestMappingHandlerAdapter {
        private int initialized;

        @Override
        public void afterPropertiesSet() throws Exception {
            initialized++;
            super.afterPropertiesSet();
        }

        int initialized() {
            return initialized;
        }
    }

    static final class FinalAdapter extends RequestMappingHandlerAdapter {}

    static class FinalHandle extends RequestMappingHandlerAdapter {
        @Override
        public final Mono<HandlerResult> handle(ServerWebExchange exchange, Object handler) {
            return super.handle(exchange, handler);
        }
    }

    static class WithFinalAdapter {
        @Bean
        Boot.OwnAdapter adapters() {
            return new Boot.OwnAdapter(new FinalAdapter());
        }
    }

    static class WithFinalHandle {
        @Bean
        Boot.OwnAdapter adapters() {
            return new Boot.OwnAdapter(new FinalHandle());
        }
    }

    static class WithPrepared {
        @Bean
        Boot.OwnAdapter adapters() {
            return new Boot.OwnAdapter(new Prepared());
        }
    }

    @Test
    void oneThatTheApplicationMadeIsInitializedOnce() {
        try (RunningApp app = RunningApp.start(List.of(Controller.class, WithPrepared.class))) {
            assertThat(app.get("/place")).isEqualTo("task");
            assertThat(app.bean(Prepared.class).initialized()).isEqualTo(1);
        }
    }

    @Test
    void aFinalOneIsToldHowToGoOn() {
        assertThatThrownBy(() -> RunningApp.start(List.of(Controller.class, WithFinalAdapter.class)))
                .rootCause()
                .hasMessage("coloop cannot run controller methods as tasks: " + FinalAdapter.class.getName()
                        + " is final, so that its calls cannot be surrounded; make the class open, or set"
                        + " coloop.webflux.enabled=false");
        assertThatThrownBy(() -> RunningApp.start(List.of(Controller.class, WithFinalHandle.class)))
                .rootCause()
                .hasMessage("coloop cannot run controller methods as tasks: " + FinalHandle.class.getName()
                        + ".handle is final, so that its calls cannot be surrounded; make the method open, or set"
                        + " coloop.webflux.enabled=false");
        try (RunningApp app =
                RunningApp.start(List.of(Controller.class, WithFinalAdapter.class), "coloop.webflux.enabled=false")) {
            assertThat(app.get("/place")).isEqualTo("inline");
        }
    }

    static class BesideSprings {
        @Bean
        RequestMappingHandlerAdapter another() {
            RequestMappingHandlerAdapter adapter = new RequestMappingHandlerAdapter();
            adapter.setBlockingExecutor(new TaskExecutorAdapter(Executors.newThreadPerTaskExecutor(
                    Thread.ofPlatform().daemon().name("application").factory())));
            return adapter;
        }
    }

    @Test
    @ExtendWith(OutputCaptureExtension.class)
    void ofSeveralTheOneThatIsAskedFirstDecides(CapturedOutput output) {
        try (RunningApp app =
                RunningApp.start(List.of(Controller.class, BesideSprings.class), "logging.level.io.coloop=INFO")) {
            assertThat(app.get("/place")).isEqualTo("application");
            assertThat(output)
                    .contains("controller methods as tasks on the request's loop: 0, in ")
                    .contains("; on the application's executor: 3");
        }
    }

    @Test
    void whatATaskDispatchesAnewRunsAsItDoesByItself() {
        String own = Runtime.version().feature() >= 24 ? "virtual" : "platform";
        try (RunningApp app = RunningApp.start(List.of(Controller.class))) {
            assertThat(app.get("/forward/blocking")).isEqualTo(own);
            assertThat(app.get("/forward/place")).isEqualTo("task");
        }
    }
}
