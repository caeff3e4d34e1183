package io.coloop.rx;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import reactor.core.publisher.Hooks;

/** Fails a test for every error and value that Reactor's global hooks are given and the test does not take. */
final class ReactorDropped implements BeforeEachCallback, AfterEachCallback {
    private final Queue<Throwable> errors = new ConcurrentLinkedQueue<>();
    private final Queue<Object> values = new ConcurrentLinkedQueue<>();

    @Override
    public void beforeEach(ExtensionContext context) {
        Hooks.onErrorDropped(errors::add);
        Hooks.onNextDropped(values::add);
    }

    List<Throwable> takeErrors() {
        return take(errors);
    }

    List<Object> takeValues() {
        return take(values);
    }

    private static <T> List<T> take(Queue<T> dropped) {
        List<T> taken = new ArrayList<>(dropped);
        dropped.clear();
        return taken;
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Hooks.resetOnErrorDropped();
        Hooks.resetOnNextDropped();
        assertThat(errors).as("errors dropped").isEmpty();
        assertThat(values).as("values dropped").isEmpty();
    }
}
