package io.coloop;

/** Receives what a loop would otherwise lose in silence. */
@FunctionalInterface
public interface ExceptionHandler {
    /** Logs each report through {@link System.Logger} {@code io.coloop}, errors with their stack traces; what peers did wrong is a warning of one line. */
    ExceptionHandler LOGGING = report -> System.getLogger("io.coloop")
            .log(
                    switch (report.kind()) {
                        case LATE_VALUE, SILENCE, CONNECTION_FAILED, SLOW_ITEM -> System.Logger.Level.WARNING;
                        default -> System.Logger.Level.ERROR;
                    },
                    report.kind() + " on loop " + report.loop().name() + ": " + report.message(),
                    report.kind() == Report.Kind.CONNECTION_FAILED ? null : report.failure());

    /** Handles one report: on the loop's thread as a rule, on any other if the loop is gone. What it throws is logged. */
    void handle(Report report);
}
