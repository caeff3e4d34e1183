package io.coloop.docs;

import static io.coloop.Await.await;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.mono;
import static io.coloop.rx.Rx.await;
import static io.coloop.rx.Rx.single;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Loop;
import io.coloop.test.LoopTest;
import io.reactivex.rxjava3.core.Single;
import java.util.List;
import reactor.core.publisher.Mono;

class AdaptersTest {
    private static final class Users {
        Mono<String> findById(long id) {
            return Mono.just("user " + id);
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
        Mono<String> page = mono(loop, () -> "hello " + await(users.findById(7))); // a task per subscriber
        // endregion
        assertThat(user).isEqualTo("user 7");
        assertThat(await(page)).isEqualTo("hello user 7");
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
