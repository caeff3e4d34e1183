package io.coloop;

import org.jspecify.annotations.Nullable;

/** The texts of the errors that a caller gets for breaking a rule; one shape for all. */
final class Misuse {
    private Misuse() {}

    static LoopMisuseException of(String rule, String call, @Nullable Loop loop, String remedy) {
        return new LoopMisuseException(text(rule, call, loop, remedy));
    }

    static LoopMisuseException outsideTask(String call) {
        Loop loop = Loop.currentOrNull();
        String remedy;
        if (loop != null) {
            remedy =
                    "start a task with Task.spawn(...), or with an adapter's function that takes a body, such as mono(...); "
                            + "or use the future's callbacks";
        } else if (BlockingJobs.isOnItsThread()) {
            remedy = "return what the blocking code has, and await in the task that called blocking(...)";
        } else {
            remedy = "start the code with Loop.run(...), or on a loop that runs with loop.spawn(...)";
        }
        return of("only a task may await", call, loop, remedy);
    }

    /** {@link #outsideTask(String)} of an await; a lambda has no name that says anything. */
    static LoopMisuseException outsideTask(Awaitable<?> source) {
        return outsideTask("await(" + (source.getClass().isHidden() ? "Awaitable" : source) + ")");
    }

    static LoopMisuseException notOnLoop(String call, Loop loop) {
        return of(
                "this object belongs to its loop's thread",
                call,
                loop,
                "call it from a task or callback of that loop, or pass it there with loop.execute(...)");
    }

    static LoopMisuseException blocksLoop(String call, Loop loop) {
        return blocksLoop(call, loop, "in a task use await(future); in a callback use whenComplete(...)");
    }

    static LoopMisuseException blocksLoop(String call, Loop loop, String remedy) {
        return of("code on a loop must not block for what the loop itself may have to do", call, loop, remedy);
    }

    static LoopClosedException closed(String call, Loop loop) {
        return new LoopClosedException(text(
                "a closed loop takes no more work",
                call,
                loop,
                "keep the loop open until its users are done, or use another"));
    }

    private static String text(String rule, String call, @Nullable Loop loop, String remedy) {
        return rule + "\n  call:   " + call + "\n  thread: " + threadName() + "\n  loop:   "
                + (loop == null ? "none" : loop.name()) + "\n  remedy: " + remedy;
    }

    private static String threadName() {
        Thread thread = Thread.currentThread();
        Task<?> task = Task.currentOrNull();
        String name = thread.getName().isEmpty() ? "#" + thread.threadId() : thread.getName();
        return task == null ? name : name + ", in task " + task.name();
    }
}
