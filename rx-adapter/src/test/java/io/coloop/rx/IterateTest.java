package io.coloop.rx;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static io.coloop.rx.Rx.iterate;
import static io.coloop.rx.Tasks.cancel;
import static io.coloop.rx.Tasks.endOf;
import static io.coloop.rx.Tasks.settle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.stream.Iteration;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.VirtualClock;
import io.reactivex.rxjava3.core.BackpressureStrategy;
import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.core.Observable;
import io.reactivex.rxjava3.core.Single;
import io.reactivex.rxjava3.exceptions.MissingBackpressureException;
import io.reactivex.rxjava3.exceptions.ProtocolViolationException;
import io.reactivex.rxjava3.subjects.PublishSubject;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A plain {@code for} over a Flowable or an Observable: each question of the bridge contract, the strategies, and the traps that apply. */
class IterateTest {
    @RegisterExtension
    final Dropped dropped = new Dropped();

    private static <T> List<Streamed<T>> both(Flowable<T> flowable) {
        return List.of(Streamed.of(flowable), Streamed.of(flowable.toObservable()));
    }

    private static List<Integer> range(int first, int last) {
        return IntStream.rangeClosed(first, last).boxed().toList();
    }

    private static <T> List<T> all(Iteration<T> iteration) {
        List<T> items = new ArrayList<>();
        try (iteration) {
            for (T item : iteration) {
                items.add(item);
            }
        }
        return items;
    }

    // ---- items, order, end

    @LoopTest
    void allItemsInOrder() {
        for (Streamed<Integer> stream : both(Flowable.range(1, 1_000))) {
            assertThat(all(stream.iterate())).isEqualTo(range(1, 1_000));
            assertThat(all(stream.iterate(1))).isEqualTo(range(1, 1_000));
            assertThat(all(stream.iterate(7))).isEqualTo(range(1, 1_000));
            assertThat(all(stream.iterate(2_000, late -> {}))).isEqualTo(range(1, 1_000));
        }
    }

    @LoopTest
    void anEmptyOneHasNoItems() {
        for (Streamed<String> stream : both(Flowable.<String>empty())) {
            try (Iteration<String> items = stream.iterate()) {
                Iterator<String> iterator = items.iterator();
                assertThat(iterator.hasNext()).isFalse();
                assertThatThrownBy(iterator::next).isInstanceOf(NoSuchElementException.class);
            }
        }
    }

    @LoopTest
    void itemsThatComeLater(Loop loop, VirtualClock clock) {
        Flowable<Long> ticks =
                Flowable.interval(3, TimeUnit.SECONDS, Rx.scheduler(loop)).take(4);
        for (Streamed<Long> stream : both(ticks)) {
            assertThat(all(stream.iterate())).containsExactly(0L, 1L, 2L, 3L);
        }
        assertThat(clock.elapsed()).hasSeconds(24);
    }

    @LoopTest
    void aFailureComesBehindTheItems() {
        IllegalStateException failure = new IllegalStateException("broken");
        for (Streamed<Integer> stream : both(Flowable.range(1, 3).concatWith(Flowable.error(failure)))) {
            List<Integer> seen = new ArrayList<>();
            assertThatThrownBy(() -> {
                        try (Iteration<Integer> items = stream.iterate(2)) {
                            items.forEach(seen::add);
                        }
                    })
                    .isSameAs(failure);
            assertThat(seen).containsExactly(1, 2, 3);
        }
    }

    @LoopTest
    void aCheckedFailureIsTheCauseOfACompletionException() {
        IOException failure = new IOException("broken");
        for (Streamed<Object> stream : both(Flowable.error(failure))) {
            assertThatThrownBy(() -> all(stream.iterate()))
                    .isInstanceOf(CompletionException.class)
                    .hasCause(failure);
        }
    }

    @LoopTest
    void trapAFailureThatLooksLikeCancellation() {
        TaskCancelledException foreign = new TaskCancelledException("another task's");
        for (Streamed<Object> stream : both(Flowable.error(foreign))) {
            Task<Object> task = Task.spawn(() -> all(stream.iterate()));
            assertThat(endOf(task))
                    .isExactlyInstanceOf(CancellationException.class)
                    .hasCause(foreign);
            assertThat(task.isCancelled()).isFalse();
        }
    }

    // ---- start, threads

    @LoopTest
    void trapEagerThoughItLooksCold() {
        AtomicInteger subscriptions = new AtomicInteger();
        Flowable<Integer> source = Flowable.range(1, 3).doOnSubscribe(subscription -> subscriptions.incrementAndGet());
        for (Streamed<Integer> stream : both(source)) {
            subscriptions.set(0);
            try (Iteration<Integer> items = stream.iterate()) {
                settle();
                assertThat(subscriptions).hasValue(0);
                assertThat(items.iterator().hasNext()).isTrue();
                assertThat(subscriptions).hasValue(1);
                assertThat(items).containsExactly(1, 2, 3);
                assertThat(subscriptions).hasValue(1);
            }
        }
    }

    @LoopTest
    void trapADefaultDispatchersHop(Loop loop) {
        Set<Thread> threads = new java.util.HashSet<>();
        Flowable<Integer> source = Flowable.range(1, 100)
                .doOnSubscribe(subscription -> threads.add(Thread.currentThread()))
                .doOnRequest(n -> threads.add(Thread.currentThread()))
                .doOnCancel(() -> threads.add(Thread.currentThread()))
                .doOnNext(item -> threads.add(Thread.currentThread()));
        try (Iteration<Integer> items = iterate(source, 4, late -> {})) {
            for (int item : items) {
                if (item == 50) {
                    break;
                }
            }
        }
        settle();
        assertThat(threads).hasSize(1).doesNotContain(Thread.currentThread());
    }

    @LoopTest
    void itemsOfAnotherThread(Loop loop, VirtualClock clock) {
        for (BackpressureStrategy strategy : List.of(BackpressureStrategy.BUFFER)) {
            PublishSubject<Integer> subject = PublishSubject.create();
            try (Iteration<Integer> items = iterate(subject, strategy, 4)) {
                Task<List<Integer>> task = Task.spawn(() -> all(items));
                settle();
                try (var thread = clock.foreign(loop)) {
                    blocking(() -> {
                        range(1, 10_000).forEach(subject::onNext);
                        subject.onComplete();
                        return null;
                    });
                }
                assertThat(await(task)).isEqualTo(range(1, 10_000));
            }
        }
    }

    @LoopTest
    void othersRunThoughItemsAreReady() {
        for (Streamed<Integer> stream : both(Flowable.range(1, 1_000))) {
            AtomicInteger turns = new AtomicInteger();
            Task<Void> other = Task.spawn(() -> {
                while (true) {
                    turns.incrementAndGet();
                    yieldNow();
                }
            });
            yieldNow();
            int before = turns.get();
            assertThat(all(stream.iterate(1_000))).hasSize(1_000);
            assertThat(turns.get() - before).isGreaterThanOrEqualTo(3);
            cancel(other);
        }
    }

    // ---- demand

    @LoopTest
    void refilledAtThreeQuarters() {
        ManualStream.OfFlowable<Integer> source = new ManualStream.OfFlowable<>();
        try (Iteration<Integer> items = iterate(source, 8)) {
            Task<Integer> first = Task.spawn(() -> items.iterator().next());
            settle();
            assertThat(source.requested).isEqualTo(8);
            range(1, 8).forEach(source::next);
            assertThat(await(first)).isEqualTo(1);
            for (int i = 2; i <= 5; i++) {
                assertThat(items.iterator().next()).isEqualTo(i);
            }
            settle();
            assertThat(source.requested).isEqualTo(8);
            assertThat(items.iterator().next()).isEqualTo(6);
            settle();
            assertThat(source.requested).isEqualTo(14);
            range(9, 14).forEach(source::next);
            source.complete();
            assertThat(items).containsExactlyElementsOf(range(7, 14));
        }
        assertThat(source.isCancelled()).isFalse();
    }

    @LoopTest
    void aPrefetchIsOneOrMore() {
        for (Streamed<Integer> stream : both(Flowable.just(1))) {
            assertThatThrownBy(() -> stream.iterate(0)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> stream.iterate(-1)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    // ---- cancel

    @LoopTest
    void trapTheResourceOfASourceWasInUseRightAfterTheTry() {
        List<String> said = new ArrayList<>();
        Flowable<Integer> rows = Flowable.using(
                () -> said.add("open"), connection -> Flowable.range(1, 100), connection -> said.add("released"));
        for (Streamed<Integer> stream : both(rows)) {
            try (Iteration<Integer> items = stream.iterate()) {
                assertThat(items.iterator().next()).isEqualTo(1);
            }
        }
        assertThat(said).containsExactly("open", "released", "open", "released");
    }

    @LoopTest
    void bodiesBehindOperatorsHaveEndedWhenItIsClosed(Loop loop, VirtualClock clock) {
        List<String> said = new ArrayList<>();
        Flowable<Integer> numbers = Rx.<Integer>flowable(loop, emitter -> {
                    try {
                        for (int i = 1; ; i++) {
                            emitter.emit(i);
                        }
                    } finally {
                        sleep(Duration.ofMillis(5));
                        said.add("numbers");
                    }
                })
                .map(number -> number * 2)
                .flatMapSingle(
                        number -> number < 6
                                ? Single.just(number)
                                : Rx.single(loop, () -> {
                                    try {
                                        sleep(Duration.ofDays(1));
                                        return 0;
                                    } finally {
                                        sleep(Duration.ofMillis(7));
                                        said.add("lookup");
                                    }
                                }),
                        false,
                        4);
        try (Iteration<Integer> items = iterate(numbers, 1)) {
            assertThat(items.iterator().next()).isEqualTo(2);
            assertThat(items.iterator().next()).isEqualTo(4);
            settle();
        }
        assertThat(said).startsWith("numbers").contains("lookup");
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(7));
    }

    @LoopTest
    void trapAnAdapterThatNeverCancelsItsSource() {
        for (ManualStream<Integer> source : ManualStream.<Integer>both()) {
            Task<Void> task = Task.spawn(() -> {
                try (Iteration<Integer> items = source.stream().iterate()) {
                    for (int item : items) {
                        break;
                    }
                }
            });
            settle();
            source.next(1);
            await(task);
            settle();
            assertThat(source.isCancelled()).isTrue();
        }
    }

    @LoopTest
    void trapCancellationNoticedOnlyAtTheNextItem() {
        for (ManualStream<Integer> source : ManualStream.<Integer>both()) {
            Task<List<Integer>> task = Task.spawn(() -> all(source.stream().iterate()));
            settle();
            cancel(task);
            settle();
            assertThat(source.isCancelled()).isTrue();
        }
    }

    @LoopTest
    void trapATimeoutThatNeverCancelsItsSource(VirtualClock clock) {
        for (ManualStream<Integer> source : ManualStream.<Integer>both()) {
            assertThatThrownBy(() -> io.coloop.Timeout.of(Duration.ofNanos(7))
                            .run(() -> all(source.stream().iterate())))
                    .isInstanceOf(io.coloop.TaskTimeoutException.class);
            settle();
            assertThat(source.isCancelled()).isTrue();
        }
    }

    @LoopTest(foreignThreads = true)
    void closingTheLoopCancelsTheSource() {
        for (ManualStream<Integer> source : ManualStream.<Integer>both()) {
            Loop other = Loop.start("closing");
            Task<?> task = other.spawn(() -> all(source.stream().iterate()));
            blocking(() -> {
                while (!source.isSubscribed()) {
                    Thread.onSpinWait();
                }
                other.close();
                return null;
            });
            assertThat(source.isCancelled()).isTrue();
            assertThat(task.isCancelled()).isTrue();
        }
    }

    // ---- what can no longer be delivered

    @LoopTest
    void trapDroppingWhatIsLeftAtTheClose() {
        for (ManualStream<Resource> source : ManualStream.<Resource>both()) {
            List<Resource> resources =
                    IntStream.range(0, 10).mapToObj(i -> new Resource()).toList();
            Task<Void> task = Task.spawn(() -> {
                try (Iteration<Resource> items = source.stream().iterate(4)) {
                    items.iterator().next();
                    sleep(Duration.ofSeconds(1));
                }
            });
            settle();
            for (int i = 0; i < 4; i++) {
                source.next(resources.get(i));
            }
            if (source instanceof ManualStream.OfObservable<Resource>) {
                for (int i = 4; i < 9; i++) {
                    source.next(resources.get(i)); // into the buffer of the strategy
                }
            }
            await(task);
            source.next(resources.get(9)); // too late
            settle();
            assertThat(resources.get(0).closed).as("the task's").isZero();
            for (int i : source instanceof ManualStream.OfObservable<Resource>
                    ? new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9}
                    : new int[] {1, 2, 3, 9}) {
                assertThat(resources.get(i).closed).as("resource %d", i).isEqualTo(1);
            }
        }
    }

    @LoopTest
    void whatIsLeftGoesToTheCaller() {
        for (Streamed<Integer> stream : both(Flowable.range(1, 6))) {
            List<Integer> undelivered = new ArrayList<>();
            try (Iteration<Integer> items = stream.iterate(4, undelivered::add)) {
                assertThat(items.iterator().next()).isEqualTo(1);
            }
            settle();
            assertThat(undelivered).startsWith(2, 3, 4);
        }
    }

    @LoopTest
    void anErrorAfterTheCloseGoesToRxJavasHandlerAndTheLoop(Reports reports) {
        for (ManualStream<Integer> source : ManualStream.<Integer>both()) {
            IOException failure = new IOException("late");
            Task<List<Integer>> task = Task.spawn(() -> all(source.stream().iterate()));
            settle();
            cancel(task);
            settle();
            source.fail(failure);
            assertThat(dropped.takeErrors()).containsExactly(failure);
            assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
        }
    }

    // ---- strategies for an Observable

    private static List<Resource> resources(int n) {
        return IntStream.range(0, n).mapToObj(i -> new Resource()).toList();
    }

    private static List<Integer> closed(List<Resource> resources) {
        return resources.stream().map(resource -> resource.closed).toList();
    }

    /** Emits all at once to an iteration that asked for four, then completes; gives what the iteration has seen. */
    private static List<Resource> flood(BackpressureStrategy strategy, List<Resource> resources) {
        ManualStream.OfObservable<Resource> source = new ManualStream.OfObservable<>();
        Iteration<Resource> items = iterate(source, strategy, 4);
        Task<Boolean> begun = Task.spawn(() -> items.iterator().hasNext());
        settle();
        resources.forEach(source::next);
        source.complete();
        assertThat(await(begun)).isTrue();
        return all(items);
    }

    @LoopTest
    void bufferKeepsAll() {
        List<Resource> resources = resources(10);
        assertThat(flood(BackpressureStrategy.BUFFER, resources)).isEqualTo(resources);
        settle();
        assertThat(closed(resources)).containsOnly(0);
    }

    @LoopTest
    void dropDisposesOfWhatWasNotAskedFor() {
        List<Resource> resources = resources(10);
        assertThat(flood(BackpressureStrategy.DROP, resources)).isEqualTo(resources.subList(0, 4));
        settle();
        assertThat(closed(resources)).containsExactly(0, 0, 0, 0, 1, 1, 1, 1, 1, 1);
    }

    @LoopTest
    void latestKeepsTheNewestAndDisposesOfTheOthers() {
        List<Resource> resources = resources(10);
        assertThat(flood(BackpressureStrategy.LATEST, resources))
                .containsExactly(
                        resources.get(0), resources.get(1), resources.get(2), resources.get(3), resources.get(9));
        settle();
        assertThat(closed(resources)).containsExactly(0, 0, 0, 0, 1, 1, 1, 1, 1, 0);
    }

    @LoopTest
    void errorFailsBehindTheItems() {
        assertOverflowFails(BackpressureStrategy.ERROR, MissingBackpressureException.class, "nobody had asked for");
    }

    @LoopTest
    void missingFailsBehindTheItems() {
        assertOverflowFails(BackpressureStrategy.MISSING, IllegalStateException.class, "needs a strategy");
    }

    private static void assertOverflowFails(BackpressureStrategy strategy, Class<?> type, String message) {
        List<Resource> resources = resources(10);
        List<Resource> seen = new ArrayList<>();
        ManualStream.OfObservable<Resource> source = new ManualStream.OfObservable<>();
        try (Iteration<Resource> items = iterate(source, strategy, 4)) {
            Task<Boolean> begun = Task.spawn(() -> items.iterator().hasNext());
            settle();
            resources.forEach(source::next);
            source.complete();
            await(begun);
            assertThatThrownBy(() -> items.forEach(seen::add))
                    .isInstanceOf(type)
                    .hasMessageContaining(message);
        }
        assertThat(source.isCancelled()).isTrue();
        assertThat(seen).isEqualTo(resources.subList(0, 4));
        settle();
        assertThat(closed(resources)).containsExactly(0, 0, 0, 0, 1, 1, 1, 1, 1, 1);
    }

    @LoopTest
    void whatAStrategyDropsGoesToTheCallerAndIsNotReported() {
        for (BackpressureStrategy strategy : List.of(BackpressureStrategy.DROP, BackpressureStrategy.LATEST)) {
            ManualStream.OfObservable<Integer> source = new ManualStream.OfObservable<>();
            List<Integer> undelivered = new ArrayList<>();
            try (Iteration<Integer> items = iterate(source, strategy, 1, undelivered::add)) {
                Task<Integer> first = Task.spawn(() -> items.iterator().next());
                settle();
                source.next(1);
                source.next(2);
                source.next(3);
                assertThat(await(first)).isEqualTo(1);
            }
            settle();
            assertThat(undelivered).contains(2);
        }
        ManualStream.OfObservable<Integer> source = new ManualStream.OfObservable<>();
        try (Iteration<Integer> items = iterate(source, BackpressureStrategy.DROP, 1)) {
            Task<Integer> first = Task.spawn(() -> items.iterator().next());
            settle();
            source.next(1);
            source.next(2);
            await(first);
        }
    }

    @LoopTest
    void aFailureWaitsBehindTheBuffer() {
        IllegalStateException failure = new IllegalStateException("broken");
        ManualStream.OfObservable<Integer> source = new ManualStream.OfObservable<>();
        List<Integer> seen = new ArrayList<>();
        try (Iteration<Integer> items = iterate(source, BackpressureStrategy.BUFFER, 1)) {
            Task<Boolean> begun = Task.spawn(() -> items.iterator().hasNext());
            settle();
            range(1, 5).forEach(source::next);
            source.fail(failure);
            await(begun);
            assertThatThrownBy(() -> items.forEach(seen::add)).isSameAs(failure);
        }
        assertThat(seen).containsExactly(1, 2, 3, 4, 5);
    }

    @LoopTest
    void aFailureThatWaitsInTheBufferAtTheCloseIsNotLost(Reports reports) {
        IOException failure = new IOException("broken");
        ManualStream.OfObservable<Integer> source = new ManualStream.OfObservable<>();
        List<Integer> undelivered = new ArrayList<>();
        try (Iteration<Integer> items = iterate(source, BackpressureStrategy.BUFFER, 1, undelivered::add)) {
            Task<Boolean> begun = Task.spawn(() -> items.iterator().hasNext());
            settle();
            range(1, 3).forEach(source::next);
            source.fail(failure);
            await(begun);
        }
        settle();
        assertThat(undelivered).containsExactly(1, 2, 3);
        assertThat(dropped.takeErrors()).containsExactly(failure);
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
    }

    @LoopTest
    void trapAnEmitterThreadBlockedOnAFullBuffer(Loop loop, Reports reports) {
        for (BackpressureStrategy strategy : BackpressureStrategy.values()) {
            PublishSubject<Integer> subject = PublishSubject.create();
            try (Iteration<Integer> items = iterate(subject, strategy, 1, late -> {})) {
                Task<Integer> first = Task.spawn(() -> items.iterator().next());
                settle();
                loop.callSoon(() -> range(1, 1_000).forEach(subject::onNext)); // the loop's thread is the emitter's
                assertThat(await(first)).isEqualTo(1);
            }
            settle();
        }
        assertThat(dropped.takeErrors()).as("of MISSING and ERROR").hasSize(2);
        assertThat(reports.take()).extracting(Report::kind).containsOnly(Report.Kind.LATE_FAILURE);
    }

    @Test
    @Timeout(60)
    void anotherThreadFloodsEveryItemIsSeenOrDisposedOfOnce() throws Exception {
        for (BackpressureStrategy strategy :
                List.of(BackpressureStrategy.BUFFER, BackpressureStrategy.LATEST, BackpressureStrategy.DROP)) {
            int n = 20_000;
            AtomicInteger[] counts =
                    IntStream.range(0, n).mapToObj(i -> new AtomicInteger()).toArray(AtomicInteger[]::new);
            Observable<Integer> source =
                    Observable.<Integer>create(emitter -> Thread.ofPlatform().start(() -> {
                        for (int i = 0; i < n; i++) {
                            emitter.onNext(i);
                        }
                        emitter.onComplete();
                    }));
            Loop.run(() -> {
                int last = -1;
                try (Iteration<Integer> items = iterate(source, strategy, 16, late -> counts[late].incrementAndGet())) {
                    for (int item : items) {
                        assertThat(item).isGreaterThan(last);
                        last = item;
                        counts[item].incrementAndGet();
                    }
                }
                settle();
            });
            for (int i = 0; i < n; i++) {
                assertThat(counts[i].get()).as("%s, item %d", strategy, i).isEqualTo(1);
            }
        }
    }

    @Test
    @Timeout(60)
    void closedWhileAnotherThreadEmitsEveryItemIsSeenOrDisposedOfOnce() throws Exception {
        for (BackpressureStrategy strategy :
                List.of(BackpressureStrategy.BUFFER, BackpressureStrategy.LATEST, BackpressureStrategy.DROP)) {
            for (int round = 0; round < 200; round++) {
                AtomicInteger emitted = new AtomicInteger();
                AtomicInteger seen = new AtomicInteger();
                ManualStream.OfObservable<Integer> source = new ManualStream.OfObservable<>();
                Loop.run(() -> {
                    Thread[] emitter = new Thread[1];
                    try (Iteration<Integer> items = iterate(source, strategy, 4, late -> seen.incrementAndGet())) {
                        Task<Boolean> begun = Task.spawn(() -> items.iterator().hasNext());
                        settle();
                        emitter[0] = Thread.ofPlatform().start(() -> {
                            for (int i = 0; i < 200; i++) {
                                source.next(i);
                                emitted.incrementAndGet();
                            }
                        });
                        await(begun);
                        items.iterator().next();
                        seen.incrementAndGet();
                    }
                    blocking(() -> emitter[0].join(Duration.ofSeconds(30)));
                    settle();
                });
                assertThat(seen.get()).as("%s", strategy).isEqualTo(emitted.get());
            }
        }
    }

    // ---- sources that break the rules

    @LoopTest
    void nullBreaksTheRules() {
        for (ManualStream<Integer> source : ManualStream.<Integer>both()) {
            Task<List<Integer>> task = Task.spawn(() -> all(source.stream().iterate()));
            settle();
            assertThatThrownBy(() -> source.next(null)).isInstanceOf(NullPointerException.class);
            assertThat(endOf(task))
                    .isInstanceOf(NullPointerException.class)
                    .hasMessage("a stream's item must not be null");
            assertThat(source.isCancelled()).isTrue();
        }
    }

    @LoopTest
    void aFlowableThatGivesMoreThanItWasAskedForFails() {
        ManualStream.OfFlowable<Resource> source = new ManualStream.OfFlowable<>();
        List<Resource> resources = resources(4);
        Task<List<Resource>> task = Task.spawn(() -> all(iterate(source, 2)));
        settle();
        resources.forEach(source::next);
        assertThat(endOf(task))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("more than the 2 items that were asked for");
        assertThat(source.isCancelled()).isTrue();
        settle();
        assertThat(closed(resources)).containsExactly(0, 0, 1, 1);
    }

    @LoopTest
    void aSecondSubscriptionIsCancelledAndTheFirstOneStays() {
        for (ManualStream<Integer> source : ManualStream.<Integer>both()) {
            Task<List<Integer>> task = Task.spawn(() -> all(source.stream().iterate()));
            settle();
            source.subscribeAgain();
            assertThat(dropped.takeErrors()).singleElement().isInstanceOf(ProtocolViolationException.class);
            source.next(1);
            source.complete();
            assertThat(await(task)).containsExactly(1);
        }
    }

    @LoopTest
    void withoutOnSubscribeItCanBeCancelledAndClosed() {
        List<ManualStream<Integer>> silent = ManualStream.bothWithoutOnSubscribe();
        for (ManualStream<Integer> source : silent) {
            Task<List<Integer>> task = Task.spawn(() -> all(source.stream().iterate()));
            settle();
            cancel(task);
        }
    }

    @LoopTest
    void signalsAfterTheEndAreUndelivered(Reports reports) {
        for (ManualStream<Object> source : ManualStream.both()) {
            Resource late = new Resource();
            IOException failure = new IOException("after the end");
            Task<List<Object>> task = Task.spawn(() -> all(source.stream().iterate()));
            settle();
            source.next("item");
            source.complete();
            source.next(late);
            source.complete();
            source.fail(failure);
            assertThat(await(task)).containsExactly("item");
            settle();
            assertThat(late.closed).isEqualTo(1);
            assertThat(dropped.takeErrors()).containsExactly(failure);
            assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
        }
    }

    @LoopTest
    void nullIsRefusedByName() {
        assertThatThrownBy(() -> iterate((Flowable<String>) null)).hasMessage("flowable");
        assertThatThrownBy(() -> iterate((Observable<String>) null, BackpressureStrategy.DROP))
                .hasMessage("observable");
        assertThatThrownBy(() -> iterate(Observable.just("item"), null)).hasMessage("strategy");
        assertThatThrownBy(() -> iterate(Flowable.just("item"), 1, null)).hasMessage("onUndelivered");
        assertThatThrownBy(() -> iterate(Observable.just("item"), BackpressureStrategy.DROP, 1, null))
                .hasMessage("onUndelivered");
    }
}
