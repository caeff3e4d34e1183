package io.coloop.internal.jdk;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A reaction of the process to a signal, through {@code sun.misc.Signal}. Thread-safe. */
public final class SignalReaction {
    private final Object signal;
    private final Method handle; // static SignalHandler handle(Signal, SignalHandler)
    private final Method react; // void SignalHandler.handle(Signal)
    private final Method raise; // static void Signal.raise(Signal)
    private final Object own;
    private final @Nullable Object former;

    private SignalReaction(String name, BooleanSupplier reaction) throws ReflectiveOperationException {
        Class<?> signalType = Class.forName("sun.misc.Signal");
        Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
        signal = signalType.getConstructor(String.class).newInstance(name);
        handle = signalType.getMethod("handle", signalType, handlerType);
        react = handlerType.getMethod("handle", signalType);
        raise = signalType.getMethod("raise", signalType);
        own = Proxy.newProxyInstance(
                SignalReaction.class.getClassLoader(), new Class<?>[] {handlerType}, (proxy, method, arguments) -> {
                    if (method.equals(react)) {
                        if (!reaction.getAsBoolean()) {
                            reactAsBefore();
                        }
                        return null;
                    }
                    return method.invoke(reaction, arguments); // a method of Object
                });
        former = handle.invoke(null, signal, own);
    }

    /**
     * Replaces the reaction. It runs on a new thread for each signal. A process that was started with SIGINT or SIGHUP ignored, as a shell does in the background, goes on ignoring it.
     *
     * @param name without SIG: {@code "INT"}
     * @param reaction returns whether that was all; if not, the process reacts as it would have before
     * @throws UnsupportedOperationException if this JVM lets nobody handle the signal; its message says why
     */
    public static SignalReaction install(String name, BooleanSupplier reaction) {
        try {
            return new SignalReaction(name, reaction);
        } catch (ClassNotFoundException absent) {
            throw new UnsupportedOperationException(
                    "SIG" + name
                            + " cannot be handled: this Java runtime has no module jdk.unsupported; add it to the image, or do without",
                    absent);
        } catch (InvocationTargetException refused) {
            throw new UnsupportedOperationException(
                    "SIG" + name + " cannot be handled; was the JVM started with -Xrs? " + refused.getCause(),
                    refused.getCause());
        } catch (ReflectiveOperationException different) {
            throw new UnsupportedOperationException(
                    "SIG" + name + " cannot be handled: this JDK's sun.misc.Signal differs", different);
        }
    }

    /** Puts the former reaction back, unless somebody has replaced this one since. */
    public void uninstall() {
        Object last = call(handle, null, signal, former);
        if (last != own) {
            call(handle, null, signal, last);
        }
    }

    /** Sends the signal to this process. */
    public void raise() {
        call(raise, null, signal);
    }

    private void reactAsBefore() {
        if (former != null) {
            call(react, former, signal);
        }
    }

    private static @Nullable Object call(Method method, @Nullable Object target, @Nullable Object... arguments) {
        try {
            return method.invoke(target, arguments);
        } catch (ReflectiveOperationException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
