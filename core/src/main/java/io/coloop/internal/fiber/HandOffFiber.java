package io.coloop.internal.fiber;

import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A virtual thread of the default scheduler that runs only while it holds its loop's baton. */
final class HandOffFiber extends Fiber {
    /*
     * One baton per loop, held by the loop's thread or by one fiber; everyone else is parked and waits for it. Passing it is a
     * volatile write and an unpark, so what the holder did is visible to the next one.
     *
     *   resume    loop -> fiber, and the loop waits
     *   suspend   fiber -> the next fiber that is ready (directly), or -> loop
     *   the end   like suspend
     */
    private final Baton baton;
    private final Carrier carrier;
    private final Thread thread;
    private boolean started; // the baton holder's
    private volatile boolean holds;

    HandOffFiber(Baton baton, Carrier carrier, String name, Supplier<? extends @Nullable Runnable> body) {
        this.baton = baton;
        this.carrier = carrier;
        this.thread = Thread.ofVirtual()
                .name(name)
                .inheritInheritableThreadLocals(false)
                .unstarted(() -> {
                    Runnable then = null;
                    try {
                        then = body.get();
                    } finally {
                        passOn(then);
                    }
                });
    }

    @Override
    public void resume() {
        baton.lend(this);
    }

    @Override
    public void suspend(@Nullable Runnable then) {
        holds = false;
        passOn(then);
        boolean interrupted = false;
        while (!holds) {
            LockSupport.park(this);
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void passOn(@Nullable Runnable then) {
        Fiber next = then == null ? carrier.takeNext() : null;
        if (next == null) {
            baton.giveBack(then);
        } else if (next == this) {
            holds = true;
        } else {
            ((HandOffFiber) next).receive();
        }
    }

    /** Gives this fiber the baton. The holder's. */
    private void receive() {
        holds = true;
        if (started) {
            LockSupport.unpark(thread);
        } else {
            started = true;
            thread.start();
        }
    }

    @Override
    public boolean rescueIfPinned(StackTraceElement[] stack) {
        return false; // a pinned stack parks its own thread, not the loop's
    }

    @Override
    public Thread thread() {
        return thread;
    }

    /** The loop's side: where its thread waits while fibers hold the baton. */
    static final class Baton {
        private static final int SPINS = Runtime.getRuntime().availableProcessors() > 1 ? 200 : 0;

        private volatile boolean lent;
        private @Nullable Thread lender; // published by lent
        private @Nullable Runnable then; // published by lent

        void lend(HandOffFiber fiber) {
            lender = Thread.currentThread();
            lent = true;
            fiber.receive();
            boolean interrupted = false;
            int spins = Thread.currentThread().isVirtual() ? 0 : SPINS;
            while (lent) {
                if (spins-- > 0) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(this);
                    interrupted |= Thread.interrupted();
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            Runnable next = then;
            if (next != null) {
                then = null;
                next.run();
            }
        }

        void giveBack(@Nullable Runnable next) {
            Thread waiting = lender;
            then = next;
            lent = false;
            LockSupport.unpark(waiting);
        }
    }
}
