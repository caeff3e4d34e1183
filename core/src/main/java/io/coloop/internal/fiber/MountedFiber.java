package io.coloop.internal.fiber;

import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A virtual thread whose scheduler is the loop: resuming it is a call on the carrier thread. */
final class MountedFiber extends Fiber implements Runnable {
    /*
     * The body is pinned except inside suspend, so nothing but an await unmounts it; a contended lock or a sleep blocks the
     * loop thread instead of letting another task in.
     *
     * All fields belong to whoever holds the loop: the carrier thread, or the body mounted on it.
     */
    private final Scheduler scheduler;
    private final Thread thread;
    private final Supplier<? extends @Nullable Runnable> body;
    private boolean started;
    private boolean runnable;
    private boolean held; // resumed, and its continuation has not come
    private @Nullable Runnable then;
    private volatile boolean pinned; // set by a rescuer, when the suspend that it is for can end no other way

    MountedFiber(Carrier carrier, String name, Supplier<? extends @Nullable Runnable> body) {
        this.scheduler = new Scheduler(carrier, this);
        this.body = body;
        this.thread = Jdk.newVirtualThread(scheduler, name, this);
    }

    /** The virtual thread's. */
    @Override
    public void run() {
        Jdk.pin();
        try {
            then = body.get();
        } finally {
            scheduler.fiber = null;
            Jdk.unpin();
        }
    }

    @Override
    public void resume() {
        runnable = true;
        scheduler.capturing = true;
        try {
            if (started) {
                LockSupport.unpark(thread);
            } else {
                started = true;
                thread.start();
            }
        } finally {
            scheduler.capturing = false;
        }
        Runnable continuation = scheduler.captured;
        if (continuation != null) {
            scheduler.captured = null;
            mount(continuation);
        }
        noteIfHeld();
    }

    /** There was no continuation, or it ran nothing: the JDK sends it again. */
    private void noteIfHeld() {
        if (runnable && !held && scheduler.fiber != null) {
            held = true;
            scheduler.carrier.held(true);
        }
    }

    private void mountLate(Runnable continuation) {
        if (held) {
            held = false;
            scheduler.carrier.held(false);
        }
        mount(continuation);
        noteIfHeld();
    }

    private void mount(Runnable continuation) {
        continuation.run();
        Runnable next = then;
        if (next != null) {
            then = null;
            next.run();
        }
    }

    @Override
    public void suspend(@Nullable Runnable then) {
        this.then = then;
        runnable = false;
        boolean interrupted = Thread.interrupted(); // with the flag set, park would return at once
        Jdk.unpin();
        try {
            while (!runnable) {
                LockSupport.park(this);
                interrupted |= Thread.interrupted();
                if (pinned && !runnable) {
                    pinned = false;
                    runnable = true;
                    this.then = null;
                    throw new PinnedStackException();
                }
            }
        } finally {
            Jdk.pin();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean rescueIfPinned(StackTraceElement[] stack) {
        boolean onCarrier = false;
        for (StackTraceElement frame : stack) {
            onCarrier |= frame.getMethodName().equals("parkOnCarrierThread");
            if (onCarrier
                    && frame.getMethodName().equals("suspend")
                    && frame.getClassName().equals(MountedFiber.class.getName())) {
                pinned = true;
                LockSupport.unpark(thread);
                return true;
            }
        }
        return false;
    }

    @Override
    public Thread thread() {
        return thread;
    }

    /**
     * Runs one fiber's continuation on the loop and everything else on the JDK's default scheduler: a virtual thread started in
     * a body inherits this scheduler, and so do the JDK's own helper threads, which outlive the task.
     */
    private static final class Scheduler implements Executor {
        private final Carrier carrier;
        private @Nullable MountedFiber
                fiber; // the loop's; null once the body has ended, so that heirs keep nothing alive
        private volatile @Nullable Runnable own; // the first runnable received, from start()
        private boolean capturing; // carrier thread only
        private @Nullable Runnable captured; // carrier thread only

        Scheduler(Carrier carrier, MountedFiber fiber) {
            this.carrier = carrier;
            this.fiber = fiber;
        }

        @Override
        public void execute(Runnable continuation) {
            boolean resuming = Thread.currentThread() == carrier.thread() && capturing;
            if (own == null && resuming) {
                own = continuation;
            }
            if (continuation != own) {
                Jdk.defaultScheduler().execute(continuation);
            } else if (resuming) {
                captured = continuation;
            } else {
                carrier.runSoon(() -> {
                    MountedFiber mounted = fiber;
                    if (mounted != null) {
                        mounted.mountLate(continuation);
                    }
                });
            }
        }
    }
}
