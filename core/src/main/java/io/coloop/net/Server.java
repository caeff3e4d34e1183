package io.coloop.net;

import io.coloop.Await;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.LoopGroup;
import io.coloop.Readiness;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.TaskGroup;
import io.coloop.sync.QueueShutDownException;
import io.coloop.sync.SharedQueue;
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
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
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

    /** What becomes of a channel off the backlog; it closes the channel if it fails. */
    @FunctionalInterface
    private interface Opening<T> {
        T open(SocketChannel accepted) throws IOException;
    }

    /** Where connections to be served come from; null at the end. */
    @FunctionalInterface
    private interface Source {
        @Nullable
        Connection next() throws IOException;
    }

    private static final int MAX_ON_THE_WAY = 1024; // to one loop
    private static final Duration RETRY = Duration.ofMillis(100);

    private final ServerSocketChannel channel;
    private final Accepting accepting;
    private final Readiness readiness;
    private final NetOptions options;
    private final SocketAddress address;
    private final @Nullable Object file; // a Unix domain socket's, to know it again
    private final AtomicInteger served = new AtomicInteger(); // on all loops
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
        return accept(this::connectionOf);
    }

    private <T> T accept(Opening<T> opening) throws IOException {
        while (channel.isOpen()) {
            try {
                Await.consumeBudget(); // before it is taken
                SocketChannel accepted = accepting.accept();
                if (accepted != null) {
                    exhausted = false;
                    return opening.open(accepted);
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
            report(
                    readiness.loop(),
                    Report.Kind.OUT_OF_RESOURCES,
                    this + " cannot accept a connection, and tries again every " + RETRY.toMillis() + " ms: " + refused,
                    refused,
                    this);
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
        serve(this::nextOrNull, handler);
    }

    /**
     * As {@link #serve(Handler)}, with the connections given to the loops of a group in turn: each belongs to its loop for life, and its handler is a task there. Accepting stays on this server's loop, which may be one of the group's or another. Returns
     * when the handlers on all loops have ended; a cancel reaches them all, and they are waited for.
     *
     * <p>A loop that has ended gets no more; what was on its way there goes to the others. One that is held by something and takes none gets no more than {@value #MAX_ON_THE_WAY}, which wait for it.
     *
     * @throws io.coloop.TaskGroupException with an {@link IllegalStateException} if no loop of the group is left
     */
    public void serve(LoopGroup group, Handler handler) {
        Objects.requireNonNull(handler, "handler");
        Deque<SharedQueue<SocketChannel>> lines = new ArrayDeque<>(); // the next in turn is the first
        group.loops().forEach(loop -> lines.add(SharedQueue.bounded(MAX_ON_THE_WAY)));
        List<SharedQueue<SocketChannel>> all = List.copyOf(lines);
        try {
            TaskGroup.run(members -> {
                for (int i = 0; i < all.size(); i++) {
                    Loop loop = group.loops().get(i);
                    SharedQueue<SocketChannel> line = all.get(i);
                    members.spawn(() -> {
                        try {
                            serveOn(loop, line, handler);
                        } finally {
                            lines.remove(line);
                            line.shutdown();
                        }
                        if (lines.isEmpty() && isOpen()) {
                            throw new IllegalStateException("no loop of the group is left to serve connections");
                        }
                        for (SocketChannel left = leftIn(line); left != null; left = leftIn(line)) {
                            handOver(left, lines);
                        }
                    });
                }
                for (SocketChannel next = nextOrNull(accepted -> accepted);
                        next != null;
                        next = nextOrNull(accepted -> accepted)) {
                    handOver(next, lines);
                }
                lines.clear(); // what is left in that of a loop that ends now is closed
                all.forEach(SharedQueue::shutdown);
            });
        } finally {
            all.forEach(this::drop);
        }
    }

    /** Serves what comes on the line until it is shut down, on that loop, which this waits for in any case. */
    private void serveOn(Loop loop, SharedQueue<SocketChannel> line, Handler handler) {
        try {
            Task<@Nullable Void> remote = loop.spawn("serve", () -> serve(() -> nextOf(line), handler));
            Await.await(Future.gather(remote)); // which ends when it has, also if it is cancelled
        } catch (TaskCancelledException cancelled) {
            if (Task.current().cancelling() > 0) { // else that loop was closed
                throw cancelled;
            }
        } catch (LoopClosedException closed) {
            // it gets none
        } catch (StackOverflowError failure) {
            throw failure;
        } catch (VirtualMachineError fatal) {
            // that loop's end, which it reports; not this one's
        }
    }

    private static void handOver(SocketChannel accepted, Deque<SharedQueue<SocketChannel>> lines) throws IOException {
        try {
            while (!lines.isEmpty()) {
                for (int i = lines.size(); i > 0; i--) {
                    SharedQueue<SocketChannel> line = lines.removeFirst();
                    lines.addLast(line);
                    if (line.tryPut(accepted)) {
                        return;
                    }
                }
                Await.sleep(RETRY); // the others wait in the backlog
            }
            accepted.close();
        } catch (Throwable notTaken) {
            accepted.close();
            throw notTaken;
        }
    }

    /** On the loop that is to serve it. */
    private @Nullable Connection nextOf(SharedQueue<SocketChannel> line) {
        while (true) {
            try {
                return connectionOf(line.get());
            } catch (QueueShutDownException end) {
                return null;
            } catch (IOException refused) {
                report(
                        Loop.current(),
                        Report.Kind.OUT_OF_RESOURCES,
                        this + " accepted a connection that it cannot serve: " + refused,
                        refused,
                        this);
            }
        }
    }

    /** What nobody has taken from a line that was shut down; null if there is no more. */
    private static @Nullable SocketChannel leftIn(SharedQueue<SocketChannel> line) {
        try {
            return line.tryGet();
        } catch (QueueShutDownException end) {
            return null;
        }
    }

    /** Closes what nobody takes. */
    private void drop(SharedQueue<SocketChannel> line) {
        line.shutdown();
        for (SocketChannel left = leftIn(line); left != null; left = leftIn(line)) {
            try {
                left.close();
            } catch (IOException failure) {
                report(
                        readiness.loop(),
                        Report.Kind.CALLBACK_FAILED,
                        this + " could not close a connection: " + failure,
                        failure,
                        this);
            }
        }
    }

    /** On any loop: touches nothing of this server that is the accepting one's. */
    private void serve(Source source, Handler handler) {
        Set<Connection> mine = new LinkedHashSet<>();
        try {
            TaskGroup.run(group -> {
                for (Connection next = source.next(); next != null; next = source.next()) {
                    Connection connection = next;
                    mine.add(connection);
                    served.incrementAndGet();
                    group.spawn(() -> {
                        try {
                            handle(handler, connection);
                        } finally {
                            mine.remove(connection);
                            served.decrementAndGet();
                        }
                    });
                }
            });
        } finally {
            mine.forEach(Connection::abort); // those whose task was cancelled before it began
            served.addAndGet(-mine.size());
        }
    }

    private @Nullable Connection nextOrNull() throws IOException {
        return nextOrNull(this::connectionOf);
    }

    private <T> @Nullable T nextOrNull(Opening<T> opening) throws IOException {
        try {
            return accept(opening);
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
        Report.Kind kind = failure instanceof IOException ? Report.Kind.CONNECTION_FAILED : Report.Kind.CALLBACK_FAILED;
        report(Loop.current(), kind, message, failure, connection);
    }

    /** Where it listens, with the port that it got. Any thread. */
    public SocketAddress localAddress() {
        return address;
    }

    /** How many connections {@link #serve} handles now, on all loops. Any thread. */
    public int connectionCount() {
        return served.get();
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
            report(
                    readiness.loop(),
                    Report.Kind.CALLBACK_FAILED,
                    this + " could not remove its file: " + failure,
                    failure,
                    this);
        }
    }

    private static void report(Loop loop, Report.Kind kind, String message, Throwable failure, Object subject) {
        loop.report(new Report(kind, loop, message, failure, null, subject));
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
        return "Server[" + address + ", " + (isOpen() ? "listening" : "closed") + ", " + served.get() + " connections]";
    }
}
