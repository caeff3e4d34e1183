package io.coloop.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import reactor.core.publisher.Hooks;

/** Fails a test for every value and error that Reactor's global hooks are given, and for every operator that failed, if the test does not take it. */
final class Dropped implements BeforeEachCallback, AfterEachCallback {
    private final Queue<Throwable> errors = new ConcurrentLinkedQueue<>();
    private final Queue<Throwable> operators = new ConcurrentLinkedQueue<>();
    private final Queue<Object> values = new ConcurrentLinkedQueue<>();

    @Override
    public void beforeEach(ExtensionContext context) {
        Hooks.onErrorDropped(errors::add);
        Hooks.onNextDropped(values::add);
        Hooks.onOperatorError((error, item) -> {
            operators.add(error);
            return error;
        });
    }

    /** The errors so far. */
    List<Throwable> takeErrors() {
        List<Throwable> taken = new ArrayList<>();
        for (Throwable error = errors.poll(); error != null; error = errors.poll()) {
            taken.add(error);
        }
        return taken;
    }

    /** What operators and subscribers threw so far: also what a pipeline then had as its failure. */
    List<Throwable> takeOperatorErrors() {
        List<Throwable> taken = new ArrayList<>();
        for (Throwable error = operators.poll(); error != null; error = operators.poll()) {
            taken.add(error);
        }
        return taken;
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Hooks.resetOnErrorDropped();
        Hooks.resetOnNextDropped();
        Hooks.resetOnOperatorError();
        assertThat(errors).as("errors dropped").isEmpty();
        assertThat(values).as("values dropped").isEmpty();
        assertThat(operators).as("operators that failed").isEmpty();
    }
}
