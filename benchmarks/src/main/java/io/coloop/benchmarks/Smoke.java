package io.coloop.benchmarks;

import io.coloop.Loop;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import org.openjdk.jmh.runner.RunnerException;

/**
 * Runs every benchmark that this JVM's flags allow, briefly and in this JVM, so that none rots; and compares what coloop allocates per operation with
 * {@code allocations.properties}. Times mean nothing here.
 */
final class Smoke {
    private static final double SLACK = 1; // bytes: what the start of a batch costs, spread over its operations

    private Smoke() {}

    static void run() throws RunnerException, IOException {
        Properties committed = committed();
        List<String> problems = new ArrayList<>();
        for (Runs runs : Runs.possibleHere()) {
            for (Figure figure : runs.here("")) {
                String limit = committed.getProperty(figure.name().replace(' ', '/'));
                System.out.printf(
                        "%-45s %8.1f B%s%n", figure.name(), figure.bytes(), limit == null ? "" : "  <= " + limit);
                if (limit != null && !(figure.bytes() <= Double.parseDouble(limit) + SLACK)) {
                    problems.add("%s allocates %.1f B per operation, committed are %s"
                            .formatted(figure.name(), figure.bytes(), limit));
                }
            }
        }
        if (!problems.isEmpty()) {
            System.err.println(String.join("\n", problems));
            System.exit(1);
        }
        System.out.println("benchmarks run, " + Loop.mode());
        System.exit(0);
    }

    private static Properties committed() throws IOException {
        Properties properties = new Properties();
        try (InputStream file = Smoke.class.getResourceAsStream("allocations.properties")) {
            properties.load(Objects.requireNonNull(file));
        }
        return properties;
    }
}
