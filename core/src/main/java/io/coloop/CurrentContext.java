package io.coloop;

/** What is seen now by whatever runs: a {@link Context}, which is replaced when a variable is set, or a {@link ContextHolder}, which is changed. */
abstract sealed class CurrentContext permits Context, ContextHolder {
    /*
     * Where it is kept depends on what runs:
     *
     *   a task           its field `context`
     *   a callback       the loop's field `context`, empty between items
     *   anything else    the thread's: the slot that would hold its loop holds the context
     */

    /** The values of all variables. */
    abstract Context values();

    static CurrentContext get() {
        Object here = Current.get();
        if (here instanceof Task<?> task) {
            return task.context;
        }
        if (here instanceof Loop loop) {
            return loop.isBoundHere() ? loop.context : Context.EMPTY;
        }
        return here instanceof CurrentContext context ? context : Context.EMPTY;
    }

    /** Replaces it; returns whose it is. */
    static Object put(CurrentContext context) {
        Object here = Current.get();
        if (here instanceof Task<?> task) {
            task.context = context;
            return task;
        }
        if (here instanceof Loop loop && loop.isBoundHere()) {
            loop.context = context;
            return loop;
        }
        Current.set(context instanceof Context values && values.isEmpty() ? null : context);
        return Thread.currentThread();
    }
}
