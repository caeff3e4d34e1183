package io.coloop;

import io.coloop.internal.jdk.SignalReaction;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Who listens to SIGINT. A process has one reaction to it, so one serves all, from the first that comes to the last that goes. Thread-safe. */
final class Interrupts {
    static final Interrupts PROCESS = new Interrupts();

    private final ReentrantLock lock = new ReentrantLock();
    private final List<Runnable> listeners = new ArrayList<>(); // guarded by lock
    private @Nullable SignalReaction installed; // guarded by lock

    private Interrupts() {}

    /**
     * Adds what every SIGINT runs, on a thread of its own.
     *
     * @throws UnsupportedOperationException if this JVM lets nobody handle SIGINT
     */
    void add(Runnable listener) {
        lock.lock();
        try {
            if (installed == null) {
                installed = SignalReaction.install("INT", this::signalled);
            }
            listeners.add(listener);
        } finally {
            lock.unlock();
        }
    }

    void remove(Runnable listener) {
        lock.lock();
        try {
            listeners.remove(listener);
            if (listeners.isEmpty()) {
                Objects.requireNonNull(installed).uninstall();
                installed = null;
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean signalled() {
        List<Runnable> now;
        lock.lock();
        try {
            now = List.copyOf(listeners);
        } finally {
            lock.unlock();
        }
        now.forEach(Runnable::run);
        return !now.isEmpty();
    }
}
