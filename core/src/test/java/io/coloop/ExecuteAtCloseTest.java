package io.coloop;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** {@link Loop#execute} while the loop closes. */
class ExecuteAtCloseTest {
    @Test
    void anActionThatGivesItselfAgainForEverDoesNotKeepTheLoopAlive() throws Exception {
        Loop loop = Loop.builder().shutdownTimeout(Duration.ofMillis(50)).start();
        CountDownLatch refused = new CountDownLatch(1);
        loop.execute(new Runnable() {
            @Override
            public void run() {
                try {
                    loop.execute(this);
                } catch (LoopClosedException closed) {
                    refused.countDown();
                }
            }
        });
        loop.close();
        assertThat(loop.awaitTermination(Duration.ofSeconds(10))).isTrue();
        assertThat(refused.await(10, TimeUnit.SECONDS)).isTrue();
    }
}
