package io.coloop.sync;

import io.coloop.Future;
import io.coloop.Origin;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;

/** What a dump of the loop says of those who wait in line at something. */
record Line(Object subject, Supplier<List<? extends Future<?>>> holders) implements Origin {
    /** Nobody in particular keeps them waiting. */
    static Line at(Object subject) {
        return new Line(subject, List::of);
    }

    @Override
    public Collection<? extends Future<?>> awaited() {
        return holders.get();
    }

    @Override
    public String toString() {
        return subject.toString();
    }
}
