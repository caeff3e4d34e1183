package io.coloop.rx;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static io.coloop.rx.Rx.future;
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
import io.reactivex.rxjava3.core.Completable;
import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.core.Maybe;
import io.reactivex.rxjava3.core.Observable;
import io.reactivex.rxjava3.core.Single;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code future(single)} and its siblings: each question of the bridge contract. */
class FutureTest {
    @RegisterExtension
    final Dropped dropped = new Dropped();

    private static void settle() {
        for (int turn = 0; turn < 5; turn++) {
            yieldNow();
        }
    }

    @LoopTest
    void givesTheValue() {
        Future<String> single = future(Single.just("value"));
        Future<String> maybe = future(Maybe.just("value"));
        Future<String> empty = future(Maybe.empty());
        Future<Void> completable = future(Completable.complete());
        assertThat(await(single)).isEqualTo("value");
        assertThat(await(maybe)).isEqualTo("value");
        assertThat(await(empty)).isNull();
        Object nothing = await(completable);
        assertThat(nothing).isNull();
    }

    @LoopTest
    void startsFromTheReadyQueueWhetherOrNotItIsAwaited(Loop loop) {
        for (Kind kind : Kind.values()) {
            Trail trail = new Trail();
            Future<?> future = kind.future(Maybe.fromCallable(() -> {
                trail.mark("in task: " + (Task.currentOrNull() != null) + ", on the loop: " + loop.isOnLoop());
                return "value";
            }));
            assertThat(trail.marks()).isEmpty();
            settle();
            assertThat(trail.marks()).containsExactly("in task: false, on the loop: true");
            assertThat(future.isDone()).isTrue();
        }
    }

    @LoopTest
    void aFailureIsTheSameInstance() {
        for (Kind kind : Kind.values()) {
            IllegalStateException failure = new IllegalStateException("broken");
            assertThatThrownBy(() -> await((Future<?>) kind.future(Maybe.error(failure))))
                    .isSameAs(failure);
        }
    }

    @LoopTest
    void aFailureThatNobodyObservesIsReported(Reports reports) {
        for (Kind kind : Kind.values()) {
            IOException failure = new IOException("broken");
            kind.future(Maybe.error(failure));
            settle();
            assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure())
                    .isSameAs(failure);
        }
    }

    @LoopTest
    void cancellingTheFutureDisposesOfTheSubscription() {
        for (Kind kind : Kind.values()) {
            ManualMaybe<Object> source = new ManualMaybe<>();
            Future<?> future = kind.future(source);
            settle();
            future.cancel("enough");
            settle();
            assertThat(source.isDisposed()).isTrue();
            assertThatThrownBy(() -> await(future))
                    .isInstanceOf(TaskCancelledException.class)
                    .hasMessage("enough");
        }
    }

    @LoopTest
    void cancelledBeforeItStartsItNeverSubscribes() {
        for (Kind kind : Kind.values()) {
            ManualMaybe<Object> source = new ManualMaybe<>();
            kind.future(source).cancel();
            settle();
            assertThat(source.isSubscribed()).isFalse();
        }
    }

    @LoopTest
    void aSourceCancelledBySomebodyElseIsAFailedFutureAndNotACancelledOne() {
        for (Kind kind : Kind.values()) {
            Future<?> future = kind.future(Maybe.error(new TaskCancelledException("foreign")));
            assertThatThrownBy(() -> await(future))
                    .isExactlyInstanceOf(CancellationException.class)
                    .hasMessage("foreign");
            assertThat(future.isCancelled()).isFalse();
        }
    }

    @LoopTest
    void aValueAfterTheCancelIsUndelivered() {
        List<Object> undelivered = new ArrayList<>();
        ManualMaybe<Object> first = new ManualMaybe<>();
        ManualMaybe<Object> second = new ManualMaybe<>();
        Future<Object> single = future(first.toSingle(), undelivered::add);
        Future<Object> maybe = future(second, undelivered::add);
        settle();
        single.cancel();
        maybe.cancel();
        first.succeed("first");
        second.succeed("second");
        settle();
        assertThat(undelivered).containsExactly("first", "second");
    }

    @LoopTest
    void aResourceAfterTheCancelIsClosed() {
        for (Kind kind : List.of(Kind.SINGLE, Kind.MAYBE)) {
            ManualMaybe<Object> source = new ManualMaybe<>();
            Resource connection = new Resource();
            Future<?> future = kind.future(source);
            settle();
            future.cancel();
            source.succeed(connection);
            settle();
            assertThat(connection.closed).isEqualTo(1);
        }
    }

    @LoopTest
    void anErrorAfterTheCancelGoesToRxJavasHandlerAndTheLoop(Reports reports) {
        for (Kind kind : Kind.values()) {
            ManualMaybe<Object> source = new ManualMaybe<>();
            IOException failure = new IOException("late");
            Future<?> future = kind.future(source);
            settle();
            future.cancel();
            source.fail(failure);
            assertThat(dropped.takeErrors()).containsExactly(failure);
            assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
        }
    }

    @Test
    void withoutALoopItIsMisuse() {
        for (Kind kind : Kind.values()) {
            assertThatThrownBy(() -> kind.future(Maybe.just("value"))).isInstanceOf(LoopMisuseException.class);
        }
    }

    @LoopTest
    void nullIsRefusedByName() {
        assertThatThrownBy(() -> future((Single<String>) null)).hasMessage("single");
        assertThatThrownBy(() -> future((Maybe<String>) null)).hasMessage("maybe");
        assertThatThrownBy(() -> future((Completable) null)).hasMessage("completable");
        assertThatThrownBy(() -> future(Single.just("value"), null)).hasMessage("onUndelivered");
        assertThatThrownBy(() -> future(Maybe.just("value"), null)).hasMessage("onUndelivered");
    }

    // ---- the loop's end

    @Test
    void aClosingLoopCancelsTheSubscriptionAndTheFuture() {
        Trail trail = new Trail();
        List<Report> reports = new ArrayList<>();
        List<Future<?>> left = new ArrayList<>();
        Loop.builder().name("orders").exceptionHandler(reports::add).run(() -> {
            left.add(future(Single.never().doOnDispose(() -> trail.mark("Single"))));
            left.add(future(Maybe.never().doOnDispose(() -> trail.mark("Maybe"))));
            left.add(future(Completable.never().doOnDispose(() -> trail.mark("Completable"))));
            left.add(future(Flowable.never().doOnCancel(() -> trail.mark("Flowable"))));
            left.add(future(Observable.never().doOnDispose(() -> trail.mark("Observable"))));
            yieldNow();
        });
        assertThat(trail.marks()).containsExactlyInAnyOrder("Single", "Maybe", "Completable", "Flowable", "Observable");
        assertThat(left).allSatisfy(future -> {
            assertThatThrownBy(() -> future.get(0, TimeUnit.SECONDS)).isInstanceOf(CancellationException.class);
            assertThat(future.exceptionNow()).hasMessage("orders: the loop is closing");
        });
        assertThat(reports).isEmpty();
    }

    @LoopTest
    void aSubscriptionThatIsUnderWayIsListed(Loop loop) {
        Future<?> single = future(Single.never());
        yieldNow();
        assertThat(loop.activeResources().toString()).contains("subscription to Single");
        single.cancel();
    }
}
