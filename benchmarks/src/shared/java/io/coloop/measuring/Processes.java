package io.coloop.measuring;

import java.util.concurrent.TimeUnit;

/** Those that measure and are measured. */
public final class Processes {
    private Processes() {}

    /** Asks it to end, waits, and kills it if it does not. */
    public static void end(Process process) {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
