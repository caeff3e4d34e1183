package io.coloop.rx;

import static io.coloop.rx.Tasks.settle;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.test.LoopTest;
import io.coloop.test.VirtualClock;
import io.reactivex.rxjava3.core.Single;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import io.reactivex.rxjava3.schedulers.TestScheduler;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.RegisterExtension;

/** RxJava's {@code TestScheduler} beside the virtual clock of a loop. */
class TestSchedulerTest {
    @RegisterExtension
    final Dropped dropped = new Dropped();

    @LoopTest
    void aPipelineOnATestSchedulerIsAwaitedByATask(VirtualClock clock) {
        TestScheduler time = new TestScheduler();
        Task<String> task = Task.spawn(() -> Rx.await(Single.just("value").delay(1, TimeUnit.HOURS, time)));
        settle();
        time.advanceTimeBy(59, TimeUnit.MINUTES);
        settle();
        assertThat(task.isDone()).isFalse();
        time.advanceTimeBy(1, TimeUnit.MINUTES);
        settle();
        assertThat(task.resultNow()).isEqualTo("value");
        assertThat(clock.elapsed())
                .as("two clocks: that of the loop has not moved")
                .isZero();
    }

    @LoopTest
    void withTheLoopAsTheSchedulerNobodyHasToMoveTheTime(Loop loop, VirtualClock clock) {
        Single<String> pipeline = Single.just("value").delay(1, TimeUnit.HOURS, Rx.scheduler(loop));
        assertThat(Rx.await(pipeline)).isEqualTo("value");
        assertThat(clock.elapsed()).hasHours(1);
    }

    @LoopTest
    void aPipelineThatNamesAStandardSchedulerIsPutOnTheLoopByRxJavasOwnHook(Loop loop, VirtualClock clock) {
        RxJavaPlugins.setComputationSchedulerHandler(standard -> Rx.scheduler(loop));
        try {
            Single<String> pipeline = Single.just("value").delay(1, TimeUnit.HOURS);
            assertThat(Rx.await(pipeline)).isEqualTo("value");
        } finally {
            RxJavaPlugins.setComputationSchedulerHandler(null);
        }
        assertThat(clock.elapsed()).hasHours(1);
    }
}
