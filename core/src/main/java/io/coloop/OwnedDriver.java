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

    @Override
    public void run() {
        thread = Thread.currentThread();
        turnUntilClosed(loop);
    }

    /** Turns the loop on the calling thread. */
    static void turnUntilClosed(Loop loop) {
        loop.bind();
        try {
            while (true) {
                loop.turn();
                if (loop.isClosing() && loop.finishClosing()) {
                    return;
                }
                if (!loop.hasReady()) {
                    waitForWork(loop);
                }
            }
        } catch (Throwable broken) { // the clock threw, or memory ran out between two items
            loop.breakDown(broken);
        }
    }

    private static void waitForWork(Loop loop) {
        long deadline = loop.nextDeadline();
        long left = deadline == Long.MAX_VALUE ? Long.MAX_VALUE : deadline - loop.time();
        if (left <= 0 || loop.advanceClock(left) || !loop.prepareToWait()) {
            return;
        }
        Thread.interrupted(); // nothing relies on the loop thread's flag, and a stray one would make every wait a spin
        if (left == Long.MAX_VALUE) {
            LockSupport.park(loop);
        } else {
            LockSupport.parkNanos(loop, left);
        }
    }

    @Override
    @Nullable
    Thread thread() {
        return thread;
    }

    @Override
    void wake() {
        LockSupport.unpark(thread);
    }

    @Override
    void changed() {
        // the thread is in a turn, or about to look
    }

    @Override
    boolean ownsThread() {
        return true;
    }
}
