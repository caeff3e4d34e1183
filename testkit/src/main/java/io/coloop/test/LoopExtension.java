package io.coloop.test;

import io.coloop.Loop;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * Gives each test a loop of its own, with virtual time and debug mode, and fails it for what it leaves behind: tasks, timers, ready items, subscriptions, close hooks, foreign
 * operations, reports.
 *
 * <p>A test may have parameters of the types {@link Loop}, {@link VirtualClock}, {@link Trail}, {@link Reports} and {@link Confinement}. The body of a
 * {@link LoopTest} or a {@link ShuffledTest} runs as a task of that loop; that of another test on JUnit's thread. If it waits for what nothing will complete it fails at once, with a dump of
 * who awaits whom: work outside the loop has to be {@linkplain VirtualClock#foreign declared}. A body that does not end within 30 s of real time fails as well.
 */
public final class LoopExtension implements InvocationInterceptor, ParameterResolver, AfterEachCallback {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(LoopExtension.class);
    private static final Map<Class<?>, Function<TestLoop, Object>> PARAMETERS = Map.of(
            Loop.class, test -> test.loop,
            VirtualClock.class, test -> test.clock,
            Trail.class, test -> test.trail,
            Reports.class, test -> test.reports,
            Confinement.class, test -> test.confinement);

    /** Called by JUnit. */
    public LoopExtension() {}

    private static TestLoop testLoop(ExtensionContext context) {
        return Objects.requireNonNull(context.getStore(NAMESPACE)
                .getOrComputeIfAbsent(
                        TestLoop.class,
                        absent -> new TestLoop(context.getDisplayName(), ShuffledRounds.seed(context)),
                        TestLoop.class));
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return PARAMETERS.containsKey(parameter.getParameter().getType());
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return Objects.requireNonNull(PARAMETERS.get(parameter.getParameter().getType()))
                .apply(testLoop(context));
    }

    @Override
    public void interceptTestMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        runBody(invocation, method, context);
    }

    @Override
    public void interceptTestTemplateMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        runBody(invocation, method, context);
    }

    private static void runBody(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        Optional<Settings> onLoop = Settings.of(method.getExecutable());
        if (onLoop.isPresent()) {
            testLoop(context).run(invocation, !onLoop.get().foreignThreads());
        } else {
            invocation.proceed();
        }
    }

    @Override
    public void afterEach(ExtensionContext context) {
        boolean passed = context.getExecutionException().isEmpty();
        boolean mayLeaveHooks = Settings.of(context.getRequiredTestMethod())
                .map(Settings::closeHooks)
                .orElse(false);
        testLoop(context).end(passed, mayLeaveHooks);
    }

    /** What the annotations that run a body on the loop have in common. */
    private record Settings(boolean foreignThreads, boolean closeHooks) {
        static Optional<Settings> of(Method test) {
            return AnnotationSupport.findAnnotation(test, LoopTest.class)
                    .map(once -> new Settings(once.foreignThreads(), once.closeHooks()))
                    .or(() -> AnnotationSupport.findAnnotation(test, ShuffledTest.class)
                            .map(rounds -> new Settings(rounds.foreignThreads(), rounds.closeHooks())));
        }
    }
}
