package io.coloop.process;

import io.coloop.CloseHook;
import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.internal.jdk.SignalReaction;
import io.coloop.sync.Queue;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Signals of the operating system, for a task to wait for, in place of what the process would do about them:
 *
 * <pre>{@code
 * try (SignalReceiver signals = SignalReceiver.open("TERM", "HUP")) {
 *     while (signals.receive().equals("HUP")) {
 *         reload();
 *     }
 * }
 * }</pre>
 *
 * <p>A signal that comes again before it was received counts once, as the system counts those that are pending. What is not received when the receiver is closed is sent to the process again, so that it is
 * handled as without the receiver: no Ctrl+C is lost. Of receivers of one signal the newest has it, and it comes before {@link io.coloop.LoopBuilder#handleSigint}.
 *
 * <p>Behaves as trio's {@code open_signal_receiver}. Belongs to its loop, and is closed with it at the latest; all methods are for the loop only.
 */
public final class SignalReceiver implements AutoCloseable {
    private final Loop loop;
    private final Map<String, SignalReaction> reactions = new LinkedHashMap<>();
    private final Queue<String> arrived = Queue.unbounded();
    private final Set<String> pending = new HashSet<>(); // those in the queue
    private final CloseHook hook;
    private boolean closed;

    private SignalReceiver(Loop loop) {
        this.loop = loop;
        this.hook = loop.onClose(this::close);
    }

    /**
     * Receives signals from now on. A process that was started with one ignored, as a shell starts what runs in the background without SIGINT and {@code nohup} without SIGHUP, goes on ignoring it.
     *
     * @param names as the system calls them, without SIG: {@code "INT"}, {@code "TERM"}, {@code "HUP"}; one or more
     * @throws UnsupportedOperationException if this system has no such signal, or this JVM lets nobody handle it (SIGKILL, SIGQUIT; SIGINT with {@code -Xrs}); its message says why, and nothing is received then
     * @throws io.coloop.LoopMisuseException if the caller is not on a loop
     */
    public static SignalReceiver open(String... names) {
        if (names.length == 0) {
            throw new IllegalArgumentException("a receiver needs the name of a signal");
        }
        SignalReceiver receiver = new SignalReceiver(Loop.current());
        try {
            for (String name : names) {
                receiver.reactions.computeIfAbsent(name, receiver::install);
            }
        } catch (Throwable refused) {
            receiver.close();
            throw refused;
        }
        return receiver;
    }

    private SignalReaction install(String name) {
        return SignalReaction.install(name, () -> signalled(name));
    }

    /** On the signal's thread: hands it to the loop. False if the process shall react as before. */
    boolean signalled(String name) {
        try {
            loop.execute(() -> add(name));
            return true;
        } catch (LoopClosedException over) {
            return false;
        }
    }

    private void add(String name) {
        if (closed) {
            raise(name);
        } else if (pending.add(name)) {
            arrived.tryPut(name);
        }
    }

    /**
     * Waits for the next signal. Task only; tasks take turns.
     *
     * @return its name, as it was given to {@link #open}
     * @throws io.coloop.sync.QueueShutDownException if the receiver is closed, before or meanwhile
     * @throws io.coloop.TaskCancelledException if the task is cancelled; the receiver keeps the signals
     */
    public String receive() {
        String name = arrived.get();
        pending.remove(name);
        return name;
    }

    boolean hasPending() {
        return !pending.isEmpty();
    }

    /** Handles the signals as before, and sends the process those that nobody has received. Once closed, does nothing. */
    @Override
    public void close() {
        List<String> left = arrived.shutdownNow();
        if (closed) {
            return;
        }
        closed = true;
        hook.remove();
        reactions.values().forEach(SignalReaction::uninstall);
        left.forEach(this::raise);
    }

    /** Only after the reaction is uninstalled. */
    private void raise(String name) {
        Objects.requireNonNull(reactions.get(name)).raise();
    }

    @Override
    public String toString() {
        return "SignalReceiver" + reactions.keySet() + (closed ? "[closed]" : "");
    }
}
