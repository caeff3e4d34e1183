package io.coloop.net;

import io.coloop.Await;
import io.coloop.Loop;
import io.coloop.Readiness;
import io.coloop.Report;
import io.coloop.TaskCancelledException;
import io.coloop.TaskGroup;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Listens for connections. Made by {@link Net#listen}; whoever has it closes it. Belongs to its loop.
 *
 * <p>When the operating system has no descriptor left, it says so once ({@link Report.Kind#OUT_OF_RESOURCES}), lets those who want to connect wait, and tries again ten times a second.
 */
public final class Server implements AutoCloseable {
    /** What a server does with a connection. */
    @FunctionalInterface
    public interface Handler {
        /** Serves it; it may await. The connection is closed afterwards, and aborted if this throws. */
        void handle(Connection connection) throws Exception;
    }

    /** Takes the next connection off the backlog; null if there is none. */
    @FunctionalInterface
    interface Accepting {
        @Nullable
        SocketChannel accept() throws IOException;
    }

    private static final Duration RETRY = Duration.ofMillis(100);

    private final ServerSocketChannel channel;
    private final Accepting accepting;
    private final Readiness readiness;
    private final NetOptions options;
    private final SocketAddress address;
    private final @Nullable Object file; // a Unix domain socket's, to know it again
    private final Set<Connection> served = new LinkedHashSet<>();
    private boolean exhausted;

    Server(ServerSocketChannel channel, Readiness readiness, NetOptions options) throws IOException {
        this(channel, channel::accept, readiness, options);
    }

    Server(ServerSocketChannel channel, Accepting accepting, Readiness readiness, NetOptions options)
            throws IOException {
        this.channel = channel;
        this.accepting = accepting;
        this.readiness = readiness;
        this.options = options;
        this.address = Objects.requireNonNull(channel.getLocalAddress());
        this.file = address instanceof UnixDomainSocketAddress unix ? fileKey(unix.getPath()) : null;
    }

    /**
     * Waits for the next connection. With {@link NetOptions#tls} its handshake is that of the task that first uses it: by {@link Connection#tlsSession}, a read or a write. Task only.
     *
     * @throws ClosedChannelException if the server is closed
     * @throws io.coloop.LoopMisuseException if another task waits for one, in {@link #serve} for example
     */
    public Connection accept() throws IOException {
        while (channel.isOpen()) {
            try {
                SocketChannel accepted = accepting.accept();
                if (accepted != null) {
                    exhausted = false;
                    return connectionOf(accepted);
                }
                readiness.await(SelectionKey.OP_ACCEPT);
            } catch (ClosedChannelException closed) {
                // the server, which ends this, or that connection
            } catch (IOException refused) {
                waitForResources(refused);
            }
        }
        throw new ClosedChannelException();
    }

    private Connection connectionOf(SocketChannel accepted) throws IOException {
        try {
            options.applyTo(accepted, true);
            SocketTransport socket = new SocketTransport(accepted, Readiness.of(accepted));
            Tls tls = options.tls();
            return new Connection(tls == null ? socket : new TlsTransport(socket, tls, null, new byte[0]));
        } catch (Throwable refused) {
            accepted.close();
            throw refused;
        }
    }

    private void waitForResources(IOException refused) {
        if (!exhausted) {
            exhausted = true;
            Loop loop = readiness.loop();
            loop.report(new Report(
                    Report.Kind.OUT_OF_RESOURCES,
                    loop,
                    this + " cannot accept a connection, and tries again every " + RETRY.toMillis() + " ms: " + refused,
                    refused,
                    null,
                    this));
        }
        Await.sleep(RETRY);
    }

    /**
     * Accepts connections until the server is closed, handles each in a task of its own, and returns when all these have ended. If the calling task is cancelled, so are they; the server stays open.
     * A handler that fails is reported and does not concern the others, nor does a handshake of {@link NetOptions#tls}, which comes before the handler, in the same task. Task only.
     *
     * @throws io.coloop.LoopMisuseException if another task accepts
     */
    public void serve(Handler handler) {
        Objects.requireNonNull(handler, "handler");
        Set<Connection> mine = new LinkedHashSet<>();
        try {
            TaskGroup.run(group -> {
                for (Connection next = nextOrNull(); next != null; next = nextOrNull()) {
                    Connection connection = next;
                    mine.add(connection);
                    served.add(connection);
                    group.spawn(() -> {
                        try {
                            handle(handler, connection);
                        } finally {
                            mine.remove(connection);
                            served.remove(connection);
                        }
                    });
                }
            });
        } finally {
            mine.forEach(Connection::abort); // those whose task was cancelled before it began
            served.removeAll(mine);
        }
    }

    private @Nullable Connection nextOrNull() throws IOException {
        try {
            return accept();
        } catch (ClosedChannelException closed) {
            return null;
        }
    }

    private static void handle(Handler handler, Connection connection) {
        try {
            if (connection.isTls() && !shakesHands(connection)) {
                return;
            }
            handler.handle(connection);
            connection.close();
        } catch (TaskCancelledException cancelled) {
            connection.abort();
            throw cancelled;
        } catch (Exception failure) {
            connection.abort();
            report("the handler of " + connection + " failed: " + failure, failure, connection);
        } finally {
            if (connection.isOpen()) {
                connection.abort(); // an Error
            }
        }
    }

    private static boolean shakesHands(Connection connection) {
        try {
            connection.tlsSession();
            return true;
        } catch (IOException failure) {
            connection.close(); // the peer is told why
            report("the handshake of " + connection + " failed: " + failure, failure, connection);
            return false;
        }
    }

    private static void report(String message, Exception failure, Connection connection) {
        Loop loop = Loop.current();
        loop.report(new Report(Report.Kind.CALLBACK_FAILED, loop, message, failure, null, connection));
    }

    /** Where it listens, with the port that it got. Any thread. */
    public SocketAddress localAddress() {
        return address;
    }

    /** How many connections {@link #serve} handles now. Loop only. */
    public int connectionCount() {
        return served.size();
    }

    /** Whether it was not closed. Any thread. */
    public boolean isOpen() {
        return channel.isOpen();
    }

    /**
     * Stops listening. Connections that were accepted go on; {@link #serve} returns when they have ended. Those in the backlog are reset. Removes the file of a Unix domain socket. Does not wait. Idempotent. Loop only.
     */
    @Override
    public void close() {
        boolean wasOpen = !readiness.isClosed();
        readiness.close();
        if (wasOpen && file != null && address instanceof UnixDomainSocketAddress unix) {
            removeFile(unix.getPath());
        }
    }

    private void removeFile(Path path) {
        try {
            if (Objects.equals(fileKey(path), file)) { // else it is somebody else's by now
                Files.deleteIfExists(path);
            }
        } catch (IOException failure) {
            readiness
                    .loop()
                    .report(new Report(
                            Report.Kind.CALLBACK_FAILED,
                            readiness.loop(),
                            this + " could not remove its file: " + failure,
                            failure,
                            null,
                            this));
        }
    }

    private static @Nullable Object fileKey(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        } catch (IOException gone) {
            return null;
        }
    }

    @Override
    public String toString() {
        return "Server[" + address + ", " + (isOpen() ? "listening" : "closed") + ", " + served.size()
                + " connections]";
    }
}
