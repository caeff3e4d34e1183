package io.coloop;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** What a loop has to close before it ends. Thread-safe. */
final class CloseHooks {
    private final Loop loop;
    private final ReentrantLock lock = new ReentrantLock();
    private final LinkedHashSet<CloseHook> hooks = new LinkedHashSet<>(); // guarded by lock; the newest is the last
    private boolean closed; // guarded by lock

    CloseHooks(Loop loop) {
        this.loop = loop;
    }

    CloseHook add(VoidBody<?> action, @Nullable Runnable lastResort) {
        CloseHook hook =
                new CloseHook(this, action, lastResort, loop.snapshot(), loop.isDebug() ? Sites.caller() : null);
        lock.lock();
        try {
            if (closed) {
                throw Misuse.closed("onClose(...)", loop);
            }
            hooks.add(hook);
        } finally {
            lock.unlock();
        }
        if (!loop.closing().isRunning()) {
            loop.offerItem(() -> {}); // it may be waiting for something else
        }
        return hook;
    }

    boolean remove(CloseHook hook) {
        lock.lock();
        try {
            return hooks.remove(hook);
        } finally {
            lock.unlock();
        }
    }

    int size() {
        lock.lock();
        try {
            return hooks.size();
        } finally {
            lock.unlock();
        }
    }

    /** Those that are registered, the newest first: a copy. */
    List<CloseHook> list() {
        lock.lock();
        try {
            return new ArrayList<>(hooks.reversed());
        } finally {
            lock.unlock();
        }
    }

    @Nullable
    CloseHook takeNewest() {
        lock.lock();
        try {
            return hooks.isEmpty() ? null : hooks.removeLast();
        } finally {
            lock.unlock();
        }
    }

    /** Refuses what comes from now on, if nothing is left; whether nothing is. */
    boolean closeIfEmpty() {
        lock.lock();
        try {
            closed |= hooks.isEmpty();
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /** Refuses what comes from now on; returns what is left, newest first. */
    List<CloseHook> close() {
        lock.lock();
        try {
            closed = true;
            List<CloseHook> left = list();
            hooks.clear();
            return left;
        } finally {
            lock.unlock();
        }
    }
}
