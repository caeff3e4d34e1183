package io.coloop.internal.poll;

import java.io.IOException;
import java.nio.channels.Selector;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The daemon thread that selects for all loops whose own thread cannot, since its host has it. There is at most one in a process, from the first channel of such a loop on; it only tells, and runs no user
 * code.
 */
public final class SelectorThread {
    private static final ReentrantLock LOCK = new ReentrantLock();
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static @Nullable Poller poller; // guarded by LOCK

    private SelectorThread() {}

    /** Its poller. Any thread. */
    public static Poller poller() throws IOException {
        LOCK.lock();
        try {
            Poller running = poller;
            if (running == null) {
                running = start(new Poller(Selector.open(), true));
                poller = running;
            }
            return running;
        } finally {
            LOCK.unlock();
        }
    }

    private static Poller start(Poller started) {
        Thread thread = Thread.ofPlatform()
                .daemon()
                .name("coloop-selector")
                .inheritInheritableThreadLocals(false)
                .unstarted(() -> run(started));
        thread.setContextClassLoader(null);
        thread.start();
        return started;
    }

    private static void run(Poller poller) {
        while (true) {
            try {
                poller.select(Long.MAX_VALUE);
            } catch (Throwable broken) { // memory ran out, or the operating system refuses
                log(broken);
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private static void log(Throwable broken) {
        try {
            System.getLogger("io.coloop")
                    .log(System.Logger.Level.ERROR, "the selector thread failed and goes on", broken);
        } catch (Throwable speechless) {
            // nobody is left to tell
        }
    }
}
