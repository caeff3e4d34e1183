package io.coloop;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One {@link Await#waitFor}. Its task's. */
final class WaitFor<F extends Future<?>> implements Origin {
    private final Task<?> task;
    private final WaitUntil until;
    private final @Nullable Duration limit;
    private final List<Watch> watches = new ArrayList<>();
    private final Promise<@Nullable Void> met;
    private @Nullable TimerHandle timer;
    private int pending;

    WaitFor(Task<?> task, Iterable<? extends F> futures, WaitUntil until, @Nullable Duration limit) {
        this.task = task;
        this.until = Objects.requireNonNull(until, "until");
        this.limit = limit;
        Set<F> once = new LinkedHashSet<>();
        Objects.requireNonNull(futures, "futures")
                .forEach(future -> once.add(Objects.requireNonNull(future, "future")));
        once.forEach(future -> watches.add(new Watch(future)));
        if (watches.isEmpty()) {
            throw new IllegalArgumentException("waitFor needs a future to wait for");
        }
        this.pending = watches.size();
        this.met = task.loop().promise(this);
    }

    WaitResult<F> await() {
        if (limit != null) {
            timer = task.loop().callLater(limit, this::stop);
        }
        watches.forEach(watch -> watch.future.register(watch));
        try {
            task.await(met.future());
        } finally {
            stop();
            watches.forEach(Watch::leave);
        }
        Set<F> done = new LinkedHashSet<>();
        Set<F> notDone = new LinkedHashSet<>();
        watches.forEach(watch -> (watch.future.isDone() ? done : notDone).add(watch.future));
        return new WaitResult<>(Collections.unmodifiableSet(done), Collections.unmodifiableSet(notDone));
    }

    private void stop() {
        if (timer != null) {
            timer.cancel();
        }
        met.complete(null);
    }

    @Override
    public List<F> awaited() {
        List<F> awaited = new ArrayList<>();
        for (Watch watch : watches) {
            if (!watch.future.isDone()) {
                awaited.add(watch.future);
            }
        }
        return awaited;
    }

    @Override
    public boolean needsAll() {
        return limit == null && (until == WaitUntil.ALL_DONE || pending == 1);
    }

    @Override
    public String toString() {
        return "waitFor(" + watches.size() + " futures, " + until + (limit == null ? ")" : ", " + limit + ")");
    }

    /** Counts one future that is done. */
    private final class Watch extends Listener {
        private final F future;

        Watch(F future) {
            this.future = future;
        }

        @Override
        Loop loop() {
            return task.loop();
        }

        @Override
        boolean observes() {
            return !met.isDone();
        }

        @Override
        boolean mayTurnAway() {
            return true;
        }

        @Override
        public void run() {
            future.loop().failures().hold(future);
            if (until.isMetBy(future, --pending)) {
                stop();
            }
        }

        void leave() {
            future.unregister(this);
            future.turnedAway();
        }
    }
}
