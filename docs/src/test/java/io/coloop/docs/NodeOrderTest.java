package io.coloop.docs;

import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.test.LoopTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The same program in Node and here: the page shows both, and the order of each. */
class NodeOrderTest {
    private static final Path GUIDE = Path.of("..", "docs", "from-node.md");

    @LoopTest
    void ours(Loop loop) throws IOException {
        List<String> log = new ArrayList<>();
        // region order
        loop.callSoon(() -> {
            log.add("immediate 1");
            Future.completed(0).thenRun(() -> log.add("then in immediate 1"));
        });
        loop.callSoon(() -> log.add("immediate 2"));
        loop.callSoon(() -> log.add("tick"));
        Future.completed(0).thenRun(() -> {
            log.add("then");
            Future.completed(0).thenRun(() -> log.add("then in then"));
        });
        loop.callSoon(() -> log.add("microtask"));
        Task.spawn(() -> {
            log.add("async starts");
            yieldNow();
            log.add("async goes on");
        });
        log.add("main");
        // endregion
        sleep(Duration.ofMillis(1));
        assertThat(log).isEqualTo(shown("coloop"));
    }

    @Test
    @Tag("one-mode")
    void node() throws IOException, InterruptedException {
        Process node = startNode();
        try (var program = node.outputWriter(StandardCharsets.UTF_8)) {
            program.write(block("const log"));
        }
        assertThat(node.waitFor(20, TimeUnit.SECONDS)).isTrue();
        String printed = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(List.of(printed.strip().split(", "))).isEqualTo(shown("Node"));
    }

    private static Process startNode() {
        try {
            return new ProcessBuilder("node", "--input-type=commonjs", "-")
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException thereIsNone) {
            assumeTrue(false, "node is not installed");
            throw new AssertionError(thereIsNone);
        }
    }

    /** The order that the page shows for one of the two. */
    private static List<String> shown(String whose) throws IOException {
        Matcher line = Pattern.compile("(?m)^" + whose + ": (.*)$").matcher(Files.readString(GUIDE));
        assertThat(line.find()).isTrue();
        return List.of(line.group(1).split(", "));
    }

    /** The page's JavaScript block that begins so. */
    private static String block(String begin) throws IOException {
        Matcher block =
                Pattern.compile("```js\n(" + begin + ".*?)```", Pattern.DOTALL).matcher(Files.readString(GUIDE));
        assertThat(block.find()).isTrue();
        return block.group(1);
    }
}
