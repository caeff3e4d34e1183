package io.coloop.test;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** What a test passed, in order: numbered steps or names. Thread-safe. */
public final class Trail {
    private final List<String> marks = new CopyOnWriteArrayList<>();
    private final AtomicInteger steps = new AtomicInteger();

    /** An empty trail. */
    public Trail() {}

    /**
     * Passes the step with this number; the first is 1.
     *
     * @throws AssertionError if another one is next
     */
    public void step(int number) {
        if (!steps.compareAndSet(number - 1, number)) {
            throw new AssertionError("expected step " + (steps.get() + 1) + " but came to step " + number);
        }
    }

    /**
     * Says that this many steps were passed.
     *
     * @throws AssertionError if not
     */
    public void finished(int number) {
        if (number != steps.get()) {
            throw new AssertionError("expected " + number + " steps but passed " + steps);
        }
    }

    /** Leaves a mark. */
    public void mark(String mark) {
        marks.add(mark);
    }

    /** The marks left so far, oldest first. */
    public List<String> marks() {
        return List.copyOf(marks);
    }

    @Override
    public String toString() {
        return "Trail[" + steps + " steps, " + marks + "]";
    }
}
