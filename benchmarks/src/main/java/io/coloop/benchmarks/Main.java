package io.coloop.benchmarks;

import io.coloop.measuring.Marks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.runner.RunnerException;

/**
 * Measures everything and prints the tables of {@code docs/performance.md}.
 *
 * <p>Options: {@code --smoke} (a short run, in this JVM, with a check of allocations), {@code --rounds=5}, {@code --seconds=4} (of each benchmark in each
 * round), {@code --only=regex}, {@code --scripts=directory} (of the scripts for CPython and Node), {@code --write=file} (puts the tables between
 * the marks in that file).
 */
public final class Main {
    private Main() {}

    /** Runs it. */
    public static void main(String[] args) throws RunnerException, IOException, InterruptedException {
        Options options = new Options(List.of(args));
        if (options.has("--smoke")) {
            Smoke.run();
            return;
        }
        Figures figures = new Figures();
        int rounds = options.number("rounds", 5);
        double seconds = Double.parseDouble(options.value("seconds", "4"));
        for (int round = 1; round <= rounds; round++) {
            for (Runs runs : Runs.values()) {
                System.out.println("round " + round + " of " + rounds + ": " + runs.label);
                figures.add(runs.forked(options.value("only", ""), seconds));
            }
            figures.add(script("asyncio", "python3", options, "asyncio_yield.py"));
            figures.add(script("node", "node", options, "node_yield.mjs"));
        }
        List<String> lines = new ArrayList<>(Page.provenance(rounds, seconds));
        lines.addAll(Page.speed(figures));
        lines.addAll(memory());
        lines.forEach(System.out::println);
        String page = options.value("write", "");
        if (!page.isEmpty()) {
            Marks.write(Path.of(page), "figures: written by the benchmarks", String.join("\n", lines) + "\n");
        }
    }

    /** What a script prints: a name and nanoseconds per line. Nothing if the command is not installed. */
    private static List<Figure> script(String label, String command, Options options, String file)
            throws IOException, InterruptedException {
        List<Figure> figures = new ArrayList<>();
        Path script = Path.of(options.value("scripts", "benchmarks"), file);
        for (String line : Files.exists(script) ? output(List.of(command, script.toString())) : List.<String>of()) {
            String[] words = line.split(" ");
            figures.add(new Figure(label + " " + words[0], Double.parseDouble(words[1]), Double.NaN));
        }
        return figures;
    }

    private static List<String> memory() throws IOException, InterruptedException {
        List<String> lines = new ArrayList<>(List.of(
                "",
                "| a million parked | live heap, B each | resident, MiB | at its peak, MiB |",
                "|---|---|---|---|"));
        lines.add(parked("coloop tasks, mounted", "coloop", List.of(Runs.Jvm.OPEN)));
        lines.add(parked("coloop tasks, hand-off", "coloop", List.of()));
        lines.add(parked("coloop tasks in `Queue.get`, mounted", "queue", List.of(Runs.Jvm.OPEN)));
        lines.add(parked("coloop tasks in `Queue.get`, hand-off", "queue", List.of()));
        lines.add(parked("default virtual threads", "virtual-threads", List.of()));
        lines.add(parked("kotlinx coroutines", "kotlinx", List.of()));
        return lines;
    }

    private static String parked(String what, String kind, List<String> flags)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(Runs.Jvm.arguments(flags));
        command.addAll(
                List.of("-cp", System.getProperty("java.class.path"), ParkedTasks.class.getName(), kind, "1000000"));
        return "| " + what + " | " + output(command).getLast().replace(" ", " | ") + " |";
    }

    private static List<String> output(List<String> command) throws IOException, InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException notInstalled) {
            return List.of();
        }
        List<String> lines = process.inputReader().lines().toList();
        if (!process.waitFor(5, TimeUnit.MINUTES) || process.exitValue() != 0) {
            throw new IllegalStateException(command + " failed: " + lines);
        }
        return lines;
    }
}
