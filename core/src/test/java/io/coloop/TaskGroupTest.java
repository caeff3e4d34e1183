package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Task groups: everything that asyncio's tests ask of its TaskGroup, where it makes sense here, and what is ours. */
class TaskGroupTest {
    private static final Duration LONG = Duration.ofHours(1);

    private static Duration ms(long millis) {
        return Duration.ofMillis(millis);
    }

    private static <T> Body<T, RuntimeException> after(long millis, T value) {
        return () -> {
            sleep(ms(millis));
            return value;
        };
    }

    private static VoidBody<RuntimeException> failing(long millis, String message) {
        return () -> {
            sleep(ms(millis));
            throw new IllegalStateException(message);
        };
    }

    private static VoidBody<RuntimeException> counting(Trail trail, String name) {
        return () -> {
            try {
                sleep(LONG);
                trail.mark(name + " not cancelled");
            } catch (TaskCancelledException cancelled) {
                trail.mark(name);
                throw cancelled;
            }
        };
    }

    private static TaskGroupException thrownBy(VoidBody<? extends Throwable> block) {
        return catchThrowableOfType(TaskGroupException.class, block::run);
    }

    private static List<String> messages(TaskGroupException failed) {
        return failed.failures().stream().map(Throwable::getMessage).toList();
    }

    private static Task<Void> started(VoidBody<?> body) {
        Task<Void> task = Task.spawn(body);
        yieldNow();
        yieldNow();
        return task;
    }

    // ---- success

    @LoopTest
    void theResultComesWhenAllTasksHaveEnded(VirtualClock clock) {
        List<Task<Integer>> tasks = new ArrayList<>();
        String result = TaskGroup.run(group -> {
            tasks.add(group.spawn(after(100, 42)));
            sleep(ms(150));
            tasks.add(group.spawn(after(200, 11)));
            return "body";
        });
        assertThat(result).isEqualTo("body");
        assertThat(tasks.get(0).resultNow()).isEqualTo(42);
        assertThat(tasks.get(1).resultNow()).isEqualTo(11);
        assertThat(clock.elapsed()).isEqualTo(ms(350));
    }

    @LoopTest
    void anEmptyGroupDoesNotGiveUpTheLoop(Loop loop) {
        long turn = loop.turnCount();
        assertThat(TaskGroup.<String>run(group -> "at once")).isEqualTo("at once");
        TaskGroup.run(group -> {});
        assertThat(loop.turnCount()).isEqualTo(turn);
    }

    @LoopTest
    void theResultMayBeNull() {
        String none = TaskGroup.run(group -> {
            await(group.spawn(after(1, "ignored")));
            return null;
        });
        assertThat(none).isNull();
    }

    private int sum(TaskGroup group) {
        return await(group.spawn(after(1, 20))) + await(group.spawn(after(2, 22)));
    }

    private void spawnOne(TaskGroup group) {
        group.spawn(after(1, "x"));
    }

    @LoopTest
    void everyFormOfABodyCompiles(Trail trail) {
        int expression = TaskGroup.run(group -> sum(group));
        int reference = TaskGroup.run(this::sum);
        TaskGroup.run(this::spawnOne);
        TaskGroup.run(group -> group.spawn(after(1, "x")));
        TaskGroup.run(group -> {
            spawnOne(group);
        });
        var local = TaskGroup.run(group -> {
            var a = group.spawn(() -> await(Future.completed(1)));
            var b = group.spawn("named", () -> 2);
            Task<Void> c = group.spawn(() -> trail.mark("c"));
            Task<Void> d = group.spawn("d", () -> trail.mark("d"));
            return await(a) + await(b);
        });
        assertThat(thrownBy(() -> TaskGroup.run(group -> {
                    throw new IOException("checked");
                })))
                .hasCauseInstanceOf(IOException.class);
        assertThat(expression).isEqualTo(42);
        assertThat(reference).isEqualTo(42);
        assertThat(local).isEqualTo(3);
        assertThat(trail.marks()).containsExactly("c", "d");
    }

    @LoopTest
    void aTaskThatIsMerelyCancelledIsNoFailure(VirtualClock clock) {
        List<Task<?>> tasks = new ArrayList<>();
        TaskGroup.run(group -> {
            tasks.add(group.spawn(after(1_000, 42)));
            sleep(ms(150));
            tasks.get(0).cancel();
            tasks.add(group.spawn(after(200, 11)));
        });
        assertThat(tasks.get(0).isCancelled()).isTrue();
        assertThat(tasks.get(1).resultNow()).isEqualTo(11);
        assertThat(clock.elapsed()).isEqualTo(ms(350));
    }

    @LoopTest
    void tasksThatEndedAreForgotten() {
        TaskGroup.run(group -> {
            for (int count = 0; count < 10; count++) {
                sleep(ms(100));
                group.spawn(after(300, count));
                if (count == 5) {
                    assertThat(group.toString()).isEqualTo("TaskGroup[running, 4 tasks, 0 failures]");
                }
            }
            sleep(ms(1_350));
            assertThat(group.toString()).isEqualTo("TaskGroup[running, 0 tasks, 0 failures]");
        });
    }

    @LoopTest
    void aTaskOfTheGroupSpawnsIntoIt(Trail trail) {
        TaskGroup.run(group -> {
            group.spawn(() -> {
                sleep(ms(100));
                group.spawn(() -> {
                    sleep(ms(100));
                    group.spawn(() -> {
                        sleep(ms(100));
                        trail.step(1);
                    });
                });
            });
        });
        trail.finished(1);
    }

    @LoopTest
    void aNameIsTheTasksAndItsThreads() {
        TaskGroup.run(group -> {
            Task<String> task = group.spawn("yolo", () -> Thread.currentThread().getName());
            assertThat(task.name()).isEqualTo("yolo");
            assertThat(await(task)).isEqualTo("yolo");
        });
    }

    // ---- failures

    @LoopTest
    void theFirstFailureCancelsSiblingsAndBody(Trail trail, VirtualClock clock) {
        TaskGroupException failed = thrownBy(() -> TaskGroup.run(group -> {
            IntStream.range(0, 3).forEach(i -> group.spawn(failing(100, "f" + i)));
            group.spawn(counting(trail, "sibling"));
            counting(trail, "body").run();
        }));
        assertThat(messages(failed)).containsExactly("f0", "f1", "f2");
        assertThat(failed).hasMessage("3 failures in a task group, the first: java.lang.IllegalStateException: f0");
        assertThat(failed.getCause()).isSameAs(failed.failures().get(0));
        assertThat(failed.getSuppressed())
                .containsExactly(failed.failures().get(1), failed.failures().get(2));
        assertThat(trail.marks()).containsExactlyInAnyOrder("body", "sibling");
        assertThat(clock.elapsed()).isEqualTo(ms(100));
        assertThat(Task.current().cancelling()).isZero();
        yieldNow(); // no cancellation leaks out
    }

    @LoopTest
    void aSingleFailureIsWrappedAsWell() {
        TaskGroupException failed = thrownBy(() -> TaskGroup.run(group -> group.spawn(failing(1, "only"))));
        assertThat(failed).hasMessage("1 failure in a task group: java.lang.IllegalStateException: only");
        assertThat(messages(failed)).containsExactly("only");
        assertThat(failed.getSuppressed()).isEmpty();
        assertThatThrownBy(() -> failed.failures().clear()).isInstanceOf(UnsupportedOperationException.class);
    }

    @LoopTest
    void aFailureThatTheBodyHandlesFailsTheGroupAllTheSame(Trail trail) {
        TaskGroupException failed = thrownBy(() -> TaskGroup.run(group -> {
            Task<Void> task = group.spawn(failing(1, "handled"));
            try {
                await(task);
            } catch (TaskCancelledException cancelled) {
                trail.mark(cancelled.getMessage());
            }
        }));
        assertThat(messages(failed)).containsExactly("handled");
        assertThat(trail.marks())
                .containsExactly("a task of its group failed: java.lang.IllegalStateException: handled");
    }

    @LoopTest
    void aCheckedFailureOfATaskComesAsItIs() {
        IOException checked = new IOException("checked");
        TaskGroupException failed = thrownBy(() -> TaskGroup.run(group -> group.spawn(() -> {
            throw checked;
        })));
        assertThat(failed.failures()).containsExactly(checked);
        assertThat(failed.getCause()).isNotInstanceOf(CompletionException.class);
    }

    @LoopTest
    void theBodysFailureCancelsTheTasks() {
        List<Task<?>> tasks = new ArrayList<>();
        for (long delay : new long[] {0, 100}) {
            TaskGroupException failed = thrownBy(() -> TaskGroup.run(group -> {
                tasks.add(group.spawn(after(1_000, 1)));
                tasks.add(group.spawn(after(2_000, 2)));
                if (delay > 0) {
                    sleep(ms(delay));
                }
                throw new IOException("body");
            }));
            assertThat(messages(failed)).containsExactly("body");
        }
        assertThat(tasks).hasSize(4).allMatch(Task::isCancelled);
    }

    @LoopTest
    void failuresAreListedAsTheyHappened() {
        TaskGroupException failed = thrownBy(() -> TaskGroup.run(group -> {
            group.spawn(() -> {
                try {
                    sleep(LONG);
                } finally {
                    failing(5, "while cleaning up").run();
                }
            });
            yieldNow();
            throw new IllegalStateException("body");
        }));
        assertThat(messages(failed)).containsExactly("body", "while cleaning up");
    }

    @LoopTest
    void theBodyFailsInItsCleanupAfterAChildFailed() {
        TaskGroupException failed = thrownBy(() -> TaskGroup.run(group -> {
            group.spawn(failing(100, "child"));
            try {
                sleep(LONG);
            } finally {
                failing(0, "body").run();
            }
        }));
        assertThat(messages(failed)).containsExactly("child", "body");
        assertThat(Task.current().cancelling()).isZero();
    }

    @LoopTest
    void aGroupThatKeepsSpawningEndsAtAFailure() {
        int[] hydras = {0};
        TaskGroupException failed = thrownBy(() -> TaskGroup.run(group -> {
            group.spawn(() -> hydra(group, hydras));
            group.spawn(() -> {
                while (hydras[0] < 10) {
                    sleep(ms(15));
                }
                throw new IllegalStateException("hercules");
            });
        }));
        assertThat(messages(failed)).containsExactly("hercules");
        assertThat(hydras[0]).isGreaterThanOrEqualTo(10);
    }

    private static void hydra(TaskGroup group, int[] hydras) {
        hydras[0]++;
        sleep(ms(10));
        group.spawn(() -> hydra(group, hydras));
        group.spawn(() -> hydra(group, hydras));
    }

    @LoopTest
    void aTaskWhoseChildFailsAtOnceIsCancelledAtItsSecondYield(Trail trail) {
        TaskGroupException failed = thrownBy(() -> TaskGroup.run(group -> group.spawn(() -> {
            group.spawn(failing(-1, "third"));
            try {
                yieldNow();
                yieldNow();
                yieldNow();
            } catch (TaskCancelledException cancelled) {
                trail.step(1);
                throw cancelled;
            }
        })));
        assertThat(messages(failed)).containsExactly("third");
        trail.finished(1);
    }

    @LoopTest
    void aSharedFailureInstanceIsListedForEachTask() {
        Promise<String> promise = Promise.create();
        IllegalStateException shared = new IllegalStateException("shared");
        TaskGroupException failed = thrownBy(() -> TaskGroup.run(group -> {
            group.spawn(() -> await(promise.future()));
            group.spawn(() -> await(promise.future()));
            yieldNow();
            promise.fail(shared);
        }));
        assertThat(failed.failures()).containsExactly(shared, shared);
    }

    // ---- cancelled from outside

    @LoopTest
    void aCancelWhileItWaitsCancelsTheTasks(Trail trail) {
        Task<Void> runner = started(() -> TaskGroup.run(group -> {
            IntStream.range(0, 5).forEach(i -> group.spawn(counting(trail, "child")));
        }));
        runner.cancel("test");
        assertThatThrownBy(() -> await(runner))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("test");
        assertThat(trail.marks()).hasSize(5).containsOnly("child");
    }

    @LoopTest
    void aCancelOfTheBodyCancelsTheTasks(Trail trail) {
        Task<Void> runner = started(() -> TaskGroup.run(group -> {
            IntStream.range(0, 5).forEach(i -> group.spawn(counting(trail, "child")));
            counting(trail, "body").run();
        }));
        runner.cancel("test");
        assertThatThrownBy(() -> await(runner)).hasMessage("test");
        assertThat(trail.marks())
                .hasSize(6)
                .containsOnlyOnce("body")
                .filteredOn("child"::equals)
                .hasSize(5);
    }

    @LoopTest
    void aCancelWithoutTasks(Trail trail) {
        Task<Void> runner = started(() -> TaskGroup.run(group -> {
            counting(trail, "body").run();
        }));
        runner.cancel();
        assertThatThrownBy(() -> await(runner)).isInstanceOf(TaskCancelledException.class);
        assertThat(trail.marks()).containsExactly("body");
    }

    @LoopTest
    void aCancelledBodyThatFailsInsteadFailsTheGroup() {
        Task<Void> runner = started(() -> TaskGroup.run(group -> {
            try {
                sleep(LONG);
            } catch (TaskCancelledException cancelled) {
                throw new IOException("instead");
            }
        }));
        runner.cancel();
        assertThat(messages(thrownBy(() -> await(runner)))).containsExactly("instead");
    }

    @LoopTest
    void aCancelBeforeTheTasksFailCancelsThem() {
        Task<Void> runner = started(() -> TaskGroup.run(group -> {
            IntStream.range(0, 5).forEach(i -> group.spawn(failing(100, "not reached")));
            sleep(LONG);
        }));
        runner.cancel("test");
        assertThatThrownBy(() -> await(runner)).hasMessage("test");
    }

    @LoopTest
    void aCancelOfNestedGroups() {
        Task<Void> runner = started(() -> TaskGroup.run(outer -> {
            outer.spawn(after(10_000, 1));
            TaskGroup.run(inner -> {
                inner.spawn(failing(100, "not reached"));
                sleep(LONG);
            });
        }));
        runner.cancel("test");
        assertThatThrownBy(() -> await(runner)).hasMessage("test");
    }

    @LoopTest
    void aBodyThatTakesItsTimeToEndLetsTheCancelledChildNotFail(VirtualClock clock) {
        Task<Void> nested = started(() -> TaskGroup.run(group -> {
            group.spawn(failing(300, "not reached: cancelled after the body"));
            try {
                sleep(LONG);
            } catch (TaskCancelledException cancelled) {
                sleep(ms(100));
                throw cancelled;
            }
        }));
        Task<Void> runner = started(() -> await(nested));
        runner.cancel("test");
        assertThatThrownBy(() -> await(runner)).hasMessage("test");
        assertThat(clock.elapsed()).isEqualTo(ms(100));
    }

    @LoopTest
    void everyTaskIsAwaitedWhenItIsCancelledAgain(Trail trail, VirtualClock clock) {
        Task<Void> runner = started(() -> TaskGroup.run(group -> {
            group.spawn(() -> {
                try {
                    sleep(LONG);
                } finally {
                    sleep(ms(500));
                    trail.step(1);
                }
            });
        }));
        for (int i = 0; i < 3; i++) {
            runner.cancel("cancel " + i);
            sleep(ms(100));
        }
        assertThatThrownBy(() -> await(runner)).hasMessage("cancel 0");
        trail.finished(1);
        assertThat(clock.elapsed()).isEqualTo(ms(500));
    }

    @LoopTest
    void failuresBeatTheCancel() {
        Task<Void> runner = started(() -> TaskGroup.run(group -> group.spawn(() -> {
            try {
                sleep(LONG);
            } finally {
                failing(0, "in cleanup").run();
            }
        })));
        runner.cancel("test");
        assertThat(messages(thrownBy(() -> await(runner)))).containsExactly("in cleanup");
    }

    @LoopTest
    void theCancelThatWasBeatenCountsAtTheNextAwait(Trail trail) {
        Task<Void> runner = started(() -> {
            TaskGroupException failed = thrownBy(() -> TaskGroup.run(group -> {
                group.spawn(() -> {
                    try {
                        sleep(LONG);
                    } finally {
                        failing(0, "in cleanup").run();
                    }
                });
                sleep(LONG);
            }));
            assertThat(messages(failed)).containsExactly("in cleanup");
            assertThat(Task.current().cancelling()).isEqualTo(2);
            trail.step(1);
            sleep(LONG);
        });
        runner.cancel("test");
        runner.cancel("again");
        assertThatThrownBy(() -> await(runner)).hasMessage("test");
        trail.finished(1);
    }

    @LoopTest
    void aBodyThatAwaitsACancelledFutureIsCutShort(Trail trail) {
        assertThatThrownBy(() -> TaskGroup.run(group -> {
                    group.spawn(counting(trail, "child"));
                    Task<Integer> other = group.spawn(after(1_000, 1));
                    yieldNow();
                    other.cancel("other");
                    await(other);
                }))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("other");
        assertThat(trail.marks()).containsExactly("child");
    }

    @LoopTest
    void aGroupInTheFinallyOfACancelledTask(Trail trail) {
        Task<Void> task = started(() -> {
            try {
                sleep(LONG);
            } finally {
                assertThat(Task.current().cancelling()).isEqualTo(1);
                TaskGroup.run(group -> {
                    group.cancel();
                    yieldNow();
                });
                assertThat(thrownBy(() -> TaskGroup.run(group -> group.spawn(failing(1, "f")))))
                        .isNotNull();
                yieldNow(); // the request was delivered before the groups began: they do not repeat it
                trail.step(1);
            }
        });
        task.cancel("test");
        assertThatThrownBy(() -> await(task)).hasMessage("test");
        trail.finished(1);
    }

    // ---- nested groups

    @LoopTest
    void theOuterGroupsFailureEndsTheInnerGroup(VirtualClock clock) {
        TaskGroupException failed = thrownBy(() -> TaskGroup.run(outer -> {
            outer.spawn(failing(100, "outer"));
            TaskGroup.run(inner -> inner.spawn(failing(10_000, "inner")));
        }));
        assertThat(messages(failed)).containsExactly("outer");
        assertThat(clock.elapsed()).isEqualTo(ms(100));
    }

    @LoopTest
    void theInnerGroupsFailureIsOneFailureOfTheOuter(VirtualClock clock) {
        TaskGroupException failed = thrownBy(() -> TaskGroup.run(outer -> {
            outer.spawn(failing(10_000, "outer"));
            TaskGroup.run(inner -> inner.spawn(failing(100, "inner")));
        }));
        assertThat(failed.failures()).singleElement().isInstanceOf(TaskGroupException.class);
        assertThat(messages((TaskGroupException) failed.failures().get(0))).containsExactly("inner");
        assertThat(clock.elapsed()).isEqualTo(ms(100));
    }

    // ---- errors of the virtual machine

    private static final class SimulatedError extends VirtualMachineError {
        private static final long serialVersionUID = 1L;
    }

    private static Throwable failureOfLoop(List<Report> reports, VoidBody<Throwable> main) {
        try {
            Loop.builder().exceptionHandler(reports::add).run(main);
        } catch (Throwable failure) {
            return failure;
        }
        return null;
    }

    @Test
    void anErrorOfTheVirtualMachineIsRethrownAsItIs() {
        SimulatedError fatal = new SimulatedError();
        List<Report> reports = new ArrayList<>();
        Throwable thrown = failureOfLoop(
                reports,
                () -> TaskGroup.run(group -> {
                    group.spawn(() -> {
                        throw new IOException("other");
                    });
                    group.spawn(() -> {
                        throw fatal;
                    });
                }));
        assertThat(thrown).isSameAs(fatal);
        assertThat(reports)
                .filteredOn(report -> report.kind() == Report.Kind.UNOBSERVED_FAILURE)
                .singleElement()
                .satisfies(report -> assertThat(report.failure()).hasMessage("other"));
    }

    @Test
    void anErrorOfTheVirtualMachineInTheBody() {
        SimulatedError fatal = new SimulatedError();
        List<Report> reports = new ArrayList<>();
        Throwable thrown = failureOfLoop(
                reports,
                () -> TaskGroup.run(group -> {
                    group.spawn(after(1, 1));
                    throw fatal;
                }));
        assertThat(thrown).isSameAs(fatal);
    }

    @LoopTest
    void otherErrorsAreFailures() {
        StackOverflowError overflow = new StackOverflowError();
        AssertionError error = new AssertionError("e");
        TaskGroupException failed = thrownBy(() -> TaskGroup.run(group -> {
            group.spawn(() -> {
                throw overflow;
            });
            group.spawn(() -> {
                throw error;
            });
        }));
        assertThat(failed.failures()).containsExactly(overflow, error);
    }

    // ---- early exit

    @LoopTest
    void cancelEndsTasksAndBodyAndNothingIsThrown(Trail trail) {
        TaskGroup.run(group -> {
            group.spawn(counting(trail, "a"));
            group.spawn(counting(trail, "b"));
            group.spawn(() -> {
                sleep(ms(10));
                group.cancel("found");
                group.cancel("idempotent");
            });
            try {
                counting(trail, "body").run();
            } catch (TaskCancelledException cancelled) {
                trail.mark(cancelled.getMessage());
                throw cancelled;
            }
        });
        assertThat(trail.marks()).containsExactlyInAnyOrder("a", "b", "body", "found");
        assertThat(Task.current().cancelling()).isZero();
        yieldNow();
    }

    @LoopTest
    void cancelWhileTheGroupWaits(VirtualClock clock, Loop loop) {
        int result = TaskGroup.run(group -> {
            group.spawn(after(3_600_000, 1));
            loop.callLater(ms(10), group::cancel);
            return 7;
        });
        assertThat(result).isEqualTo(7);
        assertThat(clock.elapsed()).isEqualTo(ms(10));
    }

    @LoopTest
    void cancelBeforeTheTasksBegin(Trail trail) {
        TaskGroup.run(group -> {
            group.spawn(() -> trail.mark("ran"));
            group.cancel();
        });
        assertThat(trail.marks()).isEmpty();
        yieldNow();
    }

    @LoopTest
    void cancelOfABodyThatDoesNotAwaitAnyMore() {
        int result = TaskGroup.run(group -> {
            group.cancel();
            return 7;
        });
        assertThat(result).isEqualTo(7);
        assertThat(Task.current().cancelling()).isZero();
        yieldNow();
    }

    @LoopTest
    void aBodyWithAResultThatWasCutShortHasNone() {
        assertThatThrownBy(() -> {
                    int ignored = TaskGroup.run(group -> {
                        group.cancel();
                        yieldNow();
                        return 7;
                    });
                })
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining("a group that is cancelled has a result only if its body returns one")
                .hasMessageContaining("catch TaskCancelledException in the body and return a value");
        assertThat(Task.current().cancelling()).isZero();
    }

    @LoopTest
    void aBodyThatCatchesItReturnsItsResult() {
        int result = TaskGroup.run(group -> {
            group.cancel();
            try {
                yieldNow();
                return 1;
            } catch (TaskCancelledException cancelled) {
                return 2;
            }
        });
        assertThat(result).isEqualTo(2);
        assertThat(Task.current().cancelling()).isZero();
    }

    @LoopTest
    void cancelAfterTheEndDoesNothing() {
        TaskGroup[] kept = new TaskGroup[1];
        TaskGroup.run(group -> {
            kept[0] = group;
        });
        kept[0].cancel();
        assertThat(kept[0].toString()).isEqualTo("TaskGroup[ended, 0 tasks, 0 failures]");
        assertThat(Task.current().cancelling()).isZero();
        yieldNow();
    }

    @LoopTest
    void betweenTheLastTasksEndAndTheReturnTheGroupIsOver(Trail trail) {
        int result = TaskGroup.run(group -> {
            group.spawn(() -> {}).thenRun(() -> {
                group.cancel();
                assertThat(group.toString()).isEqualTo("TaskGroup[waiting, 0 tasks, 0 failures]");
                assertThatThrownBy(() -> group.spawn(() -> {})).isInstanceOf(LoopMisuseException.class);
                trail.step(1);
            });
            return 7;
        });
        assertThat(result).isEqualTo(7);
        assertThat(Task.current().cancelling()).isZero();
        trail.finished(1);
    }

    @LoopTest
    void aFailureBeatsTheEarlyExitInEitherOrder() {
        for (boolean noticedFirst : new boolean[] {true, false}) {
            TaskGroupException failed = thrownBy(() -> TaskGroup.run(group -> {
                group.spawn(() -> {
                    throw new IllegalStateException("f");
                });
                group.spawn(() -> {
                    try {
                        if (noticedFirst) {
                            yieldNow();
                        }
                    } finally {
                        group.cancel();
                    }
                });
                sleep(LONG);
            }));
            assertThat(messages(failed)).containsExactly("f");
            assertThat(Task.current().cancelling()).isZero();
            yieldNow();
        }
    }

    @LoopTest
    void theBodysFailureAfterTheEarlyExit() {
        TaskGroupException failed = thrownBy(() -> TaskGroup.run(group -> {
            group.cancel();
            throw new IOException("body");
        }));
        assertThat(messages(failed)).containsExactly("body");
        yieldNow();
    }

    @LoopTest
    void aCancelFromOutsideIsNotLostInTheEarlyExit() {
        Task<Void> runner = started(() -> TaskGroup.run(group -> {
            group.spawn(() -> {
                try {
                    sleep(LONG);
                } finally {
                    sleep(ms(100));
                }
            });
            yieldNow();
            group.cancel("found");
        }));
        sleep(ms(10));
        runner.cancel("outside");
        assertThatThrownBy(() -> await(runner))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("outside");
    }

    @LoopTest
    void aCancelFromOutsideInTheTurnOfTheEarlyExit() {
        for (boolean outsideFirst : new boolean[] {true, false}) {
            TaskGroup[] kept = new TaskGroup[1];
            Task<Void> runner = started(() -> TaskGroup.run(group -> {
                kept[0] = group;
                sleep(LONG);
            }));
            if (outsideFirst) {
                runner.cancel("outside");
                kept[0].cancel();
            } else {
                kept[0].cancel();
                runner.cancel("outside");
            }
            assertThatThrownBy(() -> await(runner)).isInstanceOf(TaskCancelledException.class);
            assertThat(runner.isCancelled()).isTrue();
        }
    }

    // ---- misuse

    @LoopTest
    void spawnAfterTheEndIsRefused(Trail trail) {
        TaskGroup[] kept = new TaskGroup[1];
        TaskGroup.run(group -> {
            kept[0] = group;
        });
        assertThatThrownBy(() -> kept[0].spawn(() -> trail.mark("ran")))
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining("a task group that has ended takes no more tasks")
                .hasMessageContaining("TaskGroup.spawn(...)")
                .hasMessageContaining("use another group");
        yieldNow();
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void spawnWhileItIsShuttingDownIsRefused(Trail trail) {
        TaskGroupException failed = thrownBy(() -> TaskGroup.run(group -> {
            group.spawn(failing(1, "first"));
            group.spawn(() -> {
                try {
                    sleep(LONG);
                } finally {
                    assertThatThrownBy(() -> group.spawn(() -> trail.mark("ran")))
                            .isInstanceOf(LoopMisuseException.class)
                            .hasMessageContaining("a task group that is shutting down takes no more tasks");
                    assertThat(group.toString()).isEqualTo("TaskGroup[cancelling, 1 tasks, 1 failures]");
                    trail.step(1);
                }
            });
        }));
        assertThat(messages(failed)).containsExactly("first");
        assertThat(trail.marks()).isEmpty();
        trail.finished(1);
    }

    @LoopTest
    void aGroupNeedsATask(Loop loop) {
        Promise<Throwable> thrown = Promise.create();
        loop.callSoon(() -> {
            try {
                TaskGroup.run(group -> {});
            } catch (LoopMisuseException misuse) {
                thrown.complete(misuse);
            }
        });
        assertThat(await(thrown.future())).hasMessageContaining("TaskGroup.run(...)");
    }

    @LoopTest
    void otherThreadsAreRefused(Loop loop, VirtualClock clock) {
        TaskGroup.run(group -> {
            try (var operation = clock.foreign(loop)) {
                Real.onOtherThread(() -> {
                    assertThatThrownBy(() -> group.spawn(() -> {})).isInstanceOf(LoopMisuseException.class);
                    assertThatThrownBy(group::cancel).isInstanceOf(LoopMisuseException.class);
                });
            }
        });
    }

    @LoopTest
    void aChildThatAwaitsItsWaitingParentIsTold() {
        Task<Void> parent = Task.spawn(() -> {
            Task<?> self = Task.current();
            TaskGroup.run(group -> group.spawn(() -> {
                yieldNow();
                await(self);
            }));
        });
        TaskGroupException failed = thrownBy(() -> await(parent));
        assertThat(failed.getCause())
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining("tasks cannot await one another in a circle");
    }

    @LoopTest
    void aParentThatItsChildAwaitsCannotWaitForIt(Reports reports) {
        Task<Void> parent = Task.spawn(() -> {
            Task<?> self = Task.current();
            TaskGroup.run(group -> {
                group.spawn(() -> await(self));
                yieldNow();
                yieldNow();
            });
        });
        TaskGroupException failed = thrownBy(() -> await(parent));
        assertThat(failed.getCause())
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining("tasks cannot await one another in a circle");
        sleep(ms(1));
        assertThat(reports.take()) // nobody is left to take the child's failure
                .extracting(Report::kind)
                .contains(Report.Kind.UNOBSERVED_FAILURE);
    }

    // ---- the loop closes

    @Test
    void aLoopThatClosesWaitsForTheGroup() {
        Trail trail = new Trail();
        Loop loop = Loop.start("closing");
        Promise<Void> started = loop.promise();
        Task<Void> main = loop.spawn(() -> TaskGroup.run(group -> {
            group.spawn(counting(trail, "child"));
            yieldNow();
            started.complete(null);
        }));
        started.future().join();
        loop.close();
        assertThat(main.isCancelled()).isTrue();
        assertThat(trail.marks()).containsExactly("child");
    }
}
