package io.coloop.rx;

import static io.coloop.Await.sleep;
import static io.coloop.rx.Tasks.cancel;
import static io.coloop.rx.Tasks.endOf;
import static io.coloop.rx.Tasks.settle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.CancelPolicy;
import io.coloop.LoopMisuseException;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.VirtualClock;
import io.reactivex.rxjava3.core.Completable;
import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.core.Maybe;
import io.reactivex.rxjava3.core.Single;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What becomes of a Single, Maybe or Completable when the task that awaits it is cancelled. */
class CancelPolicyTest {
    private static final List<CancelPolicy> ALL = List.of(
            CancelPolicy.OWN, CancelPolicy.SHIELD, CancelPolicy.SHARE, CancelPolicy.drain(Duration.ofSeconds(5)));

    @RegisterExtension
    final Dropped dropped = new Dropped();

    /** The three types, as views of a Maybe. */
    private interface Type {
        Object await(Maybe<Object> source, CancelPolicy policy);
    }

    private static final List<Type> TYPES =
            List.of((source, policy) -> Rx.await(source.toSingle(), policy), Rx::await, (source, policy) -> {
                Rx.await(source.ignoreElement(), policy);
                return null;
            });

    @LoopTest
    void theValueWhateverThePolicy() {
        for (CancelPolicy policy : ALL) {
            assertThat(Rx.await(Single.just("value"), policy)).isEqualTo("value");
            assertThat(Rx.await(Maybe.just("value"), policy)).isEqualTo("value");
            assertThat(Rx.<Object>await(Maybe.empty(), policy)).isNull();
            Rx.await(Completable.complete(), policy);
            IllegalStateException failure = new IllegalStateException("broken");
            assertThatThrownBy(() -> Rx.await(Single.error(failure), policy)).isSameAs(failure);
        }
    }

    @LoopTest
    void ownAndShareCancelTheSourceBeforeTheTaskGoesOn() {
        for (CancelPolicy policy : List.of(CancelPolicy.OWN, CancelPolicy.SHARE)) {
            for (Type type : TYPES) {
                ManualMaybe<Object> source = new ManualMaybe<>();
                Task<Object> task = Task.spawn(() -> {
                    try {
                        return type.await(source, policy);
                    } finally {
                        assertThat(source.isDisposed()).isTrue();
                    }
                });
                settle();
                cancel(task);
            }
        }
    }

    @LoopTest
    void shieldLetsTheSourceGoOnAndDisposesOfItsValue() {
        for (Type type : TYPES) {
            ManualMaybe<Object> source = new ManualMaybe<>();
            Resource late = new Resource();
            Task<Object> task = Task.spawn(() -> type.await(source, CancelPolicy.SHIELD));
            settle();
            cancel(task);
            settle();
            assertThat(source.isDisposed()).isFalse();
            source.succeed(late);
            settle();
            assertThat(late.closed).isEqualTo(type == TYPES.get(2) ? 0 : 1);
        }
    }

    @LoopTest
    void drainLetsTheSourceFinishAndTheNextAwaitIsCancelled() {
        for (Type type : TYPES) {
            ManualMaybe<Object> source = new ManualMaybe<>();
            List<Object> got = new ArrayList<>();
            Task<Object> task = Task.spawn(() -> {
                got.add(String.valueOf(type.await(source, CancelPolicy.drain(Duration.ofSeconds(5)))));
                sleep(Duration.ofSeconds(1));
                return "not cancelled";
            });
            settle();
            task.cancel();
            settle();
            assertThat(source.isDisposed()).isFalse();
            assertThat(task.isDone()).isFalse();
            source.succeed("value");
            assertThat(endOf(task)).isInstanceOf(TaskCancelledException.class);
            assertThat(got).containsExactly(type == TYPES.get(2) ? "null" : "value");
        }
    }

    @LoopTest
    void drainCancelsWhenTheGraceIsOver(VirtualClock clock) {
        for (Type type : TYPES) {
            ManualMaybe<Object> source = new ManualMaybe<>();
            Duration before = clock.elapsed();
            Task<Object> task = Task.spawn(() -> type.await(source, CancelPolicy.drain(Duration.ofSeconds(5))));
            settle();
            task.cancel();
            settle();
            assertThat(source.isDisposed()).isFalse();
            sleep(Duration.ofSeconds(6));
            assertThat(task.isCancelled()).isTrue();
            assertThat(source.isDisposed()).isTrue();
            assertThat(clock.elapsed().minus(before)).hasSeconds(6);
        }
    }

    @LoopTest
    void everyAwaitFollowsThePolicy(VirtualClock clock) {
        WITH_A_POLICY.forEach((name, way) -> {
            for (CancelPolicy policy : List.of(CancelPolicy.OWN, CancelPolicy.SHARE)) {
                ManualStream.OfFlowable<Object> owned = new ManualStream.OfFlowable<>();
                Task<Object> task = Task.spawn(() -> way.await(owned, policy));
                settle();
                cancel(task);
                assertThat(owned.isCancelled()).as(name).isTrue();
            }
            ManualStream.OfFlowable<Object> shielded = new ManualStream.OfFlowable<>();
            ManualStream.OfFlowable<Object> drained = new ManualStream.OfFlowable<>();
            ManualStream.OfFlowable<Object> stuck = new ManualStream.OfFlowable<>();
            CancelPolicy grace = CancelPolicy.drain(Duration.ofSeconds(1));
            List<Object> seen = new ArrayList<>();
            Task<Object> shielding = Task.spawn(() -> way.await(shielded, CancelPolicy.SHIELD));
            Task<Void> draining = Task.spawn(() -> {
                seen.add(way.await(drained, grace));
            });
            Task<Object> waiting = Task.spawn(() -> way.await(stuck, grace));
            Duration before = clock.elapsed();
            settle();
            cancel(shielding);
            draining.cancel();
            waiting.cancel();
            settle();
            assertThat(shielded.isCancelled()).as(name).isFalse();
            Resource late = new Resource();
            shielded.next(late);
            shielded.complete();
            drained.next("whole");
            drained.complete();
            assertThat(endOf(draining)).as(name).isInstanceOf(TaskCancelledException.class);
            assertThat(seen).as(name).hasSize(1).first().asString().contains("whole");
            sleep(Duration.ofSeconds(1));
            assertThat(endOf(waiting)).as(name).isInstanceOf(TaskCancelledException.class);
            assertThat(stuck.isCancelled()).as(name).isTrue();
            assertThat(clock.elapsed().minus(before)).as(name).isEqualTo(Duration.ofSeconds(1));
            assertThat(late.closed).as(name).isEqualTo(1);
            assertThatThrownBy(() -> way.await(stuck, null)).as(name).hasMessage("policy");
        });
    }

    /** The trap: the error of a shielded source was reported when the garbage collector came, and RxJava's handler never heard of it. */
    @LoopTest
    void theLateErrorOfAShieldedSourceIsReportedAtOnceAndGoesToTheHandler(Reports reports) {
        Map<String, Way> ways = new HashMap<>(WITH_A_POLICY);
        ways.put("a Single", (source, policy) -> Rx.await(source.singleOrError(), policy));
        ways.put("a Maybe", (source, policy) -> Rx.await(source.singleElement(), policy));
        ways.put("a Completable", (source, policy) -> {
            Rx.await(source.ignoreElements(), policy);
            return null;
        });
        ways.forEach((name, way) -> {
            ManualStream.OfFlowable<Object> shielded = new ManualStream.OfFlowable<>();
            Task<Object> task = Task.spawn(() -> way.await(shielded, CancelPolicy.SHIELD));
            settle();
            cancel(task);
            IllegalStateException failure = new IllegalStateException("late");
            shielded.fail(failure);
            settle();
            assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure())
                    .as(name)
                    .isSameAs(failure);
            assertThat(dropped.takeErrors()).as(name).containsExactly(failure);
        });
    }

    private interface Way {
        Object await(Flowable<Object> source, CancelPolicy policy);
    }

    private static final Map<String, Way> WITH_A_POLICY = Map.ofEntries(
            Map.entry("a Flowable", Rx::await),
            Map.entry("a Flowable, required", Rx::awaitRequired),
            Map.entry("a Flowable, optional", Rx::awaitOptional),
            Map.entry("a Flowable's first", Rx::awaitFirst),
            Map.entry("a Flowable's last", Rx::awaitLast),
            Map.entry("an Observable", (source, policy) -> Rx.await(source.toObservable(), policy)),
            Map.entry("an Observable, required", (source, policy) -> Rx.awaitRequired(source.toObservable(), policy)),
            Map.entry("an Observable, optional", (source, policy) -> Rx.awaitOptional(source.toObservable(), policy)),
            Map.entry("an Observable's first", (source, policy) -> Rx.awaitFirst(source.toObservable(), policy)),
            Map.entry("an Observable's last", (source, policy) -> Rx.awaitLast(source.toObservable(), policy)),
            Map.entry("a Maybe, required", (source, policy) -> Rx.awaitRequired(source.singleElement(), policy)),
            Map.entry("a Maybe, optional", (source, policy) -> Rx.awaitOptional(source.singleElement(), policy)));

    @Test
    void outsideATaskItIsMisuse() {
        assertThatThrownBy(() -> Rx.await(Single.just("value"), CancelPolicy.OWN))
                .isInstanceOf(LoopMisuseException.class);
    }

    @LoopTest
    void nullIsRefusedByName() {
        CancelPolicy none = null;
        assertThatThrownBy(() -> Rx.await(Single.just("value"), none)).hasMessage("policy");
        assertThatThrownBy(() -> Rx.await(Maybe.just("value"), none)).hasMessage("policy");
        assertThatThrownBy(() -> Rx.await(Completable.complete(), none)).hasMessage("policy");
        assertThatThrownBy(() -> Rx.await((Single<String>) null, CancelPolicy.OWN))
                .hasMessage("single");
        assertThatThrownBy(() -> Rx.await((Maybe<String>) null, CancelPolicy.OWN))
                .hasMessage("maybe");
        assertThatThrownBy(() -> Rx.await((Completable) null, CancelPolicy.OWN)).hasMessage("completable");
    }
}
