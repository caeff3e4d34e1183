package io.coloop.sync;

import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Task;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** The loop that an object belongs to: the first that used it, as in asyncio. Each call is checked against it. */
final class Home {
    private static final VarHandle LOOP;

    static {
        try {
            LOOP = MethodHandles.lookup().findVarHandle(Home.class, "loop", Loop.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private @Nullable Loop loop; // set once; two loops may try at a time

    Home() {}

    /** The calling task, of this loop, which may await. */
    Task<?> task(String call) {
        return task("only a task may await", call);
    }

    /** The calling task, of this loop. */
    Task<?> task(String rule, String call) {
        Task<?> task = caller(rule, call);
        if (task.loop() != loop) {
            bind(task.loop(), call);
        }
        return task;
    }

    /** The calling task, of any loop, which may await. */
    static Task<?> caller(String call) {
        return caller("only a task may await", call);
    }

    private static Task<?> caller(String rule, String call) {
        Task<?> task = Task.currentOrNull();
        if (task == null) {
            Loop here = Loop.currentOrNull();
            String remedy = here == null ? "start the code with Loop.run(...)" : "start a task with Task.spawn(...)";
            throw LoopMisuseException.of(rule, call, here, remedy);
        }
        return task;
    }

    /** Checks that the caller is on this loop, in a task or a callback. */
    void check(String call) {
        Loop current = Loop.currentOrNull();
        if (current == null || current != loop) {
            bind(current, call);
        }
    }

    /** The error for breaking another rule than that of the loop. */
    LoopMisuseException misuse(String rule, String call, String remedy) {
        return LoopMisuseException.of(rule, call, loop, remedy);
    }

    private void bind(@Nullable Loop current, String call) {
        if (current == null || !LOOP.compareAndSet(this, null, current)) {
            Loop owner = loop;
            throw LoopMisuseException.of(
                    owner == null
                            ? "this object belongs to the first loop that uses it, and the calling thread has none"
                            : "this object belongs to the loop " + owner.name() + ", the first that used it",
                    call,
                    current,
                    "call it from a task or callback of its loop, or through loop.execute(...); make one object per loop");
        }
    }
}
