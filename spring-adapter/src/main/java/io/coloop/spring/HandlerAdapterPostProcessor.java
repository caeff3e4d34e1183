package io.coloop.spring;

import io.coloop.spring.HowToRun.Way;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.reactive.HandlerResult;
import org.springframework.web.reactive.result.method.annotation.RequestMappingHandlerAdapter;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/** Has Spring's adapter for controller methods run them as tasks: before it is initialized by its scheduler, after that by what surrounds its Monos. */
final class HandlerAdapterPostProcessor implements BeanPostProcessor {
    private final Supplier<RequestLoops> loops;
    private final Supplier<@Nullable TaskMethods> chosen;
    private final Supplier<Scheduler> ownThreads;
    private final java.util.Map<Object, HowToRun> known = new java.util.concurrent.ConcurrentHashMap<>();

    HandlerAdapterPostProcessor(
            Supplier<RequestLoops> loops, Supplier<@Nullable TaskMethods> chosen, Supplier<Scheduler> ownThreads) {
        this.loops = loops;
        this.chosen = chosen;
        this.ownThreads = ownThreads;
    }

    @Override
    public Object postProcessBeforeInitialization(Object bean, String name) {
        if (bean instanceof RequestMappingHandlerAdapter adapter) {
            prepare(adapter);
        }
        return bean;
    }

    private void prepare(RequestMappingHandlerAdapter adapter) {
        Scheduler applications = HandlerAdapterFields.scheduler(adapter);
        ReactiveAdapterRegistry registered = adapter.getReactiveAdapterRegistry();
        ReactiveAdapterRegistry types = registered != null ? registered : ReactiveAdapterRegistry.getSharedInstance();
        Predicate<HandlerMethod> blocking = HandlerAdapterFields.blockingMethodPredicate(adapter);
        HowToRun how = new HowToRun(
                types, chosen.get(), applications == null ? null : blocking != null ? blocking : plain(types));
        HandlerAdapterFields.setScheduler(
                adapter, new TaskScheduler(applications != null ? applications : ownThreads.get()));
        adapter.setBlockingMethodPredicate(method -> how.of(method) != Way.INLINE);
        known.put(adapter, how);
    }

    /** What Spring takes for blocking if it is given an executor and no predicate. */
    private static Predicate<HandlerMethod> plain(ReactiveAdapterRegistry types) {
        return method -> HowToRun.isPlain(method, types);
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
        HowToRun how = bean instanceof RequestMappingHandlerAdapter ? known.get(bean) : null;
        if (how == null) {
            return bean;
        }
        ProxyFactory proxy = new ProxyFactory(bean);
        proxy.setProxyTargetClass(true);
        proxy.addAdvice(new Surrounding(loops, how));
        return proxy.getProxy(bean.getClass().getClassLoader());
    }

    /** A Mono that the adapter gives for a method which is to be a task, or for an error, is subscribed and answers on the request's loop. */
    private record Surrounding(Supplier<RequestLoops> loops, HowToRun how) implements MethodInterceptor {
        @Override
        @SuppressWarnings("unchecked")
        public @Nullable Object invoke(MethodInvocation call) throws Throwable {
            @Nullable Object[] arguments = call.getArguments();
            if (call.getMethod().getName().equals("handle")
                    && arguments[0] instanceof ServerWebExchange exchange
                    && arguments[1] instanceof HandlerMethod method
                    && how.of(method) == Way.TASK) {
                Mono<HandlerResult> result = (Mono<HandlerResult>) call.proceed();
                return RequestTask.mono(RequestLoop.on(exchange, loops.get()), () -> result);
            }
            return call.proceed();
        }
    }
}
