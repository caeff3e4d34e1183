package io.coloop;

import java.lang.ref.Cleaner;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The failures of one loop that nobody has looked at. Each is reported once, when nothing can look at it any more. */
final class UnobservedFailures {
    private static final Cleaner CLEANER = Cleaner.create();

    private final Loop loop;
    private final Set<Outcome.Failure> failures = ConcurrentHashMap.newKeySet();

    UnobservedFailures(Loop loop) {
        this.loop = loop;
    }

    /** A future failed and nobody listens yet. Any thread. */
    void track(Future<?> future, Outcome.Failure failure) {
        failures.add(failure);
        String origin = future instanceof Task<?> task ? task.name() : "a future";
        CLEANER.register(future, () -> reportIfLost(failure, origin));
        if (loop.isClosed()) {
            reportIfLost(failure, origin);
        } else if (loop.isDebug()) {
            loop.offer(() -> loop.enqueue(() -> reportIfLost(failure, origin)));
        }
    }

    /** Somebody looked. Any thread. */
    void observed(Outcome.Failure failure) {
        failure.observed = true;
        failures.remove(failure);
    }

    /** The loop closes: reports all that are left. */
    void reportAll() {
        for (Outcome.Failure failure : failures) {
            reportIfLost(failure, "a future or task");
        }
    }

    private void reportIfLost(Outcome.Failure failure, String origin) {
        if (failures.remove(failure)) {
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
