package io.coloop.rx;

import static org.assertj.core.api.Assertions.assertThat;

import io.reactivex.rxjava3.exceptions.UndeliverableException;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Fails a test for every error that RxJava's global handler is given and the test does not take. */
final class Dropped implements BeforeEachCallback, AfterEachCallback {
    private final Queue<Throwable> errors = new ConcurrentLinkedQueue<>();

    @Override
    public void beforeEach(ExtensionContext context) {
        RxJavaPlugins.setErrorHandler(errors::add);
    }

    /** The errors so far, without RxJava's wrapper. */
    List<Throwable> takeErrors() {
        List<Throwable> taken = new ArrayList<>();
        for (Throwable error = errors.poll(); error != null; error = errors.poll()) {
            taken.add(error instanceof UndeliverableException ? error.getCause() : error);
        }
        return taken;
    }

    @Override
    public void afterEach(ExtensionContext context) {
        RxJavaPlugins.setErrorHandler(null);
        assertThat(errors).as("errors dropped").isEmpty();
    }
}
