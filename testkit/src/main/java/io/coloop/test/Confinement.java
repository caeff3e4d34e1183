package io.coloop.test;

import io.coloop.Loop;
import io.coloop.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Whether what a test marks ran on the test's loop; a parameter of the test. What ran elsewhere fails the test at its end, with the thread and the place, unless the test
 * {@linkplain #take takes} it. Marks go into any code: an operator of Reactor or RxJava, a coroutine, a callback, a method that a task calls. Thread-safe.
 */
public final class Confinement {
    private static final int KEPT = 20; // a hop in a long stream is one defect

    private final Loop loop;
    private final Queue<Breach> breaches = new ConcurrentLinkedQueue<>();
    private final AtomicInteger count = new AtomicInteger();

    Confinement(Loop loop) {
        this.loop = loop;
    }

    /** Marks what has to run on the loop, be it in a task or on the loop's own thread. Throws nothing: a library would make a signal of that. */
    public void check(String what) {
        if (Loop.currentOrNull() != loop) {
            note(what, elsewhere());
        }
    }

    /**
     * Marks what has to run on the loop's own thread and not on a task's stack: a reactive signal, a subscription, a callback, a coroutine. Throws nothing, like {@link #check}.
     */
    public void checkSignal(String what) {
        Task<?> task = Task.currentOrNull();
        if (Loop.currentOrNull() != loop) {
            note(what, elsewhere());
        } else if (task != null) {
            note(what, "the stack of task " + task.name());
        }
    }

    private static String elsewhere() {
        Loop other = Loop.currentOrNull();
        return other != null ? "the loop " + other.name() : "the thread " + threadName();
    }

    private static String threadName() {
        String name = Thread.currentThread().getName();
        return name.isEmpty() ? Thread.currentThread().toString() : name;
    }

    private void note(String what, String where) {
        if (count.incrementAndGet() <= KEPT) {
            breaches.add(new Breach(what, where, new Throwable(what + " ran on " + where)));
        }
    }

    /** Takes what ran off the loop so far, at most the first 20, oldest first: then it does not fail the test. */
    public List<Breach> take() {
        List<Breach> taken = new ArrayList<>();
        for (Breach breach = breaches.poll(); breach != null; breach = breaches.poll()) {
            taken.add(breach);
        }
        count.set(0);
        return taken;
    }

    /** What the test did not take, as its failure; null if that is nothing. */
    @Nullable
    AssertionError failure() {
        int all = count.get();
        List<Breach> left = take();
        if (left.isEmpty()) {
            return null;
        }
        StringBuilder text = new StringBuilder("the test ran off its loop:");
        left.forEach(breach -> text.append("\n  ").append(breach));
        if (all > left.size()) {
            text.append("\n  ... and ").append(all - left.size()).append(" times more");
        }
        AssertionError failure = new AssertionError(text);
        left.forEach(breach -> failure.addSuppressed(breach.stack()));
        return failure;
    }

    /**
     * Something that ran where it must not.
     *
     * @param what its mark
     * @param where on which thread, loop or task's stack it ran
     * @param stack where it was marked
     */
    public record Breach(String what, String where, Throwable stack) {
        @Override
        public String toString() {
            return what + " ran on " + where + ", marked at " + Place.of(stack, Confinement.class);
        }
    }
}
