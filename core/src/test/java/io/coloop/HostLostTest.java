package io.coloop;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** A host's thread that goes on after its loop has left it. */
class HostLostTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @Test
    void theHostsThreadIsNotTheLoopsAnyMore() throws Exception {
        ScheduledExecutorService host = Executors.newSingleThreadScheduledExecutor();
        Loop loop = Loop.builder()
                .shutdownTimeout(Duration.ZERO)
                .exceptionHandler(report -> {})
                .on(host);
        loop.spawn(() -> {}).get(LIMIT.toSeconds(), TimeUnit.SECONDS); // bound
        CountDownLatch rescued = new CountDownLatch(1);
        java.util.concurrent.Future<Loop> after = host.submit(() -> {
            rescued.await();
            return Loop.currentOrNull();
        });
        host.shutdown();
        assertThat(loop.awaitTermination(LIMIT)).isTrue();
        rescued.countDown();
        assertThat(after.get()).isNull();
    }

    @Test
    void aDetachedHostKeepsNoTimerOfTheLoop() throws Exception {
        ScheduledThreadPoolExecutor host = new ScheduledThreadPoolExecutor(1);
        host.setRemoveOnCancelPolicy(true);
        Loop loop = Loop.builder().on(host);
        loop.spawn(() -> loop.callLater(Duration.ofDays(1), () -> {})).get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        loop.close();
        host.submit(() -> {}).get(); // the turn that detached it is over
        assertThat(host.getQueue()).isEmpty();
        host.shutdown();
        assertThat(host.awaitTermination(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aFarTimerDoesNotHoldUpTheEndOfAHostThatHidesItsQueue() throws Exception {
        ScheduledExecutorService host = Executors.newSingleThreadScheduledExecutor();
        Loop loop = Loop.builder()
                .shutdownTimeout(Duration.ofMinutes(10))
                .exceptionHandler(report -> {})
                .on(host);
        Task<Void> sleeper = loop.spawn(() -> Await.sleep(Duration.ofDays(1)));
        loop.spawn(() -> {}).get(LIMIT.toSeconds(), TimeUnit.SECONDS); // the alarm is armed
        host.shutdown();
        assertThat(loop.awaitTermination(LIMIT)).isTrue();
        assertThat(sleeper.isCancelled()).isTrue();
    }

    @Test
    void aTurnThatFailsEndsTheLoopAndLeavesTheHost() throws Exception {
        ScheduledExecutorService host = Executors.newSingleThreadScheduledExecutor();
        AtomicBoolean broken = new AtomicBoolean();
        BlockingQueue<Report> reports = new LinkedBlockingQueue<>();
        Loop loop = Loop.builder()
                .exceptionHandler(reports::add)
                .clock(() -> {
                    if (broken.get()) {
                        throw new IllegalStateException("no time");
                    }
                    return System.nanoTime();
                })
                .on(host);
        Task<Void> sleeper = loop.spawn(() -> Await.sleep(Duration.ofDays(1)));
        loop.execute(() -> broken.set(true));
        assertThat(reports.poll(LIMIT.toSeconds(), TimeUnit.SECONDS).kind()).isEqualTo(Report.Kind.LOOP_FAILED);
        assertThat(loop.awaitTermination(LIMIT)).isTrue();
        assertThat(sleeper.isCancelled()).isTrue();
        assertThat(host.submit(() -> "still there").get()).isEqualTo("still there");
        host.shutdown();
    }
}
