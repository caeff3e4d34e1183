package io.coloop.net;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * How a connection is encrypted and whom it trusts: one side of TLS, for {@link NetOptions#tls} or {@link Connection#startTls}. Immutable.
 *
 * <p>Certificates, keys and the session cache with its time limit and size are those of the {@link SSLContext}: {@link Pem} makes one of the usual files, {@link SSLContext#getServerSessionContext()} has
 * the cache. Protocol versions and cipher suites are the JDK's: TLS 1.2 and 1.3, unless {@link #with} says otherwise.
 */
public final class Tls {
    private static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(10);

    private final boolean isClient;
    private final @Nullable SSLContext context; // null: the JDK's default
    private final @Nullable String serverName;
    private final Duration handshakeTimeout;
    private final @Nullable Function<? super String, ? extends @Nullable SSLContext> contextFor;
    private final List<Consumer<? super SSLParameters>> changes;

    private Tls(
            boolean isClient,
            @Nullable SSLContext context,
            @Nullable String serverName,
            Duration handshakeTimeout,
            @Nullable Function<? super String, ? extends @Nullable SSLContext> contextFor,
            List<Consumer<? super SSLParameters>> changes) {
        this.isClient = isClient;
        this.context = context;
        this.serverName = serverName;
        this.handshakeTimeout = handshakeTimeout;
        this.contextFor = contextFor;
        this.changes = changes;
    }

    private static Tls of(boolean isClient, @Nullable SSLContext context) {
        return new Tls(isClient, context, null, HANDSHAKE_TIMEOUT, null, List.of());
    }

    /** A client that trusts whom the JDK trusts: {@link SSLContext#getDefault()}. */
    public static Tls client() {
        return of(true, null);
    }

    /** A client that trusts whom the context trusts, and shows its certificate if a server asks for one. */
    public static Tls client(SSLContext context) {
        return of(true, Objects.requireNonNull(context, "context"));
    }

    /** A server that shows the context's certificate. */
    public static Tls server(SSLContext context) {
        return of(false, Objects.requireNonNull(context, "context"));
    }

    /**
     * With the application's protocols, the best first, such as {@code "h2", "http/1.1"} (ALPN). The server's order decides. A client that offers some of which the server has none is refused; one that offers none is
     * not. Default: none.
     */
    public Tls alpn(String... protocols) {
        List<String> offered = List.of(protocols);
        return with(parameters -> parameters.setApplicationProtocols(offered.toArray(String[]::new)));
    }

    /**
     * The name of the server that a client wants: it is sent (SNI), and the certificate must have it. Default: the host given to {@code connect}. An IP address is checked and not sent.
     *
     * @throws IllegalStateException of a server
     */
    public Tls serverName(String name) {
        require(isClient, "serverName is a client's; a server has contextFor");
        Objects.requireNonNull(name, "name");
        return new Tls(isClient, context, name, handshakeTimeout, contextFor, changes);
    }

    /**
     * A client that takes the certificate of anybody whom it trusts, whatever the name in it: whoever has one can pose as the server. For tests, and where the context's trust manager looks at the name itself.
     *
     * @throws IllegalStateException of a server
     */
    public Tls withoutHostNameCheck() {
        require(isClient, "a server checks no host name");
        return with(parameters -> parameters.setEndpointIdentificationAlgorithm(null));
    }

    /**
     * A server that asks the client for a certificate and goes on without; one that it shows must be trusted.
     *
     * @throws IllegalStateException of a client
     */
    public Tls requestClientCertificate() {
        require(!isClient, "only a server asks for a client's certificate");
        return with(parameters -> parameters.setWantClientAuth(true));
    }

    /**
     * A server that takes only clients with a certificate that its context trusts.
     *
     * @throws IllegalStateException of a client
     */
    public Tls requireClientCertificate() {
        require(!isClient, "only a server asks for a client's certificate");
        return with(parameters -> parameters.setNeedClientAuth(true));
    }

    /**
     * How long a handshake may take. Default: 10 s.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public Tls handshakeTimeout(Duration timeout) {
        if (!Objects.requireNonNull(timeout, "timeout").isPositive()) {
            throw new IllegalArgumentException("timeout is not positive: " + timeout);
        }
        return new Tls(isClient, context, serverName, timeout, contextFor, changes);
    }

    /**
     * A server of several names: the context for the name that a client sends (SNI), or null for the one given to {@link #server}, which those get too that send none. The function is called on another thread during the handshake,
     * and may block; what it throws refuses the client.
     *
     * @throws IllegalStateException of a client
     */
    public Tls contextFor(Function<? super String, ? extends @Nullable SSLContext> byServerName) {
        require(!isClient, "contextFor is a server's; a client has serverName");
        Objects.requireNonNull(byServerName, "byServerName");
        return new Tls(isClient, context, serverName, handshakeTimeout, byServerName, changes);
    }

    /**
     * With whatever else {@link SSLParameters} have, such as {@link SSLParameters#setProtocols} and {@link SSLParameters#setCipherSuites}. Called on the loop for each connection, in the order given; it must not block.
     */
    public Tls with(Consumer<? super SSLParameters> change) {
        List<Consumer<? super SSLParameters>> all = new ArrayList<>(changes);
        all.add(Objects.requireNonNull(change, "change"));
        return new Tls(isClient, context, serverName, handshakeTimeout, contextFor, Collections.unmodifiableList(all));
    }

    private static void require(boolean fits, String otherwise) {
        if (!fits) {
            throw new IllegalStateException(otherwise);
        }
    }

    /** This, of a client. */
    Tls toConnect() {
        if (!isClient) {
            throw new IllegalArgumentException("Tls.server(...) cannot connect: use Tls.client(...)");
        }
        return this;
    }

    /** This, of a server. */
    Tls toListen() {
        if (isClient) {
            throw new IllegalArgumentException("Tls.client(...) cannot listen: use Tls.server(...)");
        }
        return this;
    }

    boolean isClient() {
        return isClient;
    }

    @Nullable
    SSLContext context() {
        return context;
    }

    Duration handshakeTimeout() {
        return handshakeTimeout;
    }

    @Nullable
    Function<? super String, ? extends @Nullable SSLContext> contextFor() {
        return contextFor;
    }

    /**
     * @param host of a client's server, if it is known
     * @param port likewise: with the name it finds sessions to resume
     */
    SSLEngine engine(SSLContext in, @Nullable String host, int port) {
        String name = serverName != null ? serverName : host;
        SSLEngine engine = isClient && name != null ? in.createSSLEngine(name, port) : in.createSSLEngine();
        engine.setUseClientMode(isClient);
        SSLParameters parameters = engine.getSSLParameters();
        if (isClient) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            parameters.setServerNames(name == null ? List.of() : indication(name));
        }
        changes.forEach(change -> change.accept(parameters));
        if (isClient && name == null && parameters.getEndpointIdentificationAlgorithm() != null) {
            throw new IllegalArgumentException(
                    "no host name that the server's certificate should have: say which with Tls.serverName(...)");
        }
        engine.setSSLParameters(parameters);
        return engine;
    }

    /** None of an IP address, which RFC 6066 does not allow, nor of what is no host name. */
    private static List<SNIServerName> indication(String name) {
        boolean isAddress =
                name.indexOf(':') >= 0 || name.chars().allMatch(each -> each == '.' || (each >= '0' && each <= '9'));
        try {
            return isAddress
                    ? List.of()
                    : List.of(new SNIHostName(name.endsWith(".") ? name.substring(0, name.length() - 1) : name));
        } catch (IllegalArgumentException noHostName) {
            return List.of();
        }
    }

    @Override
    public String toString() {
        return "Tls[" + (isClient ? "client" : "server") + (serverName == null ? "" : " of " + serverName) + "]";
    }
}
