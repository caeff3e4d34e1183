package io.coloop.net;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.TaskTimeoutException;
import io.coloop.io.IncompleteReadException;
import io.coloop.io.LimitExceededException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A connection whose peer is a plain socket on another thread, on both kinds of loops. */
class ConnectionTest {
    private static final int BIG = 16 * 1024 * 1024;

    @FunctionalInterface
    private interface Client {
        void run(Connection connection) throws Exception;
    }

    /** Connects to a peer that plays a script. */
    private static void with(Where where, Peer.Script peer, Client client) throws Exception {
        where.run(() -> {
            try (Peer.Listening listening = new Peer.Listening(peer)) {
                try (Connection connection = Net.connect(listening.address())) {
                    client.run(connection);
                }
            }
        });
    }

    private static void waitForOther(CountDownLatch latch) throws InterruptedException {
        if (!latch.await(Where.LIMIT_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("nobody opened the latch");
        }
    }

    private static String text(byte[] bytes) {
        return new String(bytes, UTF_8);
    }

    private static byte[] letters(int count, char letter) {
        byte[] bytes = new byte[count];
        Arrays.fill(bytes, (byte) letter);
        return bytes;
    }

    private static boolean isAll(byte[] bytes, int count, char letter) {
        return Arrays.equals(bytes, letters(count, letter));
    }

    private static String readAll(Connection connection) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(1000);
        while (connection.read(buffer) >= 0) {
            assertThat(buffer.hasRemaining()).isTrue();
        }
        return text(Arrays.copyOf(buffer.array(), buffer.position()));
    }

    // ---- reading

    @ParameterizedTest
    @EnumSource
    void thereAndBack(Where where) throws Exception {
        with(
                where,
                socket -> {
                    assertThat(text(Peer.readFully(socket, 5))).isEqualTo("ping\n");
                    Peer.send(socket, "pöng\n");
                },
                connection -> {
                    connection.write("ping\n");
                    assertThat(connection.readLine()).isEqualTo("pöng");
                    assertThat(connection.readLine()).isNull();
                    assertThat(connection.bytesWritten()).isEqualTo(5);
                    assertThat(connection.bytesRead()).isEqualTo(6);
                    assertThat(connection.toString())
                            .startsWith("Connection[/127.0.0.1:")
                            .endsWith(", open, 6 read, 5 written]");
                });
    }

    @ParameterizedTest
    @EnumSource
    void readGivesWhatIsThere(Where where) throws Exception {
        with(where, socket -> Peer.send(socket, "abcdef"), connection -> {
            assertThat(connection.read(ByteBuffer.allocate(0))).isZero();
            ByteBuffer two = ByteBuffer.allocate(2);
            assertThat(connection.read(two)).isEqualTo(2);
            assertThat(text(two.array())).isEqualTo("ab");
            assertThat(text(connection.readExactly(1))).isEqualTo("c"); // more may be in the buffer now
            assertThat(readAll(connection)).isEqualTo("def");
            assertThat(connection.read(two.clear())).isEqualTo(-1);
            assertThat(connection.read(two)).isEqualTo(-1);
        });
    }

    @ParameterizedTest
    @EnumSource
    void whateverTheSizeOfTheSegments(Where where) throws Exception {
        String sent = "one\r\ntwo\n\n\r\nthree--four----five";
        for (int size = 1; size <= 5; size++) {
            int segment = size;
            with(
                    where,
                    socket -> {
                        for (int i = 0; i < sent.length(); i += segment) {
                            Peer.send(socket, sent.substring(i, Math.min(sent.length(), i + segment)));
                            Thread.yield();
                        }
                    },
                    connection -> {
                        assertThat(connection.readLine()).isEqualTo("one");
                        assertThat(connection.readLine()).isEqualTo("two");
                        assertThat(connection.readLine()).isEmpty();
                        assertThat(connection.readLine()).isEmpty();
                        assertThat(text(connection.readUntil("--".getBytes(UTF_8), 100)))
                                .isEqualTo("three--");
                        assertThat(text(connection.readUntil("----".getBytes(UTF_8), 8)))
                                .isEqualTo("four----");
                        assertThat(connection.readExactly(0)).isEmpty();
                        assertThat(text(connection.readExactly(4))).isEqualTo("five");
                    });
        }
    }

    @ParameterizedTest
    @EnumSource
    void manyBytesExactly(Where where) throws Exception {
        byte[] all = new byte[1_000_003];
        new java.util.Random(1).nextBytes(all);
        with(where, socket -> socket.getOutputStream().write(all), connection -> {
            assertThat(Arrays.equals(connection.readExactly(all.length - 3), Arrays.copyOf(all, all.length - 3)))
                    .isTrue();
            assertThat(connection.readExactly(3)).isEqualTo(Arrays.copyOfRange(all, all.length - 3, all.length));
        });
    }

    @ParameterizedTest
    @EnumSource
    void anEndInTheMiddleIsSaidWithWhatCame(Where where) throws Exception {
        with(where, socket -> Peer.send(socket, "abc"), connection -> {
            assertThatThrownBy(() -> connection.readExactly(5))
                    .isInstanceOfSatisfying(
                            IncompleteReadException.class,
                            early -> assertThat(early.received()).isEqualTo("abc".getBytes(UTF_8)))
                    .hasMessage("the input ended after 3 bytes of 5");
            assertThat(connection.readLine()).isNull();
        });
        with(where, socket -> Peer.send(socket, "abc"), connection -> {
            assertThatThrownBy(connection::readLine)
                    .isInstanceOf(IncompleteReadException.class)
                    .hasMessage("the input ended after 3 bytes of a line");
            assertThat(connection.readLine()).isNull();
        });
        with(
                where,
                socket -> {},
                connection -> assertThatThrownBy(() -> connection.readUntil(new byte[] {0}, 5))
                        .isInstanceOf(IncompleteReadException.class)
                        .hasMessage("the input ended after 0 bytes and no separator"));
    }

    @ParameterizedTest
    @EnumSource
    void aLineThatIsTooLongIsLeftThere(Where where) throws Exception {
        with(where, socket -> Peer.send(socket, "123456789\n" + "x".repeat(100_000)), connection -> {
            assertThatThrownBy(() -> connection.readLine(9))
                    .isInstanceOfSatisfying(
                            LimitExceededException.class,
                            exceeded -> assertThat(exceeded.limit()).isEqualTo(9))
                    .hasMessage("no end of the line within 9 bytes");
            assertThat(connection.readLine(10)).isEqualTo("123456789");
            assertThatThrownBy(connection::readLine).isInstanceOf(LimitExceededException.class);
            assertThat(isAll(connection.readExactly(100_000), 100_000, 'x')).isTrue();
        });
    }

    @ParameterizedTest
    @EnumSource
    void wrongArguments(Where where) throws Exception {
        with(where, socket -> {}, connection -> {
            assertThatThrownBy(() -> connection.readExactly(-1)).hasMessage("count is negative: -1");
            assertThatThrownBy(() -> connection.readLine(0)).hasMessage("limit is not positive: 0");
            assertThatThrownBy(() -> connection.readUntil(new byte[0], 3)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> connection.readUntil(new byte[4], 3)).isInstanceOf(IllegalArgumentException.class);
        });
    }

    @ParameterizedTest
    @EnumSource
    void oneTaskAtATimeReads(Where where) throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        with(
                where,
                socket -> {
                    waitForOther(done);
                    Peer.send(socket, "x");
                },
                connection -> {
                    Task<byte[]> first = Task.spawn(() -> connection.readExactly(1));
                    yieldNow();
                    assertThatThrownBy(() -> connection.read(ByteBuffer.allocate(1)))
                            .isInstanceOf(LoopMisuseException.class)
                            .hasMessageContaining("one task at a time reads from a stream")
                            .hasMessageContaining("call:   Connection.read(...)")
                            .hasMessageContaining("remedy: let one task read and hand on what came");
                    done.countDown();
                    assertThat(await(first)).containsExactly('x');
                });
    }

    @ParameterizedTest
    @EnumSource
    void itBelongsToItsLoop(Where where) throws Exception {
        with(where, socket -> Peer.readFully(socket, 1), connection -> {
            List<Throwable> thrown = await(Loop.current().blocking(() -> {
                List<Throwable> seen = new ArrayList<>();
                seen.add(catchThrowable(() -> connection.write("x")));
                seen.add(catchThrowable(connection::readLine));
                seen.add(catchThrowable(connection::close));
                Loop.run(() -> {
                    seen.add(catchThrowable(() -> connection.write("x")));
                });
                seen.add(catchThrowable(() -> Net.connect(connection.remoteAddress())));
                return seen;
            }));
            assertThat(thrown).hasSize(5).allMatch(LoopMisuseException.class::isInstance);
            assertThat(connection.isOpen()).isTrue();
        });
    }

    // ---- writing

    @ParameterizedTest
    @EnumSource
    void aWriteAwaitsASlowReaderAndOthersRun(Where where) throws Exception {
        CountDownLatch slow = new CountDownLatch(1);
        byte[] all = new byte[BIG];
        new java.util.Random(2).nextBytes(all);
        with(
                where,
                socket -> {
                    waitForOther(slow);
                    assertThat(Arrays.equals(Peer.readFully(socket, BIG), all)).isTrue();
                    assertThat(socket.getInputStream().read()).isEqualTo(-1);
                },
                connection -> {
                    Task<Void> writer = Task.spawn(() -> connection.write(ByteBuffer.wrap(all)));
                    sleep(Duration.ofMillis(20));
                    assertThat(writer.isDone()).isFalse();
                    slow.countDown();
                    await(writer);
                    assertThat(connection.bytesWritten()).isEqualTo(BIG);
                });
    }

    @ParameterizedTest
    @EnumSource
    void whatOneWriteSendsStaysTogether(Where where) throws Exception {
        int size = 3_000_000;
        CountDownLatch slow = new CountDownLatch(1);
        with(
                where,
                socket -> {
                    waitForOther(slow);
                    for (char letter : new char[] {'a', 'b', 'c', 'd'}) {
                        assertThat(isAll(Peer.readFully(socket, size), size, letter))
                                .isTrue();
                    }
                },
                connection -> {
                    List<Task<Void>> writers = new ArrayList<>();
                    for (char letter : new char[] {'a', 'b', 'c', 'd'}) {
                        writers.add(Task.spawn(() -> connection.write(letters(size, letter))));
                    }
                    yieldNow();
                    slow.countDown();
                    for (Task<Void> each : writers) {
                        await(each);
                    }
                });
    }

    @ParameterizedTest
    @EnumSource
    void halfClose(Where where) throws Exception {
        with(
                where,
                socket -> {
                    assertThat(socket.getInputStream().readAllBytes()).containsExactly('a', 'b');
                    Peer.send(socket, "answer\n");
                },
                connection -> {
                    connection.write("ab");
                    connection.shutdownOutput();
                    connection.shutdownOutput();
                    assertThat(connection.readLine()).isEqualTo("answer");
                    assertThatThrownBy(() -> connection.write("c")).isInstanceOf(ClosedChannelException.class);
                    assertThat(connection.isCut()).isFalse();
                });
    }

    // ---- cancel

    @ParameterizedTest
    @EnumSource
    void aCancelledReadHasTakenNothing(Where where) throws Exception {
        CountDownLatch more = new CountDownLatch(1);
        with(
                where,
                socket -> {
                    Peer.send(socket, "12345");
                    waitForOther(more);
                    Peer.send(socket, "6789\n");
                },
                connection -> {
                    for (int round = 0; round < 3; round++) {
                        int kind = round;
                        Task<Void> reader = Task.spawn(() -> {
                            switch (kind) {
                                case 0 -> connection.readExactly(6);
                                case 1 -> connection.readLine();
                                default -> connection.readUntil("99".getBytes(UTF_8), 100);
                            }
                        });
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
                socket -> {
                    waitForOther(cut);
                    InputStream in = socket.getInputStream();
                    assertThatThrownBy(in::readAllBytes) // not the end: it could be taken for the whole
                            .isInstanceOf(SocketException.class);
                },
                connection -> {
                    ByteBuffer all = ByteBuffer.allocate(BIG);
                    Task<Void> writer = Task.spawn(() -> connection.write(all));
                    Task<Void> next = Task.spawn(() -> connection.write("next"));
                    sleep(Duration.ofMillis(5));
                    writer.cancel();
                    assertThatThrownBy(() -> await(writer)).isInstanceOf(TaskCancelledException.class);
                    assertThat(connection.isCut()).isTrue();
                    assertThat(connection.bytesWritten())
                            .isEqualTo(all.position())
                            .isBetween(1L, BIG - 1L);
                    assertThatThrownBy(() -> await(next))
                            .hasRootCauseInstanceOf(IOException.class)
                            .hasStackTraceContaining("an earlier write was cut off after a part of it");
                    assertThatThrownBy(connection::shutdownOutput).isInstanceOf(IOException.class);
                    assertThat(connection.toString()).contains(", cut, ");
                    connection.close();
                    cut.countDown();
                });
    }

    @ParameterizedTest
    @EnumSource
    void aWriteThatIsCancelledInLineHasSentNothing(Where where) throws Exception {
        CountDownLatch slow = new CountDownLatch(1);
        with(
                where,
                socket -> {
                    waitForOther(slow);
                    assertThat(isAll(Peer.readFully(socket, BIG), BIG, 'a')).isTrue();
                    assertThat(Peer.readFully(socket, 1)).containsExactly('c');
                },
                connection -> {
                    Task<Void> first = Task.spawn(() -> connection.write(letters(BIG, 'a')));
                    Task<Void> second = Task.spawn(() -> connection.write("b"));
                    Task<Void> third = Task.spawn(() -> connection.write("c"));
                    yieldNow();
                    second.cancel();
                    yieldNow();
                    slow.countDown();
                    await(first);
                    await(third);
                    assertThat(second.isCancelled()).isTrue();
                    assertThat(connection.isCut()).isFalse();
                });
    }

    // ---- the peer's faults

    @ParameterizedTest
    @EnumSource
    void aResetAtEveryByte(Where where) throws Exception {
        String line = "hello\n";
        for (int count = 0; count < line.length(); count++) {
            String part = line.substring(0, count);
            CountDownLatch got = new CountDownLatch(1);
            with(
                    where,
                    socket -> {
                        Peer.send(socket, part);
                        waitForOther(got);
                        Peer.reset(socket);
                    },
                    connection -> {
                        Task<String> reader = Task.spawn(() -> connection.readLine());
                        while (connection.bytesRead() < part.length()) {
                            sleep(Duration.ofMillis(1));
                        }
                        got.countDown();
                        assertThatThrownBy(() -> await(reader))
                                .hasRootCauseInstanceOf(IOException.class)
                                .hasStackTraceContaining("Connection reset");
                    });
        }
    }

    @ParameterizedTest
    @EnumSource
    void aResetWhileWriting(Where where) throws Exception {
        with(
                where,
                socket -> {
                    Peer.readFully(socket, 1000);
                    Peer.reset(socket);
                },
                connection -> {
                    assertThatThrownBy(() -> connection.write(ByteBuffer.allocate(BIG)))
                            .isInstanceOf(IOException.class);
                    assertThat(connection.isCut()).isTrue();
                });
    }

    // ---- close and abort

    @ParameterizedTest
    @EnumSource
    void closeSendsWhatWasWrittenAndThenTheEnd(Where where) throws Exception {
        with(where, socket -> assertThat(socket.getInputStream().readAllBytes()).hasSize(100_000), connection -> {
            connection.write(new byte[100_000]);
            connection.close();
            connection.close();
            assertThat(connection.isOpen()).isFalse();
            assertThatThrownBy(() -> connection.write("x")).isInstanceOf(ClosedChannelException.class);
            assertThatThrownBy(connection::readLine).isInstanceOf(ClosedChannelException.class);
            assertThat(connection.toString()).contains(", closed, ");
        });
    }

    @ParameterizedTest
    @EnumSource
    void abortResets(Where where) throws Exception {
        with(
                where,
                socket -> assertThatThrownBy(() -> socket.getInputStream().readAllBytes())
                        .isInstanceOf(SocketException.class),
                connection -> {
                    connection.write("half a message");
                    connection.abort();
                    connection.abort();
                    connection.close();
                });
    }

    @ParameterizedTest
    @EnumSource
    void whoReadsFindsItClosed(Where where) throws Exception {
        with(where, socket -> socket.getInputStream().read(), connection -> {
            Task<String> reader = Task.spawn(() -> connection.readLine());
            yieldNow();
            connection.close();
            assertThatThrownBy(() -> await(reader)).hasRootCauseInstanceOf(ClosedChannelException.class);
        });
    }

    @ParameterizedTest
    @EnumSource
    void closeUnderAWriteResets(Where where) throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        with(
                where,
                socket -> {
                    waitForOther(closed);
                    assertThatThrownBy(() -> socket.getInputStream().readAllBytes())
                            .isInstanceOf(SocketException.class);
                },
                connection -> {
                    Task<Void> writer = Task.spawn(() -> connection.write(new byte[BIG]));
                    yieldNow();
                    connection.close();
                    closed.countDown();
                    assertThatThrownBy(() -> await(writer)).hasRootCauseInstanceOf(ClosedChannelException.class);
                });
    }

    @ParameterizedTest
    @EnumSource
    void oneThatIsLeftOpenIsClosedAndReported(Where where) throws Exception {
        List<Report> reports;
        try (Peer.Listening peer = new Peer.Listening(
                socket -> assertThat(socket.getInputStream().read()).isEqualTo(-1))) {
            reports = where.runReporting(() -> {
                Connection left = Net.connect(peer.address());
                left.write("");
                assertThat(left.isOpen()).isTrue();
            });
        }
        assertThat(reports).extracting(Report::kind).containsExactly(Report.Kind.LEFT_AT_CLOSE);
        assertThat(reports.getFirst().message()).contains("SocketChannel[connected");
    }

    @ParameterizedTest
    @EnumSource
    void oneMayBeClosedAfterItsLoop(Where where) throws Exception {
        Connection[] left = new Connection[1];
        try (Peer.Listening peer = new Peer.Listening(
                socket -> assertThat(socket.getInputStream().readAllBytes()).containsExactly('x'))) {
            where.runReporting(() -> {
                left[0] = Net.connect(peer.address());
                left[0].write("x");
            });
        }
        assertThat(left[0].isOpen()).isFalse();
        left[0].close();
        left[0].output().close();
    }

    @ParameterizedTest
    @EnumSource
    void anInterruptDoesNotCloseIt(Where where) throws Exception {
        with(where, socket -> Peer.send(socket, "a\nb\n"), connection -> {
            Thread.currentThread().interrupt();
            assertThat(connection.readLine()).isEqualTo("a");
            connection.write("x");
            assertThat(Thread.interrupted()).isTrue();
            assertThat(connection.readLine()).isEqualTo("b");
        });
    }

    // ---- fairness

    @ParameterizedTest
    @EnumSource
    void aConnectionThatIsAlwaysReadyLetsOthersRun(Where where) throws Exception {
        int total = 64 * 1024 * 1024;
        with(
                where,
                socket -> {
                    byte[] chunk = new byte[1 << 20];
                    for (int i = 0; i < total; i += chunk.length) {
                        socket.getOutputStream().write(chunk);
                    }
                },
                connection -> {
                    Others others = new Others();
                    int reads = 0;
                    ByteBuffer small = ByteBuffer.allocateDirect(4096);
                    while (connection.read(small.clear()) >= 0) {
                        reads++;
                        others.mine();
                    }
                    others.end();
                    assertThat(reads).isGreaterThanOrEqualTo(total / 4096);
                    assertThat(others.longestWait).isBetween(1, 16);
                });
    }

    @ParameterizedTest
    @EnumSource
    void whatTheBufferGivesLetsOthersRunToo(Where where) throws Exception {
        with(where, socket -> Peer.send(socket, "x\n".repeat(10_000)), connection -> {
            Others others = new Others();
            while (connection.readLine() != null) {
                others.mine();
            }
            others.end();
            assertThat(others.longestWait).isBetween(1, 256);
        });
    }

    /** A task that wants to run all the time, and how long it had to wait. */
    private static final class Others {
        private final Task<Void> task = Task.spawn(this::run);
        private int turns;
        private int seen;
        private int inARow;
        int longestWait; // in calls of mine()

        private void run() {
            while (true) {
                turns++;
                yieldNow();
            }
        }

        void mine() {
            inARow = turns == seen ? inARow + 1 : 0;
            seen = turns;
            longestWait = Math.max(longestWait, inARow);
        }

        void end() {
            task.cancel();
        }
    }

    // ---- connecting

    @ParameterizedTest
    @EnumSource
    void nobodyListens(Where where) throws Exception {
        where.run(() -> {
            int port;
            try (Peer.Deaf deaf = new Peer.Deaf()) {
                port = deaf.address().getPort();
            }
            assertThatThrownBy(() -> Net.connect("127.0.0.1", port)).isInstanceOf(ConnectException.class);
        });
    }

    @ParameterizedTest
    @EnumSource
    void aConnectThatTakesTooLong(Where where) throws Exception {
        where.run(() -> {
            try (Peer.Deaf deaf = new Peer.Deaf()) {
                assertThatThrownBy(() ->
                                Net.connect(deaf.address(), NetOptions.DEFAULT.connectTimeout(Duration.ofMillis(30))))
                        .isInstanceOf(TaskTimeoutException.class);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aCancelledConnect(Where where) throws Exception {
        where.run(() -> {
            try (Peer.Deaf deaf = new Peer.Deaf()) {
                List<String> before = Where.descriptors();
                Task<Connection> connecting = Task.spawn(() -> Net.connect(deaf.address()));
                sleep(Duration.ofMillis(5));
                assertThat(connecting.isDone()).isFalse();
                connecting.cancel();
                assertThatThrownBy(() -> await(connecting)).isInstanceOf(TaskCancelledException.class);
                for (int i = 0; i < 1000 && Where.descriptors().size() > before.size() + 1; i++) {
                    sleep(Duration.ofMillis(5));
                }
                assertThat(Where.descriptors().size()).isLessThanOrEqualTo(before.size() + 2); // the loop's selector
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void anUnknownHost(Where where) throws Exception {
        where.run(() -> assertThatThrownBy(() -> Net.connect("no-such-host.invalid", 1))
                .isInstanceOf(java.net.UnknownHostException.class));
    }

    @ParameterizedTest
    @EnumSource
    void optionsAreTheSockets(Where where) throws Exception {
        where.run(() -> {
            try (Peer.Listening peer =
                    new Peer.Listening(socket -> socket.getInputStream().read())) {
                try (Connection connection =
                        Net.connect(peer.address(), NetOptions.DEFAULT.with(StandardSocketOptions.SO_SNDBUF, 20_000))) {
                    assertThat(connection.isOpen()).isTrue();
                }
            }
            assertThatThrownBy(() -> Net.connect(
                            new java.net.InetSocketAddress("127.0.0.1", 1),
                            NetOptions.DEFAULT.with(StandardSocketOptions.IP_MULTICAST_TTL, 1)))
                    .isInstanceOf(UnsupportedOperationException.class);
        });
    }
}
