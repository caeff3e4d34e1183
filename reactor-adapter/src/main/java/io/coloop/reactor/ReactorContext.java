package io.coloop.reactor;

import io.coloop.Body;
import io.coloop.ContextVar;
import io.coloop.VoidBody;
import io.coloop.stream.EmittingBody;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

/** The Reactor Context of a task: that of the subscriber it runs for. What it starts inherits it, and what it subscribes to sees it. */
final class ReactorContext {
    private static final ContextVar<Context> CURRENT = ContextVar.of("reactor.util.context.Context", Context.empty());

    private ReactorContext() {}

    /** That of the calling task or callback. */
    static Context current() {
        return CURRENT.get();
    }

    /** What a subscriber shows that subscribes now: with the registered thread locals, which the task may have changed. */
    static Context ofSubscriber() {
        return ThreadLocals.capturedInto(current());
    }

    /** The body of a task that is spawned now, so that it has this context. */
    static <T extends @Nullable Object> Body<? extends T, ?> inTask(Context context, Body<? extends T, ?> body) {
        if (context == current()) { // which it inherits
            return body;
        }
        return () -> {
            CURRENT.set(context);
            return body.run();
        };
    }

    /** The body of a stream whose task is spawned now, so that it has this context. */
    static <T> EmittingBody<T, ?> inTask(Context context, EmittingBody<T, ?> body) {
        if (context == current()) {
            return body;
        }
        return emitter -> {
            CURRENT.set(context);
            body.run(emitter);
        };
    }

    /** Runs the body on the calling thread with this context. */
    static <T extends @Nullable Object, X extends Throwable> T run(Context context, Body<T, X> body) throws X {
        try (ContextVar.Change change = CURRENT.set(context)) {
            return ThreadLocals.runIn(context, body);
        }
    }

    static <X extends Throwable> Body<@Nullable Void, X> asBody(VoidBody<X> body) {
        Objects.requireNonNull(body, "body");
        return () -> {
            body.run();
            return null;
        };
    }
}
