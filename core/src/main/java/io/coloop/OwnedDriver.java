package io.coloop;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Turns a loop on a thread of its own until the loop is closed. */
final class OwnedDriver extends Driver implements Runnable {
    private final Loop loop;
    private volatile @Nullable Thread thread; // written once, by the thread itself

    OwnedDriver(Loop loop) {
        this.loop = loop;
    }

    /** A thread for a loop, of this JVM's mode. It does not keep the JVM alive. */
    static Thread newThread(Loop loop, Runnable action) {
        return Loop.mode() == Mode.MOUNTED
                ? Thread.ofPlatform().daemon().name(loop.name()).unstarted(action)
                : Thread.ofVirtual()
                        .name(loop.name())
                        .inheritInheritableThreadLocals(false)
                        .unstarted(action);
    }

    @Override
    public void run() {
        loop.watch();
        thread = Thread.currentThread();
        turnUntilClosed(loop);
    }

    /** Turns the loop on the calling thread. */
    static void turnUntilClosed(Loop loop) {
        Thread here = Thread.currentThread();
        Thread.UncaughtExceptionHandler before = here.getUncaughtExceptionHandler();
        here.setUncaughtExceptionHandler((thread, failure) -> loop.reportUndeliverable("its thread", failure, null));
        loop.bind();
        try {
            while (true) {
                loop.turn();
                if (loop.closing().advance()) {
                    return;
                }
                if (!loop.hasReady()) {
                    waitForWork(loop);
                }
            }
        } catch (Throwable broken) { // the clock threw, or memory ran out between two items
            loop.closing().breakDown(broken);
        } finally {
            here.setUncaughtExceptionHandler(before == here.getThreadGroup() ? null : before);
        }
    }

    private static void waitForWork(Loop loop) {
        long deadline = loop.nextDeadline();
        boolean mayBeSilent = deadline == Long.MAX_VALUE;
        long left = mayBeSilent ? loop.silenceLimit() : deadline - loop.time();
        if (mayBeSilent && left == 0) {
            loop.reportSilence();
            return;
        }
        if (left <= 0 || (!mayBeSilent && loop.advanceClock(left)) || !loop.prepareToWait()) {
            return;
        }
        Thread.interrupted(); // nothing relies on the loop thread's flag, and a stray one would make every wait a spin
        if (left == Long.MAX_VALUE) {
            waitAtMost(loop, left);
        } else {
            long begin = System.nanoTime();
            waitAtMost(loop, left);
            if (mayBeSilent && System.nanoTime() - begin >= left && !loop.hasArrived()) {
                loop.reportSilence();
            }
        }
    }

    private static void waitAtMost(Loop loop, long nanos) {
        if (loop.channels().await(nanos)) {
            return;
        }
        if (nanos == Long.MAX_VALUE) {
            LockSupport.park(loop);
        } else {
            LockSupport.parkNanos(loop, nanos);
        }
    }

    @Override
    @Nullable
    Thread thread() {
        return thread;
    }

    @Override
    void wake() {
        if (!loop.channels().wake()) {
            LockSupport.unpark(thread);
        }
    }

    @Override
    void changed() {
        // the thread is in a turn, or about to look
    }

    @Override
    boolean inTurn() {
        return true;
    }

    @Override
    boolean ownsThread() {
        return true;
    }
}
