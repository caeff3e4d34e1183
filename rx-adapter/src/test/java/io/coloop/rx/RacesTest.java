package io.coloop.rx;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Loop;
import io.coloop.Promise;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.reactivex.rxjava3.disposables.Disposable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A cancel against a value, from two threads: the value is delivered or undelivered, exactly once. */
class RacesTest {
    private static final int BATCHES = 200;
    private static final int BATCH = 500;

    @RegisterExtension
    final Dropped dropped = new Dropped();

    private final AtomicInteger delivered = new AtomicInteger();
    private final AtomicInteger undelivered = new AtomicInteger();

    @Test
    @Timeout(120)
    void awaitCancelledOnTheLoopWhileAnotherThreadCompletes() throws Exception {
        Loop.run(() -> {
            for (int batch = 0; batch < BATCHES; batch++) {
                AtomicIntegerArray counts = new AtomicIntegerArray(BATCH);
                List<ManualMaybe<Integer>> sources = new ArrayList<>();
                List<Task<Void>> tasks = new ArrayList<>();
                for (int i = 0; i < BATCH; i++) {
                    ManualMaybe<Integer> source = new ManualMaybe<>();
                    sources.add(source);
                    tasks.add(Task.spawn(() -> {
                        int value = Rx.awaitRequired(source, late -> count(counts, late, undelivered));
                        count(counts, value, delivered);
                    }));
                }
                yieldNow();
                CountDownLatch start = new CountDownLatch(1);
                Thread other = Thread.ofPlatform().start(() -> {
                    start.countDown();
                    for (int i = 0; i < BATCH; i++) {
                        sources.get(i).succeed(i);
                    }
                });
                start.await();
                for (int i = BATCH - 1; i >= 0; i--) { // the two meet somewhere
                    tasks.get(i).cancel();
                    if (i % 16 == 0) {
                        yieldNow(); // some that have their value go on
                    }
                }
                blocking(() -> other.join(Duration.ofSeconds(30)));
                for (Task<Void> task : tasks) {
                    try {
                        await(task);
                    } catch (TaskCancelledException cancelled) {
                        // one of the two ways to end
                    }
                }
                yieldNow();
                yieldNow();
                yieldNow();
                assertOnceEach(counts, batch);
            }
        });
        assertThat(delivered.get() + undelivered.get()).isEqualTo(BATCHES * BATCH);
        assertThat(delivered.get()).as("both happened").isPositive();
        assertThat(undelivered.get()).as("both happened").isPositive();
    }

    @Test
    @Timeout(120)
    void disposedOfByAnotherThreadWhileTheLoopDelivers() throws Exception {
        try (Loop loop = Loop.start("races")) {
            for (int batch = 0; batch < BATCHES; batch++) {
                AtomicIntegerArray counts = new AtomicIntegerArray(BATCH);
                List<Promise<Integer>> promises = new ArrayList<>();
                List<Disposable> subscriptions = new ArrayList<>();
                for (int i = 0; i < BATCH; i++) {
                    Promise<Integer> promise = loop.promise();
                    promise.onUndelivered(late -> count(counts, late, undelivered));
                    promises.add(promise);
                    subscriptions.add(
                            Rx.<Integer>maybeOwning(promise.future(), late -> count(counts, late, undelivered))
                                    .subscribeWith(new Counter(value -> count(counts, value, delivered))));
                }
                loop.execute(() -> {
                    for (int i = 0; i < BATCH; i++) {
                        promises.get(i).complete(i);
                    }
                });
                for (int i = BATCH - 1; i >= 0; i--) {
                    subscriptions.get(i).dispose();
                }
                CountDownLatch settled = new CountDownLatch(1);
                loop.execute(() -> loop.callSoon(() -> loop.callSoon(() -> loop.callSoon(settled::countDown))));
                assertThat(settled.await(30, TimeUnit.SECONDS)).isTrue();
                assertOnceEach(counts, batch);
            }
        }
        assertThat(delivered.get() + undelivered.get()).isEqualTo(BATCHES * BATCH);
        assertThat(undelivered.get()).isPositive();
    }

    private static void count(AtomicIntegerArray counts, int value, AtomicInteger total) {
        counts.incrementAndGet(value);
        total.incrementAndGet();
    }

    private static void assertOnceEach(AtomicIntegerArray counts, int batch) {
        for (int i = 0; i < BATCH; i++) {
            assertThat(counts.get(i)).as("value %d of batch %d", i, batch).isEqualTo(1);
        }
    }

    /** Hands each value on, with nothing in between that would drop it once it is disposed of. */
    private static final class Counter implements io.reactivex.rxjava3.core.MaybeObserver<Integer>, Disposable {
        private final java.util.function.IntConsumer receiver;
        private volatile Disposable upstream;

        Counter(java.util.function.IntConsumer receiver) {
            this.receiver = receiver;
        }

        @Override
        public void onSubscribe(Disposable upstream) {
            this.upstream = upstream;
        }

        @Override
        public void onSuccess(Integer value) {
            receiver.accept(value);
        }

        @Override
        public void onError(Throwable failure) {
            throw new AssertionError(failure);
        }

        @Override
        public void onComplete() {
            throw new AssertionError("no value");
        }

        @Override
        public void dispose() {
            upstream.dispose();
        }

        @Override
        public boolean isDisposed() {
            return upstream.isDisposed();
        }
    }
}
