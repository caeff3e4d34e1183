package io.coloop.net;

import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** What the two sides of a TLS connection agreed upon. Immutable, but for {@link #sslSession()}; any thread. */
public final class TlsSession {
    private final SSLSession session;
    private final @Nullable String applicationProtocol;
    private final @Nullable String serverName;

    TlsSession(SSLSession session, @Nullable String applicationProtocol, @Nullable String serverName) {
        this.session = session;
        this.applicationProtocol = applicationProtocol;
        this.serverName = serverName;
    }

    /** Such as {@code TLSv1.3}. */
    public String protocol() {
        return session.getProtocol();
    }

    /** Such as {@code TLS_AES_256_GCM_SHA384}. */
    public String cipherSuite() {
        return session.getCipherSuite();
    }

    /** The application's protocol, such as {@code h2}; null if none was negotiated (ALPN). */
    public @Nullable String applicationProtocol() {
        return applicationProtocol;
    }

    /** The server name that the client sent; null if none (SNI). */
    public @Nullable String serverName() {
        return serverName;
    }

    /** The peer's certificate and those that vouch for it, the peer's first; empty if it showed none. */
    public List<X509Certificate> peerCertificates() {
        try {
            Certificate[] chain = session.getPeerCertificates();
            return Arrays.stream(chain).map(X509Certificate.class::cast).toList();
        } catch (SSLPeerUnverifiedException none) {
            return List.of();
        }
    }

    /** The JDK's session, with all else. */
    public SSLSession sslSession() {
        return session;
    }

    @Override
    public String toString() {
        return "TlsSession[" + protocol() + ", " + cipherSuite()
                + (applicationProtocol == null ? "" : ", " + applicationProtocol)
                + (serverName == null ? "" : ", " + serverName) + "]";
    }
}
