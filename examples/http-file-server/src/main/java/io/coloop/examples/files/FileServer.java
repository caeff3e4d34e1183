package io.coloop.examples.files;

import static io.coloop.Await.blocking;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.coloop.Loop;
import io.coloop.TaskGroup;
import io.coloop.TaskTimeoutException;
import io.coloop.Timeout;
import io.coloop.io.FileStream;
import io.coloop.io.LimitExceededException;
import io.coloop.net.Connection;
import io.coloop.net.Net;
import io.coloop.net.Server;
import io.coloop.process.SignalReceiver;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Answers GET and HEAD over HTTP/1.1 with the files below a directory. Not for the internet: it knows no TLS, ranges or compression.
 *
 * @param root a real path
 * @param patience how long a request, and each 64 KiB of an answer, may take
 */
public record FileServer(Path root, Duration patience) {
    private static final int CHUNK = 64 * 1024; // bytes
    private static final Pattern HEADER =
            Pattern.compile("([\\w!#$%&'*+.^`|~-]+):[ \\t]*(|\\P{Cntrl}*[^\\p{Cntrl} ])[ \\t]*");
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
            .withZone(ZoneOffset.UTC);

    private record Request(String method, String target, boolean isLast) {}

    private record Found(Path path, long size, String type) {}

    /** A client that asks for something does not get it, but a status. */
    private static final class Refusal extends IOException {
        private static final long serialVersionUID = 1L;

        Refusal(String status) {
            super(status);
        }
    }

    /** Serves until it is told to stop. */
    public static void main(String... arguments) throws Exception {
        if (arguments.length != 2) {
            System.err.println("arguments: the port and the directory");
            System.exit(2);
        }
        FileServer files = new FileServer(Path.of(arguments[1]).toRealPath(), Duration.ofSeconds(30));
        Loop.run(() -> {
            try (SignalReceiver signals = SignalReceiver.open("INT", "TERM");
                    Server server = Net.listen(new InetSocketAddress(Integer.parseInt(arguments[0])))) {
                System.out.println("listening on " + server.localAddress());
                TaskGroup.run(group -> {
                    group.spawn(() -> server.serve(files::talk));
                    System.out.println("SIG" + signals.receive() + ": it ends");
                    group.cancel();
                });
            }
        });
    }

    /** Answers a client's requests, one after the other. */
    void talk(Connection connection) {
        try {
            answerAll(connection);
        } catch (IOException | TaskTimeoutException gone) {
            connection.abort();
        }
    }

    private void answerAll(Connection connection) throws IOException {
        try {
            Request request = next(connection);
            while (request != null) {
                send(request, find(request.target), connection);
                request = request.isLast ? null : next(connection);
            }
        } catch (Refusal refusal) { // and no more: where a next request would begin is not always known
            write(connection, head(String.valueOf(refusal.getMessage()), "text/plain", 0, true));
        }
    }

    private static void check(boolean allowed, String otherwise) throws Refusal {
        if (!allowed) {
            throw new Refusal(otherwise);
        }
    }

    private @Nullable Request next(Connection connection) throws IOException {
        try {
            return Timeout.of(patience).run(() -> read(connection));
        } catch (LimitExceededException tooLong) {
            throw new Refusal("431 Request Header Fields Too Large");
        }
    }

    private static @Nullable Request read(Connection connection) throws IOException {
        String line = connection.readLine();
        if (line == null) {
            return null;
        }
        String[] parts = line.split(" ", -1);
        check(parts.length == 3 && parts[2].matches("HTTP/1\\.[01]"), "400 Bad Request");
        return new Request(parts[0], parts[1], asksToClose(connection) || parts[2].endsWith("0"));
    }

    private static boolean asksToClose(Connection connection) throws IOException {
        boolean closes = false;
        for (int count = 0; count < 100; count++) {
            String header = connection.readLine();
            Matcher field = HEADER.matcher(header == null ? "ended amid the headers" : header);
            if ("".equals(header)) {
                return closes;
            }
            check(field.matches(), "400 Bad Request");
            String name = field.group(1).toLowerCase(Locale.ROOT);
            boolean ofBody = name.equals("content-length") && !field.group(2).equals("0");
            check(!ofBody && !name.equals("transfer-encoding"), "413 Content Too Large");
            closes |= name.equals("connection") && field.group(2).equalsIgnoreCase("close");
        }
        throw new Refusal("431 Request Header Fields Too Large");
    }

    private Found find(String target) throws Refusal {
        Path path;
        try {
            String decoded = Objects.requireNonNullElse(URI.create(target).getPath(), "");
            path = root.resolve(decoded.replaceFirst("^/+", "")).normalize();
        } catch (IllegalArgumentException unreadable) {
            throw new Refusal("400 Bad Request");
        }
        Found found = blocking(() -> look(path));
        check(found != null, "404 Not Found");
        return Objects.requireNonNull(found);
    }

    private @Nullable Found look(Path path) throws IOException {
        try {
            Path real = (Files.isDirectory(path) ? path.resolve("index.html") : path).toRealPath();
            if (!real.startsWith(root) || !Files.isRegularFile(real) || !Files.isReadable(real)) {
                return null;
            }
            String type = Objects.requireNonNullElse(Files.probeContentType(real), "application/octet-stream");
            return new Found(real, Files.size(real), type);
        } catch (FileSystemException none) {
            return null;
        }
    }

    private void send(Request request, Found found, Connection connection) throws IOException {
        check(request.method.equals("GET") || request.method.equals("HEAD"), "405 Method Not Allowed");
        write(connection, head("200 OK", found.type, found.size, request.isLast));
        if (request.method.equals("GET")) {
            try (FileStream file = FileStream.open(found.path)) {
                ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
                for (long left = found.size; left > 0; left -= chunk.limit()) {
                    if (file.read(chunk.clear().limit((int) Math.min(CHUNK, left))) < 0) {
                        throw new IOException("shorter than its size said: " + found);
                    }
                    chunk.flip();
                    write(connection, chunk);
                }
            }
        }
    }

    private void write(Connection connection, ByteBuffer bytes) throws IOException {
        Timeout.of(patience).run(() -> connection.write(bytes));
    }

    private static ByteBuffer head(String status, String type, long size, boolean isLast) {
        return UTF_8.encode("HTTP/1.1 " + status + "\r\nDate: " + DATE.format(Instant.now()) + "\r\nContent-Type: "
                + type + "\r\nContent-Length: " + size + "\r\n" + (isLast ? "Connection: close\r\n" : "") + "\r\n");
    }
}
