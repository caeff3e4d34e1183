package io.coloop.docs;

// region program
import static io.coloop.Await.await;
import static io.coloop.Await.sleep;

import io.coloop.Loop;
import io.coloop.Task;
import java.time.Duration;

public class Hello {
    public static void main(String[] arguments) {
        String greeting = Loop.run(() -> {
            Task<String> name = Task.spawn(() -> {
                sleep(Duration.ofMillis(5)); // others run meanwhile
                return "world";
            });
            return "hello " + await(name);
        });
        System.out.println(greeting);
    }
}
// endregion
