package io.coloop.rx;

import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import java.util.concurrent.CancellationException;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/** Where the values and errors between Reactor and RxJava go that nobody can receive any more. */
final class Discarded {
    /** {@code Hooks.KEY_ON_DISCARD}, which is not public; {@code Operators.onDiscard} does not tell whether there is a hook. */
    private static final String DISCARD_HOOK = "reactor.onDiscard.local";

    private Discarded() {}

    static void value(Object value, Context context) {
        if (context.hasKey(DISCARD_HOOK)) {
            Operators.onDiscard(value, context);
        } else if (value instanceof AutoCloseable resource) {
            close(resource, context);
        } else {
            Operators.onNextDropped(value, context);
        }
    }

    private static void close(AutoCloseable resource, Context context) {
        try {
            resource.close();
        } catch (Throwable failure) {
            Operators.onErrorDropped(failure, context);
        }
    }

    static void errorOfReactor(Throwable failure, Context context) {
        if (!(failure instanceof CancellationException)) {
            Operators.onErrorDropped(failure, context);
        }
    }

    static void errorOfRx(Throwable failure) {
        if (!(failure instanceof CancellationException)) {
            RxJavaPlugins.onError(failure);
        }
    }
}
