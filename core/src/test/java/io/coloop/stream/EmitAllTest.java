package io.coloop.stream;

import static io.coloop.Await.yieldNow;
import static io.coloop.stream.Streams.publisher;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;

/** Items that a body emits together. */
@Timeout(30)
class EmitAllTest {
    private static final List<Integer> THREE = List.of(1, 2, 3);

    private static void settle() {
        for (int i = 0; i < 8; i++) {
            yieldNow();
        }
    }

    private static EmittingBody<Integer, RuntimeException> all(List<Integer> items) {
        return emitter -> emitter.emitAll(items);
    }

    private static <T> Recorder<T> subscribe(Flow.Publisher<T> publisher, long demand) {
        Recorder<T> recorder = new Recorder<>(demand);
        publisher.subscribe(recorder);
        return recorder;
    }

    @LoopTest
    void allThatWasAskedForGoesInOnePiece(Loop loop, Trail trail) {
        Recorder<Integer> recorder = new Recorder<>(Long.MAX_VALUE);
        recorder.onNext(item -> trail.mark("item " + item));
        publisher(loop, (Emitter<Integer> emitter) -> {
                    loop.execute(() -> trail.mark("other"));
                    emitter.emitAll(THREE);
                    trail.mark("went on");
                })
                .subscribe(recorder);
        settle();
        assertThat(trail.marks()).containsExactly("item 1", "item 2", "item 3", "other", "went on");
        assertThat(recorder.inTask).containsOnly(false);
        assertThat(recorder.signals).containsExactly("1", "2", "3", "complete");
    }

    @LoopTest
    void noMoreThanWasAskedFor(Loop loop) {
        Recorder<Integer> recorder = subscribe(publisher(loop, all(THREE)), 2);
        settle();
        assertThat(recorder.signals).containsExactly("1", "2");
        recorder.request(5);
        settle();
        assertThat(recorder.signals).containsExactly("1", "2", "3", "complete");
    }

    @LoopTest
    void theLoopIsGivenUpAfter256(Loop loop) {
        List<Integer> many = IntStream.range(0, 600).boxed().toList();
        List<Integer> seen = new ArrayList<>();
        Recorder<Integer> recorder = new Recorder<>(Long.MAX_VALUE);
        publisher(loop, all(many)).subscribe(recorder);
        for (int turn = 0; turn < 8; turn++) {
            yieldNow();
            seen.add(recorder.signals.size());
        }
        assertThat(seen).contains(256, 512, 601);
        assertThat(recorder.signals).startsWith("0", "1").endsWith("598", "599", "complete");
    }

    @LoopTest
    void nothingToEmitReturnsAtOnce(Loop loop) {
        assertThat(subscribe(publisher(loop, all(List.of())), 0)).satisfies(recorder -> {
            settle();
            assertThat(recorder.signals).containsExactly("complete");
        });
    }

    @LoopTest
    void aNullAmongThemIsRefusedBeforeAnythingIsEmitted(Loop loop) {
        Recorder<Integer> recorder = subscribe(publisher(loop, all(Arrays.asList(1, null))), 9);
        settle();
        assertThat(recorder.signals).hasSize(1);
        assertThat(recorder.failure).isInstanceOf(NullPointerException.class);
    }

    @LoopTest
    void aCopyIsEmitted(Loop loop) {
        List<Integer> items = new ArrayList<>(THREE);
        Recorder<Integer> recorder = new Recorder<>(1);
        recorder.onNext(item -> {
            items.clear();
            recorder.request(1);
        });
        publisher(loop, all(items)).subscribe(recorder);
        settle();
        assertThat(recorder.signals).containsExactly("1", "2", "3", "complete");
    }

    @LoopTest
    void cancellingInsideOnNextLeavesTheRestUnwanted(Loop loop, Trail trail) {
        List<Integer> left = new ArrayList<>();
        Recorder<Integer> recorder = new Recorder<>(Long.MAX_VALUE);
        recorder.onNext(item -> {
            if (item == 2) {
                recorder.cancel();
            }
        });
        publisher(
                        loop,
                        (Emitter<Integer> emitter) -> {
                            try {
                                emitter.emitAll(THREE);
                                trail.mark("went on");
                            } catch (TaskCancelledException cancelled) {
                                trail.mark("cancelled");
                                throw cancelled;
                            }
                        },
                        left::add)
                .subscribe(recorder);
        settle();
        assertThat(recorder.signals).containsExactly("1", "2");
        assertThat(left).containsExactly(3);
        assertThat(trail.marks()).containsExactly("cancelled");
    }

    @LoopTest
    void whatASubscriberThatCancelledLeavesIsNotReported(Loop loop, Reports reports) {
        Recorder<Integer> recorder = subscribe(publisher(loop, all(THREE)), 1);
        settle();
        recorder.cancel();
        settle();
        assertThat(recorder.signals).containsExactly("1");
        assertThat(reports.take()).isEmpty();
    }

    @LoopTest
    void whatATaskThatSomebodyElseCancelledLeavesIsReported(Loop loop, Reports reports) {
        AtomicReference<Task<?>> body = new AtomicReference<>();
        Recorder<Integer> recorder = subscribe(
                publisher(loop, (Emitter<Integer> emitter) -> {
                    body.set(Task.current());
                    emitter.emitAll(THREE);
                }),
                1);
        settle();
        body.get().cancel();
        settle();
        assertThat(recorder.signals).startsWith("1").hasSize(2);
        assertThat(reports.take())
                .extracting(Report::kind)
                .containsExactly(Report.Kind.LATE_VALUE, Report.Kind.LATE_VALUE);
    }

    @LoopTest
    void aSubscriberThatThrowsGetsNoMore(Loop loop, Reports reports) {
        List<Integer> left = new ArrayList<>();
        Recorder<Integer> recorder = new Recorder<>(Long.MAX_VALUE);
        recorder.onNext(item -> {
            throw new IllegalStateException("broken");
        });
        publisher(loop, all(THREE), left::add).subscribe(recorder);
        settle();
        assertThat(recorder.signals).containsExactly("1");
        assertThat(left).containsExactly(2, 3);
        assertThat(reports.takeOnly(Report.Kind.CALLBACK_FAILED).toString()).contains("onNext");
    }

    @LoopTest
    void outsideATaskItIsMisuse(Loop loop) {
        AtomicReference<Emitter<Integer>> kept = new AtomicReference<>();
        subscribe(
                publisher(loop, (Emitter<Integer> emitter) -> {
                    kept.set(emitter);
                    yieldNow();
                    yieldNow();
                    yieldNow();
                }),
                1);
        yieldNow();
        yieldNow();
        List<Throwable> thrown = new ArrayList<>();
        loop.execute(() -> {
            try {
                kept.get().emitAll(THREE);
            } catch (LoopMisuseException misuse) {
                thrown.add(misuse);
            }
        });
        settle();
        assertThat(thrown).hasSize(1);
        assertThat(thrown.get(0)).hasMessageContaining("Emitter.emitAll(...)");
    }

    @LoopTest
    void afterTheEndTheyAreReported(Loop loop, Reports reports) {
        AtomicReference<Emitter<Integer>> kept = new AtomicReference<>();
        subscribe(publisher(loop, kept::set), 1);
        settle();
        assertThatThrownBy(() -> kept.get().emitAll(THREE)).isInstanceOf(IllegalStateException.class);
        settle();
        assertThat(reports.take()).hasSize(3);
    }
}
