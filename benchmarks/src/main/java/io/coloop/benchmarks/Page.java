package io.coloop.benchmarks;

import io.coloop.benchmarks.Figures.Spread;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The tables of {@code docs/performance.md}. */
final class Page {
    private static final int FEW_ROUNDS = 3;
    private static final double NO_TARGET = Double.POSITIVE_INFINITY;

    /** Compared with a peer's time, or (no peer) with a number of nanoseconds. */
    private record Row(String what, String ours, String against, String peer, double limit) {}

    private static final List<Row> ROWS = rows();

    private Page() {}

    private static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        String mounted = "mounted RoundTrip.";
        rows.add(new Row(
                "yield, two tasks",
                mounted + "yieldTwoTasks",
                "bare virtual threads on one queue",
                "peers BareVirtualThreads.yieldTwoFibers",
                1.15));
        rows.add(new Row(
                "yield, one task",
                mounted + "yieldAlone",
                "bare virtual thread on one queue",
                "peers BareVirtualThreads.yieldAlone",
                1.15));
        rows.add(new Row(
                "ping-pong through promises",
                mounted + "pingPong",
                "bare virtual threads, no promises",
                "peers BareVirtualThreads.pingPong",
                1.15));
        rows.add(new Row(
                "ping-pong through promises",
                mounted + "pingPong",
                "default virtual threads, park and unpark",
                "peers VirtualThreads.pingPong",
                NO_TARGET));
        rows.add(new Row(
                "ping-pong through promises",
                mounted + "pingPong",
                "kotlinx, `runBlocking`",
                "peers Kotlinx.pingPong",
                NO_TARGET));
        rows.add(new Row(
                "yield, one task",
                mounted + "yieldAlone",
                "default virtual threads, `Thread.yield`",
                "peers VirtualThreads.yieldAlone",
                NO_TARGET));
        rows.add(new Row(
                "yield, one task",
                mounted + "yieldAlone",
                "kotlinx `yield`, `runBlocking`",
                "peers Kotlinx.yieldAlone",
                NO_TARGET));
        rows.add(new Row(
                "yield, one task",
                mounted + "yieldAlone",
                "kotlinx `yield`, single-threaded executor",
                "peers Kotlinx.yieldAloneOnExecutor",
                NO_TARGET));
        rows.add(new Row("completed by a callback", mounted + "completedByCallback", "", "", NO_TARGET));
        for (String handOff : List.of(Runs.HAND_OFF_1.label, Runs.HAND_OFF_2.label)) {
            for (String switching : List.of("yieldTwoTasks", "yieldAlone", "pingPong", "completedByCallback")) {
                rows.add(new Row(switching, handOff + " RoundTrip." + switching, "mounted", mounted + switching, 4));
            }
        }
        rows.add(new Row(
                "yield, two tasks",
                mounted + "yieldTwoTasks",
                "CPython `asyncio.sleep(0)`",
                "asyncio yieldAlone",
                1 / 7.0));
        rows.add(new Row(
                "yield, two tasks",
                Runs.HAND_OFF_2.label + " RoundTrip.yieldTwoTasks",
                "CPython `asyncio.sleep(0)`",
                "asyncio yieldAlone",
                0.5));
        rows.add(new Row(
                "ping-pong through promises", mounted + "pingPong", "CPython, futures", "asyncio pingPong", 1 / 7.0));
        rows.add(new Row(
                "yield, two tasks", mounted + "yieldTwoTasks", "Node `setImmediate`", "node setImmediate", NO_TARGET));
        rows.add(new Row(
                "yield, two tasks", mounted + "yieldTwoTasks", "Node `await null`", "node awaitNull", NO_TARGET));
        rows.add(new Row("await on a done future", "mounted DoneAwait.doneFuture", "", "", 10));
        rows.add(new Row("await on a done future", "hand-off DoneAwait.doneFuture", "", "", 10));
        for (String mode : List.of("mounted", "hand-off")) {
            for (String producers : List.of("oneProducer", "twoProducers")) {
                String ours = mode + " Execute." + producers + " coloop";
                rows.add(new Row(
                        "execute, " + producers, ours, "Netty, NIO", "peers Execute." + producers + " netty-nio", 1));
                rows.add(new Row(
                        "execute, " + producers,
                        ours,
                        "Netty, `DefaultEventLoop`",
                        "peers Execute." + producers + " netty-default",
                        1));
                rows.add(new Row(
                        "execute, " + producers,
                        ours,
                        "`ScheduledThreadPoolExecutor`",
                        "peers Execute." + producers + " jdk",
                        NO_TARGET));
            }
        }
        for (String timers : List.of("setMillionThenCancel", "setAndCancel", "setAndFire")) {
            rows.add(new Row(
                    "timers, " + timers,
                    "mounted Timers." + timers + " coloop",
                    "Netty",
                    "peers Timers." + timers + " netty",
                    1));
            rows.add(new Row(
                    "timers, " + timers,
                    "mounted Timers." + timers + " coloop",
                    "`ScheduledThreadPoolExecutor`",
                    "peers Timers." + timers + " jdk",
                    1));
        }
        rows.add(new Row(
                "spawn and await",
                "mounted Spawn.spawnAndAwait",
                "bare virtual thread, start only",
                "peers BareVirtualThreads.startAndEnd",
                NO_TARGET));
        rows.add(new Row(
                "spawn and await",
                "mounted Spawn.spawnAndAwait",
                "default virtual thread, start and join",
                "peers VirtualThreads.startAndJoin",
                NO_TARGET));
        rows.add(new Row(
                "spawn and await",
                "mounted Spawn.spawnAndAwait",
                "kotlinx `async {}.await()`",
                "peers Kotlinx.asyncAndAwait",
                NO_TARGET));
        rows.add(new Row(
                "spawn and await",
                "hand-off Spawn.spawnAndAwait",
                "default virtual thread, start and join",
                "peers VirtualThreads.startAndJoin",
                NO_TARGET));
        rows.add(new Row("spawn all, then await", "mounted Spawn.spawnAllThenAwait", "", "", NO_TARGET));
        addSync(rows);
        addGather(rows);
        for (String mode : List.of("mounted", "hand-off")) {
            rows.add(new Row(
                    "a group of ten tasks",
                    mode + " Groups.inAGroup",
                    "ten tasks by hand",
                    mode + " Groups.byHand",
                    1.5));
        }
        addBridges(rows);
        for (String mode : List.of("mounted", "hand-off")) {
            for (String host : List.of("netty", "jdk")) {
                rows.add(new Row(
                        "yield, hosted on " + host, mode + " HostedYield.yieldAlone " + host, "", "", NO_TARGET));
            }
        }
        return List.copyOf(rows);
    }

    private static void addBridges(List<Row> rows) {
        Map<String, String> peers = new LinkedHashMap<>();
        peers.put("awaitMonoLater", "kotlinx `awaitSingle`");
        peers.put("awaitMonoReady", "kotlinx `awaitSingle`");
        peers.put("monoFromBody", "kotlinx `mono {}`");
        peers.put("iterateFlux", "kotlinx `asFlow().collect`");
        peers.put("fluxFromBody", "kotlinx `flux {}`");
        peers.put("awaitSingleLater", "kotlinx `Single.await`");
        peers.put("singleFromBody", "kotlinx `rxSingle {}`");
        peers.put("iterateFlowable", "kotlinx `asFlow().collect`");
        peers.put("flowableFromBody", "kotlinx `rxFlowable {}`");
        peers.put("suspendAwaitsFuture", "kotlinx `CompletionStage.await`");
        peers.put("suspendToFuture", "kotlinx `future {}.await()`");
        for (String conversion : List.of("monoToSingle", "singleToMono")) {
            rows.add(new Row(
                    "bridges, " + conversion,
                    "mounted Conversions." + conversion,
                    "reactor-addons",
                    "peers AddonsConversions." + conversion,
                    1));
        }
        for (String mode : List.of("mounted", "hand-off")) {
            double limit = mode.equals("mounted") ? 1 : NO_TARGET;
            peers.forEach((bridge, peer) -> rows.add(new Row(
                    "bridges, " + bridge, mode + " Bridges." + bridge, peer, "peers KotlinxBridges." + bridge, limit)));
            for (String bridge : List.of("fluxFromBody", "flowableFromBody")) {
                rows.add(new Row(
                        "bridges, " + bridge + ", 64 at a time",
                        mode + " Bridges." + bridge + "Together",
                        peers.get(bridge),
                        "peers KotlinxBridges." + bridge,
                        limit));
            }
        }
    }

    private static void addGather(List<Row> rows) {
        for (String mode : List.of("mounted", "hand-off")) {
            for (String size : List.of("10", "100", "1000", "10000")) {
                rows.add(new Row(
                        "gather, " + size + " at a time",
                        mode + " Gather.doneLater " + size,
                        "`CompletableFuture.allOf`",
                        "peers AllOf.doneLater " + size,
                        NO_TARGET));
            }
        }
    }

    private static void addSync(List<Row> rows) {
        Map<String, String> pairs = Map.of(
                "lock", "lock: acquire and release",
                "semaphore", "semaphore: acquire and release",
                "queue", "queue: put and get");
        for (String pair : List.of("lock", "semaphore", "queue")) {
            for (String mode : List.of("mounted", "hand-off")) {
                rows.add(new Row(pairs.get(pair), mode + " Sync." + pair, "", "", 30));
            }
            rows.add(new Row(pairs.get(pair), "mounted Sync." + pair, "CPython", "asyncio " + pair, NO_TARGET));
        }
        rows.add(new Row("lock in a `try`", "mounted Sync.lockInTry", "", "", 30));
        Map<String, String> handOvers =
                Map.of("lockHandOver", "lock handed from task to task", "queueHandOver", "queue, item by item");
        for (String handOver : List.of("lockHandOver", "queueHandOver")) {
            for (String mode : List.of("mounted", "hand-off")) {
                rows.add(new Row(
                        handOvers.get(handOver),
                        mode + " Sync." + handOver,
                        "ping-pong through promises",
                        mode + " RoundTrip.pingPong",
                        1.3));
            }
            rows.add(new Row(
                    handOvers.get(handOver), "mounted Sync." + handOver, "CPython", "asyncio " + handOver, NO_TARGET));
        }
    }

    /** What the figures below are of, and what they are worth. */
    static List<String> provenance(int rounds, double seconds) {
        String of = String.format(
                Locale.ROOT,
                "These figures are of %d %s with %s s for each benchmark in each.",
                rounds,
                rounds == 1 ? "round" : "rounds",
                seconds == Math.rint(seconds) ? String.valueOf(Math.round(seconds)) : String.valueOf(seconds));
        return List.of(
                rounds < FEW_ROUNDS
                        ? of
                                + " **Single rows can be off by a third either way, and a \"met\" or \"missed\" near its limit means little.**"
                        : of,
                "");
    }

    static List<String> speed(Figures figures) {
        List<String> lines = new ArrayList<>();
        lines.add("| what | mode | ns | B | beside | its ns | its B | ours / its | target | |");
        lines.add("|---|---|---|---|---|---|---|---|---|---|");
        for (Row row : ROWS) {
            boolean alone = row.peer.isEmpty();
            if (figures.has(row.ours) && (alone || figures.has(row.peer))) {
                Spread judged = alone ? figures.nanos(row.ours) : figures.ratio(row.ours, row.peer);
                lines.add(("| " + row.what + " | " + row.ours.replaceFirst(" [A-Z].*", "") + " | "
                        + number(figures.nanos(row.ours).median()) + " | "
                        + number(figures.bytes(row.ours).median()) + " | "
                        + (alone
                                ? "| | | |"
                                : row.against + " | "
                                        + number(figures.nanos(row.peer).median()) + " | "
                                        + number(figures.bytes(row.peer).median()) + " | " + judgedText(judged) + " |")
                        + " " + target(row, judged) + " |"));
            }
        }
        return lines;
    }

    private static String judgedText(Spread spread) {
        String median = String.format(Locale.ROOT, "%.2f", spread.median());
        return spread.rounds() == 1
                ? median
                : median + String.format(Locale.ROOT, " (%.2f-%.2f)", spread.least(), spread.most());
    }

    private static String target(Row row, Spread judged) {
        if (row.limit == NO_TARGET) {
            return "|";
        }
        String limit = row.peer.isEmpty() ? number(row.limit) + " ns" : String.format(Locale.ROOT, "%.2f", row.limit);
        return limit + " | " + (judged.median() <= row.limit ? "met" : "**missed**");
    }

    private static String number(double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, value < 10 ? "%.1f" : "%.0f", value);
    }
}
