package io.coloop.reactor;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.awaitFirst;
import static io.coloop.reactor.Reactor.flux;
import static io.coloop.reactor.Settling.endOf;
import static io.coloop.reactor.Settling.settle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.stream.Emitter;
import io.coloop.stream.EmittingBody;
import io.coloop.sync.Queue;
import io.coloop.test.LoopExtension;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** {@code flux(loop, body)}, of an iterable and of a queue: each question of the bridge contract, and the traps that apply. */
class FluxFromBodyTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @RegisterExtension
    final Dropped dropped = new Dropped();

    /** Asks for nothing by itself, and keeps all signals. */
    private static class Slow<T> extends BaseSubscriber<T> {
        final List<Object> signals = new ArrayList<>();
        final List<Thread> threads = new ArrayList<>();

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            // on demand
        }

        @Override
        protected void hookOnNext(T value) {
            threads.add(Thread.currentThread());
            signals.add(value);
        }

        @Override
        protected void hookOnError(Throwable failure) {
            signals.add(failure);
        }

        @Override
        protected void hookOnComplete() {
            signals.add("complete");
        }
    }

    private static Flux<Integer> numbers(Loop loop, int count) {
        return flux(loop, emitter -> {
            for (int i = 0; i < count; i++) {
                emitter.emit(i);
            }
        });
    }

    // ---- hot or cold, items, failures

    @LoopTest
    void trapABuilderThatStartsEagerlyThoughItLooksCold(Loop loop, Trail trail) {
        Flux<String> cold = flux(loop, emitter -> trail.mark("ran"));
        settle();
        assertThat(trail.marks()).isEmpty();
        cold.subscribe();
        cold.subscribe();
        assertThat(trail.marks()).isEmpty();
        settle();
        assertThat(trail.marks()).containsExactly("ran", "ran");
    }

    @Test
    @ExtendWith(LoopExtension.class)
    void itemsThenTheEnd(Loop loop) {
        StepVerifier.create(numbers(loop, 3))
                .expectNext(0, 1, 2)
                .expectComplete()
                .verify(LIMIT);
        StepVerifier.create(numbers(loop, 0)).expectComplete().verify(LIMIT);
    }

    @Test
    @ExtendWith(LoopExtension.class)
    void aBodyMayAwait(Loop loop, VirtualClock clock) {
        Flux<Integer> slow = flux(loop, emitter -> {
            for (int i = 0; i < 3; i++) {
                sleep(Duration.ofHours(1));
                emitter.emit(i);
            }
        });
        StepVerifier.create(slow).expectNext(0, 1, 2).expectComplete().verify(LIMIT);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofHours(3));
    }

    @LoopTest
    void aFailureIsTheSameInstanceAfterTheItems(Loop loop) {
        for (Throwable failure : List.of(new IllegalStateException(), new IOException(), new AssertionError())) {
            Slow<Object> subscriber = new Slow<>();
            flux(loop, emitter -> {
                        emitter.emit("item");
                        throw failure;
                    })
                    .subscribe(subscriber);
            subscriber.request(9);
            settle();
            assertThat(subscriber.signals).containsExactly("item", failure);
        }
    }

    @LoopTest
    void aBodyThatThrowsBeforeItsFirstAwait(Loop loop) {
        IOException failure = new IOException("at once");
        Slow<Object> subscriber = new Slow<>();
        flux(loop, emitter -> {
                    throw failure;
                })
                .subscribe(subscriber);
        settle();
        assertThat(subscriber.signals).containsExactly(failure);
    }

    @LoopTest
    void aNullItemFailsInTheBody(Loop loop) {
        Slow<Object> subscriber = new Slow<>();
        flux(loop, emitter -> emitter.emit(null)).subscribe(subscriber);
        subscriber.request(1);
        settle();
        assertThat(subscriber.signals).hasSize(1);
        assertThat(subscriber.signals.get(0))
                .isInstanceOf(NullPointerException.class)
                .hasToString("java.lang.NullPointerException: item");
    }

    @LoopTest
    void eachRetryIsANewTask(Loop loop, Trail trail) {
        Flux<String> flaky = flux(loop, emitter -> {
            trail.mark(Task.current().name());
            if (trail.marks().size() < 3) {
                throw new IOException("again");
            }
            emitter.emit("third time");
        });
        assertThat(awaitFirst(flaky.retry(5))).isEqualTo("third time");
        assertThat(trail.marks()).hasSize(3).doesNotHaveDuplicates();
    }

    @LoopTest
    void itIsAssembledThroughReactorsHooks(Loop loop, Trail trail) {
        Hooks.onEachOperator("test", publisher -> {
            trail.mark("assembled");
            return publisher;
        });
        try {
            numbers(loop, 1);
            flux(loop, List.of(1));
            flux(loop, Queue.<Integer>unbounded());
        } finally {
            Hooks.resetOnEachOperator("test");
        }
        assertThat(trail.marks()).hasSize(3);
    }

    // ---- threads, demand

    @LoopTest
    void signalsComeOnTheLoopsOwnThreadAndNotInATask(Loop loop) {
        Thread own = Reactor.await(Mono.fromSupplier(Thread::currentThread));
        List<Thread> threads = new ArrayList<>();
        List<Object> tasks = new ArrayList<>();
        Reactor.awaitLast(numbers(loop, 3).doOnEach(signal -> {
            threads.add(Thread.currentThread());
            tasks.add(String.valueOf(Task.currentOrNull()));
        }));
        assertThat(threads).hasSize(4).containsOnly(own);
        assertThat(tasks).containsOnly("null");
    }

    @LoopTest
    void emitAwaitsDemand(Loop loop, Trail trail) {
        Slow<Integer> subscriber = new Slow<>();
        Flux<Integer> loud = flux(loop, emitter -> {
            for (int i = 0; i < 4; i++) {
                emitter.emit(i);
                trail.mark("emitted " + i);
            }
        });
        loud.subscribe(subscriber);
        settle();
        assertThat(subscriber.signals).isEmpty();
        subscriber.request(1);
        settle();
        assertThat(subscriber.signals).containsExactly(0);
        assertThat(trail.marks()).containsExactly("emitted 0");
        subscriber.request(2);
        settle();
        assertThat(subscriber.signals).containsExactly(0, 1, 2);
        subscriber.requestUnbounded();
        settle();
        assertThat(subscriber.signals).containsExactly(0, 1, 2, 3, "complete");
    }

    @LoopTest
    void trapAnEmitterBlockedOnAFullBufferBlocksOnlyItself(Loop loop, Trail trail) {
        Slow<Integer> subscriber = new Slow<>();
        numbers(loop, 2).doOnDiscard(Integer.class, left -> {}).subscribe(subscriber);
        Task<Void> other = Task.spawn(() -> trail.mark("other"));
        settle();
        assertThat(trail.marks()).containsExactly("other");
        assertThat(other.isDone()).isTrue();
        subscriber.cancel();
        settle();
    }

    @LoopTest
    void demandFromAnotherThread(Loop loop, VirtualClock clock) {
        try (var thread = clock.foreign(loop)) {
            List<Integer> seen = Reactor.await(numbers(loop, 1_000)
                    .publishOn(Schedulers.boundedElastic(), 7)
                    .collectList());
            assertThat(seen).hasSize(1_000).isSorted();
        }
    }

    @LoopTest
    void aSubscriberMayAskInItsOnNext(Loop loop) {
        Slow<Integer> subscriber = new Slow<>() {
            @Override
            protected void hookOnNext(Integer value) {
                super.hookOnNext(value);
                request(1);
            }
        };
        numbers(loop, 1_000).subscribe(subscriber);
        subscriber.request(1);
        Reactor.await(Mono.delay(Duration.ofNanos(1), Reactor.scheduler(loop)));
        assertThat(subscriber.signals).hasSize(1_001).endsWith("complete");
    }

    @LoopTest
    void demandBelow1IsReactiveStreamsOwnError(Loop loop, Trail trail) {
        for (long demand : List.of(0L, -1L, Long.MIN_VALUE)) {
            List<Object> signals = new ArrayList<>();
            AtomicReference<Subscription> subscription = new AtomicReference<>();
            Flux<Integer> endless = flux(loop, emitter -> {
                try {
                    sleep(Duration.ofDays(1));
                } finally {
                    trail.mark("ended");
                }
            });
            endless.subscribe(new Raw(signals, subscription));
            settle();
            subscription.get().request(demand);
            settle();
            assertThat(signals).hasSize(1);
            assertThat(signals.get(0)).isInstanceOf(IllegalArgumentException.class);
            assertThat((Throwable) signals.get(0)).hasMessageContaining("3.9");
        }
        assertThat(trail.marks()).containsExactly("ended", "ended", "ended");
    }

    /** A subscriber without Reactor's checks. */
    record Raw(List<Object> signals, AtomicReference<Subscription> subscription)
            implements org.reactivestreams.Subscriber<Object> {
        @Override
        public void onSubscribe(Subscription given) {
            subscription.set(given);
        }

        @Override
        public void onNext(Object item) {
            signals.add(item);
        }

        @Override
        public void onError(Throwable failure) {
            signals.add(failure);
        }

        @Override
        public void onComplete() {
            signals.add("complete");
        }
    }

    // ---- cancelling, and what can no longer be delivered

    @LoopTest
    void cancellingTheSubscriptionCancelsTheTask(Loop loop, Trail trail) {
        Disposable subscription = flux(loop, emitter -> {
                    try {
                        emitter.emit("item");
                        sleep(Duration.ofDays(1));
                    } catch (TaskCancelledException cancelled) {
                        trail.mark(cancelled.getMessage());
                        throw cancelled;
                    }
                })
                .subscribe(item -> trail.mark(item.toString()), failure -> trail.mark("failed"));
        settle();
        subscription.dispose();
        settle();
        assertThat(trail.marks()).containsExactly("item", "the stream's subscriber cancelled");
    }

    @LoopTest
    void cancellingBeforeItRanNeverRunsTheBody(Loop loop, Trail trail) {
        flux(loop, emitter -> trail.mark("ran")).subscribe().dispose();
        settle();
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void takeCancels(Loop loop, Trail trail) {
        Flux<Integer> endless = flux(loop, emitter -> {
            try {
                for (int i = 0; ; i++) {
                    emitter.emit(i);
                }
            } finally {
                trail.mark("cleaned up");
            }
        });
        assertThat(Reactor.await(endless.take(3).collectList())).containsExactly(0, 1, 2);
        settle();
        assertThat(trail.marks()).containsExactly("cleaned up");
    }

    @LoopTest
    void anItemThatWasBeingEmittedAtTheCancelIsUndelivered(Loop loop) {
        List<Object> discarded = new ArrayList<>();
        List<Object> undelivered = new ArrayList<>();
        Resource closed = new Resource();
        List<Slow<Object>> subscribers = List.of(new Slow<>(), new Slow<>(), new Slow<>());
        flux(loop, emitter -> emitter.emit("hook"))
                .doOnDiscard(Object.class, discarded::add)
                .subscribe(subscribers.get(0));
        EmittingBody<Object, RuntimeException> one = emitter -> emitter.emit("caller");
        flux(loop, one, undelivered::add)
                .doOnDiscard(Object.class, lost -> discarded.add("wrong"))
                .subscribe(subscribers.get(1));
        flux(loop, emitter -> emitter.emit(closed)).subscribe(subscribers.get(2));
        settle();
        subscribers.forEach(Slow::cancel);
        settle();
        assertThat(discarded).containsExactly("hook");
        assertThat(undelivered).containsExactly("caller");
        assertThat(closed.closed).isEqualTo(1);
    }

    @LoopTest
    void anItemThatASubscriberLeavesBehindIsNotReported(Loop loop, Reports reports) {
        Slow<Object> subscriber = new Slow<>();
        flux(loop, emitter -> emitter.emit("left")).subscribe(subscriber);
        settle();
        subscriber.cancel();
        settle();
        assertThat(reports.take()).isEmpty();
    }

    @LoopTest
    void anItemThatNobodyTakesIsReported(Loop loop, Reports reports) {
        Slow<Object> subscriber = new Slow<>();
        AtomicReference<Task<?>> body = new AtomicReference<>();
        flux(loop, emitter -> {
                    body.set(Task.current());
                    emitter.emit("late");
                })
                .subscribe(subscriber);
        settle();
        body.get().cancel();
        settle();
        assertThat(reports.takeOnly(Report.Kind.LATE_VALUE).message())
                .isEqualTo("of a Flux, a value came too late: late");
    }

    @LoopTest
    void aFailureAfterTheCancelGoesToReactorsHookAndTheLoop(Loop loop, Reports reports) {
        IOException failure = new IOException("cleanup failed");
        Slow<Object> subscriber = new Slow<>();
        flux(loop, emitter -> {
                    try {
                        sleep(Duration.ofDays(1));
                    } catch (TaskCancelledException cancelled) {
                        throw failure;
                    }
                })
                .subscribe(subscriber);
        settle();
        subscriber.cancel();
        settle();
        assertThat(dropped.takeErrors()).containsExactly(failure);
        assertThat(reports.take()).hasSize(1).allMatch(report -> report.failure() == failure);
        assertThat(subscriber.signals).isEmpty();
    }

    @LoopTest
    void aTaskThatSomebodyElseCancelsIsAFailure(Loop loop) {
        AtomicReference<Task<?>> task = new AtomicReference<>();
        Slow<Object> subscriber = new Slow<>();
        flux(loop, emitter -> {
                    task.set(Task.current());
                    sleep(Duration.ofDays(1));
                })
                .subscribe(subscriber);
        settle();
        task.get().cancel("not needed");
        settle();
        assertThat(subscriber.signals).hasSize(1);
        assertThat(subscriber.signals.get(0)).isExactlyInstanceOf(CancellationException.class);
    }

    @Test
    void aClosedLoopIsAFailure() {
        Loop closed = Loop.start("closed");
        closed.close();
        StepVerifier.create(numbers(closed, 1))
                .expectError(LoopClosedException.class)
                .verify(LIMIT);
        StepVerifier.create(flux(closed, List.of(1)))
                .expectError(LoopClosedException.class)
                .verify(LIMIT);
    }

    @Test
    void aLoopThatClosesFailsWhatIsOpen() throws Exception {
        Loop closing = Loop.start("closing");
        var end = flux(closing, (Emitter<Object> emitter) -> {
                    emitter.emit("ready");
                    sleep(Duration.ofDays(1));
                })
                .materialize()
                .doOnNext(signal -> {
                    if (signal.isOnNext()) {
                        closing.shutdown();
                    }
                })
                .collectList()
                .block(LIMIT);
        closing.close();
        assertThat(end).hasSize(2);
        assertThat(end.get(1).getThrowable()).isInstanceOf(CancellationException.class);
    }

    @LoopTest
    void anEmitterIsDeadAfterItsBody(Loop loop) {
        AtomicReference<Emitter<Object>> kept = new AtomicReference<>();
        EmittingBody<Object, RuntimeException> body = kept::set;
        List<Object> undelivered = new ArrayList<>();
        flux(loop, body, undelivered::add).subscribe();
        settle();
        assertThatThrownBy(() -> kept.get().emit("late")).isInstanceOf(IllegalStateException.class);
        settle();
        assertThat(undelivered).containsExactly("late");
    }

    // ---- of an iterable, of a queue

    @LoopTest
    void theItemsOfAnIterable(Loop loop) {
        List<Integer> numbers = IntStream.range(0, 300).boxed().toList();
        Flux<Integer> cold = flux(loop, numbers);
        assertThat(Reactor.await(cold.collectList())).isEqualTo(numbers);
        assertThat(Reactor.await(cold.collectList())).isEqualTo(numbers);
    }

    @LoopTest
    void anIteratorMayAwait(Loop loop, VirtualClock clock) {
        Iterable<Integer> slow = () -> new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                sleep(Duration.ofSeconds(1));
                return next < 3;
            }

            @Override
            public Integer next() {
                return next++;
            }
        };
        assertThat(Reactor.await(flux(loop, slow).collectList())).containsExactly(0, 1, 2);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(4));
    }

    @LoopTest
    void anIterationIsAnIterable(Loop loop) {
        assertThat(Reactor.await(flux(loop, Reactor.iterate(Flux.range(1, 50), 4))
                        .map(i -> i + 1)
                        .collectList()))
                .hasSize(50)
                .startsWith(2);
    }

    @LoopTest
    void anIteratorThatThrowsIsAFailure(Loop loop) {
        Iterable<Integer> broken = () -> {
            throw new IllegalStateException("broken");
        };
        assertThatThrownBy(() -> Reactor.awaitLast(flux(loop, broken))).hasMessage("broken");
    }

    @LoopTest
    void anItemIsTakenFromAnIterableOnlyWhenItIsAskedFor(Loop loop, Trail trail) {
        Slow<String> subscriber = new Slow<>();
        Iterable<String> items = () -> new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return next < 3;
            }

            @Override
            public String next() {
                trail.mark("took " + next);
                return String.valueOf(next++);
            }
        };
        flux(loop, items).subscribe(subscriber);
        subscriber.request(1);
        settle();
        subscriber.cancel();
        settle();
        assertThat(subscriber.signals).containsExactly("0");
        assertThat(trail.marks()).containsExactly("took 0");
    }

    @LoopTest
    void anItemOfAnIterableThatComesAfterTheCancelIsUndelivered(Loop loop) {
        List<Object> undelivered = new ArrayList<>();
        Slow<String> subscriber = new Slow<>();
        Iterable<String> items = () -> new Iterator<>() {
            @Override
            public boolean hasNext() {
                return true;
            }

            @Override
            public String next() {
                subscriber.cancel();
                return "late";
            }
        };
        flux(loop, items, undelivered::add).subscribe(subscriber);
        subscriber.request(1);
        settle();
        assertThat(subscriber.signals).isEmpty();
        assertThat(undelivered).containsExactly("late");
    }

    @LoopTest
    void theItemsOfAQueueUntilItIsShutDown(Loop loop) {
        Queue<Integer> queue = Queue.bounded(2);
        Task<Void> producer = Task.spawn(() -> {
            for (int i = 0; i < 10; i++) {
                queue.put(i);
            }
            queue.shutdown();
        });
        assertThat(Reactor.await(flux(loop, queue).collectList())).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        await(producer);
    }

    @LoopTest
    void anItemLeavesTheQueueOnlyWhenItIsAskedFor(Loop loop) {
        Queue<Integer> queue = Queue.unbounded();
        for (int i = 0; i < 3; i++) {
            queue.put(i);
        }
        Slow<Integer> subscriber = new Slow<>();
        flux(loop, queue).subscribe(subscriber);
        settle();
        assertThat(queue.size()).isEqualTo(3);
        subscriber.request(1);
        settle();
        assertThat(queue.size()).isEqualTo(2);
        subscriber.cancel();
        settle();
        assertThat(queue.size()).isEqualTo(2);
        assertThat(queue.tryGet()).isEqualTo(1);
    }

    @LoopTest
    void subscribersShareAQueue(Loop loop) {
        Queue<Integer> queue = Queue.unbounded();
        Slow<Integer> one = new Slow<>();
        Slow<Integer> other = new Slow<>();
        flux(loop, queue).subscribe(one);
        flux(loop, queue, lost -> {}).subscribe(other);
        one.requestUnbounded();
        other.requestUnbounded();
        for (int i = 0; i < 10; i++) {
            queue.put(i);
            settle();
        }
        queue.shutdown();
        settle();
        List<Object> all = new ArrayList<>(one.signals);
        all.addAll(other.signals);
        assertThat(all).contains(0, 1, 2, 3, 4, 5, 6, 7, 8, 9).hasSize(12);
    }

    @LoopTest
    void nullIsRefusedByName(Loop loop) {
        EmittingBody<Object, RuntimeException> body = emitter -> {};
        assertThatThrownBy(() -> flux(null, body)).hasMessage("loop");
        assertThatThrownBy(() -> flux(loop, (EmittingBody<Object, RuntimeException>) null))
                .hasMessage("body");
        assertThatThrownBy(() -> flux(loop, body, null)).hasMessage("onUndelivered");
        assertThatThrownBy(() -> flux(loop, (Iterable<Object>) null)).hasMessage("items");
        assertThatThrownBy(() -> flux(loop, List.of(), null)).hasMessage("onUndelivered");
        assertThatThrownBy(() -> flux(loop, (Queue<Object>) null)).hasMessage("queue");
        assertThatThrownBy(() -> flux(loop, Queue.unbounded(), null)).hasMessage("onUndelivered");
    }

    @LoopTest
    void aCancelledTaskThatEmitsIsCancelled(Loop loop) {
        Flux<Integer> slow = numbers(loop, 3)
                .concatMap(
                        i -> Mono.delay(Duration.ofDays(1), Reactor.scheduler(loop))
                                .thenReturn(i),
                        1)
                .doOnDiscard(Integer.class, left -> {});
        Task<Integer> task = Task.spawn(() -> Reactor.awaitLast(slow));
        settle();
        task.cancel();
        assertThat(endOf(task)).isInstanceOf(TaskCancelledException.class);
        settle();
    }
}
