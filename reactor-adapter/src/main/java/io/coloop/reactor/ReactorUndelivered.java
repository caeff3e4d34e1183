package io.coloop.reactor;

import io.coloop.Loop;
import io.coloop.stream.Undelivered;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/** Where the values and errors of one conversion go that nobody can receive any more: to the hooks of a Reactor Context. */
abstract class ReactorUndelivered<T> extends Undelivered<T> {
    /** {@code Hooks.KEY_ON_DISCARD}, which is not public; {@code Operators.onDiscard} does not tell whether there is a hook. */
    private static final String DISCARD_HOOK = "reactor.onDiscard.local";

    ReactorUndelivered(Loop loop, String source, @Nullable Consumer<? super T> receiver) {
        super(loop, source, receiver);
    }

    /** Whose hooks they are. */
    abstract Context hooks();

    @Override
    protected boolean discard(T value) {
        Context context = hooks();
        if (!context.hasKey(DISCARD_HOOK)) {
            return false;
        }
        Operators.onDiscard(value, context);
        return true;
    }

    @Override
    protected void dropped(Throwable failure) {
        Operators.onErrorDropped(failure, hooks());
    }
}
