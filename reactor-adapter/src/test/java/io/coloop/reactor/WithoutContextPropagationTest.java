package io.coloop.reactor;

import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.context;
import static io.coloop.reactor.Reactor.flux;
import static io.coloop.reactor.Reactor.mono;
import static io.coloop.reactor.Reactor.withContext;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Loop;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** The adapter works where micrometer's context-propagation is not on the class path: in a JVM of its own. */
@Tag("one-mode")
class WithoutContextPropagationTest {
    @Test
    void allButTheCaptureWorks() throws Exception {
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.contains("context-propagation"))
                .collect(Collectors.joining(File.pathSeparator));
        assertThat(classPath).isNotEqualTo(System.getProperty("java.class.path"));
        Process jvm = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        classPath,
                        Program.class.getName())
                .redirectErrorStream(true)
                .start();
        CompletableFuture.delayedExecutor(40, TimeUnit.SECONDS)
                .execute(jvm::destroyForcibly); // a blocking read does not see the test's time limit
        String output = new String(jvm.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(jvm.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(output).endsWith("ada ada ada bob absent" + System.lineSeparator());
    }

    /** Crosses every place that looks for thread locals. */
    static final class Program {
        public static void main(String[] args) {
            Mono<String> user = Mono.deferContextual(context -> Mono.just(context.get("user")));
            String seen = Loop.run(() -> {
                Loop loop = Loop.current();
                Mono<String> body = mono(
                        loop,
                        () -> context().get("user") + " " + await(user) + " "
                                + Reactor.awaitLast(flux(loop, emitter -> emitter.emit(await(user)))) + " "
                                + withContext(Context.of("user", "bob"), () -> await(user)));
                return await(body.contextWrite(Context.of("user", "ada")));
            });
            String library;
            try {
                library = ContextPropagation.capture().toString();
            } catch (NoClassDefFoundError expected) {
                library = "absent";
            }
            System.out.println(seen + " " + library);
        }
    }
}
