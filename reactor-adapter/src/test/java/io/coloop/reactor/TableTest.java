package io.coloop.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The README's table has each function of {@link Reactor}, once, and nothing else. */
@Tag("one-mode")
class TableTest {
    private static final List<String> COLUMNS = List.of(
            "function", "direction", "hot or cold", "cancel", "empty", "many", "undelivered", "demand", "context");
    private static final Pattern SIGNATURE = Pattern.compile("`([a-zA-Z]+\\([^`]*\\))`");

    private static List<List<String>> table() throws Exception {
        List<List<String>> rows = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("README.md"))) {
            if (line.startsWith("|")) {
                rows.add(Arrays.stream(line.substring(1, line.length() - 1).split("\\|"))
                        .map(String::strip)
                        .toList());
            }
        }
        return rows;
    }

    private static String signature(Method method) {
        return method.getName()
                + Arrays.stream(method.getParameterTypes())
                        .map(Class::getSimpleName)
                        .collect(Collectors.joining(", ", "(", ")"));
    }

    @Test
    void eachFunctionHasARow() throws Exception {
        List<String> listed = table().stream()
                .skip(2)
                .flatMap(row -> SIGNATURE.matcher(row.get(0)).results().map(MatchResult::group))
                .map(quoted -> quoted.substring(1, quoted.length() - 1))
                .toList();
        List<String> functions = Arrays.stream(Reactor.class.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()) && !method.isSynthetic())
                .map(TableTest::signature)
                .toList();
        assertThat(listed).containsExactlyInAnyOrderElementsOf(functions);
    }

    @Test
    void eachRowAnswersEachQuestion() throws Exception {
        List<List<String>> rows = table();
        assertThat(rows.get(0)).isEqualTo(COLUMNS);
        assertThat(rows)
                .allSatisfy(row -> assertThat(row).hasSameSizeAs(COLUMNS).doesNotContain(""));
    }

    @Test
    void theDirectionNamesTheTypesThatItsFunctionsConvert() throws Exception {
        for (List<String> row : table().subList(2, table().size())) {
            String parameter = row.get(0).replaceAll("^`[a-zA-Z]+\\((\\w*).*", "$1");
            String direction = row.get(1);
            switch (parameter) {
                case "Mono" -> assertThat(direction).startsWith("Mono to ");
                case "Publisher" -> assertThat(direction).contains("Publisher to ");
                case "Future" -> assertThat(direction).startsWith("`Future` to Mono");
                default -> assertThat(direction).doesNotStartWith("Mono").doesNotContain("Publisher");
            }
        }
    }
}
