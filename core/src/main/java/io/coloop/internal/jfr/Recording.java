package io.coloop.internal.jfr;

import jdk.jfr.EventType;
import jdk.jfr.FlightRecorder;

/** Whether and how the flight recorder is told; its module may be absent. */
public final class Recording {
    private static final boolean AVAILABLE =
            ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private Recording() {}

    /** Whether a recording that runs now wants tasks. Any thread. */
    public static boolean wantsTasks() {
        return AVAILABLE && FlightRecorder.isInitialized() && Types.TASK.isEnabled();
    }

    /**
     * Records that an item holds its loop. Any thread.
     *
     * @param heldNanos for how long by now
     * @param stack where it is now
     */
    public static void slowItem(String item, String loop, long heldNanos, StackTraceElement[] stack) {
        if (AVAILABLE && FlightRecorder.isInitialized()) {
            SlowItemEvent.record(item, loop, heldNanos, stack);
        }
    }

    /** Loaded once a recording runs. */
    private static final class Types {
        static final EventType TASK = EventType.getEventType(TaskEvent.class);
    }
}
