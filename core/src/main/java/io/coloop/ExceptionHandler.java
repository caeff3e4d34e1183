package io.coloop;

/** Receives what a loop would otherwise lose in silence. */
@FunctionalInterface
public interface ExceptionHandler {
    /** Logs each report through {@link System.Logger} {@code io.coloop}, errors with their stack traces; a connection that failed is a warning of one line, its stack trace is at DEBUG. */
    ExceptionHandler LOGGING = report -> {
        System.Logger log = System.getLogger("io.coloop");
        boolean brief = report.kind() == Report.Kind.CONNECTION_FAILED && !log.isLoggable(System.Logger.Level.DEBUG);
        log.log(
                switch (report.kind()) {
                    case LATE_VALUE, SILENCE, CONNECTION_FAILED, SLOW_ITEM -> System.Logger.Level.WARNING;
                    default -> System.Logger.Level.ERROR;
                },
                report.kind() + " on loop " + report.loop().name() + ": " + report.message(),
                brief ? null : report.failure());
    };

    /** Handles one report: on the loop's thread as a rule, on any other if the loop is gone. What it throws is logged. */
    void handle(Report report);
}
