package io.coloop.examples.onethread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The command line. */
@Timeout(60)
class MainTest {
    private static String errorsOf(int status, String... arguments) {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream err = System.err;
        System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            assertThat(Main.run(arguments)).isEqualTo(status);
        } finally {
            System.setErr(err);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }

    @Test
    void optionsAreRead() {
        assertThat(Options.of()).isEqualTo(new Options(false, 0, false));
        assertThat(Options.of("--serve")).isEqualTo(new Options(true, 8080, false));
        assertThat(Options.of("--with-parent", "--port=81", "--serve")).isEqualTo(new Options(true, 81, true));
    }

    @Test
    void aWrongPortIsRefused() {
        for (String port : new String[] {"http", "", "-1", "65536"}) {
            assertThatThrownBy(() -> Options.of("--port=" + port))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("not a port: " + port);
        }
    }

    @Test
    void aMisspeltOptionRunsNothing() {
        assertThat(errorsOf(2, "--sevre")).startsWith("unknown option: --sevre\noptions:\n  --serve ");
    }

    @Test
    void aPortThatIsTakenIsSaid() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, java.net.InetAddress.getByName("localhost"))) {
            assertThat(errorsOf(1, "--serve", "--port=" + taken.getLocalPort()))
                    .contains("port " + taken.getLocalPort() + " cannot be used (")
                    .endsWith("; choose another with --port=N" + System.lineSeparator());
        }
    }
}
