package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What a timeout does in which turn is what asyncio does; each expectation was printed by asyncio 3.13. */
class TimeoutOrderTest {
    private static void ticks(Trail trail, String prefix, int count) {
        for (int i = 0; i < count; i++) {
            trail.mark(prefix + i);
            yieldNow();
        }
    }

    private static void forever(Trail trail, String name, int cleanup) {
        trail.mark(name + " starts");
        try {
            await(Promise.create().future());
        } catch (TaskCancelledException cancelled) {
            trail.mark(name + " cancelled");
            ticks(trail, name + " cleans ", cleanup);
            throw cancelled;
        } finally {
            trail.mark(name + " ends");
        }
    }

    private static Task<Void> runner(Trail trail, VoidBody<RuntimeException> body) {
        Task<Void> runner = Task.spawn(body);
        runner.whenComplete(
                (value, failure) -> trail.mark("runner done" + (runner.isCancelled() ? ": cancelled" : "")));
        return runner;
    }

    private static Timeout zero() {
        return Timeout.of(Duration.ZERO);
    }

    @LoopTest
    void aZeroDelay(Trail trail) {
        runner(trail, () -> {
            try {
                zero().run(() -> {
                    trail.mark("body");
                    ticks(trail, "b", 3);
                });
            } catch (TaskTimeoutException expired) {
                trail.mark("timed out " + Task.current().cancelling());
            }
            yieldNow();
            trail.mark("goes on");
        });
        ticks(trail, "m", 6);
        assertThat(trail.marks())
                .containsExactly(
                        "m0", "body", "b0", "m1", "timed out 0", "m2", "goes on", "m3", "runner done", "m4", "m5");
    }

    @LoopTest
    void aZeroDelayAroundABodyThatDoesNotAwait(Trail trail) {
        runner(trail, () -> {
            Timeout timeout = zero();
            timeout.run(() -> trail.mark("body"));
            trail.mark("expired " + timeout.expired());
            yieldNow();
            trail.mark("goes on");
        });
        ticks(trail, "m", 4);
        assertThat(trail.marks())
                .containsExactly("m0", "body", "expired false", "m1", "goes on", "m2", "runner done", "m3");
    }

    @LoopTest
    void theOutermostThatExpiredThrows(Trail trail) {
        runner(trail, () -> {
            Timeout outer = zero();
            Timeout inner = zero();
            try {
                outer.run(() -> {
                    try {
                        inner.run(() -> forever(trail, "b", 0));
                    } catch (TaskCancelledException cancelled) {
                        trail.mark("inner cancelled");
                        throw cancelled;
                    }
                });
            } catch (TaskTimeoutException expired) {
                trail.mark("outer timed out " + outer.expired() + " " + inner.expired());
            }
        });
        ticks(trail, "m", 6);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "b starts",
                        "m1",
                        "m2",
                        "b cancelled",
                        "b ends",
                        "inner cancelled",
                        "outer timed out true true",
                        "m3",
                        "runner done",
                        "m4",
                        "m5");
    }

    private static void expiringForever(Trail trail) {
        Timeout timeout = zero();
        try {
            timeout.run(() -> forever(trail, "b", 0));
        } catch (RuntimeException failure) {
            trail.mark(failure.getClass().getSimpleName() + " " + timeout.expired() + " "
                    + Task.current().cancelling());
            throw failure;
        }
    }

    @LoopTest
    void aCancelAfterTheExpiryInOneTurn(Trail trail) {
        Task<Void> runner = runner(trail, () -> expiringForever(trail));
        ticks(trail, "m", 2);
        trail.mark("cancel");
        runner.cancel();
        ticks(trail, "n", 4);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "b starts",
                        "m1",
                        "cancel",
                        "n0",
                        "b cancelled",
                        "b ends",
                        "TaskCancelledException true 1",
                        "n1",
                        "runner done: cancelled",
                        "n2",
                        "n3");
    }

    @LoopTest
    void aCancelBeforeTheExpiryInOneTurn(Loop loop, Trail trail) {
        Task<?>[] runner = new Task<?>[1];
        Task.spawn(() -> {
            loop.callSoon(() -> {
                trail.mark("cancel");
                runner[0].cancel();
            });
        });
        runner[0] = runner(trail, () -> expiringForever(trail));
        ticks(trail, "m", 6);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "b starts",
                        "m1",
                        "cancel",
                        "m2",
                        "b cancelled",
                        "b ends",
                        "TaskCancelledException true 1",
                        "m3",
                        "runner done: cancelled",
                        "m4",
                        "m5");
    }

    @LoopTest
    void aBodyThatReturnsInSpiteOfIt(Trail trail) {
        runner(trail, () -> {
            Timeout timeout = zero();
            timeout.run(() -> {
                try {
                    forever(trail, "b", 1);
                } catch (TaskCancelledException swallowed) {
                    trail.mark("swallowed");
                }
                ticks(trail, "b", 1);
            });
            trail.mark("returned " + timeout.expired() + " " + Task.current().cancelling());
        });
        ticks(trail, "m", 7);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "b starts",
                        "m1",
                        "m2",
                        "b cancelled",
                        "b cleans 0",
                        "m3",
                        "b ends",
                        "swallowed",
                        "b0",
                        "m4",
                        "returned true 0",
                        "m5",
                        "runner done",
                        "m6");
    }

    @LoopTest
    void rescheduledIntoThePast(Trail trail) {
        runner(trail, () -> {
            Timeout timeout = Timeout.of(Duration.ofSeconds(100));
            try {
                timeout.run(() -> {
                    yieldNow();
                    timeout.reschedule(-1);
                    trail.mark("rescheduled");
                    ticks(trail, "b", 3);
                });
            } catch (TaskTimeoutException expired) {
                trail.mark("timed out");
            }
        });
        ticks(trail, "m", 6);
        assertThat(trail.marks())
                .containsExactly("m0", "m1", "rescheduled", "b0", "m2", "timed out", "m3", "runner done", "m4", "m5");
    }

    @LoopTest
    void aroundAGroup(Trail trail) {
        runner(trail, () -> {
            try {
                zero().run(() -> TaskGroup.run(group -> {
                    group.spawn(() -> forever(trail, "a", 1));
                    trail.mark("body done");
                }));
            } catch (TaskTimeoutException expired) {
                trail.mark("timed out");
            }
        });
        ticks(trail, "m", 8);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "body done",
                        "m1",
                        "a starts",
                        "m2",
                        "m3",
                        "a cancelled",
                        "a cleans 0",
                        "m4",
                        "a ends",
                        "m5",
                        "m6",
                        "timed out",
                        "m7",
                        "runner done");
    }

    @LoopTest
    void anAwaitedTaskThatEndsInTime(Trail trail) {
        runner(trail, () -> {
            Task<String> child = Task.spawn(() -> {
                yieldNow();
                trail.mark("a ends");
                return "a";
            });
            trail.mark(await(child, Duration.ofSeconds(10)));
        });
        ticks(trail, "m", 7);
        assertThat(trail.marks())
                .containsExactly("m0", "m1", "m2", "a ends", "m3", "a", "m4", "runner done", "m5", "m6");
    }

    /** asyncio's wait_for waits through a callback here and says "timed out" a turn later. */
    @LoopTest
    void anAwaitedTaskWithALimitOfZero(Trail trail) {
        runner(trail, () -> {
            Task<Void> child = Task.spawn(() -> forever(trail, "a", 1));
            yieldNow();
            trail.mark("await");
            try {
                await(child, Duration.ZERO);
            } catch (TaskTimeoutException expired) {
                trail.mark("timed out");
            }
        });
        ticks(trail, "m", 7);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "m1",
                        "a starts",
                        "await",
                        "m2",
                        "a cancelled",
                        "a cleans 0",
                        "m3",
                        "a ends",
                        "m4",
                        "timed out",
                        "m5",
                        "runner done",
                        "m6");
    }

    @LoopTest
    void anAwaitedTaskThatExpires(Trail trail) {
        Task<Void> runner = runner(trail, () -> {
            Task<Void> child = Task.spawn(() -> forever(trail, "a", 1));
            try {
                await(child, Duration.ofMillis(10));
            } catch (TaskTimeoutException expired) {
                trail.mark("timed out");
            }
        });
        await(runner);
        assertThat(trail.marks())
                .containsExactly("a starts", "a cancelled", "a cleans 0", "a ends", "timed out", "runner done");
    }

    // ---- the value that comes in the turn in which time is up

    @LoopTest
    void theValueComesFirst(Loop loop, Trail trail) {
        Promise<String> promise = Promise.create();
        loop.callLater(Duration.ofMillis(10), () -> promise.complete("value"));
        trail.mark(await(promise.future(), Duration.ofMillis(10)));
        assertThat(trail.marks()).containsExactly("value");
        assertThat(Task.current().cancelling()).isZero();
        yieldNow();
    }

    @LoopTest
    void theExpiryComesFirst(Loop loop, Trail trail, Reports reports) {
        Promise<String> promise = Promise.create();
        promise.onUndelivered(trail::mark);
        Task<Void> runner = runner(trail, () -> {
            try {
                await(promise.future(), Duration.ofMillis(10));
            } catch (TaskTimeoutException expired) {
                trail.mark("timed out");
            }
        });
        yieldNow();
        loop.callLater(Duration.ofMillis(10), () -> promise.complete("value, back to its source"));
        await(runner);
        sleep(Duration.ofMillis(1));
        assertThat(trail.marks()).containsExactly("value, back to its source", "timed out", "runner done");
        assertThat(reports.take()).isEmpty();
    }

    @LoopTest
    void theValueOfAnAwaitableInEachOrder(Loop loop, Trail trail) {
        Duration soon = Duration.ofMillis(10);
        List<Promise<String>> subscribed = new ArrayList<>();
        loop.callLater(soon, () -> subscribed.get(0).complete("earlier")); // its timer is set before the limit's
        Awaitable<String> earlier = promise -> {
            promise.onUndelivered(value -> trail.mark(value + " came back"));
            subscribed.add(promise);
        };
        trail.mark(await(earlier, soon));
        Awaitable<String> later = promise -> {
            promise.onUndelivered(value -> trail.mark(value + " came back"));
            loop.callLater(soon, () -> promise.complete("later")); // its timer is set after the limit's
        };
        try {
            await(later, soon);
        } catch (TaskTimeoutException expired) {
            trail.mark("timed out");
        }
        assertThat(trail.marks()).containsExactly("earlier", "later came back", "timed out");
    }
}
