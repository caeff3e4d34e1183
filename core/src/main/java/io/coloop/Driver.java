package io.coloop;

import org.jspecify.annotations.Nullable;

/** What makes a loop turn: a thread of its own, or one it borrows. */
abstract sealed class Driver permits OwnedDriver, HostedDriver {
    /** The thread that turns the loop now, or null before the first turn. Any thread. */
    abstract @Nullable Thread thread();

    /** Something arrived while the loop waits. Any thread. */
    abstract void wake();

    /** An item or a timer was added on the loop's thread, perhaps outside a turn. */
    abstract void changed();

    /** Whether the loop's thread is in a turn, and not at the host's own work. On that thread. */
    abstract boolean inTurn();

    /** Whether the thread serves nothing but the loop, so that a turn may begin without giving it back. */
    abstract boolean ownsThread();
}
