package io.coloop;

import java.lang.ref.Cleaner;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The failures of one loop that nobody has looked at. Each is reported once, when nothing can look at it any more. */
final class UnobservedFailures {
    private static final Cleaner CLEANER = Cleaner.create();

    private final Loop loop;
    private final Map<Outcome.Failure, String> origins =
            new ConcurrentHashMap<>(); // not the futures: they shall get lost

    UnobservedFailures(Loop loop) {
        this.loop = loop;
    }

    /** A future failed and nobody listens yet. Any thread. */
    void track(Future<?> future, Outcome.Failure failure) {
        if (failure.comesFromCancellation()) {
            return; // its source was not wanted, so nor is this
        }
        origins.put(failure, future instanceof Task<?> task ? task.name() : "a future");
        if (failure.observed) {
            origins.remove(failure); // somebody looked between the settling and this
            return;
        }
        CLEANER.register(future, () -> reportIfLost(failure));
        if (loop.isClosed()) {
            reportIfLost(failure);
        } else if (loop.isDebug()) {
            loop.offer(() -> loop.enqueue(() -> reportIfLost(failure)));
        }
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
        String origin = origins.remove(failure);
        if (origin != null) {
            loop.report(new Report(
                    Report.Kind.UNOBSERVED_FAILURE,
                    loop,
                    origin + " failed and nobody awaited it or listened to it: " + failure.cause,
                    failure.cause,
                    null,
                    null));
        }
    }
}
