package io.coloop.internal.fiber;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Makes the fibers of one loop, in the mode of this JVM. */
public final class Fibers {
    private final Carrier carrier;
    private final HandOffFiber.Baton baton = new HandOffFiber.Baton();

    /** Fibers that run on the given carrier. */
    public Fibers(Carrier carrier) {
        this.carrier = carrier;
    }

    /** Whether fibers mount on their loop's thread; otherwise they are handed a baton. The same for the whole JVM. */
    public static boolean mounted() {
        return Jdk.problem() == null;
    }

    /** Why fibers cannot mount here, or null if they can. */
    public static @Nullable String problem() {
        return Jdk.problem();
    }

    /** Whether this JDK could mount fibers if it were started with {@link #FLAG}. */
    public static boolean flagWouldHelp() {
        return Jdk.problem() == Jdk.CLOSED;
    }

    /** The option of the {@code java} command that lets fibers mount. */
    public static final String FLAG = "--add-opens java.base/java.lang=ALL-UNNAMED";

    /**
     * A fiber that has not started. Any thread. It inherits no thread locals and no scoped values; its context class loader
     * is the caller's.
     *
     * @param name the thread's
     * @param body what it runs; must not throw. It returns what the carrier thread runs right after the stack has ended, or null
     */
    public Fiber create(String name, Supplier<? extends @Nullable Runnable> body) {
        Fiber fiber = mounted() ? new MountedFiber(carrier, name, body) : new HandOffFiber(baton, carrier, name, body);
        fiber.thread().setContextClassLoader(Thread.currentThread().getContextClassLoader());
        return fiber;
    }
}
