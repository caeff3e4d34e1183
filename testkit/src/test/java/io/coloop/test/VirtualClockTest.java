package io.coloop.test;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.Promise;
import io.coloop.Task;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

class VirtualClockTest {
    @LoopTest
    void timeJumpsToTheNextTimerWhenNothingIsReady(VirtualClock clock, Trail trail) {
        Task.spawn(() -> {
            for (int i = 0; i < 100; i++) {
                yieldNow();
            }
            trail.mark("busy until " + clock.elapsed());
        });
        sleep(Duration.ofDays(365));
        trail.mark("slept until " + clock.elapsed());
        assertThat(trail.marks()).containsExactly("busy until PT0S", "slept until PT8760H");
    }

    @LoopTest
    void nanosecondsCount(VirtualClock clock) {
        sleep(Duration.ofNanos(1));
        assertThat(clock.elapsed()).isEqualTo(Duration.ofNanos(1));
    }

    @LoopTest
    void timeStandsStillDuringABlockingJob(VirtualClock clock) {
        CountDownLatch jobMayEnd = new CountDownLatch(1);
        Task<Duration> job = Task.spawn(() -> {
            blocking(() -> {
                jobMayEnd.await();
                return null;
            });
            return clock.elapsed();
        });
        Task<Void> sleeper = Task.spawn(() -> sleep(Duration.ofHours(1)));
        yieldNow();
        yieldNow();
        jobMayEnd.countDown();

        assertThat(await(job)).isZero();
        await(sleeper);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofHours(1));
    }

    @LoopTest
    void timeStandsStillDuringADeclaredForeignOperation(Loop loop, VirtualClock clock) {
        Promise<String> promise = loop.promise();
        CountDownLatch mayComplete = new CountDownLatch(1);
        VirtualClock.ForeignOperation operation = clock.foreign(loop);
        Thread.ofPlatform().start(() -> {
            try (operation) {
                mayComplete.await();
                promise.complete("from elsewhere");
            } catch (InterruptedException interrupt) {
                promise.fail(interrupt);
            }
        });
        Task<Duration> waiting = Task.spawn(() -> {
            await(promise.future());
            return clock.elapsed();
        });
        Task<Void> sleeper = Task.spawn(() -> sleep(Duration.ofHours(1)));
        yieldNow();
        mayComplete.countDown();

        assertThat(await(waiting)).isZero();
        await(sleeper);
        operation.close(); // once more does nothing
        assertThat(clock.elapsed()).isEqualTo(Duration.ofHours(1));
        assertThat(clock).hasToString("VirtualClock[PT1H, 0 foreign operations]");
    }

    @LoopTest
    void timeMovedByHandFiresWhatIsDue(Loop loop, VirtualClock clock, Trail trail) {
        loop.callLater(Duration.ofSeconds(2), () -> trail.step(2));
        loop.callLater(Duration.ofSeconds(1), () -> trail.step(1));
        clock.advanceBy(Duration.ofSeconds(3));
        yieldNow(); // the turn that takes the timers
        yieldNow(); // and what stood behind this task
        trail.finished(2);
        assertThatThrownBy(() -> clock.advanceBy(Duration.ofNanos(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("time does not go back: PT-0.000000001S");
    }
}
