package io.coloop;

import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A variable whose value belongs to the running task, and is inherited by what that task starts: tasks, callbacks, subscriptions, blocking jobs. Each of them gets a
 * snapshot: what it sets later is its own. The counterpart of Python's {@code contextvars.ContextVar}. Thread-safe; keep it in a static field.
 *
 * <p>On a thread that is no loop's, the value belongs to the thread.
 *
 * @param <T> its values
 */
public final class ContextVar<T extends @Nullable Object> {
    private final String name;
    private final boolean hasInitial;
    private final @Nullable Object initial;

    private ContextVar(String name, boolean hasInitial, @Nullable Object initial) {
        this.name = Objects.requireNonNull(name, "name");
        this.hasInitial = hasInitial;
        this.initial = initial;
    }

    /** A variable that has no value until it is set. The name is for people. */
    public static <T extends @Nullable Object> ContextVar<T> of(String name) {
        return new ContextVar<>(name, false, null);
    }

    /** A variable with a value wherever none is set. The name is for people. */
    public static <T extends @Nullable Object> ContextVar<T> of(String name, T initial) {
        return new ContextVar<>(name, true, initial);
    }

    /** Its name. */
    public String name() {
        return name;
    }

    /**
     * Its value in the current context.
     *
     * @throws NoSuchElementException if it is not set and has no initial value
     */
    public T get() {
        Context context = Context.current();
        int index = context.find(this);
        if (index < 0 && !hasInitial) {
            throw new NoSuchElementException("context variable " + name + " is not set");
        }
        return value(index < 0 ? initial : context.valueAt(index));
    }

    /** Its value in the current context, or the given one if it is not set; an initial value does not count. */
    public T orElse(T other) {
        Context context = Context.current();
        int index = context.find(this);
        return index < 0 ? other : value(context.valueAt(index));
    }

    /** Whether it is set in the current context. */
    public boolean isSet() {
        return Context.current().find(this) >= 0;
    }

    /**
     * Sets its value in the current context. Closing the result, in the same task, callback or thread, puts back what was there before; that need not be done.
     *
     * @throws LoopMisuseException on a host's thread outside tasks and callbacks
     */
    public Change set(T value) {
        Loop loop = Loop.currentOrNull();
        if (loop != null && !loop.driver().inTurn() && !(CurrentContext.get() instanceof ContextHolder)) {
            throw Misuse.of(
                    "what a host runs beside the loop has no context of its own",
                    "set(...) of context variable " + name,
                    loop,
                    "set it in a task or a callback of the loop");
        }
        Context before = Context.current();
        return new Change(this, before, before.with(this, value).enter());
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // only set(T) and of(name, T) put it there
    private T value(@Nullable Object value) {
        return (T) value;
    }

    @Override
    public String toString() {
        return "ContextVar[" + name + "]";
    }

    /** A value that was set and can be taken back. Confined to whatever set it. */
    public static final class Change implements AutoCloseable {
        private final ContextVar<?> variable;
        private final Context before;
        private final Object owner;
        private boolean closed;

        private Change(ContextVar<?> variable, Context before, Object owner) {
            this.variable = variable;
            this.before = before;
            this.owner = owner;
        }

        /**
         * Puts back what was there before; other variables stay as they are. Does nothing the second time.
         *
         * @throws LoopMisuseException in another task, callback or thread than set it
         */
        @Override
        public void close() {
            if (closed) {
                return;
            }
            if (ownerNow() != owner) {
                throw Misuse.of(
                        "a change of a context variable is taken back where it was made",
                        "close() of a change of " + variable.name,
                        Loop.currentOrNull(),
                        "close it in the task, callback or thread that called set(...)");
            }
            closed = true;
            int index = before.find(variable);
            Context now = Context.current();
            Context restored = index < 0 ? now.without(variable) : now.with(variable, before.valueAt(index));
            restored.enter();
        }

        private static Object ownerNow() {
            if (CurrentContext.get() instanceof ContextHolder holder) {
                return holder;
            }
            Task<?> task = Task.currentOrNull();
            if (task != null) {
                return task;
            }
            Loop loop = Loop.currentOrNull();
            return loop != null ? loop : Thread.currentThread();
        }
    }
}
