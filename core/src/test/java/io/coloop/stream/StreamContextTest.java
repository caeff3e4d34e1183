package io.coloop.stream;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static io.coloop.stream.Streams.iterate;
import static io.coloop.stream.Streams.publisher;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.ContextCapture;
import io.coloop.ContextVar;
import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.test.LoopTest;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What of a context crosses a stream, in both directions and at every hop: coloop's own variables, and foreign context that is captured. */
@Timeout(30)
class StreamContextTest {
    private static final ContextVar<String> USER = ContextVar.of("user");
    private static final ThreadLocal<String> MDC = new ThreadLocal<>();

    private static final ContextCapture CAPTURE = () -> {
        String captured = MDC.get();
        if (captured == null) {
            return ContextCapture.Snapshot.NOTHING;
        }
        return () -> {
            String before = MDC.get();
            MDC.set(captured);
            return () -> MDC.set(before);
        };
    };

    private static String user() {
        return USER.orElse("nobody");
    }

    private static void settle() {
        for (int i = 0; i < 8; i++) {
            yieldNow();
        }
    }

    /** A source that says what it sees. */
    private static Probe<Integer> seeing(List<String> seen, Supplier<String> what) {
        Probe<Integer> source = Probe.create();
        return source.onSubscribe(to -> {
                    seen.add("subscribe " + what.get());
                    to.onSubscribe(source);
                })
                .onRequest(n -> {
                    seen.add("request " + what.get());
                    source.next(1);
                })
                .onCancel(() -> seen.add("cancel " + what.get()));
    }

    // ---- coloop's own

    @LoopTest
    void theSourceSeesTheContextOfTheTaskThatIterates() {
        List<String> seen = new CopyOnWriteArrayList<>();
        USER.set("ann");
        Iteration<Integer> items = iterate(seeing(seen, StreamContextTest::user), 1, left -> {});
        USER.set("bob");
        assertThat(items.iterator().next()).isEqualTo(1);
        USER.set("cid");
        assertThat(items.iterator().next()).isEqualTo(1);
        USER.set("dan");
        items.close();
        settle();
        assertThat(seen)
                .startsWith("subscribe bob", "request bob", "request bob")
                .endsWith("cancel dan");
    }

    @LoopTest
    void theSourceSeesTheContextOfTheTaskThatAwaits() {
        List<String> seen = new CopyOnWriteArrayList<>();
        USER.set("ann");
        assertThat(Streams.awaitFirst(seeing(seen, StreamContextTest::user))).isEqualTo(1);
        assertThat(await(Streams.<String>future(publisher(Loop.current(), emitter -> emitter.emit(user())))))
                .isEqualTo("ann");
        assertThat(seen).containsExactly("subscribe ann", "request ann", "cancel ann");
    }

    @LoopTest
    void theBodySeesTheContextOfWhoSubscribesAndKeepsItsOwn(Loop loop) {
        USER.set("ann");
        var publisher = publisher(loop, (Emitter<String> emitter) -> {
            emitter.emit(user());
            USER.set("the body's");
            emitter.emit(user());
        });
        USER.set("bob");
        Recorder<String> recorder = new Recorder<>(5);
        publisher.subscribe(recorder);
        USER.set("cid");
        settle();
        assertThat(recorder.signals).containsExactly("bob", "the body's", "complete");
        assertThat(user()).isEqualTo("cid");
    }

    @LoopTest
    void onNextSeesTheContextOfTheTaskThatEmits(Loop loop) {
        List<String> seen = new CopyOnWriteArrayList<>();
        USER.set("ann");
        Recorder<Integer> recorder = new Recorder<>(5);
        recorder.onNext(item -> seen.add(item + " " + user())).onEnd(() -> seen.add("end " + user()));
        publisher(loop, (Emitter<Integer> emitter) -> {
                    emitter.emit(1);
                    USER.set("bob");
                    emitter.emit(2);
                    Task<Void> child = Task.spawn(() -> {
                        USER.set("child");
                        emitter.emit(3);
                    });
                    await(child);
                    emitter.emit(4);
                })
                .subscribe(recorder);
        settle();
        settle();
        assertThat(seen).containsExactly("1 ann", "2 bob", "3 child", "4 bob", "end ann");
    }

    @LoopTest
    void aSubscriberOnAForeignThreadBringsItsContext(Loop loop, VirtualClock clock) {
        Recorder<String> recorder = new Recorder<>(5);
        CompletableFuture<Void> done = new CompletableFuture<>();
        recorder.onEnd(() -> done.complete(null));
        try (VirtualClock.ForeignOperation ignored = clock.foreign(loop)) {
            Thread.ofPlatform().start(() -> {
                try (ContextVar.Change change = USER.set("thread")) {
                    publisher(loop, (Emitter<String> emitter) -> emitter.emit(user()))
                            .subscribe(recorder);
                }
            });
            await(done);
        }
        assertThat(recorder.signals).containsExactly("thread", "complete");
    }

    @LoopTest
    void theTasksContextIsItsOwnWhoeverSignals(Loop loop, VirtualClock clock) {
        USER.set("ann");
        Probe<Integer> source = Probe.create();
        source.onRequest(n -> Thread.ofPlatform().start(() -> {
            try (ContextVar.Change change = USER.set("signalling thread")) {
                source.next(1);
                source.complete();
            }
        }));
        try (VirtualClock.ForeignOperation ignored = clock.foreign(loop)) {
            for (int item : iterate(source)) {
                assertThat(user()).isEqualTo("ann");
            }
        }
        assertThat(user()).isEqualTo("ann");
    }

    @LoopTest
    void whatIsUndeliveredIsHandedOverInTheContextOfWhoCloses(Trail trail) {
        USER.set("ann");
        Probe<Integer> source = Probe.create();
        source.onRequest(n -> source.next(1, 2));
        Iteration<Integer> items = iterate(source, 2, left -> trail.mark(left + " " + user()));
        assertThat(items.iterator().hasNext()).isTrue();
        USER.set("bob");
        items.close();
        settle();
        assertThat(trail.marks()).containsExactly("1 bob", "2 bob");
    }

    @LoopTest
    void nothingIsLeftOnTheLoop(Loop loop, Trail trail) {
        USER.set("ann");
        Recorder<Integer> recorder = new Recorder<>(5);
        publisher(loop, (Emitter<Integer> emitter) -> emitter.emit(1)).subscribe(recorder);
        settle();
        CompletableFuture<String> outside = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> loop.execute(() -> outside.complete(user())));
        while (!outside.isDone()) {
            yieldNow();
        }
        assertThat(outside.join()).isEqualTo("nobody");
    }

    // ---- foreign

    @Test
    void foreignContextCrossesBothWaysAndNothingIsLeftBehind() {
        List<String> seen = new CopyOnWriteArrayList<>();
        Loop loop = Loop.builder().name("captured").contextCapture(CAPTURE).start();
        try {
            MDC.set("caller");
            Task<Void> task = loop.spawn(() -> {
                seen.add("task " + MDC.get());
                try (Iteration<Integer> items = iterate(seeing(seen, MDC::get), 1, left -> {})) {
                    items.iterator().next();
                    items.iterator().next();
                    MDC.set("changed");
                }
                var publisher = publisher(loop, (Emitter<Integer> emitter) -> {
                    seen.add("body " + MDC.get());
                    emitter.emit(1);
                    MDC.set("the body's");
                    emitter.emit(2);
                });
                Recorder<Integer> recorder = new Recorder<>(5);
                recorder.onNext(item -> seen.add("onNext " + item + " " + MDC.get()));
                publisher.subscribe(recorder);
                settle();
                seen.add("task " + MDC.get());
            });
            MDC.remove();
            task.toCompletableFuture().join();
            assertThat(seen)
                    .containsSubsequence("task caller", "subscribe caller", "request caller")
                    .contains("cancel changed")
                    .containsSubsequence("body changed", "onNext 1 changed", "onNext 2 the body's", "task changed");
            CompletableFuture<String> left = new CompletableFuture<>();
            loop.execute(() -> left.complete(String.valueOf(MDC.get())));
            assertThat(left.join()).isEqualTo("null");
        } finally {
            MDC.remove();
            loop.close();
        }
    }
}
