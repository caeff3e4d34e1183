package io.coloop;

import java.lang.ref.Cleaner;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The failures of one loop that nobody has looked at. Each is reported once, when nothing can look at it any more. */
final class UnobservedFailures {
    private static final Cleaner CLEANER = Cleaner.create();

    private final Loop loop;
    private final Map<Outcome.Failure, Lost> origins =
            new ConcurrentHashMap<>(); // not the futures: they shall get lost

    UnobservedFailures(Loop loop) {
        this.loop = loop;
    }

    /** A future failed and nobody listens yet. Any thread. */
    void track(Future<?> future, Outcome.Failure failure) {
        if (keep(future, failure) && loop.isDebug()) {
            loop.offer(() -> loop.enqueue(() -> reportIfLost(failure)));
        }
    }

    /**
     * Something looked at a future's end that passes the future on later: a failure that nobody else observes is reported only when nothing can look at it
     * any more, in debug mode too. Any thread.
     */
    void hold(Future<?> future) {
        if (future.outcome() instanceof Outcome.Failure failure && !failure.observed) {
            keep(future, failure);
        }
    }

    /** False if there is nothing to report, or it was reported at once. */
    private boolean keep(Future<?> future, Outcome.Failure failure) {
        if (failure.comesFromCancellation()) {
            return false; // its source was not wanted, so nor is this
        }
        Lost known = origins.put(
                failure,
                future instanceof Task<?> task
                        ? new Lost(task.name(), task.context.values())
                        : new Lost("a future", Context.current()));
        if (failure.observed) {
            origins.remove(failure); // somebody looked between the settling and this
            return false;
        }
        if (known == null) {
            CLEANER.register(future, () -> reportIfLost(failure));
        }
        if (loop.isClosed()) {
            reportIfLost(failure);
            return false;
        }
        return true;
    }

    /** Somebody looked. Any thread. */
    void observed(Outcome.Failure failure) {
        failure.observed = true;
        origins.remove(failure);
    }

    /** The loop closes: reports all that are left. */
    void reportAll() {
        origins.keySet().forEach(this::reportIfLost);
    }

    private void reportIfLost(Outcome.Failure failure) {
        Lost lost = origins.remove(failure);
        if (lost != null) {
            failure.observed = true; // by the handler: once is enough
            loop.report(
                    new Report(
                            Report.Kind.UNOBSERVED_FAILURE,
                            loop,
                            lost.name + " failed and nobody awaited it or listened to it: "
                                    + Report.brief(failure.cause) + "; await it, or register a callback",
                            failure.cause,
                            null,
                            null),
                    lost.context);
        }
    }

    /** What is known of a future that failed, without the future. */
    private record Lost(String name, Context context) {}
}
