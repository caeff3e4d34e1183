package io.coloop.docs;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.rx.Rx.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Loop;
import io.coloop.Task;
import io.reactivex.rxjava3.core.Single;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

class ReadmeTest {
    record User(String name) {}

    private static final class Users {
        Mono<User> findById(long id) {
            return Mono.just(new User("user " + id));
        }
    }

    private static final class Orders {
        Single<List<String>> of(long id) {
            return Single.just(List.of("tea", "cups"));
        }
    }

    private static String render(User user, List<String> orders) {
        return user.name() + " ordered " + orders;
    }

    @Test
    void page() {
        Users users = new Users();
        Orders orders = new Orders();
        // region page
        String page = Loop.run(() -> {
            Task<User> user = Task.spawn(() -> await(users.findById(7))); // a Mono<User>
            Task<List<String>> items = Task.spawn(() -> await(orders.of(7))); // a Single<List<String>>
            sleep(Duration.ofMillis(5)); // both are under way meanwhile
            return render(await(user), await(items));
        });
        // endregion
        assertThat(page).isEqualTo("user 7 ordered [tea, cups]");
    }

    @Test
    void hello() {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream out = System.out;
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            Hello.main(new String[0]);
        } finally {
            System.setOut(out);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8).strip()).isEqualTo("hello world");
    }
}
