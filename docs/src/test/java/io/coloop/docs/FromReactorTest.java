package io.coloop.docs;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.flux;
import static io.coloop.reactor.Reactor.iterate;
import static io.coloop.reactor.Reactor.mono;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.ContextVar;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.TaskGroup;
import io.coloop.TaskTimeoutException;
import io.coloop.Timeout;
import io.coloop.reactor.Reactor;
import io.coloop.sync.Queue;
import io.coloop.sync.Semaphore;
import io.coloop.test.LoopTest;
import io.coloop.test.VirtualClock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The idioms of Reactor, as they are written here. */
class FromReactorTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    record Order(String item, int price) {}

    private final List<String> log = new ArrayList<>();

    private Mono<String> user(long id) {
        return id < 0 ? Mono.error(new IOException("no user " + id)) : Mono.just("user " + id);
    }

    private Flux<Order> orders(String user) {
        return Flux.just(new Order("tea", 4), new Order("cups", 9));
    }

    private Mono<Integer> price(Loop loop, Order order) {
        return Mono.delay(SECOND, Reactor.scheduler(loop)).map(ignored -> order.price());
    }

    // ---- one value

    @LoopTest
    void flatMapping(Loop loop) {
        // region reactor-flat-map
        Mono<String> chain =
                user(7).flatMap(user -> orders(user).collectList().map(orders -> user + " has " + orders.size()));
        // endregion
        // region flat-map
        Mono<String> page = mono(loop, () -> {
            String user = await(user(7));
            List<Order> orders = await(orders(user).collectList());
            return user + " has " + orders.size();
        });
        // endregion
        assertThat(await(page)).isEqualTo("user 7 has 2").isEqualTo(await(chain));
    }

    @LoopTest
    void zipping(Loop loop, VirtualClock clock) {
        Order tea = new Order("tea", 4);
        Order cups = new Order("cups", 9);
        // region reactor-zip
        Mono<Integer> zipped = Mono.zip(price(loop, tea), price(loop, cups), Integer::sum);
        // endregion
        // region zip
        int both = TaskGroup.run(
                group -> { // at the same time; the first failure cancels the other
                    Task<Integer> first = group.spawn(() -> await(price(loop, tea)));
                    Task<Integer> second = group.spawn(() -> await(price(loop, cups)));
                    return await(first) + await(second);
                });
        // endregion
        assertThat(clock.elapsed()).isEqualTo(SECOND);
        assertThat(both).isEqualTo(13).isEqualTo(await(zipped));
    }

    @LoopTest
    void errors() {
        // region reactor-errors
        Mono<String> resumed =
                user(-1).onErrorReturn(IOException.class, "nobody").doFinally(signal -> log.add("looked"));
        // endregion
        // region errors
        String user;
        try {
            user = await(user(-1));
        } catch (CompletionException failed) { // a checked failure is the cause of this
            user = "nobody";
        } finally {
            log.add("looked"); // doFinally
        }
        // endregion
        assertThat(user).isEqualTo("nobody").isEqualTo(await(resumed));
        assertThat(log).containsExactly("looked", "looked");
    }

    @LoopTest
    void retrying(VirtualClock clock) {
        List<String> answers = new ArrayList<>(List.of("", "", "there"));
        Mono<String> flaky = Mono.fromSupplier(answers::removeFirst).filter(answer -> !answer.isEmpty());
        // region retry
        String answer = await(flaky);
        for (int attempt = 1; answer == null && attempt < 5; attempt++) {
            sleep(SECOND.multipliedBy(attempt)); // Retry.backoff
            answer = await(flaky);
        }
        // endregion
        assertThat(answer).isEqualTo("there");
        assertThat(clock.elapsed()).isEqualTo(SECOND.multipliedBy(3));
    }

    @LoopTest
    void timingOut() {
        assertThatThrownBy(() -> {
                    // region timeout
                    Timeout.of(SECOND).run(() -> await(Mono.never())); // cancels the Mono
                    // endregion
                })
                .isInstanceOf(TaskTimeoutException.class);
    }

    @LoopTest
    void delaying(Loop loop, VirtualClock clock) {
        // region delay
        sleep(SECOND); // delayElement
        await(Mono.delay(SECOND, Reactor.scheduler(loop))); // a delay of Reactor's, on the loop's clock
        // endregion
        assertThat(clock.elapsed()).isEqualTo(SECOND.multipliedBy(2));
    }

    @LoopTest
    void offloading() {
        // region offload
        String text = blocking(() -> "read from a file"); // subscribeOn(boundedElastic()): cancelling interrupts
        // endregion
        assertThat(text).startsWith("read");
    }

    @LoopTest
    void caching(VirtualClock clock, Loop loop) {
        Order tea = new Order("tea", 4);
        // region cache
        Future<Integer> price = Reactor.future(price(loop, tea)); // hot: subscribed once
        int sum = await(price) + await(price);
        Mono<Integer> view = mono(price); // for those who want a Mono; cancelling it leaves the future alone
        // endregion
        assertThat(sum + await(view)).isEqualTo(12);
        assertThat(clock.elapsed()).isEqualTo(SECOND);
    }

    // ---- many values

    @LoopTest
    void iterating() {
        int sum = 0;
        // region iterate
        try (var orders =
                iterate(orders("user 7"), 32)) { // asks for 32, then for 24 more whenever it has taken as many
            for (Order order : orders) {
                if (order.price() > 100) {
                    break; // closing it cancels the Flux
                }
                sum += order.price();
            }
        }
        // endregion
        assertThat(sum).isEqualTo(13);
    }

    @LoopTest
    void generating(Loop loop) {
        // region generate
        Flux<Integer> ticks = flux(
                loop,
                emitter -> { // a task for each subscriber; cancelling cancels it
                    for (int i = 1; i <= 3; i++) {
                        emitter.emit(i); // awaits demand
                        sleep(SECOND);
                    }
                });
        // endregion
        assertThat(await(ticks.collectList())).containsExactly(1, 2, 3);
    }

    @LoopTest
    void concurrently(Loop loop, VirtualClock clock) {
        Flux<Order> many = Flux.range(1, 6).map(i -> new Order("item " + i, i));
        List<Integer> prices = new ArrayList<>();
        // region concurrency
        Semaphore four = Semaphore.withPermits(4); // flatMap(..., 4)
        TaskGroup.run(group -> {
            try (var orders = iterate(many)) {
                for (Order order : orders) {
                    var permit = four.acquire();
                    group.spawn(() -> {
                        try (permit) {
                            prices.add(await(price(loop, order)));
                        }
                    });
                }
            }
        });
        // endregion
        assertThat(prices).containsExactlyInAnyOrder(1, 2, 3, 4, 5, 6);
        assertThat(clock.elapsed()).isEqualTo(SECOND.multipliedBy(2));
    }

    @LoopTest
    void sinking(Loop loop) {
        // region sink
        Queue<String> events = Queue.bounded(16); // Sinks.many().unicast(), with a bound that a producer waits for
        Flux<String> published = flux(loop, events);
        Task<List<String>> all = Task.spawn(() -> await(published.collectList()));
        events.put("one");
        events.put("two");
        events.shutdown(); // onComplete
        // endregion
        assertThat(await(all)).containsExactly("one", "two");
    }

    // ---- context

    private static final ContextVar<String> USER = ContextVar.of("user", "nobody");

    @LoopTest
    void contexts(Loop loop) {
        Mono<String> whoAmI = Mono.deferContextual(context -> Mono.just(context.getOrDefault("user", "nobody")));
        // region context
        Mono<String> page = mono(loop, () -> {
                    sleep(SECOND);
                    return "hello " + await(whoAmI); // sees what the subscriber of this Mono wrote
                })
                .contextWrite(context -> context.put("user", "ada"));
        // endregion
        assertThat(await(page)).isEqualTo("hello ada");
    }

    @LoopTest
    void variables(Loop loop) {
        // region context-var
        try (var change = USER.set("ada")) { // for this task and what it starts meanwhile
            String seen = await(Task.spawn(USER::get));
            log.add(seen);
        }
        // endregion
        assertThat(log).containsExactly("ada");
    }
}
