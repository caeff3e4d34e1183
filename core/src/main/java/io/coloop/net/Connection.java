package io.coloop.net;

import io.coloop.Loop;
import io.coloop.internal.bytes.Confined;
import io.coloop.io.ByteInput;
import io.coloop.io.ByteOutput;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A stream of bytes to and from a peer, over TCP or a Unix domain socket. Its calls look as if they blocked: they await. Made by {@link Net#connect} or a {@link Server}; whoever has it closes it.
 *
 * <p>Reading: by one task at a time. A cancelled read has taken nothing, so the next one finds all. Writing: several tasks may, in turn, and what one call writes stays together. A write is done when the operating system has
 * all of it, and awaits while its send buffer is full, which is the high-water mark. A cancelled write that was sent in part cuts the output: later writes fail, and closing resets the connection, so that the peer does not take a
 * part for the whole.
 *
 * <p>Belongs to its loop; every call is checked. Errors of the peer and of the network are {@link IOException}s.
 */
public final class Connection implements AutoCloseable {
    private final @Nullable String host; // that it was connected to
    private final Confined confined;
    private final ByteOutput output;
    private final ByteInput input;
    private Transport transport;

    Connection(Transport transport) {
        this(transport, null);
    }

    Connection(Transport transport, @Nullable String host) {
        this.transport = transport;
        this.host = host;
        this.confined = new Confined(transport.loop(), "connection", "Connection");
        this.output = ByteOutput.of(new Sending(), "Connection");
        this.input = ByteInput.of(new Receiving(), "Connection");
    }

    /** The transport's input, which is closed with the output. */
    private final class Receiving implements ByteInput.Source {
        @Override
        public int read(ByteBuffer into) throws IOException {
            return transport.read(into);
        }

        @Override
        public void close() {
            output.close();
        }

        @Override
        public boolean isOpen() {
            return transport.isOpen();
        }

        @Override
        public Loop loop() {
            return transport.loop();
        }

        @Override
        public String toString() {
            return "from " + remoteAddress();
        }
    }

    private final class Sending implements ByteOutput.Sink {
        @Override
        public void write(ByteBuffer from) throws IOException {
            transport.write(from);
        }

        @Override
        public void end() throws IOException {
            transport.end();
        }

        @Override
        public void close() {
            transport.close();
        }

        @Override
        public void abort() {
            transport.abort();
        }

        @Override
        public boolean isOpen() {
            return transport.isOpen();
        }

        @Override
        public Loop loop() {
            return transport.loop();
        }

        @Override
        public String toString() {
            return "to " + remoteAddress();
        }
    }

    // ---- reading

    /** Its input, for code that reads from any stream: with the same bytes as the methods here. Closing it closes the connection. */
    public ByteInput input() {
        return input;
    }

    /** Reads what is there, at least one byte unless the buffer has no room, or returns -1 if the peer has ended its output; see {@link ByteInput#read}. */
    public int read(ByteBuffer into) throws IOException {
        return input.read(into);
    }

    /** Reads so many bytes; see {@link ByteInput#readExactly}. */
    public byte[] readExactly(int count) throws IOException {
        return input.readExactly(count);
    }

    /** Reads up to a separator, which is part of the result, whose length is limited; see {@link ByteInput#readUntil}. */
    public byte[] readUntil(byte[] separator, int limit) throws IOException {
        return input.readUntil(separator, limit);
    }

    /** Reads a line of at most 64 KiB in UTF-8, without its end; null if there is none; see {@link ByteInput#readLine(int)}. */
    public @Nullable String readLine() throws IOException {
        return input.readLine();
    }

    /** Reads a line of limited length in UTF-8, without its end; null if there is none; see {@link ByteInput#readLine(int)}. */
    public @Nullable String readLine(int limit) throws IOException {
        return input.readLine(limit);
    }

    // ---- writing

    /** Its output, for code that writes to any stream. Closing it closes the connection. */
    public ByteOutput output() {
        return output;
    }

    /** Writes what the buffer has, whole, after those that came before; see {@link ByteOutput#write(ByteBuffer)}. */
    public void write(ByteBuffer from) throws IOException {
        output.write(from);
    }

    /** Writes bytes; see {@link #write(ByteBuffer)}. The array must not change meanwhile. */
    public void write(byte[] bytes) throws IOException {
        output.write(bytes);
    }

    /** Writes a text in UTF-8; see {@link #write(ByteBuffer)}. */
    public void write(String text) throws IOException {
        output.write(text);
    }

    /** Ends the output, after the writes before it; the peer finds the end of its input. Reading goes on. Idempotent. Task only. */
    public void shutdownOutput() throws IOException {
        output.end();
    }

    /** Whether a write was cancelled, or failed, after a part of it was sent. Loop only. */
    public boolean isCut() {
        return output.isCut();
    }

    // ---- TLS

    /**
     * Encrypts what follows, after the handshake, which this awaits: for protocols that begin in plain and agree on it, as with STARTTLS. What the peer has sent already and nobody has read belongs to the handshake. A connection whose
     * handshake fails, or is cancelled, is closed. Task only.
     *
     * @throws javax.net.ssl.SSLException if the two do not come to an agreement, or do not trust each other
     * @throws LoopMisuseException if another task is reading
     * @throws IllegalStateException if it is encrypted already
     */
    public void startTls(Tls tls) throws IOException {
        Objects.requireNonNull(tls, "tls");
        output.flush();
        if (!(transport instanceof SocketTransport socket)) {
            throw new IllegalStateException("this connection is encrypted already: " + this);
        }
        TlsTransport encrypted = new TlsTransport(socket, tls, host, input.takeBuffered());
        transport = encrypted; // no await since both were looked at: who reads or writes now awaits the handshake
        shakeHands(encrypted);
    }

    private static void shakeHands(TlsTransport encrypted) throws IOException {
        try {
            encrypted.handshake();
        } catch (IOException failed) {
            encrypted.close(); // the peer is told why
            throw failed;
        } catch (Throwable ended) {
            encrypted.abort();
            throw ended;
        }
    }

    /**
     * What was negotiated; awaits the handshake, if that has not ended. Task only.
     *
     * @throws javax.net.ssl.SSLException if the two do not come to an agreement, or do not trust each other
     * @throws IllegalStateException if the connection is not encrypted
     */
    public TlsSession tlsSession() throws IOException {
        confined.checkTask("tlsSession()");
        if (transport instanceof TlsTransport encrypted) {
            return encrypted.handshake();
        }
        throw new IllegalStateException("this connection is not encrypted: " + this);
    }

    /** Whether it is encrypted, or will be as soon as it is used. Loop only. */
    public boolean isTls() {
        return transport instanceof TlsTransport;
    }

    // ---- as the JDK's types

    /**
     * Its input as a stream, for a parser or a reader that expects one: what would block awaits, so a whole {@code BufferedReader} runs in a task. Read by one task at a time, and with what this connection's own methods
     * read in turn. Do not use it under a lock that other tasks want, nor from another thread. Closing it closes the connection. Every call makes a new view of the same bytes.
     */
    public InputStream inputStream() {
        return input.inputStream();
    }

    /** Its output as a stream; each write is sent at once, so wrap it in a {@code BufferedOutputStream} if they are small. See {@link #inputStream()}. */
    public OutputStream outputStream() {
        return output.outputStream();
    }

    /** It as a channel in blocking mode: a read awaits at least one byte, a write is whole. See {@link #inputStream()}. */
    public ByteChannel byteChannel() {
        return new ConnectionChannel(this);
    }

    // ---- the end

    /**
     * Closes it: the peer gets what was written, then the end. It is {@linkplain #abort aborted} instead if a write was cut off, or is under way in another task. Tasks that read or write get a {@link ClosedChannelException}. Does not
     * wait. Idempotent. Loop only.
     */
    @Override
    public void close() {
        output.close();
    }

    /** Closes it at once: what the peer has not received may be lost, and a TCP peer gets a reset. Tasks that read or write get a {@link ClosedChannelException}. Idempotent. Loop only. */
    public void abort() {
        confined.check("abort()");
        transport.abort();
    }

    /** Whether it was not closed from this side. */
    public boolean isOpen() {
        return transport.isOpen();
    }

    // ---- looking at it

    /** This side's address. Any thread. */
    public @Nullable SocketAddress localAddress() {
        return transport.localAddress();
    }

    /** The peer's address. Any thread. */
    public @Nullable SocketAddress remoteAddress() {
        return transport.remoteAddress();
    }

    /** How many bytes came from the peer so far. Loop only. */
    public long bytesRead() {
        return input.bytesRead();
    }

    /** How many bytes of all writes were taken so far. Loop only. */
    public long bytesWritten() {
        return output.bytesWritten();
    }

    @Override
    public String toString() {
        return "Connection[" + transport.localAddress() + " to " + transport.remoteAddress() + ", "
                + (isCut() ? "cut" : isOpen() ? "open" : "closed") + ", " + bytesRead() + " read, "
                + bytesWritten() + " written]";
    }
}
