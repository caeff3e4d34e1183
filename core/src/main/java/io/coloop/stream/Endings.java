package io.coloop.stream;

import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopLocal;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What ends by a source's cancel, but not before it returns: a body that cleans up, however many operators there are between it and the one who cancels. For bridges.
 */
public final class Endings {
    private static final LoopLocal<Endings> OF_LOOP = LoopLocal.withInitial(loop -> new Endings());

    private @Nullable List<Future<?>> begun; // the loop's; null unless a cancel runs

    private Endings() {}

    /** Says, within a source's cancel, what has begun to end: whoever closes an {@link Iteration} waits for it. Without effect where nobody waits, as off the loop. Any thread. */
    public static void add(Future<?> ending) {
        Objects.requireNonNull(ending, "ending");
        Loop loop = Loop.currentOrNull();
        List<Future<?>> begun = loop == null ? null : OF_LOOP.get(loop).begun;
        if (begun != null) {
            begun.add(ending);
        }
    }

    /** Runs a source's cancel; returns what it ends. On the loop's own thread. */
    static List<Future<?>> of(Loop loop, Runnable cancel) {
        Endings endings = OF_LOOP.get(loop);
        List<Future<?>> outer = endings.begun;
        List<Future<?>> begun = new ArrayList<>();
        endings.begun = begun;
        try {
            cancel.run();
        } finally {
            endings.begun = outer;
        }
        return begun;
    }
}
