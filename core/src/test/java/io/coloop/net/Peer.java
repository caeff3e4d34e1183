package io.coloop.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The other side of a connection: the JDK's blocking sockets on a thread of their own. */
final class Peer {
    private Peer() {}

    @FunctionalInterface
    interface Script {
        void run(Socket socket) throws Exception;
    }

    /** Listens, and plays a script with the one who connects. */
    static final class Listening implements AutoCloseable {
        private final ServerSocket server;
        private final CompletableFuture<Void> played = new CompletableFuture<>();

        Listening(Script script) throws IOException {
            server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
            play(played, () -> {
                try (Socket socket = server.accept()) {
                    socket.setTcpNoDelay(true);
                    script.run(socket);
                }
            });
        }

        InetSocketAddress address() {
            return (InetSocketAddress) server.getLocalSocketAddress();
        }

        /** Waits for the end of the script. */
        @Override
        public void close() throws Exception {
            try {
                Peer.await(played);
            } finally {
                server.close();
            }
        }
    }

    /** Connects from another thread and plays a script. */
    static Connecting connect(java.net.SocketAddress address, Script script) {
        Connecting connecting = new Connecting();
        play(connecting.played, () -> {
            try (Socket socket = new Socket()) {
                socket.setTcpNoDelay(true);
                socket.connect(address);
                script.run(socket);
            }
        });
        return connecting;
    }

    static final class Connecting implements AutoCloseable {
        final CompletableFuture<Void> played = new CompletableFuture<>();

        /** Waits for the end of the script. */
        @Override
        public void close() throws Exception {
            Peer.await(played);
        }
    }

    @FunctionalInterface
    private interface Action {
        void run() throws Exception;
    }

    private static void play(CompletableFuture<Void> played, Action action) {
        Thread.ofPlatform().daemon().name("peer").start(() -> {
            try {
                action.run();
                played.complete(null);
            } catch (Throwable failure) {
                played.completeExceptionally(failure);
            }
        });
    }

    private static void await(CompletableFuture<Void> played) throws Exception {
        try {
            if (io.coloop.Task.currentOrNull() != null) { // the loop goes on meanwhile
                io.coloop.Await.await(played, java.time.Duration.ofSeconds(Where.LIMIT_SECONDS));
            } else {
                played.get(Where.LIMIT_SECONDS, TimeUnit.SECONDS);
            }
        } catch (ExecutionException | java.util.concurrent.CompletionException failure) {
            throw new AssertionError("the peer failed", failure.getCause());
        } catch (TimeoutException late) {
            throw new AssertionError("the peer did not end", late);
        }
    }

    static byte[] readFully(Socket socket, int count) throws IOException {
        return socket.getInputStream().readNBytes(count);
    }

    static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    /** Resets a connection as it is closed. */
    static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** A port whose backlog is full: who connects waits. */
    static final class Deaf implements AutoCloseable {
        private final ServerSocket server;
        private final List<SocketChannel> waiting = new ArrayList<>();

        Deaf() throws IOException {
            this(InetAddress.getLoopbackAddress());
        }

        Deaf(InetAddress at) throws IOException {
            server = new ServerSocket(0, 1, at);
            for (int i = 0; i < 4; i++) {
                SocketChannel channel = SocketChannel.open();
                channel.configureBlocking(false);
                channel.connect(server.getLocalSocketAddress());
                waiting.add(channel);
            }
        }

        InetSocketAddress address() {
            return (InetSocketAddress) server.getLocalSocketAddress();
        }

        @Override
        public void close() throws IOException {
            for (SocketChannel each : waiting) {
                each.close();
            }
            server.close();
        }
    }
}
