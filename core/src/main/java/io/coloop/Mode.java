package io.coloop;

/** How task bodies are put on their loop's thread; one mode per JVM, chosen by probing it. See {@link Loop#mode()}. */
public enum Mode {
    /** A body's stack is mounted on the loop's own thread. Needs JDK 24 and {@code java.lang} opened to coloop. */
    MOUNTED,

    /** The loop's thread waits while a body, on a thread of its own, holds the baton. Needs JDK 21 and no flag. */
    HAND_OFF
}
