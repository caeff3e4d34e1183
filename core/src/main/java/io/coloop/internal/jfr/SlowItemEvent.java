package io.coloop.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** An item that held its loop for long. */
@Name("io.coloop.SlowItem")
@Label("Slow Item")
@Description("A callback or a step of a task that holds its loop for longer than allowed")
@Category("coloop")
@StackTrace(false)
public final class SlowItemEvent extends Event {
    @Label("Item")
    String item = "";

    @Label("Loop")
    String loop = "";

    @Label("Held so far")
    @Timespan(Timespan.NANOSECONDS)
    long held;

    @Label("Stack")
    String stack = "";

    private SlowItemEvent() {}

    static void record(String itemName, String loopName, long heldNanos, StackTraceElement[] frames) {
        SlowItemEvent event = new SlowItemEvent();
        if (event.shouldCommit()) {
            event.item = itemName;
            event.loop = loopName;
            event.held = heldNanos;
            StringBuilder text = new StringBuilder();
            for (StackTraceElement frame : frames) {
                text.append(frame).append('\n');
            }
            event.stack = text.toString();
            event.commit();
        }
    }
}
