package io.coloop.sync;

import static io.coloop.Await.await;
import static io.coloop.sync.Turns.assertEndsCancelled;
import static io.coloop.sync.Turns.turns;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.test.LoopTest;
import io.coloop.test.Trail;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The tests that CPython has for {@code asyncio.Barrier}. */
class BarrierTest {
    private static final int N = 5;

    private final Barrier barrier = Barrier.forParties(N);

    private static List<Task<?>> spawn(int count, Runnable body) {
        List<Task<?>> tasks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            tasks.add(Task.spawn(body::run));
        }
        return tasks;
    }

    private static void awaitAll(List<Task<?>> tasks) {
        tasks.forEach(task -> await(task));
    }

    private static void inN(Runnable body) {
        awaitAll(spawn(N, body));
    }

    private static void assertFilling(Barrier barrier) {
        assertThat(barrier.waiting()).isZero();
        assertThat(barrier.isBroken()).isFalse();
        assertThat(barrier.toString()).startsWith("Barrier[filling, 0 of ");
    }

    @LoopTest
    void itsStateCanBeRead() {
        assertThat(barrier.parties()).isEqualTo(N);
        assertThat(barrier.toString()).isEqualTo("Barrier[filling, 0 of 5 inside]");
        Runnable party = () -> {
            try {
                barrier.await();
            } catch (BrokenBarrierException expected) {
                return;
            }
        };
        spawn(2, party);
        turns(1);
        assertThat(barrier.toString()).isEqualTo("Barrier[filling, 2 of 5 inside]");
        assertThat(barrier.waiting()).isEqualTo(2);
        spawn(3, party);
        turns(1);
        assertThat(barrier.toString()).isEqualTo("Barrier[draining, 4 of 5 inside]");
        assertThat(barrier.waiting()).isZero();
        barrier.reset();
        assertThat(barrier.toString()).isEqualTo("Barrier[resetting, 4 of 5 inside]");
        barrier.abort();
        assertThat(barrier.toString()).isEqualTo("Barrier[broken, 4 of 5 inside]");
        assertThat(barrier.isBroken()).isTrue();
        turns(1);
        assertThat(barrier.toString()).isEqualTo("Barrier[broken, 0 of 5 inside]");
    }

    @Test
    void itNeedsAParty() {
        assertThatThrownBy(() -> Barrier.forParties(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a barrier needs a party: 0");
        assertThatThrownBy(() -> Barrier.forParties(-4)).isInstanceOf(IllegalArgumentException.class);
    }

    @LoopTest
    void eachPartyGetsItsNumber() {
        List<Integer> results = new ArrayList<>();
        inN(() -> results.add(barrier.await()));
        assertThat(results).containsExactlyInAnyOrder(0, 1, 2, 3, 4);
        assertFilling(barrier);
    }

    @LoopTest
    void aBarrierForOneStopsNobody(Loop loop) {
        Barrier alone = Barrier.forParties(1);
        long turn = loop.turnCount();
        assertThat(alone.await()).isZero();
        assertThat(alone.await()).isZero();
        assertThat(loop.turnCount()).isEqualTo(turn);
        assertFilling(alone);
    }

    @LoopTest
    void filledTaskByTask() {
        Barrier three = Barrier.forParties(3);
        List<Task<?>> tasks = new ArrayList<>();
        for (int i = 1; i <= 2; i++) {
            tasks.addAll(spawn(1, three::await));
            turns(1);
            assertThat(three.waiting()).isEqualTo(i);
        }
        tasks.addAll(spawn(1, three::await));
        awaitAll(tasks);
        assertFilling(three);
    }

    @LoopTest
    void passedTwice() {
        List<Boolean> results = new ArrayList<>();
        inN(() -> {
            barrier.await();
            results.add(true);
            barrier.await();
            results.add(false);
        });
        assertThat(results).hasSize(2 * N);
        assertThat(results.subList(0, N)).containsOnly(true);
        assertFilling(barrier);
    }

    @LoopTest
    void itDrainsUntilTheLastOneIsOut() {
        List<Boolean> draining = new ArrayList<>();
        inN(() -> {
            barrier.await();
            draining.add(barrier.toString().contains("draining"));
        });
        assertThat(draining).containsExactly(true, true, true, true, false);
    }

    @LoopTest
    void thoseThatComeWhileItDrainsWaitOutside() {
        int again = 2;
        Barrier others = Barrier.forParties(N - again);
        AtomicInteger left = new AtomicInteger(again);
        inN(() -> {
            barrier.await();
            if (left.getAndDecrement() > 0) {
                barrier.await();
            } else {
                others.await();
                barrier.await();
            }
        });
        assertFilling(barrier);
        assertFilling(others);
    }

    @LoopTest
    void aCancelledPartyIsReplaced(Trail trail) {
        Barrier three = Barrier.forParties(3);
        List<Task<?>> tasks = new ArrayList<>();
        for (int i = 1; i <= 2; i++) {
            tasks.addAll(spawn(1, three::await));
            turns(1);
            assertThat(three.waiting()).isEqualTo(i);
        }
        Task<?> cancelled = tasks.remove(0);
        cancelled.cancel();
        turns(1);
        assertThat(three.waiting()).isEqualTo(1);
        assertEndsCancelled(cancelled);
        tasks.addAll(spawn(1, three::await));
        turns(1);
        assertThat(three.waiting()).isEqualTo(2);
        tasks.addAll(spawn(1, three::await));
        awaitAll(tasks);
        assertFilling(three);
    }

    @LoopTest
    void allPartiesCancelledLeaveItEmpty() {
        List<Task<?>> tasks = spawn(N - 1, barrier::await);
        turns(1);
        tasks.forEach(Task::cancel);
        tasks.forEach(Turns::assertEndsCancelled);
        assertFilling(barrier);
    }

    // ---- reset

    @LoopTest
    void resetWhenNobodyIsInside() {
        barrier.reset();
        assertFilling(barrier);
    }

    @LoopTest
    void resetFailsThoseInside() {
        List<String> results = new ArrayList<>();
        List<Task<?>> tasks = spawn(N - 1, () -> {
            try {
                barrier.await();
            } catch (BrokenBarrierException broken) {
                results.add(broken.getMessage());
            }
        });
        turns(1);
        barrier.reset();
        awaitAll(tasks);
        assertThat(results).hasSize(N - 1).containsOnly("the barrier was reset");
        assertFilling(barrier);
    }

    @LoopTest
    void resetWhenHalfAreOutFailsTheOthers() {
        int rest = N / 2;
        AtomicInteger out = new AtomicInteger();
        AtomicInteger failed = new AtomicInteger();
        inN(() -> {
            try {
                barrier.await();
                if (out.incrementAndGet() == N - rest) {
                    barrier.reset();
                }
            } catch (BrokenBarrierException broken) {
                failed.incrementAndGet();
            }
        });
        assertThat(failed.get()).isEqualTo(rest);
        assertFilling(barrier);
    }

    @LoopTest
    void resetDoesNotFailThoseOutside() {
        int blocking = N / 2;
        AtomicInteger count = new AtomicInteger();
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger outside = new AtomicInteger();
        inN(() -> {
            try {
                barrier.await();
            } catch (BrokenBarrierException broken) {
                inside.incrementAndGet();
                barrier.await();
                return;
            }
            if (count.incrementAndGet() > blocking) {
                barrier.reset();
                barrier.await();
                return;
            }
            try {
                barrier.await();
            } catch (BrokenBarrierException broken) {
                outside.incrementAndGet();
            }
        });
        assertThat(inside.get()).isEqualTo(blocking);
        assertThat(outside.get()).isZero();
        assertFilling(barrier);
    }

    @LoopTest
    void resetAndWaitedForAgain() {
        AtomicInteger failed = new AtomicInteger();
        AtomicInteger passed = new AtomicInteger();
        List<Task<?>> tasks = spawn(N - 1, () -> {
            try {
                barrier.await();
            } catch (BrokenBarrierException broken) {
                failed.incrementAndGet();
            }
            barrier.await();
            passed.incrementAndGet();
        });
        turns(1);
        barrier.reset();
        turns(1);
        tasks.addAll(spawn(1, () -> {
            barrier.await();
            passed.incrementAndGet();
        }));
        awaitAll(tasks);
        assertThat(failed.get()).isEqualTo(N - 1);
        assertThat(passed.get()).isEqualTo(N);
        assertFilling(barrier);
    }

    @LoopTest
    void resetByTheLastOneOutFailsNobody() {
        AtomicInteger count = new AtomicInteger();
        AtomicInteger passed = new AtomicInteger();
        inN(() -> {
            barrier.await();
            if (count.incrementAndGet() == N) {
                barrier.reset();
            }
            barrier.await();
            barrier.await();
            passed.incrementAndGet();
        });
        assertThat(passed.get()).isEqualTo(N);
        assertFilling(barrier);
    }

    // ---- abort

    @LoopTest
    void abortedItFailsThoseThatCome(Loop loop) {
        loop.callSoon(barrier::abort);
        turns(1);
        assertThat(barrier.isBroken()).isTrue();
        assertThat(barrier.waiting()).isZero();
        assertThatThrownBy(barrier::await)
                .isInstanceOf(BrokenBarrierException.class)
                .hasMessage("the barrier was aborted");
        barrier.reset();
        assertFilling(barrier);
    }

    @LoopTest
    void abortedItFailsThoseInsideAndOutside() {
        int blocking = N / 2;
        AtomicInteger count = new AtomicInteger();
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger outside = new AtomicInteger();
        inN(() -> {
            try {
                barrier.await();
            } catch (BrokenBarrierException broken) {
                inside.incrementAndGet();
                return;
            }
            if (count.incrementAndGet() > blocking) {
                barrier.abort();
                return;
            }
            try {
                barrier.await();
            } catch (BrokenBarrierException broken) {
                outside.incrementAndGet();
            }
        });
        assertThat(inside.get()).isEqualTo(blocking);
        assertThat(outside.get()).isEqualTo(N - blocking - 1);
        assertThat(barrier.isBroken()).isTrue();
        assertThat(barrier.toString()).isEqualTo("Barrier[broken, 0 of 5 inside]");
    }

    @LoopTest
    void abortedByAPartyThatFailed() {
        AtomicInteger failed = new AtomicInteger();
        inN(() -> {
            try {
                if (barrier.await() == N / 2) {
                    throw new UnsupportedOperationException("expected");
                }
                barrier.await();
                throw new AssertionError("it was aborted");
            } catch (BrokenBarrierException broken) {
                failed.incrementAndGet();
            } catch (UnsupportedOperationException expected) {
                barrier.abort();
            }
        });
        assertThat(barrier.isBroken()).isTrue();
        assertThat(failed.get()).isEqualTo(N - 1);
    }

    @LoopTest
    void abortedThenResetItWorksAgain() {
        Barrier second = Barrier.forParties(N);
        AtomicInteger failed = new AtomicInteger();
        List<Integer> passed = Collections.synchronizedList(new ArrayList<>());
        inN(() -> {
            try {
                if (barrier.await() == N / 2) {
                    barrier.abort();
                } else {
                    barrier.await();
                }
            } catch (BrokenBarrierException broken) {
                failed.incrementAndGet();
            }
            if (second.await() == N / 2) {
                barrier.reset();
            }
            second.await();
            passed.add(barrier.await());
        });
        assertThat(failed.get()).isEqualTo(N - 1);
        assertThat(passed).hasSize(N);
        assertFilling(barrier);
    }
}
