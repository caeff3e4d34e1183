package io.coloop.internal.bytes;

import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Task;

/**
 * What belongs to a loop and says so.
 *
 * @param what in words: a stream, a process
 * @param type its name, to name its calls by
 */
public record Confined(Loop loop, String what, String type) {
    /** The call must come from a task of the loop. */
    public void checkTask(String method) {
        if (Task.current().loop() != loop) {
            check(method);
        }
    }

    /** The call must come from the loop, unless that is closed. */
    public void check(String method) {
        if (!loop.isClosed() && !loop.isOnLoop()) {
            throw LoopMisuseException.of(
                    "this " + what + " belongs to its loop's thread",
                    type + "." + method,
                    loop,
                    "call it from a task of that loop, or pass it there with loop.spawn(...)");
        }
    }

    /** An error of who calls this now. */
    public LoopMisuseException misuse(String rule, String method, String remedy) {
        return LoopMisuseException.of(rule, type + "." + method, loop, remedy);
    }
}
