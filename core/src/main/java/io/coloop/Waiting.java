package io.coloop;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Waiting on threads that are not a loop's. */
final class Waiting {
    private Waiting() {}

    /** Waits for the latch, at most so many nanoseconds; an interrupt is kept for afterwards. */
    static boolean uninterruptibly(CountDownLatch latch, long nanos) {
        long end = System.nanoTime() + nanos;
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return latch.await(end - System.nanoTime(), TimeUnit.NANOSECONDS);
                } catch (InterruptedException interrupt) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
