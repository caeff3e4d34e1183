package io.coloop.benchmarks;

import io.coloop.Loop;
import io.coloop.Mode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.NoBenchmarksException;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Which benchmarks run in which kind of JVM. Together they are the whole suite, once. */
enum Runs {
    MOUNTED("mounted", List.of(Jvm.OPEN), Runs.OURS, List.of("coloop")),
    PEERS("peers", List.of(Jvm.OPEN), Runs.THEIRS, List.of("netty-nio", "netty-default", "netty", "jdk")),
    HAND_OFF("hand-off", List.of(), Runs.OURS, List.of("coloop")),
    HAND_OFF_2("hand-off, parallelism 2", List.of(Jvm.PARALLELISM + 2), Runs.SWITCHING, List.of()),
    HAND_OFF_1("hand-off, parallelism 1", List.of(Jvm.PARALLELISM + 1), Runs.SWITCHING, List.of());

    private static final String OURS =
            "\\.(RoundTrip|DoneAwait|Spawn|Groups|Sync|Gather|Bridges|Conversions|HostedYield|Execute|Timers)\\.";
    private static final String THEIRS =
            "\\.(BareVirtualThreads|VirtualThreads|Kotlinx|KotlinxBridges|AddonsConversions|AllOf|Execute|Timers)\\.";
    private static final String SWITCHING = "\\.(RoundTrip|Spawn)\\.";

    private static final Map<String, List<String>> TARGETS = Map.of(
            "executor",
            List.of("coloop", "netty-nio", "netty-default", "jdk"),
            "timers",
            List.of("coloop", "netty", "jdk"));

    final String label;
    private final List<String> flags;
    private final String include;
    private final List<String> targets;

    Runs(String label, List<String> flags, String include, List<String> targets) {
        this.label = label;
        this.flags = flags;
        this.include = include;
        this.targets = targets;
    }

    /** Those that need no other flags than this JVM has. */
    static List<Runs> possibleHere() {
        return Loop.mode() == Mode.MOUNTED ? List.of(MOUNTED, PEERS) : List.of(HAND_OFF);
    }

    /** Measures once, each benchmark in a JVM of its own. */
    List<Figure> forked(String pattern, double seconds) throws RunnerException {
        TimeValue iteration = TimeValue.milliseconds(Math.round(seconds * 1000 / 10));
        return run(
                pattern,
                options()
                        .forks(1)
                        .jvmArgs(Jvm.arguments(flags).toArray(String[]::new))
                        .warmupIterations(5)
                        .warmupTime(iteration)
                        .measurementIterations(5)
                        .measurementTime(iteration));
    }

    /** Measures briefly in this JVM. */
    List<Figure> here(String pattern) throws RunnerException {
        TimeValue iteration = TimeValue.milliseconds(100);
        return run(
                pattern,
                options()
                        .forks(0)
                        .warmupIterations(3)
                        .warmupTime(iteration)
                        .measurementIterations(1)
                        .measurementTime(iteration));
    }

    private ChainedOptionsBuilder options() {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .addProfiler(GCProfiler.class)
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT);
        TARGETS.forEach((parameter, all) ->
                options.param(parameter, all.stream().filter(targets::contains).toArray(String[]::new)));
        return options;
    }

    private List<Figure> run(String pattern, ChainedOptionsBuilder options) throws RunnerException {
        List<Figure> figures = new ArrayList<>();
        String both = "^(?=.*" + include + ")(?=.*(" + pattern + ")).*";
        try {
            for (RunResult result : new Runner(options.include(both).build()).run()) {
                figures.add(Figure.of(label, result));
            }
        } catch (NoBenchmarksException noneHere) {
            // the pattern is for other runs
        }
        return figures;
    }

    /** Command lines of other JVMs. */
    static final class Jvm {
        static final String OPEN = "--add-opens=java.base/java.lang=ALL-UNNAMED";
        static final String PARALLELISM = "-Djdk.virtualThreadScheduler.parallelism=";

        private Jvm() {}

        static List<String> arguments(List<String> flags) {
            List<String> arguments = new ArrayList<>(flags);
            arguments.add("--sun-misc-unsafe-memory-access=allow");
            arguments.add("-Xmx4g");
            return arguments;
        }
    }
}
