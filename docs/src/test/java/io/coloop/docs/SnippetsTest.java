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
 * Every Java block of the guides is a region of a test that runs. {@code -Dsnippets=update} writes the regions into the guides.
 *
 * <p>A guide says {@code <!-- snippet: File.java#region -->} before the block; a test says {@code // region name} and {@code // endregion}.
 */
@Tag("one-mode")
class SnippetsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path SOURCES = Path.of("src/test/java/io/coloop/docs");
    private static final Pattern BLOCK = Pattern.compile(
            "(?:<!-- snippet: (?<file>\\w+\\.java)#(?<region>[\\w-]+) -->\\n)?```java\\n(?<code>.*?)```",
            Pattern.DOTALL);

    @Test
    void everyBlockIsARegionOfARunningTest() throws IOException {
        List<String> wrong = new ArrayList<>();
        int blocks = 0;
        for (Path guide : guides()) {
            String text = Files.readString(guide);
            StringBuilder updated = new StringBuilder();
            Matcher block = BLOCK.matcher(text);
            while (block.find()) {
                blocks++;
                if (block.group("file") == null) {
                    wrong.add(guide.getFileName() + ": a block without a snippet line: " + block.group("code"));
                    continue;
                }
                String region = region(SOURCES.resolve(block.group("file")), block.group("region"));
                if (!region.equals(block.group("code"))) {
                    wrong.add(guide.getFileName() + ": " + block.group("region") + " differs from its region");
                }
                block.appendReplacement(
                        updated,
                        Matcher.quoteReplacement("<!-- snippet: %s#%s -->\n```java\n%s```"
                                .formatted(block.group("file"), block.group("region"), region)));
            }
            block.appendTail(updated);
            if ("update".equals(System.getProperty("snippets"))) {
                Files.writeString(guide, updated);
            }
        }
        assertThat(blocks).isPositive();
        assertThat(wrong).as("run with -Dsnippets=update").isEmpty();
    }

    private static List<Path> guides() throws IOException {
        try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
            return Stream.concat(
                            Stream.of(ROOT.resolve("README.md")),
                            docs.filter(path -> path.toString().endsWith(".md")))
                    .sorted()
                    .toList();
        }
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
