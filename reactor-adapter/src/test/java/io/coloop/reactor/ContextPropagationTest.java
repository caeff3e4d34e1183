package io.coloop.reactor;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.awaitLast;
import static io.coloop.reactor.Reactor.flux;
import static io.coloop.reactor.Reactor.future;
import static io.coloop.reactor.Reactor.iterate;
import static io.coloop.reactor.Reactor.mono;
import static io.coloop.reactor.Reactor.withContext;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.ContextCapture;
import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.stream.Iteration;
import io.coloop.test.VirtualClock;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshotFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.Context;

/** Thread locals that are registered with micrometer's context-propagation, on a loop that captures them. */
class ContextPropagationTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(1);
    private static final ThreadLocal<String> TRACE = new ThreadLocal<>();

    @RegisterExtension
    final Dropped dropped = new Dropped();

    private final ContextCapture capture = ContextPropagation.capture();
    private volatile boolean raw;
    private Loop loop;

    @BeforeEach
    void setUp() {
        ContextRegistry.getInstance().registerThreadLocalAccessor("trace", TRACE);
        loop = Loop.builder()
                .name("traced")
                .clock(new VirtualClock())
                .contextCapture(() -> raw ? ContextCapture.Snapshot.NOTHING : capture.capture())
                .start();
    }

    @AfterEach
    void nothingIsLeftBehind() throws Exception {
        try {
            TRACE.remove();
            assertThat(bare()).as("on the loop's thread").isNull();
        } finally {
            loop.close();
            Hooks.disableAutomaticContextPropagation();
            ContextRegistry.getInstance().removeThreadLocalAccessor("trace");
            TRACE.remove();
        }
    }

    /** What the loop's thread has by itself: nothing is set or cleared for the one that looks. */
    private String bare() throws Exception {
        raw = true;
        AtomicReference<String> seen = new AtomicReference<>("not run");
        loop.asScheduledExecutorService().submit(() -> seen.set(TRACE.get())).get(30, TimeUnit.SECONDS);
        return seen.get();
    }

    private <T> T run(io.coloop.Body<T, ?> body) {
        return loop.spawn(body).join();
    }

    private static final Mono<String> HERE = Mono.fromSupplier(() -> String.valueOf(TRACE.get()));

    // ---- a loop's own

    @Test
    void aTaskSeesWhatItsSpawnerHad() {
        TRACE.set("a");
        assertThat(run(TRACE::get)).isEqualTo("a");
        TRACE.remove();
        assertThat(run(() -> String.valueOf(TRACE.get()))).isEqualTo("null");
    }

    @Test
    void whatATaskChangesStaysWithItAcrossAwaits() {
        TRACE.set("a");
        List<String> seen = run(() -> {
            List<String> all = new ArrayList<>();
            sleep(SHORT);
            all.add(TRACE.get());
            TRACE.set("b");
            sleep(SHORT);
            all.add(TRACE.get());
            await(Mono.delay(SHORT, Reactor.scheduler(loop)));
            all.add(TRACE.get());
            all.add(blocking(TRACE::get));
            all.add(await(Task.spawn(TRACE::get)));
            return all;
        });
        assertThat(seen).containsExactly("a", "b", "b", "b", "b");
        assertThat(TRACE.get()).isEqualTo("a");
    }

    @Test
    void siblingsAreIsolated() {
        List<String> seen = run(() -> {
            List<Task<String>> tasks = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                String own = "task " + i;
                tasks.add(Task.spawn(() -> {
                    TRACE.set(own);
                    sleep(SHORT);
                    return TRACE.get() + " " + await(HERE) + " " + await(Task.spawn(TRACE::get));
                }));
            }
            List<String> all = new ArrayList<>();
            for (Task<String> task : tasks) {
                all.add(await(task));
            }
            all.add(TRACE.get());
            return all;
        });
        for (int i = 0; i < 20; i++) {
            assertThat(seen.get(i)).isEqualTo("task " + i + " task " + i + " task " + i);
        }
        assertThat(seen.get(20)).isNull();
    }

    @Test
    void callbacksTimersAndStagesRunInWhatTheirRegistrationSaw() {
        List<String> seen = run(() -> {
            List<String> all = new ArrayList<>();
            TRACE.set("a");
            loop.callSoon(() -> all.add("soon " + TRACE.get()));
            loop.callLater(SHORT, () -> all.add("later " + TRACE.get()));
            var stage = Task.spawn(() -> sleep(SHORT)).thenRun(() -> all.add("stage " + TRACE.get()));
            TRACE.remove();
            await(stage);
            sleep(SHORT);
            return all;
        });
        assertThat(seen).containsExactlyInAnyOrder("soon a", "later a", "stage a");
    }

    // ---- operators

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void operatorsOfWhatATaskAwaitsSeeIt(boolean automatic) {
        automatic(automatic);
        List<String> seen = run(() -> {
            List<String> all = new ArrayList<>();
            TRACE.set("a");
            all.add(await(HERE));
            all.add(await(HERE.flux()));
            all.add(await(future(HERE)));
            all.add(awaitLast(Flux.range(1, 3).map(i -> String.valueOf(TRACE.get()))));
            try (Iteration<String> items = iterate(Flux.range(1, 3).map(i -> String.valueOf(TRACE.get())), 1)) {
                items.forEach(all::add);
            }
            all.add(await(Mono.delay(SHORT, Reactor.scheduler(loop)).then(HERE)));
            all.add(await(Mono.delay(SHORT, Reactor.scheduler(loop)).flatMap(tick -> mono(loop, TRACE::get))));
            all.add(await(mono(loop, () -> {
                sleep(SHORT);
                return TRACE.get();
            })));
            return all;
        });
        assertThat(seen).hasSize(10).containsOnly("a");
    }

    /** {@code handle} and {@code tap} take thread locals from the Context, wherever they run; the others only in the automatic mode. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void onAForeignThreadTheContextHasIt(boolean automatic) {
        automatic(automatic);
        String seen = run(() -> {
            TRACE.set("a");
            return await(Mono.just("")
                    .publishOn(Schedulers.boundedElastic())
                    .<String>handle((item, sink) -> sink.next(String.valueOf(TRACE.get()))));
        });
        assertThat(seen).isEqualTo("a");
        String plain = run(() -> {
            TRACE.set("a");
            return await(Mono.just("").publishOn(Schedulers.boundedElastic()).map(item -> String.valueOf(TRACE.get())));
        });
        assertThat(plain).isEqualTo(automatic ? "a" : "null");
        String key = run(() -> {
            TRACE.set("a");
            return await(Mono.deferContextual(context -> Mono.just(context.get("trace"))));
        });
        assertThat(key).isEqualTo("a");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatATaskChangedIsWhatItsPublishersSee(boolean automatic) {
        automatic(automatic);
        Mono<String> body = mono(loop, () -> {
            String before = await(HERE);
            TRACE.set("b");
            return before
                    + await(HERE)
                    + await(Mono.deferContextual(context -> Mono.just(context.<String>get("trace"))))
                    + await(mono(loop, TRACE::get))
                    + TRACE.get();
        });
        assertThat(body.contextWrite(Context.of("trace", "a")).block(LIMIT)).isEqualTo("abbbb");
    }

    // ---- a place like a WebFilter

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatAFilterWritesIsSeenInTheTask(boolean automatic) {
        automatic(automatic);
        Mono<List<String>> handler = mono(loop, () -> {
            List<String> all = new ArrayList<>();
            all.add(TRACE.get());
            sleep(SHORT);
            all.add(TRACE.get());
            all.add(await(Task.spawn(() -> {
                sleep(SHORT);
                return TRACE.get() + await(HERE);
            })));
            all.add(blocking(TRACE::get));
            all.add(await(HERE));
            return all;
        });
        Mono<List<String>> filtered = handler.contextWrite(context -> context.put("trace", "request"));
        assertThat(filtered.block(LIMIT)).containsExactly("request", "request", "requestrequest", "request", "request");
        Flux<String> stream = flux(loop, emitter -> {
            emitter.emit(TRACE.get());
            sleep(SHORT);
            emitter.emit(TRACE.get());
        });
        assertThat(stream.contextWrite(context -> context.put("trace", "request"))
                        .collectList()
                        .block(LIMIT))
                .containsExactly("request", "request");
        assertThat(TRACE.get()).isNull();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatAFiltersThreadHasIsSeenInTheTask(boolean automatic) {
        automatic(automatic);
        TRACE.set("filter");
        Mono<String> handler = mono(loop, () -> {
            sleep(SHORT);
            return TRACE.get() + " " + await(HERE);
        });
        assertThat(handler.contextCapture().block(LIMIT)).isEqualTo("filter filter");
        assertThat(handler.block(LIMIT)).isEqualTo("filter filter");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void operatorsBehindTheTaskSeeTheirSubscribers(boolean automatic) {
        automatic(automatic);
        Mono<String> handler = mono(loop, () -> {
                    TRACE.set("changed inside");
                    sleep(SHORT);
                    return "";
                })
                .map(nothing -> String.valueOf(TRACE.get()));
        assertThat(handler.contextWrite(Context.of("trace", "request")).block(LIMIT))
                .isEqualTo("request");
    }

    @Test
    void aContextOfABlockIsItsThreadLocalsToo() {
        List<String> seen = run(() -> {
            List<String> all = new ArrayList<>();
            TRACE.set("a");
            withContext(Context.of("trace", "b"), () -> {
                all.add(TRACE.get());
                all.add(await(HERE));
                all.add(await(Mono.deferContextual(context -> Mono.just(context.<String>get("trace")))));
                all.add(await(Task.spawn(TRACE::get)));
            });
            all.add(TRACE.get());
            all.add(await(HERE));
            return all;
        });
        assertThat(seen).containsExactly("b", "b", "b", "b", "a", "a");
    }

    // ---- a host's thread

    @Test
    void whatAHostsThreadHasByItselfIsNotSeenWhereNothingWasCaptured() throws Exception {
        ScheduledExecutorService host = Executors.newSingleThreadScheduledExecutor();
        try {
            host.submit(() -> TRACE.set("the host's")).get(30, TimeUnit.SECONDS);
            Loop hosted =
                    Loop.builder().contextCapture(ContextPropagation.capture()).on(host);
            assertThat(hosted.spawn(() -> TRACE.get() + " " + await(HERE)).join())
                    .isEqualTo("null null");
            TRACE.set("ours");
            assertThat(hosted.spawn(() -> TRACE.get() + " " + await(HERE)).join())
                    .isEqualTo("ours ours");
            hosted.close();
            assertThat(host.submit(TRACE::get).get(30, TimeUnit.SECONDS)).isEqualTo("the host's");
        } finally {
            host.shutdown();
        }
    }

    @Test
    void aReactorHostThatCarriesThreadLocalsByItselfDoesNotLeakThem() {
        automatic(true); // it wraps each turn in what the thread that woke the loop has
        var single = Schedulers.newSingle("host");
        try {
            Loop hosted = Reactor.loopOn(single, Loop.builder().contextCapture(ContextPropagation.capture()));
            List<String> seen = new ArrayList<>();
            TRACE.set("the waker's");
            var task = hosted.spawn(() -> {
                TRACE.remove();
                var timer = io.coloop.Promise.<Void>create();
                hosted.callLater(SHORT, () -> {
                    seen.add(String.valueOf(TRACE.get()));
                    timer.complete(null);
                });
                await(timer.future());
                seen.add(await(HERE));
                return null;
            });
            task.join();
            assertThat(seen).containsExactly("null", "null");
            hosted.close();
        } finally {
            single.dispose();
        }
    }

    // ---- settings

    @Test
    void nothingRegisteredCostsNothing() {
        ContextRegistry.getInstance().removeThreadLocalAccessor("trace");
        ContextCapture capture = ContextPropagation.capture();
        assertThat(capture.capture()).isSameAs(ContextCapture.Snapshot.NOTHING);
        assertThat(run(() -> await(HERE))).isEqualTo("null");
        ContextRegistry.getInstance().registerThreadLocalAccessor("trace", TRACE);
        assertThat(capture.capture()).isNotSameAs(ContextCapture.Snapshot.NOTHING);
    }

    @Test
    void aFactoryOfOnesOwn() {
        ContextRegistry registry = new ContextRegistry();
        ThreadLocal<String> own = new ThreadLocal<>();
        registry.registerThreadLocalAccessor("own", own);
        ContextSnapshotFactory factory = ContextSnapshotFactory.builder()
                .contextRegistry(registry)
                .clearMissing(true)
                .build();
        own.set("mine");
        TRACE.set("not mine");
        try {
            String seen = Loop.builder()
                    .contextCapture(ContextPropagation.capture(factory))
                    .run(() -> own.get() + " " + await(Mono.fromSupplier(own::get)) + " "
                            + await(Task.spawn(() -> TRACE.get())));
            assertThat(seen).isEqualTo("mine mine null");
            try (Loop other = Loop.builder()
                    .contextCapture(ContextPropagation.capture(factory))
                    .start()) {
                assertThat(other.spawn(() -> own.get() + " " + await(Mono.fromSupplier(own::get)) + " " + TRACE.get())
                                .join())
                        .isEqualTo("mine mine null");
            }
        } finally {
            own.remove();
        }
        assertThatThrownBy(() -> ContextPropagation.capture(null)).hasMessage("factory");
    }

    @Test
    void withoutACaptureNothingOfItCrosses() {
        TRACE.set("a");
        try (Loop plain = Loop.start("plain")) {
            assertThat(mono(plain, () -> TRACE.get() + " " + await(HERE))
                            .contextWrite(Context.of("trace", "request"))
                            .block(LIMIT))
                    .isEqualTo("null null");
        }
    }

    @Test
    void aFailingAccessorFailsWhatItWasAskedForAndNothingElse() {
        AtomicInteger asked = new AtomicInteger();
        ContextRegistry.getInstance()
                .registerThreadLocalAccessor(
                        "broken",
                        () -> {
                            asked.incrementAndGet();
                            throw new IllegalStateException("broken accessor");
                        },
                        value -> {},
                        () -> {});
        try {
            assertThatThrownBy(() -> loop.spawn(() -> "")).hasMessage("broken accessor");
        } finally {
            ContextRegistry.getInstance().removeThreadLocalAccessor("broken");
        }
        assertThat(asked.get()).isPositive();
        assertThat(run(() -> "goes on")).isEqualTo("goes on");
    }

    @Test
    void aSubscriptionThatIsDisposedLeavesNothing() {
        TRACE.set("a");
        Disposable subscription = mono(loop, () -> sleep(Duration.ofDays(1))).subscribe();
        subscription.dispose();
        TRACE.remove();
        assertThat(run(() -> String.valueOf(TRACE.get()))).isEqualTo("null");
    }

    private static void automatic(boolean automatic) {
        if (automatic) {
            Hooks.enableAutomaticContextPropagation();
        }
    }
}
