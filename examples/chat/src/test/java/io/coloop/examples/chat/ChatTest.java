package io.coloop.examples.chat;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Loop;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskGroup;
import io.coloop.net.Connection;
import io.coloop.net.Net;
import io.coloop.net.NetOptions;
import io.coloop.net.Server;
import io.coloop.net.Tls;
import io.coloop.sync.Barrier;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The room on one loop and its clients on another, in real time. */
@Timeout(60)
class ChatTest {
    private static final int CLIENTS = 400;
    private static final int LINES = 3;

    @TempDir
    static Path directory;

    private static Identity identity;

    private final Queue<Report> reports = new ConcurrentLinkedQueue<>();
    private final Loop serving = Loop.builder()
            .name("server")
            .slowItem(Duration.ZERO) // a busy machine is slow
            .exceptionHandler(reports::add)
            .start();
    private final Loop clients = Loop.start("clients");
    private final Room room = new Room();
    private Server plain;
    private Server secure;

    @BeforeEach
    void listen() throws Exception {
        if (identity == null) {
            identity = Identity.make(directory);
        }
        InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        serving.spawn(() -> {
                    NetOptions options = NetOptions.DEFAULT.backlog(CLIENTS);
                    plain = Net.listen(anyPort, options);
                    secure = Net.listen(anyPort, options.tls(Tls.server(identity.context())));
                })
                .get(20, TimeUnit.SECONDS);
        serving.spawn(() -> plain.serve(room::talk));
        serving.spawn(() -> secure.serve(room::talk));
    }

    @AfterEach
    void nobodyIsLeft() throws Exception {
        clients.close();
        serving.spawn(() -> {
                    while (room.size() + plain.connectionCount() + secure.connectionCount() > 0) {
                        sleep(Duration.ofMillis(1));
                    }
                    plain.close();
                    secure.close();
                })
                .get(20, TimeUnit.SECONDS);
        serving.close();
        assertThat(reports).isEmpty();
    }

    /** A client that has read its greeting. */
    private Connection connect(boolean tls) throws IOException {
        SocketAddress address = (tls ? secure : plain).localAddress();
        Connection connection = tls
                ? Net.connect(
                        address,
                        NetOptions.DEFAULT.tls(Tls.client(identity.trusting()).serverName("localhost")))
                : Net.connect(address);
        assertThat(connection.readLine()).isEqualTo("your name?");
        return connection;
    }

    private Connection join(String name, boolean tls) throws IOException {
        Connection connection = connect(tls);
        connection.write(name + "\n");
        assertThat(connection.readLine()).isEqualTo(name + " joins");
        return connection;
    }

    private void onClients(io.coloop.VoidBody<?> body) throws Exception {
        clients.spawn(body).get(50, TimeUnit.SECONDS);
    }

    @Test
    void hundredsOfClientsHearTheSameInTheSameOrder() throws Exception {
        onClients(() -> {
            Barrier allAreHere = Barrier.forParties(CLIENTS);
            List<List<String>> heard = TaskGroup.run(group -> {
                List<Task<List<String>>> all = new ArrayList<>();
                for (int i = 0; i < CLIENTS; i++) {
                    String name = "client-" + i;
                    boolean tls = i % 2 == 0;
                    all.add(group.spawn(() -> talk(name, tls, allAreHere)));
                }
                List<List<String>> lines = new ArrayList<>();
                for (Task<List<String>> each : all) {
                    lines.add(await(each));
                }
                return lines;
            });
            assertThat(heard.getFirst()).hasSize(CLIENTS * LINES).doesNotHaveDuplicates();
            assertThat(heard).containsOnly(heard.getFirst());
            for (int i = 0; i < CLIENTS; i++) {
                String name = "client-" + i;
                assertThat(heard.getFirst())
                        .filteredOn(line -> line.startsWith(name + ":"))
                        .containsExactly(name + ": 0", name + ": 1", name + ": 2");
            }
        });
    }

    private List<String> talk(String name, boolean tls, Barrier allAreHere) throws Exception {
        try (Connection connection = join(name, tls)) {
            allAreHere.await();
            for (int i = 0; i < LINES; i++) {
                connection.write(i + "\n");
            }
            List<String> heard = new ArrayList<>();
            while (heard.size() < CLIENTS * LINES) {
                String line = connection.readLine();
                assertThat(line).as("what comes after %s lines", heard.size()).isNotNull();
                if (line.contains(": ")) {
                    heard.add(line);
                }
            }
            allAreHere.await(); // nobody leaves before
            return heard;
        }
    }

    @Test
    void namesAreChecked() throws Exception {
        onClients(() -> {
            try (Connection ada = join("ada", true);
                    Connection other = connect(false)) {
                other.write("ada\n");
                assertThat(other.readLine()).isEqualTo("somebody is called ada; your name?");
                other.write("no spaces\n");
                assertThat(other.readLine()).startsWith("a name has");
                other.write("bob\n");
                assertThat(other.readLine()).isEqualTo("bob joins");
                other.write("/who\n");
                assertThat(other.readLine()).isEqualTo("here: ada, bob");
                other.write("/quit\n");
                assertThat(other.readLine()).isNull();
                assertThat(List.of(ada.readLine(), ada.readLine())).containsExactly("bob joins", "bob leaves");
            }
        });
    }

    @Test
    void aLineThatIsTooLongEndsItsWriterOnly() throws Exception {
        onClients(() -> {
            try (Connection ada = join("ada", false);
                    Connection bob = join("bob", true)) {
                assertThat(ada.readLine()).isEqualTo("bob joins");
                bob.write("x".repeat(2_000));
                assertThat(bob.readLine()).startsWith("bye: ");
                assertThat(bob.readLine()).isNull();
                assertThat(ada.readLine()).isEqualTo("bob leaves");
            }
        });
    }

    @Test
    void whoHangsUpLeaves() throws Exception {
        onClients(() -> {
            try (Connection ada = join("ada", true)) {
                join("bob", false).abort();
                join("eve", true).abort();
                List<String> heard = new ArrayList<>();
                while (heard.size() < 4) {
                    heard.add(ada.readLine());
                }
                assertThat(heard).containsExactlyInAnyOrder("bob joins", "bob leaves", "eve joins", "eve leaves");
            }
        });
    }

    @Test
    void garbageInsteadOfAHelloConcernsNobodyElse() throws Exception {
        onClients(() -> {
            try (Connection garbage = Net.connect(secure.localAddress());
                    Connection ada = join("ada", true)) {
                garbage.write("GET / HTTP/1.1\r\n\r\n");
                garbage.input().readAll(10_000); // an alert, and the end
                ada.write("still here\n");
                assertThat(ada.readLine()).isEqualTo("ada: still here");
            }
        });
        reports.removeIf(report -> report.message().contains("TLS") || report.failure() instanceof IOException);
    }

    @Test
    void whoDoesNotReadHasToGo() throws Exception {
        onClients(() -> {
            NetOptions small = NetOptions.DEFAULT.with(StandardSocketOptions.SO_RCVBUF, 8 * 1024);
            try (Connection ada = join("ada", false);
                    Connection deaf = Net.connect(plain.localAddress(), small)) {
                deaf.write("deaf\n");
                assertThat(ada.readLine()).isEqualTo("deaf joins");
                Task<Void> talking = Task.spawn(() -> {
                    String line = "x".repeat(900) + "\n";
                    while (true) {
                        ada.write(line);
                    }
                });
                String line = ada.readLine();
                while (!line.equals("deaf leaves")) {
                    assertThat(line).startsWith("ada: xxx");
                    line = ada.readLine();
                }
                talking.cancel();
            }
        });
    }
}
