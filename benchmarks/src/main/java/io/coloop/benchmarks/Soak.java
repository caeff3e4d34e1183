package io.coloop.benchmarks;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;

import io.coloop.Cleanup;
import io.coloop.ContextVar;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.TaskGroup;
import io.coloop.TaskGroupException;
import io.coloop.TaskTimeoutException;
import io.coloop.Timeout;
import io.coloop.sync.Hold;
import io.coloop.sync.Lock;
import io.coloop.sync.Queue;
import io.coloop.sync.Semaphore;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Spawns, cancels, times out, locks and queues at random for a while, checks at each step that nothing got lost or ran where it must not, and that the heap is flat
 * at the end. Arguments: seconds, and a seed to repeat a run's choices (their timing is the machine's). Prints one line; exits with 1 if something is wrong.
 */
public final class Soak {
    private static final int WORKERS = 100;
    private static final int PERMITS = 3;
    private static final long MIB = 1 << 20;
    private static final long HEAP_SLACK = 2 * MIB;
    private static final ContextVar<Integer> WORKER = ContextVar.of("worker", -1);

    private final SplittableRandom random;
    private final Lock lock = Lock.create();
    private final Semaphore permits = Semaphore.withPermits(PERMITS);
    private final Queue<Integer> queue = Queue.bounded(16);
    private final ExecutorService elsewhere = Executors.newFixedThreadPool(2);
    private final long end;
    private boolean locked;
    private int permitted;
    private long put;
    private long got;
    private long operations;
    private long cancelled;
    private long timedOut;

    private Soak(long seed, int seconds) {
        this.random = new SplittableRandom(seed);
        this.end = System.nanoTime() + seconds * 1_000_000_000L;
    }

    /** Runs it in this JVM. */
    public static void main(String[] args) {
        int seconds = Integer.parseInt(args[0]);
        long seed = args.length > 1 ? Long.parseLong(args[1]) : System.nanoTime();
        System.out.println("soak: seed " + seed + ", " + seconds + " s, " + Loop.mode());
        ConcurrentLinkedQueue<Report> reports = new ConcurrentLinkedQueue<>();
        Loop.builder().slowItem(Duration.ZERO).exceptionHandler(reports::add).run(() -> new Soak(seed, seconds).run());
        check(reports.isEmpty(), "reported: " + reports);
        System.exit(0);
    }

    private void run() {
        List<Task<Void>> workers = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            int worker = i;
            SplittableRandom own = random.split();
            workers.add(Task.spawn(() -> work(worker, own)));
        }
        long quarter = (end - System.nanoTime()) / 4;
        sleep(Duration.ofNanos(quarter));
        long before = liveHeap();
        workers.forEach(io.coloop.Await::await);
        long after = liveHeap();
        elsewhere.shutdown();
        check(Loop.current().taskCount() == 1, "tasks left: " + Loop.current().dump());
        check(Loop.current().timerCount() == 0, "timers left: " + Loop.current().timerCount());
        check(!lock.isLocked() && !locked, "locked: " + lock);
        check(permitted == 0 && permits.available() == PERMITS, "permits: " + permits);
        check(put - got == queue.size(), put + " put, " + got + " got, " + queue);
        check(after <= before + HEAP_SLACK, "the heap grew from " + before + " to " + after);
        System.out.printf(
                "%d operations, %d cancelled, %d timed out, heap %.1f MiB -> %.1f MiB%n",
                operations, cancelled, timedOut, (double) before / MIB, (double) after / MIB);
    }

    private static long liveHeap() {
        return blocking(() -> {
            System.gc();
            System.gc();
            return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        });
    }

    private void work(int worker, SplittableRandom own) {
        WORKER.set(worker);
        while (System.nanoTime() < end) {
            if (own.nextInt(4) == 0) {
                cancelOne(own);
            } else {
                step(own);
            }
            operations++;
            check(WORKER.get() == worker, "context of another task: " + WORKER.get());
        }
    }

    /** Cancels a task at a random moment of a step. */
    private void cancelOne(SplittableRandom own) {
        SplittableRandom its = own.split();
        int[] cleanedUp = new int[1];
        boolean[] began = new boolean[1];
        Task<Void> victim = Task.spawn(() -> {
            began[0] = true;
            try {
                step(its);
                sleep(micros(its, 300));
            } finally {
                Cleanup.run(Duration.ofSeconds(30), () -> {
                    sleep(micros(its, 50));
                    cleanedUp[0]++;
                });
            }
        });
        pause(own);
        victim.cancel();
        try {
            await(victim);
        } catch (TaskCancelledException expected) {
            cancelled++;
        }
        check(cleanedUp[0] == (began[0] ? 1 : 0), "cleaned up " + cleanedUp[0] + " times, began: " + began[0]);
    }

    private void step(SplittableRandom own) {
        switch (own.nextInt(10)) {
            case 0 -> yieldNow();
            case 1 -> spawnAndAwait(own);
            case 2 -> withTimeout(own, () -> sleep(micros(own, 400)));
            case 3 -> withTimeout(own, () -> underLock(own));
            case 4 -> withTimeout(own, () -> withPermit(own));
            case 5 -> withTimeout(own, this::putOne);
            case 6 -> withTimeout(own, this::getOne);
            case 7 -> inGroup(own);
            case 8 -> gathered(own);
            default -> fromElsewhere(own);
        }
    }

    private static Duration micros(SplittableRandom own, int limit) {
        return Duration.ofNanos(own.nextInt(limit) * 1_000L);
    }

    private static void pause(SplittableRandom own) {
        if (own.nextBoolean()) {
            yieldNow();
        } else {
            sleep(micros(own, 200));
        }
    }

    private void withTimeout(SplittableRandom own, Runnable step) {
        try {
            Timeout.of(micros(own, 400)).run(step::run);
        } catch (TaskTimeoutException expected) {
            timedOut++;
        }
    }

    private void spawnAndAwait(SplittableRandom own) {
        int worker = WORKER.get();
        SplittableRandom its = own.split();
        Task<Integer> child = Task.spawn(() -> {
            pause(its);
            int inherited = WORKER.get();
            WORKER.set(-2);
            return inherited;
        });
        check(await(child) == worker, "a child inherited another context");
    }

    private void underLock(SplittableRandom own) {
        try (Hold hold = lock.acquire()) {
            check(!locked, "two tasks hold " + lock + hold);
            locked = true;
            try {
                pause(own);
            } finally {
                locked = false;
            }
        }
    }

    private void withPermit(SplittableRandom own) {
        try (Hold hold = permits.acquire()) {
            permitted++;
            try {
                check(permitted <= PERMITS, permitted + " permits of " + permits + hold);
                pause(own);
            } finally {
                permitted--;
            }
        }
    }

    private void putOne() {
        queue.put(1);
        put++;
    }

    private void getOne() {
        int one = queue.get(); // not `got += queue.get()`: that reads `got` before it waits
        got += one;
    }

    private void inGroup(SplittableRandom own) {
        boolean fails = own.nextBoolean();
        int[] ended = new int[1];
        try {
            TaskGroup.run(group -> {
                for (int i = 0; i < 3; i++) {
                    SplittableRandom its = own.split();
                    group.spawn(() -> {
                        try {
                            pause(its);
                        } finally {
                            ended[0]++;
                        }
                    });
                }
                pause(own);
                if (fails) {
                    throw new IllegalStateException("expected");
                }
            });
            check(!fails && ended[0] == 3, "a group lost a failure or a task: " + ended[0]);
        } catch (TaskGroupException expected) {
            check(fails && expected.failures().size() == 1, "failures: " + expected.failures());
        }
    }

    private void gathered(SplittableRandom own) {
        List<Future<Integer>> parts = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int part = i;
            SplittableRandom its = own.split();
            parts.add(Task.spawn(() -> {
                pause(its);
                return part;
            }));
        }
        check(await(Future.gather(parts)).equals(List.of(0, 1, 2, 3)), "gathered something else");
    }

    private void fromElsewhere(SplittableRandom own) {
        int value = own.nextInt();
        Promise<Integer> promise = Promise.create();
        elsewhere.execute(() -> promise.complete(value));
        check(await(promise.future()) == value, "another value than the one completed with");
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            System.err.println("soak: " + what);
            System.exit(1);
        }
    }
}
