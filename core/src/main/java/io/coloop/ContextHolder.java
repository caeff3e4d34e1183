package io.coloop;

import java.util.Objects;

/**
 * The context of something that runs in pieces, perhaps on several threads, and is no task, such as a coroutine: its {@link ContextVar}s, which one piece may set for the
 * next, and the foreign context it was started in. For adapters.
 */
public final class ContextHolder extends CurrentContext {
    private final Loop loop;
    private final ContextCapture.Snapshot foreign;
    volatile Context
            context; // of whatever runs in it; the next piece may begin on another thread before enter's is left

    private ContextHolder(Loop loop, Context context, ContextCapture.Snapshot foreign) {
        this.loop = loop;
        this.context = context;
        this.foreign = foreign;
    }

    /** Holds what the calling thread sees now, foreign context by the loop's {@link ContextCapture}. Any thread. */
    public static ContextHolder capture(Loop loop) {
        return new ContextHolder(Objects.requireNonNull(loop, "loop"), Context.current(), loop.foreignSnapshot());
    }

    /** Another one, for something that starts as a child: with what the calling thread sees now if that is in this context, else with what this holds. */
    public ContextHolder copy() {
        return CurrentContext.get() == this ? capture(loop) : new ContextHolder(loop, context, foreign);
    }

    /**
     * Puts it in place on the calling thread. What is set from now on is kept here. What the {@link ContextCapture} throws is reported by the loop.
     *
     * @return what {@link #exit} needs
     */
    public Object enter() {
        CurrentContext before = CurrentContext.get();
        put(this);
        if (foreign == ContextCapture.Snapshot.NOTHING) {
            return before;
        }
        Entered entered = new Entered(before);
        loop.runItem(() -> entered.scope = foreign.open());
        return entered;
    }

    /** Puts back what was in place before; on the thread of {@link #enter}, in the opposite order if there are several. */
    public void exit(Object entered) {
        if (Objects.requireNonNull(entered, "entered") instanceof Entered inside) {
            loop.runItem(inside.scope::close);
            put(inside.before);
        } else {
            put((CurrentContext) entered);
        }
    }

    /** The action as it will run in this context; the loop reports what it throws. */
    public Runnable wrap(Runnable action) {
        Objects.requireNonNull(action, "action");
        return () -> {
            Object before = enter();
            try {
                loop.runItem(action);
            } finally {
                exit(before);
            }
        };
    }

    @Override
    Context values() {
        return context;
    }

    @Override
    public String toString() {
        return "ContextHolder[" + context + "]";
    }

    /** What was there before, where foreign context is in place too. */
    private static final class Entered {
        final CurrentContext before;
        ContextCapture.Scope scope = ContextCapture.Scope.NONE;

        Entered(CurrentContext before) {
            this.before = before;
        }
    }
}
