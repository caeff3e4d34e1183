package io.coloop.examples.chat;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What the command line asks for.
 *
 * @param tls null without TLS
 */
record Options(int port, @Nullable Encrypted tls) {
    /** A port for TLS, with the files of the server's identity. */
    record Encrypted(int port, Path certificate, Path key) {}

    static final String USAGE = """
            options:
              --port=N            listen on this port (7000)
              --tls-port=N        listen for TLS on this port; needs a certificate and its key
              --certificate=FILE  PEM, the server's first
              --key=FILE          PEM, PKCS #8
            """;

    /**
     * Reads the command line.
     *
     * @throws IllegalArgumentException if it cannot be understood; the message says what
     */
    static Options of(String... arguments) {
        int port = 7000;
        Integer tlsPort = null;
        Path certificate = null;
        Path key = null;
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            String value = argument.substring(equals + 1);
            switch (equals < 0 ? argument : argument.substring(0, equals)) {
                case "--port" -> port = port(value);
                case "--tls-port" -> tlsPort = port(value);
                case "--certificate" -> certificate = Path.of(value);
                case "--key" -> key = Path.of(value);
                default -> throw new IllegalArgumentException("unknown option: " + argument);
            }
        }
        if (tlsPort == null) {
            return new Options(port, null);
        }
        if (certificate == null || key == null) {
            throw new IllegalArgumentException("--tls-port needs --certificate and --key");
        }
        return new Options(port, new Encrypted(tlsPort, certificate, key));
    }

    private static int port(String text) {
        try {
            int port = Integer.parseInt(text);
            if (port >= 0 && port <= 65_535) {
                return port;
            }
        } catch (NumberFormatException notANumber) {
            // as if it were out of range
        }
        throw new IllegalArgumentException("not a port: " + text);
    }
}
