package io.coloop;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Waiting for other threads in tests, always with a limit. */
final class Real {
    static final long LIMIT_SECONDS = 20;

    private Real() {}

    @FunctionalInterface
    interface Action {
        void run() throws Exception;
    }

    /** Runs an action on a platform thread of its own and waits for its end; its failure is the caller's. */
    static void onOtherThread(Action action) {
        join(start(action));
    }

    /** Starts an action on a platform thread of its own. */
    static Other start(Action action) {
        Other other = new Other(action);
        other.thread.start();
        return other;
    }

    static void join(Other other) {
        try {
            other.thread.join(TimeUnit.SECONDS.toMillis(LIMIT_SECONDS));
        } catch (InterruptedException interrupt) {
            throw new AssertionError(interrupt);
        }
        if (other.thread.isAlive()) {
            AssertionError stuck = new AssertionError(other.thread + " did not end");
            stuck.setStackTrace(other.thread.getStackTrace());
            throw stuck;
        }
        if (other.failure != null) {
            throw new AssertionError("failed on " + other.thread, other.failure);
        }
    }

    /** Waits, whatever interrupts come. */
    static void await(CountDownLatch latch) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    if (!latch.await(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                        throw new AssertionError("nobody opened the latch");
                    }
                    return;
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

    /** Spins until a condition on other threads holds. */
    static void until(String what, java.util.function.BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("never: " + what);
            }
            Thread.onSpinWait();
        }
    }

    /** A thread and how it ended. */
    static final class Other {
        final Thread thread;
        private volatile Throwable failure;

        private Other(Action action) {
            thread = Thread.ofPlatform().daemon().name("other").unstarted(() -> {
                try {
                    action.run();
                } catch (Throwable thrown) {
                    failure = thrown;
                }
            });
        }
    }

    /** An exception handler to wait at. */
    static final class ReportQueue implements ExceptionHandler {
        private final BlockingQueue<Report> reports = new LinkedBlockingQueue<>();

        @Override
        public void handle(Report report) {
            reports.add(report);
        }

        /** The next report, waiting for it. */
        Report next() {
            try {
                Report next = reports.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
                if (next == null) {
                    throw new AssertionError("nothing was reported");
                }
                return next;
            } catch (InterruptedException interrupt) {
                throw new AssertionError(interrupt);
            }
        }

        List<Report> left() {
            List<Report> left = new ArrayList<>();
            reports.drainTo(left);
            return left;
        }

        List<Report.Kind> leftKinds() {
            return left().stream().map(Report::kind).toList();
        }
    }
}
