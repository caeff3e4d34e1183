package io.coloop;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A part of a task that a cancel does not cut short, for a while: what a {@code finally} has to finish, such as the goodbye on a connection or a
 * transaction's end. {@link #run} calls its body in place, on the calling task, and until the grace is over
 *
 * <ul>
 *   <li>holds back every cancel request that comes from outside the scope, also from a {@link Timeout} or {@link TaskGroup} around it. It counts in
 *       {@link Task#cancelling()} at once; the first await after the scope delivers it.
 *   <li>lets timeouts and groups inside the scope work as ever, whether the task was cancelled or not.
 * </ul>
 *
 * <p>When the grace is over and the task is being cancelled, by a request held back or one from before the scope, the scope's current or next await
 * throws {@link TaskCancelledException}. A task that nobody cancelled goes on, unprotected. An inner scope's grace ends with the outer's at the
 * latest. A loop that closes cancels its tasks in the same way, and does not wait beyond its own time limit.
 *
 * <p>Tasks that the body spawns are not protected, except from a cancel of this task while it awaits them. asyncio has no such scope; Kotlin's
 * {@code NonCancellable} has no limit.
 */
public final class Cleanup {
    /*
     * A request is counted as held by all scopes that stand between its origin and the code that runs; what is to be delivered later is kept by the
     * outermost of them alone, the last one to end.
     *
     * All fields belong to the loop.
     */
    private final Task<?> task;
    private final Duration grace;
    private final @Nullable Cleanup outer;
    private final long deadline;
    private @Nullable TimerHandle timer;
    private int held; // requests that the body is not to see, those before the scope included
    private boolean pending; // one of them was not delivered
    private @Nullable String reason;
    private boolean open; // the grace is over

    private Cleanup(Task<?> task, Duration grace) {
        this.task = task;
        this.grace = grace;
        this.outer = task.cleanup;
        long own = task.loop().deadlineAfter(Loop.nanos(grace));
        this.deadline = outer == null ? own : Math.min(own, outer.deadline);
        this.held = task.cancelling();
    }

    /**
     * Runs a body on the calling task, protected from cancel requests; returns its result, or throws its failure, the instance itself.
     *
     * @param grace how long from now; zero or less protects until the next turn
     * @throws TaskCancelledException if the grace was over and the task is being cancelled, or the body awaited something that was cancelled
     * @throws LoopMisuseException outside a task
     */
    public static <T extends @Nullable Object, X extends Throwable> T run(Duration grace, Body<T, X> body) throws X {
        Objects.requireNonNull(grace, "grace");
        Objects.requireNonNull(body, "body");
        Cleanup scope = new Cleanup(Task.require("Cleanup.run(...)"), grace);
        scope.begin();
        try {
            return body.run();
        } finally {
            scope.end();
        }
    }

    /** Runs a body without a result; see {@link #run(Duration, Body)}. */
    public static <X extends Throwable> void run(Duration grace, VoidBody<X> body) throws X {
        run(grace, Loop.asBody(body));
    }

    private void begin() {
        if (deadline < Long.MAX_VALUE) {
            timer = task.loop().callAt(deadline, this::graceIsOver);
        }
        task.cleanup = this;
        if (task.takeUndelivered()) {
            keep(task.cancelReason());
        }
    }

    private void end() {
        if (timer != null) {
            timer.cancel();
        }
        task.cleanup = outer;
        if (pending && task.cancelling() > 0) {
            task.cancelAtNextAwait(reason);
        }
    }

    private void graceIsOver() {
        open = true;
        if (held > 0 && task.cancelling() > 0) {
            task.interrupt(pending ? reason : "the cleanup of a cancelled task took longer than " + grace);
            pending = false;
        }
    }

    private void keep(@Nullable String reason) {
        if (!pending) {
            this.pending = true;
            this.reason = reason;
        }
    }

    /** Whether a cleanup of the task that began after {@code within} keeps a new cancel request from the code that runs. */
    static boolean holdsBack(Task<?> task, @Nullable Cleanup within, @Nullable String reason) {
        Cleanup outermost = null;
        for (Cleanup scope = task.cleanup; scope != null && scope != within; scope = scope.outer) {
            if (!scope.open) {
                scope.held++;
                outermost = scope;
            }
        }
        if (outermost != null) {
            outermost.keep(reason);
        }
        return outermost != null;
    }

    /** How many cancel requests are kept from the code that the task runs. */
    static int heldBack(Task<?> task) {
        Cleanup scope = protecting(task);
        return scope == null ? 0 : scope.held;
    }

    /** The innermost scope of the task whose grace is not over, or null. */
    static @Nullable Cleanup protecting(Task<?> task) {
        Cleanup scope = task.cleanup;
        while (scope != null && scope.open) {
            scope = scope.outer;
        }
        return scope;
    }
}
