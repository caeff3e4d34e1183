package io.coloop.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A task's life, from spawn to end. */
@Name("io.coloop.Task")
@Label("Task")
@Description("A task of a coloop loop, from when it was spawned to when it ended")
@Category("coloop")
@StackTrace(false)
public final class TaskEvent extends Event {
    @Label("Task")
    String task = "";

    @Label("Loop")
    String loop = "";

    @Label("Outcome")
    String outcome = "";

    private TaskEvent() {}

    /** An event that begins now. */
    public static TaskEvent begun() {
        TaskEvent event = new TaskEvent();
        event.begin();
        return event;
    }

    /** Ends and records it. */
    public void end(String taskName, String loopName, String how) {
        end();
        if (shouldCommit()) {
            task = taskName;
            loop = loopName;
            outcome = how;
            commit();
        }
    }
}
