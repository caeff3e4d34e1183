package io.coloop.docs;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.Readiness;
import io.coloop.Task;
import io.coloop.Timeout;
import io.coloop.net.Connection;
import io.coloop.net.Datagram;
import io.coloop.net.DatagramPort;
import io.coloop.net.LimitExceededException;
import io.coloop.net.Net;
import io.coloop.net.NetOptions;
import io.coloop.net.Server;
import io.coloop.test.LoopTest;
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
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
}
