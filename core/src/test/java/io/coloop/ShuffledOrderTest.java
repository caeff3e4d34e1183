package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.sync.Barrier;
import io.coloop.sync.Hold;
import io.coloop.sync.Lock;
import io.coloop.sync.Queue;
import io.coloop.sync.Semaphore;
import io.coloop.test.VirtualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@link LoopBuilder#shuffle}: which orders there are, which there never are, and that a seed brings one back. */
@Timeout(60)
class ShuffledOrderTest {
    private static List<String> runShuffled(long seed, VoidBodyWithTrail body) {
        List<String> trail = new ArrayList<>();
        Loop.builder().clock(new VirtualClock()).shuffle(seed).run(() -> body.run(trail));
        return trail;
    }

    private interface VoidBodyWithTrail {
        void run(List<String> trail);
    }

    /** Tasks that meet again and again: after spawns, yields, timers, futures and a task that ends. */
    private static void meet(List<String> trail) {
        Loop loop = Loop.current();
        Promise<String> gate = loop.promise();
        List<Task<Void>> tasks = new ArrayList<>();
        for (String name : List.of("a", "b", "c", "d", "e")) {
            tasks.add(Task.spawn(() -> {
                trail.add(name + " starts");
                yieldNow();
                trail.add(name + " yielded");
                sleep(Duration.ofNanos(5));
                trail.add(name + " slept");
                await(gate.future());
                trail.add(name + " passed");
            }));
        }
        sleep(Duration.ofNanos(10));
        gate.complete("open");
        tasks.forEach(Await::await);
        trail.add("all at " + loop.time());
    }

    @Test
    void theSameSeedGivesTheSameOrder() {
        Set<List<String>> orders = new HashSet<>();
        for (int seed = 0; seed < 20; seed++) {
            List<String> order = runShuffled(seed, ShuffledOrderTest::meet);
            assertThat(runShuffled(seed, ShuffledOrderTest::meet)).isEqualTo(order);
            orders.add(order);
        }
        assertThat(orders).hasSizeGreaterThan(15);
    }

    /** Pinned, because the modes run in two JVMs. */
    @Test
    void aSeedMeansTheSameInBothModes() {
        assertThat(runShuffled(42, ShuffledOrderTest::meet).stream()
                        .filter(mark -> !mark.startsWith("all"))
                        .map(mark -> mark.substring(0, 1)))
                .containsExactly("abdecacedbebacdbcade".split(""));
    }

    @Test
    void withoutASeedItIsFirstInFirstOut() {
        List<String> trail = new ArrayList<>();
        Loop.builder().clock(new VirtualClock()).run(() -> meet(trail));
        List<String> expected = new ArrayList<>();
        for (String step : List.of("starts", "yielded", "slept", "passed")) {
            List.of("a", "b", "c", "d", "e").forEach(name -> expected.add(name + " " + step));
        }
        expected.add("all at 10");
        assertThat(trail).isEqualTo(expected);
    }

    @Test
    void noStepWaitsLongerThanItsTurn() {
        for (int seed = 0; seed < 50; seed++) {
            List<String> trail = runShuffled(seed, ShuffledOrderTest::meet);
            for (int round = 0; round < 4; round++) {
                String step = List.of("starts", "yielded", "slept", "passed").get(round);
                assertThat(trail.subList(round * 5, round * 5 + 5)).allMatch(mark -> mark.endsWith(step));
            }
        }
    }

    @Test
    void aTaskPassesNoCallbackAndNoCallbackPassesAnother() {
        Set<List<String>> orders = new HashSet<>();
        for (int seed = 0; seed < 200; seed++) {
            orders.add(runShuffled(seed, trail -> {
                Loop loop = Loop.current();
                loop.spawn(() -> trail.add("1"));
                loop.spawn(() -> trail.add("2"));
                loop.execute(() -> trail.add("x"));
                loop.callSoon(() -> trail.add("y"));
                loop.spawn(() -> trail.add("3"));
                loop.spawn(() -> trail.add("4"));
                yieldNow();
                yieldNow();
            }));
        }
        assertThat(orders)
                .containsExactlyInAnyOrder(
                        List.of("1", "2", "x", "y", "3", "4"),
                        List.of("2", "1", "x", "y", "3", "4"),
                        List.of("1", "2", "x", "y", "4", "3"),
                        List.of("2", "1", "x", "y", "4", "3"));
    }

    @Test
    void aCancelledSourceHearsOfItBeforeTheTaskGoesOn() {
        for (int seed = 0; seed < 50; seed++) {
            List<String> trail = runShuffled(seed, log -> {
                List<Task<Void>> tasks = new ArrayList<>();
                for (String name : List.of("a", "b", "c")) {
                    Awaitable<String> never = promise -> promise.onCancel(() -> log.add(name + " source"));
                    tasks.add(Task.spawn(() -> {
                        try {
                            await(never);
                        } finally {
                            log.add(name + " task");
                        }
                    }));
                }
                yieldNow(); // this task may be the first of its turn
                yieldNow();
                tasks.forEach(Task::cancel);
                tasks.forEach(task -> Await.waitFor(List.of(task), WaitUntil.ALL_DONE));
            });
            List.of("a", "b", "c")
                    .forEach(name -> assertThat(trail).containsSubsequence(name + " source", name + " task"));
        }
    }

    @Test
    void timersThatAreDueTogetherFireInTheOrderInWhichTheyWereSet() {
        for (int seed = 0; seed < 20; seed++) {
            assertThat(runShuffled(seed, trail -> {
                        for (String name : List.of("1", "2", "3")) {
                            Loop.current().callLater(Duration.ofNanos(5), () -> trail.add(name));
                        }
                        sleep(Duration.ofNanos(6));
                    }))
                    .containsExactly("1", "2", "3");
        }
    }

    @Test
    void aLockGoesToWhoWaitsLongest() {
        for (int seed = 0; seed < 50; seed++) {
            List<String> trail = runShuffled(seed, log -> {
                Lock lock = Lock.create();
                List<Task<Void>> tasks = new ArrayList<>();
                for (String name : List.of("a", "b", "c", "d")) {
                    tasks.add(Task.spawn(() -> {
                        for (int i = 0; i < 3; i++) {
                            log.add(name + " asks");
                            try (Hold held = lock.acquire()) {
                                log.add(name + " has");
                                yieldNow();
                            }
                        }
                    }));
                }
                tasks.forEach(Await::await);
            });
            assertThat(trail.stream().filter(mark -> mark.endsWith("has")).map(mark -> mark.substring(0, 1)))
                    .containsExactlyElementsOf(trail.stream()
                            .filter(mark -> mark.endsWith("asks"))
                            .map(mark -> mark.substring(0, 1))
                            .toList());
        }
    }

    @Test
    void noItemOfAQueueIsLostWhoeverGoesFirst() {
        for (int seed = 0; seed < 200; seed++) {
            List<String> trail = runShuffled(seed, log -> {
                Queue<String> queue = Queue.bounded(2);
                Barrier together = Barrier.forParties(6);
                Semaphore permits = Semaphore.withPermits(2);
                List<Task<Void>> tasks = new ArrayList<>();
                for (String name : List.of("a", "b", "c")) {
                    tasks.add(Task.spawn(() -> {
                        together.await();
                        for (int i = 0; i < 5; i++) {
                            queue.put(name + i);
                        }
                    }));
                    tasks.add(Task.spawn(() -> {
                        together.await();
                        for (int i = 0; i < 5; i++) {
                            try (Hold held = permits.acquire()) {
                                log.add(queue.get());
                                yieldNow();
                            }
                        }
                    }));
                }
                tasks.forEach(Await::await);
                log.add("left " + queue.size() + ", permits " + permits.available());
            });
            assertThat(trail).hasSize(16).doesNotHaveDuplicates().endsWith("left 0, permits 2");
            for (String name : List.of("a", "b", "c")) {
                assertThat(trail).containsSubsequence(name + 0, name + 1, name + 2, name + 3, name + 4);
            }
        }
    }

    @Test
    void aTaskThatYieldsAloneGoesOn() {
        assertThat(runShuffled(1, trail -> {
                    for (int i = 0; i < 1_000; i++) {
                        yieldNow();
                    }
                    trail.add("done");
                }))
                .containsExactly("done");
    }

    @Test
    void aHostedLoopIsShuffledToo() throws Exception {
        Set<List<String>> orders = new HashSet<>();
        for (int seed = 0; seed < 20; seed++) {
            try (ScheduledExecutorService host = Executors.newSingleThreadScheduledExecutor();
                    Loop loop = Loop.builder().shuffle(seed).on(host)) {
                List<String> trail = new ArrayList<>();
                loop.spawn(() -> {
                            List<Task<Boolean>> tasks = IntStream.range(0, 4)
                                    .mapToObj(i -> Task.spawn(() -> trail.add("task " + i)))
                                    .toList();
                            tasks.forEach(Await::await);
                        })
                        .get();
                orders.add(trail);
            }
        }
        assertThat(orders).hasSizeGreaterThan(5).allMatch(order -> order.size() == 4);
    }

    @Test
    void aBuilderCanBeUsedAgain() {
        LoopBuilder builder = Loop.builder().clock(new VirtualClock()).shuffle(3);
        List<List<String>> trails = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            List<String> trail = new ArrayList<>();
            builder.run(() -> {
                List<Task<Boolean>> tasks = IntStream.range(0, 6)
                        .mapToObj(number -> Task.spawn(() -> trail.add("task " + number)))
                        .toList();
                tasks.forEach(Await::await);
            });
            trails.add(trail);
        }
        assertThat(trails.get(1)).isEqualTo(trails.get(0));
    }
}
