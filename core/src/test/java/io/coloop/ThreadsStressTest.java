package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Other threads at full speed against a loop, in real time and many times over: nothing is lost, doubled or out of order. */
class ThreadsStressTest {
    private static final int THREADS = 3;

    private final Queue<Report> reports = new ConcurrentLinkedQueue<>();

    @AfterEach
    void nothingWasReported() {
        assertThat(reports).isEmpty();
    }

    private LoopBuilder loop() {
        return Loop.builder().slowItem(Duration.ZERO).exceptionHandler(reports::add); // a busy machine is slow
    }

    @Test
    @Timeout(180)
    void tenMillionCompletionsLoseNone() throws Exception {
        int tasks = 10;
        int rounds = 1_000;
        int batch = 1_000;
        BlockingQueue<Promise<Integer>[]> work = new ArrayBlockingQueue<>(2 * tasks);
        List<Thread> producers = start(THREADS, producer -> {
            for (Promise<Integer>[] promises = work.take(); promises.length > 0; promises = work.take()) {
                for (int i = 0; i < promises.length; i++) {
                    promises[i].complete(i);
                }
            }
        });
        long[] called = new long[1]; // the loop's
        long awaited = loop().run(() -> {
            List<Task<Long>> consumers = new ArrayList<>();
            for (int task = 0; task < tasks; task++) {
                consumers.add(Task.spawn(() -> consume(work, rounds, batch, called)));
            }
            long sum = 0;
            for (Task<Long> consumer : consumers) {
                sum += await(consumer);
            }
            return sum;
        });
        for (int i = 0; i < THREADS; i++) {
            work.put(stop());
        }
        join(producers);
        assertThat(called[0]).isEqualTo(10_000_000L);
        assertThat(awaited).isEqualTo((long) tasks * rounds * batch * (batch - 1) / 2);
    }

    /** Listens to each promise while it may be completed, then awaits each. */
    private static long consume(BlockingQueue<Promise<Integer>[]> work, int rounds, int batch, long[] called) {
        long sum = 0;
        for (int round = 0; round < rounds; round++) {
            Promise<Integer>[] promises = promises(batch);
            work.add(promises);
            for (Promise<Integer> promise : promises) {
                promise.future().register(new Count(promise.future(), called));
            }
            for (Promise<Integer> promise : promises) {
                sum += await(promise.future());
            }
        }
        return sum;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static Promise<Integer>[] promises(int count) {
        Promise[] promises = new Promise[count];
        Arrays.setAll(promises, i -> Promise.create());
        return promises;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static Promise<Integer>[] stop() {
        return new Promise[0];
    }

    @Test
    void eachCancelOrCompletionFromOutsideEndsItsTaskOnce() {
        int rounds = 20_000;
        AtomicInteger undelivered = new AtomicInteger();
        int[] ended = new int[2]; // the loop's: with a value, cancelled
        int[] undeliverable = new int[1]; // completions that came too late
        loop().run(() -> {
            BlockingQueue<Promise<String>> toComplete = new ArrayBlockingQueue<>(64);
            BlockingQueue<Task<String>> toCancel = new ArrayBlockingQueue<>(64);
            List<Thread> threads = start(2, thread -> {
                for (int i = 0; i < rounds; i++) {
                    if (thread == 0) {
                        undeliverable[0] += toComplete.take().complete("value") ? 0 : 1;
                    } else {
                        toCancel.take().cancel("from outside");
                    }
                }
            });
            for (int i = 0; i < rounds; i++) {
                Promise<String> promise = Promise.create();
                promise.onUndelivered(value -> undelivered.incrementAndGet());
                Task<String> task = Task.spawn(() -> await((Awaitable<String>) awaiting -> {
                    awaiting.onUndelivered(value -> undelivered.incrementAndGet());
                    promise.future().subscribe(awaiting);
                }));
                toComplete.add(promise);
                toCancel.add(task);
                try {
                    assertThat(await(task)).isEqualTo("value");
                    ended[0]++;
                } catch (TaskCancelledException cancelled) {
                    assertThat(cancelled).hasMessage("from outside");
                    ended[1]++;
                }
                while (toComplete.size() > 50 || toCancel.size() > 50) {
                    yieldNow();
                }
            }
            join(threads);
        });
        assertThat(ended[0] + ended[1]).isEqualTo(rounds);
        assertThat(undelivered.get()).isGreaterThanOrEqualTo(undeliverable[0]);
    }

    @Test
    void aSpawnDuringTheCloseIsRefusedOrItsTaskIsCancelled() throws Exception {
        for (int round = 0; round < 200; round++) {
            Loop loop = loop().start();
            CyclicBarrier together = new CyclicBarrier(THREADS + 1);
            Queue<Task<?>> accepted = new ConcurrentLinkedQueue<>();
            List<Thread> threads = start(THREADS, thread -> {
                together.await();
                try {
                    for (int i = 0; i < 500; i++) {
                        accepted.add(loop.spawn(() -> await(loop.promise().future())));
                    }
                } catch (LoopClosedException refused) {
                    // the end
                }
            });
            together.await();
            loop.close();
            join(threads);
            assertThat(accepted).allMatch(Task::isCancelled);
        }
    }

    @Test
    void eachThreadsItemsRunInItsOrder() {
        int items = 300_000;
        int[] next = new int[THREADS]; // the loop's
        int[] outOfOrder = new int[1]; // the loop's
        try (Loop loop = loop().start()) {
            List<Thread> threads = start(THREADS, thread -> {
                for (int i = 0; i < items; i++) {
                    int item = i;
                    loop.execute(() -> outOfOrder[0] += next[thread]++ == item ? 0 : 1);
                    if (i % 1_000 == 999) {
                        loop.spawn(() -> {}).get(30, TimeUnit.SECONDS); // bounds the inbox
                    }
                }
            });
            join(threads);
        }
        assertThat(next).containsOnly(items);
        assertThat(outOfOrder[0]).isZero();
    }

    // ---- threads

    private interface Work {
        void run(int thread) throws Exception;
    }

    private List<Thread> start(int count, Work work) {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int thread = i;
            threads.add(Thread.ofPlatform().daemon().start(() -> {
                try {
                    work.run(thread);
                } catch (Throwable failure) {
                    reports.add(new Report(Report.Kind.CALLBACK_FAILED, null, "a thread failed", failure, null, null));
                }
            }));
        }
        return threads;
    }

    private static void join(List<Thread> threads) {
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException impossible) {
                throw new AssertionError(impossible);
            }
        }
    }

    private static final class Count extends Listener {
        private final Future<?> future;
        private final long[] called;

        Count(Future<?> future, long[] called) {
            this.future = future;
            this.called = called;
        }

        @Override
        Loop loop() {
            return future.loop();
        }

        @Override
        boolean observes() {
            return true;
        }

        @Override
        public void run() {
            called[0]++;
        }
    }
}
