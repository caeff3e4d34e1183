package io.coloop.test;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

/** Runs one method of a class that JUnit does not find by itself. */
record Run(List<String> names, List<Throwable> failures) {
    /** With configuration parameters: name, value, name, value. */
    static Run of(Class<?> samples, String method, String... parameters) {
        EngineTestKit.Builder engine = EngineTestKit.engine("junit-jupiter")
                .configurationParameter("junit.jupiter.conditions.deactivate", "*")
                .selectors(selectMethod(samples, only(samples, method)));
        for (int i = 0; i < parameters.length; i += 2) {
            engine.configurationParameter(parameters[i], parameters[i + 1]);
        }
        var results = engine.execute();
        Events finished = results.testEvents().finished();
        List<String> names = finished.stream()
                .map(event -> event.getTestDescriptor().getDisplayName())
                .toList();
        List<Throwable> failures = results.allEvents().finished().stream()
                .map(event ->
                        event.getRequiredPayload(TestExecutionResult.class).getThrowable())
                .flatMap(Optional::stream)
                .toList();
        return new Run(names, failures);
    }

    private static java.lang.reflect.Method only(Class<?> samples, String name) {
        return Arrays.stream(samples.getDeclaredMethods())
                .filter(method -> method.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    boolean passed() {
        return failures.isEmpty();
    }

    Throwable failure() {
        if (failures.size() != 1) {
            throw new AssertionError("expected one failure but there are " + failures);
        }
        return failures.get(0);
    }

    /** As it is printed: the message, the stack, what is suppressed. */
    String printed() {
        StringWriter text = new StringWriter();
        failure().printStackTrace(new PrintWriter(text));
        return text.toString();
    }
}
