package io.coloop.stream;

import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static io.coloop.stream.Streams.awaitFirst;
import static io.coloop.stream.Streams.awaitLast;
import static io.coloop.stream.Streams.iterate;
import static io.coloop.stream.Streams.publisher;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.test.LoopTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;

/** An iteration over what a body emits: both ends at once. */
class IterateTest {
    @LoopTest
    void allItemsInOrder(Loop loop) {
        for (int prefetch : List.of(1, 2, 3, 4, 5, 32, 1_000)) {
            List<Integer> seen = new ArrayList<>();
            try (Iteration<Integer> items = iterate(numbers(loop, 500), prefetch)) {
                for (int item : items) {
                    seen.add(item);
                }
            }
            assertThat(seen).hasSize(500).isSorted().startsWith(0).endsWith(499);
        }
    }

    @LoopTest
    void aSlowConsumerSlowsTheProducer(Loop loop) {
        List<String> trail = new ArrayList<>();
        Flow.Publisher<Integer> loud = publisher(loop, emitter -> {
            for (int i = 0; i < 6; i++) {
                emitter.emit(i);
                trail.add("sent " + i);
            }
        });
        try (Iteration<Integer> items = iterate(loud, 2)) {
            for (int item : items) {
                sleep(Duration.ofMillis(1));
                trail.add("got " + item);
            }
        }
        assertThat(trail.indexOf("sent 3")).isGreaterThan(trail.indexOf("got 0"));
        assertThat(trail.indexOf("sent 4")).isGreaterThan(trail.indexOf("got 1"));
    }

    @LoopTest
    void leavingEarlyCancelsTheProducer(Loop loop) {
        List<String> trail = new ArrayList<>();
        Flow.Publisher<Integer> endless = publisher(
                loop,
                emitter -> {
                    try {
                        for (int i = 0; ; i++) {
                            emitter.emit(i);
                        }
                    } catch (TaskCancelledException cancelled) {
                        trail.add("cancelled");
                        throw cancelled;
                    }
                },
                lost -> trail.add("not sent " + lost));
        try (Iteration<Integer> items = iterate(endless, 2, left -> trail.add("left " + left))) {
            for (int item : items) {
                if (item == 3) {
                    break;
                }
            }
        }
        yieldNow();
        yieldNow();
        yieldNow();
        assertThat(trail).contains("cancelled").doesNotHaveDuplicates();
    }

    @LoopTest
    void aFailureComesAfterTheItems(Loop loop) {
        Flow.Publisher<Integer> failing = publisher(loop, emitter -> {
            emitter.emit(1);
            throw new IllegalArgumentException("no more");
        });
        List<Integer> seen = new ArrayList<>();
        assertThatThrownBy(() -> iterate(failing).forEach(seen::add))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no more");
        assertThat(seen).containsExactly(1);
    }

    @LoopTest
    void aCancelledTaskClosesItsIteration(Loop loop) {
        List<String> trail = new ArrayList<>();
        Flow.Publisher<Integer> silent = publisher(loop, emitter -> {
            try {
                sleep(Duration.ofDays(1));
            } finally {
                trail.add("source ended");
            }
        });
        Task<Void> task = Task.spawn(() -> {
            try (Iteration<Integer> items = iterate(silent)) {
                items.forEach(item -> trail.add("got"));
            }
        });
        yieldNow();
        yieldNow();
        task.cancel();
        assertThatThrownBy(() -> io.coloop.Await.await(task)).isInstanceOf(TaskCancelledException.class);
        yieldNow();
        yieldNow();
        yieldNow();
        assertThat(trail).containsExactly("source ended");
    }

    @LoopTest
    void oneOfMany(Loop loop) {
        assertThat(awaitFirst(numbers(loop, 10))).isEqualTo(0);
        assertThat(awaitLast(numbers(loop, 10))).isEqualTo(9);
        assertThat(Streams.<Integer>await(numbers(loop, 1))).isEqualTo(0);
        assertThat(Streams.<Integer>await(numbers(loop, 0))).isNull();
        assertThatThrownBy(() -> Streams.await(numbers(loop, 2), left -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("more than one");
    }

    private static Flow.Publisher<Integer> numbers(Loop loop, int count) {
        return publisher(loop, emitter -> {
            for (int i = 0; i < count; i++) {
                emitter.emit(i);
            }
        });
    }
}
