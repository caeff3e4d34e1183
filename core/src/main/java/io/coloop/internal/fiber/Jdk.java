package io.coloop.internal.fiber;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Method;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** The JDK's internals that mounted mode stands on, found and tried once. */
final class Jdk {
    /** The problem that the flag solves. */
    static final String CLOSED = "java.lang is not open to coloop";

    private static final int NO_INHERIT_THREAD_LOCALS = 1 << 2;

    private static final @Nullable MethodHandle NEW_VIRTUAL_THREAD;
    private static final @Nullable MethodHandle PIN;
    private static final @Nullable MethodHandle UNPIN;
    private static final @Nullable Executor DEFAULT_SCHEDULER;
    private static final @Nullable String LOOKUP_PROBLEM;

    static {
        MethodHandle newVirtualThread = null;
        MethodHandle pin = null;
        MethodHandle unpin = null;
        Executor defaultScheduler = null;
        String problem = null;
        if (Runtime.version().feature() < 24) {
            problem = "before JDK 24 a virtual thread cannot unmount while it holds a monitor";
        } else {
            try {
                MethodHandles.Lookup lookup = MethodHandles.lookup();
                Method builder = Class.forName("java.lang.ThreadBuilders")
                        .getDeclaredMethod("newVirtualThread", Executor.class, String.class, int.class, Runnable.class);
                builder.setAccessible(true);
                newVirtualThread = lookup.unreflect(builder);
                Method scheduler = Class.forName("java.lang.VirtualThread").getDeclaredMethod("defaultScheduler");
                scheduler.setAccessible(true);
                defaultScheduler = (Executor) scheduler.invoke(null);
                Method export = Module.class.getDeclaredMethod("implAddExports", String.class, Module.class);
                export.setAccessible(true);
                export.invoke(Object.class.getModule(), "jdk.internal.vm", Jdk.class.getModule());
                Class<?> continuation = Class.forName("jdk.internal.vm.Continuation");
                MethodType nothing = MethodType.methodType(void.class);
                pin = lookup.findStatic(continuation, "pin", nothing);
                unpin = lookup.findStatic(continuation, "unpin", nothing);
            } catch (InaccessibleObjectException closed) {
                problem = CLOSED;
            } catch (ReflectiveOperationException | RuntimeException different) {
                problem = "this JDK's internals differ: " + different;
            }
        }
        NEW_VIRTUAL_THREAD = newVirtualThread;
        PIN = pin;
        UNPIN = unpin;
        DEFAULT_SCHEDULER = defaultScheduler;
        LOOKUP_PROBLEM = problem;
    }

    private Jdk() {}

    /** Why mounted mode is impossible here, or null. */
    static @Nullable String problem() {
        return Outcome.PROBLEM;
    }

    static Thread newVirtualThread(Executor scheduler, String name, Runnable body) {
        try {
            return (Thread) Objects.requireNonNull(NEW_VIRTUAL_THREAD)
                    .invokeExact(scheduler, name, NO_INHERIT_THREAD_LOCALS, body);
        } catch (Throwable impossible) {
            throw rethrown(impossible);
        }
    }

    static Executor defaultScheduler() {
        return Objects.requireNonNull(DEFAULT_SCHEDULER);
    }

    /** Keeps the current virtual thread mounted until {@link #unpin()}, whatever it calls. */
    @SuppressWarnings("NullAway") // a check here would cost as much as the call
    static void pin() {
        try {
            PIN.invokeExact();
        } catch (Throwable impossible) {
            throw rethrown(impossible);
        }
    }

    @SuppressWarnings("NullAway") // as above
    static void unpin() {
        try {
            UNPIN.invokeExact();
        } catch (Throwable impossible) {
            throw rethrown(impossible);
        }
    }

    private static RuntimeException rethrown(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(failure);
    }

    /** Holds what the trial found. A class of its own: the trial's thread must not wait for this initialiser. */
    private static final class Outcome {
        static final @Nullable String PROBLEM = LOOKUP_PROBLEM != null ? LOOKUP_PROBLEM : Trial.run();
    }
}
