package io.coloop;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A future made of others, its parts: what the ways to combine them have in common. Confined to its loop, but for {@link #cancelParts}. */
abstract class Combined<T extends @Nullable Object, R extends @Nullable Object> implements Composite {
    /*
     * A part's end is looked at once: here, if the part was done before it was combined, else from the ready queue. It decides the whole, or counts as one less to
     * wait for. Once the whole is done it lets go of the parts that are not, and a failure of those is theirs again.
     *
     * A cancelled whole waits for all its parts, unless one of them fails in a way that decides it.
     */
    private static final int MAX_NESTED_CANCELS = 100; // the rest is a turn later: the stack is finite

    private final Loop loop;
    private final Future<R> whole;
    private final List<Part<T>> parts = new ArrayList<>();
    private final List<Future<T>> views = new ArrayList<>(0); // of stages that are not ours
    private boolean cancelling; // its parts, now
    private int pending;
    private Outcome.@Nullable Cancelled cancelled; // asked to, and waiting for the parts

    Combined(Loop loop) {
        this.loop = loop;
        this.whole = new Future<>(loop, this);
    }

    /** What the whole becomes now that a part has ended so; null if that is not decided yet. */
    abstract @Nullable Object afterOne(Future<T> part, Object outcome);

    /** What the whole becomes now that all have ended and none decided it. */
    abstract Object afterAll();

    /** The whole has this outcome. */
    void ended(Object outcome) {}

    final Future<R> of(Iterable<? extends CompletionStage<? extends T>> stages) {
        List<CompletionStage<? extends T>> all = new ArrayList<>();
        Objects.requireNonNull(stages, "futures").forEach(stage -> all.add(Objects.requireNonNull(stage, "future")));
        all.forEach(this::add);
        return start();
    }

    @SuppressWarnings("unchecked") // a future only gives out its value
    private void add(CompletionStage<? extends T> stage) {
        if (stage instanceof Future<?> future) {
            parts.add(new Part<>(this, (Future<T>) future));
        } else {
            Future<T> view = loop.from(stage);
            views.add(view);
            parts.add(new Part<>(this, view));
        }
    }

    private Future<R> start() {
        pending = parts.size();
        List<Part<T>> done = new ArrayList<>(0);
        for (Part<T> part : parts) {
            if (part.future.isDone()) {
                done.add(part);
            } else {
                part.future.register(part);
            }
        }
        done.forEach(Part::run);
        if (parts.isEmpty()) {
            end(afterAll());
        }
        return whole;
    }

    final boolean isOneLeft() {
        return pending == 1;
    }

    /** The parts, in the order given. */
    final List<Future<T>> futures() {
        List<Future<T>> futures = new ArrayList<>(parts.size());
        for (Part<T> part : parts) {
            futures.add(part.future);
        }
        return futures;
    }

    private void partEnded(Future<T> part) {
        pending--;
        if (whole.isDone()) {
            part.turnedAway();
            return;
        }
        Object outcome = Objects.requireNonNull(part.outcome());
        Object decided = cancelled == null || outcome instanceof Outcome.Failure ? afterOne(part, outcome) : null;
        if (decided != null) {
            end(decided);
        } else if (pending == 0) {
            end(cancelled != null ? cancelled : afterAll());
        }
    }

    private void end(Object outcome) {
        whole.settle(outcome);
        if (pending > 0) {
            for (Part<T> part : parts) {
                part.future.unregister(part);
            }
            views.forEach(Future::cancel); // lets go of the stages, which go on
        }
        ended(outcome);
    }

    @Override
    public final boolean cancelParts(@Nullable String reason) {
        if (loop.isOnLoop() && loop.nestedCancels < MAX_NESTED_CANCELS) {
            return cancelHere(reason);
        }
        return !whole.isDone() && loop.offer(() -> cancelHere(reason));
    }

    private boolean cancelHere(@Nullable String reason) {
        if (whole.isDone()) {
            return false;
        }
        if (cancelling) { // this came round a circle: the parts wait for the whole
            end(new Outcome.Cancelled(reason));
            return true;
        }
        cancelling = true;
        boolean asked = false;
        Set<Future<T>> once = Collections.newSetFromMap(new IdentityHashMap<>());
        loop.nestedCancels++;
        for (Part<T> part : parts) {
            asked |= once.add(part.future) && part.future.cancel(reason);
        }
        loop.nestedCancels--;
        cancelling = false;
        if (asked && cancelled == null) {
            cancelled = new Outcome.Cancelled(reason);
        }
        return asked;
    }

    @Override
    public final List<Future<T>> awaited() {
        List<Future<T>> awaited = futures();
        awaited.removeIf(Future::isDone);
        return awaited;
    }

    abstract String name();

    @Override
    public final String toString() {
        return name() + " of " + parts.size() + " futures, " + awaited().size() + " pending";
    }

    /** Tells the whole that one of its parts is done. */
    private static final class Part<T extends @Nullable Object> extends Listener {
        private final Combined<T, ?> owner;
        private final Future<T> future;

        Part(Combined<T, ?> owner, Future<T> future) {
            this.owner = owner;
            this.future = future;
        }

        @Override
        Loop loop() {
            return owner.loop;
        }

        @Override
        boolean observes() {
            return !owner.whole.isDone();
        }

        @Override
        boolean mayTurnAway() {
            return true;
        }

        @Override
        public void run() {
            owner.partEnded(future);
        }
    }

    /** All values, or the first failure. */
    static final class Gather<T extends @Nullable Object> extends Combined<T, List<T>> {
        Gather() {
            super(Loop.require("Future.gather(...)"));
        }

        @Override
        @Nullable
        Object afterOne(Future<T> part, Object outcome) {
            if (Outcome.isValue(outcome)) {
                return null;
            }
            part.markObserved(outcome);
            return Outcome.failure(Objects.requireNonNull(Outcome.failureOf(outcome)));
        }

        @Override
        Object afterAll() {
            List<T> values = new ArrayList<>();
            futures().forEach(future -> values.add(future.resultNow()));
            return Collections.unmodifiableList(values);
        }

        @Override
        String name() {
            return "gather";
        }
    }

    /** The parts themselves, once all are done. */
    static final class AllSettled<F extends Future<?>> extends Combined<@Nullable Object, List<F>> {
        AllSettled() {
            super(Loop.require("Future.allSettled(...)"));
        }

        @Override
        @Nullable
        Object afterOne(Future<@Nullable Object> part, Object outcome) {
            part.loop().failures().hold(part);
            return null;
        }

        @Override
        @SuppressWarnings("unchecked") // they are what came in
        Object afterAll() {
            return Collections.unmodifiableList((List<F>) futures());
        }

        @Override
        void ended(Object outcome) {
            futures().forEach(Future::turnedAway);
        }

        @Override
        String name() {
            return "allSettled";
        }
    }

    /** What the first part to end becomes. */
    static final class FirstDone<T extends @Nullable Object> extends Combined<T, T> {
        FirstDone() {
            super(Loop.require("Future.firstDone(...)"));
        }

        @Override
        Object afterOne(Future<T> part, Object outcome) {
            if (outcome instanceof Outcome.Failure failure) {
                part.markObserved(failure);
                return Outcome.failure(failure.cause);
            }
            return outcome;
        }

        @Override
        Object afterAll() {
            throw new IllegalArgumentException("firstDone of no futures would never be done");
        }

        @Override
        public boolean needsAll() {
            return isOneLeft();
        }

        @Override
        String name() {
            return "firstDone";
        }
    }

    /** The first value, or all failures. */
    static final class FirstSuccess<T extends @Nullable Object> extends Combined<T, T> {
        FirstSuccess() {
            super(Loop.require("Future.firstSuccess(...)"));
        }

        @Override
        @Nullable
        Object afterOne(Future<T> part, Object outcome) {
            part.loop().failures().hold(part);
            return Outcome.isValue(outcome) ? outcome : null;
        }

        @Override
        Object afterAll() {
            List<Throwable> failures = new ArrayList<>();
            futures().forEach(future -> failures.add(future.exceptionNow()));
            if (failures.isEmpty()) {
                throw new IllegalArgumentException("firstSuccess of no futures would never be done");
            }
            return Outcome.failure(new AllFailedException(failures));
        }

        @Override
        void ended(Object outcome) {
            for (Future<T> future : futures()) {
                if (outcome instanceof Outcome.Cancelled) {
                    future.turnedAway();
                } else {
                    future.markObserved(future.outcome());
                }
            }
        }

        @Override
        public boolean needsAll() {
            return isOneLeft();
        }

        @Override
        String name() {
            return "firstSuccess";
        }
    }
}
