package io.coloop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A JVM of this one's mode that a test sends signals to. */
public final class SignalledJvm {
    private SignalledJvm() {}

    /** Skips the test where there is no {@code kill}. */
    public static void assumeSignalsCanBeSent() {
        assumeTrue(Files.isExecutable(Path.of("/bin/kill")) || Files.isExecutable(Path.of("/usr/bin/kill")));
    }

    /** Starts a program with one argument. It is killed after 40 seconds: a blocking read of what it prints does not see a test's time limit. */
    public static Process start(Class<?> program, String argument, String... options) throws IOException {
        List<String> command = new ArrayList<>();
        if (Files.isExecutable(Path.of("/usr/bin/env"))
                && System.getProperty("os.name").equals("Linux")) {
            command.addAll(
                    List.of("/usr/bin/env", "--default-signal=INT,HUP")); // a build in the background ignores them
        }
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        if (Loop.mode() == Mode.MOUNTED) {
            command.addAll(List.of("--add-opens", "java.base/java.lang=ALL-UNNAMED"));
        }
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName(), argument));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        CompletableFuture.delayedExecutor(40, TimeUnit.SECONDS).execute(process::destroyForcibly);
        return process;
    }

    /** Returns when the signal, without SIG, is sent. */
    public static void send(String signal, long pid) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + signal, "" + pid).start().waitFor())
                .isZero();
    }
}
