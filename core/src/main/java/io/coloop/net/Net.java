package io.coloop.net;

import io.coloop.Await;
import io.coloop.Body;
import io.coloop.Loop;
import io.coloop.Readiness;
import io.coloop.Timeout;
import io.coloop.internal.bytes.IoFailure;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Opens connections and servers on the current loop. A call that is cancelled, fails or times out leaves no descriptor.
 */
public final class Net {
    private Net() {}

    /** Connects to a host; see {@link #connect(String, int, NetOptions)}. */
    public static Connection connect(String host, int port) throws IOException {
        return connect(host, port, NetOptions.DEFAULT);
    }

    /**
     * Connects to a host over TCP. Its name is looked up on another thread. If it has several addresses, they are tried one after the other, the next one when the last has failed or {@link NetOptions#attemptDelay} is over, and
     * the first that answers counts: as RFC 8305 has it (happy eyeballs), IPv6 and IPv4 in turn. Task only.
     *
     * @throws java.net.UnknownHostException if the name has no address
     * @throws IOException if no address answers: the first failure, the others suppressed; with {@link NetOptions#tls}, if the handshake fails
     * @throws io.coloop.TaskTimeoutException if that takes longer than {@link NetOptions#connectTimeout}
     */
    public static Connection connect(String host, int port, NetOptions options) throws IOException {
        Objects.requireNonNull(host, "host");
        return limited(options, () -> {
            InetAddress[] found = lookUp(host);
            List<SocketAddress> addresses = new ArrayList<>();
            for (InetAddress address : HappyEyeballs.inTurn(found)) {
                addresses.add(new InetSocketAddress(address, port));
            }
            return addresses.size() == 1
                    ? connectOnce(addresses.getFirst(), host, options)
                    : HappyEyeballs.connect(
                            addresses, options.attemptDelay(), each -> connectOnce(each, host, options));
        });
    }

    /** Connects to an address; see {@link #connect(SocketAddress, NetOptions)}. */
    public static Connection connect(SocketAddress address) throws IOException {
        return connect(address, NetOptions.DEFAULT);
    }

    /**
     * Connects to an {@link InetSocketAddress} over TCP, or to a {@link UnixDomainSocketAddress}. Task only.
     *
     * @throws IOException if nobody listens there or it cannot be reached; with {@link NetOptions#tls}, if the handshake fails
     * @throws io.coloop.TaskTimeoutException if that takes longer than {@link NetOptions#connectTimeout}
     */
    public static Connection connect(SocketAddress address, NetOptions options) throws IOException {
        Objects.requireNonNull(address, "address");
        if (address instanceof InetSocketAddress inet && inet.isUnresolved()) {
            return connect(inet.getHostString(), inet.getPort(), options);
        }
        String host = address instanceof InetSocketAddress inet ? inet.getHostString() : null;
        return limited(options, () -> connectOnce(address, host, options));
    }

    private static Connection limited(NetOptions options, Body<Connection, IOException> connecting) throws IOException {
        Duration limit = Objects.requireNonNull(options, "options").connectTimeout();
        Tls tls = options.tls() == null ? null : options.tls().toConnect();
        Body<Connection, IOException> all = tls == null ? connecting : () -> encrypted(connecting.run(), tls);
        return limit == null ? all.run() : Timeout.of(limit).run(all);
    }

    private static Connection encrypted(Connection connected, Tls tls) throws IOException {
        connected.startTls(tls);
        return connected;
    }

    private static InetAddress[] lookUp(String host) throws IOException {
        try {
            return Await.blocking(() -> InetAddress.getAllByName(host));
        } catch (CompletionException failed) {
            throw IoFailure.of(failed);
        }
    }

    private static Connection connectOnce(SocketAddress address, @Nullable String host, NetOptions options)
            throws IOException {
        SocketChannel channel = address instanceof UnixDomainSocketAddress
                ? SocketChannel.open(StandardProtocolFamily.UNIX)
                : SocketChannel.open();
        Readiness readiness;
        try {
            options.applyTo(channel, false);
            readiness = Readiness.of(channel);
        } catch (Throwable refused) {
            channel.close();
            throw refused;
        }
        try {
            boolean connected = channel.connect(address);
            while (!connected) {
                readiness.await(SelectionKey.OP_CONNECT);
                connected = channel.finishConnect();
            }
            return new Connection(new SocketTransport(channel, readiness), host);
        } catch (Throwable ended) {
            readiness.close();
            throw ended;
        }
    }

    /** Listens at an address; see {@link #listen(SocketAddress, NetOptions)}. */
    public static Server listen(SocketAddress address) throws IOException {
        return listen(address, NetOptions.DEFAULT);
    }

    /**
     * Listens at an {@link InetSocketAddress}, with port 0 at a free one, or at a {@link UnixDomainSocketAddress}, whose file must not exist. On the loop.
     *
     * @throws IOException if that is not possible
     */
    public static Server listen(SocketAddress address, NetOptions options) throws IOException {
        Objects.requireNonNull(address, "address");
        Loop.current();
        if (options.tls() != null) {
            options.tls().toListen();
        }
        ServerSocketChannel channel = address instanceof UnixDomainSocketAddress
                ? ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                : ServerSocketChannel.open();
        try {
            options.applyTo(channel);
            channel.bind(address, options.backlog());
            return new Server(channel, Readiness.of(channel), options);
        } catch (Throwable refused) {
            channel.close();
            throw refused;
        }
    }

    /** Opens a UDP port; see {@link #datagrams(SocketAddress, NetOptions)}. */
    public static DatagramPort datagrams(SocketAddress local) throws IOException {
        return datagrams(local, NetOptions.DEFAULT);
    }

    /**
     * Opens a UDP port at a local address, with port 0 a free one. On the loop.
     *
     * @throws IOException if that is not possible
     */
    public static DatagramPort datagrams(SocketAddress local, NetOptions options) throws IOException {
        Objects.requireNonNull(local, "local");
        Loop.current();
        DatagramChannel channel = DatagramChannel.open();
        try {
            options.applyTo(channel);
            channel.bind(local);
            return new DatagramPort(channel, Readiness.of(channel));
        } catch (Throwable refused) {
            channel.close();
            throw refused;
        }
    }
}
