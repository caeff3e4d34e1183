package io.coloop.stream;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static io.coloop.stream.Streams.iterate;
import static io.coloop.stream.Streams.publisher;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.coloop.Cleanup;
import io.coloop.Ending;
import io.coloop.Loop;
import io.coloop.LoopGroup;
import io.coloop.LoopMisuseException;
import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.TaskGroup;
import io.coloop.TaskTimeoutException;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An iteration, as its task and as its source see it: the seven answers, the traps and the bad input. */
@Timeout(30)
class IterationTest {
    private static void settle() {
        for (int i = 0; i < 6; i++) {
            yieldNow();
        }
    }

    private static List<Integer> drain(Iteration<Integer> items) {
        List<Integer> seen = new ArrayList<>();
        items.forEach(seen::add);
        return seen;
    }

    /** Gives what it is asked for at once. */
    private static Probe<Integer> numbers(int count) {
        Probe<Integer> probe = Probe.create();
        int[] sent = new int[1];
        return probe.onRequest(n -> {
            for (long i = 0; i < n && sent[0] < count; i++) {
                probe.next(sent[0]++);
                if (sent[0] == count) {
                    probe.complete();
                }
            }
        });
    }

    /** Gives items without an end, and does not care how many were asked for; it stops when it is cancelled. */
    private static Probe<Integer> flood(boolean heedsCancel, int atMost) {
        Probe<Integer> probe = Probe.create();
        return probe.onSubscribe(to -> {
            to.onSubscribe(probe);
            for (int i = 0; i < atMost && !(heedsCancel && probe.told.contains("cancel")); i++) {
                to.onNext(i);
            }
        });
    }

    // ---- 1: start

    @LoopTest
    void theSourceIsSubscribedOnceAtTheFirstHasNext() {
        Probe<Integer> source = numbers(3);
        try (Iteration<Integer> items = iterate(source, 8)) {
            settle();
            assertThat(source.told).isEmpty();
            assertThat(items).hasToString("Iteration[not begun]");
            Iterator<Integer> iterator = items.iterator();
            assertThat(iterator.hasNext()).isTrue();
            assertThat(iterator.hasNext()).isTrue();
            assertThat(items).hasToString("Iteration[open]");
            assertThat(source.told).containsExactly("subscribe", "request 8");
            assertThat(drain(items)).containsExactly(0, 1, 2);
            assertThat(items).hasToString("Iteration[closed]");
        }
        settle();
        assertThat(source.told).as("it ended by itself").containsExactly("subscribe", "request 8");
    }

    @LoopTest
    void anIterationThatNeverBeganSubscribesNothing() {
        Probe<Integer> source = numbers(3);
        Iteration<Integer> items = iterate(source);
        Iterator<Integer> iterator = items.iterator();
        items.close();
        items.close();
        assertThat(iterator.hasNext()).isFalse();
        assertThatThrownBy(iterator::next).isInstanceOf(NoSuchElementException.class);
        settle();
        assertThat(source.told).isEmpty();
    }

    @LoopTest
    void aSecondForGoesOnWhereTheFirstStopped() {
        try (Iteration<Integer> items = iterate(numbers(5), 2)) {
            for (int item : items) {
                if (item == 1) {
                    break;
                }
            }
            assertThat(drain(items)).containsExactly(2, 3, 4);
        }
    }

    // ---- 2: threads

    @LoopTest
    void theSourceIsCalledOnTheLoopsOwnThreadAndInNoTask(Loop loop) {
        List<Object> tasks = new CopyOnWriteArrayList<>();
        AtomicReference<Thread> loopThread = new AtomicReference<>();
        loop.execute(() -> loopThread.set(Thread.currentThread()));
        Probe<Integer> source = Probe.create();
        source.onSubscribe(to -> {
                    tasks.add(Task.currentOrNull() == null);
                    to.onSubscribe(source);
                })
                .onRequest(n -> {
                    tasks.add(Task.currentOrNull() == null);
                    source.next(1);
                })
                .onCancel(() -> tasks.add(Task.currentOrNull() == null));
        try (Iteration<Integer> items = iterate(source, 1, left -> {})) {
            for (int i = 0; i < 3; i++) {
                assertThat(items.iterator().next()).isEqualTo(1);
            }
        }
        settle();
        assertThat(source.told)
                .startsWith("subscribe", "request 1", "request 1")
                .endsWith("cancel");
        assertThat(source.threads).containsOnly(loopThread.get());
        assertThat(tasks).containsOnly(true).hasSize(source.told.size());
    }

    @LoopTest
    void signalsAreWelcomeFromAnyThread(Loop loop, VirtualClock clock) {
        for (int prefetch : List.of(1, 2, 3, 32)) {
            Probe<Integer> source = Probe.create();
            AtomicReference<Thread> signalling = new AtomicReference<>();
            java.util.concurrent.Semaphore demand = new java.util.concurrent.Semaphore(0);
            source.onSubscribe(to -> signalling.set(Thread.ofPlatform().start(() -> {
                        to.onSubscribe(source);
                        for (int i = 0; i < 500; i++) {
                            demand.acquireUninterruptibly();
                            to.onNext(i);
                        }
                        to.onComplete();
                    })))
                    .onRequest(n -> demand.release((int) n));
            try (VirtualClock.ForeignOperation ignored = clock.foreign(loop);
                    Iteration<Integer> items = iterate(source, prefetch)) {
                assertThat(drain(items)).hasSize(500).isSorted();
            }
            assertThat(source.threads.stream().distinct().toList())
                    .as("asked on the loop, though the subscription came from elsewhere")
                    .hasSize(1)
                    .doesNotContain(signalling.get());
        }
    }

    // ---- 3: cancel

    @LoopTest
    void closingCancelsTheSourceOnce() {
        Probe<Integer> source = numbers(100);
        Iteration<Integer> items = iterate(source, 1, left -> {});
        assertThat(items.iterator().next()).isZero();
        settle();
        int before = source.told.size();
        items.close();
        items.close();
        settle();
        assertThat(source.told).hasSize(before + 1).endsWith("cancel");
    }

    @LoopTest
    void aCallbackCancelsTheSourceFromTheReadyQueue(Loop loop) {
        Probe<Integer> source = numbers(100);
        Iteration<Integer> items = iterate(source, 1, left -> {});
        assertThat(items.iterator().next()).isZero();
        settle();
        List<String> before = List.copyOf(source.told);
        loop.execute(() -> {
            items.close();
            assertThat(source.told).isEqualTo(before);
        });
        settle();
        assertThat(source.told).hasSize(before.size() + 1).endsWith("cancel");
    }

    @LoopTest
    void anAdapterThatNeverCancelsItsSource(Loop loop) {
        Probe<Integer> source = Probe.create();
        Task<Void> task = Task.spawn(() -> {
            try (Iteration<Integer> items = iterate(source)) {
                drain(items);
            }
        });
        settle();
        task.cancel("enough");
        assertThatThrownBy(() -> await(task))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("enough");
        settle();
        assertThat(source.told).endsWith("cancel");
    }

    @LoopTest
    void aCancelledHasNextLeavesTheIterationOpen(VirtualClock clock) {
        Probe<Integer> source = Probe.create();
        try (Iteration<Integer> items = iterate(source, 4)) {
            assertThatThrownBy(() -> io.coloop.Timeout.of(Duration.ofMillis(5))
                            .run(() -> items.iterator().hasNext()))
                    .isInstanceOf(TaskTimeoutException.class);
            assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(5));
            source.next(1, 2);
            source.complete();
            assertThat(drain(items)).containsExactly(1, 2);
        }
        assertThat(source.told).containsExactly("subscribe", "request 4");
    }

    @LoopTest
    void aSourceThatSomebodyElseCancelledIsAFailure() {
        for (CancellationException cancelled :
                List.of(new CancellationException("by another"), new TaskCancelledException("by another"))) {
            Probe<Integer> source = Probe.create();
            source.onRequest(n -> source.fail(cancelled));
            assertThatThrownBy(() -> drain(iterate(source)))
                    .isExactlyInstanceOf(CancellationException.class)
                    .hasMessage("by another");
        }
    }

    @LoopTest
    void closingByAnotherTaskEndsAHasNextThatWaits() {
        Probe<Integer> source = Probe.create();
        Iteration<Integer> items = iterate(source);
        Task<List<Integer>> task = Task.spawn(() -> drain(items));
        settle();
        source.next(1);
        settle();
        items.close();
        assertThat(await(task)).containsExactly(1);
        settle();
        assertThat(source.told).endsWith("cancel");
    }

    @LoopTest
    void aSubscriptionThatComesAfterTheCloseIsCancelled(Loop loop) {
        Probe<Integer> source = Probe.create();
        AtomicReference<Flow.Subscriber<? super Integer>> late = new AtomicReference<>();
        source.onSubscribe(late::set);
        Iteration<Integer> items = iterate(source);
        Task<Boolean> task = Task.spawn(() -> items.iterator().hasNext());
        settle();
        items.close();
        assertThat(await(task)).isFalse();
        settle();
        late.get().onSubscribe(source);
        settle();
        assertThat(source.told).containsExactly("subscribe", "cancel");
    }

    // ---- 4: null, empty

    @LoopTest
    void anEmptySourceIsAnIterationWithoutItems() {
        Probe<Integer> source = Probe.create();
        source.onSubscribe(to -> {
            to.onSubscribe(source);
            to.onComplete();
        });
        assertThat(drain(iterate(source))).isEmpty();
    }

    @LoopTest
    void nullBreaksTheRulesAndIsThrownAtBothSides() {
        List<String> kinds = List.of("item", "failure", "subscription");
        for (String kind : kinds) {
            Probe<Integer> source = Probe.create();
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            source.onSubscribe(to -> {
                if (!kind.equals("subscription")) {
                    to.onSubscribe(source);
                    to.onNext(1);
                }
                thrown.set(catchThrowable(() -> {
                    switch (kind) {
                        case "item" -> to.onNext(null);
                        case "failure" -> to.onError(null);
                        default -> to.onSubscribe(null);
                    }
                }));
            });
            Iteration<Integer> items = iterate(source);
            if (!kind.equals("subscription")) {
                assertThat(items.iterator().next()).isEqualTo(1);
            }
            assertThatThrownBy(() -> items.iterator().hasNext())
                    .isInstanceOf(NullPointerException.class)
                    .hasMessage("a stream's " + kind + " must not be null");
            assertThat(thrown.get()).isInstanceOf(NullPointerException.class);
            assertThat(source.told.contains("cancel")).isEqualTo(kind.equals("item"));
        }
    }

    // ---- 5: undelivered

    @LoopTest
    void itemsThatAreLeftAreHandedOverInOrder(Trail trail) {
        Probe<Integer> source = numbers(100);
        try (Iteration<Integer> items = iterate(source, 5, left -> trail.mark("" + left))) {
            for (int i = 0; i < 6; i++) {
                assertThat(items.iterator().next()).isEqualTo(i);
            }
        }
        settle();
        assertThat(trail.marks()).hasSizeGreaterThan(1).startsWith("6", "7");
        assertThat(trail.marks().stream().map(Integer::parseInt).toList()).isSorted();
        assertThat(trail.marks()).hasSize((int) source.requested - 6);
    }

    @LoopTest
    void aValueThatArrivesAfterTheCancelIsNotDropped(Reports reports) {
        Probe<Integer> source = Probe.create();
        List<Integer> late = new ArrayList<>();
        Iteration<Integer> items = iterate(source, 4, late::add);
        Task<Boolean> task = Task.spawn(() -> items.iterator().hasNext());
        settle();
        items.close();
        assertThat(await(task)).isFalse();
        source.next(1);
        settle();
        assertThat(late).containsExactly(1);
        source.fail(new IllegalArgumentException("late"));
        settle();
        Report report = reports.takeOnly(Report.Kind.LATE_FAILURE);
        assertThat(report.message()).contains("a publisher failed too late").contains("late");
        source.fail(new CancellationException("as it was told"));
        source.complete();
        settle();
        assertThat(reports.take()).isEmpty();
    }

    @LoopTest
    void aResourceThatIsLeftIsClosed(Trail trail) {
        Probe<AutoCloseable> source = Probe.create();
        source.onRequest(n -> source.next(() -> trail.mark("a"), () -> trail.mark("b")));
        try (Iteration<AutoCloseable> items = iterate(source, 2)) {
            assertThat(items.iterator().hasNext()).isTrue();
        }
        settle();
        assertThat(trail.marks()).containsExactly("a", "b");
    }

    @LoopTest
    void aFailureThatNobodySawIsReported(Reports reports) {
        Probe<Integer> source = Probe.create();
        source.onRequest(n -> {
            source.next(1, 2);
            source.fail(new IllegalArgumentException("unseen"));
        });
        try (Iteration<Integer> items = iterate(source, 2, left -> {})) {
            assertThat(items.iterator().next()).isEqualTo(1);
        }
        settle();
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).hasMessage("unseen");
        assertThat(source.told).doesNotContain("cancel");
    }

    // ---- 6: demand

    @LoopTest
    void prefetchIsRefilledAtThreeQuarters() {
        int[][] prefetchAndRefill = {{1, 1}, {2, 2}, {3, 3}, {4, 3}, {5, 4}, {8, 6}, {32, 24}, {100, 75}};
        for (int[] pair : prefetchAndRefill) {
            Probe<Integer> source = numbers(1_000);
            try (Iteration<Integer> items = iterate(source, pair[0], left -> {})) {
                Iterator<Integer> iterator = items.iterator();
                assertThat(iterator.hasNext()).isTrue();
                for (int i = 0; i < pair[1] - 1; i++) {
                    iterator.next();
                }
                settle();
                assertThat(source.told).containsExactly("subscribe", "request " + pair[0]);
                iterator.next();
                settle();
                assertThat(source.told).hasSize(3).endsWith("request " + pair[1]);
            }
        }
    }

    @LoopTest
    void thereIsNeverAnUnboundedBuffer(Reports reports) {
        Probe<Integer> source = flood(true, 1_000_000);
        List<Integer> left = new ArrayList<>();
        Iteration<Integer> items = iterate(source, 3, left::add);
        Iterator<Integer> iterator = items.iterator();
        assertThat(List.of(iterator.next(), iterator.next(), iterator.next())).containsExactly(0, 1, 2);
        assertThatThrownBy(iterator::hasNext)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the source signalled more than the 3 items that were asked for: one that cannot be slowed"
                        + " down needs a strategy for overflow");
        settle();
        assertThat(left).containsExactly(3);
        assertThat(source.told).containsExactly("subscribe", "request 3", "cancel");
    }

    @LoopTest
    void aSourceThatNeverEndsUnderCancel() {
        Probe<Integer> source = flood(false, 10_000);
        List<Integer> left = new ArrayList<>();
        Iteration<Integer> items = iterate(source, 4, left::add);
        assertThatThrownBy(() -> drain(items)).isInstanceOf(IllegalStateException.class);
        settle();
        assertThat(left).hasSize(10_000 - 4);
    }

    @LoopTest
    void aSourceThatGivesItemsWithoutASubscription() {
        Probe<Integer> source = Probe.create();
        source.onSubscribe(to -> {
            to.onNext(1);
            to.onComplete();
        });
        assertThat(drain(iterate(source))).containsExactly(1);
        Probe<Integer> more = Probe.create();
        more.onSubscribe(to -> {
            to.onNext(1);
            to.onNext(2);
        });
        assertThatThrownBy(() -> drain(iterate(more, 1, left -> {}))).isInstanceOf(IllegalStateException.class);
    }

    @LoopTest
    void thePrefetchIsChecked() {
        for (int bad : List.of(0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE)) {
            assertThatThrownBy(() -> iterate(numbers(1), bad))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("prefetch is from 1 to 2^30: " + bad);
        }
    }

    // ---- what it throws

    @LoopTest
    void aFailureIsThrownOnceAfterTheItems() {
        IOException checked = new IOException("broken");
        IllegalArgumentException unchecked = new IllegalArgumentException("broken");
        for (Exception failure : List.of(checked, unchecked)) {
            Probe<Integer> source = Probe.create();
            source.onRequest(n -> {
                source.next(1, 2);
                source.fail(failure);
            });
            Iteration<Integer> items = iterate(source);
            Iterator<Integer> iterator = items.iterator();
            assertThat(List.of(iterator.next(), iterator.next())).containsExactly(1, 2);
            Throwable thrown = catchThrowable(iterator::hasNext);
            if (failure == checked) {
                assertThat(thrown).isInstanceOf(CompletionException.class).hasCause(checked);
            } else {
                assertThat(thrown).isSameAs(unchecked);
            }
            assertThat(iterator.hasNext()).isFalse();
            items.close();
        }
    }

    @LoopTest
    void signalsAfterTheEndAreReportedOrHarmless(Reports reports) {
        Probe<Integer> source = Probe.create();
        source.onRequest(n -> {
            source.next(1);
            source.complete();
            source.complete();
            source.next(2);
            source.fail(new IllegalArgumentException("after the end"));
        });
        assertThat(drain(iterate(source))).containsExactly(1);
        settle();
        assertThat(reports.take())
                .extracting(Report::kind)
                .containsExactlyInAnyOrder(Report.Kind.LATE_VALUE, Report.Kind.LATE_FAILURE);
    }

    @LoopTest
    void aSecondSubscriptionIsCancelled() {
        Probe<Integer> source = numbers(2);
        Probe<Integer> second = Probe.create();
        source.onSubscribe(to -> {
            to.onSubscribe(source);
            to.onSubscribe(second);
        });
        assertThat(drain(iterate(source))).containsExactly(0, 1);
        assertThat(second.told).containsExactly("cancel");
    }

    @LoopTest
    void aSourceThatThrowsFromSubscribe() {
        IllegalArgumentException thrown = new IllegalArgumentException("in subscribe");
        Probe<Integer> source = Probe.create();
        source.onSubscribe(to -> {
            throw thrown;
        });
        Iteration<Integer> items = iterate(source);
        Iterator<Integer> iterator = items.iterator();
        assertThatThrownBy(() -> drain(items)).isSameAs(thrown);
        assertThat(iterator.hasNext()).isFalse();
    }

    @LoopTest
    void aSourceThatThrowsFromSubscribeAfterItGaveItems() {
        Probe<Integer> source = Probe.create();
        source.onSubscribe(to -> {
            to.onSubscribe(source);
            to.onNext(1);
            throw new IllegalArgumentException("in subscribe");
        });
        Iteration<Integer> items = iterate(source);
        assertThat(items.iterator().next()).isEqualTo(1);
        assertThatThrownBy(() -> items.iterator().hasNext()).hasMessage("in subscribe");
        assertThat(source.told).endsWith("cancel");
    }

    @LoopTest
    void aSourceThatThrowsFromRequest(Loop loop, VirtualClock clock) {
        for (boolean elsewhere : List.of(false, true)) {
            for (int when : List.of(1, 2)) {
                Probe<Integer> source = Probe.create();
                int[] requests = new int[1];
                source.onRequest(n -> {
                    if (++requests[0] == when) {
                        throw new IllegalArgumentException("in request");
                    }
                    source.next(7);
                });
                if (elsewhere) {
                    source.onSubscribe(to -> Thread.ofPlatform().start(() -> to.onSubscribe(source)));
                }
                List<Integer> seen = new ArrayList<>();
                try (VirtualClock.ForeignOperation ignored = clock.foreign(loop)) {
                    assertThatThrownBy(() -> iterate(source, 1).forEach(seen::add))
                            .hasMessage("in request");
                }
                assertThat(seen).hasSize(when - 1);
                assertThat(source.told).endsWith("cancel");
            }
        }
    }

    @LoopTest
    void aSourceThatThrowsFromCancel(Reports reports) {
        Probe<Integer> source = Probe.create();
        source.onCancel(() -> {
            throw new IllegalArgumentException("in cancel");
        });
        Iteration<Integer> items = iterate(source, 1);
        Task<Boolean> task = Task.spawn(() -> items.iterator().hasNext());
        settle();
        items.close();
        assertThat(await(task)).isFalse();
        settle();
        assertThat(reports.takeOnly(Report.Kind.CALLBACK_FAILED).message())
                .contains("a stream's source threw from cancel");
    }

    @LoopTest
    void aSourceThatBreaksARuleAndThrowsFromCancelDoesNotHangTheIteration(Reports reports) {
        Probe<Integer> source = flood(false, 3);
        source.onCancel(() -> {
            throw new IllegalArgumentException("in cancel");
        });
        assertThatThrownBy(() -> drain(iterate(source, 1, left -> {}))).isInstanceOf(IllegalStateException.class);
        settle();
        assertThat(reports.takeOnly(Report.Kind.CALLBACK_FAILED).failure()).hasMessage("in cancel");
    }

    @LoopTest
    void aSourceThatNeverAnswersIsNamedByTheSilenceCheck(Loop loop, Reports reports) {
        Probe<Integer> source = Probe.create();
        source.onSubscribe(to -> {});
        try (Iteration<Integer> items = iterate(source)) {
            assertThatThrownBy(() -> drain(items)).isInstanceOf(TaskCancelledException.class);
        }
        assertThat(reports.takeOnly(Report.Kind.SILENCE).message()).contains("the next item of the probe");
        Task.current().uncancel();
    }

    // ---- closing it waits for what ends by that

    /** Emits until it is cancelled, and takes so long to clean up. */
    private static Flow.Publisher<Integer> cleaning(Loop loop, Duration cleanup, List<String> said) {
        return publisher(loop, emitter -> {
            try {
                for (int i = 0; ; i++) {
                    emitter.emit(i);
                }
            } finally {
                said.add("cleaning");
                sleep(cleanup);
                said.add("clean");
            }
        });
    }

    private static void takeOne(Flow.Publisher<Integer> source) {
        try (Iteration<Integer> items = iterate(source, 1)) {
            assertThat(items.iterator().next()).isZero();
        }
    }

    /** The trap: a source that can be used once at a time was still in use right after the {@code try}. */
    @LoopTest
    void itIsClosedWhenTheSourceHasHeardOfIt() {
        Probe<Integer> source = numbers(9);
        takeOne(source);
        assertThat(source.told).endsWith("cancel");
    }

    /** The trap: a cancelled task ended before what it iterated over. */
    @LoopTest
    void itIsClosedWhenTheBodyThatEmitsHasEnded(Loop loop, VirtualClock clock) {
        List<String> said = new ArrayList<>();
        takeOne(cleaning(loop, Duration.ofMillis(5), said));
        assertThat(said).containsExactly("cleaning", "clean");
        Task<?> waiting = Task.spawn(() -> {
            try (Iteration<Integer> items = iterate(cleaning(loop, Duration.ofMillis(5), said), 1)) {
                items.forEach(item -> sleep(Duration.ofMillis(1)));
            }
        });
        sleep(Duration.ofMillis(10));
        said.clear();
        waiting.cancel();
        assertThatThrownBy(() -> await(waiting)).isInstanceOf(TaskCancelledException.class);
        assertThat(said).containsExactly("cleaning", "clean");
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(20));
    }

    @LoopTest
    void aSecondCancelDoesNotCutThatWaitBeforeItsGraceIsOver(Loop loop, VirtualClock clock) {
        List<String> said = new ArrayList<>();
        Task<?> closing = Task.spawn(() -> takeOne(cleaning(loop, Duration.ofSeconds(8), said)));
        sleep(Duration.ofSeconds(1));
        closing.cancel("first");
        sleep(Duration.ofSeconds(1));
        closing.cancel("second");
        assertThatThrownBy(() -> await(closing))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("first");
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(5));
        assertThat(said).containsExactly("cleaning");
        sleep(Duration.ofSeconds(3));
        assertThat(said).containsExactly("cleaning", "clean");
    }

    @LoopTest
    void aCancelThatCameWhileItWasClosedIsSeenByTheNextAwait(Loop loop) {
        List<String> said = new ArrayList<>();
        Task<?> closing = Task.spawn(() -> {
            takeOne(cleaning(loop, Duration.ofSeconds(1), said));
            said.add("closed");
            yieldNow();
            said.add("went on");
        });
        sleep(Duration.ofMillis(500));
        closing.cancel();
        assertThatThrownBy(() -> await(closing)).isInstanceOf(TaskCancelledException.class);
        assertThat(said).containsExactly("cleaning", "clean", "closed");
    }

    @LoopTest
    void aBodyThatFailsInItsCleanupIsReportedAndDoesNotFailTheClosing(Loop loop, Reports reports) {
        takeOne(publisher(loop, emitter -> {
            try {
                emitter.emit(0);
                emitter.emit(1);
            } catch (TaskCancelledException cancelled) {
                yieldNow();
                throw new IOException("in cleanup");
            }
        }));
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).hasMessageContaining("in cleanup");
    }

    @LoopTest
    void aBodyOfAnotherLoopIsWaitedForAsWell(Loop loop, VirtualClock clock) throws Exception {
        List<String> said = new CopyOnWriteArrayList<>();
        try (LoopGroup others = LoopGroup.start("others", 1);
                VirtualClock.ForeignOperation ignored = clock.foreign(loop)) {
            takeOne(cleaning(others.next(), Duration.ZERO, said));
            assertThat(said).containsExactly("cleaning", "clean");
        }
    }

    /** The trap: who was woken by another's close went on before the source had heard of it. */
    @LoopTest
    void whoIteratesWaitsAsWellIfAnotherClosesIt(Loop loop) {
        for (boolean byATask : List.of(false, true)) {
            List<String> said = new ArrayList<>();
            Iteration<Integer> items = iterate(
                    publisher(loop, emitter -> {
                        emitter.emit(0);
                        try {
                            sleep(Duration.ofDays(1));
                        } finally {
                            sleep(Duration.ofMillis(5));
                            said.add("clean");
                        }
                    }),
                    1);
            Task<?> iterating = Task.spawn(() -> {
                try (items) {
                    items.forEach(item -> {});
                }
                said.add("iterated");
            });
            settle();
            if (byATask) {
                items.close();
                said.add("closed");
            } else {
                loop.execute(items::close);
            }
            await(iterating);
            assertThat(said).startsWith("clean").contains("iterated").hasSize(byATask ? 3 : 2);
        }
    }

    @LoopTest
    void aWokenTaskGoesOnAfterTheSourceHasHeardOfTheClose(Loop loop) {
        Probe<Integer> source = Probe.create();
        Iteration<Integer> items = iterate(source, 1);
        Task<List<String>> iterating = Task.spawn(() -> {
            assertThat(items.iterator().hasNext()).isFalse();
            return List.copyOf(source.told);
        });
        settle();
        loop.execute(items::close);
        assertThat(await(iterating)).endsWith("cancel");
    }

    @LoopTest
    void aCleanupAroundItProtectsTheWaitAsLongAsItSays(Loop loop, VirtualClock clock) {
        List<String> said = new ArrayList<>();
        Task<?> closing = Task.spawn(() -> Cleanup.run(Duration.ofSeconds(30), () -> {
            takeOne(cleaning(loop, Duration.ofSeconds(8), said));
            said.add("committed");
        }));
        sleep(Duration.ofSeconds(1));
        closing.cancel();
        assertThatThrownBy(() -> await(closing)).isInstanceOf(TaskCancelledException.class);
        assertThat(said).containsExactly("cleaning", "clean", "committed");
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(8));
    }

    @Test
    @Timeout(10)
    void whatALoopClosesDoesNotKeepOlderHooksWaiting() {
        List<String> said = new CopyOnWriteArrayList<>();
        Loop.run(() -> {
            Loop.current().onClose(() -> said.add("older hook"));
            Promise<Void> never = Promise.create();
            Probe<Integer> source = numbers(9).onCancel(() -> {
                said.add("cancel");
                Ending.add(never.future());
            });
            assertThat(iterate(source, 1).iterator().next()).isZero();
        });
        assertThat(said).containsExactly("cancel", "older hook");
    }

    @LoopTest
    void aSourceThatThrowsFromCancelIsNotWaitedFor(Reports reports) {
        takeOne(numbers(9).onCancel(() -> {
            throw new IllegalStateException("in cancel");
        }));
        assertThat(reports.takeOnly(Report.Kind.CALLBACK_FAILED).failure()).hasMessage("in cancel");
    }

    @LoopTest
    void whatWaitsForTheOneThatClosesIsNotWaitedFor(Loop loop, VirtualClock clock) {
        Probe<Integer> source = numbers(9);
        Recorder<Integer> recorder = new Recorder<>(1);
        source.onCancel(() -> recorder.subscription.cancel());
        List<String> said = new ArrayList<>();
        publisher(
                        loop,
                        (Emitter<Integer> emitter) -> TaskGroup.run(group -> {
                            group.spawn(() -> {
                                takeOne(source);
                                said.add("closed");
                            });
                        }))
                .subscribe(recorder);
        settle();
        settle();
        assertThat(said).containsExactly("closed");
        assertThat(clock.elapsed()).isZero();
    }

    @LoopTest
    void whatWouldWaitForItselfDoesNot(Loop loop, VirtualClock clock) {
        Probe<Integer> source = numbers(9);
        Recorder<Integer> recorder = new Recorder<>(1);
        source.onCancel(() -> recorder.subscription.cancel());
        List<String> said = new ArrayList<>();
        publisher(loop, (Emitter<Integer> emitter) -> {
                    takeOne(source);
                    said.add("closed");
                })
                .subscribe(recorder);
        settle();
        assertThat(said).containsExactly("closed");
        assertThat(clock.elapsed()).isZero();
    }

    @LoopTest
    void outsideATaskItIsNotWaitedFor(Loop loop) {
        List<String> said = new ArrayList<>();
        Iteration<Integer> left = iterate(cleaning(loop, Duration.ofSeconds(1), said), 1);
        assertThat(left.iterator().next()).isZero();
        loop.execute(() -> {
            left.close();
            said.add("closed");
        });
        sleep(Duration.ofSeconds(2));
        assertThat(said).containsExactly("closed", "cleaning", "clean");
    }

    // ---- turns

    @LoopTest
    void after256ReadyItemsTheTaskYields(Trail trail) {
        Probe<Integer> source = numbers(2_000);
        try (Iteration<Integer> items = iterate(source, 4_000)) {
            Iterator<Integer> iterator = items.iterator();
            assertThat(iterator.hasNext()).isTrue();
            Task.spawn(() -> trail.mark("other"));
            int before = 0;
            while (trail.marks().isEmpty()) {
                iterator.next();
                before++;
            }
            assertThat(before).isBetween(255, 257);
            assertThat(drain(items)).hasSize(2_000 - before);
        }
    }

    @LoopTest
    void anIterationThatIsClosedWhileItsTaskYieldsEndsItsFor() {
        Iteration<Integer> items = iterate(numbers(2_000), 4_000, left -> {});
        List<Integer> seen = new ArrayList<>();
        Task.spawn(() -> {
            while (seen.isEmpty()) {
                yieldNow();
            }
            items.close();
        });
        items.forEach(seen::add);
        assertThat(seen).hasSizeBetween(255, 257);
    }

    // ---- several tasks

    @LoopTest
    void twoTasksInHasNext() {
        Probe<Integer> source = Probe.create();
        try (Iteration<Integer> items = iterate(source)) {
            Task<Boolean> first = Task.spawn(() -> items.iterator().hasNext());
            settle();
            assertThatThrownBy(() -> items.iterator().hasNext())
                    .isInstanceOf(LoopMisuseException.class)
                    .hasMessageContaining("one task at a time waits for an iteration's next item")
                    .hasMessageContaining("Iteration.hasNext()");
            source.next(1);
            assertThat(await(first)).isTrue();
            source.complete();
            assertThat(drain(items)).containsExactly(1);
        }
    }

    @LoopTest
    void aTaskThatIsCancelledAfterItsSignalDoesNotTakeAnothersWaitAway() {
        Probe<Integer> source = Probe.create();
        try (Iteration<Integer> items = iterate(source, 8)) {
            Task<Integer> first = Task.spawn(() -> items.iterator().next());
            settle();
            source.next(1);
            // in this turn, before the first runs: its item is taken, another waits, and the first is cancelled
            assertThat(items.iterator().next()).isEqualTo(1);
            first.cancel();
            Loop.current()
                    .execute(() -> Task.spawn(() -> {
                        settle();
                        source.next(2);
                    }));
            assertThat(items.iterator().next()).isEqualTo(2);
            assertThatThrownBy(() -> await(first)).isInstanceOf(TaskCancelledException.class);
        }
    }

    @LoopTest
    void aTaskThatWasCancelledLeavesItsPlaceAtOnce() {
        Probe<Integer> source = Probe.create();
        try (Iteration<Integer> items = iterate(source, 8)) {
            Task<Boolean> first = Task.spawn(() -> items.iterator().hasNext());
            settle();
            first.cancel();
            Loop.current().execute(() -> source.next(5));
            assertThat(items.iterator().next()).isEqualTo(5);
            assertThatThrownBy(() -> await(first)).isInstanceOf(TaskCancelledException.class);
        }
    }

    // ---- where it may be used

    @LoopTest
    void itBelongsToItsLoop(Loop loop, VirtualClock clock) {
        Iteration<Integer> items = iterate(numbers(1));
        List<Throwable> refused = new CopyOnWriteArrayList<>();
        try (VirtualClock.ForeignOperation ignored = clock.foreign(loop)) {
            await(CompletableFuture.runAsync(() -> {
                refused.add(catchThrowable(() -> items.iterator().hasNext()));
                refused.add(catchThrowable(() -> items.iterator().next()));
                refused.add(catchThrowable(items::close));
                Loop.run(() -> {
                    refused.add(catchThrowable(() -> items.iterator().hasNext()));
                    refused.add(catchThrowable(items::close));
                });
            }));
        }
        assertThat(refused)
                .hasSize(5)
                .allSatisfy(failure -> assertThat(failure)
                        .isInstanceOf(LoopMisuseException.class)
                        .hasMessageContaining("an iteration belongs to the loop on which it was made"));
        assertThat(drain(items)).containsExactly(0);
    }

    @LoopTest
    void aCallbackMayNotIterateButMayClose(Loop loop) {
        Iteration<Integer> items = iterate(numbers(9), 4, left -> {});
        Iterator<Integer> iterator = items.iterator();
        assertThat(iterator.hasNext()).isTrue();
        List<Throwable> refused = new ArrayList<>();
        loop.execute(() -> {
            refused.add(catchThrowable(() -> items.iterator().hasNext()));
            refused.add(catchThrowable(() -> items.iterator().next()));
            items.close();
        });
        settle();
        assertThat(refused)
                .hasSize(2)
                .allSatisfy(
                        failure -> assertThat(failure)
                                .isInstanceOf(LoopMisuseException.class)
                                .hasMessageContaining("only a task may await")
                                .hasMessageContaining("Iteration.")
                                .hasMessageEndingWith(
                                        "start a task with Task.spawn(...); in an operator, return the other stream with flatMap(...)"));
        assertThat(iterator.hasNext()).isFalse();
    }

    /** The trap: a second {@code for} was silently empty. */
    @LoopTest
    void aSecondForIsMisuseOnceItIsOver() {
        Iteration<Integer> toTheEnd = iterate(numbers(3));
        assertThat(drain(toTheEnd)).containsExactly(0, 1, 2);
        Iteration<Integer> closed = iterate(numbers(3));
        closed.close();
        for (Iteration<Integer> over : List.of(toTheEnd, closed)) {
            assertThatThrownBy(() -> drain(over))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith(
                            "a stream is iterated over once, and this iteration is over\n  call:   Iteration.iterator()\n")
                    .hasMessageEndingWith("call iterate(...) again for another subscription");
        }
        try (Iteration<Integer> broken = iterate(numbers(3))) {
            for (int first : broken) {
                assertThat(first).isZero();
                break;
            }
            assertThat(drain(broken)).as("goes on where the first stopped").containsExactly(1, 2);
        }
    }

    @Test
    void outsideALoopThereIsNoIteration() {
        assertThatThrownBy(() -> iterate(numbers(1)))
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining("this thread has no loop");
    }

    @LoopTest
    void nullsAreRefusedByName(Loop loop) {
        Undelivered<Integer> undelivered = new Undelivered<>(loop, "a test", null);
        assertThatThrownBy(() -> iterate(null)).hasMessage("publisher");
        assertThatThrownBy(() -> iterate(null, 1)).hasMessage("publisher");
        assertThatThrownBy(() -> iterate(null, 1, left -> {})).hasMessage("publisher");
        assertThatThrownBy(() -> iterate(numbers(1), 1, null)).hasMessage("onUndelivered");
        assertThatThrownBy(() -> Iteration.of(null, 1, undelivered)).hasMessage("source");
        assertThatThrownBy(() -> Iteration.of(numbers(1), 1, null)).hasMessage("undelivered");
    }

    // ---- a loop that closes

    @Test
    void anIterationThatNobodyClosedIsClosedWithItsLoop() {
        Probe<Integer> source = numbers(100);
        List<Integer> left = new CopyOnWriteArrayList<>();
        Loop.run(() -> {
            Iteration<Integer> items = iterate(source, 4, left::add);
            assertThat(items.iterator().next()).isZero();
        });
        assertThat(source.told).endsWith("cancel");
        assertThat(left).containsExactly(1, 2, 3);
    }

    @Test
    void aClosingLoopEndsTheTaskThatIterates() {
        Probe<Integer> source = Probe.create();
        Loop loop = Loop.start("closing");
        CompletableFuture<Void> waits = new CompletableFuture<>();
        source.onRequest(n -> waits.complete(null));
        Task<Void> task = loop.spawn(() -> {
            try (Iteration<Integer> items = iterate(source)) {
                drain(items);
            }
        });
        waits.join();
        loop.close();
        assertThat(task.isCancelled()).isTrue();
        assertThat(source.told).containsExactly("subscribe", "request 32", "cancel");
    }

    @Test
    void signalsToALoopThatIsClosedAreDisposedOfWhereTheyAreMade() {
        Probe<Integer> source = Probe.create();
        List<Integer> left = new ArrayList<>();
        Loop.run(() -> {
            Task.spawn(() -> drain(iterate(source, 4, left::add)));
            settle();
        });
        assertThat(source.told).endsWith("cancel");
        source.next(1);
        source.complete();
        assertThat(left).containsExactly(1);
    }

    @Test
    void aSubscriptionThatComesAfterTheLoopClosedIsCancelled() {
        Probe<Integer> source = Probe.create();
        source.onSubscribe(to -> {});
        Loop.run(() -> {
            Task.spawn(() -> drain(iterate(source)));
            settle();
        });
        source.to.onSubscribe(source);
        assertThat(source.told).containsExactly("subscribe", "cancel");
    }

    @Test
    void aCloseHookMayIterate() {
        List<Integer> seen = new ArrayList<>();
        Loop loop = Loop.start("closing");
        loop.onClose(() -> {
            try (Iteration<Integer> items = iterate(numbers(10), 3)) {
                seen.addAll(drain(items));
            }
        });
        loop.close();
        assertThat(seen).hasSize(10);
    }
}
