package io.coloop;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Tasks that end before the block that spawned them does. {@link #run} calls its body in place, on the calling task, then awaits every task of the
 * group, also if it is cancelled meanwhile:
 *
 * <ul>
 *   <li>The first failure, of a task or of the body, cancels the others. All failures arrive in one {@link TaskGroupException}.
 *   <li>A cancel of the calling task cancels the group's tasks; once they have ended, {@code run} throws the {@link TaskCancelledException}. If there
 *       are failures too, they are thrown, and the cancel counts at the next await.
 *   <li>{@link #cancel()} ends the group early, without an exception.
 *   <li>A task that was merely cancelled is no failure.
 * </ul>
 *
 * <p>As asyncio's {@code TaskGroup}, with two differences: failures are listed in the order in which they happened, the body's too; and a cancel
 * request that was there before the group began, as in a {@code finally} of a cancelled task, does not end it.
 *
 * <p>Confined to its loop.
 */
public final class TaskGroup {
    /**
     * What a group does on the calling task, with a result.
     *
     * @param <T> the result
     */
    @FunctionalInterface
    public interface GroupBody<T extends @Nullable Object> extends VoidGroupBody {
        /** Computes the result; it may await and spawn. */
        T compute(TaskGroup group) throws Throwable;

        @Override
        default void run(TaskGroup group) throws Throwable {
            compute(group);
        }
    }

    /** What a group does on the calling task, without a result. A lambda that only calls a void method needs braces. */
    @FunctionalInterface
    public interface VoidGroupBody {
        /** Does it; it may await and spawn. */
        void run(TaskGroup group) throws Throwable;
    }

    /*
     * The body runs, then its task waits until no member is left. `aborting` is set once, by whatever ends the group before its time, and cancels the
     * members. If that is a failed member or cancel(), the parent is cancelled as well; this one request is the group's own and taken back
     * at the end. What remains above `requestsBefore` then comes from outside.
     *
     * All fields belong to the loop.
     */
    private final Task<?> parent;
    private final @Nullable Cleanup cleanup; // what it began in
    private final int requestsBefore;
    private final Members members;
    private final List<Throwable> failures = new ArrayList<>();
    private @Nullable Promise<@Nullable Void> noMembers; // what the parent waits for, once its body is done
    private @Nullable TaskCancelledException cancellation; // to be thrown if it comes from outside
    private boolean aborting;
    private boolean parentCancelled;
    private boolean bodyDone;
    private boolean ended;

    private TaskGroup(Task<?> parent) {
        this.parent = parent;
        this.cleanup = parent.cleanup;
        this.requestsBefore = parent.requestsSeen();
        this.members = new Members(parent.loop(), this::memberDone);
    }

    /**
     * Runs a body and awaits all tasks that were spawned in the group; returns the body's result.
     *
     * @throws TaskGroupException if the body or a task failed, even if the caller was cancelled as well; not for an error of the virtual machine, which is
     *     rethrown as it is
     * @throws TaskCancelledException if the caller was cancelled, or the body awaited something that was
     * @throws LoopMisuseException outside a task, or if {@link #cancel()} cut the body short so that there is no result
     */
    public static <T extends @Nullable Object> T run(GroupBody<? extends T> body) {
        Objects.requireNonNull(body, "body");
        TaskGroup group = new TaskGroup(Task.require("TaskGroup.run(...)"));
        Object outcome = group.runToEnd(() -> body.compute(group));
        if (outcome == null) {
            throw Misuse.of(
                    "a group that is cancelled has a result only if its body returns one",
                    "TaskGroup.run(...)",
                    group.parent.loop(),
                    "catch TaskCancelledException in the body and return a value, or give the body no result");
        }
        return Outcome.valueOf(outcome);
    }

    /** Runs a body without a result; see {@link #run(GroupBody)}. It returns normally if {@link #cancel()} cut the body short. */
    public static void run(VoidGroupBody body) {
        Objects.requireNonNull(body, "body");
        TaskGroup group = new TaskGroup(Task.require("TaskGroup.run(...)"));
        group.runToEnd(() -> {
            body.run(group);
            return null;
        });
    }

    /**
     * Starts a task of this group, from the body or from any task or callback while the group lasts.
     *
     * @throws LoopMisuseException on another thread, if the group has ended, or if it is ending early because of a failure or a cancel
     */
    public <T extends @Nullable Object> Task<T> spawn(Body<? extends T, ?> body) {
        checkOpen();
        return admit(parent.loop().spawn(body));
    }

    /** Starts a task without a result; see {@link #spawn(Body)}. */
    public Task<@Nullable Void> spawn(VoidBody<?> body) {
        checkOpen();
        return admit(parent.loop().spawn(body));
    }

    /** Starts a task with a name, which its thread has too; see {@link #spawn(Body)}. */
    public <T extends @Nullable Object> Task<T> spawn(String name, Body<? extends T, ?> body) {
        checkOpen();
        return admit(parent.loop().spawn(name, body));
    }

    /** Starts a task without a result and with a name; see {@link #spawn(Body)}. */
    public Task<@Nullable Void> spawn(String name, VoidBody<?> body) {
        checkOpen();
        return admit(parent.loop().spawn(name, body));
    }

    /** Ends the group early without a reason; see {@link #cancel(String)}. */
    public void cancel() {
        cancel(null);
    }

    /**
     * Ends the group early: cancels its tasks and its body, and {@code run} returns once they have ended, without a {@link TaskCancelledException}. Failures
     * are still thrown. Does nothing if the group is ending early already, or has ended.
     *
     * @param reason the message of the exception that the tasks and the body see, or null
     */
    public void cancel(@Nullable String reason) {
        parent.loop().checkOnLoop("TaskGroup.cancel()");
        if (!isOver()) {
            cancelAll(reason);
        }
    }

    /** Whether nothing of it is left to run, though its parent may still be on the way to find out. */
    private boolean isOver() {
        return ended || (bodyDone && members.isEmpty());
    }

    private void checkOpen() {
        Loop loop = parent.loop();
        loop.checkOnLoop("TaskGroup.spawn(...)");
        if (isOver()) {
            throw Misuse.of(
                    "a task group that has ended takes no more tasks",
                    "TaskGroup.spawn(...)",
                    loop,
                    "spawn while its body or one of its tasks runs, or use another group");
        }
        if (aborting) {
            throw Misuse.of(
                    "a task group that is shutting down takes no more tasks",
                    "TaskGroup.spawn(...)",
                    loop,
                    "do what is left in the task itself, or in a group of its own");
        }
    }

    private <T extends @Nullable Object> Task<T> admit(Task<T> task) {
        members.add(task);
        return task;
    }

    // ---- on the parent's fiber

    /** The body's outcome if it has a value; null if it was cut short. */
    private @Nullable Object runToEnd(Body<?, ?> body) {
        Object outcome = null;
        try {
            outcome = Outcome.of(body.run());
        } catch (TaskCancelledException cancelled) {
            cutShort(cancelled);
        } catch (Throwable failure) {
            failures.add(failure);
            abort("the body of its group failed: " + failure);
        }
        bodyDone = true;
        try {
            awaitMembers();
        } catch (Throwable refused) { // a stack that cannot unmount, a circle of awaits
            failures.add(refused);
            abort("its group could not await it: " + refused);
        }
        ended = true;
        throwWhatHappened();
        return outcome;
    }

    private void awaitMembers() {
        while (!members.isEmpty()) {
            noMembers = parent.loop().promise(members);
            try {
                parent.await(noMembers.future());
            } catch (TaskCancelledException cancelled) {
                cutShort(cancelled);
            }
        }
    }

    private void cutShort(TaskCancelledException cancelled) {
        if (cancellation == null || parentCancelled) { // a later one may come from outside where the first did not
            cancellation = cancelled;
        }
        abort(cancelled.getMessage());
    }

    private void throwWhatHappened() {
        if (parentCancelled) {
            parent.uncancel();
        }
        boolean cancelledFromOutside = parent.requestsSeen() > requestsBefore;
        if (!failures.isEmpty()) {
            if (cancelledFromOutside) {
                parent.uncancel();
                parent.cancelFrom(
                        cleanup, cancellation == null ? null : cancellation.getMessage()); // for the next await
            }
            throwFatal();
            throw new TaskGroupException(failures);
        }
        if (cancellation != null && (cancelledFromOutside || !parentCancelled)) {
            throw cancellation;
        }
    }

    /** An error of the virtual machine goes on as it is; what else failed is reported. */
    private void throwFatal() {
        for (Throwable fatal : failures) {
            if (!Outcome.endsLoop(fatal)) {
                continue;
            }
            for (Throwable failure : failures) {
                if (failure != fatal) {
                    parent.loop()
                            .report(new Report(
                                    Report.Kind.UNOBSERVED_FAILURE,
                                    parent.loop(),
                                    "a task group ended with " + fatal + ", but this failed in it, too: " + failure,
                                    failure,
                                    parent,
                                    null));
                }
            }
            throw (Error) fatal;
        }
    }

    // ---- anywhere on the loop

    private void cancelAll(@Nullable String reason) {
        if (!aborting) {
            abort(reason);
            parentCancelled = true;
            parent.cancelFrom(cleanup, reason);
        }
    }

    private void abort(@Nullable String reason) {
        if (!aborting) {
            aborting = true;
            members.cancel(reason);
        }
    }

    private void memberDone(Task<?> task) {
        if (members.isEmpty() && noMembers != null) {
            noMembers.complete(null);
        }
        if (!task.isFailed()) {
            return;
        }
        if (ended || parent.isDone()) { // the parent had to leave without it
            task.turnedAway();
            return;
        }
        Throwable failure = task.exceptionNow();
        failures.add(failure);
        cancelAll("a task of its group failed: " + failure);
    }

    @Override
    public String toString() {
        String state = ended ? "ended" : aborting ? "cancelling" : bodyDone ? "waiting" : "running";
        return "TaskGroup[" + state + ", " + members + ", " + failures.size() + " failures]";
    }
}
