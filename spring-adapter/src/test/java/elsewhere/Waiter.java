package elsewhere;

import static io.coloop.Await.await;

import io.coloop.Future;

/** An application's code: places in coloop's own packages are not shown. */
public final class Waiter {
    private Waiter() {}

    public static String waitFor(Future<String> future) {
        return await(future);
    }
}
