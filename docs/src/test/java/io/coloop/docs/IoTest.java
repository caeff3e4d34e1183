package io.coloop.docs;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.LoopGroup;
import io.coloop.Readiness;
import io.coloop.Task;
import io.coloop.TaskTimeoutException;
import io.coloop.Timeout;
import io.coloop.io.FileStream;
import io.coloop.io.LimitExceededException;
import io.coloop.kotlin.Coroutines;
import io.coloop.net.Connection;
import io.coloop.net.Datagram;
import io.coloop.net.DatagramPort;
import io.coloop.net.Net;
import io.coloop.net.NetOptions;
import io.coloop.net.Pem;
import io.coloop.net.Server;
import io.coloop.net.Tls;
import io.coloop.process.ProcessResult;
import io.coloop.process.Subprocess;
import io.coloop.reactor.Reactor;
import io.coloop.rx.Rx;
import io.coloop.sync.QueueShutDownException;
import io.coloop.sync.SharedQueue;
import io.coloop.test.LoopTest;
import io.reactivex.rxjava3.core.Flowable;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLContext;
import kotlinx.coroutines.flow.Flow;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

/** What the page on I/O says. */
class IoTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @Test
    void aServerAndItsClient() throws IOException {
        // region both
        String answer = Loop.run(() -> {
            Server server = Net.listen(ANY_PORT);
            Task<Void> serving = Task.spawn(() -> server.serve(
                    connection -> { // a task for each connection
                        String name = connection.readLine();
                        connection.write("hello " + name + "\n");
                    }));
            String line;
            try (Connection connection = Net.connect(server.localAddress())) {
                connection.write("loop\n");
                line = connection.readLine();
            }
            server.close(); // listens no more
            await(serving); // until the last connection has ended
            return line;
        });
        // endregion
        assertThat(answer).isEqualTo("hello loop");
    }

    @LoopTest
    void theJdksReaders() throws IOException {
        Server server = Net.listen(ANY_PORT);
        Task<Void> serving = Task.spawn(() -> server.serve(connection -> connection.write("one\ntwo\n")));
        // region views
        try (Connection connection = Net.connect(server.localAddress());
                BufferedReader reader = new BufferedReader(new InputStreamReader(connection.inputStream(), UTF_8))) {
            assertThat(reader.lines()).containsExactly("one", "two"); // awaits; other tasks run meanwhile
        }
        // endregion
        server.close();
        await(serving);
    }

    @LoopTest
    void limits() throws IOException {
        Server server = Net.listen(ANY_PORT);
        Task<Void> serving = Task.spawn(() -> server.serve(connection -> {
            connection.write("a long line\n");
            connection.readLine();
        }));
        // region limits
        NetOptions options = NetOptions.DEFAULT
                .connectTimeout(Duration.ofSeconds(5))
                .with(StandardSocketOptions.SO_SNDBUF, 32 * 1024); // where a write begins to wait
        try (Connection connection = Net.connect(server.localAddress(), options)) {
            assertThatThrownBy(() -> connection.readLine(5)).isInstanceOf(LimitExceededException.class);
            String line = Timeout.of(Duration.ofSeconds(1)).run(() -> connection.readLine(100)); // nothing was lost
            assertThat(line).isEqualTo("a long line");
        }
        // endregion
        server.close();
        await(serving);
    }

    @LoopTest
    void unixSockets(@TempDir Path directory) throws IOException {
        // region unix
        var address = UnixDomainSocketAddress.of(directory.resolve("socket"));
        Server server = Net.listen(address);
        Task<Void> serving = Task.spawn(() -> server.serve(connection -> connection.write(connection.readExactly(3))));
        try (Connection connection = Net.connect(address)) {
            connection.write("abc");
            assertThat(connection.readExactly(3)).asString().isEqualTo("abc");
        }
        // endregion
        server.close();
        await(serving);
    }

    @LoopTest
    void datagrams() throws IOException {
        // region datagrams
        try (DatagramPort here = Net.datagrams(ANY_PORT);
                DatagramPort there = Net.datagrams(ANY_PORT)) {
            here.send(new byte[] {1, 2, 3}, there.localAddress());
            Datagram datagram = there.receive();
            assertThat(datagram.bytes()).containsExactly(1, 2, 3);
            there.send(new byte[] {4}, datagram.from());
            assertThat(here.receive().bytes()).containsExactly(4);
        }
        // endregion
    }

    @LoopTest
    void anyChannel() throws IOException {
        // region readiness
        Pipe pipe = Pipe.open();
        try (Readiness source = Readiness.of(pipe.source())) {
            Task<Integer> reader = Task.spawn(() -> {
                ByteBuffer buffer = ByteBuffer.allocate(10);
                while (pipe.source().read(buffer) == 0) { // first try, then wait, then try again
                    source.await(SelectionKey.OP_READ);
                }
                return buffer.position();
            });
            yieldNow();
            pipe.sink().write(ByteBuffer.allocate(3));
            assertThat(await(reader)).isEqualTo(3);
        }
        // endregion
        pipe.sink().close();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aProgramIsRun() throws IOException {
        // region run
        ProcessResult result = Loop.run(() -> {
            byte[] input = "10\n9\n".getBytes(UTF_8);
            return Subprocess.run(new ProcessBuilder("sort", "-n"), input, 1_000_000); // at most so much output
        });
        assertThat(result.exitCode()).isZero();
        assertThat(result.stdoutText()).isEqualTo("9\n10\n");
        // endregion
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aProgramIsTalkedTo() throws IOException {
        Loop.run(() -> {
            // region dialogue
            ProcessBuilder builder =
                    new ProcessBuilder("cat").redirectErrorStream(true); // environment, directory, redirects
            try (Subprocess cat = Subprocess.start(builder)) {
                cat.stdin().write("hello\n");
                assertThat(cat.stdout().readLine()).isEqualTo("hello");
                cat.stdin().close(); // the end of its input
                assertThat(cat.stdout().readLine()).isNull();
                assertThat(cat.waitFor()).isZero();
            } // what still runs is ended
            // endregion
        });
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aProgramIsEnded() throws IOException {
        Loop.run(() -> {
            // region ended
            ProcessBuilder script = Subprocess.shell("sleep 1000; echo done"); // /bin/sh, or cmd
            assertThatThrownBy(() -> Timeout.of(Duration.ofMillis(100)).run(() -> Subprocess.run(script)))
                    .isInstanceOf(TaskTimeoutException.class); // and neither the shell nor sleep is left
            // endregion
        });
    }

    @LoopTest
    void aFile(@TempDir Path directory) throws IOException {
        Path path = directory.resolve("log");
        // region file
        try (FileStream log = FileStream.open(path, CREATE, APPEND)) {
            log.write("started\nready\n");
        }
        List<String> lines = new ArrayList<>();
        try (FileStream log = FileStream.open(path)) {
            for (String line = log.readLine(); line != null; line = log.readLine()) {
                lines.add(line);
            }
            log.position(8);
            assertThat(log.readExactly(5)).asString().isEqualTo("ready");
        }
        // endregion
        assertThat(lines).containsExactly("started", "ready");
    }

    @ParameterizedTest
    @ValueSource(strings = {"reactor", "rx", "kotlin"})
    void asReactiveTypes(String library) throws IOException {
        Loop.run(() -> {
            Loop loop = Loop.current();
            Server server = Net.listen(ANY_PORT);
            Task<Void> serving = Task.spawn(() -> server.serve(connection -> {
                switch (library) {
                    case "reactor" -> {
                        // region reactive
                        Flux<ByteBuffer> received = Reactor.flux(loop, connection.input()::emitTo);
                        Flux<ByteBuffer> answers = received.map(IoTest::inUpperCase);
                        connection.output().writeAll(Reactor.iterate(answers));
                        // endregion
                    }
                    case "rx" -> {
                        Flowable<ByteBuffer> received = Rx.flowable(loop, connection.input()::emitTo);
                        connection.output().writeAll(Rx.iterate(received.map(IoTest::inUpperCase)));
                    }
                    default -> {
                        Flow<ByteBuffer> received = Coroutines.flow(loop, connection.input()::emitTo);
                        connection.output().writeAll(Coroutines.iterate(received));
                    }
                }
            }));
            try (Connection connection = Net.connect(server.localAddress())) {
                connection.write("abc");
                connection.shutdownOutput();
                assertThat(connection.input().readAll(100)).asString().isEqualToIgnoringCase("abc");
            }
            server.close();
            await(serving);
        });
    }

    private static ByteBuffer inUpperCase(ByteBuffer text) {
        return UTF_8.encode(UTF_8.decode(text).toString().toUpperCase(Locale.ROOT));
    }

    /** Makes the files that a certification authority hands out. */
    private static void certificate(Path chain, Path key) throws Exception {
        Path store = chain.resolveSibling("store");
        List<String> keytool = List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "key",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-ext",
                "san=dns:localhost",
                "-storepass",
                "secret",
                "-keystore",
                store.toString());
        assertThat(new ProcessBuilder(keytool).inheritIO().start().waitFor()).isZero();
        KeyStore keys = KeyStore.getInstance(store.toFile(), "secret".toCharArray());
        pem(chain, "CERTIFICATE", keys.getCertificate("key").getEncoded());
        pem(key, "PRIVATE KEY", keys.getKey("key", "secret".toCharArray()).getEncoded());
    }

    private static void pem(Path file, String what, byte[] bytes) throws IOException {
        String text = Base64.getMimeEncoder().encodeToString(bytes);
        Files.writeString(file, "-----BEGIN " + what + "-----\n" + text + "\n-----END " + what + "-----\n");
    }

    @Test
    void encrypted(@TempDir Path directory) throws Exception {
        Path fullchain = directory.resolve("fullchain.pem");
        Path privkey = directory.resolve("privkey.pem");
        certificate(fullchain, privkey);
        // region tls
        SSLContext shown = Pem.identity(fullchain, privkey); // reads files: before the loop, or in blocking
        SSLContext trusted = Pem.trusting(fullchain); // Tls.client() trusts whom the JDK trusts
        NetOptions listening = NetOptions.DEFAULT.tls(Tls.server(shown).alpn("h2", "echo"));
        NetOptions connecting = NetOptions.DEFAULT.tls(Tls.client(trusted).alpn("echo"));
        Loop.run(() -> {
            Server server = Net.listen(ANY_PORT, listening);
            Task<Void> serving = Task.spawn(() -> server.serve(
                    connection -> { // after the handshake, which was this task's too
                        connection.write(connection.readLine() + "\n");
                    }));
            int port = ((InetSocketAddress) server.localAddress()).getPort();
            try (Connection connection = Net.connect("localhost", port, connecting)) {
                assertThat(connection.tlsSession().protocol()).isEqualTo("TLSv1.3");
                assertThat(connection.tlsSession().applicationProtocol()).isEqualTo("echo");
                connection.write("secret\n");
                assertThat(connection.readLine()).isEqualTo("secret");
            }
            server.close();
            await(serving);
        });
        // endregion
    }

    @Test
    void fromPlainToTls(@TempDir Path directory) throws Exception {
        Path chain = directory.resolve("chain.pem");
        Path key = directory.resolve("key.pem");
        certificate(chain, key);
        Tls server = Tls.server(Pem.identity(chain, key));
        Tls client = Tls.client(Pem.trusting(chain));
        Loop.run(() -> {
            Server listening = Net.listen(ANY_PORT);
            Task<Void> serving = Task.spawn(() -> listening.serve(connection -> {
                // region starttls
                if (connection.readLine().equals("STARTTLS")) {
                    connection.write("go on\n");
                    connection.startTls(server);
                }
                // endregion
                connection.write("encrypted: " + connection.isTls() + "\n");
            }));
            int port = ((InetSocketAddress) listening.localAddress()).getPort();
            try (Connection connection = Net.connect("localhost", port)) {
                connection.write("STARTTLS\n");
                assertThat(connection.readLine()).isEqualTo("go on");
                connection.startTls(client);
                assertThat(connection.readLine()).isEqualTo("encrypted: true");
            }
            listening.close();
            await(serving);
        });
    }

    @Test
    void theConnectionsOfAServerGoToTheLoopsOfAGroup() throws IOException {
        // region group
        List<String> answers = new ArrayList<>();
        try (LoopGroup group = LoopGroup.start("web", 2)) { // without a number: one loop for each processor
            Loop.run(() -> {
                Server server = Net.listen(ANY_PORT);
                Task<Void> serving = Task.spawn(() -> server.serve(
                        group, // a task for each connection, on the group's next loop
                        connection -> connection.write(Loop.current().name() + "\n")));
                for (int i = 0; i < 4; i++) {
                    try (Connection connection = Net.connect(server.localAddress())) {
                        answers.add(connection.readLine());
                    }
                }
                server.close();
                await(serving); // until the last connection of each loop has ended
            });
        }
        assertThat(answers).containsExactly("web-0", "web-1", "web-0", "web-1");
        // endregion
    }

    @Test
    void tasksOfDifferentLoopsTalkThroughASharedQueue() {
        try (LoopGroup group = LoopGroup.start("web", 2)) {
            // region shared-queue
            SharedQueue<String> lines = SharedQueue.bounded(100);
            Task<Integer> counting = group.spawn(() -> {
                int length = 0;
                try {
                    while (true) {
                        length += lines.get().length(); // awaits, and its loop goes on
                    }
                } catch (QueueShutDownException end) {
                    return length;
                }
            });
            group.spawn(
                    () -> { // on the other loop
                        lines.put("one");
                        lines.put("three");
                        lines.shutdown(); // what is in it can still be taken out
                    });
            assertThat(counting.join()).isEqualTo(8);
            // endregion
        }
    }
}
