package io.coloop.imports;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiles {@link NamedImportsTest} with everything of coloop imported on demand, as a user may write it. */
@Tag("one-mode")
class StarImportsTest {
    private static final Path SOURCE = Path.of("src/test/java/io/coloop/imports/NamedImportsTest.java");

    @TempDir
    Path output;

    @Test
    void everyTypeWithStarImports() throws Exception {
        String source = withStars(Files.readString(SOURCE));
        assertThat(source)
                .contains("import static io.coloop.Await.*;")
                .contains("import static io.coloop.reactor.Reactor.*;")
                .contains("import static io.coloop.rx.Rx.*;")
                .contains("import static io.coloop.rx.ReactorRx.*;")
                .contains("import static io.coloop.stream.Streams.*;")
                .contains("import io.coloop.*;");
        assertThat(compile(source)).isEmpty();
    }

    @Test
    void aCallThatIsAmbiguousWouldBeSeen() throws Exception {
        String source = withStars(Files.readString(SOURCE));
        assertThat(compile(source.replace("Rx.scheduler(loop)", "scheduler(loop)")))
                .contains("reference to scheduler is ambiguous");
    }

    private static String withStars(String source) {
        return Arrays.stream(source.split("\n"))
                .map(line -> line.replaceFirst("^(import static io\\.coloop\\.[\\w.]+)\\.\\w+;", "$1.*;")
                        .replaceFirst("^import io\\.coloop\\.\\w+;", "import io.coloop.*;"))
                .collect(Collectors.joining("\n"));
    }

    /** What the compiler says; nothing if all is well. */
    private String compile(String source) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        JavaFileObject file =
                new SimpleJavaFileObject(URI.create("string:///NamedImportsTest.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source;
                    }
                };
        StringWriter messages = new StringWriter();
        List<String> options =
                List.of("-proc:none", "-d", output.toString(), "-cp", System.getProperty("java.class.path"));
        compiler.getTask(messages, null, null, options, null, List.of(file)).call();
        return messages.toString();
    }
}
