package io.coloop.net;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** UDP on both kinds of loops. */
class DatagramPortTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    @ParameterizedTest
    @EnumSource
    void thereAndBackWithAPlainSocket(Where where) throws Exception {
        where.run(() -> {
            try (DatagramPort port = Net.datagrams(ANY);
                    DatagramSocket peer = new DatagramSocket(ANY)) {
                Task<Datagram> receiving = Task.spawn(port::receive);
                yieldNow();
                await(Loop.current().blocking(() -> {
                    peer.send(new DatagramPacket(bytes("ping"), 4, port.localAddress()));
                    return null;
                }));
                Datagram ping = await(receiving);
                assertThat(ping.bytes()).asString().isEqualTo("ping");
                assertThat(ping.from()).isEqualTo(peer.getLocalSocketAddress());
                assertThat(ping.toString()).startsWith("Datagram[4 bytes from /127.0.0.1:");
                port.send(bytes("pong"), ping.from());
                DatagramPacket pong = new DatagramPacket(new byte[10], 10);
                peer.setSoTimeout(20_000);
                peer.receive(pong);
                assertThat(pong.getLength()).isEqualTo(4);
                assertThat(pong.getSocketAddress()).isEqualTo(port.localAddress());
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void wholeFromEmptyToLargestAndNotLarger(Where where) throws Exception {
        where.run(() -> {
            try (DatagramPort one = Net.datagrams(ANY);
                    DatagramPort other =
                            Net.datagrams(ANY, NetOptions.DEFAULT.with(StandardSocketOptions.SO_RCVBUF, 200_000))) {
                for (int size : new int[] {0, 1, 1500, 65_507}) {
                    byte[] sent = new byte[size];
                    new java.util.Random(size).nextBytes(sent);
                    one.send(sent, other.localAddress());
                    assertThat(other.receive().bytes()).isEqualTo(sent);
                }
                ByteBuffer tooLarge = ByteBuffer.allocate(65_508);
                assertThatThrownBy(() -> one.send(tooLarge, other.localAddress()))
                        .isInstanceOf(IOException.class);
                assertThat(tooLarge.position()).isZero();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aFloodLetsOthersRunAndSeveralMaySend(Where where) throws Exception {
        where.run(() -> {
            try (DatagramPort port = Net.datagrams(ANY)) {
                int[] others = new int[1];
                Task<Void> other = Task.spawn(() -> {
                    while (true) {
                        others[0]++;
                        yieldNow();
                    }
                });
                List<Task<Void>> senders = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    senders.add(Task.spawn(() -> {
                        for (int n = 0; n < 20; n++) {
                            port.send(bytes("x"), port.localAddress());
                        }
                    }));
                }
                for (Task<Void> sender : senders) {
                    await(sender);
                }
                int before = others[0];
                for (int i = 0; i < 80; i++) {
                    port.receive();
                }
                assertThat(others[0] - before).isGreaterThanOrEqualTo(80 / 17);
                other.cancel();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void cancelledAndClosed(Where where) throws Exception {
        where.run(() -> {
            DatagramPort port = Net.datagrams(ANY);
            Task<Datagram> cancelled = Task.spawn(port::receive);
            yieldNow();
            assertThatThrownBy(port::receive)
                    .isInstanceOf(LoopMisuseException.class)
                    .hasMessageContaining("one task at a time receives datagrams");
            cancelled.cancel();
            assertThatThrownBy(() -> await(cancelled)).isInstanceOf(TaskCancelledException.class);
            port.send(bytes("kept"), port.localAddress());
            assertThat(port.receive().bytes()).asString().isEqualTo("kept");
            Task<Datagram> receiving = Task.spawn(port::receive);
            yieldNow();
            port.close();
            port.close();
            assertThatThrownBy(() -> await(receiving)).hasRootCauseInstanceOf(ClosedChannelException.class);
            assertThatThrownBy(port::receive).isInstanceOf(ClosedChannelException.class);
            assertThatThrownBy(() -> port.send(bytes("x"), ANY)).isInstanceOf(ClosedChannelException.class);
            assertThat(port.toString()).endsWith(", closed]");
        });
    }
}
