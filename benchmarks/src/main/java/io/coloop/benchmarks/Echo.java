package io.coloop.benchmarks;

import io.coloop.measuring.Bars;
import io.coloop.measuring.Marks;
import io.coloop.measuring.Processes;
import io.coloop.measuring.ProcessorTime;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * Messages sent back by one thread, with the load from a second process. Each kind of server runs in a process of its own, in turn, round by round.
 *
 * <p>Options: {@code --rounds=5}, {@code --seconds=3}, {@code --warm-up=4} (seconds), {@code --idle=50000} (connections), {@code --only=part} (of a server's name), {@code --scripts=directory} (of the servers for CPython and Node),
 * {@code --write=file} (puts the tables between the marks in that file, and a plot beside it), {@code --smoke} (a short run of each server).
 */
public final class Echo {
    private static final String OURS = "coloop";
    private static final int[][] LOADS = {{1, 64}, {64, 64}, {1000, 64}, {1, 16384}, {64, 16384}, {1000, 16384}};

    /**
     * A kind of server.
     *
     * @param name for the tables
     * @param target what coloop's throughput divided by its shall be at least; NaN for no target
     * @param command what starts it
     */
    private record Kind(String name, double target, List<String> command) {}

    /**
     * One run.
     *
     * @param perSecond messages
     * @param p99 in nanoseconds
     * @param cpu processor time of the server for each message, in nanoseconds
     */
    private record Run(double perSecond, double p99, double cpu) {}

    private final Options options;
    private final List<Kind> kinds = new ArrayList<>();
    private final List<String> lines = new ArrayList<>();

    private Echo(Options options) {
        this.options = options;
        kinds.add(new Kind(OURS, Double.NaN, jvm("coloop", Runs.Jvm.OPEN)));
        kinds.add(new Kind("coloop, hand-off", Double.NaN, jvm("coloop")));
        kinds.add(new Kind("coloop on Netty's loop", Double.NaN, jvm("coloop-hosted", Runs.Jvm.OPEN)));
        kinds.add(new Kind("Netty, NIO", 0.9, jvm("netty")));
        kinds.add(new Kind("virtual threads", 1.2, jvm("virtual-threads", Runs.Jvm.PARALLELISM + 1)));
        Path scripts = Path.of(options.value("scripts", "benchmarks"));
        script("CPython, asyncio", 5, "python3", scripts.resolve("asyncio_echo.py"));
        script("Node", 1.2, "node", scripts.resolve("node_echo.mjs"));
        kinds.removeIf(kind -> !kind.name.contains(options.value("only", "")) && !kind.name.equals(OURS));
    }

    private void script(String name, double target, String command, Path script) {
        try {
            new ProcessBuilder(command, "--version").start().waitFor(1, TimeUnit.MINUTES);
            kinds.add(new Kind(name, target, List.of(command, script.toString())));
        } catch (IOException notInstalled) {
            // no row
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static List<String> jvm(String server, String... flags) {
        List<String> command = java(flags);
        command.add(EchoServer.class.getName());
        command.add(server);
        return command;
    }

    private static List<String> java(String... flags) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(Runs.Jvm.arguments(List.of(flags)));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        return command;
    }

    /** Runs it. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Options options = new Options(List.of(args));
        Echo echo = new Echo(options);
        if (options.has("--smoke")) {
            for (Kind kind : echo.kinds) {
                System.out.println(kind.name + ": " + run(kind, new int[] {8, 64}, 0, 1));
            }
            return;
        }
        Map<String, double[]> bars = echo.speed(options.number("rounds", 5));
        echo.idle(options.number("idle", 50_000));
        echo.lines.forEach(System.out::println);
        String page = options.value("write", "");
        if (!page.isEmpty()) {
            Path file = Path.of(page);
            Marks.write(file, "echo: written by the benchmarks", String.join("\n", echo.lines) + "\n");
            Bars.write(
                    file.resolveSibling("echo.svg"),
                    "Messages sent back by one thread, thousands a second",
                    echo.kinds.stream().map(Kind::name).toList(),
                    bars);
        }
    }

    // ---- messages

    private Map<String, double[]> speed(int rounds) throws IOException, InterruptedException {
        lines.add(
                "| connections | bytes | server | messages/s | p99, ms | its CPU, µs | coloop's messages / its | target | |");
        lines.add("|---|---|---|---|---|---|---|---|---|");
        Map<String, double[]> bars = new LinkedHashMap<>();
        for (int[] load : LOADS) {
            Map<Kind, List<Run>> runs = new LinkedHashMap<>();
            kinds.forEach(kind -> runs.put(kind, new ArrayList<>()));
            for (int round = 0; round < rounds; round++) {
                for (Kind kind : kinds) {
                    runs.get(kind).add(run(kind, load, options.number("warm-up", 4), options.number("seconds", 3)));
                }
            }
            List<Run> ours = runs.get(kinds.getFirst());
            runs.forEach((kind, all) -> lines.add(row(load, kind, all, ours)));
            bars.put(
                    load[0] + " x " + load[1] + " B",
                    kinds.stream()
                            .mapToDouble(kind -> median(runs.get(kind), Run::perSecond) / 1000)
                            .toArray());
        }
        return bars;
    }

    private static String row(int[] load, Kind kind, List<Run> all, List<Run> ours) {
        double[] ratios = new double[all.size()];
        for (int round = 0; round < ratios.length; round++) {
            ratios[round] = ours.get(round).perSecond / all.get(round).perSecond;
        }
        Arrays.sort(ratios);
        double middle = ratios[ratios.length / 2];
        boolean compared = !kind.name.equals(OURS);
        boolean held = !Double.isNaN(kind.target);
        return format(
                "| %d | %d | %s | %,.0f | %.2f | %.1f | %s | %s | %s |",
                load[0],
                load[1],
                kind.name,
                median(all, Run::perSecond),
                median(all, Run::p99) / 1e6,
                median(all, Run::cpu) / 1e3,
                compared ? format("%.2f (%.2f-%.2f)", middle, ratios[0], ratios[ratios.length - 1]) : "",
                held ? format("%.1f", kind.target) : "",
                held ? middle >= kind.target ? "met" : "**missed**" : "");
    }

    private static Run run(Kind kind, int[] load, int warmUp, int seconds) throws IOException, InterruptedException {
        try (Peer server = Peer.start(kind.command);
                Peer loading = Peer.start(load(server.port(), load[0], load[1], warmUp, seconds))) {
            loading.line();
            long before = ProcessorTime.of(server.process).toNanos();
            String[] counted = loading.line().split(" ");
            double messages = Double.parseDouble(counted[0]);
            long cpu = ProcessorTime.of(server.process).toNanos() - before;
            return new Run(messages / seconds, Double.parseDouble(counted[1]), cpu / messages);
        }
    }

    private static List<String> load(int port, int... numbers) {
        List<String> command = java();
        command.add(EchoLoad.class.getName());
        command.add("" + port);
        Arrays.stream(numbers).forEach(number -> command.add("" + number));
        return command;
    }

    private static double median(List<Run> runs, ToDoubleFunction<Run> figure) {
        return runs.stream().mapToDouble(figure).sorted().toArray()[runs.size() / 2];
    }

    // ---- connections that do nothing

    private void idle(int connections) throws IOException, InterruptedException {
        int possible = Math.min(connections, openFiles() - 200);
        lines.add("");
        lines.add(format("| %,d idle connections | live heap, B each | resident, B each |", possible));
        lines.add("|---|---|---|");
        idle("coloop, which reads lines", jvm("coloop-lines", Runs.Jvm.OPEN), possible);
        idle("coloop, hand-off, which reads lines", jvm("coloop-lines"), possible);
        idle("coloop, with a buffer of its own", jvm("coloop", Runs.Jvm.OPEN, "-Dbuffer=512"), possible);
        idle("Netty, NIO", jvm("netty"), possible);
        idle("virtual threads, with a buffer of their own", jvm("virtual-threads", "-Dbuffer=512"), possible);
        for (Kind kind : kinds) {
            if (!kind.command.contains(EchoServer.class.getName())) {
                idle(kind.name, kind.command, possible);
            }
        }
    }

    private static int openFiles() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/limits"))) {
            if (line.startsWith("Max open files")) {
                return Integer.parseInt(line.split(" {2,}")[1].trim());
            }
        }
        throw new IOException("no limit of open files");
    }

    private void idle(String name, List<String> command, int connections) throws IOException, InterruptedException {
        boolean jvm = command.contains(EchoServer.class.getName());
        try (Peer server = Peer.start(command)) {
            int port = server.port();
            double heap = jvm ? server.ask() : Double.NaN;
            double resident = resident(server.process);
            try (Peer loading = Peer.start(load(port, connections, 64, 0, 0))) {
                loading.line();
                double heapAfter = jvm ? server.ask() : Double.NaN;
                lines.add(format(
                        "| %s | %s | %.0f |",
                        name,
                        jvm ? format("%.0f", (heapAfter - heap) / connections) : "",
                        (resident(server.process) - resident) / connections));
            }
        }
    }

    private static double resident(Process process) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
            if (line.startsWith("VmRSS")) {
                return Double.parseDouble(line.split("\\s+")[1]) * 1024;
            }
        }
        return Double.NaN;
    }

    // ----

    /** A process that is talked to by lines. */
    private record Peer(Process process, BufferedReader out, BufferedWriter in) implements AutoCloseable {
        static Peer start(List<String> command) throws IOException {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            return new Peer(process, process.inputReader(), process.outputWriter());
        }

        int port() throws IOException {
            return Integer.parseInt(line());
        }

        double ask() throws IOException {
            in.write("\n");
            in.flush();
            return Double.parseDouble(line());
        }

        String line() throws IOException {
            String line = out.readLine();
            if (line == null) {
                throw new IOException(process.info().commandLine().orElse("a process") + " has ended");
            }
            return line;
        }

        @Override
        public void close() {
            Processes.end(process);
        }
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
