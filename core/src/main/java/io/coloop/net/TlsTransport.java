package io.coloop.net;

import io.coloop.Await;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.TaskTimeoutException;
import io.coloop.Timeout;
import io.coloop.sync.Hold;
import io.coloop.sync.Lock;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIMatcher;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/** TLS over a socket: the JDK's {@link SSLEngine}, with awaits where it wants input, room, or its tasks done. Fields belong to the loop. */
final class TlsTransport implements Transport {
    /*
     * The engine knows the protocol; this moves bytes.
     *
     *   peer -> fromPeer -> engine -> the reader's buffer, or plain if that is too small for a record
     *   writer's buffer -> engine -> toPeer -> peer
     *
     * Engine: its handshake tasks, and the begin of a client's handshake, run as a blocking job and hold the engine's own lock. Nobody touches the engine meanwhile: the loop would wait for that lock.
     *
     * Input: one task at a time takes from fromPeer: who shakes hands (the lock handshaking), then the connection's one reader.
     *
     * Output: toPeer is filled by anybody, and sent as far as the socket takes it at once. Only the holder of the lock sending waits for room, so the socket has one waiter. What the engine has to say of its own accord, such as an answer to a
     * key update, never makes a reader wait: the peer may itself be waiting to be read. If nobody is sending, a task is spawned that does.
     *
     * Records without data cost the peer next to nothing, so their number in a row is limited; that bounds what the engine has to say to a peer that does not read, and what is kept of a hello.
     *
     * A cancel comes out of an await, and all state is in fields: the next call goes on where the last one left off.
     */
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    private static final int INITIAL = 17 * 1024; // a record of the usual size
    private static final Duration LINGER = Duration.ofSeconds(10);
    private static final int DRAINED = 256 * 1024;
    private static final int MAX_FRUITLESS = 100;

    private final SocketTransport socket;
    private final Tls tls;
    private final @Nullable String host;
    private final Budget budget = new Budget();
    private final Lock handshaking = Lock.create();
    private final Lock sending = Lock.create();
    private ByteBuffer fromPeer; // as it came; to be filled, here and in toPeer
    private ByteBuffer toPeer = ByteBuffer.allocate(INITIAL);
    private @Nullable ByteBuffer plain; // decrypted, to be taken from
    private @Nullable SSLEngine engine; // from the handshake's begin on
    private @Nullable ContextChoice choice; // until a server of several names knows which one is wanted
    private @Nullable Future<?> job; // has the engine until it is done
    private @Nullable TlsSession session; // from the handshake's end on
    private @Nullable SSLException failure;
    private int fruitless; // records in a row
    private boolean flushing; // a task is spawned that does
    private boolean receiving;
    private boolean inputEnded;
    private boolean outputEnded;
    private boolean closed;

    /**
     * @param host of a client's server, if it is known
     * @param received what came from the peer already
     */
    TlsTransport(SocketTransport socket, Tls tls, @Nullable String host, byte[] received) {
        this.socket = socket;
        this.tls = tls;
        this.host = host;
        this.fromPeer = filled(received);
    }

    private static ByteBuffer filled(byte[] received) {
        return ByteBuffer.allocate(Math.max(INITIAL, received.length)).put(received);
    }

    // ---- the handshake

    /** What was negotiated; awaits the handshake first, whoever comes first does it. */
    TlsSession handshake() throws IOException {
        checkUsable();
        TlsSession done = session;
        if (done != null) {
            return done;
        }
        try (Hold turn = handshaking.acquire()) {
            checkUsable();
            done = session;
            if (done == null) {
                done = Timeout.of(tls.handshakeTimeout()).run(() -> negotiate());
                session = done;
            }
            return done;
        } catch (TaskTimeoutException late) {
            throw failed(new SSLHandshakeException("the handshake with " + remoteAddress() + " took longer than "
                    + tls.handshakeTimeout().toMillis() + " ms"));
        }
    }

    private TlsSession negotiate() throws IOException {
        if (engine == null) {
            begin();
        }
        while (true) {
            budget.consume();
            awaitJob();
            SSLEngine current = engine();
            try (Hold turn = sending.acquire()) {
                flush();
            } catch (IOException gone) {
                if (failure == null
                        && isNegotiated(current)) { // it cannot be given a ticket, but what it sent before counts
                    return negotiated(current);
                }
                throw gone;
            }
            switch (current.getHandshakeStatus()) {
                case NEED_TASK -> startJob();
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> advance(NOTHING);
                case NEED_WRAP -> // and flush could not
                    throw failed(new SSLHandshakeException("the peer ended the connection in the handshake"));
                case NOT_HANDSHAKING, FINISHED -> {
                    choice = null;
                    return negotiated(current);
                }
            }
        }
    }

    private void begin() throws IOException {
        SSLContext context = tls.context();
        if (context == null) {
            try {
                context = Await.blocking(SSLContext::getDefault); // reads the trusted certificates
            } catch (CompletionException unreadable) {
                throw failed(unreadable);
            }
        }
        Function<? super String, ? extends @Nullable SSLContext> contextFor = tls.contextFor();
        if (contextFor == null) {
            begin(context, null);
        } else {
            choice = new ContextChoice(context, contextFor, fromPeer);
            begin(context, choice);
        }
    }

    private void begin(SSLContext context, @Nullable SNIMatcher matcher) throws SSLException {
        int port = remoteAddress() instanceof InetSocketAddress inet ? inet.getPort() : -1;
        SSLEngine made = tls.engine(context, host, port);
        if (matcher != null) {
            SSLParameters parameters = made.getSSLParameters();
            parameters.setSNIMatchers(List.of(matcher));
            made.setSSLParameters(parameters);
        }
        engine = made;
        if (made.getUseClientMode()) { // makes keys
            job = loop().blocking(() -> {
                made.beginHandshake();
                return null;
            });
        } else {
            try {
                made.beginHandshake();
            } catch (SSLException unfit) {
                throw failed(unfit);
            }
        }
    }

    private static boolean isNegotiated(SSLEngine engine) {
        return engine.getHandshakeSession() == null && engine.getSession().isValid();
    }

    private static TlsSession negotiated(SSLEngine engine) {
        String protocol = engine.getApplicationProtocol();
        List<SNIServerName> names = engine.getSession() instanceof ExtendedSSLSession extended
                ? extended.getRequestedServerNames()
                : List.of();
        String name = names.stream()
                .filter(SNIHostName.class::isInstance)
                .map(each -> ((SNIHostName) each).getAsciiName())
                .findFirst()
                .orElse(null);
        return new TlsSession(engine.getSession(), protocol == null || protocol.isEmpty() ? null : protocol, name);
    }

    // ---- the engine's tasks

    private void startJob() {
        SSLEngine current = engine();
        job = loop().blocking(() -> {
            for (Runnable task = current.getDelegatedTask(); task != null; task = current.getDelegatedTask()) {
                task.run();
            }
            return null;
        });
    }

    /** The job goes on if this is cancelled, and the next call waits for it. */
    private void awaitJob() throws IOException {
        for (Future<?> running = job; running != null; running = job) {
            try {
                Await.await(Future.shield(running));
            } catch (CompletionException broken) {
                job = null;
                throw failed(broken);
            }
            checkUsable();
            if (running == job) {
                job = null;
                chooseContext();
            }
        }
    }

    private boolean hasJob() {
        return job != null && !job.isDone();
    }

    private void chooseContext() throws IOException {
        ContextChoice made = choice;
        if (made == null) {
            return;
        }
        choice = null;
        if (made.failure != null) {
            throw failed(new SSLHandshakeException("no context for this server name", made.failure));
        }
        if (made.chosen != null) { // which has not seen what came so far
            fromPeer = filled(made.received());
            begin(made.chosen, null);
        }
    }

    // ---- reading

    @Override
    public int read(ByteBuffer into) throws IOException {
        handshake();
        while (true) {
            budget.consume();
            awaitJob();
            checkUsable();
            sendOwn();
            if (plain != null) {
                return fromPlain(plain, into);
            }
            if (inputEnded) {
                return -1;
            }
            int count = advance(into);
            if (count > 0) {
                return count;
            }
        }
    }

    private int fromPlain(ByteBuffer rest, ByteBuffer into) {
        int count = Math.min(rest.remaining(), into.remaining());
        into.put(rest.slice(rest.position(), count));
        rest.position(rest.position() + count);
        if (!rest.hasRemaining()) {
            plain = null;
        }
        return count;
    }

    /** One step on what comes from the peer: decrypts a record, gives the engine's tasks to a job, or awaits more. Returns how many bytes it put there. */
    private int advance(ByteBuffer into) throws IOException {
        SSLEngineResult result = unwrap(into);
        int count = result.bytesProduced();
        if (result.getStatus() == Status.BUFFER_OVERFLOW) {
            ByteBuffer whole = ByteBuffer.allocate(engine().getSession().getApplicationBufferSize());
            result = unwrap(whole);
            plain = whole.position() > 0 ? whole.flip() : null;
        }
        switch (result.getStatus()) {
            case BUFFER_UNDERFLOW -> receive();
            case CLOSED -> endInput();
            case OK -> weigh(result);
            case BUFFER_OVERFLOW -> throw failed(new SSLException("a record that is too large"));
        }
        return count;
    }

    /** Fails if too many records in a row had no data. Data makes up for them, but not while the engine's answers cannot be sent. */
    private void weigh(SSLEngineResult record) throws SSLException {
        boolean unanswered = record.getHandshakeStatus() == HandshakeStatus.NEED_WRAP;
        if (record.bytesProduced() > 0) {
            fruitless = unanswered ? fruitless : 0;
        } else if (record.bytesConsumed() > 0) {
            fruitless +=
                    unanswered ? 1 + record.bytesConsumed() / 256 : 1; // one record may have thousands of key updates
            if (fruitless > MAX_FRUITLESS) {
                throw failed(new SSLException("too many records without data from " + remoteAddress()));
            }
        }
    }

    private void endInput() throws SSLException {
        if (session == null) {
            throw failed(new SSLHandshakeException("the peer ended the connection in the handshake"));
        }
        inputEnded = true;
    }

    private SSLEngineResult unwrap(ByteBuffer into) throws SSLException {
        SSLEngine current = engine();
        if (current.getHandshakeStatus() == HandshakeStatus.NEED_TASK) { // of a renegotiation
            startJob();
            return new SSLEngineResult(Status.OK, HandshakeStatus.NEED_TASK, 0, 0);
        }
        fromPeer.flip();
        try {
            return current.unwrap(fromPeer, into);
        } catch (SSLException bad) {
            throw failed(bad);
        } finally {
            fromPeer.compact();
        }
    }

    /** Awaits more from the peer. */
    private void receive() throws IOException {
        if (!fromPeer.hasRemaining()) {
            fromPeer = enlarged(fromPeer, engine().getSession().getPacketBufferSize());
        }
        int begin = fromPeer.position();
        int count = socket.tryRead(fromPeer);
        while (count == 0) {
            await(SelectionKey.OP_READ);
            checkUsable();
            count = socket.tryRead(fromPeer);
        }
        if (count < 0) {
            throw session == null
                    ? failed(new SSLHandshakeException("the peer ended the connection in the handshake"))
                    : new SSLException(
                            "the peer ended the connection without TLS's close_notify: something may be missing");
        }
        if (choice != null) {
            choice.received(fromPeer, begin);
        }
    }

    private static ByteBuffer enlarged(ByteBuffer full, int more) {
        return ByteBuffer.allocate(full.position() + more).put(full.flip());
    }

    // ---- writing

    @Override
    public void write(ByteBuffer from) throws IOException {
        handshake();
        try (Hold turn = sending.acquire()) {
            flush();
            while (from.hasRemaining()) {
                budget.consume();
                awaitJob();
                checkUsable();
                if (outputEnded) {
                    throw new ClosedChannelException();
                }
                SSLEngineResult result = wrap(from);
                if (result.getStatus() == Status.CLOSED) {
                    throw new SSLException("the peer has ended the connection, whose "
                            + handshake().protocol() + " knows no end of one direction");
                }
                if (result.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
                    startJob();
                }
                flush();
            }
        }
    }

    @Override
    public void end() throws IOException {
        handshake();
        try (Hold turn = sending.acquire()) {
            flush();
            awaitJob();
            checkUsable();
            outputEnded = true;
            engine().closeOutbound();
            flush();
        }
    }

    private SSLEngineResult wrap(ByteBuffer from) throws SSLException {
        SSLEngine current = engine();
        while (true) {
            try {
                SSLEngineResult result = current.wrap(from, toPeer);
                if (result.getStatus() != Status.BUFFER_OVERFLOW) {
                    return result;
                }
            } catch (SSLException bad) {
                throw failed(bad);
            }
            toPeer = enlarged(toPeer, current.getSession().getPacketBufferSize());
        }
    }

    /** Awaits until all that is encrypted, and what the engine has to say, is sent. Held: sending. */
    private void flush() throws IOException {
        checkUsable();
        while (!sendNow()) {
            await(SelectionKey.OP_WRITE);
            checkUsable();
        }
    }

    /** Sends what the socket takes at once; whether that was all. */
    private boolean sendNow() throws IOException {
        do {
            toPeer.flip();
            try {
                while (toPeer.hasRemaining() && socket.tryWrite(toPeer) > 0) {}
            } finally {
                toPeer.compact();
            }
        } while (toPeer.position() == 0 && wrapOwn());
        return toPeer.position() == 0;
    }

    /** Encrypts what the engine has to say, if it has. */
    private boolean wrapOwn() throws SSLException {
        SSLEngine current = engine;
        if (current == null || hasJob() || current.getHandshakeStatus() != HandshakeStatus.NEED_WRAP) {
            return false;
        }
        SSLEngineResult result = wrap(NOTHING.duplicate());
        return result.bytesProduced() > 0 || result.getHandshakeStatus() == HandshakeStatus.FINISHED;
    }

    /** Sends what the engine has to say without awaiting, now or in a task of its own. Who is sending sends that, too. There is no job. */
    private void sendOwn() {
        if (flushing || sending.isLocked() || engine().getHandshakeStatus() != HandshakeStatus.NEED_WRAP) {
            return;
        }
        try {
            if (!sendNow()) {
                flushing = true;
                loop().spawn("send " + this, this::flushInTurn);
            }
        } catch (IOException gone) {
            // what was received before counts; the next call learns it
        }
    }

    private void flushInTurn() {
        try (Hold turn = sending.acquire()) {
            flush();
        } catch (IOException gone) {
            // whoever reads or writes learns that
        } finally {
            flushing = false;
        }
    }

    // ---- faults and the end

    private void checkUsable() throws IOException {
        if (closed) {
            throw new ClosedChannelException();
        }
        if (failure != null) {
            throw new SSLException("TLS has failed: " + failure.getMessage(), failure);
        }
    }

    /** Of a job. */
    private SSLException failed(CompletionException job) {
        Throwable cause = job.getCause();
        return failed(cause instanceof SSLException why ? why : new SSLException("TLS cannot begin: " + cause, cause));
    }

    /** Tells the peer, as far as that goes without awaiting. */
    private SSLException failed(SSLException why) {
        if (failure == null) {
            failure = why;
            for (int tries = 0;
                    tries < 3;
                    tries++) { // the engine may throw what its task threw once more, before it says it
                try {
                    if (!hasJob()) {
                        sendNow();
                    }
                    return why;
                } catch (IOException again) {
                    // the peer may be gone
                }
            }
        }
        return why;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        SSLEngine current = engine;
        boolean sent = true;
        if (current != null && !hasJob() && socket.isOpen()) {
            try {
                current.closeOutbound();
                sent = sendNow();
            } catch (IOException gone) {
                // nobody to say goodbye to
            }
        }
        if (sent || loop().isClosed()) {
            closeSocket();
        } else {
            linger();
        }
    }

    /** Sends the rest, for a while. */
    private void linger() {
        if (receiving) {
            try {
                socket.endInput();
            } catch (IOException gone) {
                // who reads learns that, too
            }
        }
        loop().spawn("close " + this, () -> {
            try {
                Timeout.of(LINGER).run(() -> {
                    try (Hold turn = sending.acquire()) {
                        while (!sendNow()) {
                            socket.readiness().await(SelectionKey.OP_WRITE);
                        }
                    }
                });
            } catch (IOException | TaskTimeoutException gone) {
                // the peer does not read
            } finally {
                closeSocket();
            }
        });
    }

    /** What was received and not read would make a reset of the end, which could overtake what was sent: a client that only writes has session tickets there. */
    private void closeSocket() {
        try {
            ByteBuffer unread = ByteBuffer.allocate(INITIAL);
            for (int all = 0, count = 1; count > 0 && all < DRAINED; all += count) {
                count = socket.tryRead(unread.clear());
            }
        } catch (IOException gone) {
            // all the better
        }
        socket.close();
    }

    @Override
    public void abort() {
        closed = true;
        socket.abort();
    }

    @Override
    public boolean isOpen() {
        return !closed && socket.isOpen();
    }

    // ---- the rest

    private void await(int operation) {
        budget.waits();
        boolean reads = operation == SelectionKey.OP_READ;
        receiving |= reads;
        try {
            socket.readiness().await(operation);
        } finally {
            receiving &= !reads;
        }
    }

    private SSLEngine engine() {
        SSLEngine current = engine;
        if (current == null) {
            throw new IllegalStateException("no handshake yet");
        }
        return current;
    }

    @Override
    public Loop loop() {
        return socket.loop();
    }

    @Override
    public @Nullable SocketAddress localAddress() {
        return socket.localAddress();
    }

    @Override
    public @Nullable SocketAddress remoteAddress() {
        return socket.remoteAddress();
    }

    @Override
    public String toString() {
        return "TLS to " + remoteAddress();
    }
}
