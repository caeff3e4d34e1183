package io.coloop.stream;

import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static io.coloop.stream.Streams.awaitFirst;
import static io.coloop.stream.Streams.awaitLast;
import static io.coloop.stream.Streams.awaitOptional;
import static io.coloop.stream.Streams.awaitRequired;
import static io.coloop.stream.Streams.publisher;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.coloop.Await;
import io.coloop.CancelPolicy;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.TaskTimeoutException;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One item of a publisher, awaited: the seven answers, the traps and the bad input. */
@Timeout(30)
class AwaitPublisherTest {
    /** Every way to await one. */
    private static final Map<String, Function<Flow.Publisher<Integer>, Object>> WAYS = Map.of(
            "await", source -> Streams.await(source),
            "await with a receiver", source -> Streams.await(source, left -> {}),
            "required", Streams::awaitRequired,
            "optional", Streams::awaitOptional,
            "first", Streams::awaitFirst,
            "last", Streams::awaitLast,
            "future", source -> Await.await(Streams.future(source)));

    private static void settle() {
        for (int i = 0; i < 6; i++) {
            yieldNow();
        }
    }

    private static Probe<Integer> gives(int... items) {
        Probe<Integer> probe = Probe.create();
        int[] sent = new int[1];
        return probe.onRequest(n -> {
            for (long i = 0; i < n && sent[0] < items.length && !probe.told.contains("cancel"); i++) {
                probe.next(items[sent[0]++]);
            }
            if (sent[0] == items.length && !probe.told.contains("cancel")) {
                sent[0]++;
                probe.complete();
            }
        });
    }

    private static Probe<Integer> silent() {
        return Probe.create();
    }

    // ---- policies, receivers

    private interface Way {
        @Nullable
        Object await(Flow.Publisher<Object> source, CancelPolicy policy);
    }

    private static final Map<String, Way> WITH_A_POLICY = Map.of(
            "await", Streams::await,
            "required", Streams::awaitRequired,
            "optional", Streams::awaitOptional,
            "first", Streams::awaitFirst,
            "last", Streams::awaitLast);

    private static final class Closeable implements AutoCloseable {
        int closed;

        @Override
        public void close() {
            closed++;
        }
    }

    private static void cancel(Task<?> task) {
        settle();
        task.cancel();
        assertThatThrownBy(() -> Await.await(task)).isInstanceOf(TaskCancelledException.class);
    }

    @LoopTest
    void ownAndShareCancelThePublisherEveryWay() {
        for (CancelPolicy policy : List.of(CancelPolicy.OWN, CancelPolicy.SHARE)) {
            WITH_A_POLICY.forEach((name, way) -> {
                Probe<Object> source = Probe.create();
                cancel(Task.spawn(() -> way.await(source, policy)));
                assertThat(source.told).as(name).last().isEqualTo("cancel");
            });
        }
    }

    @LoopTest
    void shieldLetsThePublisherGoOnAndItsItemIsUndeliveredEveryWay() {
        WITH_A_POLICY.forEach((name, way) -> {
            Probe<Object> source = Probe.create();
            Closeable late = new Closeable();
            cancel(Task.spawn(() -> way.await(source, CancelPolicy.SHIELD)));
            assertThat(source.told).as(name).doesNotContain("cancel");
            source.next(late);
            source.complete();
            settle();
            assertThat(late.closed).as(name).isEqualTo(1);
        });
    }

    @LoopTest
    void drainWaitsForThePublisherWithinTheGraceEveryWay(VirtualClock clock) {
        WITH_A_POLICY.forEach((name, way) -> {
            Duration before = clock.elapsed();
            CancelPolicy grace = CancelPolicy.drain(Duration.ofSeconds(1));
            Probe<Object> finishing = Probe.create();
            Probe<Object> stuck = Probe.create();
            List<Object> seen = new ArrayList<>();
            Task<Void> drained = Task.spawn(() -> {
                seen.add(way.await(finishing, grace));
                yieldNow();
            });
            Task<Object> other = Task.spawn(() -> way.await(stuck, grace));
            settle();
            drained.cancel();
            other.cancel();
            settle();
            assertThat(finishing.told).as(name).doesNotContain("cancel");
            finishing.next("whole");
            finishing.complete();
            assertThatThrownBy(() -> Await.await(drained)).isInstanceOf(TaskCancelledException.class);
            assertThat(seen).as(name).hasSize(1).first().asString().contains("whole");
            assertThatThrownBy(() -> Await.await(other)).isInstanceOf(TaskCancelledException.class);
            assertThat(stuck.told).as(name).last().isEqualTo("cancel");
            assertThat(clock.elapsed().minus(before)).as(name).isEqualTo(Duration.ofSeconds(1));
        });
    }

    @LoopTest
    void thePolicyChangesNothingWithoutACancel() {
        for (CancelPolicy policy : List.of(
                CancelPolicy.OWN, CancelPolicy.SHIELD, CancelPolicy.SHARE, CancelPolicy.drain(Duration.ofSeconds(1)))) {
            assertThat(awaitRequired(gives(1), policy)).isEqualTo(1);
            assertThat(awaitOptional(gives(), policy)).isEmpty();
            assertThat(awaitFirst(gives(1, 2), policy)).isEqualTo(1);
            assertThat(awaitLast(gives(1, 2), policy)).isEqualTo(2);
            assertThatThrownBy(() -> awaitRequired(gives(), policy)).isInstanceOf(NoSuchElementException.class);
        }
        WITH_A_POLICY.forEach((name, way) -> assertThatThrownBy(() -> way.await(Probe.create(), null))
                .as(name)
                .isInstanceOf(NullPointerException.class)
                .hasMessage("policy"));
    }

    @LoopTest
    void aReceiverGetsTheLateItemEveryWay() {
        Map<String, BiFunction<Flow.Publisher<Object>, Consumer<Object>, @Nullable Object>> ways = Map.of(
                "await", Streams::await,
                "required", Streams::awaitRequired,
                "optional", Streams::awaitOptional,
                "first", Streams::awaitFirst,
                "last", Streams::awaitLast);
        ways.forEach((name, way) -> {
            Probe<Object> source = Probe.create();
            List<Object> received = new ArrayList<>();
            cancel(Task.spawn(() -> way.apply(source, received::add)));
            source.next("late");
            settle();
            assertThat(received).as(name).containsExactly("late");
            assertThatThrownBy(() -> way.apply(source, null)).as(name).hasMessage("onUndelivered");
        });
    }

    // ---- 1 and 2: start, threads

    @LoopTest
    void itIsSubscribedOnceOnTheLoopsOwnThreadAndNotOnTheTasksStack(Loop loop) {
        AtomicReference<Thread> loopThread = new AtomicReference<>();
        loop.execute(() -> loopThread.set(Thread.currentThread()));
        WAYS.forEach((name, way) -> {
            List<Object> tasks = new ArrayList<>();
            Probe<Integer> source = Probe.create();
            source.onSubscribe(to -> {
                        tasks.add(Task.currentOrNull());
                        to.onSubscribe(source);
                    })
                    .onRequest(n -> {
                        tasks.add(Task.currentOrNull());
                        source.next(7);
                        source.complete();
                    });
            assertThat(way.apply(source)).as(name).isNotNull();
            assertThat(source.told).as(name).element(0).isEqualTo("subscribe");
            assertThat(source.threads).as(name).containsOnly(loopThread.get());
            assertThat(tasks).as(name).containsOnlyNulls();
        });
    }

    @LoopTest
    void aFutureIsSubscribedFromTheReadyQueue() {
        Probe<Integer> source = gives(1);
        Future<Integer> future = Streams.future(source);
        assertThat(source.told).isEmpty();
        assertThat(Await.await(future)).isEqualTo(1);
    }

    @LoopTest
    void signalsAreWelcomeFromAnyThread(Loop loop, VirtualClock clock) {
        WAYS.forEach((name, way) -> {
            Probe<Integer> source = Probe.create();
            source.onSubscribe(to -> Thread.ofPlatform().start(() -> to.onSubscribe(source)))
                    .onRequest(n -> Thread.ofPlatform().start(() -> {
                        source.next(7);
                        source.complete();
                    }));
            try (VirtualClock.ForeignOperation ignored = clock.foreign(loop)) {
                assertThat(way.apply(source).toString()).as(name).contains("7");
            }
            settle();
            assertThat(source.told.subList(0, 2)).as(name).first().isEqualTo("subscribe");
        });
    }

    // ---- 3: cancel

    @LoopTest
    void cancellingTheTaskCancelsTheSourceBeforeTheTaskGoesOn(Trail trail) {
        for (String name : List.of("await", "first", "last", "required", "optional")) {
            Probe<Integer> source = silent().onCancel(() -> trail.mark("source"));
            Task<Object> task = Task.spawn(() -> {
                try {
                    return WAYS.get(name).apply(source);
                } catch (TaskCancelledException cancelled) {
                    trail.mark("task");
                    throw cancelled;
                }
            });
            settle();
            task.cancel("enough");
            assertThatThrownBy(() -> Await.await(task))
                    .isInstanceOf(TaskCancelledException.class)
                    .hasMessage("enough");
            assertThat(trail.marks()
                            .subList(trail.marks().size() - 2, trail.marks().size()))
                    .containsExactly("source", "task");
        }
    }

    @LoopTest
    void cancellingAFutureCancelsTheSource() {
        Probe<Integer> source = silent();
        Future<Integer> future = Streams.future(source);
        settle();
        future.cancel("enough");
        settle();
        assertThat(source.told).endsWith("cancel");
        Probe<Integer> early = silent();
        Streams.future(early).cancel("before it began");
        settle();
        assertThat(early.told).isEmpty();
    }

    @LoopTest
    void aTimeoutCancelsTheSource(VirtualClock clock) {
        Probe<Integer> source = silent();
        assertThatThrownBy(() -> io.coloop.Timeout.of(Duration.ofMillis(3)).run(() -> Streams.await(source)))
                .isInstanceOf(TaskTimeoutException.class);
        assertThat(source.told).endsWith("cancel");
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(3));
    }

    @LoopTest
    void aSubscriptionThatComesAfterTheCancelIsCancelled() {
        AtomicReference<Flow.Subscriber<? super Integer>> late = new AtomicReference<>();
        Probe<Integer> source = silent().onSubscribe(late::set);
        Task<Integer> task = Task.spawn(() -> Streams.await(source));
        settle();
        task.cancel();
        assertThatThrownBy(() -> Await.await(task)).isInstanceOf(TaskCancelledException.class);
        late.get().onSubscribe(source);
        settle();
        assertThat(source.told).contains("cancel");
    }

    @LoopTest
    void aSourceThatSomebodyElseCancelledIsAFailure() {
        WAYS.forEach((name, way) -> {
            Probe<Integer> source = Probe.create();
            source.onRequest(n -> source.fail(new TaskCancelledException("by another")));
            assertThatThrownBy(() -> way.apply(source))
                    .as(name)
                    .isExactlyInstanceOf(CancellationException.class)
                    .hasMessage("by another");
        });
        assertThat(Task.current().cancelling()).isZero();
    }

    // ---- 4: null, empty, many

    @LoopTest
    void emptyIsNullOrSaidOtherwise() {
        assertThat(Streams.<Integer>await(gives())).isNull();
        assertThat(Streams.<Integer>await(gives(), left -> {})).isNull();
        assertThat(awaitFirst(gives())).isNull();
        assertThat(awaitLast(gives())).isNull();
        assertThat(awaitOptional(gives())).isEmpty();
        assertThat(Await.await(Streams.future(gives()))).isNull();
        assertThatThrownBy(() -> awaitRequired(gives()))
                .isInstanceOf(NoSuchElementException.class)
                .hasMessage("the publisher completed without an item");
    }

    @LoopTest
    void oneItemIsTheResult() {
        WAYS.forEach((name, way) ->
                assertThat(way.apply(gives(5)).toString()).as(name).contains("5"));
    }

    @LoopTest
    void moreThanOneIsAnErrorAndBothAreHandedOver(Trail trail) {
        Probe<Integer> source = gives(1, 2, 3);
        assertThatThrownBy(() -> Streams.await(source, left -> trail.mark("" + left)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("there was more than one item");
        settle();
        assertThat(trail.marks()).containsExactly("1", "2");
        assertThat(source.told).containsExactly("subscribe", "request 2", "cancel");
    }

    @LoopTest
    void moreThanOneIsReported(Reports reports) {
        assertThatThrownBy(() -> awaitRequired(gives(1, 2))).isInstanceOf(IllegalStateException.class);
        settle();
        assertThat(reports.take())
                .extracting(Report::message)
                .containsExactly(
                        "of a publisher, there was more than one: 1", "of a publisher, there was more than one: 2");
    }

    @LoopTest
    void theFirstOfManyCancelsTheSource() {
        Probe<Integer> source = gives(1, 2, 3);
        assertThat(awaitFirst(source)).isEqualTo(1);
        assertThat(source.told).containsExactly("subscribe", "request 1", "cancel");
    }

    @LoopTest
    void theLastOfMany() {
        assertThat(awaitLast(gives(1, 2, 3))).isEqualTo(3);
    }

    @LoopTest
    void nullBreaksTheRulesAndIsThrownAtBothSides() {
        for (String kind : List.of("item", "failure", "subscription")) {
            WAYS.forEach((name, way) -> {
                AtomicReference<Throwable> thrown = new AtomicReference<>();
                Probe<Integer> source = Probe.create();
                source.onSubscribe(to -> {
                    if (!kind.equals("subscription")) {
                        to.onSubscribe(source);
                    }
                    thrown.set(catchThrowable(() -> {
                        switch (kind) {
                            case "item" -> to.onNext(null);
                            case "failure" -> to.onError(null);
                            default -> to.onSubscribe(null);
                        }
                    }));
                });
                assertThatThrownBy(() -> way.apply(source))
                        .as(name + " " + kind)
                        .isInstanceOf(NullPointerException.class)
                        .hasMessage("a stream's " + kind + " must not be null");
                assertThat(thrown.get()).as(name).isInstanceOf(NullPointerException.class);
                assertThat(source.told.contains("cancel")).as(name).isEqualTo(kind.equals("item"));
            });
        }
    }

    @LoopTest
    void anItemWithoutASubscriptionAndNothingMoreIsAnError(Reports reports) {
        for (String name : List.of("await", "required", "optional", "last", "future")) {
            Probe<Integer> source = Probe.create();
            source.onSubscribe(to -> to.onNext(1));
            assertThatThrownBy(() -> WAYS.get(name).apply(source))
                    .as(name)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("a stream's source must call onSubscribe before onNext (rule 1.9 of Reactive Streams)");
            settle();
            reports.takeOnly(Report.Kind.LATE_VALUE); // the item
            source.to.onSubscribe(source); // too late
            assertThat(source.told).as(name).containsExactly("subscribe", "cancel");
        }
    }

    // ---- 5: undelivered

    @LoopTest
    void itDoesNotResumeAtOnNextBeforeOnComplete(Trail trail) {
        for (String name : List.of("await", "required", "optional", "last", "future")) {
            Probe<Integer> source = silent();
            Task<Object> task = Task.spawn(() -> WAYS.get(name).apply(source));
            settle();
            source.next(1);
            settle();
            assertThat(task.isDone()).as(name).isFalse();
            source.complete();
            assertThat(Await.await(task).toString()).as(name).contains("1");
        }
    }

    @LoopTest
    void anItemWhoseCommitFailsIsUndelivered(Trail trail) {
        Probe<AutoCloseable> source = Probe.create();
        source.onRequest(n -> {
            source.next(() -> trail.mark("closed"));
            source.fail(new IOException("commit failed"));
        });
        assertThatThrownBy(() -> Streams.await(source))
                .isInstanceOf(CompletionException.class)
                .hasRootCauseMessage("commit failed");
        settle();
        assertThat(trail.marks()).containsExactly("closed");
    }

    @LoopTest
    void anItemThatIsHeldAtTheCancelIsHandedOver() {
        List<Integer> left = new ArrayList<>();
        Probe<Integer> source = silent();
        Task<Integer> task = Task.spawn(() -> Streams.await(source, left::add));
        settle();
        source.next(1);
        task.cancel();
        assertThatThrownBy(() -> Await.await(task)).isInstanceOf(TaskCancelledException.class);
        settle();
        assertThat(left).containsExactly(1);
        source.next(2);
        settle();
        assertThat(left)
                .as("a value that arrives after the cancel is not dropped")
                .containsExactly(1, 2);
    }

    @LoopTest
    void anItemThatIsHeldIsHandedOverThoughTheSourceThrowsFromCancel(Reports reports) {
        List<Integer> left = new ArrayList<>();
        Probe<Integer> source = silent().onCancel(() -> {
            throw new IllegalArgumentException("in cancel");
        });
        Task<Integer> task = Task.spawn(() -> Streams.await(source, left::add));
        settle();
        source.next(1);
        task.cancel();
        assertThatThrownBy(() -> Await.await(task)).isInstanceOf(TaskCancelledException.class);
        settle();
        assertThat(left).containsExactly(1);
        assertThat(reports.takeOnly(Report.Kind.CALLBACK_FAILED).failure()).hasMessage("in cancel");
    }

    @LoopTest
    void aCompletionInTheTurnOfTheCancelLosesNothing() {
        List<Integer> left = new ArrayList<>();
        Probe<Integer> source = silent();
        Task<Integer> task = Task.spawn(() -> Streams.await(source, left::add));
        settle();
        source.next(1);
        source.complete();
        task.cancel();
        assertThatThrownBy(() -> Await.await(task)).isInstanceOf(TaskCancelledException.class);
        settle();
        assertThat(left).containsExactly(1);
    }

    @LoopTest
    void aFailureInTheTurnOfTheCancelIsReportedOnce(Reports reports) {
        Probe<Integer> source = silent();
        Task<Integer> task = Task.spawn(() -> Streams.await(source));
        settle();
        source.fail(new IllegalArgumentException("too late"));
        task.cancel();
        assertThatThrownBy(() -> Await.await(task)).isInstanceOf(TaskCancelledException.class);
        settle();
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).hasMessage("too late");
    }

    @LoopTest
    void signalsAfterTheEndAreReportedOrHarmless(Reports reports) {
        for (String name : List.of("await", "first", "last")) {
            Probe<Integer> source = Probe.create();
            source.onRequest(n -> {
                source.next(1);
                source.complete();
                source.complete();
                source.next(2);
                source.fail(new IllegalArgumentException("after the end"));
                source.fail(new CancellationException("after the end"));
            });
            assertThat(WAYS.get(name).apply(source)).as(name).isEqualTo(1);
            settle();
            assertThat(reports.take())
                    .as(name)
                    .extracting(Report::kind)
                    .containsExactlyInAnyOrder(Report.Kind.LATE_VALUE, Report.Kind.LATE_FAILURE);
        }
    }

    @LoopTest
    void whatTheLastTookThePlaceOfIsClosedButNotReported(Trail trail) {
        Probe<AutoCloseable> source = Probe.create();
        source.onRequest(n -> {
            source.next(() -> trail.mark("a"), () -> trail.mark("b"), () -> trail.mark("c"));
            source.complete();
        });
        assertThat(awaitLast(source)).isNotNull();
        settle();
        assertThat(trail.marks()).containsExactly("a", "b");
        assertThat(awaitLast(gives(1, 2, 3))).isEqualTo(3);
    }

    // ---- 6: demand

    @LoopTest
    void theLastIsAskedForInBatches() {
        int[] many = new int[1_000];
        many[999] = 42;
        Probe<Integer> source = gives(many);
        assertThat(awaitLast(source)).isEqualTo(42);
        assertThat(source.told).startsWith("subscribe", "request 256", "request 192", "request 192");
        assertThat(source.requested).isLessThan(1_300);
    }

    @LoopTest
    void aSourceWithoutAnEndDoesNotHoldTheLoop(Reports reports) {
        Probe<Integer> endless = Probe.create();
        int[] sent = new int[1];
        endless.onRequest(n -> {
            for (long i = 0; i < n; i++) {
                endless.next(sent[0]++);
            }
        });
        Task<Integer> task = Task.spawn(() -> awaitLast(endless));
        settle();
        settle();
        task.cancel();
        assertThatThrownBy(() -> Await.await(task)).isInstanceOf(TaskCancelledException.class);
        settle();
        assertThat(endless.told).endsWith("cancel");
        assertThat(sent[0]).isBetween(256, 100_000);
        assertThat(reports.takeOnly(Report.Kind.LATE_VALUE).value()).isEqualTo(sent[0] - 1);
    }

    // ---- sources that break the rules

    @LoopTest
    void aSourceThatThrowsFromSubscribe() {
        IllegalArgumentException thrown = new IllegalArgumentException("in subscribe");
        WAYS.forEach((name, way) -> assertThatThrownBy(
                        () -> way.apply(Probe.<Integer>create().onSubscribe(to -> {
                            throw thrown;
                        })))
                .as(name)
                .isSameAs(thrown));
    }

    @LoopTest
    void aSourceThatThrowsFromSubscribeAfterItGaveAnItem(Trail trail) {
        Probe<AutoCloseable> source = Probe.create();
        source.onSubscribe(to -> {
            to.onSubscribe(source);
            source.next(() -> trail.mark("closed"));
            throw new IllegalArgumentException("in subscribe");
        });
        assertThatThrownBy(() -> Streams.await(source)).hasMessage("in subscribe");
        settle();
        assertThat(trail.marks()).containsExactly("closed");
        assertThat(source.told).endsWith("cancel");
    }

    @LoopTest
    void aSourceThatThrowsFromSubscribeAfterItCompleted(Reports reports) {
        Probe<Integer> source = Probe.create();
        source.onSubscribe(to -> {
            to.onSubscribe(source);
            to.onNext(1);
            to.onComplete();
            throw new IllegalArgumentException("in subscribe");
        });
        assertThat(Streams.<Integer>await(source)).isEqualTo(1);
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).hasMessage("in subscribe");
    }

    @LoopTest
    void aSourceThatThrowsFromRequest(Loop loop, VirtualClock clock) {
        for (boolean elsewhere : List.of(false, true)) {
            WAYS.forEach((name, way) -> {
                Probe<Integer> source = Probe.<Integer>create().onRequest(n -> {
                    throw new IllegalArgumentException("in request");
                });
                if (elsewhere) {
                    source.onSubscribe(to -> Thread.ofPlatform().start(() -> to.onSubscribe(source)));
                }
                try (VirtualClock.ForeignOperation ignored = clock.foreign(loop)) {
                    assertThatThrownBy(() -> way.apply(source)).as(name).hasMessage("in request");
                }
                assertThat(source.told).as(name).endsWith("cancel");
            });
        }
    }

    @LoopTest
    void aFirstWhoseSourceThrowsFromCancelIsDelivered(Reports reports) {
        Probe<Integer> source = gives(1, 2).onCancel(() -> {
            throw new IllegalArgumentException("in cancel");
        });
        assertThat(awaitFirst(source)).isEqualTo(1);
        assertThat(reports.takeOnly(Report.Kind.CALLBACK_FAILED).failure()).hasMessage("in cancel");
    }

    @LoopTest
    void aSecondSubscriptionIsCancelled() {
        WAYS.forEach((name, way) -> {
            Probe<Integer> second = Probe.create();
            Probe<Integer> source = Probe.create();
            source.onSubscribe(to -> {
                to.onSubscribe(source);
                to.onSubscribe(second);
                to.onNext(1);
                to.onComplete();
            });
            assertThat(way.apply(source).toString()).as(name).contains("1");
            assertThat(second.told).as(name).containsExactly("cancel");
        });
    }

    @LoopTest
    void aSourceThatFloodsAfterItsCancelIsHandedOverItemByItem() {
        List<Integer> left = new ArrayList<>();
        Probe<Integer> flood = Probe.create();
        flood.onSubscribe(to -> {
            to.onSubscribe(flood);
            for (int i = 0; i < 1_000; i++) {
                to.onNext(i);
            }
            to.onComplete();
        });
        assertThatThrownBy(() -> Streams.await(flood, left::add)).isInstanceOf(IllegalStateException.class);
        settle();
        assertThat(left).hasSize(1_000).isSorted();
    }

    @LoopTest
    void aSourceThatNeverAnswersIsNamedByTheSilenceCheck(Reports reports) {
        Probe<Integer> source = Probe.<Integer>create().onSubscribe(to -> {});
        assertThatThrownBy(() -> Streams.await(source)).isInstanceOf(TaskCancelledException.class);
        assertThat(reports.takeOnly(Report.Kind.SILENCE).message()).contains("the probe");
        Task.current().uncancel();
    }

    // ---- where it may be used

    @LoopTest
    void aCallbackMayNotAwait(Loop loop) {
        List<Throwable> refused = new ArrayList<>();
        loop.execute(() -> WAYS.forEach((name, way) -> {
            if (!name.equals("future")) {
                refused.add(catchThrowable(() -> way.apply(gives(1))));
            }
        }));
        settle();
        assertThat(refused).hasSize(WAYS.size() - 1).hasOnlyElementsOfType(LoopMisuseException.class);
    }

    @Test
    void outsideALoopNothingIsSubscribed() {
        WAYS.forEach((name, way) -> {
            Probe<Integer> source = gives(1);
            assertThatThrownBy(() -> way.apply(source)).as(name).isInstanceOf(LoopMisuseException.class);
            assertThat(source.told).as(name).isEmpty();
        });
    }

    @LoopTest
    void nullsAreRefusedByName(Loop loop) {
        WAYS.forEach((name, way) -> assertThatThrownBy(() -> way.apply(null))
                .as(name)
                .isInstanceOf(NullPointerException.class)
                .hasMessage("publisher"));
        assertThatThrownBy(() -> Streams.await(gives(1), (Consumer<Integer>) null))
                .hasMessage("onUndelivered");
        Undelivered<Integer> undelivered = new Undelivered<>(loop, "a test", null);
        assertThatThrownBy(() -> Pick.only(null, undelivered)).hasMessage("source");
        assertThatThrownBy(() -> Pick.first(gives(1), null)).hasMessage("undelivered");
    }

    // ---- a loop that closes

    @Test
    void aClosingLoopCancelsTheSource() {
        Probe<Integer> source = silent();
        List<Integer> left = new ArrayList<>();
        Loop.run(() -> {
            Task.spawn(() -> Streams.await(source, left::add));
            settle();
        });
        assertThat(source.told).containsExactly("subscribe", "request 2", "cancel");
        source.next(1);
        source.complete();
        assertThat(left).as("on a closed loop it is handed over where it comes").containsExactly(1);
    }

    @LoopTest
    void bothEndsAtOnce(Loop loop) {
        Flow.Publisher<Integer> ours = publisher(loop, emitter -> {
            sleep(Duration.ofMillis(1));
            emitter.emit(3);
        });
        WAYS.forEach(
                (name, way) -> assertThat(way.apply(ours).toString()).as(name).contains("3"));
    }
}
