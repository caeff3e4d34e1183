package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.test.LoopTest;
import io.coloop.test.Trail;

/** The order that a program can see is CPython asyncio's, tick for tick; each expectation was printed by asyncio (3.11 and 3.13). */
class TaskOrderTest {
    private static void ticks(Trail trail, String prefix, int count) {
        for (int i = 0; i < count; i++) {
            trail.mark(prefix + i);
            yieldNow();
        }
    }

    @LoopTest
    void spawnCallbacksYieldsAndCompletion(Loop loop, Trail trail) {
        Promise<Integer> promise = Promise.create();
        Task<String> a = Task.spawn(() -> {
            trail.mark("a1");
            yieldNow();
            trail.mark("a2");
            promise.complete(1);
            trail.mark("a3");
            return "A";
        });
        Task<Void> b = Task.spawn(() -> {
            trail.mark("b1");
            await(promise.future());
            trail.mark("b2");
        });
        a.thenRun(() -> trail.mark("cb a"));
        b.thenRun(() -> trail.mark("cb b"));
        promise.future().thenRun(() -> trail.mark("cb f"));
        loop.callSoon(() -> trail.mark("soon"));
        ticks(trail, "m", 6);
        assertThat(trail.marks())
                .containsExactly(
                        "m0", "a1", "b1", "soon", "m1", "a2", "a3", "m2", "cb f", "b2", "cb a", "m3", "cb b", "m4",
                        "m5");
    }

    @LoopTest
    void cancellationTravelsUpATickPerTask(Trail trail) {
        Task<Void> parent = Task.spawn(() -> {
            Task<Void> child = Task.spawn(() -> {
                try {
                    await(Promise.create().future());
                } catch (TaskCancelledException cancelled) {
                    trail.mark("w cancelled");
                    throw cancelled;
                } finally {
                    trail.mark("w finally");
                }
            });
            trail.mark("p spawned");
            try {
                await(child);
            } catch (TaskCancelledException cancelled) {
                trail.mark("p cancelled");
                throw cancelled;
            }
        });
        parent.whenComplete((value, failure) -> trail.mark("cb p"));
        ticks(trail, "m", 3);
        parent.cancel();
        trail.mark("cancel");
        ticks(trail, "n", 6);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "p spawned",
                        "m1",
                        "m2",
                        "cancel",
                        "n0",
                        "w cancelled",
                        "w finally",
                        "n1",
                        "p cancelled",
                        "n2",
                        "cb p",
                        "n3",
                        "n4",
                        "n5");
    }

    @LoopTest
    void cancelBeforeTheFirstStep(Trail trail) {
        Task<Void> task = Task.spawn(() -> trail.mark("ran"));
        task.whenComplete((value, failure) -> trail.mark("cb z " + task.isCancelled()));
        task.cancel();
        ticks(trail, "m", 3);
        assertThat(trail.marks()).containsExactly("m0", "m1", "cb z true", "m2");
    }

    private static Task<Void> awaiting(Future<Integer> future, Trail trail) {
        return Task.spawn(() -> {
            try {
                trail.mark("got " + await(future));
            } catch (TaskCancelledException cancelled) {
                trail.mark("cancelled");
                throw cancelled;
            }
        });
    }

    @LoopTest
    void aCancelAfterTheValueWins(Trail trail) {
        Promise<Integer> promise = Promise.create();
        Task<Void> task = awaiting(promise.future(), trail);
        yieldNow();
        promise.complete(5);
        trail.mark("" + task.cancel());
        ticks(trail, "m", 3);
        assertThat(trail.marks()).containsExactly("true", "m0", "cancelled", "m1", "m2");
        assertThat(task.isCancelled()).isTrue();
    }

    @LoopTest
    void aCancelBeforeTheValueWins(Trail trail) {
        Promise<Integer> promise = Promise.create();
        Task<Void> task = awaiting(promise.future(), trail);
        yieldNow();
        trail.mark("" + task.cancel());
        trail.mark("" + promise.future().isCancelled());
        assertThat(promise.complete(5)).isFalse();
        ticks(trail, "m", 3);
        assertThat(trail.marks()).containsExactly("true", "true", "m0", "cancelled", "m1", "m2");
        assertThat(task.isCancelled()).isTrue();
    }

    @LoopTest
    void aTaskThatCancelsItself(Trail trail, io.coloop.test.Reports reports) {
        Task<Integer> task = Task.spawn(() -> {
            Task.current().cancel("self");
            trail.mark("on");
            await(Future.completed(1));
            trail.mark("done future did not deliver");
            try {
                yieldNow();
            } catch (TaskCancelledException delivered) {
                trail.mark("delivered " + delivered.getMessage());
            }
            yieldNow();
            trail.mark("after");
            return 1;
        });
        ticks(trail, "m", 4);
        assertThat(trail.marks())
                .containsExactly(
                        "m0", "on", "done future did not deliver", "m1", "delivered self", "m2", "after", "m3");
        assertThat(task.isCancelled()).isFalse();
        assertThat(task.cancelling()).isEqualTo(1);
        reports.takeOnly(Report.Kind.SWALLOWED_CANCELLATION);
    }

    @LoopTest
    void aTaskThatCancelledItselfAndAwaitsCancelsWhatItAwaits(Trail trail) {
        Promise<Integer> promise = Promise.create();
        Task<Void> task = Task.spawn(() -> {
            Task.current().cancel("r");
            try {
                await(promise.future());
            } catch (TaskCancelledException delivered) {
                trail.mark("del " + delivered.getMessage());
                throw delivered;
            }
        });
        ticks(trail, "m", 3);
        assertThat(trail.marks()).containsExactly("m0", "m1", "del r", "m2");
        assertThat(promise.future().isCancelled()).isTrue();
        assertThat(task.isCancelled()).isTrue();
    }

    @LoopTest
    void aTaskThatCancelledItselfAndAwaitsANewChild(Trail trail) {
        Task<Void> task = Task.spawn(() -> {
            Task<Void> child = Task.spawn(() -> trail.mark("child"));
            Task.current().cancel("r");
            try {
                await(child);
            } catch (TaskCancelledException delivered) {
                trail.mark("del " + delivered.getMessage());
                throw delivered;
            }
        });
        ticks(trail, "m", 4);
        assertThat(trail.marks()).containsExactly("m0", "m1", "m2", "del r", "m3");
        assertThat(task.isCancelled()).isTrue();
    }

    @LoopTest
    void aChildThatEndsInTheTurnOfTheCancellation(Trail trail) {
        Task<Void> parent = Task.spawn(() -> {
            Task<Integer> child = Task.spawn(() -> {
                yieldNow();
                trail.mark("child done");
                return 7;
            });
            try {
                trail.mark("" + await(child));
            } catch (TaskCancelledException cancelled) {
                trail.mark("pa cancelled");
                throw cancelled;
            }
        });
        while (!trail.marks().contains("child done")) {
            trail.mark("m");
            yieldNow();
        }
        trail.mark("" + parent.cancel());
        ticks(trail, "n", 3);
        assertThat(trail.marks())
                .containsExactly("m", "m", "m", "child done", "true", "n0", "pa cancelled", "n1", "n2");
        assertThat(parent.isCancelled()).isTrue();
    }

    @LoopTest
    void aChildThatSwallowsTheCancellation(Trail trail, io.coloop.test.Reports reports) {
        Task<Void> parent = Task.spawn(() -> {
            Task<Integer> child = Task.spawn(() -> {
                try {
                    await(Promise.create().future());
                } catch (TaskCancelledException swallowed) {
                    trail.mark("swallowed");
                }
                return 3;
            });
            trail.mark("" + await(child));
        });
        yieldNow();
        yieldNow();
        parent.cancel();
        ticks(trail, "n", 3);
        assertThat(trail.marks()).containsExactly("n0", "swallowed", "n1", "3", "n2");
        assertThat(parent.isCancelled()).isFalse();
        assertThat(parent.cancelling()).isEqualTo(1);
        assertThat(reports.take())
                .extracting(Report::kind)
                .containsExactly(Report.Kind.SWALLOWED_CANCELLATION, Report.Kind.SWALLOWED_CANCELLATION);
    }

    @LoopTest
    void aCancellationDuringTheCleanUp(Trail trail) {
        Task<Void> task = Task.spawn(() -> {
            try {
                await(Promise.create().future());
            } finally {
                trail.mark("fin");
                try {
                    await(Promise.create().future());
                } catch (TaskCancelledException again) {
                    trail.mark("again " + again.getMessage());
                    throw again;
                }
            }
        });
        yieldNow();
        task.cancel("1");
        yieldNow();
        task.cancel("2");
        ticks(trail, "n", 2);
        assertThat(trail.marks()).containsExactly("fin", "n0", "again 2", "n1");
        assertThat(task.isCancelled()).isTrue();
        assertThat(task.cancelling()).isEqualTo(2);
        assertThat(task.exceptionNow()).hasMessage("2");
        assertThat(task.cancel()).isFalse();
        assertThat(task.cancelling()).isEqualTo(2);
    }

    @LoopTest
    void twoCancellationsAreDeliveredOnceWithTheFirstReason(Trail trail) {
        Task<Void> task = Task.spawn(() -> {
            try {
                await(Promise.create().future());
            } catch (TaskCancelledException first) {
                trail.mark(first.getMessage());
            }
            await(Promise.create().future());
        });
        yieldNow();
        task.cancel("1");
        assertThat(task.cancelling()).isEqualTo(1);
        task.cancel("2");
        assertThat(task.cancelling()).isEqualTo(2);
        for (int i = 0; i < 3; i++) {
            yieldNow();
        }
        assertThat(trail.marks()).containsExactly("1");
        assertThat(task.isDone()).isFalse();
        task.cancel("3");
        yieldNow();
        assertThat(task.isCancelled()).isTrue();
    }

    @LoopTest
    void aCancelledTaskThatIsAwaitedDoesNotAskItsAwaiterToCancel(Trail trail) {
        Task<Void> victim = Task.spawn(() -> {
            await(Promise.create().future());
        });
        Task<Void> awaiter = Task.spawn(() -> {
            try {
                await(victim);
            } catch (TaskCancelledException seen) {
                trail.mark("saw " + seen.getMessage() + " " + Task.current().cancelling());
                throw seen;
            }
        });
        yieldNow();
        victim.cancel("v");
        ticks(trail, "n", 3);
        assertThat(trail.marks()).containsExactly("n0", "n1", "saw v 0", "n2");
        assertThat(awaiter.isCancelled()).isTrue();
    }
}
