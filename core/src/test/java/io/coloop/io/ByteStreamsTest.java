package io.coloop.io;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Task;
import io.coloop.internal.bytes.BlockingReads;
import io.coloop.net.Connection;
import io.coloop.net.Net;
import io.coloop.net.NetOptions;
import io.coloop.net.Server;
import io.coloop.stream.Iteration;
import io.coloop.stream.Streams;
import io.coloop.test.LoopTest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicReference;

/** Bytes as a stream of buffers, and the reverse; both ends are on the test's loop. */
class ByteStreamsTest {
    private static final NetOptions SMALL = NetOptions.DEFAULT
            .with(StandardSocketOptions.SO_SNDBUF, 8 * 1024)
            .with(StandardSocketOptions.SO_RCVBUF, 8 * 1024);

    private interface Script {
        void run(Connection here, Connection there) throws Exception;
    }

    private static void connected(Script script) throws Exception {
        InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (Server server = Net.listen(anyPort, SMALL);
                Connection here = Net.connect(server.localAddress(), SMALL);
                Connection there = server.accept()) {
            script.run(here, there);
        }
    }

    @LoopTest
    void thereAndBackThroughStreams(Loop loop) throws Exception {
        byte[] sent = new byte[1_000_000];
        new Random(1).nextBytes(sent);
        connected((here, there) -> {
            Task<Void> echo = Task.spawn(() -> {
                Flow.Publisher<ByteBuffer> received = Streams.publisher(loop, there.input()::emitTo);
                there.output().writeAll(Streams.iterate(received));
                there.shutdownOutput();
            });
            Task<Void> writing = Task.spawn(() -> {
                here.write(sent);
                here.shutdownOutput();
            });
            assertThat(here.readExactly(sent.length)).isEqualTo(sent);
            assertThat(here.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            await(echo);
            await(writing);
        });
    }

    @LoopTest
    void nothingIsReadThatNobodyAskedFor(Loop loop) throws Exception {
        connected((here, there) -> {
            Task<Void> writing = Task.spawn(() -> {
                while (true) {
                    here.write(new byte[1_000]);
                }
            });
            AtomicReference<Flow.Subscription> subscription = new AtomicReference<>();
            int[] received = new int[2]; // buffers, bytes
            Streams.publisher(loop, there.input()::emitTo).subscribe(new Flow.Subscriber<ByteBuffer>() {
                @Override
                public void onSubscribe(Flow.Subscription given) {
                    subscription.set(given);
                }

                @Override
                public void onNext(ByteBuffer buffer) {
                    received[0]++;
                    received[1] += buffer.remaining();
                }

                @Override
                public void onError(Throwable failure) {
                    throw new AssertionError(failure);
                }

                @Override
                public void onComplete() {
                    throw new AssertionError("it has no end");
                }
            });
            while (here.bytesWritten() == 0) {
                yieldNow();
            }
            settle();
            assertThat(there.bytesRead()).isZero();
            subscription.get().request(3);
            settle();
            assertThat(received[0]).isEqualTo(3);
            assertThat(there.bytesRead()).isEqualTo(received[1]);
            long written = here.bytesWritten();
            settle();
            assertThat(here.bytesWritten()).as("the writer awaits").isEqualTo(written);

            subscription.get().cancel();
            settle();
            byte[] next = there.readExactly(1_000);
            assertThat(next)
                    .as("who reads goes on where the stream was cancelled")
                    .hasSize(1_000);
            writing.cancel();
        });
    }

    /** Long enough for the loopback: virtual time passes only when nothing is ready. */
    private static void settle() {
        for (int i = 0; i < 50; i++) {
            sleep(Duration.ofMillis(1));
        }
    }

    @LoopTest
    void aStreamAndATaskDoNotReadAtOnce(Loop loop) throws Exception {
        connected((here, there) -> {
            Task<String> reading = Task.spawn(() -> there.readLine());
            yieldNow();
            assertThatThrownBy(() -> {
                        try (Iteration<ByteBuffer> items =
                                Streams.iterate(Streams.publisher(loop, there.input()::emitTo))) {
                            items.iterator().next();
                        }
                    })
                    .isInstanceOf(LoopMisuseException.class)
                    .hasMessageContaining("Connection.emitTo(...)");
            here.write("line\n");
            assertThat(await(reading)).isEqualTo("line");
        });
    }

    @LoopTest
    void aStreamThatCannotBeWrittenIsCancelled(Loop loop) throws Exception {
        connected((here, there) -> {
            boolean[] ended = new boolean[1];
            Flow.Publisher<ByteBuffer> endless = Streams.publisher(loop, emitter -> {
                try {
                    while (true) {
                        emitter.emit(ByteBuffer.wrap("x".repeat(10_000).getBytes(UTF_8)));
                    }
                } finally {
                    ended[0] = true;
                }
            });
            there.abort();
            assertThatThrownBy(() -> here.output().writeAll(Streams.iterate(endless)))
                    .isInstanceOf(IOException.class);
            settle();
            assertThat(ended[0]).isTrue();
        });
    }

    @LoopTest
    void theEndOfTheConnectionIsTheStreams(Loop loop) throws Exception {
        connected((here, there) -> {
            Task<Void> reading = Task.spawn(() -> {
                try (Iteration<ByteBuffer> items = Streams.iterate(Streams.publisher(loop, there.input()::emitTo))) {
                    assertThatThrownBy(() -> items.iterator().next()).hasCauseInstanceOf(ClosedChannelException.class);
                }
            });
            settle();
            there.close();
            await(reading);
        });
    }

    @LoopTest
    void closedWhenTheResultIsOnItsWay(Loop loop) {
        Deque<Runnable> calls = new ArrayDeque<>();
        BlockingReads reads = new BlockingReads("test", loop, calls::add, (into, position) -> 3, () -> {});
        Task<Integer> reader = Task.spawn(() -> reads.read(ByteBuffer.allocate(10)));
        yieldNow();
        calls.remove().run();
        loop.execute(reads::close); // after the result, before the reader
        assertThatThrownBy(() -> await(reader)).hasCauseInstanceOf(ClosedChannelException.class);
        calls.remove().run();
    }

    @LoopTest
    void theLoopDoesNotCloseADescriptorItself(Loop loop) {
        Deque<Runnable> calls = new ArrayDeque<>();
        boolean[] closed = new boolean[1];
        BlockingReads reads =
                new BlockingReads("test", loop, calls::add, (into, position) -> -1, () -> closed[0] = true);
        reads.close();
        reads.close();
        assertThat(closed[0])
                .as("its close may block, as that of a pipe which a descendant fills")
                .isFalse();
        assertThat(calls).hasSize(1);
        calls.remove().run();
        assertThat(closed[0]).isTrue();
    }

    @LoopTest
    void whatWasReceivedIsHandedOn() throws Exception {
        connected((here, there) -> {
            here.write("a line\nand the rest");
            assertThat(there.readLine()).isEqualTo("a line");
            assertThat(there.input().takeBuffered()).asString(UTF_8).isEqualTo("and the rest");
            assertThat(there.input().buffered()).isZero();
        });
    }

    @LoopTest
    void flushAwaitsTheWritesBefore(Loop loop) throws Exception {
        connected((here, there) -> {
            Task<Void> writing = Task.spawn(() -> here.write(new byte[200_000]));
            yieldNow();
            Task<Void> flushing = Task.spawn(() -> here.output().flush());
            settle();
            assertThat(flushing.isDone()).isFalse();
            there.readExactly(200_000);
            await(flushing);
            assertThat(writing.isDone()).isTrue();
        });
    }
}
