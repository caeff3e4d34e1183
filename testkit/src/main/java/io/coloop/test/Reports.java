package io.coloop.test;

import io.coloop.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** What a test's loop reported. A report that the test does not take fails it. Thread-safe. */
public final class Reports {
    private final Queue<Report> reports = new ConcurrentLinkedQueue<>();

    Reports() {}

    void add(Report report) {
        reports.add(report);
    }

    Optional<Report> silence() {
        return reports.stream()
                .filter(report -> report.kind() == Report.Kind.SILENCE)
                .findFirst();
    }

    /** Takes all reports so far, oldest first. */
    public List<Report> take() {
        List<Report> taken = new ArrayList<>();
        for (Report report = reports.poll(); report != null; report = reports.poll()) {
            taken.add(report);
        }
        return taken;
    }

    /**
     * Takes the only report there is.
     *
     * @throws AssertionError if there is none, more than one, or one of another kind
     */
    public Report takeOnly(Report.Kind kind) {
        List<Report> taken = take();
        if (taken.size() != 1 || taken.get(0).kind() != kind) {
            throw new AssertionError("expected one report of " + kind + " but there are " + taken);
        }
        return taken.get(0);
    }
}
