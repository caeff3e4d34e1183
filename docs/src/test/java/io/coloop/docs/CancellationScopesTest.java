package io.coloop.docs;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.waitFor;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Cleanup;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.TaskGroup;
import io.coloop.TaskGroupException;
import io.coloop.TaskTimeoutException;
import io.coloop.Timeout;
import io.coloop.WaitUntil;
import io.coloop.sync.Condition;
import io.coloop.sync.Lock;
import io.coloop.sync.Queue;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** What the page on cancellation says of groups, timeouts, cleanup, shields and locks. */
class CancellationScopesTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration HOUR = Duration.ofHours(1);

    private static void assertCancelled(Task<?> task, String reason) {
        assertThatThrownBy(() -> await(task))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage(reason);
        assertThat(task.isCancelled()).isTrue();
    }

    // ---- shield and combined futures

    @LoopTest
    void aShieldKeepsWhatIsAwaited() {
        // region shield
        Task<String> shared = Task.spawn(() -> {
            sleep(SECOND);
            return "for both";
        });
        Task<String> first = Task.spawn(() -> await(Future.shield(shared)));
        Task<String> second = Task.spawn(() -> await(Future.shield(shared)));
        yieldNow();
        first.cancel("I do not need it"); // its own await only
        // endregion
        assertCancelled(first, "I do not need it");
        assertThat(await(second)).isEqualTo("for both");
    }

    @LoopTest
    void aCancelledGatherCancelsItsPartsAndWaitsForThem(Trail trail) {
        Task<Void> slow = Task.spawn(() -> {
            try {
                sleep(HOUR);
            } finally {
                sleep(SECOND);
                trail.mark("part has ended");
            }
        });
        Task<?> task = Task.spawn(() -> await(Future.gather(slow, Task.spawn(() -> sleep(HOUR)))));
        yieldNow();
        task.cancel("enough");
        assertCancelled(task, "enough");
        assertThat(slow.isCancelled()).isTrue();
        assertThat(trail.marks()).containsExactly("part has ended");
    }

    @LoopTest
    void waitForCancelsNothing() {
        Task<Void> part = Task.spawn(() -> sleep(SECOND));
        Task<?> task = Task.spawn(() -> waitFor(List.of(part), WaitUntil.ALL_DONE));
        yieldNow();
        task.cancel("enough");
        assertCancelled(task, "enough");
        assertThat(part.isDone()).isFalse();
        await(part);
    }

    // ---- in line

    @LoopTest
    void inLineForALock(Trail trail) {
        Lock lock = Lock.create();
        try (var hold = lock.acquire()) {
            Task<Void> waiter = Task.spawn(() -> {
                try (var mine = lock.acquire()) {
                    trail.mark("never");
                }
            });
            yieldNow();
            waiter.cancel("enough");
            assertCancelled(waiter, "enough");
        }
        assertThat(lock.isLocked()).isFalse();
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void theLockGoesToTheNextIfTheWokenOneIsCancelled() {
        Lock lock = Lock.create();
        List<Task<Void>> waiters = new ArrayList<>();
        try (var hold = lock.acquire()) {
            for (int i = 0; i < 2; i++) {
                waiters.add(Task.spawn(() -> {
                    try (var mine = lock.acquire()) {
                        yieldNow();
                    }
                }));
            }
            yieldNow();
        } // wakes the first
        waiters.get(0).cancel("too late to give it back");
        await(waiters.get(1));
        assertThat(waiters.get(0).isCancelled()).isTrue();
        assertThat(lock.isLocked()).isFalse();
    }

    @LoopTest
    void aConditionTakesItsLockBackFirst(Trail trail) {
        Condition condition = Condition.create();
        Task<Void> waiter = Task.spawn(() -> {
            try (var hold = condition.acquire()) {
                condition.await();
            } catch (TaskCancelledException cancelled) {
                trail.mark("cancelled");
                throw cancelled;
            }
        });
        yieldNow();
        try (var hold = condition.acquire()) {
            waiter.cancel("enough");
            sleep(SECOND);
            assertThat(trail.marks()).as("it waits for the lock").isEmpty();
        }
        assertCancelled(waiter, "enough");
    }

    @LoopTest
    void noItemIsLost() {
        Queue<String> queue = Queue.unbounded();
        Task<String> getter = Task.spawn(queue::get);
        yieldNow();
        queue.put("item"); // wakes the getter
        getter.cancel("enough");
        assertCancelled(getter, "enough");
        assertThat(queue.size()).isEqualTo(1);
    }

    // ---- timeouts

    @LoopTest
    void anExpiryIsACancelThatTheTimeoutTakesBack(VirtualClock clock) {
        List<String> log = new ArrayList<>();
        // region timeout
        Task<Void> task = Task.spawn(() -> {
            try {
                Timeout.of(SECOND).run(() -> {
                    try {
                        sleep(HOUR);
                    } catch (TaskCancelledException expired) { // inside it is a cancellation
                        log.add("cancelling: " + Task.current().cancelling());
                        throw expired;
                    }
                });
            } catch (TaskTimeoutException tooLate) { // outside it is a failure like any other
                log.add("cancelling: " + Task.current().cancelling());
            }
            sleep(SECOND); // goes on
        });
        // endregion
        await(task);
        assertThat(log).containsExactly("cancelling: 1", "cancelling: 0");
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(2));
    }

    @LoopTest
    void aCancelFromOutsideWinsOverAnExpiryInTheSameTurn(Loop loop) {
        for (boolean outsideFirst : new boolean[] {true, false}) {
            Promise<Void> never = Promise.create();
            Task<Void> task = Task.spawn(() -> Timeout.of(SECOND).run(() -> await(never.future())));
            if (outsideFirst) { // in either order
                loop.callLater(SECOND, () -> task.cancel("outside"));
            }
            yieldNow();
            if (!outsideFirst) {
                loop.callLater(SECOND, () -> task.cancel("outside"));
            }
            assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
            assertThat(task.isCancelled()).isTrue();
        }
    }

    @LoopTest
    void aValueInTheTurnOfTheExpiryCounts(Loop loop) {
        Promise<String> first = Promise.create();
        loop.callLater(SECOND, () -> first.complete("in time"));
        assertThat(await(first.future(), SECOND)).isEqualTo("in time");
    }

    @LoopTest
    void aTimeoutAroundAnAwaitCancelsWhatIsAwaited() {
        Task<Void> inner = Task.spawn(() -> sleep(HOUR));
        assertThatThrownBy(() -> await(inner, SECOND)).isInstanceOf(TaskTimeoutException.class);
        assertThat(inner.isCancelled()).isTrue();
    }

    @LoopTest
    void aBodyThatAwaitsNothingIsNotEndedByATimeout(VirtualClock clock) {
        String value = Timeout.of(SECOND).run(() -> {
            clock.advanceBy(HOUR);
            return "late, but whole";
        });
        assertThat(value).isEqualTo("late, but whole");
    }

    // ---- groups

    @LoopTest
    void aGroupAwaitsItsTasksWhenItIsCancelled(Trail trail, VirtualClock clock) {
        // region group
        Task<Void> task = Task.spawn(() -> TaskGroup.run(group -> {
            group.spawn(() -> {
                try {
                    sleep(HOUR);
                } finally {
                    sleep(SECOND);
                    trail.mark("the group's task has ended");
                }
            });
            sleep(HOUR);
        }));
        sleep(SECOND);
        task.cancel("enough"); // cancels the body and each task of the group
        // endregion
        assertCancelled(task, "enough");
        assertThat(trail.marks()).containsExactly("the group's task has ended");
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(2));
    }

    @LoopTest
    void aGroupCancelledAgainStillAwaitsItsTasks(Trail trail) {
        Task<Void> task = Task.spawn(() -> TaskGroup.run(group -> {
            group.spawn(() -> {
                try {
                    sleep(HOUR);
                } finally {
                    Cleanup.run(SECOND.multipliedBy(5), () -> sleep(SECOND));
                    trail.mark("the group's task has ended");
                }
            });
        }));
        yieldNow();
        yieldNow();
        task.cancel("first");
        yieldNow();
        task.cancel("second");
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        assertThat(trail.marks()).containsExactly("the group's task has ended");
    }

    @LoopTest
    void failuresBeatTheCancelWhichCountsAtTheNextAwait(Trail trail) {
        // region group-failure
        Task<Void> task = Task.spawn(() -> {
            try {
                TaskGroup.run(group -> {
                    group.spawn(() -> {
                        try {
                            sleep(HOUR);
                        } catch (TaskCancelledException cancelled) {
                            throw new IllegalStateException("cleaning up failed", cancelled);
                        }
                    });
                    sleep(HOUR);
                });
            } catch (TaskGroupException failed) { // not lost
                trail.mark(failed.failures().get(0).getMessage());
                sleep(SECOND); // throws TaskCancelledException: nor is the cancel
            }
        });
        // endregion
        sleep(SECOND);
        task.cancel("enough");
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        assertThat(trail.marks()).containsExactly("cleaning up failed");
    }

    @LoopTest
    void aGroupsOwnCancelIsNotTheTasks(Trail trail) {
        // region group-cancel
        Task<Void> task = Task.spawn(() -> {
            TaskGroup.run(group -> {
                group.spawn(() -> {
                    sleep(SECOND);
                    group.cancel("found it"); // ends the group's tasks and its body
                });
                sleep(HOUR);
            });
            sleep(SECOND); // the task itself is not cancelled
            trail.mark("went on");
        });
        // endregion
        await(task);
        assertThat(trail.marks()).containsExactly("went on");
    }

    @LoopTest
    void aCancelledMemberIsNoFailure(Trail trail) {
        TaskGroup.run(group -> {
            Task<Void> member = group.spawn(() -> sleep(HOUR));
            yieldNow();
            member.cancel("not needed");
            sleep(SECOND);
            trail.mark("the others go on");
        });
        assertThat(trail.marks()).containsExactly("the others go on");
    }

    // ---- cleanup

    @LoopTest
    void cleanupHoldsFurtherRequestsBack(Trail trail, VirtualClock clock) {
        // region cleanup
        Task<Void> task = Task.spawn(() -> {
            try {
                sleep(HOUR);
            } finally {
                Cleanup.run(Duration.ofSeconds(5), () -> {
                    sleep(Duration.ofSeconds(2)); // a second cancel does not end it
                    trail.mark("said goodbye");
                });
            }
        });
        yieldNow();
        task.cancel("first");
        yieldNow();
        task.cancel("second");
        // endregion
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        assertThat(trail.marks()).containsExactly("said goodbye");
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(2));
    }

    @LoopTest
    void theGraceEnds(Trail trail, VirtualClock clock) {
        Task<Void> task = Task.spawn(() -> {
            try {
                sleep(HOUR);
            } finally {
                Cleanup.run(Duration.ofSeconds(5), () -> {
                    sleep(HOUR);
                    trail.mark("not here");
                });
            }
        });
        yieldNow();
        task.cancel("enough");
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        assertThat(trail.marks()).isEmpty();
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(5));
    }

    @LoopTest
    void aRequestHeldBackComesAtTheNextAwait(Trail trail) {
        // region cleanup-after
        Task<Void> task = Task.spawn(() -> {
            Cleanup.run(Duration.ofSeconds(5), () -> {
                sleep(SECOND);
                trail.mark("committed");
            });
            trail.mark("after the scope");
            sleep(SECOND); // throws
            trail.mark("not here");
        });
        yieldNow();
        task.cancel("enough"); // counted at once, held back until the scope ends
        // endregion
        assertThat(task.cancelling()).isEqualTo(1);
        assertCancelled(task, "enough");
        assertThat(trail.marks()).containsExactly("committed", "after the scope");
    }

    @LoopTest
    void aTaskThatNobodyCancelledOutlivesTheGrace(VirtualClock clock) {
        Task<Void> task = Task.spawn(() -> Cleanup.run(SECOND, () -> sleep(Duration.ofSeconds(3))));
        await(task);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(3));
    }

    @LoopTest
    void aTimeoutInsideACleanupWorks(Trail trail) {
        Task<Void> task = Task.spawn(() -> {
            try {
                sleep(HOUR);
            } finally {
                Cleanup.run(Duration.ofSeconds(5), () -> {
                    try {
                        Timeout.of(SECOND).run(() -> sleep(HOUR));
                    } catch (TaskTimeoutException tooLate) {
                        trail.mark("gave up the goodbye");
                    }
                });
            }
        });
        yieldNow();
        task.cancel("enough");
        assertCancelled(task, "enough");
        assertThat(trail.marks()).containsExactly("gave up the goodbye");
    }

    // ---- slow ones, and close

    @LoopTest
    void aTaskThatGoesOnForLongIsReportedWhileItDoes(Reports reports) {
        Task<Void> task = Task.spawn("slow", () -> {
            try {
                sleep(HOUR);
            } finally {
                sleep(Duration.ofSeconds(30));
            }
        });
        yieldNow();
        task.cancel("enough");
        assertCancelled(task, "enough");
        assertThat(reports.takeOnly(Report.Kind.SLOW_CANCELLATION).task() == task)
                .isTrue();
    }

    @Test
    void hooksRunWhenTheTasksHaveEnded() {
        List<String> log = new CopyOnWriteArrayList<>();
        // region close-order
        Loop.run(() -> {
            Loop.current().onClose(() -> log.add("3: the pool is closed"));
            Loop.current().onClose(() -> log.add("2: the connection is closed")); // the newest first
            Task.spawn(() -> {
                try {
                    sleep(Duration.ofHours(1));
                } finally {
                    log.add("1: the task has ended");
                }
            });
            yieldNow();
        });
        // endregion
        assertThat(log)
                .containsExactly("1: the task has ended", "2: the connection is closed", "3: the pool is closed");
    }
}
