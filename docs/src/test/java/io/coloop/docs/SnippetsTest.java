package io.coloop.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Every Java and Kotlin block of the guides and the modules' READMEs is a region of a test that runs. {@code -Dsnippets=update} writes the regions into them.
 *
 * <p>A guide says {@code <!-- snippet: File.java#region -->} before the block, where the file is a test source of any module; a test says
 * {@code // region name} and {@code // endregion}. What a guide says without a block names the tests behind it, which must exist:
 * {@code <!-- test: FileTest#method, OtherTest#method -->}.
 */
@Tag("one-mode")
class SnippetsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final int MAX_DEPTH = 12;
    private static final Pattern BLOCK = Pattern.compile(
            "(?:<!-- snippet: (?<file>\\w+\\.(?:java|kt))#(?<region>[\\w-]+) -->\\n)?```(?<language>java|kotlin)\\n(?<code>.*?)```",
            Pattern.DOTALL);
    private static final Pattern TESTS = Pattern.compile("<!-- test: (?<names>[^>]+?) -->");

    @Test
    void everyBlockIsARegionOfARunningTest() throws IOException {
        boolean update = "update".equals(System.getProperty("snippets"));
        List<String> wrong = new ArrayList<>();
        int blocks = 0;
        for (Path guide : guides()) {
            String text = Files.readString(guide);
            StringBuilder updated = new StringBuilder();
            Matcher block = BLOCK.matcher(text);
            while (block.find()) {
                blocks++;
                if (block.group("file") == null) {
                    wrong.add(ROOT.relativize(guide) + ": a block without a snippet line: " + block.group("code"));
                    continue;
                }
                String region = region(source(block.group("file")), block.group("region"));
                if (!update && !region.equals(block.group("code"))) {
                    wrong.add(ROOT.relativize(guide) + ": " + block.group("region") + " differs from its region");
                }
                block.appendReplacement(
                        updated,
                        Matcher.quoteReplacement("<!-- snippet: %s#%s -->\n```%s\n%s```"
                                .formatted(
                                        block.group("file"), block.group("region"), block.group("language"), region)));
            }
            block.appendTail(updated);
            if (update) {
                Files.writeString(guide, updated);
            }
        }
        assertThat(blocks).isPositive();
        assertThat(wrong).as("run with -Dsnippets=update").isEmpty();
    }

    @Test
    void everyTestNamedInAGuideExists() throws IOException {
        List<String> wrong = new ArrayList<>();
        int named = 0;
        for (Path guide : guides()) {
            Matcher tests = TESTS.matcher(Files.readString(guide));
            while (tests.find()) {
                for (String name : tests.group("names").split(",\\s*", -1)) {
                    named++;
                    if (!exists(name)) {
                        wrong.add(guide.getFileName() + ": no test " + name);
                    }
                }
            }
        }
        assertThat(named).isPositive();
        assertThat(wrong).isEmpty();
    }

    private static boolean exists(String test) throws IOException {
        String file = test.substring(0, Math.max(0, test.indexOf('#')));
        Pattern method = Pattern.compile("\\b(void|fun) " + Pattern.quote(test.substring(file.length() + 1)) + "\\(");
        for (Path source : sources(file + ".java", file + ".kt")) {
            if (method.matcher(Files.readString(source)).find()) {
                return true;
            }
        }
        return false;
    }

    @Test
    void theReadmesNameTheVersionOfThisBuild() throws IOException {
        Matcher version = Pattern.compile("<artifactId>coloop-parent</artifactId>\\s*<version>(.*?)</version>")
                .matcher(Files.readString(ROOT.resolve("pom.xml")));
        assertThat(version.find()).isTrue();
        for (Path guide : guides()) {
            assertThat(Pattern.compile(
                                    "<groupId>io.coloop</groupId>\\s*<artifactId>.*?</artifactId>\\s*<version>(.*?)</version>")
                            .matcher(Files.readString(guide))
                            .results()
                            .map(dependency -> dependency.group(1)))
                    .as(ROOT.relativize(guide).toString())
                    .allMatch(version.group(1)::equals);
        }
    }

    /** The README, those of the modules, and what is in docs, decisions included. */
    private static List<Path> guides() throws IOException {
        try (Stream<Path> folders = Files.list(ROOT);
                Stream<Path> docs = Files.list(ROOT.resolve("docs"));
                Stream<Path> decisions = Files.list(ROOT.resolve("docs/decisions"))) {
            Stream<Path> readmes = Stream.concat(Stream.of(ROOT), folders)
                    .map(folder -> folder.resolve("README.md"))
                    .filter(Files::isRegularFile);
            Stream<Path> pages = Stream.concat(docs, decisions)
                    .filter(path -> path.toString().endsWith(".md"));
            return Stream.concat(readmes, pages).sorted().toList();
        }
    }

    private static Path source(String name) throws IOException {
        List<Path> found = sources(name);
        assertThat(found).as(name).hasSize(1);
        return found.get(0);
    }

    private static List<Path> sources(String... names) throws IOException {
        try (Stream<Path> files = Files.find(
                ROOT,
                MAX_DEPTH,
                (path, attributes) -> path.toString().contains("/src/test/") && isOneOf(path, names))) {
            return files.toList();
        }
    }

    private static boolean isOneOf(Path path, String... names) {
        return Stream.of(names).anyMatch(path::endsWith);
    }

    private static String region(Path source, String name) throws IOException {
        List<String> lines = Files.readAllLines(source);
        int begin = indexOf(lines, "// region " + name, 0) + 1;
        int end = indexOf(lines, "// endregion", begin);
        return String.join("\n", lines.subList(begin, end)).stripIndent() + "\n";
    }

    private static int indexOf(List<String> lines, String marker, int from) {
        for (int line = from; line < lines.size(); line++) {
            if (lines.get(line).strip().equals(marker)) {
                return line;
            }
        }
        return fail("no line: " + marker);
    }
}
