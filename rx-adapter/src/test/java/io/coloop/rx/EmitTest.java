package io.coloop.rx;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static io.coloop.rx.Rx.await;
import static io.coloop.rx.Rx.flowable;
import static io.coloop.rx.Rx.iterate;
import static io.coloop.rx.Rx.observable;
import static io.coloop.rx.Tasks.settle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.ContextVar;
import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.Promise;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.stream.Emitter;
import io.coloop.stream.EmittingBody;
import io.coloop.stream.Iteration;
import io.coloop.sync.Queue;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.core.Observable;
import io.reactivex.rxjava3.disposables.Disposable;
import io.reactivex.rxjava3.observers.TestObserver;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import io.reactivex.rxjava3.subscribers.TestSubscriber;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A Flowable or an Observable from a body, a Flowable from an iterable or a queue: each question of the bridge contract, and the traps that apply. */
class EmitTest {
    @RegisterExtension
    final Dropped dropped = new Dropped();

    private static <T> List<Flowable<T>> both(Loop loop, EmittingBody<T, ?> body) {
        return List.of(
                flowable(loop, body),
                observable(loop, body).toFlowable(io.reactivex.rxjava3.core.BackpressureStrategy.MISSING));
    }

    private static EmittingBody<Integer, RuntimeException> counting(int n) {
        return emitter -> {
            for (int i = 1; i <= n; i++) {
                emitter.emit(i);
            }
        };
    }

    private static final class Idle implements EmittingBody<Integer, RuntimeException> {
        boolean running;
        boolean cancelled;

        @Override
        public void run(Emitter<Integer> emitter) {
            running = true;
            Promise<Object> never = Promise.create();
            try {
                await(never.future());
            } catch (TaskCancelledException expected) {
                running = false;
                cancelled = true;
                throw expected;
            }
        }
    }

    // ---- items, order, end

    @LoopTest
    void theItemsInOrderAndTheEnd(Loop loop) {
        for (Flowable<Integer> stream : both(loop, counting(1_000))) {
            assertThat(await(stream.toList())).hasSize(1_000).isSorted();
        }
        assertThat(await(observable(loop, counting(3)).toList())).containsExactly(1, 2, 3);
    }

    @LoopTest
    void aBodyThatEmitsNothingIsEmpty(Loop loop) {
        for (Flowable<Integer> stream : both(loop, counting(0))) {
            assertThat(Rx.await(stream)).isNull();
        }
    }

    @LoopTest
    void aBodyMayAwait(Loop loop, VirtualClock clock) {
        EmittingBody<Integer, RuntimeException> slow = emitter -> {
            for (int i = 1; i <= 3; i++) {
                sleep(Duration.ofSeconds(1));
                emitter.emit(i);
            }
        };
        for (Flowable<Integer> stream : both(loop, slow)) {
            assertThat(await(stream.toList())).containsExactly(1, 2, 3);
        }
        assertThat(clock.elapsed()).hasSeconds(6);
    }

    @LoopTest
    void failuresAreTheSameInstance(Loop loop) {
        for (Throwable failure : List.of(new IllegalStateException("broken"), new IOException("broken"))) {
            EmittingBody<Integer, Throwable> failing = emitter -> {
                emitter.emit(1);
                throw failure;
            };
            for (Flowable<Integer> stream : both(loop, failing)) {
                TestSubscriber<Integer> subscriber = stream.test();
                settle();
                subscriber.assertValues(1).assertError(error -> error == failure);
            }
        }
    }

    @LoopTest
    void aBodyThatThrowsBeforeItsFirstAwaitFailsTheStream(Loop loop) {
        IllegalStateException failure = new IllegalStateException("at once");
        EmittingBody<Integer, RuntimeException> failing = emitter -> {
            throw failure;
        };
        for (Flowable<Integer> stream : both(loop, failing)) {
            TestSubscriber<Integer> subscriber = stream.test();
            settle();
            subscriber.assertNoValues().assertError(error -> error == failure);
        }
    }

    @LoopTest
    void aNullItemIsTheBodysFailure(Loop loop) {
        for (Flowable<Integer> stream : both(loop, (Emitter<Integer> emitter) -> emitter.emit(null))) {
            TestSubscriber<Integer> subscriber = stream.test();
            settle();
            subscriber.assertFailure(NullPointerException.class);
        }
        assertThatThrownBy(() ->
                        await(flowable(loop, java.util.Arrays.asList(1, null)).toList()))
                .isInstanceOf(NullPointerException.class);
    }

    // ---- start, threads, context

    @LoopTest
    void trapEagerThoughItLooksCold(Loop loop) {
        AtomicInteger started = new AtomicInteger();
        EmittingBody<Integer, RuntimeException> body = emitter -> emitter.emit(started.incrementAndGet());
        for (Flowable<Integer> stream : both(loop, body)) {
            started.set(0);
            settle();
            assertThat(started).hasValue(0);
            assertThat(Rx.await(stream)).isEqualTo(1);
            assertThat(Rx.await(stream)).as("a task for each subscriber").isEqualTo(2);
        }
    }

    @LoopTest
    void trapADefaultDispatchersHop(Loop loop, VirtualClock clock) {
        Set<Thread> threads = new HashSet<>();
        for (Flowable<Integer> stream : both(loop, counting(3))) {
            TestSubscriber<Integer> subscriber = new TestSubscriber<>() {
                @Override
                public void onNext(Integer item) {
                    threads.add(Thread.currentThread());
                    assertThat(Task.currentOrNull()).isNull();
                    super.onNext(item);
                }

                @Override
                public void onComplete() {
                    threads.add(Thread.currentThread());
                    super.onComplete();
                }
            };
            try (var thread = clock.foreign(loop)) {
                blocking(() -> {
                    stream.subscribe(subscriber);
                    return null;
                });
            }
            settle();
            settle();
            subscriber.assertResult(1, 2, 3);
        }
        assertThat(threads).hasSize(1).doesNotContain(Thread.currentThread());
        assertThat(threads)
                .containsExactly(await(io.reactivex.rxjava3.core.Single.fromCallable(Thread::currentThread)));
    }

    @LoopTest
    void trapContextLostForAStream(Loop loop) {
        ContextVar<String> user = ContextVar.of("user");
        user.set("ada");
        EmittingBody<String, RuntimeException> body = emitter -> {
            emitter.emit("body " + user.get());
            sleep(Duration.ofMillis(1));
            emitter.emit("later " + user.get());
        };
        for (Flowable<String> stream : both(loop, body)) {
            assertThat(await(stream.map(item -> item + ", operator " + user.get())
                            .toList()))
                    .containsExactly("body ada, operator ada", "later ada, operator ada");
        }
    }

    // ---- demand

    @LoopTest
    void emitAwaitsDemand(Loop loop, Trail trail) {
        TestSubscriber<Integer> subscriber = new TestSubscriber<>(0);
        flowable(loop, (Emitter<Integer> emitter) -> {
                    trail.mark("started");
                    emitter.emit(1);
                    trail.mark("emitted 1");
                    emitter.emit(2);
                    trail.mark("emitted 2");
                })
                .subscribe(subscriber);
        settle();
        assertThat(trail.marks()).containsExactly("started");
        subscriber.request(1);
        settle();
        assertThat(trail.marks()).containsExactly("started", "emitted 1");
        subscriber.assertValues(1).assertNotComplete();
        subscriber.request(1);
        settle();
        assertThat(trail.marks()).containsExactly("started", "emitted 1", "emitted 2");
        subscriber.assertResult(1, 2);
    }

    @LoopTest
    void anEmptyEndNeedsNoDemand(Loop loop) {
        TestSubscriber<Integer> subscriber = new TestSubscriber<>(0);
        flowable(loop, counting(0)).subscribe(subscriber);
        settle();
        subscriber.assertResult();
    }

    @LoopTest
    void anObservableHasNoDemandAndEachEmitGivesUpTheLoop(Loop loop) {
        TestObserver<Integer> observer = new TestObserver<>();
        AtomicInteger turns = new AtomicInteger();
        observable(loop, counting(100)).subscribe(observer);
        for (int i = 0; i < 3; i++) {
            yieldNow();
            turns.incrementAndGet();
        }
        assertThat(observer.values()).hasSizeBetween(1, 99);
        for (int i = 0; i < 200; i++) {
            yieldNow();
        }
        observer.assertValueCount(100).assertComplete();
    }

    @LoopTest
    void demandOf0OrLessIsRefused(Loop loop) {
        for (long n : new long[] {0, -1, Long.MIN_VALUE}) {
            Idle body = new Idle();
            List<Throwable> errors = new ArrayList<>();
            // a plain Subscriber, for which RxJava itself keeps the rules
            flowable(loop, body).subscribe(new Plain(n, errors));
            settle();
            assertThat(errors).singleElement().isInstanceOf(IllegalArgumentException.class);
            assertThat(body.running).isFalse();
            // a FlowableSubscriber, which is handed through
            Idle second = new Idle();
            flowable(loop, second).subscribe(new Plain.OfRx(n, errors));
            settle();
            assertThat(errors).hasSize(2);
            assertThat(errors.get(1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("rule 3.9");
            assertThat(second.running).isFalse();
        }
    }

    // ---- cancel

    @LoopTest
    void trapAnAdapterThatNeverCancelsItsSource(Loop loop) {
        Idle first = new Idle();
        Disposable subscription = flowable(loop, first).subscribe();
        settle();
        subscription.dispose();
        settle();
        assertThat(first.cancelled).isTrue();
        Idle second = new Idle();
        Disposable other = observable(loop, second).subscribe();
        settle();
        other.dispose();
        assertThat(other.isDisposed()).isTrue();
        settle();
        assertThat(second.cancelled).isTrue();
    }

    @LoopTest
    void disposedOfBeforeItStartsItNeverRuns(Loop loop, Trail trail) {
        for (Flowable<Integer> stream : both(loop, (Emitter<Integer> emitter) -> trail.mark("ran"))) {
            stream.subscribe().dispose();
            stream.test(0, true).assertEmpty();
            settle();
        }
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void cancelledInTheMiddleOfAnItem(Loop loop) {
        for (Flowable<Integer> stream : both(loop, counting(1_000))) {
            assertThat(await(stream.take(3).toList())).containsExactly(1, 2, 3);
        }
        settle();
    }

    @LoopTest
    void aBodyThatIsCancelledBySomebodyElseIsAFailure(Loop loop) {
        for (int i = 0; i < 2; i++) {
            Task<?>[] own = new Task<?>[1];
            TestSubscriber<Integer> subscriber = both(loop, (Emitter<Integer> emitter) -> {
                        own[0] = Task.current();
                        sleep(Duration.ofDays(1));
                    })
                    .get(i)
                    .test();
            settle();
            own[0].cancel("not needed");
            settle();
            subscriber.assertError(error ->
                    error.getClass() == CancellationException.class && "not needed".equals(error.getMessage()));
        }
    }

    @Test
    void aClosedLoopIsAnError() {
        Loop loop = Loop.start("closed");
        List<Flowable<Integer>> streams = new ArrayList<>(both(loop, counting(1)));
        streams.add(flowable(loop, List.of(1)));
        loop.close();
        for (Flowable<Integer> stream : streams) {
            stream.test().assertFailure(LoopClosedException.class);
        }
    }

    @Test
    void theLoopsEndIsAFailureOfTheStream() {
        Loop loop = Loop.start("ending");
        TestSubscriber<Integer> subscriber = flowable(loop, new Idle()).test();
        loop.close();
        subscriber.awaitDone(10, TimeUnit.SECONDS).assertFailure(CancellationException.class);
    }

    // ---- what can no longer be delivered

    @LoopTest
    void trapDroppingTheItemThatIsBeingEmittedAtTheCancel(Loop loop) {
        Resource item = new Resource();
        TestSubscriber<Resource> subscriber = new TestSubscriber<>(0);
        flowable(loop, (Emitter<Resource> emitter) -> emitter.emit(item)).subscribe(subscriber);
        settle();
        subscriber.cancel();
        settle();
        assertThat(item.closed).isEqualTo(1);

        List<Resource> undelivered = new ArrayList<>();
        Resource other = new Resource();
        TestSubscriber<Resource> second = new TestSubscriber<>(0);
        flowable(loop, (Emitter<Resource> emitter) -> emitter.emit(other), undelivered::add)
                .subscribe(second);
        settle();
        second.cancel();
        settle();
        assertThat(undelivered).containsExactly(other);
        assertThat(other.closed).isZero();
    }

    @LoopTest
    void anObservablesItemAfterTheCancelGoesToTheCaller(Loop loop) {
        List<Integer> undelivered = new ArrayList<>();
        Disposable subscription = observable(
                        loop,
                        (Emitter<Integer> emitter) -> {
                            try {
                                sleep(Duration.ofDays(1));
                            } finally {
                                assertThatThrownBy(() -> emitter.emit(7)).isInstanceOf(CancellationException.class);
                            }
                        },
                        undelivered::add)
                .subscribe();
        settle();
        subscription.dispose();
        settle();
        assertThat(undelivered).containsExactly(7);
    }

    @LoopTest
    void aFailureAfterTheCancelGoesToRxJavasHandlerAndTheLoop(Loop loop, Reports reports) {
        IOException failure = new IOException("in the cleanup");
        EmittingBody<Integer, IOException> body = emitter -> {
            try {
                sleep(Duration.ofDays(1));
            } finally {
                fail(failure);
            }
        };
        for (Flowable<Integer> stream : both(loop, body)) {
            Disposable subscription = stream.subscribe();
            settle();
            subscription.dispose();
            settle();
            assertThat(dropped.takeErrors()).containsExactly(failure);
            assertThat(reports.take())
                    .singleElement()
                    .satisfies(report -> assertThat(report.failure()).isSameAs(failure));
        }
    }

    private static void fail(IOException failure) throws IOException {
        throw failure;
    }

    // ---- iterables and queues

    @LoopTest
    void anIterable(Loop loop) {
        Flowable<Integer> stream = flowable(loop, List.of(1, 2, 3));
        assertThat(await(stream.toList())).containsExactly(1, 2, 3);
        assertThat(await(stream.toList())).as("an iterator for each").containsExactly(1, 2, 3);
        assertThat(await(flowable(loop, List.of()).toList())).isEmpty();
    }

    @LoopTest
    void anIterationIsAnIterableThatAwaits(Loop loop) {
        try (Iteration<Integer> items = iterate(Flowable.range(1, 10))) {
            assertThat(await(flowable(loop, items).toList())).hasSize(10);
        }
    }

    @LoopTest
    void aQueueUntilItIsShutDown(Loop loop, Reports reports) {
        Queue<Integer> queue = Queue.unbounded();
        TestSubscriber<Integer> subscriber = new TestSubscriber<>(0);
        flowable(loop, queue).subscribe(subscriber);
        queue.put(1);
        queue.put(2);
        settle();
        assertThat(queue.size()).as("taken out when asked for").isEqualTo(2);
        subscriber.request(1);
        settle();
        subscriber.assertValues(1);
        assertThat(queue.size()).isEqualTo(1);
        subscriber.request(10);
        settle();
        subscriber.assertValues(1, 2).assertNotComplete();
        queue.shutdown();
        settle();
        subscriber.assertResult(1, 2);
    }

    @LoopTest
    void subscribersShareAQueue(Loop loop) {
        Queue<Integer> queue = Queue.unbounded();
        Flowable<Integer> stream = flowable(loop, queue, late -> {});
        TestSubscriber<Integer> first = stream.test();
        TestSubscriber<Integer> second = stream.test();
        for (int i = 0; i < 10; i++) {
            queue.put(i);
        }
        queue.shutdown();
        settle();
        settle();
        assertThat(first.values().size() + second.values().size()).isEqualTo(10);
        first.assertComplete();
        second.assertComplete();
    }

    @LoopTest
    void cancellingLeavesAQueuesItemsInIt(Loop loop) {
        Queue<Integer> queue = Queue.unbounded();
        Disposable subscription = flowable(loop, queue).subscribe();
        settle();
        subscription.dispose();
        settle();
        queue.put(1);
        settle();
        assertThat(queue.size()).isEqualTo(1);
    }

    // ---- RxJava's own

    @LoopTest
    void assemblyHooksSeeThem(Loop loop) {
        List<Object> assembled = new ArrayList<>();
        RxJavaPlugins.setOnFlowableAssembly(flowable -> {
            assembled.add(flowable);
            return flowable;
        });
        RxJavaPlugins.setOnObservableAssembly(observable -> {
            assembled.add(observable);
            return observable;
        });
        try {
            Flowable<Integer> stream = flowable(loop, counting(1));
            Observable<Integer> other = observable(loop, counting(1));
            assertThat(assembled).contains(stream, other).hasSize(3);
        } finally {
            RxJavaPlugins.setOnFlowableAssembly(null);
            RxJavaPlugins.setOnObservableAssembly(null);
        }
    }

    @LoopTest
    void thereAndBack(Loop loop) {
        Flowable<Integer> stream = flowable(loop, emitter -> {
            try (Iteration<Integer> items = iterate(flowable(loop, counting(1_000)), 8)) {
                for (int item : items) {
                    emitter.emit(item);
                }
            }
        });
        assertThat(await(stream.toList())).hasSize(1_000).isSorted();
    }

    @LoopTest
    void nullIsRefusedByName(Loop loop) {
        EmittingBody<Integer, RuntimeException> noBody = null;
        Consumer<Integer> nobody = null;
        assertThatThrownBy(() -> flowable(null, counting(1))).hasMessage("loop");
        assertThatThrownBy(() -> flowable(null, List.of(1))).hasMessage("loop");
        assertThatThrownBy(() -> observable(null, counting(1))).hasMessage("loop");
        assertThatThrownBy(() -> flowable(loop, noBody)).hasMessage("body");
        assertThatThrownBy(() -> observable(loop, noBody)).hasMessage("body");
        assertThatThrownBy(() -> flowable(loop, (Iterable<Integer>) null)).hasMessage("items");
        assertThatThrownBy(() -> flowable(loop, (Queue<Integer>) null)).hasMessage("queue");
        assertThatThrownBy(() -> flowable(loop, counting(1), nobody)).hasMessage("onUndelivered");
        assertThatThrownBy(() -> observable(loop, counting(1), nobody)).hasMessage("onUndelivered");
        assertThatThrownBy(() -> flowable(loop, Queue.<Integer>unbounded(), nobody))
                .hasMessage("onUndelivered");
    }
}
