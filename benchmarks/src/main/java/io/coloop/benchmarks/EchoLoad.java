package io.coloop.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * The load on an echo server, from one thread with a selector: each connection sends a message, waits until it is back, and sends the next.
 *
 * <p>Arguments: port, connections, bytes of a message, seconds to warm up, seconds to measure. Prints {@code begin} when it begins to count, then the messages counted and the 99th percentile in ns. With no seconds to measure it
 * holds the connections, each of which has sent one message and got it back, until its input ends.
 */
final class EchoLoad {
    private final ByteBuffer message;
    private final long[] latencies = new long[1 << 20]; // the last ones, if there are more
    private long counted;
    private int answered; // connections, at least once

    private EchoLoad(int size) {
        message = ByteBuffer.allocateDirect(size);
        message.put(size - 1, (byte) '\n');
    }

    /** Runs it. */
    public static void main(String[] args) throws IOException {
        int[] numbers = Arrays.stream(args).mapToInt(Integer::parseInt).toArray();
        EchoLoad load = new EchoLoad(numbers[2]);
        try (Selector selector = Selector.open()) {
            load.connect(selector, numbers[0], numbers[1], numbers[4] > 0);
            if (numbers[4] > 0) {
                load.measure(selector, numbers[3], numbers[4]);
            } else {
                load.hold(selector);
            }
        }
    }

    private void connect(Selector selector, int port, int connections, boolean again) throws IOException {
        for (int i = 0; i < connections; i++) {
            SocketChannel channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            Client client = new Client(channel, again);
            channel.register(selector, SelectionKey.OP_READ, client);
            client.send();
        }
    }

    private void measure(Selector selector, int warmUp, int seconds) throws IOException {
        long begin = System.nanoTime() + TimeUnit.SECONDS.toNanos(warmUp);
        long end = begin + TimeUnit.SECONDS.toNanos(seconds);
        boolean counts = false;
        for (long now = System.nanoTime(); now < end; now = System.nanoTime()) {
            if (!counts && now >= begin) {
                counts = true;
                System.out.println("begin");
            }
            boolean counting = counts;
            selector.select(key -> ((Client) key.attachment()).receive(counting));
        }
        int kept = (int) Math.min(counted, latencies.length);
        Arrays.sort(latencies, 0, kept);
        System.out.println(counted + " " + latencies[kept * 99 / 100]);
    }

    private void hold(Selector selector) throws IOException {
        while (answered < selector.keys().size()) {
            selector.select(key -> ((Client) key.attachment()).receive(false));
        }
        System.out.println("begin");
        if (System.in.read() >= 0) {
            throw new IllegalStateException("there is nothing to tell it");
        }
    }

    private final class Client {
        private final SocketChannel channel;
        private final ByteBuffer back = ByteBuffer.allocate(message.capacity());
        private final boolean again;
        private long sent;

        Client(SocketChannel channel, boolean again) {
            this.channel = channel;
            this.again = again;
        }

        void send() throws IOException {
            sent = System.nanoTime();
            ByteBuffer all = message.duplicate().clear();
            while (all.hasRemaining()) {
                channel.write(all);
            }
        }

        void receive(boolean counts) {
            try {
                if (channel.read(back) < 0) {
                    throw new IOException("the server closed a connection");
                }
                if (back.hasRemaining()) {
                    return;
                }
                back.clear();
                answered++;
                if (counts) {
                    latencies[(int) (counted++ % latencies.length)] = System.nanoTime() - sent;
                }
                if (again) {
                    send();
                }
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }
    }
}
