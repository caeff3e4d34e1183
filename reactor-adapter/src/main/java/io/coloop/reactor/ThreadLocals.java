package io.coloop.reactor;

import io.coloop.Body;
import io.coloop.VoidBody;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshotFactory;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

/** The thread locals that are registered with micrometer's context-propagation; none without it on the class path. */
final class ThreadLocals {
    private static final boolean PRESENT = isPresent();

    private ThreadLocals() {}

    private static boolean isPresent() {
        try {
            return Micrometer.isPresent();
        } catch (LinkageError absent) {
            return false;
        }
    }

    /** The context with the values that the calling thread has. */
    static Context capturedInto(Context context) {
        return PRESENT && Micrometer.hasAny() ? Micrometer.capturedInto(context) : context;
    }

    /** Whether the context may have values for some. */
    private static boolean areIn(Context context) {
        return PRESENT && !context.isEmpty() && Micrometer.hasAny();
    }

    /** Runs the body on the calling thread, with the values that the context has if it has some. */
    static <T extends @Nullable Object, X extends Throwable> T runIn(Context context, Body<T, X> body) throws X {
        return areIn(context) ? Micrometer.run(context, body) : body.run();
    }

    /** Runs a body without a result; see {@link #runIn(Context, Body)}. */
    static <X extends Throwable> void runIn(Context context, VoidBody<X> body) throws X {
        if (areIn(context)) {
            Micrometer.run(context, ReactorContext.asBody(body));
        } else {
            body.run();
        }
    }

    private static final class Micrometer {
        private static final ContextSnapshotFactory SNAPSHOTS =
                ContextSnapshotFactory.builder().clearMissing(false).build();

        static boolean isPresent() {
            return SNAPSHOTS != null;
        }

        static boolean hasAny() {
            return !ContextRegistry.getInstance().getThreadLocalAccessors().isEmpty();
        }

        static Context capturedInto(Context context) {
            return SNAPSHOTS.captureAll().updateContext(context);
        }

        static <T extends @Nullable Object, X extends Throwable> T run(Context context, Body<T, X> body) throws X {
            try (ContextSnapshot.Scope scope = SNAPSHOTS.setThreadLocalsFrom(context)) {
                return body.run();
            }
        }
    }
}
