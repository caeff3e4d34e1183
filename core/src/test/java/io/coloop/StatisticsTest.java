package io.coloop;

import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.coloop.test.LoopTest;
import io.coloop.test.VirtualClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a loop counts of itself, and what it tells the flight recorder. */
@Timeout(60)
class StatisticsTest {
    @LoopTest
    void itCountsWhatIsThereAndWhatWasDone(Loop loop) {
        LoopStatistics before = loop.statistics();
        Task<Void> other = Task.spawn(() -> {
            yieldNow();
            sleep(Duration.ofSeconds(1));
        });
        TimerHandle timer = loop.callLater(Duration.ofDays(1), () -> {});
        yieldNow();
        loop.execute(() -> {});
        LoopStatistics now = loop.statistics();
        assertThat(now.tasks()).isEqualTo(2);
        assertThat(now.timers()).isEqualTo(1);
        assertThat(now.ready()).isEqualTo(2);
        assertThat(now.since(before).turns()).isEqualTo(1);
        assertThat(now.since(before).items()).isEqualTo(2); // the other task, and this one again
        timer.cancel();
        Await.await(other);
        assertThat(loop.statistics().tasks()).isEqualTo(1);
    }

    @LoopTest
    void lateTimersAreInTheHistogram(Loop loop, VirtualClock clock) {
        LoopStatistics before = loop.statistics();
        for (int i = 0; i < 3; i++) {
            loop.callLater(Duration.ofMillis(1), () -> {});
        }
        clock.advanceBy(Duration.ofMillis(1));
        yieldNow();
        loop.callLater(Duration.ofMillis(1), () -> {});
        clock.advanceBy(Duration.ofMillis(501));
        yieldNow();
        LoopStatistics.Delays delays = loop.statistics().since(before).timerDelays();
        assertThat(delays.count()).isEqualTo(4);
        assertThat(delays.percentile(0)).isZero();
        assertThat(delays.percentile(75)).isZero();
        assertThat(delays.percentile(100)).isBetween(Duration.ofMillis(500), Duration.ofMillis(625));
        assertThat(delays)
                .hasToString("Delays[4, median PT0S, 99% " + delays.percentile(100) + ", longest "
                        + delays.percentile(100) + "]");
        assertThatThrownBy(() -> delays.percentile(101))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("not a percentage: 101.0");
    }

    @Test
    void aBucketHoldsAQuarterOfItsSize() {
        Random random = new Random(5);
        for (int i = 0; i < 100_000; i++) {
            long nanos = random.nextLong() >>> (2 + random.nextInt(61));
            long[] counts = LoopStatistics.Delays.newCounts();
            counts[LoopStatistics.Delays.bucketOf(nanos)]++;
            long told = new LoopStatistics.Delays(counts).percentile(50).toNanos();
            assertThat(told).isBetween(nanos, nanos + nanos / 4);
        }
        assertThat(LoopStatistics.Delays.bucketOf(Long.MAX_VALUE)).isLessThan(LoopStatistics.Delays.newCounts().length);
        assertThat(LoopStatistics.Delays.bucketOf(-1)).isZero();
    }

    @Test
    void busyAndIdleAreAllThereIs() throws Exception {
        try (Loop loop = Loop.builder().slowItem(Duration.ZERO).start()) {
            loop.spawn(() -> {}).get(20, TimeUnit.SECONDS);
            LoopStatistics before = loop.statistics();
            CountDownLatch never = new CountDownLatch(1);
            loop.blocking(() -> never.await(100, TimeUnit.MILLISECONDS)).get(20, TimeUnit.SECONDS);
            LoopStatistics idle = loop.statistics().since(before);
            assertThat(idle.idle()).isGreaterThan(Duration.ofMillis(90));
            assertThat(idle.utilization()).isLessThan(0.5);
            before = loop.statistics();
            loop.spawn(() -> {
                        long end = System.nanoTime() + 100_000_000L;
                        while (System.nanoTime() < end) {
                            Thread.onSpinWait();
                        }
                    })
                    .get(20, TimeUnit.SECONDS);
            LoopStatistics busy = loop.statistics().since(before);
            assertThat(busy.busy()).isGreaterThan(Duration.ofMillis(99));
            assertThat(busy.utilization()).isGreaterThan(0.5);
            assertThat(busy.utilization()
                            + busy.idle().toNanos()
                                    * 1.0
                                    / busy.busy().plus(busy.idle()).toNanos())
                    .isCloseTo(1, within(1e-9));
        }
    }

    @Test
    void theFlightRecorderHearsOfTasksAndSlowItems() throws Exception {
        try (Recording recording = new Recording()) {
            recording.enable("io.coloop.Task").withoutThreshold();
            recording.enable("io.coloop.SlowItem");
            recording.start();
            CountDownLatch reported = new CountDownLatch(1);
            try (Loop loop = Loop.builder()
                    .name("recorded")
                    .slowItem(Duration.ofMillis(30))
                    .exceptionHandler(report -> reported.countDown())
                    .start()) {
                loop.spawn("good", () -> sleep(Duration.ofMillis(1))).get(20, TimeUnit.SECONDS);
                Task<Void> bad = loop.spawn("bad", () -> {
                    throw new IllegalStateException("expected");
                });
                bad.handle((value, failure) -> failure).get(20, TimeUnit.SECONDS);
                loop.spawn("slow", () -> awaitUninterruptibly(reported)).get(20, TimeUnit.SECONDS);
            }
            List<RecordedEvent> events = eventsOf(recording);
            assertThat(events.stream()
                            .filter(event -> event.getEventType().getName().equals("io.coloop.Task")))
                    .extracting(event ->
                            event.getString("loop") + " " + event.getString("task") + " " + event.getString("outcome"))
                    .contains(
                            "recorded good done",
                            "recorded bad failed: java.lang.IllegalStateException: expected",
                            "recorded slow done");
            assertThat(events.stream()
                            .filter(event -> event.getEventType().getName().equals("io.coloop.SlowItem")))
                    .singleElement()
                    .satisfies(event -> {
                        assertThat(event.getString("item")).isEqualTo("slow");
                        assertThat(event.getDuration("held")).isGreaterThanOrEqualTo(Duration.ofMillis(30));
                        assertThat(event.getString("stack")).contains("awaitUninterruptibly");
                    });
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupt) {
            throw new AssertionError(interrupt);
        }
    }

    private static List<RecordedEvent> eventsOf(Recording recording) throws IOException {
        recording.stop();
        Path file = Files.createTempFile("coloop", ".jfr");
        try {
            recording.dump(file);
            return RecordingFile.readAllEvents(file);
        } finally {
            Files.delete(file);
        }
    }
}
