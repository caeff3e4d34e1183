package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Real.ReportQueue;
import io.coloop.test.Trail;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Loops on the thread of somebody else's scheduler. Real time: the host's is. */
class HostedLoopTest {
    private final ReportQueue reports = new ReportQueue();
    private final ScheduledThreadPoolExecutor host = new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("host-", 1).factory());

    @AfterEach
    void nothingElseWasReported() {
        host.shutdownNow();
        assertThat(reports.left()).isEmpty();
    }

    private Loop attach() {
        return Loop.builder()
                .name("hosted")
                .exceptionHandler(reports)
                .shutdownTimeout(Duration.ofSeconds(5))
                .on(host);
    }

    private <T> T onHost(java.util.concurrent.Callable<T> code) throws Exception {
        return host.submit(code).get(Real.LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    private static <T> T result(Future<T> future) throws Exception {
        return future.get(Real.LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    // ---- attaching and running

    @Test
    void itIsAttachedOnceAndFoundAgain() throws Exception {
        Loop loop = attach();
        assertThat(Loop.on(host)).isSameAs(loop);
        assertThat(result(loop.spawn(Loop::current))).isSameAs(loop);
        assertThat(onHost(Loop::current)).isSameAs(loop);
        assertThat(onHost(() -> Loop.on(host))).isSameAs(loop);
        assertThat(Loop.currentOrNull()).isNull();
        loop.close();
    }

    @Test
    void itRunsOnTheHostsThread() throws Exception {
        Loop loop = attach();
        Thread hostThread = onHost(Thread::currentThread);
        AtomicReference<Thread> callback = new AtomicReference<>();
        AtomicReference<Thread> subscribed = new AtomicReference<>();
        Task<Boolean> task = loop.spawn(() -> {
            loop.callSoon(() -> callback.set(Thread.currentThread()));
            await((Awaitable<String>) promise -> {
                subscribed.set(Thread.currentThread());
                promise.complete("");
            });
            return Thread.currentThread().isVirtual();
        });
        assertThat(result(task)).isTrue();
        assertThat(callback.get()).isSameAs(hostThread);
        assertThat(subscribed.get()).isSameAs(hostThread);
        loop.close();
    }

    @Test
    void theHostsOwnWorkUsesTheLoopAsItsThread() throws Exception {
        Loop loop = attach();
        result(loop.spawn(() -> {}));
        Trail trail = new Trail();
        Task<String> task = onHost(() -> {
            Task<String> spawned = Task.spawn(() -> {
                trail.mark("task");
                yieldNow();
                return "value";
            });
            loop.callSoon(() -> trail.mark("soon"));
            trail.mark("host");
            return spawned;
        });
        assertThat(result(task)).isEqualTo("value");
        assertThat(trail.marks()).containsExactly("host", "task", "soon");
        loop.close();
    }

    @Test
    void otherThreadsSpawnAndComplete() throws Exception {
        Loop loop = attach();
        List<Promise<Integer>> promises = new ArrayList<>();
        List<Task<Integer>> tasks = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            Promise<Integer> promise = loop.promise();
            promises.add(promise);
            tasks.add(loop.spawn(() -> await(promise.future())));
        }
        for (int i = 0; i < 1_000; i++) {
            promises.get(i).complete(i);
        }
        for (int i = 0; i < 1_000; i++) {
            assertThat(result(tasks.get(i))).isEqualTo(i);
        }
        loop.close();
    }

    @Test
    void timersFireInOrder() throws Exception {
        Loop loop = attach();
        Trail trail = new Trail();
        Task<Long> task = loop.spawn(() -> {
            long before = loop.time();
            Task<Void> later = Task.spawn(() -> {
                sleep(Duration.ofMillis(4));
                trail.mark("later");
            });
            TimerHandle off = loop.callLater(Duration.ofMillis(1), () -> trail.mark("called off"));
            sleep(Duration.ofMillis(2));
            off.cancel();
            trail.mark("sooner");
            await(later);
            return loop.time() - before;
        });
        assertThat(result(task)).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(4));
        assertThat(trail.marks()).contains("sooner", "later").containsSubsequence("sooner", "later");
        loop.close();
    }

    @Test
    void aSoonerTimerReplacesTheAlarm() throws Exception {
        Loop loop = attach();
        Task<Void> task = loop.spawn(() -> {
            loop.callLater(Duration.ofHours(1), () -> {});
            yieldNow();
        });
        result(task);
        result(loop.spawn(() -> sleep(Duration.ofMillis(1))));
        onHost(() -> loop.callLater(Duration.ofMillis(1), () -> {}));
        loop.close();
    }

    @Test
    void anEndlessYieldLeavesTheHostsOtherWorkRunning() throws Exception {
        Loop loop = attach();
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger yields = new AtomicInteger();
        Task<Void> task = loop.spawn(() -> {
            while (!stop.get()) {
                yields.incrementAndGet();
                yieldNow();
            }
        });
        for (int i = 0; i < 100; i++) {
            int before = yields.get();
            onHost(() -> "");
            Real.until("the task goes on, too", () -> yields.get() > before);
        }
        stop.set(true);
        result(task);
        loop.close();
    }

    // ---- close

    @Test
    void closeDetachesAndTheHostGoesOn() throws Exception {
        Loop loop = attach();
        Trail trail = new Trail();
        Task<Void> task = loop.spawn(() -> {
            try {
                sleep(Duration.ofHours(1));
            } finally {
                yieldNow();
                trail.mark("cleaned up");
            }
        });
        result(loop.spawn(() -> {}));
        loop.close();
        assertThat(loop.isClosed()).isTrue();
        assertThat(task.isCancelled()).isTrue();
        assertThat(trail.marks()).containsExactly("cleaned up");
        assertThat(onHost(() -> "goes on")).isEqualTo("goes on");
        assertThat(onHost(Loop::currentOrNull)).isNull();
        Loop second = attach();
        assertThat(second).isNotSameAs(loop);
        assertThat(result(second.spawn(Loop::current))).isSameAs(second);
        second.close();
    }

    @Test
    void closeOnTheHostsThreadIsMisuse() throws Exception {
        Loop loop = attach();
        result(loop.spawn(() -> {}));
        onHost(() -> {
            assertThatThrownBy(loop::close).isInstanceOf(LoopMisuseException.class);
            loop.shutdown();
            return "";
        });
        assertThat(loop.awaitTermination(Duration.ofSeconds(Real.LIMIT_SECONDS)))
                .isTrue();
    }

    @Test
    void aClosedLoopLeavesNoAlarmOnItsHost() throws Exception {
        Loop loop = attach();
        result(loop.spawn(() -> {
            loop.callLater(Duration.ofHours(1), () -> {});
        }));
        loop.close();
        host.shutdown();
        assertThat(host.awaitTermination(Real.LIMIT_SECONDS, TimeUnit.SECONDS))
                .as("an alarm keeps it alive")
                .isTrue();
    }

    // ---- the host ends

    private void loseTheHost(Runnable end) throws Exception {
        Loop loop = attach();
        Trail trail = new Trail();
        AtomicReference<Thread> callbackThread = new AtomicReference<>();
        Promise<String> promise = loop.promise();
        Task<String> task = loop.spawn(() -> {
            try {
                return await(promise.future());
            } finally {
                yieldNow();
                sleep(Duration.ofMillis(1));
                loop.callSoon(() -> callbackThread.set(Thread.currentThread()));
                yieldNow();
                trail.mark("cleaned up");
            }
        });
        Task<Void> sleeping = loop.spawn(() -> sleep(Duration.ofHours(1)));
        result(loop.spawn(() -> {}));
        end.run();
        assertThat(loop.awaitTermination(Duration.ofSeconds(Real.LIMIT_SECONDS)))
                .isTrue();
        assertThat(trail.marks()).containsExactly("cleaned up");
        assertThat(task.isCancelled()).isTrue();
        assertThat(sleeping.isCancelled()).isTrue();
        assertThat(callbackThread.get().getName()).isEqualTo("hosted-rescue");
        Report report = reports.next();
        assertThat(report.kind()).isEqualTo(Report.Kind.HOST_LOST);
        assertThat(report.message()).endsWith("; its tasks are cancelled and end on a rescue thread");
        promise.complete("no exception here");
        assertThatThrownBy(() -> loop.execute(() -> {})).isInstanceOf(LoopClosedException.class);
        assertThatThrownBy(() -> Loop.on(host)).isInstanceOf(LoopMisuseException.class);
    }

    @Test
    void theHostIsShutDown() throws Exception {
        long before = System.nanoTime();
        loseTheHost(host::shutdown);
        assertThat(Duration.ofNanos(System.nanoTime() - before))
                .as("an alarm an hour away holds nothing up")
                .isLessThan(Duration.ofSeconds(4));
        assertThat(host.awaitTermination(Real.LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void theHostIsShutDownNow() throws Exception {
        loseTheHost(host::shutdownNow);
    }

    @Test
    void otherThreadsCompleteWhileTheHostGoesAway() throws Exception {
        for (int round = 0; round < 10; round++) {
            ScheduledThreadPoolExecutor passing = new ScheduledThreadPoolExecutor(1);
            Loop loop = Loop.builder().exceptionHandler(reports).on(passing);
            loop.spawn(() -> sleep(Duration.ofHours(1))); // there is something to lose in every round
            List<Promise<Integer>> promises = new ArrayList<>();
            List<Task<Integer>> tasks = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                Promise<Integer> promise = loop.promise();
                promises.add(promise);
                tasks.add(loop.spawn(() -> await(promise.future())));
            }
            Real.Other other = Real.start(() -> {
                for (int i = 0; i < 200; i++) {
                    promises.get(i).complete(i);
                }
            });
            passing.shutdownNow();
            Real.join(other);
            assertThat(loop.awaitTermination(Duration.ofSeconds(Real.LIMIT_SECONDS)))
                    .isTrue();
            for (Task<Integer> task : tasks) {
                assertThat(task.isDone()).isTrue();
            }
            assertThat(reports.next().kind()).isEqualTo(Report.Kind.HOST_LOST);
        }
    }

    @Test
    void theTasksOfALostHostLearnWhy() throws Exception {
        Loop loop = attach();
        Task<Void> sleeping = loop.spawn(() -> sleep(Duration.ofHours(1)));
        result(loop.spawn(() -> {}));
        host.shutdown();
        assertThat(reports.next().kind()).isEqualTo(Report.Kind.HOST_LOST);
        assertThat(loop.awaitTermination(Duration.ofSeconds(Real.LIMIT_SECONDS)))
                .isTrue();
        assertThat(sleeping.exceptionNow())
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("its host was shut down before the loop was closed");
    }

    @Test
    void nothingIsReportedIfNothingWasLost() throws Exception {
        Loop loop = attach();
        result(loop.spawn(() -> {}));
        Real.until("the host idles", () -> host.getQueue().isEmpty() && host.getActiveCount() == 0);
        host.shutdown();
        assertThat(loop.awaitTermination(Duration.ofSeconds(Real.LIMIT_SECONDS)))
                .isTrue();
        assertThat(reports.left()).isEmpty();
        assertThatThrownBy(() -> loop.spawn(() -> {})).isInstanceOf(LoopClosedException.class);
    }

    @Test
    void aTaskThatHasNotStartedWhenTheHostGoesNeverRuns() throws Exception {
        Loop loop = attach();
        result(loop.spawn(() -> {}));
        CountDownLatch busy = new CountDownLatch(1);
        CountDownLatch spawned = new CountDownLatch(1);
        Trail trail = new Trail();
        List<Task<Void>> tasks = new CopyOnWriteArrayList<>();
        host.execute(() -> {
            tasks.add(loop.spawn(() -> trail.mark("spawned on the host's thread")));
            busy.countDown();
            Real.await(spawned);
        });
        Real.await(busy);
        tasks.add(loop.spawn(() -> trail.mark("spawned from another thread")));
        host.shutdownNow();
        spawned.countDown();
        assertThat(reports.next().kind()).isEqualTo(Report.Kind.HOST_LOST);
        assertThat(loop.awaitTermination(Duration.ofSeconds(Real.LIMIT_SECONDS)))
                .isTrue();
        assertThat(trail.marks()).isEmpty();
        assertThat(tasks).hasSize(2).allMatch(Future::isCancelled);
    }

    @Test
    void aTaskThatCleaningUpSpawnsOnTheRescueThreadRuns() throws Exception {
        Loop loop = attach();
        Trail trail = new Trail();
        loop.spawn(() -> {
            try {
                sleep(Duration.ofHours(1));
            } finally {
                await(Task.spawn(() -> trail.mark("helped")));
            }
        });
        result(loop.spawn(() -> {}));
        host.shutdownNow();
        assertThat(reports.next().kind()).isEqualTo(Report.Kind.HOST_LOST);
        assertThat(loop.awaitTermination(Duration.ofSeconds(Real.LIMIT_SECONDS)))
                .isTrue();
        assertThat(trail.marks()).containsExactly("helped");
    }

    @Test
    void aLoopThatWaitsForItsHostsEndIsNotSlow() throws Exception {
        Duration threshold = Duration.ofMillis(30);
        ReportQueue seen = new ReportQueue();
        Loop loop = Loop.builder().exceptionHandler(seen).slowItem(threshold).on(host);
        result(loop.spawn(() -> {}));
        CountDownLatch atWork = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        loop.execute(() -> {
            host.execute(() -> {
                atWork.countDown();
                Real.await(done);
            });
            host.shutdown();
            loop.callSoon(() -> {}); // the turn ends with something ready, and there is no next
        });
        Real.await(atWork);
        assertThat(seen.next().kind()).isEqualTo(Report.Kind.HOST_LOST);
        ReportQueue control = new ReportQueue(); // the watchdog looks at all loops in each of its rounds
        for (int round = 0; round < 2; round++) {
            Loop.builder().exceptionHandler(control).slowItem(threshold).run(() -> {
                Report report = control.next();
                assertThat(report.kind()).isEqualTo(Report.Kind.SLOW_ITEM);
            });
        }
        assertThat(seen.left()).isEmpty();
        done.countDown();
        assertThat(loop.awaitTermination(Duration.ofSeconds(Real.LIMIT_SECONDS)))
                .isTrue();
    }

    @Test
    void aTaskThatDoesNotEndOnTheRescueThreadIsReported() throws Exception {
        Loop loop = Loop.builder()
                .name("hosted")
                .exceptionHandler(reports)
                .shutdownTimeout(Duration.ofMillis(50))
                .on(host);
        loop.spawn("stubborn", () -> {
            while (true) {
                try {
                    await(loop.<String>promise().future());
                } catch (TaskCancelledException ignored) {
                    // that is the point
                }
            }
        });
        result(loop.spawn(() -> {}));
        host.shutdownNow();
        assertThat(reports.next().kind()).isEqualTo(Report.Kind.HOST_LOST);
        assertThat(reports.next().kind()).isEqualTo(Report.Kind.LEFT_AT_CLOSE);
        assertThat(loop.awaitTermination(Duration.ofSeconds(Real.LIMIT_SECONDS)))
                .isTrue();
    }

    // ---- hosts that are none

    @Test
    void aHostThatRunsTurnsOnSeveralThreadsIsRefused() throws Exception {
        ScheduledThreadPoolExecutor several = new ScheduledThreadPoolExecutor(1) {
            @Override
            public void execute(Runnable turn) {
                Thread.ofPlatform().start(turn);
            }
        };
        AtomicReference<Report> report = new AtomicReference<>();
        Loop loop = Loop.builder()
                .exceptionHandler(report::set)
                .shutdownTimeout(Duration.ofMillis(50))
                .on(several);
        Task<Void> task = loop.spawn(() -> await(Promise.<Void>create().future()));
        Real.until("the second thread is noticed", () -> {
            loop.offer(() -> {}); // wakes it again if it waits
            return report.get() != null;
        });
        assertThat(report.get().kind()).isEqualTo(Report.Kind.HOST_LOST);
        assertThat(report.get().message()).startsWith("its host runs on more than one thread: Thread[");
        assertThat(loop.awaitTermination(Duration.ofSeconds(Real.LIMIT_SECONDS)))
                .isTrue();
        assertThat(task.isCancelled()).isTrue();
        several.shutdownNow();
    }

    @Test
    void aPoolOfThreadsIsReportedAtOnce() throws Exception {
        ScheduledThreadPoolExecutor pool = new ScheduledThreadPoolExecutor(4);
        Loop loop = Loop.builder()
                .exceptionHandler(reports)
                .shutdownTimeout(Duration.ofMinutes(10))
                .on(pool);
        Task<Void> task = loop.spawn(() -> await(Promise.<Void>create().future()));
        Real.until("a second thread takes a turn", () -> {
            loop.offer(() -> {});
            return task.isDone();
        });
        Report report = reports.next();
        assertThat(report.kind()).isEqualTo(Report.Kind.HOST_LOST);
        assertThat(report.message())
                .startsWith("its host runs on more than one thread: Thread[")
                .contains("(pass one thread of it, such as Netty's group.next())");
        assertThat(task.exceptionNow()).hasMessageStartingWith("its host runs on more than one thread: ");
        assertThat(loop.awaitTermination(Duration.ofSeconds(Real.LIMIT_SECONDS)))
                .isTrue();
        assertThat(pool.isShutdown()).isFalse();
        pool.shutdownNow();
    }

    /** Takes nothing any more once it is told to. */
    private static final class Rejecting extends ScheduledThreadPoolExecutor {
        final AtomicBoolean rejects = new AtomicBoolean();

        Rejecting() {
            super(1);
        }

        @Override
        public void execute(Runnable command) {
            check();
            super.execute(command);
        }

        @Override
        public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
            check();
            return super.schedule(command, delay, unit);
        }

        private void check() {
            if (rejects.get()) {
                throw new RejectedExecutionException("full");
            }
        }
    }

    @Test
    void aHostThatRejectsAtTheAttachmentIsRefused() {
        Rejecting rejecting = new Rejecting();
        rejecting.rejects.set(true);
        assertThatThrownBy(() -> Loop.on(rejecting))
                .isExactlyInstanceOf(LoopMisuseException.class)
                .hasMessageStartingWith("a host must accept work\n");
        rejecting.rejects.set(false);
        Loop loop = Loop.on(rejecting);
        loop.close();
        rejecting.shutdownNow();
    }

    @Test
    void aHostThatRejectsLaterThrowsIntoNobody() throws Exception {
        Rejecting rejecting = new Rejecting();
        Loop loop = Loop.builder()
                .exceptionHandler(reports)
                .shutdownTimeout(Duration.ofMillis(50))
                .on(rejecting);
        Promise<String> promise = loop.promise();
        Task<String> task = loop.spawn(() -> await(promise.future()));
        result(loop.spawn(() -> {}));
        // the loop sleeps once its host has nothing queued and no turn is running
        Real.until("the host idles", () -> rejecting.getQueue().isEmpty() && rejecting.getActiveCount() == 0);
        rejecting.rejects.set(true);
        promise.complete("value");
        assertThat(loop.awaitTermination(Duration.ofSeconds(Real.LIMIT_SECONDS)))
                .isTrue();
        Report report = reports.next();
        assertThat(report.kind()).isEqualTo(Report.Kind.HOST_LOST);
        assertThat(report.message()).startsWith("its host refused a turn");
        assertThat(report.failure()).isInstanceOf(RejectedExecutionException.class);
        assertThat(task.isDone()).isTrue();
        rejecting.shutdownNow();
    }
}
