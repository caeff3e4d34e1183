package io.coloop.reactor;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Loop;
import io.coloop.Promise;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;

/** A cancel against a value, from two threads: the value is delivered or undelivered, exactly once. */
class RacesTest {
    private static final int BATCHES = 200;
    private static final int BATCH = 500;

    @RegisterExtension
    final Dropped dropped = new Dropped();

    @Test
    @Timeout(120)
    void awaitCancelledOnTheLoopWhileAnotherThreadCompletes() throws Exception {
        AtomicInteger delivered = new AtomicInteger();
        AtomicInteger undelivered = new AtomicInteger();
        Loop.run(() -> {
            for (int batch = 0; batch < BATCHES; batch++) {
                AtomicIntegerArray counts = new AtomicIntegerArray(BATCH);
                List<ManualMono<Integer>> sources = new ArrayList<>();
                List<Task<Void>> tasks = new ArrayList<>();
                for (int i = 0; i < BATCH; i++) {
                    int number = i;
                    ManualMono<Integer> source = new ManualMono<>();
                    sources.add(source);
                    tasks.add(Task.spawn(() -> {
                        int value = Reactor.awaitRequired(source, late -> {
                            counts.incrementAndGet(late);
                            undelivered.incrementAndGet();
                        });
                        counts.incrementAndGet(value);
                        delivered.incrementAndGet();
                    }));
                }
                yieldNow();
                CountDownLatch start = new CountDownLatch(1);
                Thread other = Thread.ofPlatform().start(() -> {
                    start.countDown();
                    for (int i = 0; i < BATCH; i++) {
                        sources.get(i).complete(i);
                    }
                });
                start.await();
                for (int i = BATCH - 1; i >= 0; i--) { // the two meet somewhere
                    tasks.get(i).cancel();
                    if (i % 16 == 0) {
                        yieldNow(); // some that have their value go on
                    }
                }
                blocking(() -> other.join(java.time.Duration.ofSeconds(30)));
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
                for (int i = 0; i < BATCH; i++) {
                    assertThat(counts.get(i))
                            .as("value %d of batch %d", i, batch)
                            .isEqualTo(1);
                }
            }
        });
        assertThat(delivered.get() + undelivered.get()).isEqualTo(BATCHES * BATCH);
        assertThat(delivered.get()).as("both happened").isPositive();
        assertThat(undelivered.get()).as("both happened").isPositive();
    }

    @Test
    @Timeout(120)
    void monoFromABodyCancelledByAnotherThreadWhileTheLoopDelivers() throws Exception {
        AtomicInteger delivered = new AtomicInteger();
        AtomicInteger undelivered = new AtomicInteger();
        try (Loop loop = Loop.start("races")) {
            for (int batch = 0; batch < BATCHES; batch++) {
                AtomicIntegerArray counts = new AtomicIntegerArray(BATCH);
                List<Promise<Integer>> promises = new ArrayList<>();
                List<BaseSubscriber<Integer>> subscribers = new ArrayList<>();
                for (int i = 0; i < BATCH; i++) {
                    Promise<Integer> promise = loop.promise();
                    promise.onUndelivered(late -> {
                        counts.incrementAndGet(late);
                        undelivered.incrementAndGet();
                    });
                    promises.add(promise);
                    BaseSubscriber<Integer> subscriber = new BaseSubscriber<>() {
                        @Override
                        protected void hookOnSubscribe(Subscription subscription) {
                            subscription.request(1);
                        }

                        @Override
                        protected void hookOnNext(Integer value) {
                            counts.incrementAndGet(value);
                            delivered.incrementAndGet();
                        }
                    };
                    subscribers.add(subscriber);
                    Reactor.monoOwning(promise.future(), late -> {
                                counts.incrementAndGet(late);
                                undelivered.incrementAndGet();
                            })
                            .subscribe(subscriber);
                }
                loop.execute(() -> {
                    for (int i = 0; i < BATCH; i++) {
                        promises.get(i).complete(i);
                    }
                });
                for (int i = BATCH - 1; i >= 0; i--) {
                    subscribers.get(i).cancel();
                }
                CountDownLatch settled = new CountDownLatch(1);
                loop.execute(() -> loop.callSoon(() -> loop.callSoon(() -> loop.callSoon(settled::countDown))));
                assertThat(settled.await(30, TimeUnit.SECONDS)).isTrue();
                for (int i = 0; i < BATCH; i++) {
                    assertThat(counts.get(i))
                            .as("value %d of batch %d", i, batch)
                            .isEqualTo(1);
                }
            }
        }
        assertThat(delivered.get() + undelivered.get()).isEqualTo(BATCHES * BATCH);
        assertThat(undelivered.get()).isPositive();
    }

    @Test
    @Timeout(120)
    void aWaitingValueAskedForByOneThreadAndCancelledByAnother() throws Exception {
        AtomicInteger delivered = new AtomicInteger();
        AtomicInteger undelivered = new AtomicInteger();
        try (Loop loop = Loop.start("races")) {
            List<BaseSubscriber<Integer>> subscribers = new ArrayList<>();
            for (int i = 0; i < BATCHES * BATCH; i++) {
                BaseSubscriber<Integer> subscriber = new BaseSubscriber<>() {
                    @Override
                    protected void hookOnSubscribe(Subscription subscription) {}

                    @Override
                    protected void hookOnNext(Integer value) {
                        delivered.incrementAndGet();
                    }
                };
                subscribers.add(subscriber);
                Reactor.mono(loop, () -> 1, late -> undelivered.incrementAndGet())
                        .subscribe(subscriber);
            }
            CountDownLatch computed = new CountDownLatch(1);
            loop.spawn(() -> {
                yieldNow();
                yieldNow();
                computed.countDown();
            });
            assertThat(computed.await(60, TimeUnit.SECONDS)).isTrue();
            Thread asking = Thread.ofPlatform().start(() -> subscribers.forEach(subscriber -> subscriber.request(1)));
            for (int i = subscribers.size() - 1; i >= 0; i--) {
                subscribers.get(i).cancel();
            }
            asking.join();
        }
        assertThat(delivered.get() + undelivered.get()).isEqualTo(BATCHES * BATCH);
    }
}
