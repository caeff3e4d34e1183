package io.coloop.internal.fiber;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** One fiber, suspended and resumed on a platform thread of its own, before anyone relies on it. */
final class Trial implements Carrier {
    private static final String EXPECTED = "body after-unmount carrier body after-end ";

    private final Thread thread;
    private final StringBuilder trail = new StringBuilder(); // the thread's and its fiber's
    private final AtomicReference<String> outcome = new AtomicReference<>("a fiber did not come back within 5 s");
    private @Nullable MountedFiber fiber;

    private Trial() {
        thread = Thread.ofPlatform().daemon().name("coloop-trial").unstarted(() -> outcome.set(steps()));
    }

    /** What is wrong with mounted fibers here, or null. */
    static @Nullable String run() {
        Trial trial = new Trial();
        trial.thread.start();
        try {
            trial.thread.join(TimeUnit.SECONDS.toMillis(5));
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
        }
        String problem = trial.outcome.get();
        return problem.isEmpty() ? null : "this JDK's internals differ: " + problem;
    }

    private String steps() {
        MountedFiber tried = new MountedFiber(this, "trial", this::body);
        fiber = tried;
        try {
            tried.resume();
            trail.append("carrier ");
            tried.resume();
        } catch (RuntimeException | Error failure) {
            return failure.toString();
        }
        return trail.toString().equals(EXPECTED) ? "" : "expected " + EXPECTED + "but saw " + trail;
    }

    private Runnable body() {
        trail.append("body ");
        LockSupport.parkNanos(1); // pinned: must not come back to the carrier
        if (fiber != null) {
            fiber.suspend(() -> trail.append("after-unmount "));
        }
        trail.append("body ");
        return () -> trail.append("after-end ");
    }

    @Override
    public Thread thread() {
        return thread;
    }

    @Override
    public void runSoon(Runnable action) {
        trail.append("outside ");
    }

    @Override
    public void held(boolean held) {
        // the trial has one fiber and waits for it
    }

    @Override
    public @Nullable Fiber takeNext() {
        return null;
    }
}
