package io.coloop.docs;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.flux;
import static io.coloop.reactor.Reactor.iterate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Await;
import io.coloop.CancelPolicy;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.kotlin.Coroutines;
import io.coloop.reactor.Reactor;
import io.coloop.rx.ReactorRx;
import io.coloop.rx.Rx;
import io.coloop.stream.Streams;
import io.coloop.test.LoopTest;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The map of all bridges, held against the classes; and its snippets. */
class BridgesTest {
    private static final Map<String, Class<?>> CLASSES = Map.of(
            "Await", Await.class,
            "Future", Future.class,
            "Loop", Loop.class,
            "Streams", Streams.class,
            "Reactor", Reactor.class,
            "Rx", Rx.class,
            "ReactorRx", ReactorRx.class,
            "Coroutines", Coroutines.class);

    /** What is no bridge: it is told elsewhere. */
    private static final Set<String> NO_BRIDGES = Set.of(
            "Streams.emit",
            "Streams.emitting", // for other bridges
            "Coroutines.runLoop");

    private static final Duration SECOND = Duration.ofSeconds(1);

    @Test
    void thePageNamesEveryBridgeAndNoOther() throws IOException {
        String page = Files.readString(Path.of("bridges.md"));
        Set<String> named = Pattern.compile("`([A-Z]\\w+)\\.(\\w+)`")
                .matcher(page)
                .results()
                .filter(match -> CLASSES.containsKey(match.group(1)))
                .map(MatchResult::group)
                .map(name -> name.replace("`", ""))
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> all = new TreeSet<>();
        CLASSES.forEach((name, type) -> publicMethods(type).forEach(method -> all.add(name + "." + method)));
        assertThat(all).as("named, but not there").containsAll(named);

        Set<String> bridges = all.stream()
                .filter(name -> name.matches("(Streams|Reactor|Rx|ReactorRx|Coroutines)\\..*"))
                .filter(name -> !NO_BRIDGES.contains(name))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(named).as("there, but not named").containsAll(bridges);
    }

    private static List<String> publicMethods(Class<?> type) {
        return Arrays.stream(type.getMethods())
                .filter(method -> method.getDeclaringClass() != Object.class)
                .filter(method -> Modifier.isPublic(method.getModifiers()))
                .map(Method::getName)
                .filter(name -> !name.contains("$")) // synthetic; what is for Kotlin alone is, too
                .map(name -> name.equals("getDispatcher") ? "dispatcher" : name)
                .distinct()
                .toList();
    }

    // ---- snippets

    @LoopTest
    void policies() {
        List<String> log = new ArrayList<>();
        Mono<String> query = Mono.fromCallable(() -> "rows");
        CompletableFuture<String> hot = new CompletableFuture<>();
        Task<Void> task = Task.spawn(() -> {
            // region policies
            log.add(await(query, CancelPolicy.drain(Duration.ofSeconds(5)))); // a cancel waits for the answer
            log.add(await(hot, CancelPolicy.SHARE)); // the last one to leave cancels it
            // endregion
        });
        for (int i = 0; i < 5; i++) {
            yieldNow();
        }
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        yieldNow();
        assertThat(log).containsExactly("rows");
        assertThat(hot).isCancelled();
    }

    record Connection(List<String> log) implements AutoCloseable {
        @Override
        public void close() {
            log.add("closed");
        }
    }

    @LoopTest
    void undelivered() {
        List<String> log = new ArrayList<>();
        CompletableFuture<Connection> connecting = new CompletableFuture<>();
        Task<Void> task = Task.spawn(() -> {
            // region undelivered
            try (Connection connection = await(connecting, Connection::close)) { // also one that comes after a cancel
                sleep(SECOND);
            }
            // endregion
        });
        yieldNow();
        yieldNow();
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        connecting.complete(new Connection(log));
        for (int i = 0; i < 5; i++) {
            yieldNow();
        }
        assertThat(log).containsExactly("closed");
    }

    @LoopTest
    void streams(Loop loop) {
        // region streams
        Flux<Integer> squares = flux(loop, emitter -> {
            try (var numbers = iterate(Flux.range(1, 4), 2)) { // two on their way at most
                for (int number : numbers) {
                    emitter.emit(number * number); // waits until the subscriber wants it
                }
            }
        });
        // endregion
        assertThat(await(squares.collectList())).containsExactly(1, 4, 9, 16);
    }
}
