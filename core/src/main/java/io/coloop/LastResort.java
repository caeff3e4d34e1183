package io.coloop;

/** Where it is said that nothing else could be said. */
final class LastResort {
    private LastResort() {}

    /** Logs a report, and why its handler did not take it. Never throws: without descriptors or memory, logging fails as well, and whoever reports must go on. */
    static void log(Report report, Throwable broken) {
        try {
            ExceptionHandler.LOGGING.handle(report);
            System.getLogger("io.coloop").log(System.Logger.Level.ERROR, "the exception handler failed", broken);
        } catch (Throwable speechless) {
            // nobody is left to tell
        }
    }

    /** Logs what went wrong. Never throws. */
    static void log(String message, Throwable broken) {
        try {
            System.getLogger("io.coloop").log(System.Logger.Level.WARNING, message, broken);
        } catch (Throwable speechless) {
            // nobody is left to tell
        }
    }
}
