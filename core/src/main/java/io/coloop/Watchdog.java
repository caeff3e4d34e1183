package io.coloop;

import io.coloop.internal.fiber.Fiber;
import io.coloop.internal.jfr.Recording;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Looks at all loops of the JVM from one thread: reports an item that holds its loop for long, and asks for cancelled tasks that go on. */
final class Watchdog implements Runnable {
    /*
     * The loop pays for this with one plain increment per item and no clock. The watchdog samples that counter: if it stands
     * still and the loop does not wait, an item is running. Reading it without synchronization may show an old value, which delays
     * a report by a sample.
     *
     * Mounted, it looks whether the item is an await on a stack that cannot unmount, too, which only this thread can end; so every loop is watched there.
     */
    private static final long SAMPLE_NANOS = Duration.ofMillis(25).toNanos();
    private static final long RESCUE_NANOS = Duration.ofMillis(100).toNanos();
    private static final int STUCK_FACTOR = 10;
    private static final Watchdog INSTANCE = new Watchdog();

    private final Set<Watch> watches = ConcurrentHashMap.newKeySet();
    private final Thread thread =
            Thread.ofPlatform().daemon().name("coloop-watchdog").unstarted(this);

    private Watchdog() {
        thread.start();
    }

    /**
     * Watches a loop until it is closed. Any thread.
     *
     * @param slowItem how long an item may hold it; zero: for ever
     * @param slowCancellation how long a cancelled task may go on; zero: for ever
     */
    static void watch(Loop loop, Duration slowItem, Duration slowCancellation) {
        if (slowItem.isPositive() || slowCancellation.isPositive() || Loop.mode() == Mode.MOUNTED) {
            INSTANCE.watches.add(new Watch(loop, slowItem, slowCancellation));
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
            watches.forEach(Watchdog::look);
        }
    }

    /** About how many tasks all watched loops have. */
    private int taskCount() {
        return watches.stream().mapToInt(watch -> watch.loop.alive().count()).sum();
    }

    /** Nothing that goes wrong with one loop may end the watch over the others. */
    private static void look(Watch watch) {
        try {
            watch.look();
        } catch (Throwable broken) {
            LastResort.log("the watchdog failed", broken);
        }
    }

    /** What the watchdog knows of one loop; its thread's. */
    private static final class Watch {
        private final Loop loop;
        private final long slowItem;
        private final long askEvery;
        private long items;
        private long since;
        private long asked;
        private int reports; // of the item that holds the loop
        private long rescueAfter = RESCUE_NANOS; // that item has held it

        Watch(Loop loop, Duration slowItem, Duration slowCancellation) {
            this.loop = loop;
            this.slowItem = slowItem.isZero() ? Long.MAX_VALUE : Loop.nanos(slowItem);
            this.askEvery = slowCancellation.isZero() ? Long.MAX_VALUE : Loop.nanos(slowCancellation) / 10;
            this.since = System.nanoTime();
            this.asked = since;
        }

        void look() {
            long now = System.nanoTime();
            long itemsNow = loop.itemCount();
            long held = now - since;
            if (loop.isWaiting() || items != itemsNow) {
                items = itemsNow;
                since = now;
                reports = 0;
                rescueAfter = RESCUE_NANOS;
            } else if (reports == 0 && held >= slowItem) {
                reports = 1;
                report(held);
            } else if (reports == 1 && held / STUCK_FACTOR >= slowItem) {
                reports = 2;
                report(held);
            } else if (held >= rescueAfter) {
                rescueAfter = 2 * held;
                rescue(loop.running());
            }
            if (now - asked >= askEvery) {
                asked = now;
                loop.cancelled().ask();
            }
        }

        private void rescue(@Nullable Task<?> task) {
            Fiber fiber = task == null ? null : task.fiberOrNull();
            if (fiber != null) {
                StackTraceElement[] stack = fiber.thread().getStackTrace();
                if (loop.itemCount() == items) {
                    fiber.rescueIfPinned(stack);
                }
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
            String what = (task == null ? "a callback or subscription" : task.name()) + " holds the loop for "
                    + Duration.ofNanos(nanos).toMillis() + " ms already, and nothing else runs";
            if (reports == 1) {
                Recording.slowItem(task == null ? "callback" : task.name(), loop.name(), nanos, stack);
                report(
                        Report.Kind.SLOW_ITEM,
                        what + "; give up the loop with an await, or use blocking(...)",
                        ThreadStack.of(stack, "the loop is held here"),
                        task);
            } else {
                StuckLoop stuck = new StuckLoop(loop, thread, INSTANCE.taskCount());
                report(
                        Report.Kind.STUCK_LOOP,
                        what + stuck.reason() + "; " + stuck.counts(),
                        stuck.stacks(stack),
                        task);
            }
        }

        private void report(Report.Kind kind, String message, ThreadStack stack, @Nullable Task<?> task) {
            loop.report(new Report(kind, loop, message, stack, task, null));
        }
    }
}
