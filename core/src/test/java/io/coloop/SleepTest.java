package io.coloop;

import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.test.LoopTest;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.time.Duration;

class SleepTest {
    @LoopTest
    void othersRunMeanwhile(Trail trail, VirtualClock clock) {
        Task<Void> other = Task.spawn(() -> {
            trail.step(2);
            sleep(Duration.ofSeconds(1));
            trail.step(3);
        });
        trail.step(1);
        sleep(Duration.ofSeconds(2));
        trail.step(4);
        assertThat(other.isDone()).isTrue();
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(2));
    }

    @LoopTest
    void zeroAndLessYield(Trail trail, VirtualClock clock) {
        Task.spawn(() -> trail.step(1));
        sleep(Duration.ZERO);
        trail.step(2);
        sleep(Duration.ofDays(-1));
        yieldNow();
        trail.step(3);
        assertThat(clock.elapsed()).isZero();
    }
}
