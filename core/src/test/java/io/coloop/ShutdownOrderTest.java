package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Real.ReportQueue;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What happens in which order when a loop ends: tasks, close hooks, blocking jobs. */
@Timeout(60)
class ShutdownOrderTest {
    private static final IllegalStateException FAILURE = new IllegalStateException("expected");

    private final Trail trail = new Trail();
    private final ReportQueue reports = new ReportQueue();

    private LoopBuilder builder() {
        return Loop.builder()
                .name("ending")
                .clock(new VirtualClock())
                .slowItem(Duration.ZERO)
                .exceptionHandler(reports);
    }

    private LoopBuilder shortly() {
        return builder().shutdownTimeout(Duration.ofMillis(50));
    }

    private void everythingThatEnds() {
        Loop loop = Loop.current();
        CountDownLatch jobBegun = new CountDownLatch(1);
        CountDownLatch hooksRan = new CountDownLatch(1);
        loop.blocking(() -> {
            jobBegun.countDown();
            Real.await(hooksRan);
            trail.mark("job");
            return null;
        });
        Real.await(jobBegun);
        loop.onClose(() -> {
            trail.mark("older hook");
            hooksRan.countDown();
        });
        loop.onClose(() -> {
            yieldNow();
            trail.mark("newer hook");
        });
        Task.spawn(() -> {
            try {
                forEver();
            } finally {
                yieldNow();
                trail.mark("task");
            }
        });
        yieldNow();
    }

    private static final String[] ORDER = {"task", "newer hook", "older hook", "job"};

    private static void forEver() {
        await(Promise.<Void>create().future());
    }

    private static void fail() {
        throw FAILURE;
    }

    // ---- the order

    @Test
    void runEndsTasksThenHooksThenJobs() {
        String result = builder().run(() -> {
            everythingThatEnds();
            return "value";
        });
        assertThat(result).isEqualTo("value");
        assertThat(trail.marks()).containsExactly(ORDER);
        assertThat(reports.left()).isEmpty();
    }

    @Test
    void aFailureOfTheMainTaskChangesNothing() {
        assertThatThrownBy(() -> builder().run(() -> {
                    everythingThatEnds();
                    fail();
                }))
                .isSameAs(FAILURE);
        assertThat(trail.marks()).containsExactly(ORDER);
        assertThat(reports.left()).isEmpty();
    }

    @Test
    void closeDoesTheSame() {
        Loop loop = builder().start();
        loop.spawn(this::everythingThatEnds).join();
        loop.close();
        assertThat(trail.marks()).containsExactly(ORDER);
        assertThat(reports.left()).isEmpty();
    }

    @Test
    void aHostedLoopDoesTheSame() throws Exception {
        ScheduledExecutorService host = Executors.newSingleThreadScheduledExecutor();
        Loop loop = builder().clock(Clock.SYSTEM).on(host);
        loop.spawn(this::everythingThatEnds).get(Real.LIMIT_SECONDS, TimeUnit.SECONDS);
        loop.close();
        assertThat(trail.marks()).containsExactly(ORDER);
        assertThat(reports.left()).isEmpty();
        assertThat(host.submit(() -> "still there").get()).isEqualTo("still there");
        host.shutdown();
    }

    @Test
    void aHostThatIsShutDownLeavesNothingOutEither() throws Exception {
        ScheduledExecutorService host = Executors.newSingleThreadScheduledExecutor();
        Loop loop = builder().clock(Clock.SYSTEM).on(host);
        loop.spawn(this::everythingThatEnds).get(Real.LIMIT_SECONDS, TimeUnit.SECONDS);
        host.shutdown();
        assertThat(loop.awaitTermination(Duration.ofSeconds(Real.LIMIT_SECONDS)))
                .isTrue();
        assertThat(trail.marks()).containsExactly(ORDER);
        assertThat(reports.leftKinds()).containsExactly(Report.Kind.HOST_LOST);
    }

    // ---- tasks

    @Test
    void whatATaskFailsWithWhenItIsCancelledIsReportedAndHooksStillRun() {
        builder().run(() -> {
            Loop.current().onClose(() -> trail.mark("hook"));
            Task.spawn(() -> {
                try {
                    forEver();
                } finally {
                    fail();
                }
            });
            yieldNow();
        });
        assertThat(trail.marks()).containsExactly("hook");
        assertThat(reports.left()).isNotEmpty().allMatch(report -> report.failure() == FAILURE);
    }

    // ---- close hooks

    @Test
    void aHookThatWasTakenBackDoesNotRun() {
        builder().run(() -> {
            CloseHook hook = Loop.current().onClose(() -> trail.mark("closed twice"));
            assertThat(hook.remove()).isTrue();
            assertThat(hook.remove()).isFalse();
        });
        assertThat(trail.marks()).isEmpty();
    }

    @Test
    void anyThreadRegistersAndTakesBack() {
        Loop loop = builder().start();
        loop.onClose(() -> trail.mark("closed"));
        CloseHook hook = loop.onClose(() -> trail.mark("closed twice"));
        assertThat(hook.remove()).isTrue();
        loop.close();
        assertThat(trail.marks()).containsExactly("closed");
    }

    @Test
    void aHookMayTakeBackAnOlderOneButNotItself() {
        Loop loop = builder().start();
        CloseHook older = loop.onClose(() -> trail.mark("older"));
        AtomicReference<CloseHook> newer = new AtomicReference<>();
        newer.set(loop.onClose(() -> {
            assertThat(newer.get().remove()).isFalse();
            assertThat(older.remove()).isTrue();
            trail.mark("newer");
        }));
        loop.close();
        assertThat(trail.marks()).containsExactly("newer");
        assertThat(reports.left()).isEmpty();
    }

    @Test
    void aHookIsOverBeforeTheNextBegins() {
        builder().run(() -> {
            Loop.current().onClose(() -> trail.mark("older"));
            Loop.current().onClose(() -> {
                sleep(Duration.ofSeconds(3));
                trail.mark("newer");
            });
        });
        assertThat(trail.marks()).containsExactly("newer", "older");
    }

    @Test
    void aHookThatFailsIsReportedAndTheNextRuns() {
        builder().debug(true).run(() -> {
            Loop.current().onClose(() -> trail.mark("older"));
            Loop.current().onClose(() -> {
                yieldNow();
                fail();
            });
        });
        assertThat(trail.marks()).containsExactly("older");
        List<Report> left = reports.left();
        assertThat(left).singleElement().satisfies(report -> {
            assertThat(report.kind()).isEqualTo(Report.Kind.CALLBACK_FAILED);
            assertThat(report.message()).isEqualTo("a close hook failed: " + FAILURE);
            assertThat(report.failure()).isSameAs(FAILURE);
        });
    }

    @Test
    void aHookThatIsCancelledIsNoFailure() {
        builder().run(() -> {
            Loop.current().onClose(() -> trail.mark("older"));
            Loop.current().onClose(() -> {
                Task.current().cancel();
                yieldNow();
            });
        });
        assertThat(trail.marks()).containsExactly("older");
        assertThat(reports.left()).isEmpty();
    }

    @Test
    void whatAHookSpawnsMayWorkForItAndIsCancelledBeforeTheNext() {
        builder().run(() -> {
            Loop.current().onClose(() -> trail.mark("older"));
            Loop.current().onClose(() -> {
                Task.spawn(() -> {
                    try {
                        forEver();
                    } finally {
                        yieldNow();
                        trail.mark("left behind");
                    }
                });
                trail.mark(await(Task.spawn(() -> {
                    sleep(Duration.ofSeconds(1));
                    return "flushed";
                })));
            });
        });
        assertThat(trail.marks()).containsExactly("flushed", "left behind", "older");
        assertThat(reports.left()).isEmpty();
    }

    @Test
    void aHookRegisteredWhileTheLoopClosesRunsNext() {
        builder().run(() -> {
            Loop loop = Loop.current();
            loop.onClose(() -> trail.mark("oldest"));
            loop.onClose(() -> {
                Real.onOtherThread(() -> loop.onClose(() -> trail.mark("by a hook's thread")));
                trail.mark("older");
            });
            Task.spawn(() -> {
                try {
                    forEver();
                } finally {
                    loop.onClose(() -> trail.mark("by a task's end"));
                }
            });
            yieldNow();
        });
        assertThat(trail.marks()).containsExactly("by a task's end", "older", "by a hook's thread", "oldest");
    }

    @Test
    void aClosedLoopRefusesHooks() {
        Loop loop = builder().start();
        CloseHook ran = loop.onClose(() -> {});
        loop.close();
        assertThat(ran.remove()).isFalse();
        assertThatThrownBy(() -> loop.onClose(() -> trail.mark("never")))
                .isInstanceOf(LoopClosedException.class)
                .hasMessageContaining("onClose(...)");
        assertThat(trail.marks()).isEmpty();
    }

    @Test
    void aHookIsAcceptedIfAndOnlyIfItRuns() {
        for (int i = 0; i < 50; i++) {
            Loop loop = builder().start();
            AtomicInteger ran = new AtomicInteger();
            AtomicInteger accepted = new AtomicInteger();
            Real.Other other = Real.start(() -> {
                try {
                    for (int n = 0; n < 10_000; n++) {
                        loop.onClose(ran::incrementAndGet);
                        accepted.incrementAndGet();
                    }
                } catch (LoopClosedException closed) {
                    // from here on nothing is taken
                }
            });
            loop.close();
            Real.join(other);
            assertThat(ran).hasValue(accepted.get());
        }
        assertThat(reports.left()).isEmpty();
    }

    @Test
    void aHookThatDoesNotEndIsReportedAndSoAreThoseBehindIt() {
        VirtualClock clock = new VirtualClock();
        builder().clock(clock).shutdownTimeout(Duration.ofSeconds(5)).run(() -> {
            Loop.current().onClose(new VoidBody<RuntimeException>() {
                @Override
                public void run() {
                    trail.mark("too late");
                }

                @Override
                public String toString() {
                    return "of a pool";
                }
            });
            Loop.current().onClose(ShutdownOrderTest::forEver);
        });
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(5));
        assertThat(trail.marks()).isEmpty();
        assertThat(reports.left())
                .allMatch(report -> report.kind() == Report.Kind.LEFT_AT_CLOSE)
                .extracting(Report::message)
                .containsExactly(
                        "close-hook did not end within PT5S after the loop began to close",
                        "CloseHook[of a pool] did not run within PT5S after the loop began to close");
    }

    @Test
    void aHookThatIsGivenUpHasALastResort() {
        shortly().run(() -> {
            Loop loop = Loop.current();
            loop.onClose(() -> trail.mark("never"), () -> trail.mark("one that did not begin"));
            loop.onClose(ShutdownOrderTest::forEver, () -> trail.mark("one that began"));
            loop.onClose(() -> {}, () -> trail.mark("not of one that ended"));
        });
        assertThat(trail.marks()).containsExactly("one that began", "one that did not begin");
        assertThat(reports.leftKinds()).hasSize(2).containsOnly(Report.Kind.LEFT_AT_CLOSE);
    }

    @Test
    void aHookSeesWhatItsRegistrarSaw() {
        ContextVar<String> user = ContextVar.of("user");
        builder().run(() -> {
            Task.spawn(() -> {
                user.set("ann");
                Loop.current().onClose(() -> {
                    yieldNow();
                    trail.mark(user.get());
                });
            });
            yieldNow();
        });
        assertThat(trail.marks()).containsExactly("ann");
    }

    @Test
    void aHookWhoseForeignContextIsBrokenIsReported() {
        Loop loop = builder()
                .contextCapture(() -> () -> {
                    throw FAILURE;
                })
                .start();
        loop.onClose(() -> trail.mark("never"));
        loop.close();
        assertThat(trail.marks()).isEmpty();
        assertThat(reports.left()).extracting(Report::failure).containsExactly(FAILURE);
    }

    // ---- blocking jobs

    @Test
    void aJobThatNobodyCancelledMayFinish() {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch mayEnd = new CountDownLatch(1);
        Loop loop = builder().start();
        Future<String> job = loop.blocking(() -> {
            begun.countDown();
            Real.await(mayEnd);
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            return "finished";
        });
        Future<Boolean> seen = job.thenApply(value -> loop.isOnLoop());
        Real.await(begun);
        loop.shutdown();
        assertThat(loop.spawn(() -> "still open").join()).isEqualTo("still open");
        mayEnd.countDown();
        loop.close();
        assertThat(job.resultNow()).isEqualTo("finished");
        assertThat(seen.resultNow()).isTrue();
    }

    @Test
    void aJobThatIgnoresItsInterruptIsAwaited() {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        builder().run(() -> {
            Task.spawn(() -> blocking(() -> {
                begun.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException ignored) {
                    interrupted.countDown();
                }
                trail.mark("job");
                return null;
            }));
            yieldNow();
            Real.await(begun);
        });
        Real.await(interrupted);
        assertThat(trail.marks()).containsExactly("job");
    }

    @Test
    void whatTheEndOfAJobStartsIsCancelledAndAwaitedToo() {
        Loop loop = builder().start();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch mayEnd = new CountDownLatch(1);
        Future<String> job = loop.blocking(() -> {
            begun.countDown();
            Real.await(mayEnd);
            return "";
        });
        job.thenRun(() -> loop.spawn(() -> {
            loop.onClose(() -> trail.mark("hook"));
            try {
                forEver();
            } finally {
                trail.mark("task");
            }
        }));
        Real.await(begun);
        loop.shutdown();
        mayEnd.countDown();
        loop.close();
        assertThat(trail.marks()).containsExactly("task", "hook");
    }

    @Test
    void aHookRegisteredWhileJobsAreAwaitedRunsAtOnce() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch mayEnd = new CountDownLatch(1);
        Loop loop = builder().start();
        CountDownLatch tasksHaveEnded = new CountDownLatch(1);
        loop.blocking(() -> stubborn(begun, mayEnd));
        Real.await(begun);
        loop.onClose(tasksHaveEnded::countDown);
        loop.shutdown();
        Real.await(tasksHaveEnded);
        Real.until("the loop waits for the job", loop::isWaiting);
        loop.onClose(mayEnd::countDown);
        assertThat(loop.awaitTermination(Duration.ofSeconds(Real.LIMIT_SECONDS)))
                .isTrue();
        assertThat(reports.left()).isEmpty();
    }

    @Test
    void aJobThatDoesNotEndIsReportedWithItsStack() {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch mayEnd = new CountDownLatch(1);
        Loop loop = shortly().start();
        loop.blocking(() -> stubborn(begun, mayEnd));
        Real.await(begun);
        loop.close();
        assertThat(loop.isClosed()).isTrue();
        assertThat(reports.left()).singleElement().satisfies(report -> {
            assertThat(report.kind()).isEqualTo(Report.Kind.LEFT_AT_CLOSE);
            assertThat(report.message())
                    .isEqualTo("a blocking job did not end within PT0.05S after the loop began to close"
                            + " and goes on, on ending-blocking-1");
            assertThat(report.failure().getStackTrace())
                    .anyMatch(frame -> frame.getMethodName().equals("stubborn"));
        });
        mayEnd.countDown();
    }

    private static Void stubborn(CountDownLatch begun, CountDownLatch mayEnd) {
        begun.countDown();
        Real.await(mayEnd);
        return null;
    }

    @Test
    void aJobThatHasNotBegunWhenTimeIsUpNeverDoes() {
        CountDownLatch begun = new CountDownLatch(32);
        CountDownLatch mayEnd = new CountDownLatch(1);
        Loop loop = shortly().start();
        for (int i = 0; i < 32; i++) {
            loop.blocking(() -> stubborn(begun, mayEnd));
        }
        Real.await(begun);
        Future<String> queued = loop.blocking(() -> {
            trail.mark("begun");
            return "";
        });
        loop.close();
        assertThat(queued.isCancelled()).isTrue();
        assertThat(queued.exceptionNow()).hasMessage("the loop closed before the job began");
        assertThat(reports.leftKinds()).hasSize(32).containsOnly(Report.Kind.LEFT_AT_CLOSE);
        mayEnd.countDown();
        assertThat(trail.marks()).isEmpty();
    }

    @Test
    void blockingRacesWithClose() {
        for (int i = 0; i < 100; i++) {
            Loop loop = builder().start();
            AtomicInteger ran = new AtomicInteger();
            AtomicInteger accepted = new AtomicInteger();
            Real.Other other = Real.start(() -> {
                try {
                    for (int n = 0; n < 1_000; n++) {
                        loop.blocking(ran::incrementAndGet);
                        accepted.incrementAndGet();
                    }
                } catch (LoopClosedException closed) {
                    // from here on nothing is taken
                }
            });
            loop.close();
            Real.join(other);
            assertThat(ran).hasValue(accepted.get());
        }
        assertThat(reports.left()).isEmpty();
    }
}
