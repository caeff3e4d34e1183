package io.coloop.net;

import static io.coloop.Await.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.coloop.Loop;
import io.coloop.Task;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** TLS against openssl's own client and server. */
class OpensslTest {
    @BeforeAll
    static void there_is_openssl() throws Exception {
        boolean found;
        try {
            found = new ProcessBuilder("openssl", "version")
                            .redirectErrorStream(true)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException absent) {
            found = false;
        }
        assumeTrue(found, "no openssl here");
        Certificates.chainFile(Certificates.SERVER);
    }

    static Stream<Arguments> everywhere() {
        return Stream.of(Where.values())
                .flatMap(where -> Stream.of("-tls1_2", "-tls1_3").map(version -> Arguments.of(where, version)));
    }

    private static Process openssl(List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(arguments);
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private static void send(Process process, String text) throws IOException {
        OutputStream in = process.getOutputStream();
        in.write(text.getBytes(UTF_8));
        in.flush();
    }

    private static BufferedReader output(Process process) {
        return new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
    }

    /** The lines up to one that contains this, which is the last. */
    private static List<String> until(BufferedReader output, String text) throws IOException {
        List<String> lines = new ArrayList<>();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            lines.add(line);
            if (line.contains(text)) {
                return lines;
            }
        }
        throw new AssertionError("no " + text + " in " + lines);
    }

    private static void end(Process process) throws Exception {
        process.destroy();
        if (!process.waitFor(Where.LIMIT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        process.getInputStream().close();
        process.getOutputStream().close();
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void itsClient(Where where, String version) throws Exception {
        Tls tls = Tls.server(Certificates.context(Certificates.SERVER))
                .alpn("h2", "http/1.1")
                .requireClientCertificate();
        List<TlsSession> sessions = new ArrayList<>();
        where.run(() -> {
            Server server =
                    Net.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), NetOptions.DEFAULT.tls(tls));
            Task<Void> serving = Task.spawn(() -> server.serve(connection -> {
                sessions.add(connection.tlsSession());
                for (String line = connection.readLine(); line != null; line = connection.readLine()) {
                    connection.write("back: " + line + "\n");
                }
            }));
            int port = ((InetSocketAddress) server.localAddress()).getPort();
            await(Loop.current().blocking(() -> {
                Process client = openssl(List.of(
                        "s_client",
                        version,
                        "-connect",
                        "127.0.0.1:" + port,
                        "-servername",
                        "example.test",
                        "-verify_hostname",
                        "example.test",
                        "-verify_return_error",
                        "-alpn",
                        "http/1.1",
                        "-CAfile",
                        Certificates.authorityFile().toString(),
                        "-cert",
                        Certificates.chainFile(Certificates.CLIENT).toString(),
                        "-key",
                        Certificates.keyFile(Certificates.CLIENT).toString()));
                try {
                    BufferedReader output = output(client);
                    List<String> said = new ArrayList<>();
                    send(client, "one\n");
                    said.addAll(until(output, "back: one"));
                    for (int i = 0; i < 3; i++) {
                        send(client, version.equals("-tls1_2") ? "R\n" : "K\n"); // renegotiate; new keys for both
                        said.addAll(until(output, version.equals("-tls1_2") ? "RENEGOTIATING" : "KEYUPDATE"));
                        send(client, "line " + i + "\n");
                        said.addAll(until(output, "back: line " + i));
                    }
                    send(client, "Q\n"); // close_notify
                    assertThat(client.waitFor(Where.LIMIT_SECONDS, TimeUnit.SECONDS))
                            .isTrue();
                    assertThat(said).anyMatch(line -> line.contains("Verification: OK"));
                    assertThat(said).anyMatch(line -> line.contains("ALPN protocol: http/1.1"));
                } finally {
                    end(client);
                }
                return null;
            }));
            server.close();
            await(serving);
        });
        assertThat(sessions).singleElement().satisfies(session -> {
            assertThat(session.applicationProtocol()).isEqualTo("http/1.1");
            assertThat(session.serverName()).isEqualTo("example.test");
            assertThat(session.peerCertificates().getFirst().getSubjectX500Principal())
                    .hasToString("CN=client");
        });
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void itsServer(Where where, String version) throws Exception {
        Process server = openssl(List.of(
                "s_server",
                version,
                "-accept",
                "127.0.0.1:0",
                "-rev",
                "-alpn",
                "h2,http/1.1",
                "-Verify",
                "2",
                "-verify_return_error",
                "-CAfile",
                Certificates.authorityFile().toString(),
                "-cert_chain",
                Certificates.authorityFile().toString(),
                "-cert",
                Certificates.chainFile(Certificates.SERVER).toString(),
                "-key",
                Certificates.keyFile(Certificates.SERVER).toString()));
        try {
            List<String> begin = until(output(server), "ACCEPT");
            int port =
                    Integer.parseInt(begin.getLast().substring(begin.getLast().lastIndexOf(':') + 1));
            Tls tls = Tls.client(Certificates.context(Certificates.CLIENT)).alpn("http/1.1");
            where.run(() -> {
                for (int i = 0; i < 2; i++) {
                    try (Connection connection = Net.connect("localhost", port, NetOptions.DEFAULT.tls(tls))) {
                        assertThat(connection.tlsSession().applicationProtocol())
                                .isEqualTo("http/1.1");
                        connection.write("stressed\n");
                        assertThat(connection.readLine()).isEqualTo("desserts");
                    }
                }
                assertThatThrownBy(() -> Net.connect(
                                "localhost", port, NetOptions.DEFAULT.tls(tls.serverName("elsewhere.test"))))
                        .isInstanceOf(SSLHandshakeException.class)
                        .hasMessageContaining("elsewhere.test");
            });
        } finally {
            end(server);
        }
    }
}
