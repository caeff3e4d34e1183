package io.coloop;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The values of all {@link ContextVar}s at one moment: immutable, and so shared by whatever was registered at that moment. A task inherits its spawner's
 * and from then on has its own; a callback runs in the one it was registered in. Thread-safe.
 */
public final class Context extends CurrentContext {
    static final Context EMPTY = new Context(new Object[0]);

    private final @Nullable Object[] entries; // a variable, its value, the next variable...

    private Context(@Nullable Object[] entries) {
        this.entries = entries;
    }

    /** What the calling task, callback or thread sees now. Any thread. */
    public static Context current() {
        return CurrentContext.get().values();
    }

    /** The context in which no variable is set. */
    public static Context empty() {
        return EMPTY;
    }

    @Override
    Context values() {
        return this;
    }

    /** Makes this what is seen here from now on; returns whose it is. */
    Object enter() {
        if (CurrentContext.get() instanceof ContextHolder holder) {
            holder.context = this;
            return holder;
        }
        return put(this);
    }

    /**
     * Runs a body on the calling thread with this as its current context; what it sets is forgotten afterwards. Returns its result or throws its own failure. Any thread;
     * in a task the body may await.
     */
    public <T extends @Nullable Object, X extends Throwable> T run(Body<T, X> body) throws X {
        Objects.requireNonNull(body, "body");
        CurrentContext before = CurrentContext.get();
        put(this);
        try {
            return body.run();
        } finally {
            put(before);
        }
    }

    /** Runs a body without a result; see {@link #run(Body)}. */
    public <X extends Throwable> void run(VoidBody<X> body) throws X {
        run(Loop.asBody(body));
    }

    boolean isEmpty() {
        return entries.length == 0;
    }

    /** Where the variable's value is, or -1. */
    int find(ContextVar<?> variable) {
        for (int i = 0; i < entries.length; i += 2) {
            if (entries[i] == variable) {
                return i + 1;
            }
        }
        return -1;
    }

    @Nullable
    Object valueAt(int index) {
        return entries[index];
    }

    Context with(ContextVar<?> variable, @Nullable Object value) {
        int index = find(variable);
        @Nullable Object[] changed = Arrays.copyOf(entries, index < 0 ? entries.length + 2 : entries.length);
        if (index < 0) {
            index = entries.length + 1;
            changed[index - 1] = variable;
        }
        changed[index] = value;
        return new Context(changed);
    }

    Context without(ContextVar<?> variable) {
        int index = find(variable);
        if (index < 0) {
            return this;
        }
        if (entries.length == 2) {
            return EMPTY;
        }
        @Nullable Object[] changed = new @Nullable Object[entries.length - 2];
        System.arraycopy(entries, 0, changed, 0, index - 1);
        System.arraycopy(entries, index + 1, changed, index - 1, entries.length - index - 1);
        return new Context(changed);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("Context[");
        for (int i = 0; i < entries.length; i += 2) {
            text.append(i == 0 ? "" : ", ")
                    .append(((ContextVar<?>) Objects.requireNonNull(entries[i])).name())
                    .append('=')
                    .append(entries[i + 1]);
        }
        return text.append(']').toString();
    }
}
