package io.coloop.examples.chat;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The program, in a process of its own. */
@Timeout(60)
class MainTest {
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void itServesTcpAndTlsUntilItIsToldToStop(@TempDir Path directory) throws Exception {
        Identity identity = Identity.make(directory);
        Process server = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "--port=0",
                        "--tls-port=0",
                        "--certificate=" + identity.certificate(),
                        "--key=" + identity.key())
                .redirectErrorStream(true)
                .start();
        Thread.ofVirtual().start(() -> {
            try {
                if (!server.waitFor(40, TimeUnit.SECONDS)) {
                    server.destroyForcibly(); // and reading its output ends
                }
            } catch (InterruptedException impossible) {
                server.destroyForcibly();
            }
        });
        BufferedReader output = server.inputReader();
        int plain = port(output);
        int secure = port(output);
        try (Socket ada = new Socket("localhost", plain);
                Socket bob = identity.trusting().getSocketFactory().createSocket("localhost", secure)) {
            BufferedReader toAda = join(ada, "ada");
            join(bob, "bob");
            assertThat(toAda.readLine()).isEqualTo("bob joins");
            bob.getOutputStream().write("over TLS\n".getBytes(UTF_8));
            assertThat(toAda.readLine()).isEqualTo("bob: over TLS");

            server.toHandle().destroy(); // Process.destroy() would close its output
            assertThat(output.lines()).anyMatch(line -> line.equals("SIGTERM: it ends"));
            assertThat(server.waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(server.exitValue()).isZero();
        } finally {
            server.destroyForcibly();
        }
    }

    private static int port(BufferedReader output) throws IOException {
        String line = output.readLine();
        while (line != null && !line.startsWith("listening on ")) {
            line = output.readLine();
        }
        assertThat(line).isNotNull();
        return Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
    }

    private static BufferedReader join(Socket socket, String name) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
        assertThat(lines.readLine()).isEqualTo("your name?");
        socket.getOutputStream().write((name + "\n").getBytes(UTF_8));
        assertThat(lines.readLine()).isEqualTo(name + " joins");
        return lines;
    }

    @Test
    void options() {
        assertThat(Options.of()).isEqualTo(new Options(7000, null));
        assertThat(Options.of("--port=1", "--tls-port=2", "--certificate=c", "--key=k"))
                .isEqualTo(new Options(1, new Options.Encrypted(2, Path.of("c"), Path.of("k"))));
        assertThatThrownBy(() -> Options.of("--tls-port=2", "--key=k")).hasMessageContaining("--certificate");
        assertThatThrownBy(() -> Options.of("--port=x")).hasMessage("not a port: x");
        assertThatThrownBy(() -> Options.of("--what")).hasMessage("unknown option: --what");
    }
}
