package io.coloop.spring;

import io.coloop.ExceptionHandler;
import io.coloop.Report;
import java.time.Duration;
import java.util.function.LongSupplier;

/** Logs what the loops of an application report that has no handler of its own for that. Made with the first loop, that is at the first request. Any thread. */
final class LoggedReports implements ExceptionHandler {
    /** While classes load, an item that does nothing wrong holds its loop for more than the usual 100 ms. */
    static final Duration COLD_START = Duration.ofSeconds(10);

    private final LongSupplier nanoTime;
    private final long made;

    LoggedReports() {
        this(System::nanoTime);
    }

    LoggedReports(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.made = nanoTime.getAsLong();
    }

    @Override
    public void handle(Report report) {
        System.Logger log = System.getLogger("io.coloop");
        switch (report.kind()) {
            // clients leave all the time: what had been answered for them by then is nobody's defect
            case LATE_VALUE -> log.log(System.Logger.Level.DEBUG, report::message);
            case SLOW_ITEM -> {
                if (nanoTime.getAsLong() - made < COLD_START.toNanos()) {
                    log.log(System.Logger.Level.WARNING, inOneLine(report));
                } else {
                    ExceptionHandler.LOGGING.handle(report);
                }
            }
            default -> ExceptionHandler.LOGGING.handle(report);
        }
    }

    private static String inOneLine(Report report) {
        return report.kind() + " on loop " + report.loop().name() + ": " + report.message() + " (within "
                + COLD_START.toSeconds()
                + " s of the first request, when classes load; later ones are logged with their stacks)";
    }
}
