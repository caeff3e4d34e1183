package io.coloop.benchmarks;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;

/**
 * Virtual threads on the calling thread and one queue, and nothing else: what a loop on the same JDK internals can reach at best. Needs
 * {@code --add-opens java.base/java.lang=ALL-UNNAMED}.
 */
final class BareFibers implements Executor {
    private static final MethodHandle NEW_VIRTUAL_THREAD = newVirtualThread();

    private final ArrayDeque<Thread> ready = new ArrayDeque<>();
    private Runnable continuation;

    private static MethodHandle newVirtualThread() {
        try {
            Method method = Class.forName("java.lang.ThreadBuilders")
                    .getDeclaredMethod("newVirtualThread", Executor.class, String.class, int.class, Runnable.class);
            method.setAccessible(true);
            return MethodHandles.lookup().unreflect(method);
        } catch (ReflectiveOperationException different) {
            throw new ExceptionInInitializerError(different);
        }
    }

    /** Starts a fiber and runs it until it parks. */
    Thread start(Runnable body) {
        try {
            Thread fiber = (Thread) NEW_VIRTUAL_THREAD.invokeExact((Executor) this, (String) null, 1 << 2, body);
            fiber.start();
            mount();
            return fiber;
        } catch (Throwable impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Runs what is ready until nothing is. */
    void run() {
        for (Thread fiber = ready.poll(); fiber != null; fiber = ready.poll()) {
            LockSupport.unpark(fiber);
            mount();
        }
    }

    /** From inside a fiber: lets another one, or the same, run next. */
    void passTo(Thread fiber) {
        ready.add(fiber);
        LockSupport.park();
    }

    /** Puts a fiber that is parked into the queue. */
    void wake(Thread fiber) {
        ready.add(fiber);
    }

    private void mount() {
        Runnable next = continuation;
        continuation = null;
        if (next != null) {
            next.run();
        }
    }

    /** The JDK hands over a continuation that start or unpark made runnable. */
    @Override
    public void execute(Runnable runnable) {
        continuation = runnable;
    }
}
