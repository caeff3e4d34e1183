package io.coloop;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Who waits for whom: the graph of one loop's futures. Loop only. */
final class Waits {
    private Waits() {}

    /** What must be done before this future can be: none if it is done, or if nobody knows. */
    static Collection<? extends Future<?>> of(Future<?> future) {
        Future<?> only = onlyOne(future);
        if (only != null) {
            return List.of(only);
        }
        return !future.isDone() && future.origin() instanceof Origin origin ? origin.awaited() : List.of();
    }

    private static @Nullable Future<?> onlyOne(Future<?> future) {
        if (future.isDone()) {
            return null;
        }
        Future<?> next = future instanceof Task<?> task
                ? task.awaiting()
                : future.origin() instanceof Future<?> source ? source : null;
        return next == null || next.isDone() ? null : next;
    }

    /** What certainly must be done before this future can be. */
    private static Collection<? extends Future<?>> needed(Future<?> future) {
        return future.origin() instanceof Origin origin && !origin.needsAll() ? List.of() : of(future);
    }

    /** Whether the first future cannot be done before the other, directly or through others of its loop. */
    static boolean leadsTo(Future<?> first, Future<?> other) {
        Future<?> future = first; // a chain is followed without a collection: this runs before every await on a task
        while (future != other && future.loop() == other.loop()) {
            Future<?> next = onlyOne(future);
            if (next == null) {
                return future.origin() instanceof Origin origin && origin.needsAll() && searchFrom(future, other);
            }
            future = next;
        }
        return future == other;
    }

    private static boolean searchFrom(Future<?> first, Future<?> other) {
        Set<Future<?>> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Future<?>> open = new ArrayDeque<>(List.of(first));
        while (!open.isEmpty()) {
            Future<?> future = open.pop();
            if (future == other) {
                return true;
            }
            if (future.loop() == other.loop() && seen.add(future)) {
                open.addAll(needed(future));
            }
        }
        return false;
    }
}
