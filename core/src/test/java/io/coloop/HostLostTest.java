package io.coloop;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
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
}
