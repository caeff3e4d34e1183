package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Real.ReportQueue;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A cancelled task that goes on. */
@Timeout(30)
class SlowCancellationTest {
    private static Task<Void> cleaningUpFor(long seconds) {
        return Task.spawn("cleaner", () -> {
            try {
                await(Promise.<Void>create().future());
            } finally {
                cleanUpHere(seconds);
            }
        });
    }

    private static void cleanUpHere(long seconds) {
        sleep(Duration.ofSeconds(seconds / 2));
        sleep(Duration.ofSeconds(seconds - seconds / 2));
    }

    private static void cancelAndWait(Task<?> task) {
        yieldNow();
        task.cancel();
        try {
            await(task);
        } catch (TaskCancelledException expected) {
            return;
        }
    }

    @LoopTest
    void itIsReportedOnceWithItsStack(Reports reports) {
        cancelAndWait(cleaningUpFor(60));
        Report report = reports.takeOnly(Report.Kind.SLOW_CANCELLATION);
        assertThat(report.message()).startsWith("cleaner was cancelled 30000 ms ago and goes on;");
        assertThat(report.task().name()).isEqualTo("cleaner");
        assertThat(report.failure()).hasMessage("cleaner is here");
        assertThat(report.failure().getStackTrace())
                .anyMatch(frame -> frame.getMethodName().equals("cleanUpHere"));
    }

    @LoopTest
    void oneThatEndsInTimeIsNot() {
        cancelAndWait(cleaningUpFor(10));
    }

    @LoopTest
    void howItEndsAfterwardsIsNotReportedAgain(Reports reports) {
        Task<String> task = Task.spawn(() -> {
            try {
                await(Promise.<Void>create().future());
            } catch (TaskCancelledException swallowed) {
                sleep(Duration.ofSeconds(11));
            }
            sleep(Duration.ofSeconds(1));
            return "value";
        });
        cancelAndWait(task);
        assertThat(task.resultNow()).isEqualTo("value");
        reports.takeOnly(Report.Kind.SLOW_CANCELLATION);
    }

    @LoopTest
    void tasksThatAwaitItAreNot(Reports reports) {
        Task<Void> outer = Task.spawn("outer", () -> {
            await(Task.spawn("inner", () -> await(cleaningUpFor(60))));
        });
        yieldNow();
        yieldNow();
        cancelAndWait(outer);
        assertThat(reports.takeOnly(Report.Kind.SLOW_CANCELLATION).task().name())
                .isEqualTo("cleaner");
    }

    @LoopTest
    void oneWhoseRequestWasTakenBackIsNot() {
        Task<Void> task = Task.spawn(() -> {
            try {
                await(Promise.<Void>create().future());
            } catch (TaskCancelledException mine) {
                Task.current().uncancel();
            }
            sleep(Duration.ofSeconds(60));
        });
        yieldNow();
        task.cancel();
        await(task);
    }

    @LoopTest(foreignThreads = true)
    void whoHearsOfItMayCancelOthers() {
        ReportQueue reports = new ReportQueue();
        Loop loop = Loop.current();
        assertThat(loop.isOnLoop()).isTrue();
        Real.onOtherThread(() -> {
            Loop other = Loop.builder()
                    .clock(new io.coloop.test.VirtualClock())
                    .exceptionHandler(report -> {
                        reports.handle(report);
                        report.loop().spawn(() -> {}).cancel();
                    })
                    .start();
            Task<Void> task = other.spawn(() -> cancelAndWait(cleaningUpFor(60)));
            task.join();
            other.close();
        });
        assertThat(reports.leftKinds()).containsExactly(Report.Kind.SLOW_CANCELLATION);
    }

    // ---- real time

    private static Task<Void> stubborn(Loop loop, Promise<Void> mayEnd, CountDownLatch cleaning) {
        Task<Void> task = loop.spawn("stubborn", () -> {
            try {
                await(Promise.<Void>create().future());
            } finally {
                cleaning.countDown();
                await(mayEnd.future());
            }
        });
        loop.spawn(() -> {}).join();
        task.cancel();
        Real.await(cleaning);
        return task;
    }

    @Test
    void theWatchdogAsks() throws InterruptedException {
        ReportQueue reports = new ReportQueue();
        try (Loop loop = Loop.builder()
                .slowItem(Duration.ZERO)
                .slowCancellation(Duration.ofMillis(50))
                .exceptionHandler(reports)
                .start()) {
            Promise<Void> mayEnd = loop.promise();
            Task<Void> task = stubborn(loop, mayEnd, new CountDownLatch(1));
            Report report = reports.next();
            assertThat(report.kind()).isEqualTo(Report.Kind.SLOW_CANCELLATION);
            assertThat(report.task().name()).isEqualTo(task.name());
            TimeUnit.MILLISECONDS.sleep(150); // real time is the subject
            mayEnd.complete(null);
        }
        assertThat(reports.left()).isEmpty();
    }

    @Test
    void zeroTurnsItOff() throws InterruptedException {
        ReportQueue reports = new ReportQueue();
        try (Loop loop = Loop.builder()
                .slowCancellation(Duration.ZERO)
                .exceptionHandler(reports)
                .start()) {
            Promise<Void> mayEnd = loop.promise();
            stubborn(loop, mayEnd, new CountDownLatch(1));
            TimeUnit.MILLISECONDS.sleep(150); // real time is the subject
            mayEnd.complete(null);
        }
        assertThat(reports.left()).isEqualTo(List.of());
    }
}
