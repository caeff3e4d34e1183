package io.coloop.net;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Cleanup;
import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.test.LoopTest;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When which address is tried, on virtual time; and once with real sockets. */
class HappyEyeballsTest {
    private static final Duration DELAY = Duration.ofMillis(250);

    private final List<Fake> made = new ArrayList<>();

    /** An address whose attempt takes so many milliseconds; a negative number is one that fails then, 1000000 never ends. */
    private static SocketAddress address(int millis) {
        return InetSocketAddress.createUnresolved("after" + millis, 1);
    }

    private HappyEyeballs.Attempt attempts(Loop loop, VirtualClock clock, Trail trail) {
        return address -> {
            int millis = Integer.parseInt(
                    ((InetSocketAddress) address).getHostString().substring("after".length()));
            String name = (millis < 0 ? "fails after " : "after ") + Math.abs(millis);
            trail.mark(name + " tried at " + clock.elapsed().toMillis());
            try {
                sleep(Duration.ofMillis(Math.abs(millis)));
            } catch (TaskCancelledException cancelled) {
                trail.mark(name + " given up at " + clock.elapsed().toMillis());
                throw cancelled;
            }
            if (millis < 0) {
                throw new ConnectException(name);
            }
            Fake fake = new Fake(loop, name);
            made.add(fake);
            return new Connection(fake);
        };
    }

    private static List<SocketAddress> addresses(int... millis) {
        return java.util.stream.IntStream.of(millis)
                .mapToObj(HappyEyeballsTest::address)
                .toList();
    }

    @LoopTest
    void theFirstThatAnswersInTimeIsTheOnlyOneTried(Loop loop, VirtualClock clock, Trail trail) throws Exception {
        HappyEyeballs.connect(addresses(249, 1), DELAY, attempts(loop, clock, trail));
        assertThat(trail.marks()).containsExactly("after 249 tried at 0");
        assertThat(made).hasSize(1).noneMatch(fake -> fake.aborted);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(249));
    }

    @LoopTest
    void theNextIsTriedBesideASlowOne(Loop loop, VirtualClock clock, Trail trail) throws Exception {
        HappyEyeballs.connect(addresses(1000000, 1000, 20), DELAY, attempts(loop, clock, trail));
        assertThat(trail.marks())
                .containsExactly(
                        "after 1000000 tried at 0",
                        "after 1000 tried at 250",
                        "after 20 tried at 500",
                        "after 1000000 given up at 520",
                        "after 1000 given up at 520");
        assertThat(made).hasSize(1).noneMatch(fake -> fake.aborted);
    }

    @LoopTest
    void aSlowOneMayStillWin(Loop loop, VirtualClock clock, Trail trail) throws Exception {
        HappyEyeballs.connect(addresses(300, 100), DELAY, attempts(loop, clock, trail));
        assertThat(trail.marks())
                .containsExactly("after 300 tried at 0", "after 100 tried at 250", "after 100 given up at 300");
    }

    @LoopTest
    void theNextIsTriedAtOnceWhenOneFails(Loop loop, VirtualClock clock, Trail trail) throws Exception {
        HappyEyeballs.connect(addresses(-10, -20, 5), DELAY, attempts(loop, clock, trail));
        assertThat(trail.marks())
                .containsExactly("fails after 10 tried at 0", "fails after 20 tried at 10", "after 5 tried at 30");
    }

    @LoopTest
    void allFail(Loop loop, VirtualClock clock, Trail trail) {
        assertThatThrownBy(() -> HappyEyeballs.connect(addresses(-300, -10, -20), DELAY, attempts(loop, clock, trail)))
                .isInstanceOf(ConnectException.class)
                .hasMessage("fails after 10")
                .satisfies(failure -> assertThat(failure.getSuppressed())
                        .extracting(Throwable::getMessage)
                        .containsExactly("fails after 20", "fails after 300"));
    }

    @LoopTest
    void ofTwoThatAnswerInOneTurnOneIsClosed(Loop loop, VirtualClock clock, Trail trail) throws Exception {
        Connection winner = HappyEyeballs.connect(addresses(260, 10), DELAY, attempts(loop, clock, trail));
        assertThat(winner.isOpen()).isTrue();
        assertThat(made.stream().filter(fake -> !fake.aborted)).hasSize(1);
    }

    @LoopTest
    void oneThatAnswersInSpiteOfItsCancelIsClosed(Loop loop, VirtualClock clock, Trail trail) throws Exception {
        HappyEyeballs.Attempt stubborn = address -> Cleanup.run(
                Duration.ofHours(1), () -> attempts(loop, clock, trail).connect(address));
        Connection winner = HappyEyeballs.connect(addresses(300, 10), DELAY, stubborn);
        assertThat(winner.remoteAddress()).hasToString("after 10/<unresolved>:1");
        assertThat(made)
                .extracting(fake -> fake.name + (fake.aborted ? " closed" : ""))
                .containsExactly("after 10", "after 300 closed");
    }

    @LoopTest
    void aCancelledOneLeavesNothing(Loop loop, VirtualClock clock, Trail trail) {
        for (int at : new int[] {0, 100, 250, 260, 300}) {
            made.clear();
            Task<Connection> connecting = Task.spawn(
                    () -> HappyEyeballs.connect(addresses(300, 300, 300), DELAY, attempts(loop, clock, trail)));
            sleep(Duration.ofMillis(at));
            connecting.cancel();
            Throwable ended = org.assertj.core.api.Assertions.catchThrowable(() -> await(connecting));
            assertThat(ended).as("cancelled at %s", at).isInstanceOf(TaskCancelledException.class);
            assertThat(made).as("cancelled at %s", at).allMatch(fake -> fake.aborted);
        }
    }

    @Test
    void theFamiliesTakeTurns() throws Exception {
        InetAddress[] found = {
            InetAddress.getByName("::1"),
            InetAddress.getByName("::2"),
            InetAddress.getByName("::3"),
            InetAddress.getByName("127.0.0.1"),
            InetAddress.getByName("127.0.0.2")
        };
        assertThat(HappyEyeballs.inTurn(found)).containsExactly(found[0], found[3], found[1], found[4], found[2]);
        assertThat(HappyEyeballs.inTurn(new InetAddress[] {found[3], found[0]})).containsExactly(found[3], found[0]);
    }

    @ParameterizedTest
    @EnumSource
    void pastAnAddressWhereNobodyAnswers(Where where) throws Exception {
        where.run(() -> {
            try (Peer.Deaf deaf = new Peer.Deaf();
                    Peer.Listening peer = new Peer.Listening(socket -> Peer.send(socket, "here\n"));
                    Connection connection = HappyEyeballs.connect(
                            List.of(deaf.address(), peer.address()),
                            Duration.ofMillis(20),
                            address -> Net.connect(address))) {
                assertThat(connection.readLine()).isEqualTo("here");
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void byName(Where where) throws Exception {
        where.run(() -> {
            try (Peer.Listening peer = new Peer.Listening(socket -> Peer.send(socket, "here\n"));
                    Connection connection =
                            Net.connect("localhost", peer.address().getPort())) {
                assertThat(connection.readLine()).isEqualTo("here");
            }
        });
    }

    private static final class Fake implements Transport {
        private final Loop loop;
        private final String name;
        boolean aborted;

        Fake(Loop loop, String name) {
            this.loop = loop;
            this.name = name;
        }

        @Override
        public int read(ByteBuffer into) throws IOException {
            return -1;
        }

        @Override
        public void write(ByteBuffer from) {}

        @Override
        public void end() {}

        @Override
        public void close() {
            aborted = true;
        }

        @Override
        public void abort() {
            aborted = true;
        }

        @Override
        public boolean isOpen() {
            return !aborted;
        }

        @Override
        public Loop loop() {
            return loop;
        }

        @Override
        public SocketAddress localAddress() {
            return address(0);
        }

        @Override
        public SocketAddress remoteAddress() {
            return InetSocketAddress.createUnresolved(name, 1);
        }
    }
}
