package io.coloop.net;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.LoopMisuseException;
import io.coloop.Task;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the JDK's readers and parsers do on a connection: they await, and others run meanwhile. */
class ViewsTest {
    private static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    @ParameterizedTest
    @EnumSource
    void aBufferedReaderAwaits(Where where) throws Exception {
        where.run(() -> {
            CountDownLatch others = new CountDownLatch(1);
            try (Peer.Listening peer = new Peer.Listening(socket -> {
                        Peer.send(socket, "one\ntw");
                        others.await();
                        Peer.send(socket, "o\nthrée\n");
                    });
                    Connection connection = Net.connect(peer.address())) {
                Task<List<String>> reader = Task.spawn(() -> {
                    List<String> lines = new ArrayList<>();
                    try (BufferedReader in =
                            new BufferedReader(new InputStreamReader(connection.inputStream(), UTF_8))) {
                        for (String line = in.readLine(); line != null; line = in.readLine()) {
                            lines.add(line);
                        }
                    }
                    return lines;
                });
                yieldNow();
                others.countDown();
                assertThat(await(reader)).containsExactly("one", "two", "thrée");
                assertThat(connection.isOpen()).as("the reader closed it").isFalse();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void parsersAndWritersOnBothSides(Where where) throws Exception {
        where.run(() -> {
            try (Server server = Net.listen(anyPort())) {
                Task<Void> serving = Task.spawn(() -> server.serve(connection -> {
                    Properties properties = new Properties();
                    properties.load(connection.inputStream());
                    ObjectOutputStream out = new ObjectOutputStream(connection.outputStream());
                    out.writeObject(properties);
                    out.flush();
                }));
                try (Connection client = Net.connect(server.localAddress())) {
                    PrintWriter out = new PrintWriter(client.outputStream(), true, UTF_8);
                    out.println("a=1");
                    out.println("b=2");
                    assertThat(out.checkError()).isFalse();
                    client.shutdownOutput();
                    Object read = new ObjectInputStream(client.inputStream()).readObject();
                    assertThat((Properties) read).containsEntry("a", "1").containsEntry("b", "2");
                }
                server.close();
                await(serving);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void singleBytes(Where where) throws Exception {
        where.run(() -> {
            try (Peer.Listening peer = new Peer.Listening(socket -> {
                        assertThat(Peer.readFully(socket, 3)).containsExactly(1, 2, 255);
                        socket.getOutputStream().write(new byte[] {3, (byte) 255, 4, 5});
                    });
                    Connection connection = Net.connect(peer.address())) {
                OutputStream out = connection.outputStream();
                InputStream in = connection.inputStream();
                out.write(1);
                out.write(new byte[] {0, 2, -1}, 1, 2);
                out.flush();
                assertThat(in.read()).isEqualTo(3);
                assertThat(in.read()).isEqualTo(255);
                assertThat(in.available()).isBetween(0, 2);
                assertThat(connection.readExactly(1)).containsExactly(4);
                byte[] some = new byte[5];
                assertThat(in.read(some, 0, 0)).isZero();
                assertThat(in.read(some, 2, 3)).isEqualTo(1);
                assertThat(some).containsExactly(0, 0, 5, 0, 0);
                assertThat(in.read()).isEqualTo(-1);
                assertThat(in.read(some)).isEqualTo(-1);
                assertThatThrownBy(() -> in.read(some, 3, 3)).isInstanceOf(IndexOutOfBoundsException.class);
                out.close();
                assertThat(connection.isOpen()).isFalse();
                assertThatThrownBy(in::read).isInstanceOf(IOException.class);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void asAChannel(Where where) throws Exception {
        where.run(() -> {
            try (Peer.Listening peer = new Peer.Listening(
                            socket -> Peer.send(socket, new String(Peer.readFully(socket, 4), UTF_8)));
                    Connection connection = Net.connect(peer.address())) {
                ByteChannel channel = connection.byteChannel();
                assertThat(channel.write(ByteBuffer.wrap("abcd".getBytes(UTF_8))))
                        .isEqualTo(4);
                ByteBuffer buffer = ByteBuffer.allocate(10);
                while (buffer.position() < 4) {
                    assertThat(channel.read(buffer)).isPositive();
                }
                assertThat(channel.read(buffer)).isEqualTo(-1);
                assertThat(channel.isOpen()).isTrue();
                channel.close();
                assertThat(channel.isOpen()).isFalse();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void notOnAnotherThread(Where where) throws Exception {
        where.run(() -> {
            try (Peer.Listening peer =
                            new Peer.Listening(socket -> socket.getInputStream().read());
                    Connection connection = Net.connect(peer.address())) {
                InputStream in = connection.inputStream();
                assertThatThrownBy(() -> io.coloop.Await.blocking(in::read)).isInstanceOf(LoopMisuseException.class);
                connection.close();
            }
        });
    }
}
