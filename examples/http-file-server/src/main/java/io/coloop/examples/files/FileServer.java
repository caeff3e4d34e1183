package io.coloop.examples.files;

import static io.coloop.Await.blocking;

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
import org.jspecify.annotations.Nullable;

/** Answers GET and HEAD over HTTP/1.1 with the files below a directory. Not for the internet: it knows no TLS, ranges or compression. */
public final class FileServer {
    private static final int LONGEST_LINE = 8 * 1024; // bytes
    private static final int MOST_HEADERS = 100;
    private static final int CHUNK = 64 * 1024; // bytes
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
            .withZone(ZoneOffset.UTC);

    private final Path root;
    private final Duration patience;

    private record Request(String method, String target, boolean isLast) {}

    private record Found(Path path, long size, String type) {}

    /** A client that asks for something does not get it, but a status. */
    private static final class Refusal extends IOException {
        private static final long serialVersionUID = 1L;

        Refusal(String status) {
            super(status);
        }
    }

    /**
     * @param root a directory's {@linkplain Path#toRealPath real path}
     * @param patience how long a request may take to come, and each 64 KiB of a file to be taken
     */
    FileServer(Path root, Duration patience) {
        this.root = root;
        this.patience = patience;
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
            boolean more = true;
            while (more) {
                more = answer(connection);
            }
        } catch (IOException | TaskTimeoutException gone) {
            connection.abort();
        }
    }

    private boolean answer(Connection connection) throws IOException {
        try {
            Request request = Timeout.of(patience).run(() -> read(connection));
            if (request != null) {
                send(request, find(request.target), connection);
            }
            return request != null && !request.isLast;
        } catch (Refusal refusal) {
            connection.write(head(String.valueOf(refusal.getMessage()), "text/plain", 0, true));
            return false; // where a next request would begin is not always known
        }
    }

    private static @Nullable Request read(Connection connection) throws IOException {
        try {
            String line = connection.readLine(LONGEST_LINE);
            if (line == null) {
                return null;
            }
            String[] parts = line.split(" ", -1);
            if (parts.length != 3 || !parts[2].matches("HTTP/1\\.[01]")) {
                throw new Refusal("400 Bad Request");
            }
            return new Request(parts[0], parts[1], asksToClose(connection) || parts[2].endsWith("0"));
        } catch (LimitExceededException tooLong) {
            throw new Refusal("431 Request Header Fields Too Large");
        }
    }

    private static boolean asksToClose(Connection connection) throws IOException {
        boolean closes = false;
        for (int count = 0; count <= MOST_HEADERS; count++) {
            String header = Objects.requireNonNullElse(connection.readLine(LONGEST_LINE), "");
            String lower = header.toLowerCase(Locale.ROOT);
            if (header.isEmpty()) {
                return closes;
            } else if (!header.contains(":")) {
                throw new Refusal("400 Bad Request");
            } else if (lower.matches("transfer-encoding:.*|content-length:(?!\\s*0\\s*$).*")) {
                throw new Refusal("413 Content Too Large"); // a body
            }
            closes |= lower.matches("connection:\\s*close\\s*");
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
        if (found == null) {
            throw new Refusal("404 Not Found");
        }
        return found;
    }

    /** May block. */
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
        if (!request.method.equals("GET") && !request.method.equals("HEAD")) {
            throw new Refusal("405 Method Not Allowed");
        }
        connection.write(head("200 OK", found.type, found.size, request.isLast));
        if (request.method.equals("GET")) {
            try (FileStream file = FileStream.open(found.path)) {
                ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
                for (long left = found.size; left > 0; left -= chunk.limit()) {
                    if (file.read(chunk.clear().limit((int) Math.min(CHUNK, left))) < 0) {
                        throw new IOException("shorter than its size said: " + found);
                    }
                    chunk.flip();
                    Timeout.of(patience).run(() -> connection.write(chunk));
                }
            }
        }
    }

    private static String head(String status, String type, long size, boolean isLast) {
        return "HTTP/1.1 " + status + "\r\nDate: " + DATE.format(Instant.now()) + "\r\nContent-Type: " + type
                + "\r\nContent-Length: " + size + "\r\n" + (isLast ? "Connection: close\r\n" : "") + "\r\n";
    }
}
