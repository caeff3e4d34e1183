package io.coloop.rx;

import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Loop;
import io.reactivex.rxjava3.core.BackpressureStrategy;
import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.core.Observable;
import io.reactivex.rxjava3.core.Single;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@link Rx} in a JVM that has no Reactor. */
@Tag("one-mode")
class WithoutReactorTest {
    private static final Pattern REACTOR = Pattern.compile("[/\\\\](reactor-core|reactor-adapter|coloop-reactor)");

    /** What that JVM runs. */
    static final class Program {
        private Program() {}

        public static void main(String[] arguments) {
            String seen = Loop.run(() -> {
                try {
                    Class.forName("reactor.core.publisher.Mono");
                    return "Reactor is there";
                } catch (ClassNotFoundException expected) {
                    Loop loop = Loop.current();
                    StringBuilder parts = new StringBuilder(Rx.await(Rx.single(loop, () -> "single")));
                    try (var items = Rx.iterate(Rx.flowable(loop, java.util.List.of(" 1", " 2")))) {
                        items.forEach(parts::append);
                    }
                    try (var items = Rx.iterate(Observable.just(" 3"), BackpressureStrategy.BUFFER)) {
                        items.forEach(parts::append);
                    }
                    parts.append(Rx.awaitLast(Flowable.just(" 4", " 5")));
                    return parts.append(Rx.await(Single.just(" 6").observeOn(Rx.scheduler(loop))))
                            .toString();
                }
            });
            System.out.println(seen);
        }
    }

    @Test
    @Timeout(60)
    void everythingElseRuns() throws Exception {
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !REACTOR.matcher(entry).find())
                .collect(Collectors.joining(File.pathSeparator));
        Process program = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        classPath,
                        Program.class.getName())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        CompletableFuture.delayedExecutor(40, TimeUnit.SECONDS)
                .execute(program::destroyForcibly); // a blocking read does not see the test's time limit
        String output = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(program.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(output.strip()).isEqualTo("single 1 2 3 5 6");
    }
}
