package io.coloop;

import java.util.Objects;
import java.util.function.Function;

/**
 * A value of which each loop has its own, made when it is first asked for. Keep it in a static field. Thread-safe.
 *
 * @param <T> its values
 */
public final class LoopLocal<T> {
    private final Function<? super Loop, ? extends T> initial;

    private LoopLocal(Function<? super Loop, ? extends T> initial) {
        this.initial = Objects.requireNonNull(initial, "initial");
    }

    /** A value that the function makes, once for each loop; it must not return null, nor ask for the same value. */
    public static <T> LoopLocal<T> withInitial(Function<? super Loop, ? extends T> initial) {
        return new LoopLocal<>(initial);
    }

    /** The loop's value. Any thread. */
    @SuppressWarnings("unchecked") // only `initial` puts it there
    public T get(Loop loop) {
        Object value = loop.locals().get(this);
        return value != null
                ? (T) value
                : (T) loop.locals()
                        .computeIfAbsent(this, absent -> Objects.requireNonNull(initial.apply(loop), "initial value"));
    }
}
