package io.coloop;

import io.coloop.internal.fiber.Fibers;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Says once per JVM that a faster mode is possible, and how to get it. */
final class ModeNotice {
    private static final AtomicBoolean SAID = new AtomicBoolean();

    private ModeNotice() {}

    static void once() {
        if (!SAID.getAndSet(true)) {
            String text = text(Fibers.problem(), Runtime.version().feature(), Fibers.flagWouldHelp());
            if (text != null) {
                System.getLogger("io.coloop").log(System.Logger.Level.WARNING, text);
            }
        }
    }

    static @Nullable String text(@Nullable String problem, int jdk, boolean flagWouldHelp) {
        if (problem == null || jdk < 24) {
            return null;
        }
        return flagWouldHelp
                ? "coloop runs in hand-off mode, where an await is several times slower. For mounted mode start java with "
                        + Fibers.FLAG
                        + " (for `java -jar`, put the line `Add-Opens: java.base/java.lang` into the jar's manifest)"
                : "coloop runs in hand-off mode, where an await is several times slower: " + problem;
    }
}
