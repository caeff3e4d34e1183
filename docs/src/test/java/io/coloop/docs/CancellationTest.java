package io.coloop.docs;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Awaitable;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What the page on cancellation says of the kernel. */
class CancellationTest {
    private static void assertCancelled(Task<?> task, String reason) {
        assertThatThrownBy(() -> await(task))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage(reason);
        assertThat(task.isCancelled()).isTrue();
    }

    // ---- what cancel does

    @LoopTest
    void stepByStep() {
        List<String> log = new ArrayList<>();
        // region steps
        Task<Void> task = Task.spawn(() -> {
            try {
                sleep(Duration.ofHours(1));
            } catch (TaskCancelledException cancelled) {
                log.add("2: " + cancelled.getMessage()); // the await throws
                throw cancelled; // let it out, after cleaning up
            }
        });
        yieldNow(); // it runs, up to its await

        boolean asked = task.cancel("no longer needed");
        log.add("1: asked " + asked + ", done " + task.isDone()); // a request: nothing has run yet

        try {
            await(task); // whoever needs it to be over awaits it
        } catch (TaskCancelledException cancelled) {
            log.add("3: cancelled " + task.isCancelled());
        }
        log.add("4: asked " + task.cancel("again")); // too late
        // endregion
        assertThat(log)
                .containsExactly(
                        "1: asked true, done false", "2: no longer needed", "3: cancelled true", "4: asked false");
    }

    @LoopTest
    void itGoesDownTheChainOfAwaits(Trail trail) {
        // region chain
        Task<Void> inner = Task.spawn("inner", () -> {
            try {
                sleep(Duration.ofHours(1));
            } finally {
                yieldNow();
                trail.mark("inner has cleaned up");
            }
        });
        Task<Void> outer = Task.spawn("outer", () -> {
            try {
                await(inner);
            } finally {
                trail.mark("outer goes on");
            }
        });
        yieldNow();
        outer.cancel("all of it"); // cancels inner, which outer awaits
        // endregion
        assertThat(outer.cancelling()).isEqualTo(1);
        assertThat(inner.cancelling()).isEqualTo(1);
        assertCancelled(outer, "all of it");
        assertThat(inner.isCancelled()).isTrue();
        assertThat(trail.marks()).containsExactly("inner has cleaned up", "outer goes on");
    }

    @LoopTest
    void fromAnotherThreadItTakesEffectLater(Loop loop, VirtualClock clock) throws InterruptedException {
        Task<Void> task = Task.spawn(() -> sleep(Duration.ofHours(1)));
        yieldNow();
        try (var elsewhere = clock.foreign(loop)) {
            Thread thread = Thread.ofPlatform().start(() -> task.cancel("from another thread"));
            assertThat(thread.join(Duration.ofSeconds(10))).isTrue();
            assertThat(task.cancelling()).isZero();
            assertCancelled(task, "from another thread");
        }
    }

    // ---- when it is delivered

    @LoopTest
    void beforeItStarted(Trail trail) {
        // region before-start
        Task<Void> task = Task.spawn(() -> {
            trail.mark("never runs, nor does any finally in it");
        });
        task.cancel("changed my mind");
        // endregion
        assertCancelled(task, "changed my mind");
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void readyToGoOn() {
        Promise<String> promise = Promise.create();
        Task<String> task = Task.spawn(() -> await(promise.future()));
        yieldNow();
        promise.complete("value"); // the task is in the ready queue now
        task.cancel("ready");
        assertCancelled(task, "ready");
        assertThat(promise.future().resultNow()).as("stays there for others").isEqualTo("value");
    }

    @LoopTest
    void running(Trail trail) {
        Task<Void> task = Task.spawn(() -> {
            Task.current().cancel("myself");
            trail.mark("goes on");
            await(Future.completed("at once")); // does not give up the loop
            trail.mark("and on");
            yieldNow();
            trail.mark("not here");
        });
        assertCancelled(task, "myself");
        assertThat(trail.marks()).containsExactly("goes on", "and on");
    }

    @LoopTest
    void runningToItsEnd(Reports reports) {
        Task<String> task = Task.spawn(() -> {
            Task.current().cancel("myself");
            return "a value that nobody gets";
        });
        assertCancelled(task, "myself");
        yieldNow();
        assertThat(reports.takeOnly(Report.Kind.LATE_VALUE).value()).isEqualTo("a value that nobody gets");
    }

    @LoopTest
    void awaitingAFuture(Trail trail) {
        Promise<String> promise = Promise.create();
        promise.onCancel(() -> trail.mark("its producer is told"));
        Task<String> task = Task.spawn(() -> {
            try {
                return await(promise.future());
            } finally {
                trail.mark("then the task goes on");
            }
        });
        yieldNow();
        task.cancel("enough");
        assertThat(promise.future().isCancelled()).as("at once").isTrue();
        assertCancelled(task, "enough");
        assertThat(trail.marks()).containsExactly("its producer is told", "then the task goes on");
        assertThat(promise.complete("late")).isFalse();
    }

    @LoopTest
    void awaitingATaskThatReturnsAValueNonetheless(Reports reports) {
        Task<String> inner = Task.spawn("inner", () -> {
            try {
                sleep(Duration.ofHours(1));
                return "whole";
            } catch (TaskCancelledException cancelled) {
                return "partial";
            }
        });
        Task<String> outer = Task.spawn("outer", () -> await(inner));
        yieldNow();
        outer.cancel("enough");
        assertThat(await(outer)).isEqualTo("partial");
        assertThat(reports.take())
                .extracting(Report::kind)
                .containsExactly(Report.Kind.SWALLOWED_CANCELLATION, Report.Kind.SWALLOWED_CANCELLATION);
    }

    @LoopTest
    void sleeping(Loop loop) {
        Task<Void> task = Task.spawn(() -> sleep(Duration.ofHours(1)));
        yieldNow();
        int timers = loop.timerCount();
        task.cancel("wake up");
        assertCancelled(task, "wake up");
        assertThat(loop.timerCount()).isEqualTo(timers - 1);
    }

    @LoopTest
    void inABlockingJob(Loop loop, VirtualClock clock) throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        CountDownLatch mayEnd = new CountDownLatch(1);
        // region blocking
        Task<Void> task = Task.spawn(() -> blocking(() -> {
            begun.countDown();
            try {
                Thread.sleep(Duration.ofHours(1));
            } catch (InterruptedException cancelled) {
                interrupted.countDown(); // the thread is interrupted
                mayEnd.await(); // the task does not wait for it
            }
            return null;
        }));
        // endregion
        yieldNow();
        assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
        task.cancel("enough");
        assertCancelled(task, "enough");
        assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
        mayEnd.countDown();
    }

    @LoopTest
    void aSecondRequestEndsAnAwaitInFinally(Trail trail, VirtualClock clock) {
        // region second
        Task<Void> task = Task.spawn(() -> {
            try {
                sleep(Duration.ofHours(1));
            } finally {
                trail.mark("cleaning up");
                sleep(Duration.ofMinutes(1)); // not touched by the first request, ended by the second
                trail.mark("not here");
            }
        });
        yieldNow();
        task.cancel("first");
        sleep(Duration.ofSeconds(1));
        task.cancel("second");
        // endregion
        assertCancelled(task, "second");
        assertThat(trail.marks()).containsExactly("cleaning up");
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(1));
    }

    // ---- who cancels whom

    @LoopTest
    void whatTwoAwaitOneOfThemCancels(Trail trail) {
        // region shared
        Task<String> shared = Task.spawn(() -> {
            sleep(Duration.ofHours(1));
            return "for both";
        });
        Task<String> first = Task.spawn(() -> await(shared));
        Task<String> second = Task.spawn(() -> await(shared));
        yieldNow();
        first.cancel("I do not need it"); // and so nobody gets it
        // endregion
        assertCancelled(first, "I do not need it");
        assertCancelled(shared, "I do not need it");
        assertCancelled(second, "I do not need it");
        assertThat(second.cancelling()).as("nobody asked it to end").isZero();
    }

    @LoopTest
    void aCompletableFutureIsLeftAlone() {
        CompletableFuture<String> foreign = new CompletableFuture<>();
        Task<String> task = Task.spawn(() -> await(foreign));
        yieldNow();
        task.cancel("enough");
        assertCancelled(task, "enough");
        assertThat(foreign.isDone()).isFalse();
    }

    @LoopTest
    void aCompletableFutureThatSomebodyElseCancelsFails() {
        CompletableFuture<String> foreign = new CompletableFuture<>();
        Task<String> task = Task.spawn(() -> await(foreign));
        yieldNow();
        foreign.cancel(false);
        assertThatThrownBy(() -> await(task))
                .isInstanceOf(CancellationException.class)
                .isNotInstanceOf(TaskCancelledException.class);
        assertThat(task.isFailed()).isTrue();
    }

    // ---- counting

    @LoopTest
    void aScopeTakesItsOwnRequestBack(Trail trail) {
        // region uncancel
        Task<String> task = Task.spawn(() -> {
            Task<?> self = Task.current();
            try {
                Loop.current().callLater(Duration.ofSeconds(1), () -> self.cancel("my own limit"));
                sleep(Duration.ofHours(1));
                return "in time";
            } catch (TaskCancelledException cancelled) {
                if (self.uncancel() > 0) { // another request is left: not only mine
                    throw cancelled;
                }
                return "too late";
            }
        });
        // endregion
        assertThat(await(task)).isEqualTo("too late");
    }

    @LoopTest
    void requestsAreCounted() {
        Task<Void> task = Task.spawn(() -> sleep(Duration.ofHours(1)));
        yieldNow();
        assertThat(task.cancelling()).isZero();
        task.cancel("first");
        task.cancel("second");
        assertThat(task.cancelling()).isEqualTo(2);
        assertThat(task.uncancel()).isEqualTo(1);
        assertCancelled(task, "first");
    }

    @LoopTest
    void aRequestThatIsTakenBackBeforeItsDeliveryIsForgotten(Trail trail) {
        Task<Void> task = Task.spawn(() -> {
            Task.current().cancel("no");
            Task.current().uncancel();
            yieldNow();
            trail.mark("went on");
        });
        await(task);
        assertThat(trail.marks()).containsExactly("went on");
    }

    // ---- swallowing

    @LoopTest
    void swallowingIsReported(Reports reports) {
        // region swallowed
        Task<String> task = Task.spawn("stubborn", () -> {
            try {
                sleep(Duration.ofHours(1));
            } catch (TaskCancelledException cancelled) {
                // and goes on, as if nothing had been
            }
            return "done";
        });
        // endregion
        yieldNow();
        task.cancel("enough");
        assertThat(await(task)).isEqualTo("done");
        Report report = reports.takeOnly(Report.Kind.SWALLOWED_CANCELLATION);
        assertThat(report.task() == task).isTrue();
        assertThat(report.message()).contains("stubborn was cancelled but returned");
    }

    @LoopTest
    void aFailureOfCleaningUpWins() {
        IllegalStateException failure = new IllegalStateException("cleaning up failed");
        Task<Void> task = Task.spawn(() -> {
            try {
                sleep(Duration.ofHours(1));
            } finally {
                fail(failure);
            }
        });
        yieldNow();
        task.cancel("enough");
        assertThatThrownBy(() -> await(task)).isSameAs(failure);
    }

    private static void fail(RuntimeException failure) {
        throw failure;
    }

    // ---- values that come too late

    @LoopTest
    void aValueThatComesTooLate(Trail trail) {
        // region undelivered
        Promise<String> promise = Promise.create();
        promise.onUndelivered(value -> trail.mark("closed: " + value)); // a connection, say
        Task<String> task = Task.spawn(() -> await(promise.future()));
        yieldNow();
        task.cancel("enough");
        promise.complete("connection"); // nobody can receive it any more
        // endregion
        assertCancelled(task, "enough");
        assertThat(trail.marks()).containsExactly("closed: connection");
    }

    @LoopTest
    void aSourcesValueInTheTurnOfTheCancellation(Trail trail) {
        List<Promise<String>> sources = new ArrayList<>();
        Task<String> task = Task.spawn(() -> await((Awaitable<String>) promise -> {
            promise.onUndelivered(value -> trail.mark("closed: " + value));
            sources.add(promise);
        }));
        yieldNow();
        assertThat(sources.get(0).complete("connection")).isTrue();
        task.cancel("in the same turn");
        assertCancelled(task, "in the same turn");
        yieldNow();
        assertThat(trail.marks()).containsExactly("closed: connection");
    }

    // ---- close

    @Test
    void closingCancelsWhatIsLeft() {
        List<String> log = new ArrayList<>();
        // region close
        Loop.run(() -> {
            Task.spawn(() -> {
                try {
                    sleep(Duration.ofHours(1));
                } catch (TaskCancelledException cancelled) {
                    log.add(cancelled.getMessage());
                    throw cancelled;
                } finally {
                    sleep(Duration.ofMillis(1)); // may await
                    log.add("cleaned up");
                }
            });
            yieldNow();
        }); // returns when that task has ended
        log.add("run returns");
        // endregion
        assertThat(log).containsExactly("the loop is closing", "cleaned up", "run returns");
    }

    @Test
    void aTaskThatDoesNotEndIsGivenUp() {
        List<Report> reports = new CopyOnWriteArrayList<>();
        List<Task<?>> tasks = new ArrayList<>();
        Loop.builder()
                .shutdownTimeout(Duration.ofMillis(20))
                .exceptionHandler(reports::add)
                .run(() -> {
                    tasks.add(Task.spawn("stubborn", () -> {
                        try {
                            sleep(Duration.ofHours(1));
                        } finally {
                            sleep(Duration.ofHours(2));
                        }
                    }));
                    yieldNow();
                });
        assertThat(reports).extracting(Report::kind).containsExactly(Report.Kind.LEFT_AT_CLOSE);
        assertThat(tasks.get(0).isCancelled()).isTrue();
    }

    @Test
    void aClosedLoopTakesNoTasks() {
        Loop loop = Loop.start("short");
        loop.close();
        assertThatThrownBy(() -> loop.spawn(() -> {})).isInstanceOf(LoopClosedException.class);
    }

    @Test
    void closingLeavesPromisesPending() {
        Loop loop = Loop.start("short");
        Promise<String> promise = loop.promise();
        loop.close();
        assertThat(promise.isDone()).isFalse();
    }

    @Test
    void anInterruptOfTheCallerCancelsTheMainTask() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> Loop.run(() -> sleep(Duration.ofHours(1)))).isInstanceOf(TaskCancelledException.class);
        assertThat(Thread.interrupted()).as("the flag is kept").isTrue();
    }

    // ---- common mistakes

    @LoopTest
    void catchingExceptionCatchesIt(Reports reports) {
        // region catch-all
        Task<String> wrong = Task.spawn("wrong", () -> {
            try {
                sleep(Duration.ofHours(1));
                return "value";
            } catch (Exception e) { // TaskCancelledException is one
                return "default";
            }
        });

        Task<String> right = Task.spawn("right", () -> {
            try {
                sleep(Duration.ofHours(1));
                return "value";
            } catch (TaskCancelledException cancelled) { // first
                throw cancelled;
            } catch (Exception e) {
                return "default";
            }
        });
        // endregion
        yieldNow();
        wrong.cancel("enough");
        right.cancel("enough");
        assertThat(await(wrong)).isEqualTo("default");
        assertCancelled(right, "enough");
        assertThat(reports.takeOnly(Report.Kind.SWALLOWED_CANCELLATION).task() == wrong)
                .isTrue();
    }

    @Test
    void itsType() {
        assertThat(new TaskCancelledException("reason"))
                .isInstanceOf(CancellationException.class)
                .isInstanceOf(IllegalStateException.class)
                .isInstanceOf(RuntimeException.class);
    }

    @LoopTest
    void catchingTheForeignTypeMixesUpWhoWasCancelled(Reports reports) {
        Task<String> task = Task.spawn(() -> {
            try {
                return await(new CompletableFuture<String>());
            } catch (CancellationException mine) { // meant for the future, catches the task's own
                return "the future was cancelled";
            }
        });
        yieldNow();
        task.cancel("enough");
        assertThat(await(task)).isEqualTo("the future was cancelled");
        reports.takeOnly(Report.Kind.SWALLOWED_CANCELLATION);
    }

    @LoopTest
    void aResourceMadeOutsideIsNotFreedByATaskThatNeverRan(Trail trail) {
        // region before-start-mistake
        AutoCloseable opened = () -> trail.mark("closed");
        Task<Void> task = Task.spawn(() -> {
            try (opened) { // never closed if the task never begins
                sleep(Duration.ofHours(1));
            }
        });
        task.cancel("at once");
        // endregion
        assertCancelled(task, "at once");
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void cancellingWithoutAwaiting(Trail trail) {
        Task<Void> task = Task.spawn(() -> {
            try {
                sleep(Duration.ofHours(1));
            } finally {
                trail.mark("file deleted");
            }
        });
        yieldNow();
        // region not-awaited
        task.cancel("enough");
        trail.mark("uses what the task still holds"); // its finally has not run
        // endregion
        assertCancelled(task, "enough");
        assertThat(trail.marks()).containsExactly("uses what the task still holds", "file deleted");
    }
}
