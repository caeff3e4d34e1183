package app;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;

import io.coloop.Awaitable;
import io.coloop.CloseHook;
import io.coloop.Loop;
import io.coloop.Promise;
import io.coloop.test.LoopTest;
import io.coloop.test.VirtualClock;
import java.time.Duration;

/** Tests that leave something behind, for a test of what is said of it. In a package of its own: frames of coloop's are not shown. */
public class Leaks {
    /** A stream that the loop closes if nobody does. */
    private static final class Rows implements AutoCloseable {
        private final CloseHook hook;

        Rows(Loop loop) {
            hook = loop.onClose(() -> {});
        }

        @Override
        public void close() {
            hook.remove();
        }
    }

    /** Goes on for longer than anything is given to settle. */
    private record Again(Loop loop, int times) implements Runnable {
        @Override
        public void run() {
            if (times > 0) {
                loop.execute(new Again(loop, times - 1));
            }
        }
    }

    @LoopTest
    void task(Loop loop) {
        Promise<String> never = loop.promise();
        loop.spawn("forgotten", () -> await(never.future()));
    }

    @LoopTest
    void timer(Loop loop) {
        loop.callLater(Duration.ofMinutes(1), () -> {});
    }

    @LoopTest
    void stream(Loop loop) {
        new Rows(loop);
    }

    @LoopTest
    void closedStream(Loop loop) {
        new Rows(loop).close();
    }

    @LoopTest
    void subscription(Loop loop) {
        loop.subscribe(new Awaitable<String>() {
            @Override
            public void subscribe(Promise<String> promise) {}

            @Override
            public String toString() {
                return "Prices";
            }
        });
    }

    @LoopTest
    void cancelledSubscription(Loop loop) {
        loop.subscribe(promise -> {}).cancel();
    }

    @LoopTest(closeHooks = true)
    void pool(Loop loop) {
        loop.onClose(() -> {});
    }

    @LoopTest
    void callback(Loop loop) {
        loop.execute(new Again(loop, 3_000_000));
    }

    @LoopTest
    void foreignOperation(Loop loop, VirtualClock clock) {
        clock.foreign(loop);
    }

    @LoopTest
    void everything(Loop loop, VirtualClock clock) {
        timer(loop);
        stream(loop);
        callback(loop);
        foreignOperation(loop, clock);
        loop.spawn("sleeper", () -> sleep(Duration.ofDays(1)));
    }

    @LoopTest
    void failure(Loop loop) {
        loop.spawn("charge", () -> {
            throw new IllegalStateException("the card is expired");
        });
    }
}
