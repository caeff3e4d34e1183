package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.waitFor;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.test.LoopTest;
import io.coloop.test.Trail;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * In which turn gather, waitFor, asCompleted and shield do what they do. Each expectation was printed by asyncio 3.13, a line a turn; where ours differ on
 * purpose, the test says so.
 */
class CombineOrderTest {
    private static void ticks(Trail trail, String prefix, int count) {
        for (int i = 0; i < count; i++) {
            trail.mark(prefix + i);
            yieldNow();
        }
    }

    private static Task<String> work(Trail trail, String name, int ticks) {
        return Task.spawn(() -> {
            ticks(trail, name, ticks);
            trail.mark(name + " ends");
            return name;
        });
    }

    private static Task<String> failing(Trail trail, String name, int ticks) {
        return Task.spawn(() -> {
            ticks(trail, name, ticks);
            trail.mark(name + " fails");
            throw new IllegalStateException(name);
        });
    }

    private static Task<String> forever(Trail trail, String name, int cleanup) {
        return Task.spawn(() -> {
            trail.mark(name + " starts");
            try {
                return await(Promise.<String>create().future());
            } catch (TaskCancelledException cancelled) {
                trail.mark(name + " cancelled");
                ticks(trail, name + " cleans ", cleanup);
                throw cancelled;
            } finally {
                trail.mark(name + " over");
            }
        });
    }

    private static Task<Void> runner(Trail trail, Body<?, RuntimeException> body) {
        Task<Void> runner = Task.spawn(() -> {
            try {
                trail.mark("runner got " + body.run());
            } catch (TaskCancelledException cancelled) {
                trail.mark("runner cancelled");
                throw cancelled;
            } catch (IllegalStateException failure) {
                trail.mark("runner failed " + failure.getMessage());
            }
        });
        runner.whenComplete((value, failure) -> trail.mark("runner done"));
        return runner;
    }

    private static <T> T marked(Trail trail, String mark, Future<T> future) {
        future.handle((value, failure) -> {
            trail.mark(mark);
            return true;
        });
        return await(future);
    }

    private static void assertTurns(Trail trail, String... turns) {
        assertThat(String.join("; ", trail.marks())).isEqualTo(String.join("; ", turns));
    }

    // ---- gather

    @LoopTest
    void gatherSuccess(Trail trail) {
        runner(trail, () -> {
            Task<String> a = work(trail, "a", 2);
            Task<String> b = work(trail, "b", 1);
            return marked(trail, "gathered", Future.gather(a, b, a));
        });
        ticks(trail, "m", 8);
        assertTurns(
                trail,
                "m0",
                "m1; a0; b0",
                "m2; a1; b ends",
                "m3; a ends",
                "m4",
                "m5; gathered; runner got [a, b, a]",
                "m6; runner done",
                "m7");
    }

    @LoopTest
    void gatherOfDoneFuturesIsDoneAtOnce(Loop loop, Trail trail) {
        runner(trail, () -> {
            Future<Integer> one = Future.completed(1);
            loop.callSoon(() -> trail.mark("soon"));
            Future<List<Integer>> both = Future.gather(one, one);
            trail.mark("" + both.isDone());
            return marked(trail, "gathered", both);
        });
        ticks(trail, "m", 4);
        assertTurns(trail, "m0; true; runner got [1, 1]", "m1; soon; gathered; runner done", "m2", "m3");
    }

    @LoopTest
    void gatherFailsAtOnceAndTheSiblingGoesOn(Trail trail) {
        runner(trail, () -> marked(trail, "gathered", Future.gather(failing(trail, "a", 1), work(trail, "b", 3))));
        ticks(trail, "m", 7);
        assertTurns(
                trail,
                "m0",
                "m1; a0; b0",
                "m2; a fails; b1",
                "m3; b2",
                "m4; gathered; runner failed a; b ends",
                "m5; runner done",
                "m6");
    }

    @LoopTest
    void gatherOfAFailedFutureHasFailed(Trail trail) {
        runner(trail, () -> {
            Future<String> failed = Future.failed(new IllegalStateException("f"));
            Future<List<String>> both = Future.gather(work(trail, "a", 1), failed);
            trail.mark("" + both.isDone());
            return await(both);
        });
        ticks(trail, "m", 5);
        assertTurns(trail, "m0; true; runner failed f", "m1; a0; runner done", "m2; a ends", "m3", "m4");
    }

    @LoopTest
    void gatherOfATaskThatIsCancelled(Trail trail) {
        Task<String> a = forever(trail, "a", 1);
        Task<String> b = work(trail, "b", 5);
        runner(trail, () -> {
            Future<List<String>> both = Future.gather(a, b);
            both.whenComplete((value, failure) -> trail.mark("gathered " + both.isCancelled()));
            return await(both);
        });
        ticks(trail, "m", 2);
        a.cancel();
        trail.mark("cancel");
        ticks(trail, "n", 7);
        assertTurns(
                trail,
                "m0; a starts; b0",
                "m1; b1; cancel",
                "n0; b2; a cancelled; a cleans 0",
                "n1; b3; a over",
                "n2; b4",
                "n3; b ends; gathered false; runner cancelled",
                "n4; runner done",
                "n5",
                "n6");
    }

    @LoopTest
    void gatherOfFuturesCancelled(Trail trail) {
        Future<String> a = Promise.<String>create().future();
        Future<String> b = Promise.<String>create().future();
        Task<Void> runner = runner(trail, () -> marked(trail, "gathered", Future.gather(a, b)));
        ticks(trail, "m", 3);
        runner.cancel();
        trail.mark("cancel");
        ticks(trail, "n", 6);
        assertTurns(
                trail,
                "m0",
                "m1",
                "m2; cancel",
                "n0",
                "n1; gathered; runner cancelled",
                "n2; runner done",
                "n3",
                "n4",
                "n5");
    }

    @LoopTest
    void gatherOfTasksCancelled(Trail trail) {
        Task<Void> runner = runner(
                trail, () -> marked(trail, "gathered", Future.gather(forever(trail, "a", 0), forever(trail, "b", 0))));
        ticks(trail, "m", 3);
        runner.cancel();
        trail.mark("cancel");
        ticks(trail, "n", 6);
        assertTurns(
                trail,
                "m0",
                "m1; a starts; b starts",
                "m2; cancel",
                "n0; a cancelled; a over; b cancelled; b over",
                "n1",
                "n2; gathered; runner cancelled",
                "n3; runner done",
                "n4",
                "n5");
    }

    /** asyncio's gather ends with the first child's cancellation, unless it has {@code return_exceptions}; ours always waits for all. */
    @LoopTest
    void gatherCancelledWaitsForAllAsAsyncioDoesWithReturnExceptions(Trail trail) {
        Task<Void> runner = runner(
                trail, () -> marked(trail, "gathered", Future.gather(forever(trail, "a", 1), forever(trail, "b", 3))));
        ticks(trail, "m", 3);
        runner.cancel();
        trail.mark("cancel");
        ticks(trail, "n", 8);
        assertTurns(
                trail,
                "m0",
                "m1; a starts; b starts",
                "m2; cancel",
                "n0; a cancelled; a cleans 0; b cancelled; b cleans 0",
                "n1; a over; b cleans 1",
                "n2; b cleans 2",
                "n3; b over",
                "n4",
                "n5; gathered; runner cancelled",
                "n6; runner done",
                "n7");
    }

    @LoopTest
    void allSettledCancelled(Trail trail) {
        Task<Void> runner = runner(
                trail,
                () -> marked(trail, "gathered", Future.allSettled(forever(trail, "a", 1), forever(trail, "b", 3))));
        ticks(trail, "m", 3);
        runner.cancel();
        trail.mark("cancel");
        ticks(trail, "n", 8);
        assertTurns(
                trail,
                "m0",
                "m1; a starts; b starts",
                "m2; cancel",
                "n0; a cancelled; a cleans 0; b cancelled; b cleans 0",
                "n1; a over; b cleans 1",
                "n2; b cleans 2",
                "n3; b over",
                "n4",
                "n5; gathered; runner cancelled",
                "n6; runner done",
                "n7");
    }

    @LoopTest
    void allSettled(Loop loop, Trail trail) {
        runner(trail, () -> {
            Task<String> a = failing(trail, "a", 1);
            Task<String> b = work(trail, "b", 3);
            Task<String> c = forever(trail, "c", 0);
            Future<List<Task<String>>> all = Future.allSettled(a, b, c);
            loop.callLater(Duration.ZERO, c::cancel);
            List<Object> ends = new ArrayList<>();
            for (Task<String> task : marked(trail, "settled", all)) {
                ends.add(
                        task.isFailed()
                                ? "failed " + task.exceptionNow().getMessage()
                                : task.isCancelled() ? true : await(task));
            }
            return ends;
        });
        ticks(trail, "m", 8);
        assertTurns(
                trail,
                "m0",
                "m1; a0; b0; c starts",
                "m2; a fails; b1",
                "m3; c cancelled; c over; b2",
                "m4; b ends",
                "m5",
                "m6; settled; runner got [failed a, b, true]",
                "m7; runner done");
    }

    // ---- waitFor

    private static Map<Future<?>, String> named(Future<?>... futures) {
        Map<Future<?>, String> names = new LinkedHashMap<>();
        for (Future<?> future : futures) {
            names.put(future, List.of("a", "b", "c").get(names.size()));
        }
        return names;
    }

    private static String text(WaitResult<?> result, Map<Future<?>, String> names) {
        return text(result.done(), names) + " " + text(result.pending(), names);
    }

    private static String text(Set<? extends Future<?>> futures, Map<Future<?>, String> names) {
        return futures.stream().map(names::get).collect(Collectors.toList()).toString();
    }

    @LoopTest
    void waitForTheFirst(Trail trail) {
        runner(trail, () -> {
            Task<String> a = work(trail, "a", 3);
            Task<String> b = work(trail, "b", 1);
            Future<String> c = Promise.<String>create().future();
            Map<Future<?>, String> names = named(a, b, c);
            trail.mark(text(waitFor(List.of(a, b, c), WaitUntil.FIRST_DONE), names));
            await(a);
            return text(waitFor(List.of(a, c), WaitUntil.FIRST_DONE), names);
        });
        ticks(trail, "m", 9);
        assertTurns(
                trail,
                "m0",
                "m1; a0; b0",
                "m2; a1; b ends",
                "m3; a2",
                "m4; a ends; [a, b] [c]",
                "m5",
                "m6; runner got [a] [c]",
                "m7; runner done",
                "m8");
    }

    @LoopTest
    void waitForGivesWhatIsReallyDone(Trail trail) {
        runner(trail, () -> {
            Task<String> a = work(trail, "a", 1);
            Task<String> b = work(trail, "b", 2);
            return text(waitFor(List.of(a, b), WaitUntil.FIRST_DONE), named(a, b));
        });
        ticks(trail, "m", 6);
        assertTurns(
                trail,
                "m0",
                "m1; a0; b0",
                "m2; a ends; b1",
                "m3; b ends",
                "m4; runner got [a, b] []",
                "m5; runner done");
    }

    @LoopTest
    void waitForTheFirstFailure(Trail trail) {
        runner(trail, () -> {
            Task<String> a = work(trail, "a", 1);
            Task<String> b = failing(trail, "b", 2);
            Task<String> c = work(trail, "c", 6);
            WaitResult<Task<String>> result = waitFor(List.of(a, b, c), WaitUntil.FIRST_FAILURE);
            assertThat(b.exceptionNow()).hasMessage("b");
            return text(result, named(a, b, c));
        });
        ticks(trail, "m", 9);
        assertTurns(
                trail,
                "m0",
                "m1; a0; b0; c0",
                "m2; a ends; b1; c1",
                "m3; b fails; c2",
                "m4; c3",
                "m5; runner got [a, b] [c]; c4",
                "m6; runner done; c5",
                "m7; c ends",
                "m8");
    }

    @LoopTest
    void waitForNoTime(Trail trail) {
        runner(trail, () -> {
            Task<String> a = work(trail, "a", 1);
            Task<String> b = work(trail, "b", 5);
            return text(waitFor(List.of(a, b), WaitUntil.ALL_DONE, Duration.ZERO), named(a, b));
        });
        ticks(trail, "m", 8);
        assertTurns(
                trail,
                "m0",
                "m1; a0; b0",
                "m2; a ends; b1",
                "m3; runner got [a] [b]; b2",
                "m4; runner done; b3",
                "m5; b4",
                "m6; b ends",
                "m7");
    }

    @LoopTest
    void waitForCancelled(Trail trail) {
        Task<Void> runner =
                runner(trail, () -> waitFor(List.of(work(trail, "a", 5), work(trail, "b", 5)), WaitUntil.ALL_DONE));
        ticks(trail, "m", 3);
        runner.cancel();
        trail.mark("cancel");
        ticks(trail, "n", 6);
        assertTurns(
                trail,
                "m0",
                "m1; a0; b0",
                "m2; a1; b1; cancel",
                "n0; a2; b2; runner cancelled",
                "n1; a3; b3; runner done",
                "n2; a4; b4",
                "n3; a ends; b ends",
                "n4",
                "n5");
    }

    // ---- asCompleted

    private static void consume(Trail trail, String name, AsCompleted<? extends Future<String>> finished) {
        try {
            for (Future<String> future : finished) {
                trail.mark(name + "got " + await(future));
            }
        } catch (TaskCancelledException cancelled) {
            trail.mark(name + "cancelled");
            throw cancelled;
        }
    }

    @LoopTest
    void asCompleted(Trail trail) {
        runner(trail, () -> {
            Future<String> d = Future.completed("d");
            consume(trail, "", Future.asCompleted(List.of(work(trail, "a", 3), d, work(trail, "b", 1))));
            return "end";
        });
        ticks(trail, "m", 9);
        assertTurns(
                trail,
                "m0",
                "m1; a0; b0",
                "m2; a1; b ends; got d",
                "m3; a2",
                "m4; a ends; got b",
                "m5",
                "m6; got a; runner got end",
                "m7; runner done",
                "m8");
    }

    @LoopTest
    void asCompletedWithoutTime(Trail trail) {
        runner(trail, () -> {
            List<Task<String>> tasks = List.of(work(trail, "a", 1), work(trail, "b", 6));
            try {
                consume(trail, "", Future.asCompleted(tasks, Duration.ZERO));
            } catch (TaskTimeoutException timeout) {
                trail.mark("timeout");
            }
            return "end";
        });
        ticks(trail, "m", 9);
        assertTurns(
                trail,
                "m0",
                "m1; a0; b0",
                "m2; a ends; b1",
                "m3; timeout; runner got end; b2",
                "m4; runner done; b3",
                "m5; b4",
                "m6; b5",
                "m7; b ends",
                "m8");
    }

    @LoopTest
    void asCompletedByTwoTasks(Trail trail) {
        AsCompleted<Task<String>> finished =
                Future.asCompleted(List.of(work(trail, "a", 2), work(trail, "b", 3), work(trail, "c", 3)));
        for (String name : List.of("x", "y")) {
            Task.spawn(() -> {
                consume(trail, name + " ", finished);
                trail.mark(name + " ends");
            });
        }
        ticks(trail, "m", 9);
        assertTurns(
                trail,
                "m0; a0; b0; c0",
                "m1; a1; b1; c1",
                "m2; a ends; b2; c2",
                "m3; b ends; c ends",
                "m4; x got a",
                "m5; y got b; y ends; x got c; x ends",
                "m6",
                "m7",
                "m8");
    }

    /** asyncio's y would end after p: the cancelled x has used up q. */
    @LoopTest
    void asCompletedCancelled(Trail trail) {
        Promise<String> p = Promise.create();
        Promise<String> q = Promise.create();
        AsCompleted<Future<String>> finished = Future.asCompleted(List.of(p.future(), q.future()));
        List<Task<Void>> consumers = new ArrayList<>();
        for (String name : List.of("x", "y")) {
            consumers.add(Task.spawn(() -> {
                consume(trail, name + " ", finished);
                trail.mark(name + " ends");
            }));
        }
        ticks(trail, "m", 2);
        p.complete("p");
        ticks(trail, "n", 1);
        consumers.get(0).cancel();
        trail.mark("cancel");
        ticks(trail, "o", 4);
        q.complete("q");
        ticks(trail, "p", 4);
        assertTurns(
                trail,
                "m0",
                "m1",
                "n0; cancel",
                "o0; x cancelled",
                "o1; y got p",
                "o2",
                "o3",
                "p0",
                "p1; y got q; y ends",
                "p2",
                "p3");
    }

    // ---- shield

    @LoopTest
    void shield(Trail trail) {
        runner(trail, () -> marked(trail, "shield done", Future.shield(work(trail, "a", 2))));
        ticks(trail, "m", 7);
        assertTurns(
                trail,
                "m0",
                "m1; a0",
                "m2; a1",
                "m3; a ends",
                "m4",
                "m5; shield done; runner got a",
                "m6; runner done");
    }

    @LoopTest
    void shieldCancelled(Trail trail) {
        Task<Void> runner = runner(trail, () -> marked(trail, "shield done", Future.shield(work(trail, "a", 5))));
        ticks(trail, "m", 3);
        runner.cancel();
        trail.mark("cancel");
        ticks(trail, "n", 6);
        assertTurns(
                trail,
                "m0",
                "m1; a0",
                "m2; a1; cancel",
                "n0; a2; shield done; runner cancelled",
                "n1; a3; runner done",
                "n2; a4",
                "n3; a ends",
                "n4",
                "n5");
    }

    @LoopTest
    void shieldOfATaskThatIsCancelled(Trail trail) {
        List<Task<String>> inner = new ArrayList<>();
        runner(trail, () -> {
            inner.add(forever(trail, "a", 1));
            Future<String> shield = Future.shield(inner.get(0));
            shield.whenComplete((value, failure) -> trail.mark("shield done " + shield.isCancelled()));
            return await(shield);
        });
        ticks(trail, "m", 3);
        inner.get(0).cancel();
        trail.mark("cancel");
        ticks(trail, "n", 7);
        assertTurns(
                trail,
                "m0",
                "m1; a starts",
                "m2; cancel",
                "n0; a cancelled; a cleans 0",
                "n1; a over",
                "n2",
                "n3; shield done true; runner cancelled",
                "n4; runner done",
                "n5",
                "n6");
    }

    @LoopTest
    void shieldCancelledInTheTurnOfTheValue(Trail trail) {
        Promise<String> promise = Promise.create();
        Task<Void> runner = runner(trail, () -> await(Future.shield(promise.future())));
        ticks(trail, "m", 2);
        promise.complete("p");
        runner.cancel();
        trail.mark("cancel");
        ticks(trail, "n", 5);
        assertTurns(trail, "m0", "m1; cancel", "n0; runner cancelled", "n1; runner done", "n2", "n3", "n4");
    }

    @LoopTest
    void gatherOfShields(Trail trail) {
        Task<Void> runner = runner(
                trail,
                () -> marked(
                        trail,
                        "gathered",
                        Future.gather(Future.shield(work(trail, "a", 6)), Future.shield(work(trail, "b", 6)))));
        ticks(trail, "m", 3);
        runner.cancel();
        trail.mark("cancel");
        ticks(trail, "n", 6);
        assertTurns(
                trail,
                "m0",
                "m1; a0; b0",
                "m2; a1; b1; cancel",
                "n0; a2; b2",
                "n1; a3; b3; gathered; runner cancelled",
                "n2; a4; b4; runner done",
                "n3; a5; b5",
                "n4; a ends; b ends",
                "n5");
    }
}
