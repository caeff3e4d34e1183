package io.coloop;

import io.coloop.internal.fiber.Fiber;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** Looks at all loops of the JVM from one thread, and reports an item that holds its loop for long, with the stack it is in. */
final class Watchdog implements Runnable {
    /*
     * The loop pays for this with one plain increment per item and no clock. The watchdog samples that counter: if it stands
     * still and the loop does not wait, an item is running. Reading it without synchronization may show an old value, which delays
     * a report by a sample.
     */
    private static final long SAMPLE_NANOS = Duration.ofMillis(25).toNanos();
    private static final Watchdog INSTANCE = new Watchdog();

    private final Set<Watch> watches = ConcurrentHashMap.newKeySet();
    private final Thread thread =
            Thread.ofPlatform().daemon().name("coloop-watchdog").unstarted(this);

    private Watchdog() {
        thread.start();
    }

    /** Watches a loop until it is closed. Any thread. */
    static void watch(Loop loop, Duration threshold) {
        if (threshold.isPositive()) {
            INSTANCE.watches.add(new Watch(loop, threshold));
            LockSupport.unpark(INSTANCE.thread);
        }
    }

    @Override
    public void run() {
        while (true) {
            if (watches.isEmpty()) {
                LockSupport.park(this);
            } else {
                LockSupport.parkNanos(this, SAMPLE_NANOS);
            }
            watches.removeIf(watch -> watch.loop.isClosed());
            long now = System.nanoTime();
            watches.forEach(watch -> watch.look(now));
        }
    }

    /** What the watchdog knows of one loop; its thread's. */
    private static final class Watch {
        private final Loop loop;
        private final Duration threshold;
        private long items;
        private long since;
        private boolean reported;

        Watch(Loop loop, Duration threshold) {
            this.loop = loop;
            this.threshold = threshold;
        }

        void look(long now) {
            long itemsNow = loop.itemCount();
            if (since == 0 || loop.isWaiting() || items != itemsNow) {
                items = itemsNow;
                since = now;
                reported = false;
            } else if (!reported && now - since >= threshold.toNanos()) {
                reported = true;
                report(now - since);
            }
        }

        private void report(long nanos) {
            Task<?> task = loop.running();
            Fiber fiber = task == null ? null : task.fiberOrNull();
            Thread thread = fiber != null ? fiber.thread() : loop.driver().thread();
            if (thread == null) {
                return; // before its first turn
            }
            StackTraceElement[] stack = thread.getStackTrace();
            if (loop.itemCount() != items || (fiber != null && fiber.rescueIfPinned(stack))) {
                return; // that is another item's stack, or its await throws now
            }
            loop.report(new Report(
                    Report.Kind.SLOW_ITEM,
                    loop,
                    (task == null ? "a callback or subscription" : task.name()) + " holds the loop for "
                            + Duration.ofNanos(nanos).toMillis()
                            + " ms already, and nothing else runs; give up the loop with an await, or use blocking(...)",
                    new HeldHere(stack),
                    task,
                    null));
        }
    }

    /** The stack of an item that holds its loop. */
    private static final class HeldHere extends RuntimeException {
        private static final long serialVersionUID = 1L;

        HeldHere(StackTraceElement[] stack) {
            super("the loop is held here", null, false, true);
            setStackTrace(stack);
        }
    }
}
