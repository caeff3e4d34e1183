package io.coloop.net;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Await;
import io.coloop.Loop;
import io.coloop.LoopBuilder;
import io.coloop.LoopGroup;
import io.coloop.Promise;
import io.coloop.Readiness;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.TaskGroupException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers whose connections go to the loops of a group. The clients are plain blocking channels on the test's thread, or connections of a loop outside of the group. */
@Timeout(60)
class GroupServerTest {
    @TempDir
    Path directory;

    private final List<Report> reports = new CopyOnWriteArrayList<>();
    private List<String> descriptors;

    @BeforeEach
    void count() throws Exception {
        Where.OWNED.run(() -> {}); // opens what the process opens once
        descriptors = Where.descriptors();
    }

    @AfterEach
    void nothingIsLeft() {
        Where.until(
                "the same descriptors: " + descriptors + ", but " + Where.descriptors(),
                () -> Where.descriptors().size() <= descriptors.size());
    }

    private LoopBuilder settings(String name) {
        return Loop.builder()
                .name(name)
                .slowItem(Duration.ZERO /* a busy machine is slow */)
                .exceptionHandler(reports::add);
    }

    private static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    private SocketAddress anyAddress(String family) {
        return family.equals("TCP") ? anyPort() : UnixDomainSocketAddress.of(directory.resolve("server"));
    }

    /** Tells its loop, then echoes one line. */
    private static void tellLoop(Connection connection) throws IOException {
        connection.write(Loop.current().name() + "\n");
        String line = connection.readLine();
        if (line != null) {
            connection.write(line + " from " + Loop.current().name() + "\n");
        }
    }

    // ---- distributed

    @ParameterizedTest
    @ValueSource(strings = {"TCP", "UNIX"})
    void connectionsGoToTheLoopsInTurnAndStay(String family) throws Exception {
        try (LoopGroup group = settings("group").startGroup(3)) {
            settings("accepting").run(() -> {
                Server server = Net.listen(anyAddress(family));
                Task<Void> serving = Task.spawn(() -> server.serve(group, GroupServerTest::tellLoop));
                List<Connection> clients = new ArrayList<>();
                for (int i = 0; i < 6; i++) {
                    Connection client = Net.connect(server.localAddress());
                    clients.add(client);
                    assertThat(client.readLine()).isEqualTo("group-" + i % 3);
                }
                assertThat(server.connectionCount()).isEqualTo(6);
                for (int i = 0; i < 6; i++) {
                    clients.get(i).write("hello\n");
                    assertThat(clients.get(i).readLine()).isEqualTo("hello from group-" + i % 3);
                    assertThat(clients.get(i).readLine()).isNull();
                    clients.get(i).close();
                }
                server.close();
                await(serving);
                assertThat(server.connectionCount()).isZero();
            });
        }
        assertThat(reports).isEmpty();
    }

    @Test
    void theAcceptingLoopMayBeOneOfTheGroup() throws Exception {
        try (LoopGroup group = settings("group").startGroup(2)) {
            Promise<Server> listening = group.next().promise();
            Task<Void> serving = group.loops().getFirst().spawn(() -> {
                try (Server server = Net.listen(anyPort())) {
                    listening.complete(server);
                    server.serve(group, GroupServerTest::tellLoop);
                }
            });
            Server server = listening.future().get(Where.LIMIT_SECONDS, TimeUnit.SECONDS);
            List<String> names = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                try (SocketChannel client = SocketChannel.open(server.localAddress())) {
                    names.add(line(client));
                }
            }
            assertThat(names).containsExactly("group-0", "group-1", "group-0", "group-1");
            group.loops().getFirst().spawn(server::close);
            serving.get(Where.LIMIT_SECONDS, TimeUnit.SECONDS);
        }
        assertThat(reports).isEmpty();
    }

    @Test
    void handshakesAreTheLoopsToo() throws Exception {
        NetOptions listening = NetOptions.DEFAULT.tls(Tls.server(Certificates.context(Certificates.SERVER)));
        NetOptions connecting =
                NetOptions.DEFAULT.tls(Tls.client(Certificates.trusting()).serverName("localhost"));
        try (LoopGroup group = settings("group").startGroup(2)) {
            settings("accepting").run(() -> {
                Server server = Net.listen(anyPort(), listening);
                Task<Void> serving = Task.spawn(() -> server.serve(group, GroupServerTest::tellLoop));
                for (int i = 0; i < 4; i++) {
                    try (Connection client = Net.connect(server.localAddress(), connecting)) {
                        assertThat(client.readLine()).isEqualTo("group-" + i % 2);
                        client.write("hello\n");
                        assertThat(client.readLine()).isEqualTo("hello from group-" + i % 2);
                    }
                }
                server.close();
                await(serving);
            });
        }
        assertThat(reports).isEmpty();
    }

    @Test
    void manyClientsAtATime() throws Exception {
        int clients = 200;
        try (LoopGroup group = settings("group").startGroup(3)) {
            settings("accepting").run(() -> {
                Server server = Net.listen(anyPort(), NetOptions.DEFAULT.backlog(clients));
                AtomicInteger[] served = {new AtomicInteger(), new AtomicInteger(), new AtomicInteger()};
                Task<Void> serving = Task.spawn(() -> server.serve(group, connection -> {
                    served[group.loops().indexOf(Loop.current())].incrementAndGet();
                    ByteBuffer buffer = ByteBuffer.allocate(1000);
                    while (connection.read(buffer.clear()) >= 0) {
                        connection.write(buffer.flip());
                    }
                }));
                io.coloop.TaskGroup.run(all -> {
                    for (int i = 0; i < clients; i++) {
                        String text = "client " + i + "\n";
                        all.spawn(() -> {
                            try (Connection client = Net.connect(server.localAddress())) {
                                for (int n = 0; n < 20; n++) {
                                    client.write(text);
                                    assertThat(client.readLine() + "\n").isEqualTo(text);
                                }
                            }
                        });
                    }
                });
                server.close();
                await(serving);
                for (AtomicInteger each : served) {
                    assertThat(each.get()).isBetween(clients / 3, clients / 3 + 1);
                }
            });
        }
        assertThat(reports).isEmpty();
    }

    // ---- the end

    @Test
    void aClosedServerWaitsForTheConnectionsOfAllLoops() throws Exception {
        try (LoopGroup group = settings("group").startGroup(2)) {
            settings("accepting").run(() -> {
                Server server = Net.listen(anyPort());
                Task<Void> serving = Task.spawn(() -> server.serve(group, GroupServerTest::tellLoop));
                try (Connection first = Net.connect(server.localAddress());
                        Connection second = Net.connect(server.localAddress())) {
                    first.readLine();
                    second.readLine();
                    server.close();
                    first.write("one\n");
                    assertThat(first.readLine()).startsWith("one from ");
                    assertThat(first.readLine()).isNull();
                    sleep(Duration.ofMillis(2));
                    assertThat(serving.isDone()).isFalse();
                    second.write("two\n");
                    assertThat(second.readLine()).startsWith("two from ");
                    await(serving);
                }
            });
        }
        assertThat(reports).isEmpty();
    }

    @Test
    void aCancelReachesTheHandlersOfAllLoopsAndIsWaitedFor() throws Exception {
        try (LoopGroup group = settings("group").startGroup(3)) {
            settings("accepting").run(() -> {
                try (Server server = Net.listen(anyPort())) {
                    List<String> cleanedUp = new CopyOnWriteArrayList<>();
                    Task<Void> serving = Task.spawn(() -> server.serve(group, connection -> {
                        try {
                            tellLoop(connection);
                        } finally {
                            sleep(Duration.ofMillis(200)); // a cleanup that takes its time
                            cleanedUp.add(Loop.current().name());
                        }
                    }));
                    List<Connection> clients = new ArrayList<>();
                    for (int i = 0; i < 3; i++) {
                        clients.add(Net.connect(server.localAddress()));
                        clients.getLast().readLine();
                    }
                    serving.cancel();
                    assertThatThrownBy(() -> await(serving)).isInstanceOf(TaskCancelledException.class);
                    assertThat(cleanedUp).containsExactlyInAnyOrder("group-0", "group-1", "group-2");
                    for (Connection client : clients) {
                        assertThatThrownBy(client::readLine).isInstanceOf(IOException.class);
                        client.close();
                    }
                    assertThat(server.isOpen()).isTrue();
                    Task<Void> again = Task.spawn(() -> server.serve(group, GroupServerTest::tellLoop));
                    try (Connection client = Net.connect(server.localAddress())) {
                        assertThat(client.readLine()).isEqualTo("group-0");
                    }
                    server.close();
                    await(again);
                }
            });
        }
        assertThat(reports).isEmpty();
    }

    @Test
    void cancelledBeforeItBeganItLeavesNothing() throws Exception {
        try (LoopGroup group = settings("group").startGroup(2)) {
            settings("accepting").run(() -> {
                try (Server server = Net.listen(anyPort())) {
                    Task<Void> serving = Task.spawn(() -> {
                        Task.current().cancel();
                        server.serve(group, GroupServerTest::tellLoop);
                    });
                    assertThatThrownBy(() -> await(serving)).isInstanceOf(TaskCancelledException.class);
                }
            });
            for (Loop loop : group.loops()) {
                assertThat(loop.spawn(() -> loop.taskCount()).join()).isEqualTo(1);
            }
        }
        assertThat(reports).isEmpty();
    }

    // ---- failures

    @Test
    void aHandlerThatFailsConcernsNoOther() throws Exception {
        try (LoopGroup group = settings("group").startGroup(2)) {
            settings("accepting").run(() -> {
                Server server = Net.listen(anyPort());
                Task<Void> serving = Task.spawn(() -> server.serve(group, connection -> {
                    if ("fail".equals(connection.readLine())) {
                        throw new IllegalStateException("as told");
                    }
                    connection.write("fine\n");
                }));
                for (int i = 0; i < 2; i++) { // on the loop where one failed as well as on the other
                    try (Connection bad = Net.connect(server.localAddress());
                            Connection good = Net.connect(server.localAddress());
                            Connection goodToo = Net.connect(server.localAddress())) {
                        bad.write("fail\n");
                        assertThatThrownBy(bad::readLine).isInstanceOf(IOException.class);
                        good.write("go on\n");
                        assertThat(good.readLine()).isEqualTo("fine");
                        goodToo.write("go on\n");
                        assertThat(goodToo.readLine()).isEqualTo("fine");
                    }
                }
                server.close();
                await(serving);
            });
        }
        assertThat(reports)
                .extracting(Report::kind)
                .containsOnly(Report.Kind.CALLBACK_FAILED)
                .hasSize(2);
        assertThat(reports.getFirst().message())
                .startsWith("the handler of Connection[")
                .endsWith("as told");
    }

    @Test
    void anErrorOfAHandlerEndsTheServing() throws Exception {
        try (LoopGroup group = settings("group").startGroup(2)) {
            settings("accepting").run(() -> {
                try (Server server = Net.listen(anyPort())) {
                    Task<Void> serving = Task.spawn(() -> server.serve(group, connection -> {
                        throw new AssertionError("as told");
                    }));
                    try (Connection client = Net.connect(server.localAddress())) {
                        assertThatThrownBy(client::readLine).isInstanceOf(IOException.class);
                    }
                    assertThatThrownBy(() -> await(serving)).isInstanceOf(TaskGroupException.class);
                }
            });
        }
    }

    // ---- loops that end

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whenALoopEndsTheOthersServe(boolean broken) throws Exception {
        try (LoopGroup group = settings("group").startGroup(3)) {
            settings("accepting").run(() -> {
                Server server = Net.listen(anyPort());
                Task<Void> serving = Task.spawn(() -> server.serve(group, connection -> {
                    connection.write(Loop.current().name() + "\n");
                    if ("break".equals(connection.readLine())) {
                        throw new OutOfMemoryError("as told");
                    }
                    connection.write("fine\n");
                }));
                try (Connection first = Net.connect(server.localAddress());
                        Connection second = Net.connect(server.localAddress())) {
                    assertThat(first.readLine()).isEqualTo("group-0");
                    assertThat(second.readLine()).isEqualTo("group-1");
                    if (broken) {
                        second.write("break\n");
                    } else {
                        group.loops().get(1).shutdown();
                    }
                    assertThatThrownBy(second::readLine).isInstanceOf(IOException.class);
                    while (!group.loops().get(1).isClosed()) {
                        sleep(Duration.ofMillis(1));
                    }
                    List<String> names = new ArrayList<>();
                    for (int i = 0; i < 4; i++) {
                        try (Connection client = Net.connect(server.localAddress())) {
                            names.add(client.readLine());
                        }
                    }
                    assertThat(names).containsExactlyInAnyOrder("group-0", "group-0", "group-2", "group-2");
                    first.write("x\n");
                    assertThat(first.readLine()).isEqualTo("fine");
                }
                server.close();
                await(serving);
            });
        }
        assertThat(reports)
                .extracting(Report::kind)
                .isSubsetOf(Report.Kind.LOOP_FAILED, Report.Kind.UNOBSERVED_FAILURE)
                .hasSizeLessThanOrEqualTo(broken ? 2 : 0);
    }

    @Test
    void whatIsOnItsWayToALoopThatEndsGoesToAnother() throws Exception {
        List<String> names = new CopyOnWriteArrayList<>();
        try (LoopGroup group = settings("group").startGroup(2)) {
            settings("accepting").run(() -> {
                Server server = acceptingWhile(3, accepted -> {
                    if (accepted == 2) { // which gets this one, and had the first
                        group.loops().getFirst().close();
                    }
                });
                Task<Void> serving = Task.spawn(() -> server.serve(
                        group, connection -> names.add(Loop.current().name())));
                while (names.size() < 3) {
                    sleep(Duration.ofMillis(1));
                }
                server.close();
                await(serving);
            });
        }
        assertThat(names).containsExactly("group-1", "group-1", "group-1");
        assertThat(reports).isEmpty();
    }

    @Test
    void whatIsOnItsWayToALoopThatEndsWithTheServerIsClosed() throws Exception {
        List<String> names = new CopyOnWriteArrayList<>();
        try (LoopGroup group = settings("group").startGroup(2)) {
            settings("accepting").run(() -> {
                Server[] server = new Server[1];
                server[0] = acceptingWhile(3, accepted -> {
                    if (accepted == 2) { // which goes where the first is
                        group.loops().getFirst().close();
                        server[0].close();
                    }
                });
                server[0].serve(group, connection -> names.add(Loop.current().name()));
            });
        }
        assertThat(names).containsExactly("group-1");
        assertThat(reports).isEmpty();
    }

    @Test
    void whatIsOnItsWayToTheLastLoopIsClosed() throws Exception {
        AtomicInteger handled = new AtomicInteger();
        try (LoopGroup group = settings("group").startGroup(1)) {
            settings("accepting").run(() -> {
                try (Server server =
                        acceptingWhile(5, accepted -> group.loops().getFirst().close())) {
                    assertThatThrownBy(() -> server.serve(group, connection -> handled.incrementAndGet()))
                            .isInstanceOf(TaskGroupException.class)
                            .hasMessageContaining("no loop of the group is left");
                }
            });
        }
        assertThat(handled).hasValue(0);
        assertThat(reports).isEmpty();
    }

    /** One that has so many connections to give. */
    private static Server acceptingWhile(int count, java.util.function.IntConsumer beforeEach) throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open().bind(anyPort());
        int[] accepted = new int[1];
        Server.Accepting accepting = () -> {
            if (accepted[0] == count) {
                return null;
            }
            beforeEach.accept(accepted[0]++);
            return SocketChannel.open();
        };
        return new Server(channel, accepting, Readiness.of(channel), NetOptions.DEFAULT);
    }

    @Test
    void withoutALoopTheServingFails() throws Exception {
        try (LoopGroup group = settings("group").startGroup(2)) {
            settings("accepting").run(() -> {
                try (Server server = Net.listen(anyPort())) {
                    Task<Void> serving = Task.spawn(() -> server.serve(group, GroupServerTest::tellLoop));
                    try (Connection client = Net.connect(server.localAddress())) {
                        client.readLine();
                    }
                    group.shutdown();
                    assertThatThrownBy(() -> await(serving))
                            .isInstanceOf(TaskGroupException.class)
                            .hasMessageContaining("no loop of the group is left");
                    assertThatThrownBy(() -> server.serve(group, GroupServerTest::tellLoop))
                            .isInstanceOf(TaskGroupException.class)
                            .hasMessageContaining("no loop of the group is left");
                }
            });
        }
        assertThat(reports).isEmpty();
    }

    // ---- loops that are held

    @Test
    void whoAcceptsWithoutWaitingLetsOthersRun() throws Exception {
        settings("accepting").run(() -> {
            int[] others = new int[1];
            int[] seen = new int[1];
            Task<Void> other = Task.spawn(() -> {
                while (true) {
                    others[0]++;
                    Await.yieldNow();
                }
            });
            Server server = acceptingWhile(600, before -> seen[0] = others[0]);
            int[] handled = new int[1];
            Task<Void> serving = Task.spawn(() -> server.serve(connection -> handled[0]++));
            while (handled[0] < 600) {
                sleep(Duration.ofMillis(1));
            }
            server.close();
            await(serving);
            other.cancel();
            assertThatThrownBy(() -> await(other)).isInstanceOf(TaskCancelledException.class);
            assertThat(seen[0]).isGreaterThanOrEqualTo(2); // the loop was given up after 256 and 512
        });
    }

    @Test
    void aHeldLoopGetsOnlySoManyAndTheRestWaits() throws Exception {
        int most = 1024;
        int all = most + 50;
        CountDownLatch goOn = new CountDownLatch(1);
        AtomicInteger handled = new AtomicInteger();
        try (LoopGroup group = settings("group").startGroup(1)) {
            settings("accepting").run(() -> {
                AtomicInteger accepted = new AtomicInteger();
                Server server = acceptingWhile(all, before -> accepted.set(before + 1));
                group.next().execute(() -> Where.until("told to go on", () -> goOn.getCount() == 0));
                Task<Void> serving = Task.spawn(() -> server.serve(group, connection -> handled.incrementAndGet()));
                while (accepted.get() <= most) {
                    sleep(Duration.ofMillis(1));
                }
                sleep(Duration.ofMillis(250)); // two more tries
                assertThat(accepted.get()).isEqualTo(most + 1); // the one that is to be handed over
                goOn.countDown();
                while (handled.get() < all) {
                    sleep(Duration.ofMillis(1));
                }
                server.close();
                await(serving);
            });
        }
        assertThat(reports).isEmpty();
    }

    private static String line(SocketChannel channel) throws IOException {
        ByteBuffer all = ByteBuffer.allocate(100);
        while (all.position() == 0 || all.get(all.position() - 1) != '\n') {
            if (channel.read(all) < 0) {
                throw new IOException("the end");
            }
        }
        return new String(all.array(), 0, all.position() - 1, UTF_8);
    }
}
