package io.coloop.sync;

import static io.coloop.Await.await;
import static io.coloop.sync.Turns.assertEndsCancelled;
import static io.coloop.sync.Turns.turns;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Task;
import io.coloop.test.LoopTest;
import io.coloop.test.Trail;
import java.util.ArrayList;
import java.util.List;

class WaitQueueTest {
    private final WaitQueue queue = WaitQueue.create();

    private Task<Void> waiting(Trail trail, String name) {
        return Task.spawn(() -> {
            queue.await();
            trail.mark(name);
        });
    }

    @LoopTest
    void signalsWakeInTheOrderOfArrival(Trail trail) {
        for (String name : List.of("a", "b", "c", "d", "e")) {
            waiting(trail, name);
        }
        turns(1);
        assertThat(queue.size()).isEqualTo(5);
        assertThat(queue.signal()).isTrue();
        assertThat(queue.size()).as("it has not run yet").isEqualTo(5);
        turns(1);
        assertThat(trail.marks()).containsExactly("a");
        assertThat(queue.toString()).isEqualTo("WaitQueue[4 waiting]");
        assertThat(queue.signal(2)).isEqualTo(2);
        assertThat(queue.signalAll()).isEqualTo(2);
        assertThat(queue.signalAll()).isZero();
        assertThat(queue.signal(7)).isZero();
        assertThat(queue.signal(0)).isZero();
        turns(1);
        assertThat(trail.marks()).containsExactly("a", "b", "c", "d", "e");
        assertThat(queue.size()).isZero();
    }

    @LoopTest
    void aSignalForNobodyIsNotKept(Trail trail) {
        assertThat(queue.signal()).isFalse();
        Task<Void> task = waiting(trail, "a");
        turns(3);
        assertThat(task.isDone()).isFalse();
        queue.signal();
        await(task);
    }

    @LoopTest
    void aSignalDoesNotGoToACancelledOne(Trail trail) {
        Task<Void> first = waiting(trail, "first");
        waiting(trail, "second");
        turns(1);
        first.cancel();
        assertThat(queue.signal()).isTrue();
        turns(1);
        assertThat(trail.marks()).containsExactly("second");
        assertEndsCancelled(first);
    }

    @LoopTest
    void aSignalThatACancelledOneGotGoesToTheNext(Trail trail) {
        Task<Void> first = waiting(trail, "first");
        Task<Void> second = waiting(trail, "second");
        Task<Void> third = waiting(trail, "third");
        waiting(trail, "fourth");
        turns(1);
        queue.signal(2);
        first.cancel();
        second.cancel();
        turns(3);
        assertEndsCancelled(first);
        assertEndsCancelled(second);
        assertThat(trail.marks()).containsExactly("third", "fourth");
        assertThat(third.isDone()).isTrue();
    }

    @LoopTest
    void aSignalToAllThatACancelledOneGotWakesNoLateComer(Trail trail) {
        Task<Void> first = waiting(trail, "first");
        turns(1);
        Task<Void> late = waiting(trail, "late"); // it arrives before the other one runs
        queue.signalAll();
        first.cancel();
        turns(4);
        assertEndsCancelled(first);
        assertThat(late.isDone()).isFalse();
        queue.signal();
        await(late);
    }

    @LoopTest
    void aNegativeCountIsRefused() {
        assertThatThrownBy(() -> queue.signal(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("count is negative: -1");
    }

    private static final int MANY = 100_000;

    @LoopTest
    void manyThatAreCancelledInReverseLeaveQuickly(Trail trail) {
        List<Task<?>> tasks = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            tasks.add(Task.spawn(queue::await));
        }
        turns(1);
        for (int i = MANY - 1; i >= 0; i--) {
            tasks.get(i).cancel();
        }
        turns(2);
        assertThat(queue.size()).isZero();
    }

    @LoopTest
    void manyThatAreSignalledOneByOneLeaveQuickly(Trail trail) {
        List<Task<?>> tasks = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            tasks.add(Task.spawn(queue::await));
        }
        turns(1);
        for (int i = 0; i < MANY; i++) {
            assertThat(queue.signal()).isTrue();
        }
        turns(1);
        assertThat(queue.size()).isZero();
        assertThat(tasks).allMatch(Task::isDone);
    }
}
