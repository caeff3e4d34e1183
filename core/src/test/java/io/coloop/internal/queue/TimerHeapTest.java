package io.coloop.internal.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TimerHeapTest {
    private static final Runnable NOTHING = () -> {};

    /** What the heap should be: a list sorted by deadline; the sort is stable, so equal ones stay in their order. */
    private static final class Oracle {
        private final List<TimerHeap.Timer> timers = new ArrayList<>();

        void add(TimerHeap.Timer timer) {
            timers.add(timer);
            timers.sort(Comparator.comparingLong(TimerHeap.Timer::deadline));
        }

        TimerHeap.Timer pollDue(long now) {
            return timers.isEmpty() || timers.get(0).deadline() > now ? null : timers.remove(0);
        }

        long nextDeadline() {
            return timers.isEmpty() ? Long.MAX_VALUE : timers.get(0).deadline();
        }
    }

    @Test
    void anEmptyHeap() {
        TimerHeap heap = new TimerHeap();
        assertThat(heap.size()).isZero();
        assertThat(heap.nextDeadline()).isEqualTo(Long.MAX_VALUE);
        assertThat(heap.pollDue(Long.MAX_VALUE)).isNull();
        heap.clear();
    }

    @Test
    void atRandomAgainstASortedList() {
        for (int seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            TimerHeap heap = new TimerHeap();
            Oracle oracle = new Oracle();
            int spread = 1 + random.nextInt(100); // few deadlines make many equal ones
            for (int step = 0; step < 2_000; step++) {
                switch (random.nextInt(5)) {
                    case 0, 1, 2 -> oracle.add(heap.add(random.nextInt(spread) - spread / 2, NOTHING));
                    case 3 -> {
                        long now = random.nextInt(spread) - spread / 2;
                        assertThat(heap.pollDue(now)).isSameAs(oracle.pollDue(now));
                    }
                    default -> {
                        if (!oracle.timers.isEmpty()) {
                            TimerHeap.Timer timer = oracle.timers.remove(random.nextInt(oracle.timers.size()));
                            assertThat(timer.isArmed()).isTrue();
                            assertThat(heap.remove(timer)).isTrue();
                            assertThat(timer.isArmed()).isFalse();
                            assertThat(heap.remove(timer)).isFalse();
                        }
                    }
                }
                assertThat(heap.size()).isEqualTo(oracle.timers.size());
                assertThat(heap.nextDeadline()).isEqualTo(oracle.nextDeadline());
            }
            while (heap.size() > 0) {
                TimerHeap.Timer polled = heap.pollDue(Long.MAX_VALUE);
                assertThat(polled).as("seed %d", seed).isSameAs(oracle.pollDue(Long.MAX_VALUE));
                assertThat(polled.isArmed()).isFalse();
            }
        }
    }

    @Test
    void equalDeadlinesInTheOrderTheyWereAdded() {
        TimerHeap heap = new TimerHeap();
        List<TimerHeap.Timer> added = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            added.add(heap.add(7, NOTHING));
        }
        for (int i = 0; i < 1_000; i += 3) {
            heap.remove(added.get(i));
        }
        for (int i = 0; i < 1_000; i++) {
            if (i % 3 != 0) {
                assertThat(heap.pollDue(7)).isSameAs(added.get(i));
            }
        }
        assertThat(heap.size()).isZero();
    }

    @Test
    void extremeDeadlines() {
        TimerHeap heap = new TimerHeap();
        TimerHeap.Timer never = heap.add(Long.MAX_VALUE, NOTHING);
        TimerHeap.Timer always = heap.add(Long.MIN_VALUE, NOTHING);
        TimerHeap.Timer zero = heap.add(0, NOTHING);
        assertThat(heap.pollDue(Long.MIN_VALUE)).isSameAs(always);
        assertThat(heap.pollDue(Long.MIN_VALUE)).isNull();
        assertThat(heap.pollDue(Long.MAX_VALUE - 1)).isSameAs(zero);
        assertThat(heap.pollDue(Long.MAX_VALUE - 1)).isNull();
        assertThat(heap.nextDeadline()).isEqualTo(Long.MAX_VALUE);
        assertThat(heap.pollDue(Long.MAX_VALUE)).isSameAs(never);
    }

    @Test
    void clearDisarmsAll() {
        TimerHeap heap = new TimerHeap();
        List<TimerHeap.Timer> timers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            timers.add(heap.add(i, NOTHING));
        }
        heap.clear();
        assertThat(heap.size()).isZero();
        assertThat(timers).noneMatch(TimerHeap.Timer::isArmed);
        assertThat(heap.remove(timers.get(0))).isFalse();
        TimerHeap.Timer again = heap.add(5, NOTHING);
        assertThat(heap.pollDue(5)).isSameAs(again);
    }
}
