package io.coloop.imports;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.awaitRequired;
import static io.coloop.reactor.Reactor.future;
import static io.coloop.reactor.Reactor.mono;
import static io.coloop.reactor.Reactor.monoOwning;
import static io.coloop.rx.ReactorRx.completable;
import static io.coloop.rx.ReactorRx.flowable;
import static io.coloop.rx.ReactorRx.flux;
import static io.coloop.rx.ReactorRx.maybe;
import static io.coloop.rx.ReactorRx.mono;
import static io.coloop.rx.ReactorRx.single;
import static io.coloop.rx.Rx.await;
import static io.coloop.rx.Rx.awaitFirst;
import static io.coloop.rx.Rx.awaitLast;
import static io.coloop.rx.Rx.awaitOptional;
import static io.coloop.rx.Rx.awaitRequired;
import static io.coloop.rx.Rx.completable;
import static io.coloop.rx.Rx.completableOwning;
import static io.coloop.rx.Rx.flowable;
import static io.coloop.rx.Rx.future;
import static io.coloop.rx.Rx.iterate;
import static io.coloop.rx.Rx.loopOn;
import static io.coloop.rx.Rx.maybe;
import static io.coloop.rx.Rx.maybeOwning;
import static io.coloop.rx.Rx.observable;
import static io.coloop.rx.Rx.single;
import static io.coloop.rx.Rx.singleOwning;
import static io.coloop.stream.Streams.await;
import static io.coloop.stream.Streams.awaitFirst;
import static io.coloop.stream.Streams.awaitLast;
import static io.coloop.stream.Streams.awaitOptional;
import static io.coloop.stream.Streams.awaitRequired;
import static io.coloop.stream.Streams.future;
import static io.coloop.stream.Streams.iterate;
import static io.coloop.stream.Streams.publisher;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Await;
import io.coloop.Awaitable;
import io.coloop.CancelPolicy;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.reactor.Reactor;
import io.coloop.rx.Rx;
import io.coloop.stream.Emitter;
import io.coloop.sync.Queue;
import io.coloop.test.LoopTest;
import io.reactivex.rxjava3.core.BackpressureStrategy;
import io.reactivex.rxjava3.core.Completable;
import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.core.Maybe;
import io.reactivex.rxjava3.core.Observable;
import io.reactivex.rxjava3.core.Single;
import io.reactivex.rxjava3.schedulers.Schedulers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Every type, with everything imported by name. That this compiles is the test. */
class NamedImportsTest {
    @LoopTest
    void everyTypeIsAwaited(Loop loop) {
        CompletableFuture<String> completable = CompletableFuture.completedFuture("value");
        CompletionStage<String> stage = completable;
        Future<String> future = Future.completed("value");
        Task<String> task = Task.spawn(() -> "value");
        Awaitable<String> awaitable = promise -> promise.complete("value");
        assertThat(await(completable)).isEqualTo("value");
        assertThat(await(stage)).isEqualTo("value");
        assertThat(await(future)).isEqualTo("value");
        assertThat(await(task)).isEqualTo("value");
        assertThat(await(awaitable)).isEqualTo("value");
        assertThat(await(Mono.just("value"))).isEqualTo("value");
        assertThat(await(Single.just("value"))).isEqualTo("value");
        assertThat(await(Maybe.just("value"))).isEqualTo("value");
        await(Completable.complete());
        assertThat(awaitRequired(Mono.just("value"))).isEqualTo("value");
        assertThat(awaitRequired(Maybe.just("value"))).isEqualTo("value");
        sleep(Duration.ofNanos(1));
        yieldNow();
        assertThat(Await.<String>blocking(() -> "value")).isEqualTo("value");
    }

    @LoopTest
    void everyTypeIsMadeOfABodyAndOfAFuture(Loop loop) {
        Future<String> value = Future.completed("value");
        assertThat(await(mono(loop, () -> await(value)))).isEqualTo("value");
        await(mono(loop, () -> yieldNow()));
        assertThat(await(single(loop, () -> await(value)))).isEqualTo("value");
        assertThat(await(maybe(loop, () -> await(value)))).isEqualTo("value");
        await(completable(loop, () -> yieldNow()));
        assertThat(await(mono(value))).isEqualTo("value");
        assertThat(await(monoOwning(value))).isEqualTo("value");
        assertThat(await(single(value))).isEqualTo("value");
        assertThat(await(singleOwning(value))).isEqualTo("value");
        assertThat(await(maybe(value))).isEqualTo("value");
        assertThat(await(maybeOwning(value))).isEqualTo("value");
        await(completable(value));
        await(completableOwning(value));
    }

    @LoopTest
    void everyTypeBecomesAFuture(Loop loop) {
        assertThat(await(future(Mono.just("value")))).isEqualTo("value");
        assertThat(await(future(Single.just("value")))).isEqualTo("value");
        assertThat(await(future(Maybe.just("value")))).isEqualTo("value");
        await(future(Completable.complete()));
        assertThat(Reactor.scheduler(loop)).hasToString("Reactor.scheduler(" + loop.name() + ")");
        assertThat(Rx.scheduler(loop)).hasToString("Rx.scheduler(" + loop.name() + ")");
    }

    @LoopTest
    void theLibrariesComposeInOneBody(Loop loop) {
        Task<String> user = Task.spawn(() -> await(mono(loop, () -> {
            sleep(Duration.ofMillis(5));
            return "user";
        })));
        Task<String> order = Task.spawn(() -> await(single(loop, () -> {
            sleep(Duration.ofMillis(5));
            return "order";
        })));
        assertThat(await(user) + " and " + await(order)).isEqualTo("user and order");
    }

    @LoopTest
    void everyStreamIsAwaited(Loop loop) {
        Flowable<String> flowable = Flowable.just("item");
        Observable<String> observable = Observable.just("item");
        Flow.Publisher<String> publisher = publisher(loop, List.of("item"));
        assertThat(await(flowable)).isEqualTo("item");
        assertThat(await(observable)).isEqualTo("item");
        assertThat(await(publisher)).isEqualTo("item");
        assertThat(awaitRequired(flowable)).isEqualTo("item");
        assertThat(awaitRequired(observable)).isEqualTo("item");
        assertThat(awaitRequired(publisher)).isEqualTo("item");
        assertThat(awaitOptional(Maybe.just("value"))).contains("value");
        assertThat(awaitOptional(flowable)).contains("item");
        assertThat(awaitOptional(observable)).contains("item");
        assertThat(awaitOptional(publisher)).contains("item");
        assertThat(awaitFirst(flowable)).isEqualTo("item");
        assertThat(awaitFirst(observable)).isEqualTo("item");
        assertThat(awaitFirst(publisher)).isEqualTo("item");
        assertThat(awaitLast(flowable)).isEqualTo("item");
        assertThat(awaitLast(observable)).isEqualTo("item");
        assertThat(awaitLast(publisher)).isEqualTo("item");
        assertThat(await(future(flowable))).isEqualTo("item");
        assertThat(await(future(observable))).isEqualTo("item");
        assertThat(await(future(publisher))).isEqualTo("item");
    }

    @LoopTest
    void everyStreamIsIterated(Loop loop) {
        try (var items = iterate(Flowable.just("item"))) {
            assertThat(items).containsExactly("item");
        }
        try (var items = iterate(Observable.just("item"), BackpressureStrategy.DROP, 8)) {
            assertThat(items).containsExactly("item");
        }
        try (var items = iterate(publisher(loop, List.of("item")), 8)) {
            assertThat(items).containsExactly("item");
        }
    }

    @LoopTest
    void everyStreamIsMadeOfABody(Loop loop) {
        Flowable<String> emitted = flowable(loop, emitter -> emitter.emit("item"));
        Observable<String> pushed = observable(loop, emitter -> emitter.emit("item"));
        Flow.Publisher<String> published = publisher(loop, emitter -> emitter.emit("item"));
        assertThat(await(emitted)).isEqualTo("item");
        assertThat(await(pushed)).isEqualTo("item");
        assertThat(await(published)).isEqualTo("item");
        assertThat(await(flowable(loop, (Emitter<String> emitter) -> emitter.emit("item"), late -> {})))
                .isEqualTo("item");
        assertThat(await(flowable(loop, List.of("item")))).isEqualTo("item");
        Queue<String> queue = Queue.unbounded();
        queue.put("item");
        assertThat(awaitFirst(flowable(loop, queue))).isEqualTo("item");
    }

    @LoopTest
    void everyTypeWithAPolicy(Loop loop) {
        assertThat(await(Future.completed("value"), CancelPolicy.SHIELD)).isEqualTo("value");
        assertThat(await(Single.just("value"), CancelPolicy.SHIELD)).isEqualTo("value");
        assertThat(await(Maybe.just("value"), CancelPolicy.OWN)).isEqualTo("value");
        await(Completable.complete(), CancelPolicy.drain(Duration.ofSeconds(1)));
    }

    @LoopTest
    void theLibrariesConvertIntoOneAnother(Loop loop) {
        assertThat(await(single(Mono.just("value")))).isEqualTo("value");
        assertThat(await(maybe(Mono.just("value")))).isEqualTo("value");
        await(completable(Mono.just("value")));
        assertThat(await(flowable(Mono.just("value")))).isEqualTo("value");
        assertThat(await(flowable(Flux.just("value")))).isEqualTo("value");
        assertThat(await(mono(Single.just("value")))).isEqualTo("value");
        assertThat(await(mono(Maybe.just("value")))).isEqualTo("value");
        assertThat(await(mono(Completable.complete()))).isNull();
        assertThat(await(flux(Flowable.just("value")).next())).isEqualTo("value");
        assertThat(await(single(loop, () -> "value"))).isEqualTo("value");
    }

    @LoopTest
    void aSchedulerLendsItsThread(Loop loop) {
        String seen = Await.<String>blocking(() -> {
            try (Loop other = loopOn(Schedulers.computation())) {
                return other.spawn(() -> await(Single.just("value"))).get();
            }
        });
        assertThat(seen).isEqualTo("value");
    }
}
