package io.coloop.net;

import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** How a connection or a server is made. Immutable. */
public final class NetOptions {
    /** {@code TCP_NODELAY} is set; a server has {@code SO_REUSEADDR}; the rest is the operating system's. */
    public static final NetOptions DEFAULT =
            new NetOptions(Map.of(StandardSocketOptions.TCP_NODELAY, true), null, Duration.ofMillis(250), 0, null);

    private final Map<SocketOption<?>, Object> options;
    private final @Nullable Duration connectTimeout;
    private final Duration attemptDelay;
    private final int backlog;
    private final @Nullable Tls tls;

    private NetOptions(
            Map<SocketOption<?>, Object> options,
            @Nullable Duration connectTimeout,
            Duration attemptDelay,
            int backlog,
            @Nullable Tls tls) {
        this.options = options;
        this.connectTimeout = connectTimeout;
        this.attemptDelay = attemptDelay;
        this.backlog = backlog;
        this.tls = tls;
    }

    /**
     * With a socket's option, such as {@link StandardSocketOptions#SO_SNDBUF} in bytes, {@link StandardSocketOptions#SO_KEEPALIVE} or, to accept on several loops, {@link StandardSocketOptions#SO_REUSEPORT}. A client's
     * connection fails to be made with an {@link UnsupportedOperationException} if it has no such option; a server gives each option to itself or to its connections, whichever has it.
     */
    public <T> NetOptions with(SocketOption<T> option, T value) {
        Map<SocketOption<?>, Object> more = new LinkedHashMap<>(options);
        more.put(Objects.requireNonNull(option, "option"), Objects.requireNonNull(value, "value"));
        return new NetOptions(more, connectTimeout, attemptDelay, backlog, tls);
    }

    /** How long {@code connect} may take in all, looking up the name and the handshake of TLS included. Default: as long as the operating system tries. */
    public NetOptions connectTimeout(Duration timeout) {
        return new NetOptions(options, Objects.requireNonNull(timeout, "timeout"), attemptDelay, backlog, tls);
    }

    /**
     * How long one of several addresses is tried alone before the next is, too. Default: 250 ms, as RFC 8305 recommends.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public NetOptions attemptDelay(Duration delay) {
        if (Objects.requireNonNull(delay, "delay").isNegative()) {
            throw new IllegalArgumentException("delay is negative: " + delay);
        }
        return new NetOptions(options, connectTimeout, delay, backlog, tls);
    }

    /**
     * How many connections may wait to be accepted; the operating system has a limit of its own. Default: the JDK's, 50.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public NetOptions backlog(int connections) {
        if (connections <= 0) {
            throw new IllegalArgumentException("backlog is not positive: " + connections);
        }
        return new NetOptions(options, connectTimeout, attemptDelay, connections, tls);
    }

    /** Encrypted: {@code connect} wants a {@link Tls#client}, {@code listen} a {@link Tls#server}. */
    public NetOptions tls(Tls how) {
        return new NetOptions(options, connectTimeout, attemptDelay, backlog, Objects.requireNonNull(how, "how"));
    }

    @Nullable
    Tls tls() {
        return tls;
    }

    @Nullable
    Duration connectTimeout() {
        return connectTimeout;
    }

    Duration attemptDelay() {
        return attemptDelay;
    }

    int backlog() {
        return backlog;
    }

    /** Of a connection: the options that only a server has are left out if {@code accepted}. */
    void applyTo(SocketChannel channel, boolean accepted) throws IOException {
        applyTo((NetworkChannel) channel, !accepted);
    }

    /** Of a server: the options that only its connections have are left out. */
    void applyTo(ServerSocketChannel channel) throws IOException {
        applyTo((NetworkChannel) channel, false);
    }

    void applyTo(DatagramChannel channel) throws IOException {
        applyTo((NetworkChannel) channel, true);
    }

    /**
     * @param all whether one that it has not is an error; that of TCP is the default's
     */
    private void applyTo(NetworkChannel channel, boolean all) throws IOException {
        for (Map.Entry<SocketOption<?>, Object> each : options.entrySet()) {
            SocketOption<?> option = each.getKey();
            boolean has = channel.supportedOptions().contains(option);
            if (has || (all && !option.equals(StandardSocketOptions.TCP_NODELAY))) {
                set(channel, option, each.getValue());
            }
        }
    }

    @SuppressWarnings("unchecked") // with() took them together
    private static <T> void set(NetworkChannel channel, SocketOption<T> option, Object value) throws IOException {
        channel.setOption(option, (T) value);
    }
}
