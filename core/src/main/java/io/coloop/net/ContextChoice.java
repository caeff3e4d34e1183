package io.coloop.net;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.function.Function;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIMatcher;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.StandardConstants;
import org.jspecify.annotations.Nullable;

/**
 * Which of a server's contexts a client wants. The JDK reads the name, with the default context; if another is chosen, that handshake is refused in silence, and one with the other context begins, on the same
 * bytes. Used on the job's thread, then on the loop.
 */
final class ContextChoice extends SNIMatcher {
    private final SSLContext fallback;
    private final Function<? super String, ? extends @Nullable SSLContext> contextFor;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();

    @Nullable
    SSLContext chosen;

    @Nullable
    Throwable failure;

    ContextChoice(
            SSLContext fallback,
            Function<? super String, ? extends @Nullable SSLContext> contextFor,
            ByteBuffer already) {
        super(StandardConstants.SNI_HOST_NAME);
        this.fallback = fallback;
        this.contextFor = contextFor;
        received(already, 0);
    }

    void received(ByteBuffer buffer, int begin) {
        received.write(buffer.array(), buffer.arrayOffset() + begin, buffer.position() - begin);
    }

    /** What came so far. */
    byte[] received() {
        return received.toByteArray();
    }

    @Override
    public boolean matches(SNIServerName name) {
        try {
            SSLContext found = contextFor.apply(new SNIHostName(name.getEncoded()).getAsciiName());
            chosen = found == fallback ? null : found;
        } catch (Throwable refused) {
            failure = refused;
        }
        return chosen == null && failure == null;
    }
}
