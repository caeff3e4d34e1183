package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Code that has to finish though its task is cancelled. */
class CleanupTest {
    private static final Duration LONG = Duration.ofHours(1);

    private static Duration ms(long millis) {
        return Duration.ofMillis(millis);
    }

    private static Task<Void> started(VoidBody<?> body) {
        Task<Void> task = Task.spawn(body);
        yieldNow();
        return task;
    }

    private static void assertCancelled(Task<?> task, String reason) {
        assertThatThrownBy(() -> await(task))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage(reason);
        assertThat(task.isCancelled()).isTrue();
    }

    private static void marking(Trail trail, VoidBody<RuntimeException> block) {
        try {
            block.run();
            trail.mark("returned");
        } catch (RuntimeException failure) {
            trail.mark(failure.getClass().getSimpleName() + ": " + failure.getMessage());
            throw failure;
        }
    }

    // ---- finally

    @LoopTest
    void aFinallyAwaitsAndSpawnsAndTimesOut(Trail trail, VirtualClock clock) {
        Task<Void> task = started(() -> {
            try {
                sleep(LONG);
            } finally {
                sleep(ms(1));
                TaskGroup.run(group -> group.spawn(() -> sleep(ms(2))));
                assertThatThrownBy(() -> await(Promise.create().future(), ms(4)))
                        .isInstanceOf(TaskTimeoutException.class);
                trail.step(1);
            }
        });
        task.cancel("test");
        assertCancelled(task, "test");
        trail.finished(1);
        assertThat(clock.elapsed()).isEqualTo(ms(7));
    }

    @LoopTest
    void aSecondCancelCutsAFinallyShort(VirtualClock clock) {
        Task<Void> task = started(() -> {
            try {
                sleep(LONG);
            } finally {
                sleep(LONG);
            }
        });
        task.cancel("first");
        yieldNow();
        task.cancel("second");
        assertCancelled(task, "second");
        assertThat(clock.elapsed()).isZero();
    }

    // ---- holding back

    @LoopTest
    void aCancelIsHeldBackAndDeliveredAtTheNextAwait(Trail trail, VirtualClock clock) {
        Task<Void> task = started(() -> {
            Cleanup.run(LONG, () -> {
                sleep(ms(10));
                assertThat(Task.current().cancelling()).isEqualTo(2);
                yieldNow();
                trail.step(1);
            });
            trail.step(2);
            marking(trail, Await::yieldNow);
        });
        task.cancel("first");
        task.cancel("second");
        assertCancelled(task, "first");
        trail.finished(2);
        assertThat(trail.marks()).containsExactly("TaskCancelledException: first");
        assertThat(clock.elapsed()).isEqualTo(ms(10));
    }

    @LoopTest
    void aTaskThatAwaitsNothingAfterTheScopeEndsCancelled() {
        Task<Void> task = started(() -> Cleanup.run(LONG, () -> sleep(ms(10))));
        task.cancel("held");
        assertCancelled(task, "held");
    }

    @LoopTest
    void aRequestThatWasNotDeliveredYetIsHeldBack(Trail trail) {
        Task<Void> task = Task.spawn(() -> {
            Task.current().cancel("by itself");
            Cleanup.run(LONG, () -> {
                yieldNow();
                trail.step(1);
            });
            yieldNow();
            trail.step(2);
        });
        assertCancelled(task, "by itself");
        trail.finished(1);
    }

    @LoopTest
    void aSecondCancelDoesNotCutACleanupShort(Trail trail, VirtualClock clock) {
        Task<Void> task = started(() -> {
            try {
                sleep(LONG);
            } finally {
                Cleanup.run(ms(100), () -> {
                    sleep(ms(50));
                    trail.step(1);
                });
            }
        });
        task.cancel("first");
        sleep(ms(10));
        task.cancel("second");
        assertCancelled(task, "first");
        trail.finished(1);
        assertThat(clock.elapsed()).isEqualTo(ms(50));
    }

    @LoopTest
    void aCancelByTheBodyItselfIsHeldBack(Trail trail) {
        Task<Void> task = Task.spawn(() -> {
            Cleanup.run(LONG, () -> {
                Task.current().cancel("by the body");
                yieldNow();
                trail.step(1);
            });
            yieldNow();
            trail.step(2);
        });
        assertCancelled(task, "by the body");
        trail.finished(1);
    }

    @LoopTest
    void aRequestThatIsTakenBackIsNotDelivered(Trail trail) {
        await(Task.spawn(() -> {
            Cleanup.run(LONG, () -> {
                Task.current().cancel("by the body");
                yieldNow();
                assertThat(Task.current().uncancel()).isZero();
            });
            yieldNow();
            trail.step(1);
        }));
        trail.finished(1);
    }

    @LoopTest
    void anAwaitedTaskInACleanupHoldsTheCancelOfItsAwaiterBack(Trail trail, VirtualClock clock) {
        Task<Void> child = Task.spawn(() -> {
            Cleanup.run(LONG, () -> sleep(ms(10)));
            marking(trail, Await::yieldNow);
        });
        Task<Void> parent = started(() -> await(child));
        yieldNow();
        parent.cancel("through the parent");
        assertCancelled(parent, "through the parent");
        assertThat(trail.marks()).containsExactly("TaskCancelledException: through the parent");
        assertThat(clock.elapsed()).isEqualTo(ms(10));
    }

    @LoopTest
    void aTaskThatTheBodyAwaitsIsLeftAloneUntilTheGraceIsOver(Trail trail, VirtualClock clock) {
        Task<Void> child = Task.spawn(() -> sleep(ms(10)));
        Task<Void> slow = Task.spawn(() -> sleep(LONG));
        Task<Void> parent = started(() -> Cleanup.run(ms(20), () -> {
            await(child);
            trail.step(1);
            await(slow);
        }));
        yieldNow();
        parent.cancel("test");
        assertCancelled(parent, "test");
        trail.finished(1);
        assertThat(slow.isCancelled()).isTrue();
        assertThat(clock.elapsed()).isEqualTo(ms(20));
    }

    // ---- when the grace is over

    @LoopTest
    void theGraceIsOverForARequestHeldBack(Trail trail, VirtualClock clock) {
        Task<Void> task = started(() -> marking(trail, () -> Cleanup.run(ms(100), () -> sleep(LONG))));
        sleep(ms(30));
        task.cancel("test");
        assertCancelled(task, "test");
        assertThat(trail.marks()).containsExactly("TaskCancelledException: test");
        assertThat(clock.elapsed()).isEqualTo(ms(100));
    }

    @LoopTest
    void theGraceIsOverForATaskCancelledBefore(Trail trail, VirtualClock clock) {
        Task<Void> task = started(() -> {
            try {
                sleep(LONG);
            } finally {
                marking(trail, () -> Cleanup.run(ms(100), () -> sleep(LONG)));
            }
        });
        task.cancel("test");
        String reason = "the cleanup of a cancelled task took longer than PT0.1S";
        assertCancelled(task, reason);
        assertThat(trail.marks()).containsExactly("TaskCancelledException: " + reason);
        assertThat(clock.elapsed()).isEqualTo(ms(100));
    }

    @LoopTest
    void theGraceIsOverWhileTheBodyIsBusy(Trail trail, VirtualClock clock) {
        Task<Void> task = Task.spawn(() -> {
            Task.current().cancel("test");
            Cleanup.run(ms(100), () -> {
                clock.advanceBy(ms(150));
                sleep(ms(1));
                trail.mark("not reached");
            });
        });
        assertCancelled(task, "test");
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void aTaskThatNobodyCancelledGoesOnUnprotected(Trail trail, VirtualClock clock) {
        Task<Void> task = started(() -> Cleanup.run(ms(100), () -> {
            sleep(ms(200));
            trail.step(1);
            sleep(LONG);
        }));
        sleep(ms(300));
        task.cancel("test");
        assertCancelled(task, "test");
        trail.finished(1);
        assertThat(clock.elapsed()).isEqualTo(ms(300));
    }

    @LoopTest
    void whatWasDeliveredWhenTheGraceWasOverIsNotDeliveredAgain(Trail trail, Reports reports) {
        Task<Void> task = started(() -> {
            Cleanup.run(ms(10), () -> {
                try {
                    sleep(LONG);
                } catch (TaskCancelledException swallowed) {
                    sleep(ms(10));
                    trail.step(1);
                }
            });
            yieldNow();
            trail.step(2);
        });
        task.cancel("test");
        await(task);
        trail.finished(2);
        reports.takeOnly(Report.Kind.SWALLOWED_CANCELLATION);
    }

    @LoopTest
    void aGraceOfZeroProtectsNothing(VirtualClock clock) {
        for (Duration grace : List.of(Duration.ZERO, Duration.ofSeconds(-1))) {
            Task<Void> task = started(() -> Cleanup.run(grace, () -> sleep(LONG)));
            task.cancel("test");
            assertCancelled(task, "test");
        }
        assertThat(clock.elapsed()).isZero();
    }

    @LoopTest
    void aGraceWithoutEndSetsNoTimer(Loop loop) {
        Cleanup.run(
                Duration.ofDays(200_000), () -> assertThat(loop.timerCount()).isZero());
    }

    // ---- results

    private static String inCleanup(Body<String, IOException> body) throws IOException {
        return Cleanup.run(ms(10), body);
    }

    @LoopTest
    void theResultOrTheFailureItself(Loop loop) throws IOException {
        assertThat(inCleanup(() -> "result")).isEqualTo("result");
        assertThat(inCleanup(() -> null)).isNull();
        IOException checked = new IOException("checked");
        assertThatThrownBy(() -> inCleanup(() -> {
                    throw checked;
                }))
                .isSameAs(checked);
        assertThat(loop.timerCount()).isZero();
    }

    @LoopTest
    void theFailureIsThrownAndTheRequestIsKept(Trail trail) {
        IOException checked = new IOException("checked");
        Task<Void> task = started(() -> {
            assertThatThrownBy(() -> inCleanup(() -> {
                        sleep(ms(1));
                        throw checked;
                    }))
                    .isSameAs(checked);
            trail.step(1);
            yieldNow();
            trail.step(2);
        });
        task.cancel("test");
        assertCancelled(task, "test");
        trail.finished(1);
    }

    @LoopTest
    void itNeedsATask(Loop loop) {
        Promise<Throwable> thrown = Promise.create();
        loop.callSoon(() -> {
            try {
                Cleanup.run(ms(1), () -> {});
            } catch (LoopMisuseException misuse) {
                thrown.complete(misuse);
            }
        });
        assertThat(await(thrown.future())).hasMessageContaining("Cleanup.run(...)");
    }

    // ---- nested

    @LoopTest
    void anInnerScopeEndsAndTheOuterStillProtects(Trail trail, VirtualClock clock) {
        Task<Void> task = started(() -> {
            Cleanup.run(ms(100), () -> {
                Cleanup.run(ms(50), () -> sleep(ms(10)));
                sleep(ms(10));
                Cleanup.run(ms(50), () -> sleep(ms(10)));
                trail.step(1);
            });
            trail.step(2);
            yieldNow();
            trail.step(3);
        });
        sleep(ms(5));
        task.cancel("test");
        assertCancelled(task, "test");
        trail.finished(2);
        assertThat(clock.elapsed()).isEqualTo(ms(30));
    }

    @LoopTest
    void anInnerScopeDoesNotOutlastTheOuter(VirtualClock clock) {
        Task<Void> task = started(() -> Cleanup.run(ms(100), () -> Cleanup.run(LONG, () -> sleep(LONG))));
        task.cancel("test");
        assertCancelled(task, "test");
        assertThat(clock.elapsed()).isEqualTo(ms(100));
    }

    @LoopTest
    void anInnerScopeAfterTheOutersGraceProtectsNothing(Trail trail, VirtualClock clock) {
        Task<Void> task = started(() -> Cleanup.run(ms(100), () -> {
            try {
                sleep(LONG);
            } finally {
                marking(trail, () -> Cleanup.run(LONG, () -> sleep(LONG)));
            }
        }));
        task.cancel("test");
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        assertThat(trail.marks()).hasSize(1);
        assertThat(clock.elapsed()).isEqualTo(ms(100));
    }

    @LoopTest
    void anInnerScopesGraceIsOverAndTheOuterGoesOn(Trail trail, VirtualClock clock) {
        Task<Void> task = started(() -> Cleanup.run(ms(100), () -> {
            for (int part = 0; part < 2; part++) {
                try {
                    Cleanup.run(ms(20), () -> sleep(LONG));
                } catch (TaskCancelledException tooLong) {
                    trail.mark(tooLong.getMessage());
                }
            }
            sleep(ms(10));
            trail.step(1);
        }));
        task.cancel("test");
        assertCancelled(task, "test");
        String tooLong = "the cleanup of a cancelled task took longer than PT0.02S";
        assertThat(trail.marks()).containsExactly(tooLong, tooLong);
        trail.finished(1);
        assertThat(clock.elapsed()).isEqualTo(ms(50));
    }

    // ---- with timeouts

    @LoopTest
    void aTimeoutAroundItWaits(Trail trail, VirtualClock clock) {
        Timeout timeout = Timeout.of(ms(10));
        assertThatThrownBy(() -> timeout.run(() -> {
                    Cleanup.run(ms(100), () -> {
                        sleep(ms(50));
                        assertThat(timeout.expired()).isTrue();
                        trail.step(1);
                    });
                    trail.step(2);
                    sleep(LONG);
                }))
                .isInstanceOf(TaskTimeoutException.class);
        trail.finished(2);
        assertThat(clock.elapsed()).isEqualTo(ms(50));
        assertThat(Task.current().cancelling()).isZero();
        yieldNow();
    }

    @LoopTest
    void aTimeoutAroundItWhoseBodyEndsWithIt() {
        String result = Timeout.of(ms(10))
                .run(() -> Cleanup.run(ms(100), () -> {
                    sleep(ms(50));
                    return "result";
                }));
        assertThat(result).isEqualTo("result");
        assertThat(Task.current().cancelling()).isZero();
        yieldNow();
    }

    @LoopTest
    void aTimeoutAroundItAndTheGraceIsOver(VirtualClock clock) {
        assertThatThrownBy(() -> Timeout.of(ms(10)).run(() -> Cleanup.run(ms(100), () -> sleep(LONG))))
                .isInstanceOf(TaskTimeoutException.class)
                .hasMessageContaining("timed out after PT0.01S");
        assertThat(clock.elapsed()).isEqualTo(ms(100));
        assertThat(Task.current().cancelling()).isZero();
    }

    @LoopTest
    void aTimeoutInsideItExpiresThoughACancelIsHeldBack(Trail trail, VirtualClock clock, Loop loop) {
        for (boolean cancelFirst : new boolean[] {true, false}) {
            Task<Void> task = started(() -> {
                Cleanup.run(LONG, () -> {
                    marking(
                            trail,
                            () -> assertThatThrownBy(
                                            () -> await(Promise.create().future(), ms(10)))
                                    .isInstanceOf(TaskTimeoutException.class));
                    yieldNow();
                });
                marking(trail, Await::yieldNow);
            });
            loop.callLater(cancelFirst ? ms(1) : ms(10), () -> task.cancel("test"));
            assertCancelled(task, "test");
        }
        assertThat(trail.marks())
                .containsExactly(
                        "returned", "TaskCancelledException: test", "returned", "TaskCancelledException: test");
        assertThat(clock.elapsed()).isEqualTo(ms(20));
    }

    @LoopTest
    void aTimeoutInsideItWhenTheGraceIsOverInTheSameTurn() {
        Timeout timeout = Timeout.of(ms(10));
        Task<Void> task = Task.spawn(() -> {
            Task.current().cancel("test");
            Cleanup.run(ms(10), () -> timeout.run(() -> sleep(LONG)));
        });
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        assertThat(timeout.expired()).isTrue();
    }

    @LoopTest
    void aTimeoutInsideItIsNoReasonToEndItWhenTheGraceIsOver(Trail trail, VirtualClock clock) {
        Timeout timeout = Timeout.of(ms(10));
        VoidBody<RuntimeException> body = () -> {
            try {
                sleep(LONG);
            } finally {
                sleep(ms(100));
                trail.step(1);
            }
        };
        Cleanup.run(ms(50), () -> {
            assertThatThrownBy(() -> timeout.run(body)).isInstanceOf(TaskTimeoutException.class);
        });
        trail.finished(1);
        assertThat(clock.elapsed()).isEqualTo(ms(110));
    }

    @LoopTest
    void aTimeoutBetweenTwoScopesWaitsForTheInnerOnly(Trail trail, VirtualClock clock) {
        Cleanup.run(LONG, () -> {
            assertThatThrownBy(() -> Timeout.of(ms(10)).run(() -> {
                        Cleanup.run(LONG, () -> sleep(ms(20)));
                        trail.step(1);
                        sleep(LONG);
                    }))
                    .isInstanceOf(TaskTimeoutException.class);
            assertThat(Task.current().cancelling()).isZero();
            yieldNow();
            trail.step(2);
        });
        trail.finished(2);
        assertThat(clock.elapsed()).isEqualTo(ms(20));
    }

    @LoopTest
    void anInnerTimeoutBetweenTwoScopesWhoseGraceEndsTogether(VirtualClock clock) {
        assertThatThrownBy(() ->
                        Cleanup.run(ms(50), () -> Timeout.of(ms(10)).run(() -> Cleanup.run(LONG, () -> sleep(LONG)))))
                .isInstanceOf(TaskTimeoutException.class);
        assertThat(clock.elapsed()).isEqualTo(ms(50));
        assertThat(Task.current().cancelling()).isZero();
    }

    // ---- with groups

    @LoopTest
    void aGroupInsideItIsNotCancelled(Trail trail, VirtualClock clock) {
        Task<Void> task = started(() -> {
            Cleanup.run(
                    LONG,
                    () -> TaskGroup.run(group -> {
                        group.spawn(() -> sleep(ms(10)));
                        group.spawn(() -> {
                            sleep(ms(20));
                            trail.step(1);
                        });
                    }));
            yieldNow();
            trail.step(2);
        });
        task.cancel("test");
        assertCancelled(task, "test");
        trail.finished(1);
        assertThat(clock.elapsed()).isEqualTo(ms(20));
    }

    @LoopTest
    void aGroupInsideItFailsAndIsCancelledAsEver(Trail trail) {
        Task<Void> task = started(() -> {
            Cleanup.run(LONG, () -> {
                sleep(ms(1));
                assertThat(Task.current().cancelling()).isEqualTo(1);
                assertThatThrownBy(() -> TaskGroup.run(group -> {
                            group.spawn(() -> {
                                throw new IOException("f");
                            });
                            sleep(LONG);
                        }))
                        .isInstanceOf(TaskGroupException.class);
                TaskGroup.run(group -> {
                    group.cancel();
                    sleep(LONG);
                });
                TaskGroup.run(group -> {
                    group.cancel();
                });
                assertThat(Task.current().cancelling()).isEqualTo(1);
                yieldNow();
                trail.step(1);
            });
            yieldNow();
            trail.step(2);
        });
        task.cancel("test");
        assertCancelled(task, "test");
        trail.finished(1);
    }

    @LoopTest
    void aGroupInsideItWhenTheGraceIsOver(VirtualClock clock) {
        List<Task<?>> children = new ArrayList<>();
        Task<Void> task = started(() ->
                Cleanup.run(ms(50), () -> TaskGroup.run(group -> children.add(group.spawn(() -> sleep(LONG))))));
        task.cancel("test");
        assertCancelled(task, "test");
        assertThat(children).hasSize(1).allMatch(Task::isCancelled);
        assertThat(clock.elapsed()).isEqualTo(ms(50));
    }

    @LoopTest
    void aGroupAroundItWaits(Trail trail, VirtualClock clock) {
        assertThatThrownBy(() -> TaskGroup.run(group -> {
                    group.spawn(() -> {
                        sleep(ms(10));
                        throw new IOException("f");
                    });
                    Cleanup.run(LONG, () -> sleep(ms(50)));
                    trail.step(1);
                    sleep(LONG);
                }))
                .isInstanceOf(TaskGroupException.class);
        trail.finished(1);
        assertThat(clock.elapsed()).isEqualTo(ms(50));
        assertThat(Task.current().cancelling()).isZero();
        yieldNow();
    }

    @LoopTest
    void aGroupWaitsForItsTasksCleanup(Trail trail, VirtualClock clock) {
        assertThatThrownBy(() -> TaskGroup.run(group -> {
                    group.spawn(() -> {
                        Cleanup.run(LONG, () -> sleep(ms(50)));
                        marking(trail, Await::yieldNow);
                    });
                    sleep(ms(10));
                    throw new IOException("f");
                }))
                .isInstanceOf(TaskGroupException.class);
        assertThat(trail.marks())
                .containsExactly("TaskCancelledException: the body of its group failed: java.io.IOException: f");
        assertThat(clock.elapsed()).isEqualTo(ms(50));
    }

    // ---- the loop closes

    private static List<Report> closeWhile(Duration shutdownTimeout, VoidBody<RuntimeException> body) {
        List<Report> reports = new ArrayList<>();
        VirtualClock clock = new VirtualClock();
        Loop loop = Loop.builder()
                .clock(clock)
                .shutdownTimeout(shutdownTimeout)
                .slowItem(Duration.ZERO)
                .exceptionHandler(reports::add)
                .start();
        Promise<Void> running = loop.promise();
        var operation = clock.foreign(loop);
        loop.spawn(() -> {
            running.complete(null);
            body.run();
        });
        running.future().join();
        loop.shutdown();
        operation.close();
        loop.close();
        return reports;
    }

    @Test
    void aLoopThatClosesLetsItFinish() {
        Trail trail = new Trail();
        assertThat(closeWhile(LONG, () -> {
                    Cleanup.run(LONG, () -> sleep(ms(50)));
                    marking(trail, Await::yieldNow);
                }))
                .isEmpty();
        assertThat(trail.marks()).containsExactly("TaskCancelledException: the loop is closing");
    }

    @Test
    void aLoopThatClosesWaitsForItsGrace() {
        Trail trail = new Trail();
        assertThat(closeWhile(LONG, () -> marking(trail, () -> Cleanup.run(ms(50), () -> sleep(LONG)))))
                .isEmpty();
        assertThat(trail.marks()).containsExactly("TaskCancelledException: the loop is closing");
    }

    @Test
    void aLoopThatClosesHasTheLastWord() {
        List<Report> reports = closeWhile(ms(20), () -> Cleanup.run(LONG, () -> sleep(LONG)));
        assertThat(reports).extracting(Report::kind).containsExactly(Report.Kind.LEFT_AT_CLOSE);
    }
}
