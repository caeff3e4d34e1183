package io.coloop.examples.shop;

import io.coloop.measuring.Bars;
import io.coloop.measuring.Marks;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Measures the four ways beside one another: processor time of the server's process for each request, and latency, under a load from another process. Server, suppliers and load each have a JVM of their
 * own; the ways alternate in one server, round by round.
 */
final class Measure {
    private static final List<String> WAYS = List.of("await", "chain", "suspend", "block");
    private static final Map<String, String> WORK = new LinkedHashMap<>();
    private static final int MOST_WARM_UPS = 10;
    private static final double QUIET_COMPILER = 0.01;
    private static final Duration WARM_UP = Duration.ofSeconds(2);
    private static final Duration SLOW = Duration.ofSeconds(25);
    private static final Duration BEGINNING = Duration.ofSeconds(5);

    static {
        WORK.put("products/7", "three calls, one after the other");
        WORK.put("products/7/offers", "three calls at once");
        WORK.put("products/4/row", "a row of the database");
    }

    private final Path jar;
    private final int rounds;
    private final Duration seconds;
    private final int connections;
    private final int rate;
    private final int slow;
    private final StringBuilder table = new StringBuilder();
    private final Map<String, double[]> bars = new LinkedHashMap<>();

    private Measure(Map<String, String> options) {
        jar = Path.of(options.get("jar"));
        rounds = Integer.parseInt(options.getOrDefault("rounds", "7"));
        seconds = Duration.ofSeconds(Long.parseLong(options.getOrDefault("seconds", "2")));
        connections = Integer.parseInt(options.getOrDefault("connections", "32"));
        rate = Integer.parseInt(options.getOrDefault("rate", "1000"));
        slow = Integer.parseInt(options.getOrDefault("slow", "10000"));
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Map<String, String> options = new LinkedHashMap<>();
        for (String argument : arguments) {
            String[] pair = argument.replaceFirst("^--", "").split("=", 2);
            options.put(pair[0], pair[1]);
        }
        Measure measure = new Measure(options);
        String servers = options.getOrDefault("servers", "mounted:1,mounted:2,hand-off:1");
        for (String each : servers.equals("none") ? new String[0] : servers.split(",")) {
            String[] server = each.split(":");
            measure.requests(server[0], Integer.parseInt(server[1]));
        }
        if (measure.slow > 0) {
            measure.inFlight();
        }
        System.out.println(measure.table);
        String page = options.get("write");
        if (page != null) {
            Path file = Path.of(page);
            Marks.write(file, "webflux: written by Measure", measure.table.toString());
            Bars.write(
                    file.resolveSibling("webflux.svg"),
                    format("CPU time of a request, µs (%,d a second, one event loop, mounted)", measure.rate),
                    WAYS,
                    measure.bars);
        }
    }

    // ---- processor time and latency

    private void requests(String mode, int loops) throws IOException, InterruptedException {
        String where = mode + ", " + (loops == 1 ? "one event loop" : loops + " event loops");
        try (ServerProcess suppliers = ServerProcess.suppliers(jar, Duration.ZERO);
                ServerProcess shop = ServerProcess.shop(jar, loops, mode.equals("mounted"), suppliers);
                Load load = new Load(connections, shop.url())) {
            int passes = 0;
            while (compilingShare(shop, load) > QUIET_COMPILER && ++passes < MOST_WARM_UPS) {
                // all of it before anything is measured: they share most of their code
            }
            table(where, shop, load, rate, mode.equals("mounted") && loops == 1);
            table(where, shop, load, 0, false);
        }
    }

    /** The compiler's share of the processor time of a pass. */
    private double compilingShare(ServerProcess shop, Load load) throws IOException {
        Duration cpu = shop.cpu();
        Duration compiling = shop.compiling();
        for (String path : WORK.keySet()) {
            for (String way : WAYS) {
                load.run(path(way, path), WARM_UP);
            }
        }
        double share = (double) shop.compiling().minus(compiling).toNanos()
                / shop.cpu().minus(cpu).toNanos();
        System.err.println(format("the compiler took %.1f %% of a warm-up", 100 * share));
        return share;
    }

    private void table(String where, ServerProcess shop, Load load, int perSecond, boolean drawn) throws IOException {
        heading(where + ", "
                + (perSecond == 0 ? "as many requests as it can" : format("%,d requests a second", perSecond)));
        table.append(
                "| what | way | CPU, µs | p50, ms | p99, ms | requests/s | await's CPU / its |\n|---|---|---|---|---|---|---|\n");
        for (String path : WORK.keySet()) {
            Map<String, List<Round>> measured = new LinkedHashMap<>();
            WAYS.forEach(way -> measured.put(way, new ArrayList<>()));
            for (int round = 0; round < rounds; round++) {
                for (int turn = 0; turn < WAYS.size(); turn++) { // each way follows each other
                    String way = WAYS.get((turn + round) % WAYS.size());
                    measured.get(way).add(round(shop, load, path(way, path), perSecond));
                }
            }
            rows(path, measured);
            if (drawn) {
                bars.put(
                        WORK.get(path),
                        WAYS.stream()
                                .mapToDouble(way -> median(measured.get(way), Round::cpu))
                                .toArray());
            }
        }
    }

    /**
     * One way, for some seconds.
     *
     * @param cpu microseconds of processor time for each request
     */
    private record Round(double cpu, double p50, double p99, double perSecond) {}

    private Round round(ServerProcess shop, Load load, String path, int perSecond) throws IOException {
        Duration before = shop.cpu();
        long begin = System.nanoTime();
        Load.Outcome outcome = load.run(path, seconds, perSecond);
        double took = (System.nanoTime() - begin) / 1e9;
        double cpu = shop.cpu().minus(before).toNanos() / 1e3 / outcome.requests();
        if (outcome.errors() > 0) {
            throw new IllegalStateException(path + ": " + outcome);
        }
        return new Round(cpu, outcome.p50() / 1e6, outcome.p99() / 1e6, outcome.requests() / took);
    }

    private void rows(String path, Map<String, List<Round>> measured) {
        List<Round> ours = measured.get("await");
        measured.forEach((way, each) -> {
            double[] ratios = new double[rounds];
            for (int round = 0; round < rounds; round++) {
                ratios[round] = ours.get(round).cpu() / each.get(round).cpu();
            }
            Arrays.sort(ratios);
            String ratio = way.equals("await")
                    ? ""
                    : format("%.2f (%.2f-%.2f)", ratios[rounds / 2], ratios[0], ratios[rounds - 1]);
            table.append(format(
                    "| %s | %s | %.0f | %.1f | %.1f | %.0f | %s |\n",
                    WORK.get(path),
                    way,
                    median(each, Round::cpu),
                    median(each, Round::p50),
                    median(each, Round::p99),
                    median(each, Round::perSecond),
                    ratio));
        });
        System.err.println(WORK.get(path) + " measured");
    }

    // ---- memory

    private void inFlight() throws IOException, InterruptedException {
        heading(format("%,d slow requests at once, one event loop, mounted", slow));
        table.append("| way | live heap for each, B | answered well | await's / its |\n|---|---|---|---|\n");
        Map<String, double[]> each = new LinkedHashMap<>();
        for (String way : List.of("chain", "await", "suspend", "block")) {
            try (ServerProcess suppliers = ServerProcess.suppliers(jar, Duration.ZERO);
                    ServerProcess shop = ServerProcess.shop(jar, 1, true, suppliers);
                    Load load = new Load(slow, shop.url())) {
                load.once(path(way, "slow/" + 2 * BEGINNING.toMillis()), BEGINNING, new AtomicLong())
                        .block(Duration.ofMinutes(2)); // connects all
                long before = shop.liveHeap();
                AtomicLong answered = new AtomicLong();
                var all = load.once(path(way, "slow/" + SLOW.toMillis()), BEGINNING, answered)
                        .toFuture();
                Thread.sleep(SLOW.toMillis() / 2);
                long during = shop.liveHeap();
                if (answered.get() > 0) {
                    throw new IllegalStateException(
                            way + ": some were answered while the rest was still being measured: " + answered);
                }
                int errors = all.join();
                each.put(way, new double[] {(double) (during - before) / slow, slow - errors});
            }
        }
        for (String way : WAYS) {
            double[] figures = each.get(way);
            table.append(format(
                    "| %s | %.0f | %,.0f of %,d | %s |\n",
                    way,
                    figures[0],
                    figures[1],
                    slow,
                    way.equals("await") ? "" : format("%.2f", each.get("await")[0] / figures[0])));
        }
    }

    // ----

    private void heading(String text) {
        table.append("\n### ")
                .append(Character.toUpperCase(text.charAt(0)))
                .append(text.substring(1))
                .append("\n\n");
    }

    private static String path(String way, String path) {
        return "/" + way + "/" + path;
    }

    private static double median(List<Round> rounds, java.util.function.ToDoubleFunction<Round> figure) {
        double[] sorted = rounds.stream().mapToDouble(figure).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
