package io.coloop;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The tasks of one loop that were cancelled and have not ended. Reports, once, each that goes on for longer than the limit. */
final class CancelledTasks {
    /*
     * No timer: it would make a virtual clock jump, and keep a loop from being idle. The watchdog asks, and a virtual clock when it has jumped.
     *
     * Fields without a remark belong to the loop.
     */
    private static final long REPORTED = Long.MAX_VALUE;

    private final Loop loop;
    private final long limit; // nanoseconds; 0: off
    private final Map<Task<?>, Long> since = new LinkedHashMap<>(); // nanoseconds of the loop's time, or REPORTED
    private volatile boolean asked;

    CancelledTasks(Loop loop, Duration limit) {
        this.loop = loop;
        this.limit = Loop.nanos(limit);
    }

    /** A task that had no cancel request has one. */
    void add(Task<?> task) {
        since.put(task, loop.time());
    }

    /** A task ended, or has no cancel request any more; whether it had one that was not reported. */
    boolean remove(Task<?> task) {
        Long cancelled = since.remove(task);
        return cancelled != null && cancelled != REPORTED;
    }

    /** Has {@link #reportOverdue} run on the loop, if there may be something to report. The watchdog's. */
    void ask() {
        if (limit > 0 && !asked && !since.isEmpty()) { // that may be an old answer; there will be another time
            asked = true;
            loop.offer(() -> {
                asked = false;
                reportOverdue();
            });
        }
    }

    /** Reports tasks that go on for too long, but not those that await such a one. */
    void reportOverdue() {
        if (limit == 0 || since.isEmpty()) {
            return;
        }
        long now = loop.time();
        List<Report> reports = new ArrayList<>(); // given away at the end: who gets them may cancel tasks
        for (Map.Entry<Task<?>, Long> entry : since.entrySet()) {
            long nanos = now - entry.getValue();
            Task<?> task = entry.getKey();
            if (entry.getValue() != REPORTED && nanos > limit && !since.containsKey(task.awaiting())) {
                entry.setValue(REPORTED);
                reports.add(report(task, nanos));
            }
        }
        reports.forEach(loop::report);
    }

    private Report report(Task<?> task, long nanos) {
        return new Report(
                Report.Kind.SLOW_CANCELLATION,
                loop,
                task.name() + " was cancelled " + Duration.ofNanos(nanos).toMillis()
                        + " ms ago and goes on; let cleaning up end soon, and rethrow TaskCancelledException",
                stackOf(task),
                task,
                null);
    }

    private static @Nullable ThreadStack stackOf(Task<?> task) {
        Thread thread = task.threadOrNull();
        return thread == null ? null : ThreadStack.of(thread, task.name() + " is here");
    }
}
