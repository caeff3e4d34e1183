package io.coloop;

import static io.coloop.Await.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Loops that share work: in real time, as each has a thread. */
@Timeout(60)
class LoopGroupTest {
    private final Real.ReportQueue reports = new Real.ReportQueue();

    private LoopBuilder settings() {
        return Loop.builder()
                .name("group")
                .slowItem(Duration.ZERO /* a busy machine is slow */)
                .exceptionHandler(reports);
    }

    @Test
    void tasksGoToTheLoopsInTurnAndStay() {
        try (LoopGroup group = settings().startGroup(3)) {
            assertThat(group.loops()).extracting(Loop::name).containsExactly("group-0", "group-1", "group-2");
            assertThat(group).hasToString("LoopGroup[group, 3 of 3 loops open]");
            List<Task<List<String>>> tasks = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                tasks.add(group.spawn(() -> {
                    String begun = Loop.current().name();
                    Await.sleep(Duration.ofMillis(1));
                    return List.of(begun, Loop.current().name());
                }));
            }
            for (int i = 0; i < 6; i++) {
                String name = "group-" + i % 3;
                assertThat(tasks.get(i).join()).containsExactly(name, name);
            }
        }
        assertThat(reports.left()).isEmpty();
    }

    @Test
    void eachLoopHasAThreadOfItsOwn() throws Exception {
        Set<Loop> met = ConcurrentHashMap.newKeySet();
        CountDownLatch all = new CountDownLatch(3);
        try (LoopGroup group = settings().startGroup(3)) {
            for (int i = 0; i < 3; i++) {
                group.next().execute(() -> {
                    met.add(Loop.current());
                    all.countDown();
                    Real.await(all); // none of them waits for another's turn
                });
            }
            assertThat(all.await(Real.LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(met).containsExactlyInAnyOrderElementsOf(group.loops());
        }
    }

    @Test
    void threadsThatAskTogetherGetEachLoopEquallyOften() {
        try (LoopGroup group = settings().startGroup(4)) {
            ConcurrentHashMap<Loop, Integer> given = new ConcurrentHashMap<>();
            List<Real.Other> threads = new ArrayList<>();
            for (int thread = 0; thread < 3; thread++) {
                threads.add(Real.start(() -> {
                    for (int i = 0; i < 4_000; i++) {
                        given.merge(group.next(), 1, Integer::sum);
                    }
                }));
            }
            threads.forEach(Real::join);
            assertThat(given.values()).containsOnly(3_000);
        }
    }

    @Test
    void oneForEachProcessor() {
        try (LoopGroup group = LoopGroup.start("cores")) {
            assertThat(group.loops()).hasSize(Runtime.getRuntime().availableProcessors());
            assertThat(group.next().name()).isEqualTo("cores-0");
        }
    }

    @Test
    void aGroupHasALoop() {
        assertThatThrownBy(() -> LoopGroup.start("none", 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a group has at least one loop, not 0");
    }

    // ---- one of them ends

    @Test
    void aLoopThatEndsIsPassedOverAndTheOthersGoOn() throws Exception {
        try (LoopGroup group = settings().startGroup(3)) {
            Loop broken = group.loops().get(1);
            broken.spawn(() -> {
                throw new OutOfMemoryError("as told");
            });
            assertThat(broken.awaitTermination(Duration.ofSeconds(Real.LIMIT_SECONDS)))
                    .isTrue();
            List<String> names = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                names.add(group.spawn(() -> Loop.current().name()).join());
            }
            assertThat(names).containsOnly("group-0", "group-2");
            assertThat(group.isClosed()).isFalse();
            assertThat(group).hasToString("LoopGroup[group, 2 of 3 loops open]");
        }
        assertThat(reports.next().kind()).isEqualTo(Report.Kind.LOOP_FAILED);
    }

    @Test
    void aLoopThatIsClosingIsPassedOver() throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        CountDownLatch cleaning = new CountDownLatch(1);
        try (LoopGroup group = settings().startGroup(2)) {
            Loop closing = group.loops().getFirst();
            closing.onClose(() -> {
                cleaning.countDown();
                Await.blocking(() -> goOn.await(Real.LIMIT_SECONDS, TimeUnit.SECONDS));
            });
            closing.shutdown();
            Real.await(cleaning);
            assertThat(closing.isClosed()).isFalse();
            assertThat(group.next().name()).isEqualTo("group-1");
            assertThat(group.next().name()).isEqualTo("group-1");
            goOn.countDown();
        }
    }

    // ---- the end

    @Test
    void closeCancelsTheTasksOfAllAndWaitsForThem() {
        List<String> ended = new java.util.concurrent.CopyOnWriteArrayList<>();
        CountDownLatch begun = new CountDownLatch(3);
        LoopGroup group = settings().startGroup(3);
        for (int i = 0; i < 3; i++) {
            group.spawn(() -> {
                begun.countDown();
                try {
                    await(Promise.create().future());
                } finally {
                    ended.add(Loop.current().name());
                }
            });
        }
        Real.await(begun);
        group.close();
        assertThat(ended).containsExactlyInAnyOrder("group-0", "group-1", "group-2");
        assertThat(group.isClosed()).isTrue();
        assertThat(group.loops()).allMatch(Loop::isClosed);
        group.close();
        assertThatThrownBy(group::next)
                .isInstanceOf(LoopClosedException.class)
                .hasMessageContaining("LoopGroup.next()");
        assertThatThrownBy(() -> group.spawn(() -> {})).isInstanceOf(LoopClosedException.class);
        assertThat(reports.left()).isEmpty();
    }

    @Test
    void theyCloseAtTheSameTimeWithOneLimit() {
        LoopGroup group = settings().shutdownTimeout(Duration.ofMillis(300)).startGroup(3);
        CountDownLatch begun = new CountDownLatch(3);
        CountDownLatch never = new CountDownLatch(1);
        for (Loop loop : group.loops()) {
            loop.execute(() -> {
                begun.countDown();
                Real.await(never); // holds its loop
            });
        }
        Real.await(begun);
        long begin = System.nanoTime();
        group.close();
        assertThat(Duration.ofNanos(System.nanoTime() - begin))
                .isLessThan(Duration.ofMillis(3 * 1_300)); // a limit and a second for each, in turn
        never.countDown();
        assertThat(reports.leftKinds()).hasSize(3).containsOnly(Report.Kind.LEFT_AT_CLOSE);
    }

    @Test
    void noLoopOfItWaitsForItself() throws Exception {
        LoopGroup group = settings().startGroup(2);
        group.loops()
                .get(1)
                .spawn(() -> {
                    assertThatThrownBy(group::close)
                            .isInstanceOf(LoopMisuseException.class)
                            .hasMessageContaining("LoopGroup.close()")
                            .hasMessageContaining("shutdown()");
                    assertThat(group.loops().getFirst().isClosed()).isFalse();
                    assertThatThrownBy(() -> group.awaitTermination(Duration.ZERO))
                            .isInstanceOf(LoopMisuseException.class);
                    group.shutdown();
                })
                .get(Real.LIMIT_SECONDS, TimeUnit.SECONDS);
        assertThat(group.awaitTermination(Duration.ofSeconds(Real.LIMIT_SECONDS)))
                .isTrue();
    }

    @Test
    void theWaitForItsEndHasALimit() throws Exception {
        try (LoopGroup group = settings().startGroup(2)) {
            assertThat(group.awaitTermination(Duration.ofMillis(1))).isFalse();
        }
    }

    @Test
    void tasksSpawnedWhileLoopsEndRunOrAreCancelledOrRefused() {
        for (int round = 0; round < 50; round++) {
            LoopGroup group = settings().startGroup(2);
            List<Task<String>> accepted = new ArrayList<>();
            Real.Other closing = Real.start(() -> {
                group.loops().get(0).close();
                group.loops().get(1).close();
            });
            try {
                while (true) {
                    accepted.add(group.spawn(() -> "ran"));
                }
            } catch (LoopClosedException none) {
                // the end
            }
            Real.join(closing);
            group.close();
            assertThat(accepted).allMatch(task -> task.isCancelled() || "ran".equals(task.resultNow()));
        }
    }
}
