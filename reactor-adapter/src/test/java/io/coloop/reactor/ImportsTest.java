package io.coloop.reactor;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.awaitFirst;
import static io.coloop.reactor.Reactor.awaitLast;
import static io.coloop.reactor.Reactor.awaitOptional;
import static io.coloop.reactor.Reactor.awaitRequired;
import static io.coloop.reactor.Reactor.context;
import static io.coloop.reactor.Reactor.flux;
import static io.coloop.reactor.Reactor.future;
import static io.coloop.reactor.Reactor.iterate;
import static io.coloop.reactor.Reactor.mono;
import static io.coloop.reactor.Reactor.withContext;
import static io.coloop.stream.Streams.await;
import static io.coloop.stream.Streams.awaitFirst;
import static io.coloop.stream.Streams.awaitLast;
import static io.coloop.stream.Streams.awaitOptional;
import static io.coloop.stream.Streams.awaitRequired;
import static io.coloop.stream.Streams.future;
import static io.coloop.stream.Streams.iterate;
import static io.coloop.stream.Streams.publisher;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Awaitable;
import io.coloop.CancelPolicy;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.sync.Queue;
import io.coloop.test.LoopTest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.ParallelFlux;
import reactor.core.publisher.Sinks;
import reactor.util.context.Context;

/** Everything imported by name, of core's entry classes and Reactor's. That this compiles is the test. */
class ImportsTest {
    @LoopTest
    void everyTypeIsAwaited(Loop loop) {
        CompletionStage<String> stage = CompletableFuture.completedFuture("value");
        Awaitable<String> awaitable = promise -> promise.complete("value");
        Publisher<String> any = Flux.just("value");
        Flow.Publisher<String> flow = publisher(loop, List.of("value"));
        assertThat(await(stage)).isEqualTo("value");
        assertThat(await(Future.completed("value"))).isEqualTo("value");
        assertThat(await(Task.spawn(() -> "value"))).isEqualTo("value");
        assertThat(await(awaitable)).isEqualTo("value");
        assertThat(await(Mono.just("value"))).isEqualTo("value");
        assertThat(await(Flux.just("value"))).isEqualTo("value");
        assertThat(await(any)).isEqualTo("value");
        assertThat(await(flow)).isEqualTo("value");
        assertThat(await(Mono.just("value"), CancelPolicy.SHIELD)).isEqualTo("value");
        assertThat(await(Flux.just("value"), CancelPolicy.SHIELD)).isEqualTo("value");
        assertThat(await(stage, Duration.ofSeconds(1))).isEqualTo("value");
        assertThat(await(Mono.just("value"), lost -> {})).isEqualTo("value");
        assertThat(await(any, lost -> {})).isEqualTo("value");
        assertThat(awaitRequired(Mono.just("value"))).isEqualTo("value");
        assertThat(awaitRequired(flow)).isEqualTo("value");
        assertThat(awaitRequired(any)).isEqualTo("value");
        assertThat(awaitOptional(Mono.just("value"))).contains("value");
        assertThat(awaitOptional(any)).contains("value");
        assertThat(awaitOptional(flow)).contains("value");
        assertThat(awaitFirst(any)).isEqualTo("value");
        assertThat(awaitFirst(flow)).isEqualTo("value");
        assertThat(awaitLast(any)).isEqualTo("value");
        assertThat(awaitLast(flow)).isEqualTo("value");
        assertThat(await(future(Mono.just("value")))).isEqualTo("value");
        assertThat(await(future(any))).isEqualTo("value");
        assertThat(await(future(flow))).isEqualTo("value");
        String typed = await(Mono.just("value"));
        String first = awaitFirst(Flux.just("value"));
        assertThat(typed).isEqualTo(first);
    }

    @LoopTest
    void everyStreamIsIterated(Loop loop) {
        Flow.Publisher<Integer> flow = publisher(loop, List.of(1, 2));
        ParallelFlux<Integer> rails = Flux.range(1, 2).parallel(2);
        int sum = 0;
        for (int i : iterate(Flux.just(1, 2))) {
            sum += i;
        }
        for (int i : iterate(Mono.just(3), 1)) {
            sum += i;
        }
        for (int i : iterate(flow)) {
            sum += i;
        }
        for (int i : iterate(rails, 2, lost -> {})) {
            sum += i;
        }
        Sinks.Many<Integer> sink = Sinks.many().replay().all();
        sink.tryEmitNext(4);
        sink.tryEmitComplete();
        for (int i : iterate(sink.asFlux())) {
            sum += i;
        }
        assertThat(sum).isEqualTo(16);
    }

    @LoopTest
    void everyTypeIsMadeOfABody(Loop loop) {
        Queue<Integer> queue = Queue.unbounded();
        queue.put(1);
        queue.shutdown();
        Flux<Integer> emitted = flux(loop, emitter -> {
            sleep(Duration.ofNanos(1));
            emitter.emit(1);
        });
        Flux<Number> wider = flux(loop, List.of(1, 2));
        assertThat(await(emitted)).isEqualTo(1);
        assertThat(awaitLast(wider)).isEqualTo(2);
        assertThat(await(flux(loop, queue))).isEqualTo(1);
        assertThat(await(flux(loop, iterate(Flux.just(1))))).isEqualTo(1);
        assertThat(await(mono(loop, () -> await(emitted)))).isEqualTo(1);
        await(mono(loop, () -> yieldNow()));
        assertThat(withContext(Context.of("key", 1), () -> context().<Integer>get("key")))
                .isEqualTo(1);
        withContext(context -> context.put("key", 2), () -> yieldNow());
    }
}
