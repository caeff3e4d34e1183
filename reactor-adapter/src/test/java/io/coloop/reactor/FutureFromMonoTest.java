package io.coloop.reactor;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static io.coloop.reactor.Reactor.future;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** {@code future(mono)}: each question of the bridge contract. */
class FutureFromMonoTest {
    @RegisterExtension
    final Dropped dropped = new Dropped();

    private final ManualMono<Object> source = new ManualMono<>();

    private static void settle() {
        for (int turn = 0; turn < 5; turn++) {
            yieldNow();
        }
    }

    @LoopTest
    void startsFromTheReadyQueueWhetherOrNotItIsAwaited(Loop loop, Trail trail) {
        Future<String> future = future(Mono.fromSupplier(() -> {
            trail.mark("in task: " + (Task.currentOrNull() != null) + ", on the loop: " + loop.isOnLoop());
            return "value";
        }));
        assertThat(trail.marks()).isEmpty();
        settle();
        assertThat(trail.marks()).containsExactly("in task: false, on the loop: true");
        assertThat(future.resultNow()).isEqualTo("value");
    }

    @LoopTest
    void isOnceForAllWhoAwaitIt(Trail trail) {
        Future<String> future = future(Mono.fromSupplier(() -> {
            trail.mark("subscribed");
            return "value";
        }));
        assertThat(await(future)).isEqualTo("value");
        assertThat(await(future)).isEqualTo("value");
        assertThat(trail.marks()).hasSize(1);
    }

    @LoopTest
    void emptyIsNull() {
        Future<String> empty = future(Mono.empty());
        assertThat(await(empty)).isNull();
    }

    @LoopTest
    void aFailureIsTheSameInstance() {
        IllegalStateException failure = new IllegalStateException("broken");
        assertThatThrownBy(() -> await(future(Mono.error(failure)))).isSameAs(failure);
    }

    @LoopTest
    void aFailureThatNobodyObservesIsReported(Reports reports) {
        IOException failure = new IOException("broken");
        future(Mono.error(failure));
        settle();
        assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure()).isSameAs(failure);
    }

    @LoopTest
    void cancellingTheFutureCancelsTheSubscription() {
        Future<Object> future = future(source);
        settle();
        future.cancel("enough");
        settle();
        assertThat(source.cancelled).isTrue();
        assertThatThrownBy(() -> await(future))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("enough");
    }

    @LoopTest
    void cancelledBeforeItStartsItNeverSubscribes() {
        future(source).cancel();
        settle();
        assertThat(source.isSubscribed()).isFalse();
    }

    @LoopTest
    void cancellingTheTaskThatAwaitsItCancelsTheSubscription() {
        Task<Object> task = Task.spawn(() -> await(future(source)));
        settle();
        task.cancel();
        settle();
        assertThat(source.cancelled).isTrue();
        assertThat(task.isCancelled()).isTrue();
    }

    @LoopTest
    void aMonoCancelledBySomebodyElseIsAFailedFutureAndNotACancelledOne() {
        Future<Object> future = future(Mono.error(new TaskCancelledException("foreign")));
        assertThatThrownBy(() -> await(future))
                .isExactlyInstanceOf(CancellationException.class)
                .hasMessage("foreign");
        assertThat(future.isCancelled()).isFalse();
    }

    @LoopTest
    void aValueAfterTheCancelIsUndelivered() {
        List<Object> undelivered = new ArrayList<>();
        Future<Object> future = future(source, undelivered::add);
        settle();
        future.cancel();
        source.complete("late");
        settle();
        assertThat(undelivered).containsExactly("late");
    }

    @LoopTest
    void aResourceAfterTheCancelIsClosed() {
        Resource connection = new Resource();
        Future<Object> future = future(source);
        settle();
        future.cancel();
        source.complete(connection);
        settle();
        assertThat(connection.closed).isEqualTo(1);
    }

    @LoopTest
    void anErrorAfterTheCancelGoesToReactorsHookAndTheLoop(Reports reports) {
        IOException failure = new IOException("late");
        Future<Object> future = future(source);
        settle();
        future.cancel();
        source.fail(failure);
        assertThat(dropped.takeErrors()).containsExactly(failure);
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
    }

    @LoopTest
    void aValueWithoutItsEndDoesNotCompleteIt() {
        Future<Object> future = future(source);
        settle();
        source.next("row");
        settle();
        assertThat(future.isDone()).isFalse();
        source.complete();
        assertThat(await(future)).isEqualTo("row");
    }

    @Test
    void withoutALoopItIsMisuse() {
        assertThatThrownBy(() -> future(Mono.just("value"))).isInstanceOf(LoopMisuseException.class);
    }

    @LoopTest
    void nullIsRefusedByName() {
        assertThatThrownBy(() -> future(null)).hasMessage("mono");
        assertThatThrownBy(() -> future(Mono.empty(), null)).hasMessage("onUndelivered");
    }

    // ---- the loop's end

    @Test
    void aClosingLoopCancelsTheSubscriptionAndTheFuture() {
        Trail trail = new Trail();
        List<Report> reports = new ArrayList<>();
        List<Future<?>> left = new ArrayList<>();
        Loop.builder().name("orders").exceptionHandler(reports::add).run(() -> {
            left.add(future(Mono.never().doOnCancel(() -> trail.mark("Mono"))));
            left.add(future(Flux.never().doOnCancel(() -> trail.mark("Flux"))));
            yieldNow();
        });
        assertThat(trail.marks()).containsExactlyInAnyOrder("Mono", "Flux");
        assertThat(left).allSatisfy(future -> {
            assertThatThrownBy(() -> future.get(0, TimeUnit.SECONDS)).isInstanceOf(CancellationException.class);
            assertThat(future.exceptionNow()).hasMessage("orders: the loop is closing");
        });
        assertThat(reports).isEmpty();
    }

    @LoopTest
    void aSubscriptionThatIsUnderWayIsListed(Loop loop) {
        Future<?> mono = future(Mono.never());
        Future<?> flux = future(Flux.never());
        yieldNow();
        assertThat(loop.activeResources().toString()).contains("subscription to Mono", "subscription to Flux");
        mono.cancel();
        flux.cancel();
    }
}
