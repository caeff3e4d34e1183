package io.coloop.imports;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.awaitRequired;
import static io.coloop.reactor.Reactor.future;
import static io.coloop.reactor.Reactor.mono;
import static io.coloop.reactor.Reactor.monoOwning;
import static io.coloop.rx.Rx.await;
import static io.coloop.rx.Rx.awaitRequired;
import static io.coloop.rx.Rx.completable;
import static io.coloop.rx.Rx.completableOwning;
import static io.coloop.rx.Rx.future;
import static io.coloop.rx.Rx.maybe;
import static io.coloop.rx.Rx.maybeOwning;
import static io.coloop.rx.Rx.single;
import static io.coloop.rx.Rx.singleOwning;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Await;
import io.coloop.Awaitable;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.reactor.Reactor;
import io.coloop.rx.Rx;
import io.coloop.test.LoopTest;
import io.reactivex.rxjava3.core.Completable;
import io.reactivex.rxjava3.core.Maybe;
import io.reactivex.rxjava3.core.Single;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
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
}
