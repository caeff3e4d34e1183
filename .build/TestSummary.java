import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;

/**
 * Prints how many tests this build ran per module and mode, and fails if a module that has tests ran none of them in
 * one of the modes. The docs module, the last one, runs it from source.
 */
public final class TestSummary {
    private static final List<String> MODES = List.of("mounted", "hand-off", "model-check");
    private static final Pattern POM = Pattern.compile("@ ([^,\\]]*)[/\\\\]pom\\.xml");
    private static final Pattern TEST_FILE = Pattern.compile("(Test\\w*|\\w+(Test|Tests|TestCase))\\.(java|kt)");
    private static final String ROW = "%-28s %16s %16s %16s%n";

    private record Count(int run, int failed, int skipped) {
        Count plus(Count other) {
            return new Count(run + other.run, failed + other.failed, skipped + other.skipped);
        }

        @Override
        public String toString() {
            String text = run == 0 ? "-" : "" + run;
            text += failed == 0 ? "" : ", " + failed + " FAILED";
            return text + (skipped == 0 ? "" : ", " + skipped + " skipped");
        }
    }

    public static void main(String[] args) throws Exception {
        Instant started = Instant.parse(System.getProperty("build.started"));
        // Undefined, Maven leaves the expression as it is.
        boolean chosenTests = !System.getProperty("build.test").startsWith("${");
        Count[] totals =
                Stream.generate(() -> new Count(0, 0, 0)).limit(MODES.size()).toArray(Count[]::new);
        List<String> missing = new ArrayList<>();
        StringBuilder table = new StringBuilder();
        for (Path module : modules()) {
            Set<String> expected = expectedModes(module);
            if (expected.isEmpty()) {
                continue;
            }
            Count[] counts = new Count[MODES.size()];
            for (int i = 0; i < counts.length; i++) {
                String mode = MODES.get(i);
                counts[i] = count(module.resolve("target/surefire-reports").resolve(mode), started);
                totals[i] = totals[i].plus(counts[i]);
                if (counts[i].run() == 0 && expected.contains(mode) && !Boolean.getBoolean(mode + ".skip")) {
                    missing.add(module.getFileName() + " ran no test in mode " + mode);
                }
            }
            table.append(ROW.formatted(module.getFileName(), counts[0], counts[1], counts[2]));
        }
        System.out.println();
        System.out.printf(ROW, "Tests run", MODES.get(0), MODES.get(1), MODES.get(2));
        System.out.print(table);
        System.out.printf(ROW, "total", totals[0], totals[1], totals[2]);
        System.out.println();
        if (!chosenTests && !missing.isEmpty()) {
            missing.forEach(line -> System.out.println("ERROR: " + line));
            System.exit(1);
        }
    }

    /** The folders of the modules in this build, in its order. */
    private static List<Path> modules() {
        List<Path> modules = new ArrayList<>();
        Matcher matcher = POM.matcher(System.getProperty("build.projects"));
        while (matcher.find()) {
            modules.add(Path.of(matcher.group(1)));
        }
        return modules;
    }

    private static Set<String> expectedModes(Path module) throws IOException {
        Set<String> modes = new TreeSet<>();
        Path tests = module.resolve("src/test");
        if (!Files.isDirectory(tests)) {
            return modes;
        }
        try (Stream<Path> files = Files.walk(tests)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                if (!TEST_FILE.matcher(file.getFileName().toString()).matches()) {
                    continue;
                }
                if (Files.readString(file).contains("@Tag(\"lincheck\")")) {
                    modes.add("model-check");
                } else {
                    modes.addAll(List.of("mounted", "hand-off"));
                }
            }
        }
        return modes;
    }

    /** Counts what the reports written since the build started say: older ones may be of tests that are gone. */
    private static Count count(Path reports, Instant started) throws Exception {
        Count count = new Count(0, 0, 0);
        if (!Files.isDirectory(reports)) {
            return count;
        }
        try (Stream<Path> files = Files.list(reports)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                String name = file.getFileName().toString();
                if (name.startsWith("TEST-")
                        && name.endsWith(".xml")
                        && !Files.getLastModifiedTime(file).toInstant().isBefore(started)) {
                    count = count.plus(read(file));
                }
            }
        }
        return count;
    }

    private static Count read(Path report) throws Exception {
        Element suite = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(report.toFile())
                .getDocumentElement();
        int skipped = number(suite, "skipped");
        return new Count(
                number(suite, "tests") - skipped, number(suite, "failures") + number(suite, "errors"), skipped);
    }

    private static int number(Element suite, String attribute) {
        return Integer.parseInt(suite.getAttribute(attribute));
    }
}
