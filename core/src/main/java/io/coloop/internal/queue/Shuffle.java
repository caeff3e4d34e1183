package io.coloop.internal.queue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;

/**
 * Permutes what may change places in a queue: each run of neighbours that are movable, as a seed says. Everything else stays where it is, and nothing
 * passes it. Confined to one thread at a time.
 *
 * @param <E> the elements
 */
public final class Shuffle<E> {
    private final Random random; // its algorithm is specified, so a seed means the same on every JDK
    private final Predicate<? super E> movable;

    /** The same seed and the same queues give the same permutations. */
    public Shuffle(long seed, Predicate<? super E> movable) {
        this.random = new Random(mix(seed));
        this.movable = movable;
    }

    /** The first choice of a {@link Random} hardly depends on the low bits of its seed; here each bit counts. The finalizer of SplitMix64. */
    private static long mix(long seed) {
        long mixed = (seed ^ (seed >>> 30)) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
        return mixed ^ (mixed >>> 31);
    }

    /** Permutes a queue in place. */
    public void apply(ArrayDeque<E> queue) {
        if (queue.size() < 2) {
            return;
        }
        List<E> elements = new ArrayList<>(queue);
        int begin = 0;
        for (int end = 0; end <= elements.size(); end++) {
            if (end == elements.size() || !movable.test(elements.get(end))) {
                Collections.shuffle(elements.subList(begin, end), random);
                begin = end + 1;
            }
        }
        queue.clear();
        queue.addAll(elements);
    }
}
