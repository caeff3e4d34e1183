package io.coloop.docs;

import static io.coloop.Await.await;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.flux;
import static io.coloop.reactor.Reactor.iterate;
import static io.coloop.reactor.Reactor.mono;
import static io.coloop.rx.Rx.await;
import static io.coloop.rx.Rx.single;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Loop;
import io.coloop.test.LoopTest;
import io.reactivex.rxjava3.core.Single;
import java.util.ArrayList;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

class AdaptersTest {
    private static final class Users {
        Mono<String> findById(long id) {
            return Mono.just("user " + id);
        }

        Flux<String> findAll() {
            return Flux.just("user 7", "user 8");
        }
    }

    private static final class Transactions {
        <T> Mono<T> transactional(Mono<T> work) {
            return work.contextWrite(Context.of("transaction", "t1"));
        }
    }

    private static final class Rows {
        private final List<String> saved = new ArrayList<>();

        Mono<Void> save(String row) {
            return Mono.deferContextual(context -> {
                saved.add(row + " in " + context.get("transaction"));
                return Mono.empty();
            });
        }
    }

    private static final class Orders {
        Single<List<String>> of(long id) {
            return Single.just(List.of("tea", "cups"));
        }
    }

    @LoopTest
    void reactor(Loop loop) {
        Users users = new Users();
        // region reactor
        String user = await(users.findById(7)); // in a task; null if the Mono is empty
        try (var all = iterate(users.findAll(), 32)) { // asks for 32 at first
            for (String each : all) {
                greet(each);
            }
        }
        Mono<String> page = mono(loop, () -> "hello " + await(users.findById(7))); // a task per subscriber
        Flux<String> pages = flux(loop, emitter -> {
            for (long id = 7; id < 9; id++) {
                emitter.emit("hello " + await(users.findById(id))); // awaits demand
            }
        });
        // endregion
        assertThat(user).isEqualTo("user 7");
        assertThat(await(page)).isEqualTo("hello user 7");
        assertThat(await(pages.collectList())).containsExactly("hello user 7", "hello user 8");
        assertThat(greeted).containsExactly("user 7", "user 8");
    }

    private final List<String> greeted = new ArrayList<>();

    private void greet(String user) {
        greeted.add(user);
    }

    @LoopTest
    void reactorTransaction(Loop loop) {
        Transactions operator = new Transactions();
        Rows rows = new Rows();
        // region transaction
        Mono<Void> both = operator.transactional(mono(loop, () -> {
            await(rows.save("a")); // in the transaction
            await(rows.save("b")); // in the same
        }));
        // endregion
        await(both);
        assertThat(rows.saved).containsExactly("a in t1", "b in t1");
    }

    @LoopTest
    void rx(Loop loop) {
        Orders orders = new Orders();
        // region rx
        List<String> items = await(orders.of(7)); // in a task
        Single<Integer> count = single(loop, () -> await(orders.of(7)).size()); // a task per subscriber
        // endregion
        assertThat(items).containsExactly("tea", "cups");
        assertThat(await(count)).isEqualTo(2);
    }
}
