package io.coloop;

import io.coloop.internal.jfr.Recording;
import io.coloop.internal.jfr.TaskEvent;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What is remembered of a task only if somebody asked: debug mode where it was spawned, a flight recording when. */
final class Trace {
    private final @Nullable SpawnSite spawned;
    private final @Nullable String site;
    private final @Nullable TaskEvent event;

    private Trace(@Nullable SpawnSite spawned, @Nullable String site, @Nullable TaskEvent event) {
        this.spawned = spawned;
        this.site = site;
        this.event = event;
    }

    /** Whether somebody asks now. */
    static boolean isWanted(Loop loop) {
        return loop.isDebug() || Recording.wantsTasks();
    }

    /** On the spawning thread. */
    static Trace begin(Loop loop, String task) {
        boolean debug = loop.isDebug();
        return new Trace(
                debug ? new SpawnSite(task) : null,
                debug ? Sites.caller() : null,
                Recording.wantsTasks() ? TaskEvent.begun() : null);
    }

    /** Where the task was spawned, or null if nobody asked. */
    @Nullable
    String site() {
        return site;
    }

    void end(Task<?> task, Object outcome) {
        if (spawned != null && outcome instanceof Outcome.Failure failure && !SpawnSite.isIn(failure.cause)) {
            failure.cause.addSuppressed(spawned);
        }
        if (event != null) {
            event.end(task.name(), task.loop().name(), Outcome.describe(outcome));
        }
    }

    /** Where a task that failed came from; suppressed in its failure. */
    static final class SpawnSite extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** One that fails because of another shows where that one came from. */
        static boolean isIn(Throwable failure) {
            return Stream.of(failure.getSuppressed()).anyMatch(SpawnSite.class::isInstance);
        }

        SpawnSite(String task) {
            super(task + " was spawned here");
        }
    }
}
