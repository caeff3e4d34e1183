package io.coloop.spring;

import io.coloop.Task;
import io.coloop.reactor.Reactor;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.KotlinDetector;
import org.springframework.core.PriorityOrdered;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.transaction.ReactiveTransactionManager;
import org.springframework.transaction.TransactionManager;
import org.springframework.transaction.interceptor.TransactionAttribute;
import org.springframework.transaction.interceptor.TransactionAttributeSource;
import org.springframework.transaction.interceptor.TransactionInterceptor;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;

/**
 * Lets {@code @Transactional} methods with a plain return type run in a reactive transaction when they are called in a task, where Spring refuses them: the method runs as a child task inside the transaction, and the caller awaits its
 * commit or rollback.
 */
final class AwaitingTransactions implements BeanPostProcessor, PriorityOrdered {
    private final BeanFactory beans;

    AwaitingTransactions(BeanFactory beans) {
        this.beans = beans;
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
        return bean instanceof TransactionInterceptor interceptor && bean.getClass() == TransactionInterceptor.class
                ? new Interceptor(interceptor, beans)
                : bean;
    }

    @Override
    public int getOrder() {
        return PriorityOrdered.LOWEST_PRECEDENCE;
    }

    /** Spring's own, but for those methods. */
    private static final class Interceptor extends TransactionInterceptor {
        private static final long serialVersionUID = 1L;

        private final transient TransactionInterceptor others;

        Interceptor(TransactionInterceptor others, BeanFactory beans) {
            this.others = others;
            setBeanFactory(beans);
            TransactionManager manager = others.getTransactionManager();
            if (manager != null) {
                setTransactionManager(manager);
            }
            TransactionAttributeSource source = others.getTransactionAttributeSource();
            if (source != null) {
                setTransactionAttributeSource(source);
            }
        }

        @Override
        public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
            if (Task.currentOrNull() == null || !isPlain(invocation)) {
                return others.invoke(invocation);
            }
            Object target = invocation.getThis();
            Class<?> type = target != null ? AopUtils.getTargetClass(target) : null;
            TransactionAttributeSource source = getTransactionAttributeSource();
            TransactionAttribute attribute =
                    source != null ? source.getTransactionAttribute(invocation.getMethod(), type) : null;
            return attribute != null
                            && determineTransactionManager(attribute, type)
                                    instanceof ReactiveTransactionManager manager
                    ? inTransaction(TransactionalOperator.create(manager, attribute), attribute, invocation)
                    : others.invoke(invocation);
        }

        private static boolean isPlain(MethodInvocation invocation) {
            return ReactiveAdapterRegistry.getSharedInstance()
                                    .getAdapter(invocation.getMethod().getReturnType())
                            == null
                    && !KotlinDetector.isSuspendingFunction(invocation.getMethod());
        }

        /** The operator rolls back for each failure: one for which the transaction is to be committed goes through it as a value. */
        private static @Nullable Object inTransaction(
                TransactionalOperator operator, TransactionAttribute attribute, MethodInvocation invocation)
                throws Throwable {
            AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
            Mono<Outcome> body = Reactor.mono(Task.current().loop(), () -> {
                try {
                    return new Outcome(invocation.proceed(), null);
                } catch (Throwable failure) {
                    if (attribute.rollbackOn(failure)) {
                        thrown.set(failure);
                        throw failure;
                    }
                    return new Outcome(null, failure);
                }
            });
            Outcome outcome;
            try {
                outcome = Reactor.awaitRequired(operator.transactional(body));
            } catch (CompletionException wrapped) { // a checked exception of the method's own
                throw wrapped.getCause() != null && wrapped.getCause() == thrown.get() ? wrapped.getCause() : wrapped;
            }
            if (outcome.failure != null) {
                throw outcome.failure;
            }
            return outcome.value;
        }

        private record Outcome(
                @Nullable Object value, @Nullable Throwable failure) {}
    }
}
