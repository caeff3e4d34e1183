package io.coloop;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** One {@link Loop#run}: a loop for the time of its main task, and a thread that waits for it. */
final class Runner<T extends @Nullable Object> {
    private final Loop loop;
    private final Task<T> main;
    private final CountDownLatch ended = new CountDownLatch(1); // the loop's thread has, or was given up
    private final AtomicInteger sigints = new AtomicInteger();
    private final AtomicReference<@Nullable String> stopped = new AtomicReference<>(); // by what

    Runner(LoopBuilder settings, Body<T, ?> body) {
        this.loop = new Loop(settings, OwnedDriver::new);
        this.main = loop.spawn("main", body);
        main.register(new Closer(main));
    }

    /** Runs the loop and returns what the main task returned, or throws what it threw. */
    <X extends Throwable> T run(boolean handleSigint) throws X {
        Runnable onSigint = this::onSigint;
        if (handleSigint) {
            Interrupts.PROCESS.add(onSigint);
        }
        try {
            OwnedDriver.newThread(loop, this::turn).start();
            awaitEnd();
        } finally {
            if (handleSigint) {
                Interrupts.PROCESS.remove(onSigint);
            }
        }
        String how = stopped.get();
        if (how != null) {
            throw stoppedException(how);
        }
        return Outcome.<T, X>get(main);
    }

    private void turn() {
        try {
            ((OwnedDriver) loop.driver()).run();
        } finally {
            ended.countDown();
        }
    }

    private void awaitEnd() {
        boolean interrupted = false;
        while (true) {
            try {
                ended.await();
                break;
            } catch (InterruptedException interrupt) {
                interrupted = true;
                main.cancel("the thread that waits in Loop.run was interrupted");
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** On the signal's thread. */
    private void onSigint() {
        boolean first = sigints.incrementAndGet() == 1;
        if (first && main.cancel("SIGINT")) {
            return;
        }
        String how = (first ? "SIGINT" : "a second SIGINT") + " stopped the loop";
        if (stopped.compareAndSet(null, how)) {
            loop.closing().stop("before " + how);
            loop.closing().awaitEndOrGiveUp(0);
            ended.countDown();
        }
    }

    private TaskCancelledException stoppedException(String how) {
        TaskCancelledException exception = new TaskCancelledException(how);
        if (main.isFailed()) {
            exception.addSuppressed(main.exceptionNow());
        }
        return exception;
    }

    /** Closes the loop once its main task is done. */
    private static final class Closer extends Listener {
        private final Task<?> main;

        Closer(Task<?> main) {
            this.main = main;
        }

        @Override
        Loop loop() {
            return main.loop();
        }

        @Override
        boolean observes() {
            return true;
        }

        @Override
        public void run() {
            main.loop().closing().begin();
        }
    }
}
