package io.coloop.net;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.LoopBuilder;
import io.coloop.LoopMisuseException;
import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** TLS against the JDK's blocking sockets, and against itself, on both kinds of loops. */
class TlsTest {
    private static final int BIG = 16 * 1024 * 1024;
    private static final NetOptions SERVER = NetOptions.DEFAULT.tls(Tls.server(serverContext()));
    private static final NetOptions CLIENT = NetOptions.DEFAULT.tls(localhost(Certificates.trusting()));

    private static SSLContext serverContext() {
        return Certificates.context(Certificates.SERVER);
    }

    private static Tls localhost(SSLContext context) {
        return Tls.client(context).serverName("localhost");
    }

    private static NetOptions tls(Tls how) {
        return NetOptions.DEFAULT.tls(how);
    }

    @BeforeAll
    static void what_the_jdk_opens_once_is_open() throws Exception {
        Where.OWNED.runReporting(() -> {
            try (Server server = Net.listen(anyPort(), SERVER)) {
                Task<Void> serving = Task.spawn(() -> server.serve(TlsTest::echo));
                Net.connect(server.localAddress(), CLIENT).close();
                server.close();
                await(serving);
            }
        });
    }

    static Stream<Arguments> everywhere() {
        return Stream.of(Where.values())
                .flatMap(where -> Stream.of("TLSv1.2", "TLSv1.3").map(version -> Arguments.of(where, version)));
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

    // ---- peers

    private interface Script {
        void run(SSLSocket socket) throws Exception;
    }

    private interface Client {
        void run(Connection connection) throws Exception;
    }

    private static void only(SSLSocket socket, String version) {
        socket.setEnabledProtocols(new String[] {version});
    }

    /** A server of the JDK. */
    private static Peer.Script jdkServer(SSLContext context, Script script) {
        return plain -> {
            try (SSLSocket socket =
                    (SSLSocket) context.getSocketFactory().createSocket(plain, null, plain.getPort(), true)) {
                socket.setUseClientMode(false);
                script.run(socket);
            }
        };
    }

    private static Peer.Script jdkServer(String version, Script script) {
        return jdkServer(serverContext(), socket -> {
            only(socket, version);
            script.run(socket);
        });
    }

    /** A client of the JDK. */
    private static Peer.Script jdkClient(SSLContext context, Script script) {
        return plain -> {
            try (SSLSocket socket =
                    (SSLSocket) context.getSocketFactory().createSocket(plain, "localhost", plain.getPort(), true)) {
                script.run(socket);
            }
        };
    }

    private static void with(Where where, Peer.Script peer, Client client) throws Exception {
        where.run(() -> {
            try (Peer.Listening listening = new Peer.Listening(peer)) {
                try (Connection connection = Net.connect(listening.address(), CLIENT)) {
                    client.run(connection);
                }
            }
        });
    }

    private interface Pair {
        void run(Server server, SocketAddress address) throws Exception;
    }

    /** A server that serves while the body runs. */
    private static List<Report> serving(Where where, NetOptions options, Server.Handler handler, Pair body)
            throws Exception {
        return where.runReporting(() -> {
            Server server = Net.listen(anyPort(), options);
            Task<Void> serving = Task.spawn(() -> server.serve(handler));
            try {
                body.run(server, server.localAddress());
            } finally {
                server.close();
            }
            await(serving);
        });
    }

    private static String messages(Throwable failure) {
        StringBuilder all = new StringBuilder();
        for (Throwable each = failure; each != null; each = each.getCause()) {
            all.append(each).append('\n');
        }
        return all.toString();
    }

    private static byte[] readFully(Socket socket, int count) {
        try {
            return Peer.readFully(socket, count);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static byte[] random(int count, int seed) {
        byte[] bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static void waitForOther(CountDownLatch latch) throws InterruptedException {
        if (!latch.await(Where.LIMIT_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("nobody opened the latch");
        }
    }

    private static void awaitOther(CountDownLatch latch) {
        await(Loop.current().blocking(() -> {
            waitForOther(latch);
            return null;
        }));
    }

    // ---- there and back

    @ParameterizedTest
    @MethodSource("everywhere")
    void aClientOfAJdkServer(Where where, String version) throws Exception {
        with(
                where,
                jdkServer(version, socket -> {
                    assertThat(new String(Peer.readFully(socket, 5), UTF_8)).isEqualTo("ping\n");
                    Peer.send(socket, "pöng\n");
                }),
                connection -> {
                    assertThat(connection.isTls()).isTrue();
                    connection.write("ping\n");
                    assertThat(connection.readLine()).isEqualTo("pöng");
                    assertThat(connection.readLine()).isNull();
                    assertThat(connection.readLine()).isNull();
                    TlsSession session = connection.tlsSession();
                    assertThat(session.protocol()).isEqualTo(version);
                    assertThat(session.cipherSuite()).startsWith("TLS_");
                    assertThat(session.applicationProtocol()).isNull();
                    assertThat(session.serverName()).isEqualTo("localhost");
                    assertThat(session.peerCertificates()).hasSize(2);
                    assertThat(session.peerCertificates().getFirst().getSubjectX500Principal())
                            .hasToString("CN=server");
                    assertThat(session.sslSession().isValid()).isTrue();
                    assertThat(session.toString()).startsWith("TlsSession[" + version);
                });
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void aServerOfAJdkClient(Where where, String version) throws Exception {
        List<TlsSession> sessions = new ArrayList<>();
        assertThat(serving(
                        where,
                        SERVER,
                        connection -> {
                            sessions.add(connection.tlsSession());
                            echo(connection);
                        },
                        (server, address) -> {
                            try (Peer.Connecting client =
                                    Peer.connect(address, jdkClient(Certificates.trusting(), socket -> {
                                        only(socket, version);
                                        Peer.send(socket, "hello");
                                        assertThat(new String(Peer.readFully(socket, 5), UTF_8))
                                                .isEqualTo("hello");
                                        socket.shutdownOutput();
                                        assertThat(socket.getInputStream().read())
                                                .isEqualTo(-1);
                                    }))) {}
                        }))
                .isEmpty();
        assertThat(sessions).hasSize(1);
        assertThat(sessions.getFirst().protocol()).isEqualTo(version);
        assertThat(sessions.getFirst().peerCertificates()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void manyConnectionsOfOneLoop(Where where) throws Exception {
        assertThat(serving(where, SERVER, TlsTest::echo, (server, address) -> {
                    List<Task<Void>> clients = new ArrayList<>();
                    for (int i = 0; i < 10; i++) {
                        String line = "client " + i;
                        clients.add(Task.spawn(() -> {
                            try (Connection connection = Net.connect(address, CLIENT)) {
                                for (int n = 0; n < 20; n++) {
                                    connection.write(line + "\n");
                                    assertThat(connection.readLine()).isEqualTo(line);
                                }
                                connection.shutdownOutput();
                                assertThat(connection.readLine()).isNull();
                            }
                        }));
                    }
                    for (Task<Void> each : clients) {
                        await(each);
                    }
                }))
                .isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void byNameAndOverAUnixSocket(Where where, @TempDir Path directory) throws Exception {
        where.run(() -> {
            try (Server server = Net.listen(anyPort(), SERVER);
                    Server unix = Net.listen(UnixDomainSocketAddress.of(directory.resolve("s")), SERVER)) {
                List<Task<Void>> serving = List.of(
                        Task.spawn(() -> server.serve(TlsTest::echo)), Task.spawn(() -> unix.serve(TlsTest::echo)));
                NetOptions unnamed = tls(Tls.client(Certificates.trusting()));
                int port = ((InetSocketAddress) server.localAddress()).getPort();
                try (Connection byName = Net.connect("localhost", port, unnamed);
                        Connection byAddress = Net.connect("127.0.0.1", port, unnamed);
                        Connection overUnix = Net.connect(unix.localAddress(), CLIENT)) {
                    assertThat(byName.tlsSession().serverName()).isEqualTo("localhost");
                    assertThat(byAddress.tlsSession().serverName()).isNull();
                    assertThat(overUnix.tlsSession().serverName()).isEqualTo("localhost");
                }
                assertThatThrownBy(() -> Net.connect(unix.localAddress(), unnamed))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("say which with Tls.serverName(...)");
                server.close();
                unix.close();
                for (Task<Void> each : serving) {
                    await(each);
                }
            }
        });
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void muchBothWaysAtATime(Where where, String version) throws Exception {
        byte[] there = random(BIG, 1);
        byte[] back = random(BIG, 2);
        NetOptions small = CLIENT.with(StandardSocketOptions.SO_SNDBUF, 4096);
        where.run(() -> {
            try (Peer.Listening listening = new Peer.Listening(jdkServer(version, socket -> {
                Thread reader = Thread.currentThread();
                AtomicReference<Throwable> failure = new AtomicReference<>();
                Thread writer = Thread.ofPlatform().start(() -> {
                    try {
                        socket.getOutputStream().write(back);
                    } catch (Throwable failed) {
                        failure.set(failed);
                        reader.interrupt();
                    }
                });
                assertThat(Arrays.equals(Peer.readFully(socket, BIG), there)).isTrue();
                writer.join();
                assertThat(failure.get()).isNull();
                assertThat(socket.getInputStream().read()).isEqualTo(-1);
            }))) {
                try (Connection connection = Net.connect(listening.address(), small)) {
                    Task<Void> writer = Task.spawn(() -> connection.write(there));
                    assertThat(Arrays.equals(connection.readExactly(BIG), back)).isTrue();
                    await(writer);
                    assertThat(connection.bytesRead()).isEqualTo(BIG);
                    assertThat(connection.bytesWritten()).isEqualTo(BIG);
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void inPiecesOfAnySize(Where where) throws Exception {
        byte[] all = random(100_000, 3);
        for (int room : new int[] {1000, 16 * 1024, 20_000, 100_000}) {
            with(
                    where,
                    jdkServer("TLSv1.3", socket -> {
                        OutputStream out = socket.getOutputStream();
                        for (int begin = 0, length = 1; begin < all.length; begin += length, length = length * 3 + 1) {
                            length = Math.min(length, all.length - begin);
                            out.write(all, begin, length);
                        }
                    }),
                    connection -> {
                        ByteBuffer got = ByteBuffer.allocate(all.length);
                        ByteBuffer some = ByteBuffer.allocate(room);
                        while (connection.read(some.clear()) >= 0) {
                            got.put(some.flip());
                        }
                        assertThat(Arrays.equals(got.array(), all)).isTrue();
                    });
        }
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionThatIsAlwaysReadyLetsOthersRun(Where where) throws Exception {
        with(where, jdkServer("TLSv1.3", socket -> socket.getOutputStream().write(new byte[4 << 20])), connection -> {
            int[] turns = {0};
            Task<Void> other = Task.spawn(() -> {
                while (true) {
                    turns[0]++;
                    yieldNow();
                }
            });
            ByteBuffer small = ByteBuffer.allocate(512);
            int reads = 0;
            while (connection.read(small.clear()) >= 0) {
                reads++;
            }
            other.cancel();
            assertThat(reads).isGreaterThanOrEqualTo((4 << 20) / 512);
            assertThat(turns[0]).isGreaterThanOrEqualTo(reads / 20);
        });
    }

    // ---- what is negotiated

    @ParameterizedTest
    @EnumSource
    void theServersOrderOfProtocolsDecides(Where where) throws Exception {
        Tls server = Tls.server(serverContext()).alpn("h2", "http/1.1");
        Tls client = localhost(Certificates.trusting());
        List<String> accepted = new ArrayList<>();
        List<Report> reports = serving(
                where,
                tls(server),
                connection -> accepted.add(connection.tlsSession().applicationProtocol()),
                (listening, address) -> {
                    for (Tls each : List.of(client.alpn("http/1.1", "h2"), client.alpn("http/1.1"), client)) {
                        try (Connection connection = Net.connect(address, tls(each))) {
                            assertThat(connection.readLine()).isNull();
                            assertThat(connection.tlsSession().applicationProtocol())
                                    .isEqualTo(accepted.getLast());
                        }
                    }
                    assertThatThrownBy(() -> Net.connect(address, tls(client.alpn("spdy"))))
                            .isInstanceOf(SSLException.class)
                            .hasMessageContaining("no_application_protocol");
                });
        assertThat(accepted).containsExactly("h2", "http/1.1", null);
        assertThat(reports).hasSize(1);
        assertThat(reports.getFirst().message()).startsWith("the handshake of Connection[/127.0.0.1:");
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void aContextForEachServerName(Where where, String version) throws Exception {
        SSLContext another = Certificates.context(Certificates.ANOTHER);
        SSLContext fallback = serverContext();
        List<String> asked = new CopyOnWriteArrayList<>();
        Tls server = Tls.server(fallback)
                .with(use -> use.setProtocols(new String[] {version}))
                .contextFor(name -> {
                    asked.add(name + (Loop.currentOrNull() == null ? "" : " on the loop"));
                    return switch (name) {
                        case "another.test" -> another;
                        case "example.test" -> fallback;
                        case "refused.test" -> throw new IllegalArgumentException("not here");
                        default -> null;
                    };
                });
        List<String> names = new ArrayList<>();
        List<Report> reports = serving(
                where,
                tls(server),
                connection -> names.add(connection.tlsSession().serverName()),
                (listening, address) -> {
                    Tls client = Tls.client(Certificates.trusting());
                    for (String name : List.of("another.test", "example.test", "localhost", "127.0.0.1")) {
                        try (Connection connection = Net.connect(address, tls(client.serverName(name)))) {
                            assertThat(connection.readLine()).isNull();
                            assertThat(connection
                                            .tlsSession()
                                            .peerCertificates()
                                            .getFirst()
                                            .getSubjectX500Principal())
                                    .hasToString(name.startsWith("another") ? "CN=another" : "CN=server");
                        }
                    }
                    assertThatThrownBy(() -> Net.connect(address, tls(client.serverName("refused.test"))))
                            .isInstanceOf(SSLException.class)
                            .hasMessageContaining("unrecognized_name");
                });
        assertThat(asked).containsExactly("another.test", "example.test", "localhost", "refused.test");
        assertThat(names).containsExactly("another.test", "example.test", "localhost", null);
        assertThat(reports)
                .singleElement()
                .satisfies(report -> assertThat(messages(report.failure()))
                        .contains("no context for this server name")
                        .contains("not here"));
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void aSessionIsResumedUntilItsTimeIsUp(Where where, String version) throws Exception {
        List<String> checked = new CopyOnWriteArrayList<>();
        SSLContext client = Certificates.context(null, new TrustManager[] {
            new Trusting() {
                @Override
                public void checkServerTrusted(X509Certificate[] chain, String type) {
                    checked.add(Thread.currentThread().getName());
                }
            }
        });
        Tls use = Tls.client(client)
                .serverName("localhost")
                .withoutHostNameCheck()
                .with(parameters -> parameters.setProtocols(new String[] {version}));
        SSLContext server = serverContext();
        server.getServerSessionContext().setSessionTimeout(1000);
        assertThat(serving(
                        where, tls(Tls.server(server)), connection -> connection.write("x\n"), (listening, address) -> {
                            for (int i = 0; i < 3; i++) {
                                talk(address, use);
                            }
                            assertThat(checked).hasSize(1).allMatch(thread -> thread.startsWith("net-blocking-"));
                            client.getClientSessionContext().setSessionTimeout(1);
                            long end = System.nanoTime() + 2_000_000_000L; // the JDK's clock, in whole seconds
                            while (System.nanoTime() < end) {
                                sleep(Duration.ofMillis(50));
                            }
                            talk(address, use);
                            assertThat(checked).hasSize(2);
                        }))
                .isEmpty();
    }

    private static void talk(SocketAddress address, Tls use) throws IOException {
        try (Connection connection = Net.connect(address, tls(use))) {
            assertThat(connection.readLine()).isEqualTo("x");
            assertThat(connection.readLine()).isNull();
        }
    }

    private abstract static class Trusting implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    // ---- certificates

    private static void refuses(Where where, NetOptions server, Tls client, String ours, String theirs)
            throws Exception {
        List<Report> reports = serving(
                where,
                server,
                connection -> connection.readLine(),
                (listening, address) -> assertThatThrownBy(() -> Net.connect(address, tls(client)))
                        .isInstanceOf(SSLHandshakeException.class)
                        .satisfies(failure -> assertThat(messages(failure)).contains(ours)));
        assertThat(reports)
                .singleElement()
                .satisfies(report -> assertThat(messages(report.failure())).contains(theirs));
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void aServerThatIsNotWhatItShouldBe(Where where, String version) throws Exception {
        Tls client =
                localhost(Certificates.trusting()).with(parameters -> parameters.setProtocols(new String[] {version}));
        NetOptions stranger = tls(Tls.server(Certificates.context(Certificates.STRANGER)));
        refuses(where, stranger, client, "unable to find valid certification path", "certificate_unknown");
        NetOptions expired = tls(Tls.server(Certificates.context(Certificates.EXPIRED)));
        refuses(where, expired, client, "NotAfter", "certificate_");
        NetOptions another = tls(Tls.server(Certificates.context(Certificates.ANOTHER)));
        refuses(where, another, client, "No subject alternative DNS name matching localhost", "certificate_unknown");
        refuses(
                where,
                SERVER,
                client.serverName("127.0.0.2"),
                "No subject alternative names matching IP",
                "certificate_");
        assertThat(serving(
                        where,
                        another,
                        connection -> {},
                        (listening, address) -> Net.connect(address, tls(client.withoutHostNameCheck()))
                                .close()))
                .isEmpty();
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void aClientsCertificate(Where where, String version) throws Exception {
        Tls server = Tls.server(serverContext()).with(parameters -> parameters.setProtocols(new String[] {version}));
        for (Tls each : List.of(server.requestClientCertificate(), server.requireClientCertificate())) {
            List<String> subjects = new ArrayList<>();
            assertThat(serving(
                            where,
                            tls(each),
                            connection -> {
                                TlsSession session = connection.tlsSession();
                                subjects.add(session.peerCertificates()
                                        .getFirst()
                                        .getSubjectX500Principal()
                                        .toString());
                                connection.write("welcome\n");
                            },
                            (listening, address) -> {
                                Tls client = localhost(Certificates.context(Certificates.CLIENT));
                                try (Connection connection = Net.connect(address, tls(client))) {
                                    assertThat(connection.readLine()).isEqualTo("welcome");
                                }
                            }))
                    .isEmpty();
            assertThat(subjects).containsExactly("CN=client");
        }
        assertThat(serving(
                        where,
                        tls(server.requestClientCertificate()),
                        connection -> {
                            assertThat(connection.tlsSession().peerCertificates())
                                    .isEmpty();
                            connection.write("welcome\n");
                        },
                        (listening, address) -> {
                            try (Connection connection = Net.connect(address, CLIENT)) {
                                assertThat(connection.readLine()).isEqualTo("welcome");
                            }
                        }))
                .isEmpty();
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void aClientWithoutOrWithAWrongCertificate(Where where, String version) throws Exception {
        Tls server = Tls.server(serverContext())
                .requireClientCertificate()
                .with(parameters -> parameters.setProtocols(new String[] {version}));
        for (SSLContext each : List.of(
                Certificates.trusting(),
                Certificates.context(Certificates.EXPIRED),
                // not asked which authorities the server takes
                Certificates.context(Certificates.STRANGER, Certificates.trustManagers("authority")))) {
            List<Report> reports = serving(
                    where,
                    tls(server),
                    connection -> connection.readLine(),
                    (listening, address) -> assertThatThrownBy(() -> {
                                try (Connection connection = Net.connect(address, tls(localhost(each)))) {
                                    connection.readLine(); // with TLS 1.3 the client learns it after its handshake
                                }
                            })
                            .isInstanceOf(SSLException.class)
                            .hasMessageContaining("fatal alert"));
            assertThat(reports)
                    .singleElement()
                    .satisfies(report ->
                            assertThat(report.message()).startsWith("the handshake of Connection[/127.0.0.1:"));
        }
    }

    // ---- the peer's faults

    @ParameterizedTest
    @EnumSource
    void garbageAndSilenceConcernNoOther(Where where) throws Exception {
        Tls impatient = Tls.server(serverContext()).handshakeTimeout(Duration.ofMillis(300));
        List<Report> reports = serving(where, tls(impatient), TlsTest::echo, (server, address) -> {
            CountDownLatch served = new CountDownLatch(1);
            Peer.Connecting silent = Peer.connect(address, socket -> {
                waitForOther(served);
                assertThat(socket.getInputStream().readAllBytes()).isNotNull();
            });
            Peer.Connecting garbage = Peer.connect(address, socket -> {
                socket.getOutputStream().write(random(5000, 4));
                readToTheEnd(socket);
            });
            Peer.Connecting http = Peer.connect(address, socket -> {
                Peer.send(socket, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
                readToTheEnd(socket);
            });
            byte[] malformed = new byte[50]; // a hello whose session id is longer than the record
            malformed[0] = 22;
            malformed[1] = 3;
            malformed[2] = 1;
            malformed[4] = 45;
            malformed[5] = 1;
            malformed[8] = 41;
            malformed[43] = (byte) 200;
            Peer.Connecting hello = Peer.connect(address, socket -> {
                socket.getOutputStream().write(malformed);
                readToTheEnd(socket);
            });
            garbage.close();
            http.close();
            hello.close();
            try (Connection connection = Net.connect(address, CLIENT)) {
                connection.write("hello\n");
                assertThat(connection.readLine()).isEqualTo("hello");
            }
            served.countDown();
            silent.close();
        });
        assertThat(reports).hasSize(4).allMatch(report -> report.message().startsWith("the handshake of "));
        assertThat(reports.getLast().message()).endsWith("took longer than 300 ms");
    }

    private static final byte[] WARNING = {21, 3, 3, 0, 2, 1, 90}; // user_canceled, which the JDK ignores

    private static byte[] warnings(int count) {
        byte[] all = new byte[count * WARNING.length];
        for (int i = 0; i < count; i++) {
            System.arraycopy(WARNING, 0, all, i * WARNING.length, WARNING.length);
        }
        return all;
    }

    private static Peer.Script endlessly(Script script) {
        return jdkClient(Certificates.trusting(), socket -> {
            socket.startHandshake();
            try {
                while (true) {
                    script.run(socket);
                }
            } catch (IOException closed) {
                // at last
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void warningsWithoutEndAreNoHandshake(Where where) throws Exception {
        Tls server = Tls.server(serverContext());
        for (Tls each : List.of(server, server.contextFor(name -> null))) {
            List<Report> reports = serving(where, tls(each), TlsTest::echo, (listening, address) -> {
                Peer.Connecting warner = Peer.connect(address, socket -> {
                    byte[] many = warnings(1000);
                    try {
                        while (true) {
                            socket.getOutputStream().write(many);
                        }
                    } catch (IOException closed) {
                        // at last
                    }
                });
                try (Connection connection = Net.connect(address, CLIENT)) {
                    connection.write("hello\n");
                    assertThat(connection.readLine()).isEqualTo("hello");
                }
                warner.close();
            });
            assertThat(reports)
                    .singleElement()
                    .satisfies(report -> assertThat(report.message()).contains("too many records without data from "));
        }
    }

    @ParameterizedTest
    @EnumSource
    void othersRunWhileAHandshakeHasInput(Where where) throws Exception {
        CountDownLatch sent = new CountDownLatch(1);
        where.run(() -> {
            try (Server server = Net.listen(anyPort(), SERVER);
                    Peer.Connecting client = Peer.connect(server.localAddress(), socket -> {
                        byte[] all = warnings(91);
                        all[90 * WARNING.length] = 99; // no type of a record
                        socket.getOutputStream().write(all);
                        sent.countDown();
                        readToTheEnd(socket);
                    });
                    Connection connection = server.accept()) {
                awaitOther(sent);
                int[] turns = {0};
                Task<Void> other = Task.spawn(() -> {
                    while (true) {
                        turns[0]++;
                        yieldNow();
                    }
                });
                assertThatThrownBy(connection::tlsSession)
                        .isInstanceOf(SSLException.class)
                        .hasMessageNotContaining("too many");
                other.cancel();
                connection.close();
                assertThat(turns[0]).isGreaterThanOrEqualTo(90 / 20);
            }
        });
    }

    /** As the JDK's second handshake is. */
    @ParameterizedTest
    @EnumSource
    void newKeysWithoutEndAndWithoutData(Where where) throws Exception {
        List<Throwable> failures = new ArrayList<>();
        assertThat(serving(
                        where,
                        SERVER,
                        connection -> {
                            try {
                                connection.readLine();
                            } catch (SSLException failure) {
                                failures.add(failure);
                            }
                        },
                        (server, address) -> Peer.connect(address, endlessly(SSLSocket::startHandshake))
                                .close()))
                .isEmpty();
        assertThat(failures)
                .singleElement()
                .satisfies(failure -> assertThat(failure).hasMessageContaining("too many records without data from "));
    }

    @ParameterizedTest
    @EnumSource
    void newKeysWithoutEndWhoseAnswersNobodyReads(Where where) throws Exception {
        List<Throwable> failures = new ArrayList<>();
        assertThat(serving(
                        where,
                        SERVER,
                        connection -> {
                            Task<Void> writer = Task.spawn(() -> connection.write(new byte[BIG]));
                            try {
                                while (connection.bytesRead() < 10_000) {
                                    connection.readExactly(1);
                                }
                            } catch (SSLException failure) {
                                failures.add(failure);
                            }
                            connection.close();
                            assertThatThrownBy(() -> await(writer)).hasRootCauseInstanceOf(IOException.class);
                        },
                        (server, address) -> Peer.connect(address, endlessly(socket -> {
                                    socket.startHandshake();
                                    Peer.send(socket, "x");
                                }))
                                .close()))
                .isEmpty();
        assertThat(failures)
                .singleElement()
                .satisfies(failure -> assertThat(failure).hasMessageContaining("too many records without data from "));
    }

    /** Full of answers to key updates: one task at most waits to send them, and the close leaves nothing. */
    @ParameterizedTest
    @EnumSource
    void aSocketFullOfAnswers(Where where) throws Exception {
        AtomicLong ahead = new AtomicLong();
        int[] senders = {0};
        NetOptions small = SERVER.with(StandardSocketOptions.SO_SNDBUF, 4096);
        LoopBuilder settings = Loop.builder().clock(() -> System.nanoTime() + ahead.get());
        List<Report> reports = where.runReporting(settings, () -> {
            try (Server server = Net.listen(anyPort(), small);
                    Peer.Connecting client = Peer.connect(server.localAddress(), socket -> {
                        endlessly(tls -> {
                                    tls.startHandshake();
                                    Peer.send(tls, "x");
                                })
                                .run(socket);
                    })) {
                Connection connection = server.accept();
                assertThatThrownBy(() -> {
                            while (true) {
                                connection.readExactly(1);
                            }
                        })
                        .isInstanceOf(SSLException.class)
                        .hasMessageContaining("too many records without data from ");
                senders[0] = Loop.current().dump().split("send TLS to", -1).length - 1;
                connection.close();
                yieldNow();
                ahead.addAndGet(Duration.ofSeconds(11).toNanos());
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
                while (Loop.current().dump().contains("TLS to") && System.nanoTime() < end) {
                    sleep(Duration.ofMillis(1));
                }
                assertThat(Loop.current().dump()).doesNotContain("TLS to");
            }
        });
        assertThat(reports).isEmpty();
        assertThat(senders[0]).isLessThanOrEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void whatDoesNotFitTogetherFailsTheHandshake(Where where) throws Exception {
        Tls unfit = localhost(Certificates.trusting()).with(parameters -> {
            parameters.setProtocols(new String[] {"TLSv1.3"});
            parameters.setCipherSuites(new String[] {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"});
        });
        Peer.Script plain = TlsTest::readToTheEnd;
        where.run(() -> {
            try (Peer.Listening listening = new Peer.Listening(plain)) {
                assertThatThrownBy(() -> Net.connect(listening.address(), tls(unfit)))
                        .isInstanceOf(SSLHandshakeException.class)
                        .hasMessageContaining("No appropriate protocol");
            }
            try (Peer.Listening listening = new Peer.Listening(plain);
                    Connection connection = Net.connect(listening.address())) {
                assertThatThrownBy(() -> connection.startTls(unfit))
                        .isInstanceOf(SSLHandshakeException.class)
                        .hasMessageContaining("No appropriate protocol");
                assertThat(connection.isOpen()).isFalse();
                assertThatThrownBy(connection::tlsSession).isInstanceOf(IOException.class);
            }
        });
    }

    private static void readToTheEnd(Socket socket) {
        try {
            socket.getInputStream().readAllBytes();
        } catch (IOException reset) {
            // as good
        }
    }

    @ParameterizedTest
    @EnumSource
    void aServerWithoutTls(Where where) throws Exception {
        where.run(() -> {
            try (Peer.Listening listening = new Peer.Listening(socket -> {
                Peer.send(socket, "220 mail.example.test\r\n");
                readToTheEnd(socket);
            })) {
                assertThatThrownBy(() -> Net.connect(listening.address(), CLIENT))
                        .isInstanceOf(SSLException.class)
                        .hasMessage("Unrecognized SSL message, plaintext connection?");
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aServerThatSaysNothing(Where where) throws Exception {
        where.run(() -> {
            Tls impatient = localhost(Certificates.trusting()).handshakeTimeout(Duration.ofMillis(50));
            try (Peer.Listening listening = new Peer.Listening(TlsTest::readToTheEnd)) {
                assertThatThrownBy(() -> Net.connect(listening.address(), tls(impatient)))
                        .isInstanceOf(SSLHandshakeException.class)
                        .hasMessageMatching("the handshake with localhost/127.0.0.1:\\d+ took longer than 50 ms");
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void anEndWithoutCloseNotifyIsNoEnd(Where where) throws Exception {
        with(
                where,
                plain -> jdkServer("TLSv1.3", socket -> {
                            Peer.send(socket, "abc");
                            plain.shutdownOutput();
                            readToTheEnd(plain);
                        })
                        .run(plain),
                connection -> {
                    assertThat(connection.readExactly(3)).asString().isEqualTo("abc");
                    for (int i = 0; i < 2; i++) {
                        assertThatThrownBy(connection::readLine)
                                .isInstanceOf(SSLException.class)
                                .hasMessage("the peer ended the connection without TLS's close_notify: something may be"
                                        + " missing");
                    }
                });
    }

    /** Cuts the server's part of an exchange after so many bytes. */
    private static void cutting(Socket client, SocketAddress server, int after, boolean reset) throws Exception {
        try (Socket upstream = new Socket()) {
            upstream.connect(server);
            Thread there = Thread.ofPlatform().daemon().start(() -> {
                try {
                    client.getInputStream().transferTo(upstream.getOutputStream());
                } catch (IOException end) {
                    // of this
                }
            });
            InputStream in = upstream.getInputStream();
            for (int count = 0, one; count < after && (one = in.read()) >= 0; count++) {
                client.getOutputStream().write(one);
            }
            if (reset) {
                Peer.reset(client);
            } else {
                client.shutdownOutput();
                readToTheEnd(client);
            }
            there.join();
            Peer.reset(upstream);
        }
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void aCutAnywhere(Where where, String version) throws Exception {
        Tls server = Tls.server(serverContext()).with(parameters -> parameters.setProtocols(new String[] {version}));
        serving(where, tls(server), connection -> connection.write("hello\n"), (listening, address) -> {
            // byte by byte where the first record begins
            for (boolean reset : new boolean[] {false, true}) {
                boolean whole = false;
                for (int count = 0; !whole && count < 5000; count += count < 12 ? 1 : 97) {
                    int after = count;
                    try (Peer.Listening cut = new Peer.Listening(socket -> cutting(socket, address, after, reset))) {
                        try (Connection connection = Net.connect(cut.address(), CLIENT)) {
                            assertThat(connection.readLine()).isEqualTo("hello");
                            whole = connection.readLine() == null;
                        } catch (IOException expected) {
                            // nothing else
                        }
                    }
                }
                assertThat(whole || reset).isTrue();
            }
        });
    }

    // ---- the end

    @ParameterizedTest
    @MethodSource("everywhere")
    void halfClose(Where where, String version) throws Exception {
        with(
                where,
                jdkServer(version, socket -> {
                    if (version.equals("TLSv1.3")) {
                        assertThat(socket.getInputStream().readAllBytes()).containsExactly('a', 'b');
                        Peer.send(socket, "answer\n");
                    } else { // which knows no half close: answered before
                        Peer.send(socket, "answer\n");
                        assertThat(socket.getInputStream().readAllBytes()).containsExactly('a', 'b');
                    }
                }),
                connection -> {
                    connection.write("ab");
                    connection.shutdownOutput();
                    connection.shutdownOutput();
                    assertThat(connection.readLine()).isEqualTo("answer");
                    assertThat(connection.readLine()).isNull();
                    assertThatThrownBy(() -> connection.write("c")).isInstanceOf(ClosedChannelException.class);
                    assertThat(connection.isCut()).isFalse();
                });
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void thePeerEndsAndWeWrite(Where where, String version) throws Exception {
        CountDownLatch ended = new CountDownLatch(1);
        with(
                where,
                jdkServer(version, socket -> {
                    socket.startHandshake();
                    socket.shutdownOutput();
                    if (version.equals("TLSv1.3")) {
                        assertThat(socket.getInputStream().readAllBytes()).containsExactly('a', 'b');
                    }
                    waitForOther(ended);
                }),
                connection -> {
                    assertThat(connection.readLine()).isNull();
                    if (version.equals("TLSv1.3")) {
                        connection.write("ab");
                        connection.shutdownOutput();
                    } else {
                        assertThatThrownBy(() -> connection.write("ab"))
                                .isInstanceOf(SSLException.class)
                                .hasMessage("the peer has ended the connection, whose TLSv1.2 knows no end of one"
                                        + " direction");
                    }
                    ended.countDown();
                });
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void closeSaysGoodbyeAlsoToASlowPeer(Where where, String version) throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        for (int extra = 0; extra < 3; extra++) {
            int size = 100_000 + extra * 7777;
            with(
                    where,
                    jdkServer(version, socket -> {
                        socket.startHandshake();
                        waitForOther(closed);
                        assertThat(socket.getInputStream().readAllBytes()).hasSize(size);
                    }),
                    connection -> {
                        connection.write(new byte[size]);
                        connection.close();
                        connection.close();
                        assertThat(connection.isOpen()).isFalse();
                        assertThatThrownBy(() -> connection.write("x")).isInstanceOf(ClosedChannelException.class);
                        assertThatThrownBy(connection::readLine).isInstanceOf(ClosedChannelException.class);
                        closed.countDown();
                    });
        }
    }

    /** A Unix domain socket is full after a few writes. */
    @ParameterizedTest
    @EnumSource
    void closeWhileTheSocketIsFullGoesOnSending(Where where, @TempDir Path directory) throws Exception {
        int[] lingered = {0};
        where.run(() -> {
            for (int writes = 1; writes < 40 && lingered[0] == 0; writes++) {
                int count = writes;
                Promise<Void> closed = Promise.create();
                Server server = Net.listen(UnixDomainSocketAddress.of(directory.resolve("s")), SERVER);
                Task<Void> serving = Task.spawn(() -> server.serve(connection -> {
                    connection.write("go\n"); // it has read the whole handshake, and reads no more
                    await(closed.future());
                    assertThat(connection.readExactly(count * 1000)).hasSize(count * 1000);
                    assertThat(connection.readLine()).isNull();
                }));
                Connection connection =
                        Net.connect(server.localAddress(), CLIENT.with(StandardSocketOptions.SO_SNDBUF, 4096));
                assertThat(connection.readLine()).isEqualTo("go");
                for (int i = 0; i < writes; i++) {
                    connection.write(new byte[1000]); // the last one just fits
                }
                Task<String> reader = Task.spawn(() -> connection.readLine());
                yieldNow();
                connection.close();
                assertThat(connection.isOpen()).isFalse();
                yieldNow();
                lingered[0] += Loop.current().dump().contains("close TLS to") ? 1 : 0;
                assertThatThrownBy(() -> await(reader)).hasRootCauseInstanceOf(ClosedChannelException.class);
                closed.complete(null);
                server.close();
                await(serving);
            }
        });
        assertThat(lingered[0]).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void closeWhileAHandshakeWaitsForRoom(Where where, @TempDir Path directory) throws Exception {
        where.run(() -> {
            Promise<Void> closed = Promise.create();
            Server server = Net.listen(UnixDomainSocketAddress.of(directory.resolve("s")));
            Task<Void> serving = Task.spawn(() -> server.serve(connection -> {
                await(closed.future());
                ByteBuffer buffer = ByteBuffer.allocate(1000);
                while (connection.read(buffer.clear()) >= 0) {}
            }));
            Connection connection =
                    Net.connect(server.localAddress(), NetOptions.DEFAULT.with(StandardSocketOptions.SO_SNDBUF, 4096));
            for (boolean full = false; !full; ) { // a byte is written, or not: nothing is cut off
                Task<Void> writer = Task.spawn(() -> connection.write("x"));
                for (int i = 0; i < 3; i++) {
                    yieldNow();
                }
                full = !writer.isDone();
                if (full) {
                    writer.cancel();
                    assertThatThrownBy(() -> await(writer)).isInstanceOf(TaskCancelledException.class);
                } else {
                    await(writer);
                }
            }
            Task<Void> upgrading = Task.spawn(() -> connection.startTls(localhost(Certificates.trusting())));
            while (!Loop.current().dump().contains("output of ")) {
                sleep(Duration.ofMillis(1));
            }
            connection.close();
            for (int i = 0; i < 3; i++) {
                yieldNow();
            }
            assertThat(Loop.current().dump()).contains("close TLS to");
            closed.complete(null);
            assertThatThrownBy(() -> await(upgrading)).hasRootCauseInstanceOf(ClosedChannelException.class);
            server.close();
            await(serving);
        });
    }

    @ParameterizedTest
    @EnumSource
    void whatAClientSentBeforeItLeftIsThere(Where where) throws Exception {
        List<String> lines = new ArrayList<>();
        assertThat(serving(
                        where,
                        SERVER,
                        connection -> {
                            lines.add(connection.readLine());
                            assertThat(connection.readLine()).isNull();
                        },
                        (server, address) -> {
                            for (int i = 0; i < 30; i++) {
                                try (Connection connection = Net.connect(address, CLIENT)) {
                                    connection.write("x\n");
                                }
                            }
                        }))
                .isEmpty();
        assertThat(lines).hasSize(30).containsOnly("x");
    }

    @ParameterizedTest
    @EnumSource
    void abortResets(Where where) throws Exception {
        CountDownLatch aborted = new CountDownLatch(1);
        with(
                where,
                jdkServer("TLSv1.3", socket -> {
                    Peer.send(socket, "go on\n");
                    waitForOther(aborted);
                    assertThatThrownBy(() -> socket.getInputStream().readAllBytes())
                            .isInstanceOf(IOException.class);
                }),
                connection -> {
                    assertThat(connection.readLine()).isEqualTo("go on");
                    connection.write("half a message");
                    connection.abort();
                    connection.abort();
                    connection.close();
                    aborted.countDown();
                });
    }

    @ParameterizedTest
    @EnumSource
    void whoReadsFindsItClosed(Where where) throws Exception {
        with(where, jdkServer("TLSv1.3", TlsTest::readToTheEnd), connection -> {
            Task<String> reader = Task.spawn(() -> connection.readLine());
            yieldNow();
            connection.close();
            assertThatThrownBy(() -> await(reader)).hasRootCauseInstanceOf(ClosedChannelException.class);
        });
    }

    // ---- cancel

    @ParameterizedTest
    @EnumSource
    void aCancelledConnectLeavesNothing(Where where) throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        where.run(() -> {
            try (Peer.Listening listening = new Peer.Listening(socket -> {
                assertThat(socket.getInputStream().read()).isEqualTo(22); // of a hello
                done.countDown();
                readToTheEnd(socket);
            })) {
                Task<Connection> connecting = Task.spawn(() -> Net.connect(listening.address(), CLIENT));
                awaitOther(done);
                connecting.cancel();
                assertThatThrownBy(() -> await(connecting)).isInstanceOf(TaskCancelledException.class);
            }
        });
    }

    /** A trust manager that waits: in the handshake, on the job's thread. */
    private static final class SlowTrust extends Trusting {
        final CountDownLatch asked = new CountDownLatch(1);
        final CountDownLatch answer = new CountDownLatch(1);
        volatile String thread = "";

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            thread = Thread.currentThread().getName();
            asked.countDown();
            try {
                waitForOther(answer);
            } catch (InterruptedException interrupted) {
                throw new CertificateException(interrupted);
            }
        }

        Tls tls() {
            return Tls.client(Certificates.context(null, new TrustManager[] {this}))
                    .serverName("localhost")
                    .withoutHostNameCheck();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSlowTrustManagerDoesNotHoldTheLoop(Where where) throws Exception {
        SlowTrust trust = new SlowTrust();
        with(where, jdkServer("TLSv1.3", TlsTest::readToTheEnd), other -> {
            try (Peer.Listening listening =
                    new Peer.Listening(jdkServer("TLSv1.3", socket -> Peer.send(socket, "hello\n")))) {
                Task<Connection> connecting = Task.spawn(() -> Net.connect(listening.address(), tls(trust.tls())));
                awaitOther(trust.asked);
                other.write("this goes on");
                assertThat(connecting.isDone()).isFalse();
                trust.answer.countDown();
                try (Connection connection = await(connecting)) {
                    assertThat(connection.readLine()).isEqualTo("hello");
                }
            }
            assertThat(trust.thread).startsWith("net-blocking-");
        });
    }

    @ParameterizedTest
    @EnumSource
    void cancelAndCloseInAHandshakeDoNotWaitForItsTasks(Where where) throws Exception {
        for (boolean closes : new boolean[] {false, true}) {
            SlowTrust trust = new SlowTrust();
            where.run(() -> {
                try (Peer.Listening listening = new Peer.Listening(socket -> {
                    try {
                        jdkServer("TLSv1.3", TlsTest::readToTheEnd).run(socket);
                    } catch (IOException cut) {
                        // as it should be
                    }
                })) {
                    Connection connection = Net.connect(listening.address());
                    Task<Void> upgrading = Task.spawn(() -> connection.startTls(trust.tls()));
                    awaitOther(trust.asked);
                    if (closes) {
                        connection.close();
                    } else {
                        upgrading.cancel();
                        assertThatThrownBy(() -> await(upgrading)).isInstanceOf(TaskCancelledException.class);
                    }
                    assertThat(connection.isOpen()).isFalse();
                    assertThat(trust.answer.getCount()).isEqualTo(1);
                    trust.answer.countDown();
                    if (closes) {
                        assertThatThrownBy(() -> await(upgrading)).hasRootCauseInstanceOf(ClosedChannelException.class);
                    }
                }
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void aHandshakeThatWasCancelledGoesOnInTheNextCall(Where where) throws Exception {
        where.run(() -> {
            try (Server server = Net.listen(anyPort(), SERVER)) {
                CountDownLatch go = new CountDownLatch(1);
                try (Peer.Connecting client = Peer.connect(server.localAddress(), plain -> {
                    waitForOther(go);
                    jdkClient(Certificates.trusting(), socket -> {
                                Peer.send(socket, "hello\n");
                                readToTheEnd(socket);
                            })
                            .run(plain);
                })) {
                    try (Connection connection = server.accept()) {
                        Task<String> reader = Task.spawn(() -> connection.readLine());
                        Task<Void> writer = Task.spawn(() -> connection.write("x"));
                        yieldNow();
                        reader.cancel();
                        go.countDown();
                        await(writer);
                        assertThat(reader.isCancelled()).isTrue();
                        assertThat(connection.readLine()).isEqualTo("hello");
                    }
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aCancelledReadHasTakenNothing(Where where) throws Exception {
        CountDownLatch more = new CountDownLatch(1);
        with(
                where,
                jdkServer("TLSv1.3", socket -> {
                    Peer.send(socket, "12345");
                    waitForOther(more);
                    Peer.send(socket, "6789\n");
                }),
                connection -> {
                    for (int round = 0; round < 3; round++) {
                        Task<String> reader = Task.spawn(() -> connection.readLine());
                        while (connection.bytesRead() < 5) {
                            sleep(Duration.ofMillis(1));
                        }
                        reader.cancel();
                        assertThatThrownBy(() -> await(reader)).isInstanceOf(TaskCancelledException.class);
                    }
                    more.countDown();
                    assertThat(connection.readLine()).isEqualTo("123456789");
                });
    }

    @ParameterizedTest
    @EnumSource
    void aWriteThatIsCancelledAfterAPartCutsTheOutput(Where where) throws Exception {
        CountDownLatch cut = new CountDownLatch(1);
        with(
                where,
                jdkServer("TLSv1.3", socket -> {
                    socket.startHandshake();
                    waitForOther(cut);
                    assertThatThrownBy(() -> socket.getInputStream().readAllBytes())
                            .isInstanceOf(IOException.class);
                }),
                connection -> {
                    ByteBuffer all = ByteBuffer.allocate(BIG);
                    Task<Void> writer = Task.spawn(() -> connection.write(all));
                    sleep(Duration.ofMillis(20));
                    writer.cancel();
                    assertThatThrownBy(() -> await(writer)).isInstanceOf(TaskCancelledException.class);
                    assertThat(connection.isCut()).isTrue();
                    assertThat(connection.bytesWritten())
                            .isEqualTo(all.position())
                            .isBetween(1L, BIG - 1L);
                    assertThatThrownBy(() -> connection.write("next")).isInstanceOf(IOException.class);
                    connection.close();
                    cut.countDown();
                });
    }

    // ---- what happens after the handshake

    /** The JDK's second handshake is a key update, which wants to be answered. For TLS 1.2 see the test with openssl: the JDK's sockets take no data while they renegotiate. */
    @ParameterizedTest
    @EnumSource
    void newKeysWhileBothWrite(Where where) throws Exception {
        byte[] there = random(2_000_000, 5);
        byte[] back = random(2_000_000, 6);
        with(
                where,
                jdkServer("TLSv1.3", socket -> {
                    CompletableFuture<byte[]> reading =
                            CompletableFuture.supplyAsync(() -> readFully(socket, there.length));
                    for (int begin = 0; begin < back.length; begin += 100_000) {
                        socket.startHandshake();
                        socket.getOutputStream().write(back, begin, 100_000);
                    }
                    assertThat(Arrays.equals(reading.get(), there)).isTrue();
                    assertThat(socket.getInputStream().read()).isEqualTo(-1); // a close with answers unread would reset
                }),
                connection -> {
                    Task<Void> writer = Task.spawn(() -> connection.write(there));
                    assertThat(Arrays.equals(connection.readExactly(back.length), back))
                            .isTrue();
                    await(writer);
                });
    }

    @ParameterizedTest
    @EnumSource
    void aReaderNeverWaitsForAWriterThatIsStuck(Where where) throws Exception {
        CountDownLatch got = new CountDownLatch(1);
        with(
                where,
                jdkServer("TLSv1.3", socket -> {
                    socket.startHandshake();
                    assertThat(socket.getInputStream().read()).isEqualTo('x');
                    socket.startHandshake(); // a key update; its answer has to wait, as nobody reads here
                    Peer.send(socket, "hello\n");
                    waitForOther(got);
                    assertThat(Peer.readFully(socket, BIG)).hasSize(BIG);
                }),
                connection -> {
                    connection.write("x");
                    Task<Void> writer = Task.spawn(() -> connection.write(new byte[BIG]));
                    assertThat(connection.readLine()).isEqualTo("hello");
                    assertThat(writer.isDone()).isFalse();
                    got.countDown();
                    await(writer);
                });
    }

    // ---- from plain to TLS

    @ParameterizedTest
    @EnumSource
    void bothSidesGoOverToTls(Where where) throws Exception {
        where.run(() -> {
            Server server = Net.listen(anyPort());
            Task<Void> serving = Task.spawn(() -> server.serve(connection -> {
                assertThat(connection.readLine()).isEqualTo("STARTTLS");
                connection.write("go on\n");
                connection.startTls(Tls.server(serverContext()));
                echo(connection);
            }));
            try (Connection connection = Net.connect(server.localAddress())) {
                assertThatThrownBy(connection::tlsSession)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("not encrypted");
                connection.write("STARTTLS\n");
                assertThat(connection.readLine()).isEqualTo("go on");
                connection.startTls(localhost(Certificates.trusting()));
                connection.write("secret\n");
                assertThat(connection.readLine()).isEqualTo("secret");
                assertThat(connection.tlsSession().protocol()).isEqualTo("TLSv1.3");
                assertThatThrownBy(() -> connection.startTls(localhost(Certificates.trusting())))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("encrypted already");
            }
            server.close();
            await(serving);
        });
    }

    @ParameterizedTest
    @EnumSource
    void whatCameBeforeBelongsToTheHandshake(Where where) throws Exception {
        where.run(() -> {
            Server server = Net.listen(anyPort());
            List<String> lines = new ArrayList<>();
            Task<Void> serving = Task.spawn(() -> server.serve(connection -> {
                lines.add(connection.readLine());
                assertThat(connection.input().buffered()).isPositive();
                connection.startTls(Tls.server(serverContext()));
                lines.add(connection.readLine());
            }));
            try (Peer.Connecting client = Peer.connect(server.localAddress(), plain -> {
                Socket first = new FirstWith(plain, "STARTTLS\n"); // in one segment with the hello
                jdkClient(Certificates.trusting(), socket -> Peer.send(socket, "secret\n"))
                        .run(first);
            })) {}
            server.close();
            await(serving);
            assertThat(lines).containsExactly("STARTTLS", "secret");
        });
    }

    /** Puts a text before the first bytes. */
    private static final class FirstWith extends Socket {
        private final Socket inner;
        private String text;

        FirstWith(Socket inner, String text) {
            this.inner = inner;
            this.text = text;
        }

        @Override
        public OutputStream getOutputStream() throws IOException {
            OutputStream out = inner.getOutputStream();
            return new OutputStream() {
                @Override
                public void write(int one) throws IOException {
                    write(new byte[] {(byte) one}, 0, 1);
                }

                @Override
                public void write(byte[] bytes, int begin, int length) throws IOException {
                    byte[] before = text.getBytes(UTF_8);
                    text = "";
                    byte[] all = Arrays.copyOf(before, before.length + length);
                    System.arraycopy(bytes, begin, all, before.length, length);
                    out.write(all);
                }
            };
        }

        @Override
        public InputStream getInputStream() throws IOException {
            return inner.getInputStream();
        }

        @Override
        public boolean isConnected() {
            return true;
        }

        @Override
        public int getPort() {
            return inner.getPort();
        }

        @Override
        public InetAddress getInetAddress() {
            return inner.getInetAddress();
        }

        @Override
        public synchronized void close() throws IOException {
            inner.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void plainTextThatSomebodySlippedInIsNoPartOfWhatIsEncrypted(Where where) throws Exception {
        where.run(() -> {
            try (Peer.Listening listening = new Peer.Listening(socket -> {
                Peer.send(socket, "go on\ninjected\n");
                readToTheEnd(socket);
            })) {
                try (Connection connection = Net.connect(listening.address())) {
                    assertThat(connection.readLine()).isEqualTo("go on");
                    assertThatThrownBy(() -> connection.startTls(localhost(Certificates.trusting())))
                            .isInstanceOf(SSLException.class);
                    assertThat(connection.isOpen()).isFalse();
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void misuse(Where where) throws Exception {
        where.run(() -> {
            assertThatThrownBy(() -> Net.listen(anyPort(), CLIENT)).hasMessageContaining("use Tls.server(...)");
            assertThatThrownBy(() -> Net.connect(anyPort(), SERVER)).hasMessageContaining("use Tls.client(...)");
            try (Peer.Listening listening = new Peer.Listening(TlsTest::readToTheEnd);
                    Connection connection = Net.connect(listening.address())) {
                Task<String> reader = Task.spawn(() -> connection.readLine());
                yieldNow();
                assertThatThrownBy(() -> connection.startTls(localhost(Certificates.trusting())))
                        .isInstanceOf(LoopMisuseException.class)
                        .hasMessageContaining("one task at a time reads");
                reader.cancel();
                yieldNow();
            }
        });
        Tls client = Tls.client();
        Tls server = Tls.server(serverContext());
        assertThatThrownBy(client::requestClientCertificate).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(client::requireClientCertificate).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> client.contextFor(name -> null)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> server.serverName("x")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(server::withoutHostNameCheck).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> server.handshakeTimeout(Duration.ZERO)).hasMessageContaining("not positive");
        assertThat(client).hasToString("Tls[client]");
    }

    // ---- others

    @ParameterizedTest
    @EnumSource
    void theJdksHttpClient(Where where) throws Exception {
        Tls server = Tls.server(serverContext()).alpn("http/1.1");
        assertThat(serving(
                        where,
                        tls(server),
                        connection -> {
                            try {
                                for (String line = connection.readLine(); line != null; line = connection.readLine()) {
                                    if (line.isEmpty()) {
                                        String body = connection.tlsSession().applicationProtocol();
                                        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n" + body);
                                    }
                                }
                            } catch (SSLException withoutGoodbye) { // as this client leaves, between two requests
                                assertThat(withoutGoodbye).hasMessageContaining("without TLS's close_notify");
                            }
                        },
                        (listening, address) -> {
                            int port = ((InetSocketAddress) address).getPort();
                            List<String> bodies = await(Loop.current().blocking(() -> {
                                List<String> all = new ArrayList<>();
                                try (HttpClient http = HttpClient.newBuilder()
                                        .sslContext(Certificates.trusting())
                                        .build()) {
                                    for (int i = 0; i < 3; i++) {
                                        HttpRequest request = HttpRequest.newBuilder(
                                                        java.net.URI.create("https://localhost:" + port + "/"))
                                                .build();
                                        all.add(http.send(request, HttpResponse.BodyHandlers.ofString())
                                                .body());
                                    }
                                }
                                return all;
                            }));
                            assertThat(bodies).containsExactly("http/1.1", "http/1.1", "http/1.1");
                        }))
                .isEmpty();
    }

    @Test
    void pemFiles(@TempDir Path directory) throws Exception {
        for (String alias : List.of(Certificates.SERVER /* EC */, Certificates.ANOTHER /* RSA */)) {
            SSLContext server = Pem.identity(
                    Certificates.chainFile(alias), Certificates.keyFile(alias), Certificates.authorityFile());
            Tls client = Tls.client(Pem.trusting(Certificates.authorityFile()))
                    .serverName(alias.equals(Certificates.SERVER) ? "localhost" : "another.test");
            assertThat(serving(
                            Where.OWNED,
                            tls(Tls.server(server)),
                            connection -> connection.write("x\n"),
                            (listening, address) -> talk(address, client)))
                    .isEmpty();
        }
        assertThatThrownBy(() -> Pem.trusting(Certificates.keyFile(Certificates.SERVER)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("server-key.pem");
        assertThatThrownBy(() -> Pem.identity(
                        Certificates.chainFile(Certificates.SERVER), Certificates.chainFile(Certificates.SERVER)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no BEGIN PRIVATE KEY in ");
        assertThatThrownBy(() -> Pem.trusting(directory.resolve("none"))).isInstanceOf(IOException.class);
    }
}
