package io.coloop.reactor;

import io.coloop.ContextCapture;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshotFactory;
import java.util.Objects;

/**
 * Carries the thread locals that are registered with micrometer's context-propagation, such as those of logging and tracing, along with what a loop runs. Needs that library on the class
 * path; the rest of this package does not.
 *
 * <pre>{@code
 * Loop loop = Loop.builder().contextCapture(ContextPropagation.capture()).start();
 * }</pre>
 *
 * <p>A task starts with what its spawner had, or with what the Reactor Context of its subscriber has for them; from then on they are its own. A callback, a subscription and a blocking job run with what
 * was there when they were registered. What a task subscribes to has them in its Reactor Context, too. On the loop's thread nothing of them is left behind.
 */
public final class ContextPropagation {
    private ContextPropagation() {}

    /** All thread locals of the global {@link ContextRegistry}. Costs next to nothing while it has none. */
    public static ContextCapture capture() {
        ContextCapture all =
                capture(ContextSnapshotFactory.builder().clearMissing(true).build());
        ContextRegistry registry = ContextRegistry.getInstance();
        return () -> registry.getThreadLocalAccessors().isEmpty() ? ContextCapture.Snapshot.NOTHING : all.capture();
    }

    /**
     * What a factory captures from the calling thread. It should be one that {@linkplain ContextSnapshotFactory.Builder#clearMissing clears} what is missing: else what a host's thread has by itself
     * is seen where nothing was captured.
     */
    public static ContextCapture capture(ContextSnapshotFactory factory) {
        Objects.requireNonNull(factory, "factory");
        return () -> {
            ContextSnapshot snapshot = factory.captureAll();
            return () -> snapshot.setThreadLocals()::close;
        };
    }
}
