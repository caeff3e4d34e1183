package io.coloop.spring;

import io.coloop.spring.HowToRun.Way;
import io.coloop.spring.RequestTask.Start;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.context.ApplicationContext;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.reactive.DispatchExceptionHandler;
import org.springframework.web.reactive.HandlerResult;
import org.springframework.web.reactive.result.method.annotation.RequestMappingHandlerAdapter;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.util.context.Context;

/** Has Spring's adapter for controller methods run them as tasks: by its scheduler, and by what surrounds its Monos. Before it is initialized, so that whatever others put around it comes later. */
final class HandlerAdapterPostProcessor implements BeanPostProcessor {
    private final ApplicationContext application;
    private final ObjectProvider<RequestLoops> loops;
    private final ObjectProvider<TaskMethods> chosen;
    private final ObjectProvider<ColoopWebFluxProperties> properties;
    private final ObjectProvider<BlockingThreads> blockingThreads;
    private final Map<String, HowToRun> prepared = new ConcurrentHashMap<>(); // by the bean's name

    HandlerAdapterPostProcessor(
            ApplicationContext application,
            ObjectProvider<RequestLoops> loops,
            ObjectProvider<TaskMethods> chosen,
            ObjectProvider<ColoopWebFluxProperties> properties,
            ObjectProvider<BlockingThreads> blockingThreads) {
        this.application = application;
        this.loops = loops;
        this.chosen = chosen;
        this.properties = properties;
        this.blockingThreads = blockingThreads;
    }

    @Override
    public Object postProcessBeforeInitialization(Object bean, String name) {
        if (!(bean instanceof RequestMappingHandlerAdapter adapter)) {
            return bean;
        }
        if (AopUtils.isAopProxy(adapter)) {
            throw new IllegalStateException("coloop cannot run controller methods as tasks: bean '" + name
                    + "' is a proxy before it is initialized, so that its settings cannot be reached; have its"
                    + " BeanPostProcessor make it after initialization, or set coloop.webflux.enabled=false");
        }
        HandlerAdapterFields.refuseFinal(adapter);
        HowToRun how = prepare(adapter);
        prepared.put(name, how);
        return surrounded(adapter, how);
    }

    private HowToRun prepare(RequestMappingHandlerAdapter adapter) {
        Scheduler applications = HandlerAdapterFields.scheduler(adapter);
        ReactiveAdapterRegistry registered = adapter.getReactiveAdapterRegistry();
        ReactiveAdapterRegistry types = registered != null ? registered : ReactiveAdapterRegistry.getSharedInstance();
        Predicate<HandlerMethod> blocking = HandlerAdapterFields.blockingMethodPredicate(adapter);
        Predicate<HandlerMethod> orPlain = blocking != null ? blocking : method -> HowToRun.isPlain(method, types);
        HowToRun how = new HowToRun(types, chosen.getIfAvailable(), applications == null ? null : orPlain, application);
        Scheduler others = applications != null
                ? applications
                : blockingThreads.getObject().scheduler();
        HandlerAdapterFields.setScheduler(adapter, new TaskScheduler(others));
        adapter.setBlockingMethodPredicate(method -> how.of(method) != Way.INLINE);
        adapter.setContentTypeResolver(new UnlessCancelled(adapter.getContentTypeResolver()));
        return how;
    }

    private Object surrounded(RequestMappingHandlerAdapter adapter, HowToRun how) {
        ProxyFactory proxy = new ProxyFactory(adapter);
        proxy.setProxyTargetClass(true);
        proxy.addAdvice(
                new Surrounding(loops.getObject(), how, properties.getObject().requestTimeout()));
        return proxy.getProxy(adapter.getClass().getClassLoader());
    }

    /** How the methods run that the adapter of this name calls; null if there is none. */
    @Nullable
    HowToRun howToRun(String adapter) {
        return prepared.get(adapter);
    }

    /**
     * The Monos that the adapter gives are subscribed and answer on the request's loop: for a method that is to be a task, and for an error, whose handler may await, too. Another adapter beside Spring's own could do this for
     * methods, but not for errors: Spring's would then call the same handler once more when it fails.
     */
    private record Surrounding(
            RequestLoops loops, HowToRun how, @Nullable Duration limit) implements MethodInterceptor {
        @Override
        public @Nullable Object invoke(MethodInvocation call) throws Throwable {
            @Nullable Object[] arguments = call.getArguments();
            if (arguments.length != 2 || !(arguments[0] instanceof ServerWebExchange exchange)) {
                return call.proceed();
            }
            if (arguments[1] instanceof HandlerMethod method) {
                return handle(RequestLoop.on(exchange, loops), method, result(call));
            }
            return arguments[1] instanceof Throwable
                    ? onLoop(RequestLoop.on(exchange, loops), result(call), Start.IN_TASK)
                    : call.proceed();
        }

        @SuppressWarnings({"unchecked", "NullAway"}) // both methods return such a Mono
        private static Mono<HandlerResult> result(MethodInvocation call) throws Throwable {
            return (Mono<HandlerResult>) call.proceed();
        }

        private Mono<HandlerResult> handle(RequestLoop loop, HandlerMethod method, Mono<HandlerResult> result) {
            if (how.of(method) != Way.TASK) {
                return result.doOnNext(given -> handleErrorsInTasks(loop, given))
                        .contextWrite(Surrounding::ofNoTask);
            }
            Start start = how.hasModelMethods(method) ? Start.IN_TASK : Start.ON_LOOP;
            return onLoop(loop, result, start).doOnNext(given -> handleErrorsInTasks(loop, given));
        }

        private Mono<HandlerResult> onLoop(RequestLoop loop, Mono<HandlerResult> result, Start start) {
            return SecurityContexts.readableInRequest(RequestTask.mono(loop, result, start, limit));
        }

        /** A task that dispatches anew, and awaits that, has its own there: the scheduler would run the method for it. */
        private static Context ofNoTask(Context context) {
            return context.delete(RequestTask.class);
        }

        /** What fails after the method has returned: the Mono that it gave, or the writing of its result. */
        private void handleErrorsInTasks(RequestLoop loop, HandlerResult given) {
            DispatchExceptionHandler handler = given.getExceptionHandler();
            if (handler != null) {
                given.setExceptionHandler(
                        (exchange, failure) -> onLoop(loop, handler.handleError(exchange, failure), Start.IN_TASK));
            }
        }
    }
}
