package io.coloop.examples.shop;

import io.coloop.measuring.Processes;
import io.coloop.measuring.ProcessorTime;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A server in a JVM of its own: the shop, or its suppliers. */
final class ServerProcess implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin");

    private final Process process;
    private final int port;

    private ServerProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    static ServerProcess suppliers(Path jar, Duration delay) throws IOException, InterruptedException {
        int port = freePort();
        return start(port, List.of("-Xmx512m", "-jar", jar.toString(), "suppliers", "" + port, "" + delay.toMillis()));
    }

    /**
     * @param mounted with {@code java.lang} open, as the jar's manifest says; else started in a way that does not read it
     */
    static ServerProcess shop(Path jar, int loops, boolean mounted, ServerProcess suppliers)
            throws IOException, InterruptedException {
        int port = freePort();
        List<String> command = new ArrayList<>(List.of("-Xmx2g", "-Dreactor.netty.ioWorkerCount=" + loops));
        if (mounted) {
            command.addAll(List.of("-jar", jar.toString()));
        } else {
            command.addAll(List.of("-cp", jar.toString(), "org.springframework.boot.loader.launch.JarLauncher"));
        }
        command.addAll(
                List.of("--server.port=" + port, "--logging.level.root=warn", "--shop.suppliers=" + suppliers.url()));
        return start(port, command);
    }

    private static ServerProcess start(int port, List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(JAVA.resolve("java").toString()));
        command.addAll(arguments);
        File log = File.createTempFile("shop", ".log");
        log.deleteOnExit();
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log)
                .start();
        ServerProcess server = new ServerProcess(process, port);
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!server.answers()) {
            if (!process.isAlive() || System.nanoTime() > end) {
                process.destroyForcibly();
                throw new IOException("the server did not start: " + Files.readString(log.toPath()));
            }
            process.waitFor(50, TimeUnit.MILLISECONDS);
        }
        return server;
    }

    private static int freePort() throws IOException {
        try (ServerSocket any = new ServerSocket(0)) {
            return any.getLocalPort();
        }
    }

    private boolean answers() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("localhost", port), 1_000);
            return true;
        } catch (IOException notYet) {
            return false;
        }
    }

    int port() {
        return port;
    }

    String url() {
        return "http://localhost:" + port;
    }

    /** The processor time of all its threads. */
    Duration cpu() throws IOException {
        return ProcessorTime.of(process);
    }

    /** That of the threads that compile. */
    Duration compiling() throws IOException {
        return ProcessorTime.ofCompilers(process);
    }

    /** The heap in bytes that is live after a full collection. */
    long liveHeap() throws IOException {
        String histogram = jcmd("GC.class_histogram");
        String total = histogram
                .lines()
                .filter(line -> line.startsWith("Total"))
                .findFirst()
                .orElseThrow();
        return Long.parseLong(total.trim().split("\\s+")[2]);
    }

    private String jcmd(String command) throws IOException {
        Process jcmd = new ProcessBuilder(JAVA.resolve("jcmd").toString(), "" + process.pid(), command)
                .redirectErrorStream(true)
                .start();
        return new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        Processes.end(process);
    }
}
