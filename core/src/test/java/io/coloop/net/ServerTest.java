package io.coloop.net;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Promise;
import io.coloop.Readiness;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.TaskGroupException;
import io.coloop.io.IncompleteReadException;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.VirtualClock;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Servers on both kinds of loops; clients are plain sockets, or connections of the same loop. */
class ServerTest {
    @TempDir
    Path directory;

    static Stream<Arguments> everywhere() {
        return Stream.of(Where.values())
                .flatMap(where -> Stream.of(Arguments.of(where, "TCP"), Arguments.of(where, "UNIX")));
    }

    private SocketAddress anyAddress(String family) {
        return family.equals("TCP") ? anyPort() : UnixDomainSocketAddress.of(directory.resolve("server"));
    }

    private static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    private static void echo(Connection connection) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(1000);
        while (connection.read(buffer.clear()) >= 0) {
            connection.write(buffer.flip());
        }
    }

    // ---- serving

    @ParameterizedTest
    @EnumSource
    void manyClientsAtATime(Where where) throws Exception {
        where.run(() -> {
            Server server = Net.listen(anyPort());
            Task<Void> serving = Task.spawn(() -> server.serve(ServerTest::echo));
            List<Peer.Connecting> clients = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                String text = "client " + i;
                clients.add(Peer.connect(server.localAddress(), socket -> {
                    for (int n = 0; n < 50; n++) {
                        Peer.send(socket, text);
                        assertThat(new String(Peer.readFully(socket, text.length()), UTF_8))
                                .isEqualTo(text);
                    }
                    socket.shutdownOutput();
                    assertThat(socket.getInputStream().read()).isEqualTo(-1);
                }));
            }
            for (Peer.Connecting client : clients) {
                client.close();
            }
            assertThat(serving.isDone()).isFalse();
            server.close();
            await(serving);
            assertThat(server.connectionCount()).isZero();
        });
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void bothSidesOnOneLoop(Where where, String family) throws Exception {
        where.run(() -> {
            try (Server server = Net.listen(anyAddress(family))) {
                Task<Void> serving = Task.spawn(() -> server.serve(ServerTest::echo));
                assertThat(server.toString()).contains("listening, 0 connections");
                try (Connection connection = Net.connect(server.localAddress())) {
                    assertThat(connection.remoteAddress()).isEqualTo(server.localAddress());
                    connection.write("one\n");
                    assertThat(connection.readLine()).isEqualTo("one");
                    assertThat(server.connectionCount()).isEqualTo(1);
                    byte[] big = new byte[3_000_000];
                    Task<Void> writer = Task.spawn(() -> {
                        connection.write(big);
                        connection.shutdownOutput();
                    });
                    assertThat(connection.readExactly(big.length)).hasSize(big.length);
                    assertThat(connection.readLine()).isNull();
                    await(writer);
                }
                server.close();
                await(serving);
                assertThat(server.toString()).contains("closed, 0 connections");
            }
        });
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void aClosedServerWaitsForItsConnections(Where where, String family) throws Exception {
        where.run(() -> {
            Server server = Net.listen(anyAddress(family));
            Promise<Void> begun = Promise.create();
            Task<Void> serving = Task.spawn(() -> server.serve(connection -> {
                begun.complete(null);
                connection.write(connection.readLine() + "\n");
            }));
            try (Connection client = Net.connect(server.localAddress())) {
                await(begun.future());
                server.close();
                server.close();
                assertThat(server.isOpen()).isFalse();
                sleep(Duration.ofMillis(2));
                assertThat(serving.isDone()).isFalse();
                assertThatThrownBy(() -> Net.connect(server.localAddress())).isInstanceOf(IOException.class);
                client.write("still here\n");
                assertThat(client.readLine()).isEqualTo("still here");
                await(serving);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aCancelledServeCancelsItsHandlersAndLeavesTheServerOpen(Where where) throws Exception {
        where.run(() -> {
            try (Server server = Net.listen(anyPort())) {
                Promise<Void> begun = Promise.create();
                boolean[] cleanedUp = new boolean[1];
                Task<Void> serving = Task.spawn(() -> server.serve(connection -> {
                    begun.complete(null);
                    try {
                        connection.readLine();
                    } finally {
                        cleanedUp[0] = true;
                    }
                }));
                try (Connection client = Net.connect(server.localAddress())) {
                    await(begun.future());
                    serving.cancel();
                    assertThatThrownBy(() -> await(serving)).isInstanceOf(TaskCancelledException.class);
                    assertThat(cleanedUp[0]).isTrue();
                    assertThatThrownBy(client::readLine).isInstanceOf(SocketException.class);
                }
                Task<Void> again = Task.spawn(() -> server.serve(ServerTest::echo));
                try (Connection client = Net.connect(server.localAddress())) {
                    client.write("x\n");
                    assertThat(client.readLine()).isEqualTo("x");
                }
                server.close();
                await(again);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionWhoseTaskNeverBeganIsClosed(Where where) throws Exception {
        where.run(() -> {
            ServerSocketChannel channel = ServerSocketChannel.open().bind(anyPort());
            boolean[] accepted = new boolean[1];
            Server.Accepting accepting = () -> {
                if (accepted[0]) {
                    throw new IllegalStateException("in the same step as the one before");
                }
                SocketChannel next = channel.accept();
                accepted[0] = next != null;
                return next;
            };
            try (Server server = new Server(channel, accepting, Readiness.of(channel), NetOptions.DEFAULT);
                    Connection client = Net.connect(server.localAddress())) {
                assertThatThrownBy(() -> server.serve(connection -> {
                            throw new AssertionError("it never began");
                        }))
                        .isInstanceOf(TaskGroupException.class);
                assertThatThrownBy(client::readLine).isInstanceOf(SocketException.class);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aHandlerThatFailsConcernsNoOther(Where where) throws Exception {
        List<Report> reports = where.runReporting(() -> {
            Server server = Net.listen(anyPort());
            Task<Void> serving = Task.spawn(() -> server.serve(connection -> {
                if ("fail".equals(connection.readLine())) {
                    throw new IllegalStateException("as told");
                }
                connection.write("fine\n");
            }));
            try (Connection bad = Net.connect(server.localAddress());
                    Connection good = Net.connect(server.localAddress())) {
                bad.write("fail\n");
                assertThatThrownBy(bad::readLine).isInstanceOf(SocketException.class);
                good.write("go on\n");
                assertThat(good.readLine()).isEqualTo("fine");
            }
            server.close();
            await(serving);
        });
        assertThat(reports).extracting(Report::kind).containsExactly(Report.Kind.CALLBACK_FAILED);
        assertThat(reports.getFirst().message())
                .startsWith("the handler of Connection[")
                .endsWith("as told");
    }

    @ParameterizedTest
    @EnumSource
    void aPeerThatLeavesIsNoFailureOfTheHandlers(Where where) throws Exception {
        List<Report> reports = where.runReporting(() -> {
            Server server = Net.listen(anyPort());
            Task<Void> serving = Task.spawn(() -> server.serve(connection -> connection.readExactly(10)));
            try (Connection leaving = Net.connect(server.localAddress())) {
                leaving.write("five!");
                leaving.shutdownOutput();
                assertThatThrownBy(leaving::readLine).isInstanceOf(SocketException.class);
            }
            server.close();
            await(serving);
        });
        assertThat(reports).extracting(Report::kind).containsExactly(Report.Kind.CONNECTION_FAILED);
        assertThat(reports.getFirst().failure()).isInstanceOf(IncompleteReadException.class);
    }

    // ---- accepting by hand

    @ParameterizedTest
    @MethodSource("everywhere")
    void acceptByHand(Where where, String family) throws Exception {
        where.run(() -> {
            Server server = Net.listen(anyAddress(family));
            Task<Connection> cancelled = Task.spawn(server::accept);
            yieldNow();
            assertThatThrownBy(server::accept).isInstanceOf(LoopMisuseException.class);
            cancelled.cancel();
            assertThatThrownBy(() -> await(cancelled)).isInstanceOf(TaskCancelledException.class);
            Task<Connection> accepting = Task.spawn(server::accept);
            try (Connection client = Net.connect(server.localAddress());
                    Connection accepted = await(accepting)) {
                client.write("x\n");
                assertThat(accepted.readLine()).isEqualTo("x");
            }
            Task<Connection> waiting = Task.spawn(server::accept);
            yieldNow();
            server.close();
            assertThatThrownBy(() -> await(waiting)).hasRootCauseInstanceOf(ClosedChannelException.class);
            assertThatThrownBy(server::accept).isInstanceOf(ClosedChannelException.class);
        });
    }

    @ParameterizedTest
    @EnumSource
    void oneThatIsLeftOpenIsClosedAndReported(Where where) throws Exception {
        List<Report> reports = where.runReporting(
                () -> assertThat(Net.listen(anyPort()).isOpen()).isTrue());
        assertThat(reports).extracting(Report::kind).containsExactly(Report.Kind.LEFT_AT_CLOSE);
    }

    // ---- listening

    @ParameterizedTest
    @EnumSource
    void anAddressInUse(Where where) throws Exception {
        where.run(() -> {
            try (Server server = Net.listen(anyPort(), NetOptions.DEFAULT.backlog(10))) {
                assertThatThrownBy(() -> Net.listen(server.localAddress())).isInstanceOf(BindException.class);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void severalServersOfOnePort(Where where) throws Exception {
        NetOptions shared = NetOptions.DEFAULT.with(StandardSocketOptions.SO_REUSEPORT, true);
        where.run(() -> {
            try (Server first = Net.listen(anyPort(), shared);
                    Server second = Net.listen(first.localAddress(), shared)) {
                Task<Void> serving = Task.spawn(() -> first.serve(ServerTest::echo));
                Task<Void> servingToo = Task.spawn(() -> second.serve(ServerTest::echo));
                for (int i = 0; i < 20; i++) {
                    try (Connection client = Net.connect(first.localAddress())) {
                        client.write("x\n");
                        assertThat(client.readLine()).isEqualTo("x");
                    }
                }
                first.close();
                second.close();
                await(serving);
                await(servingToo);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void theFileOfAUnixSocketGoesWithItsServer(Where where) throws Exception {
        Path file = directory.resolve("server");
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(file);
        where.run(() -> {
            Server server = Net.listen(address);
            assertThat(file).exists();
            assertThatThrownBy(() -> Net.listen(address)).isInstanceOf(BindException.class);
            server.close();
            assertThat(file).doesNotExist();
            Server replaced = Net.listen(address);
            Files.delete(file);
            Files.writeString(file, "somebody else's");
            replaced.close();
            assertThat(file).hasContent("somebody else's");
            Files.delete(file);
        });
    }

    // ---- no descriptor left

    @LoopTest
    void whenDescriptorsRunOutItSaysSoOnceAndTriesAgain(Loop loop, VirtualClock clock, Reports reports)
            throws Exception {
        ServerSocketChannel channel = ServerSocketChannel.open().bind(anyPort());
        boolean[] exhausted = {true};
        int[] tries = new int[1];
        Server.Accepting accepting = () -> {
            tries[0]++;
            if (exhausted[0]) {
                throw new IOException("Too many open files");
            }
            return channel.accept();
        };
        try (Server server = new Server(channel, accepting, Readiness.of(channel), NetOptions.DEFAULT)) {
            for (int outage = 1; outage <= 2; outage++) {
                tries[0] = 0;
                Duration begin = clock.elapsed();
                loop.callLater(Duration.ofMillis(1050), () -> exhausted[0] = false);
                Task<Connection> accepting1 = Task.spawn(server::accept);
                sleep(Duration.ofMillis(1010));
                assertThat(tries[0]).isEqualTo(11);
                try (Connection client = Net.connect(server.localAddress());
                        Connection accepted = await(accepting1)) {
                    assertThat(accepted.isOpen()).isTrue();
                }
                assertThat(clock.elapsed().minus(begin)).isGreaterThanOrEqualTo(Duration.ofMillis(1100));
                Report report = reports.takeOnly(Report.Kind.OUT_OF_RESOURCES);
                assertThat(report.message())
                        .startsWith("Server[/127.0.0.1:")
                        .contains("cannot accept a connection, and tries again every 100 ms:")
                        .endsWith("Too many open files");
                exhausted[0] = true;
            }
            Task<Connection> waiting = Task.spawn(server::accept);
            yieldNow();
            server.close();
            assertThatThrownBy(() -> await(waiting)).hasRootCauseInstanceOf(ClosedChannelException.class);
            reports.takeOnly(Report.Kind.OUT_OF_RESOURCES);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClientThatIsGoneBeforeItWasAccepted(Where where) throws Exception {
        where.run(() -> {
            try (Server server = Net.listen(anyPort())) {
                try (Peer.Connecting gone = Peer.connect(server.localAddress(), Peer::reset)) {
                    gone.played.get(Where.LIMIT_SECONDS, TimeUnit.SECONDS);
                }
                Task<Connection> accepting = Task.spawn(server::accept);
                try (Connection dead = await(accepting)) {
                    assertThatThrownBy(dead::readLine).isInstanceOf(IOException.class);
                }
            }
        });
    }
}
