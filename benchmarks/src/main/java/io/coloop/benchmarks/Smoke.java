package io.coloop.benchmarks;

import io.coloop.Loop;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import org.openjdk.jmh.runner.RunnerException;

/**
 * Runs every benchmark that this JVM's flags allow, briefly and in this JVM, so that none rots; and compares what coloop allocates per operation with
 * {@code allocations.properties}. Times mean nothing here.
 */
final class Smoke {
    private static final int MORE_RUNS = 3; // of what allocates too much
    private static final double SLACK = 1; // bytes: what the start of a batch costs, spread over its operations

    private Smoke() {}

    static void run() throws RunnerException, IOException {
        Properties committed = committed();
        List<String> problems = new ArrayList<>();
        for (Runs runs : Runs.possibleHere()) {
            Set<String> exceeding = check(committed, runs, "", problems);
            for (int again = 0; again < MORE_RUNS && !exceeding.isEmpty(); again++) { // the compiler may not be done
                problems.clear();
                exceeding = check(committed, runs, String.join("|", exceeding), problems);
            }
            if (!problems.isEmpty()) {
                System.err.println(String.join("\n", problems));
                System.exit(1);
            }
        }
        System.out.println("benchmarks run, " + Loop.mode());
        System.exit(0);
    }

    /** Runs those of a pattern; the problems get what is wrong, and a pattern of each that allocates too much is returned. */
    private static Set<String> check(Properties committed, Runs runs, String pattern, List<String> problems)
            throws RunnerException {
        Set<String> exceeding = new LinkedHashSet<>();
        for (Figure figure : runs.here(pattern)) {
            String limit = committed.getProperty(figure.name().replace(' ', '/'));
            System.out.printf("%-45s %8.1f B%s%n", figure.name(), figure.bytes(), limit == null ? "" : "  <= " + limit);
            if (limit != null && !(figure.bytes() <= Double.parseDouble(limit) + SLACK)) {
                exceeding.add(figure.name().substring(runs.label.length() + 1).replaceFirst(" .*", "") + "$");
                problems.add("%s allocates %.1f B per operation, committed are %s"
                        .formatted(figure.name(), figure.bytes(), limit));
            }
        }
        return exceeding;
    }

    private static Properties committed() throws IOException {
        Properties properties = new Properties();
        try (InputStream file = Smoke.class.getResourceAsStream("allocations.properties")) {
            properties.load(Objects.requireNonNull(file));
        }
        return properties;
    }
}
