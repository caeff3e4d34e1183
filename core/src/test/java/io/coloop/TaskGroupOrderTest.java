package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.test.LoopTest;
import io.coloop.test.Trail;

/** What a group does in which turn is what asyncio does; each expectation was printed by asyncio 3.13, those of cancel() with 3.15's method added. */
class TaskGroupOrderTest {
    private static void ticks(Trail trail, String prefix, int count) {
        for (int i = 0; i < count; i++) {
            trail.mark(prefix + i);
            yieldNow();
        }
    }

    private static VoidBody<RuntimeException> forever(Trail trail, String name, int cleanup) {
        return () -> {
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
        };
    }

    private static VoidBody<RuntimeException> failing(Trail trail, String name, int after) {
        return () -> {
            ticks(trail, name + " ", after);
            trail.mark(name + " fails");
            throw new IllegalStateException(name);
        };
    }

    private static Body<String, RuntimeException> returning(Trail trail, String name, int after) {
        return () -> {
            ticks(trail, name + " ", after);
            return name;
        };
    }

    private static void awaitForever(Trail trail) {
        try {
            await(Promise.create().future());
        } catch (TaskCancelledException cancelled) {
            trail.mark("body cancelled");
            throw cancelled;
        }
    }

    private static void catching(Trail trail, String name, VoidBody<RuntimeException> block) {
        try {
            block.run();
        } catch (TaskGroupException failed) {
            trail.mark(name + " "
                    + failed.failures().stream().map(Throwable::getMessage).toList() + " "
                    + Task.current().cancelling());
        }
    }

    private static Task<Void> runner(Trail trail, VoidBody<RuntimeException> body) {
        Task<Void> runner = Task.spawn(body);
        runner.whenComplete(
                (value, failure) -> trail.mark("runner done" + (runner.isCancelled() ? ": cancelled" : "")));
        return runner;
    }

    @LoopTest
    void success(Trail trail) {
        runner(trail, () -> {
            TaskGroup.run(group -> {
                Task<String> a = group.spawn(returning(trail, "a", 1));
                group.spawn(returning(trail, "b", 2));
                trail.mark("body");
                trail.mark(await(a));
                trail.mark("body done");
            });
            trail.mark("run returned");
        });
        ticks(trail, "m", 8);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "body",
                        "m1",
                        "a 0",
                        "b 0",
                        "m2",
                        "b 1",
                        "m3",
                        "a",
                        "body done",
                        "m4",
                        "m5",
                        "run returned",
                        "m6",
                        "runner done",
                        "m7");
    }

    @LoopTest
    void aChildFails(Trail trail) {
        runner(
                trail,
                () -> catching(
                        trail,
                        "caught",
                        () -> TaskGroup.run(group -> {
                            group.spawn(failing(trail, "a", 1));
                            group.spawn(forever(trail, "b", 1));
                            awaitForever(trail);
                        })));
        ticks(trail, "m", 9);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "m1",
                        "a 0",
                        "b starts",
                        "m2",
                        "a fails",
                        "m3",
                        "m4",
                        "b cancelled",
                        "b cleans 0",
                        "body cancelled",
                        "m5",
                        "b ends",
                        "m6",
                        "m7",
                        "caught [a] 0",
                        "m8",
                        "runner done");
    }

    @LoopTest
    void theChildThatTheBodyAwaitsFails(Trail trail) {
        runner(
                trail,
                () -> catching(
                        trail,
                        "caught",
                        () -> TaskGroup.run(group -> {
                            Task<Void> a = group.spawn(failing(trail, "a", 0));
                            group.spawn(forever(trail, "b", 0));
                            try {
                                await(a);
                            } catch (RuntimeException failure) {
                                trail.mark("body got " + failure.getClass().getSimpleName());
                                throw failure;
                            }
                        })));
        ticks(trail, "m", 8);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "m1",
                        "a fails",
                        "b starts",
                        "m2",
                        "body got TaskCancelledException",
                        "m3",
                        "b cancelled",
                        "b ends",
                        "m4",
                        "m5",
                        "caught [a] 0",
                        "m6",
                        "runner done",
                        "m7");
    }

    @LoopTest
    void theLastChildFailsWhileTheGroupWaits(Trail trail) {
        runner(trail, () -> {
            catching(
                    trail,
                    "caught",
                    () -> TaskGroup.run(group -> {
                        group.spawn(failing(trail, "a", 2));
                        trail.mark("body done");
                    }));
            yieldNow();
            trail.mark("goes on");
        });
        ticks(trail, "m", 9);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "body done",
                        "m1",
                        "a 0",
                        "m2",
                        "a 1",
                        "m3",
                        "a fails",
                        "m4",
                        "m5",
                        "caught [a] 0",
                        "m6",
                        "goes on",
                        "m7",
                        "runner done",
                        "m8");
    }

    @LoopTest
    void theBodyFails(Trail trail) {
        runner(
                trail,
                () -> catching(
                        trail,
                        "caught",
                        () -> TaskGroup.run(group -> {
                            group.spawn(forever(trail, "a", 1));
                            group.spawn(forever(trail, "b", 0));
                            yieldNow();
                            trail.mark("body fails");
                            throw new IllegalStateException("body");
                        })));
        ticks(trail, "m", 9);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "m1",
                        "a starts",
                        "b starts",
                        "body fails",
                        "m2",
                        "a cancelled",
                        "a cleans 0",
                        "b cancelled",
                        "b ends",
                        "m3",
                        "a ends",
                        "m4",
                        "m5",
                        "caught [body] 0",
                        "m6",
                        "runner done",
                        "m7",
                        "m8");
    }

    @LoopTest
    void cancelledTwiceWhileItWaits(Trail trail) {
        Task<Void> runner = runner(trail, () -> {
            try {
                TaskGroup.run(group -> {
                    group.spawn(forever(trail, "a", 3));
                    trail.mark("body done");
                });
            } catch (TaskCancelledException cancelled) {
                trail.mark("run cancelled");
                throw cancelled;
            }
        });
        ticks(trail, "m", 3);
        runner.cancel();
        trail.mark("cancel 1");
        ticks(trail, "n", 2);
        runner.cancel();
        trail.mark("cancel 2");
        ticks(trail, "o", 7);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "body done",
                        "m1",
                        "a starts",
                        "m2",
                        "cancel 1",
                        "n0",
                        "n1",
                        "a cancelled",
                        "a cleans 0",
                        "cancel 2",
                        "o0",
                        "a cleans 1",
                        "o1",
                        "a cleans 2",
                        "o2",
                        "a ends",
                        "o3",
                        "o4",
                        "run cancelled",
                        "o5",
                        "runner done: cancelled",
                        "o6");
    }

    @LoopTest
    void aFailureAndACancelFromOutside(Trail trail) {
        Task<Void> runner = runner(trail, () -> {
            catching(
                    trail,
                    "caught",
                    () -> TaskGroup.run(group -> {
                        group.spawn(failing(trail, "a", 1));
                        await(Promise.create().future());
                    }));
            try {
                yieldNow();
            } catch (TaskCancelledException cancelled) {
                trail.mark("cancelled afterwards");
                throw cancelled;
            }
        });
        ticks(trail, "m", 2);
        runner.cancel();
        trail.mark("cancel");
        ticks(trail, "n", 7);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "m1",
                        "a 0",
                        "cancel",
                        "n0",
                        "a fails",
                        "n1",
                        "n2",
                        "caught [a] 1",
                        "n3",
                        "cancelled afterwards",
                        "n4",
                        "runner done: cancelled",
                        "n5",
                        "n6");
    }

    @LoopTest
    void nestedGroupsFailInOneTurn(Trail trail) {
        runner(
                trail,
                () -> catching(
                        trail,
                        "outer",
                        () -> TaskGroup.run(outer -> {
                            catching(
                                    trail,
                                    "inner",
                                    () -> TaskGroup.run(inner -> {
                                        inner.spawn(failing(trail, "a", 0));
                                        outer.spawn(failing(trail, "b", 0));
                                    }));
                            awaitForever(trail);
                        })));
        ticks(trail, "m", 8);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "m1",
                        "a fails",
                        "b fails",
                        "m2",
                        "m3",
                        "inner [a] 1",
                        "m4",
                        "body cancelled",
                        "outer [b] 0",
                        "m5",
                        "runner done",
                        "m6",
                        "m7");
    }

    @LoopTest
    void aChildCancelsTheGroup(Trail trail) {
        runner(trail, () -> {
            TaskGroup.run(group -> {
                group.spawn(forever(trail, "a", 1));
                group.spawn(() -> {
                    trail.mark("c cancels");
                    group.cancel();
                    trail.mark("c goes on");
                    try {
                        yieldNow();
                    } catch (TaskCancelledException cancelled) {
                        trail.mark("c cancelled");
                        throw cancelled;
                    }
                });
                awaitForever(trail);
            });
            trail.mark("run returned " + Task.current().cancelling());
            yieldNow();
            trail.mark("goes on");
        });
        ticks(trail, "m", 9);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "m1",
                        "a starts",
                        "c cancels",
                        "c goes on",
                        "m2",
                        "a cancelled",
                        "a cleans 0",
                        "body cancelled",
                        "c cancelled",
                        "m3",
                        "a ends",
                        "m4",
                        "m5",
                        "run returned 0",
                        "m6",
                        "goes on",
                        "m7",
                        "runner done",
                        "m8");
    }

    @LoopTest
    void theBodyCancelsTheGroupBeforeItsFirstAwait(Trail trail) {
        runner(trail, () -> {
            TaskGroup.run(group -> {
                group.spawn(forever(trail, "a", 0));
                group.cancel();
                trail.mark("body goes on");
                yieldNow();
                trail.mark("not reached");
            });
            trail.mark("run returned " + Task.current().cancelling());
            yieldNow();
            trail.mark("goes on");
        });
        ticks(trail, "m", 6);
        assertThat(trail.marks())
                .containsExactly(
                        "m0", "body goes on", "m1", "m2", "m3", "run returned 0", "m4", "goes on", "m5", "runner done");
    }
}
