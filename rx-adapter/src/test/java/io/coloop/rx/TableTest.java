package io.coloop.rx;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The tables of the README list every function, and fill in every cell. */
@Tag("one-mode")
class TableTest {
    private static final Pattern SIGNATURE = Pattern.compile("`(\\w+)\\(([^)`]*)\\)`");
    private static final int COLUMNS = 9;

    @Test
    void rx() throws Exception {
        assertThat(listed("Rx")).containsExactlyInAnyOrderElementsOf(functions(Rx.class));
    }

    @Test
    void reactorRx() throws Exception {
        assertThat(listed("ReactorRx")).containsExactlyInAnyOrderElementsOf(functions(ReactorRx.class));
    }

    @Test
    void everyCellSaysSomething() throws Exception {
        for (String section : List.of("Rx", "ReactorRx")) {
            assertThat(rows(section))
                    .isNotEmpty()
                    .allSatisfy(row -> assertThat(cells(row)).hasSize(COLUMNS).noneMatch(String::isBlank));
        }
    }

    @Test
    void optionalParametersAreExpanded() {
        assertThat(expand("iterate", "Flowable[, int[, Consumer]]"))
                .containsExactly("iterate(Flowable)", "iterate(Flowable, int)", "iterate(Flowable, int, Consumer)");
        assertThat(expand("scheduler", "Loop")).containsExactly("scheduler(Loop)");
    }

    private static List<String> functions(Class<?> entry) {
        return Arrays.stream(entry.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()))
                .map(TableTest::signature)
                .toList();
    }

    private static String signature(Method method) {
        return method.getName()
                + Arrays.stream(method.getParameterTypes())
                        .map(Class::getSimpleName)
                        .collect(Collectors.joining(", ", "(", ")"));
    }

    private static List<String> listed(String section) throws Exception {
        return rows(section).stream()
                .map(row -> cells(row).get(0))
                .flatMap(TableTest::signatures)
                .toList();
    }

    private static Stream<String> signatures(String cell) {
        Matcher matcher = SIGNATURE.matcher(cell);
        List<String> found = new ArrayList<>();
        while (matcher.find()) {
            found.addAll(expand(matcher.group(1), matcher.group(2)));
        }
        return found.stream();
    }

    /** Parameters in brackets may be left out. */
    private static List<String> expand(String name, String parameters) {
        String[] parts = parameters.replace("]", "").split("\\[");
        List<String> all = new ArrayList<>();
        StringBuilder sum = new StringBuilder();
        for (String part : parts) {
            all.add(name + "(" + sum.append(part) + ")");
        }
        return all;
    }

    private static List<String> rows(String section) throws Exception {
        String readme = Files.readString(Path.of("README.md"));
        String from = readme.substring(readme.indexOf("\n## " + section + "\n") + 1);
        return from.lines()
                .skip(1)
                .takeWhile(line -> !line.startsWith("## "))
                .filter(line -> line.startsWith("| `"))
                .toList();
    }

    private static List<String> cells(String row) {
        return Arrays.stream(row.substring(1, row.lastIndexOf('|')).split("\\|"))
                .map(String::strip)
                .toList();
    }
}
