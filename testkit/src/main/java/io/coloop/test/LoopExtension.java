package io.coloop.test;

import io.coloop.Loop;
import io.coloop.Report;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * Gives each test a loop of its own, with virtual time and debug mode, and fails it for what it leaves behind: tasks, timers, ready items, reports.
 *
 * <p>A test may have parameters of the types {@link Loop}, {@link VirtualClock}, {@link Trail} and {@link Reports}. The body of a
 * {@link LoopTest} runs as a task of that loop; that of another test on JUnit's thread. If it waits for what nothing will complete it fails at once, with a dump of
 * who awaits whom: work outside the loop has to be {@linkplain VirtualClock#foreign declared}. A body that does not end within 30 s of real time fails as well.
 */
public final class LoopExtension implements InvocationInterceptor, ParameterResolver, AfterEachCallback {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(LoopExtension.class);
    private static final long LIMIT_SECONDS = 30;
    private static final String CHECK = "check for leftovers";
    private static final int SETTLING_TURNS = 1_000;
    private static final Map<Class<?>, Function<TestLoop, Object>> PARAMETERS = Map.of(
            Loop.class, test -> test.loop,
            VirtualClock.class, test -> test.clock,
            Trail.class, test -> test.trail,
            Reports.class, test -> test.reports);

    /** Called by JUnit. */
    public LoopExtension() {}

    private static TestLoop testLoop(ExtensionContext context) {
        return Objects.requireNonNull(context.getStore(NAMESPACE)
                .getOrComputeIfAbsent(
                        TestLoop.class, absent -> new TestLoop(context.getDisplayName()), TestLoop.class));
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
        Optional<LoopTest> onLoop = AnnotationSupport.findAnnotation(method.getExecutable(), LoopTest.class);
        if (onLoop.isPresent()) {
            testLoop(context).runOnLoop(invocation, !onLoop.get().foreignThreads());
        } else {
            invocation.proceed();
        }
    }

    @Override
    public void afterEach(ExtensionContext context) {
        boolean passed = context.getExecutionException().isEmpty();
        testLoop(context).end(passed);
    }

    private static final class TestLoop {
        private final VirtualClock clock = new VirtualClock();
        private final Trail trail = new Trail();
        private final Reports reports = new Reports();
        private final Loop loop;
        private volatile io.coloop.@Nullable Task<?> body;

        TestLoop(String name) {
            loop = Loop.builder()
                    .name(name)
                    .clock(clock)
                    .debug(true)
                    .slowItem(Duration.ZERO) // its clock is the machine's
                    .silence(Duration.ofDays(1)) // at once where the clock knows that nothing else runs
                    .exceptionHandler(this::take)
                    .start();
        }

        private void take(Report report) {
            reports.add(report);
            io.coloop.Task<?> waiting = body;
            if (report.kind() == Report.Kind.SILENCE && waiting != null) {
                waiting.cancel("the test waits for ever");
            }
        }

        void runOnLoop(Invocation<Void> invocation, boolean alone) throws Throwable {
            io.coloop.Task<Void> test = loop.spawn("test", () -> {
                clock.alone(alone);
                try {
                    return invocation.proceed();
                } finally {
                    clock.alone(false);
                    clock.stop(true);
                }
            });
            body = test;
            try {
                await(test);
            } catch (CancellationException cancelled) {
                throw reports.silence()
                        .map(report -> new AssertionError(
                                "the test waits for ever; declare work outside the loop with VirtualClock.foreign(loop)\n"
                                        + report.message(),
                                cancelled))
                        .<Throwable>map(Function.identity())
                        .orElse(cancelled);
            }
        }

        void end(boolean passed) {
            String left = "";
            if (!loop.isClosed()) {
                clock.stop(true);
                try {
                    left = passed ? await(loop.spawn(CHECK, this::leftovers)) : "";
                } catch (Throwable failure) {
                    left = "the loop could not be checked: " + failure;
                }
                clock.stop(false);
                loop.close();
            }
            List<Report> untaken = reports.take();
            if (passed && !(left.isEmpty() && untaken.isEmpty())) {
                AssertionError failure = new AssertionError("the test left something behind:" + left
                        + (untaken.isEmpty() ? "" : "\n  reports: " + untaken));
                untaken.stream().map(Report::failure).filter(Objects::nonNull).forEach(failure::addSuppressed);
                throw failure;
            }
        }

        private String leftovers() {
            for (int turn = 0; turn < SETTLING_TURNS && loop.readyCount() > 0; turn++) {
                io.coloop.Await.yieldNow();
            }
            return count("tasks", loop.taskCount() - 1)
                    + tasks()
                    + count("timers", loop.timerCount())
                    + count("ready items", loop.readyCount());
        }

        /** Who they are and what they wait for, but not the one that looks. */
        private String tasks() {
            return loop.dump()
                    .lines()
                    .skip(1)
                    .filter(line -> !line.strip().startsWith(CHECK + " is running"))
                    .map(line -> "\n  " + line)
                    .collect(Collectors.joining());
        }

        private static String count(String what, int left) {
            return left == 0 ? "" : "\n  " + what + ": " + left;
        }

        private <T> T await(io.coloop.Task<T> task) throws Throwable {
            try {
                return task.get(LIMIT_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException failed) {
                throw failed.getCause();
            } catch (TimeoutException stuck) {
                throw new AssertionError(
                        task + " did not end within " + LIMIT_SECONDS + " s; " + clock + "; " + loop.dump(), stuck);
            }
        }
    }
}
