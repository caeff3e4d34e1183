package io.coloop.sync;

import static io.coloop.Await.yieldNow;
import static io.coloop.sync.Turns.turns;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.test.LoopTest;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/** Random cancellations: nothing is held twice, no wake-up and no item gets lost. Each seed is one deterministic run. */
class SyncStressTest {
    private static final int SEEDS = 150;
    private static final int WORKERS = 12;

    /** Runs workers while one task cancels some of them and spawns others in their place, until all have ended. */
    private static void run(Random random, Consumer<Random> work) {
        run(random, work, () -> {});
    }

    private static void run(Random random, Consumer<Random> work, Runnable whenQuiet) {
        List<Task<?>> workers = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            workers.add(Task.spawn(() -> work.accept(random)));
        }
        for (int step = 0; step < 60; step++) {
            for (int i = random.nextInt(3); i > 0; i--) {
                workers.get(random.nextInt(workers.size())).cancel();
            }
            if (random.nextBoolean()) {
                workers.add(Task.spawn(() -> work.accept(random)));
            }
            yieldNow();
        }
        for (int limit = 0; !workers.stream().allMatch(Task::isDone); limit++) {
            assertThat(limit).as("turns until all have ended").isLessThan(1_000);
            if (limit == 500) {
                whenQuiet.run();
            }
            yieldNow();
        }
        workers.forEach(worker -> assertThat(worker.isFailed()).isFalse());
    }

    @LoopTest
    void lock() {
        for (int seed = 0; seed < SEEDS; seed++) {
            Lock lock = Lock.create();
            int[] inside = {0};
            run(new Random(seed), random -> {
                for (int i = 0; i < 4; i++) {
                    try (Hold hold = lock.acquire()) {
                        assertThat(++inside[0]).isEqualTo(1);
                        try {
                            turns(random.nextInt(3));
                        } finally {
                            inside[0]--;
                        }
                    }
                }
            });
            assertThat(lock.toString()).as("seed " + seed).isEqualTo("Lock[unlocked, 0 waiting]");
        }
    }

    @LoopTest
    void semaphore() {
        for (int seed = 0; seed < SEEDS; seed++) {
            Semaphore semaphore = BoundedSemaphore.withPermits(3);
            int[] inside = {0};
            run(new Random(seed), random -> {
                for (int i = 0; i < 4; i++) {
                    try (Hold permit = semaphore.acquire()) {
                        assertThat(++inside[0]).isLessThanOrEqualTo(3);
                        try {
                            turns(random.nextInt(3));
                        } finally {
                            inside[0]--;
                        }
                    }
                }
            });
            assertThat(semaphore.toString()).as("seed " + seed).isEqualTo("BoundedSemaphore[3 available, 0 waiting]");
        }
    }

    @LoopTest
    void condition() {
        for (int seed = 0; seed < SEEDS; seed++) {
            Condition condition = Condition.create();
            int[] tokens = {2};
            run(new Random(seed), random -> {
                for (int i = 0; i < 3; i++) {
                    try (Hold hold = condition.acquire()) {
                        condition.awaitUntil(() -> tokens[0] > 0);
                        tokens[0]--;
                    }
                    try {
                        turns(random.nextInt(3));
                    } finally {
                        giveBack(condition, tokens);
                    }
                }
            });
            assertThat(tokens[0]).as("seed " + seed).isEqualTo(2);
            assertThat(condition.toString()).as("seed " + seed).isEqualTo("Condition[unlocked, 0 waiting]");
        }
    }

    private static void giveBack(Condition condition, int[] tokens) {
        TaskCancelledException latest = null;
        while (true) {
            try (Hold hold = condition.acquire()) {
                tokens[0]++;
                condition.signal();
                break;
            } catch (TaskCancelledException again) {
                latest = again;
            }
        }
        if (latest != null) {
            throw latest;
        }
    }

    @LoopTest
    void queue() {
        for (int seed = 0; seed < SEEDS; seed++) {
            Queue<Integer> queue = Queue.bounded(2);
            List<Integer> put = new ArrayList<>();
            List<Integer> taken = new ArrayList<>();
            int[] next = {0};
            Task.spawn(() -> takeAll(queue, taken));
            run(
                    new Random(seed),
                    random -> {
                        if (random.nextInt(3) == 0) {
                            takeAll(queue, taken);
                            return;
                        }
                        for (int i = 0; i < 5; i++) {
                            int item = next[0]++;
                            queue.put(item);
                            put.add(item);
                            turns(random.nextInt(2));
                        }
                    },
                    queue::shutdown);
            queue.shutdown();
            turns(2);
            assertThat(taken).as("seed " + seed).containsExactlyInAnyOrderElementsOf(put);
            assertThat(queue.toString()).contains("[0 of 2 items,").endsWith(" 0 getting, 0 putting, shut down]");
        }
    }

    private static void takeAll(Queue<Integer> queue, List<Integer> taken) {
        try {
            while (true) {
                taken.add(queue.get());
            }
        } catch (QueueShutDownException end) {
            return;
        }
    }
}
