package io.coloop.docs;

// region program
import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Future;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.time.Duration;

class TestingTest {
    @LoopTest
    void theyRunAtOnce(VirtualClock clock, Trail trail) {
        Task<Void> slow = Task.spawn(() -> {
            sleep(Duration.ofHours(2));
            trail.mark("slow");
        });
        Task<Void> quick = Task.spawn(() -> {
            sleep(Duration.ofHours(1));
            trail.mark("quick");
        });
        await(slow);
        await(quick);
        assertThat(trail.marks()).containsExactly("quick", "slow");
        assertThat(clock.elapsed()).hasHours(2);
    }

    @LoopTest
    void aFailureThatNobodySeesIsReported(Reports reports) {
        Future.failed(new IllegalStateException("nobody looks"));
        sleep(Duration.ofSeconds(1));
        reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE);
    }
}
// endregion
