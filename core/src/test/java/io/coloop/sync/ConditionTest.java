package io.coloop.sync;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.sync.Turns.assertEndsCancelled;
import static io.coloop.sync.Turns.turns;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Promise;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.test.LoopTest;
import io.coloop.test.Trail;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** The tests that CPython has for {@code asyncio.Condition}. */
class ConditionTest {
    private final Condition condition = Condition.create();

    private Task<Void> waiting(Trail trail, String name) {
        return Task.spawn(() -> {
            try (Hold hold = condition.acquire()) {
                condition.await();
                trail.mark(name);
            }
        });
    }

    /** A task that keeps the lock after it was woken, until the promise is completed. */
    private Task<Void> waitingAndHolding(Trail trail, String name, Promise<?> until) {
        return Task.spawn(() -> {
            try (Hold hold = condition.acquire()) {
                condition.await();
                trail.mark(name);
                await(until.future());
            }
        });
    }

    @LoopTest
    void itsStateCanBeRead(Trail trail) {
        assertThat(condition.toString()).isEqualTo("Condition[unlocked, 0 waiting]");
        waiting(trail, "a");
        waiting(trail, "b");
        turns(1);
        try (Hold hold = condition.acquire()) {
            assertThat(condition.toString()).isEqualTo("Condition[locked by test, 2 waiting]");
            condition.signalAll();
        }
        turns(1);
        assertThat(condition.toString()).isEqualTo("Condition[unlocked, 0 waiting]");
    }

    @LoopTest
    void aWokenTaskGoesOnOnceItHasTheLock(Trail trail) {
        Promise<Void> firstDone = Promise.create();
        Promise<Void> secondDone = Promise.create();
        waitingAndHolding(trail, "1", firstDone);
        waitingAndHolding(trail, "2", secondDone);
        waiting(trail, "3");
        turns(1);
        assertThat(condition.isLocked()).isFalse();
        condition.acquire();
        condition.signal();
        turns(1);
        assertThat(trail.marks()).isEmpty();
        condition.signal(2);
        condition.release();
        turns(1);
        assertThat(trail.marks()).containsExactly("1");
        assertThat(condition.isLocked()).isTrue();
        firstDone.complete(null);
        turns(2);
        assertThat(trail.marks()).containsExactly("1", "2");
        secondDone.complete(null);
        turns(2);
        assertThat(trail.marks()).containsExactly("1", "2", "3");
        assertThat(condition.isLocked()).isFalse();
    }

    @LoopTest
    void aCancelledTaskDoesNotWaitAnyMoreAndHasTheLock(Loop loop) {
        AtomicReference<Task<?>> owner = new AtomicReference<>();
        Task<Void> task = Task.spawn(() -> {
            try (Hold hold = condition.acquire()) {
                try {
                    condition.await();
                } finally {
                    owner.set(condition.lock().owner());
                }
            }
        });
        turns(1);
        task.cancel();
        assertEndsCancelled(task);
        assertThat((Object) owner.get()).isSameAs(task);
        assertThat(condition.toString()).isEqualTo("Condition[unlocked, 0 waiting]");
    }

    @LoopTest
    void aCancellationThatComesWithTheLockTakesNothingAway(Loop loop) {
        Task<Void> task = Task.spawn(() -> {
            try (Hold hold = condition.acquire()) {
                try {
                    condition.await();
                } finally {
                    assertThat((Object) condition.lock().owner()).isSameAs(Task.current());
                }
            }
        });
        turns(1);
        condition.acquire();
        condition.signal();
        loop.callSoon(task::cancel);
        turns(1);
        condition.release();
        assertEndsCancelled(task);
        assertThat(condition.isLocked()).isFalse();
    }

    @LoopTest
    void bpo32841CancelledAfterTheSignalWhileItWaitsForTheLock(Trail trail) {
        Task<Void> task = waiting(trail, "woken");
        turns(1);
        condition.acquire();
        condition.signal();
        turns(1);
        task.cancel();
        turns(1);
        assertThat(task.isDone()).as("it waits for the lock").isFalse();
        condition.release();
        turns(1);
        assertThat(task.isCancelled()).isTrue();
        assertThat(trail.marks()).isEmpty();
        assertThat(condition.isLocked()).isFalse();
    }

    @LoopTest
    void aPredicateIsLookedAtAfterEachWakeUp(Trail trail) {
        AtomicBoolean ready = new AtomicBoolean();
        Task<Void> task = Task.spawn(() -> {
            try (Hold hold = condition.acquire()) {
                condition.awaitUntil(ready::get);
                trail.mark("ready");
            }
        });
        turns(1);
        signalOne();
        turns(2);
        assertThat(trail.marks()).isEmpty();
        ready.set(true);
        signalOne();
        turns(1);
        assertThat(trail.marks()).containsExactly("ready");
        await(task);
    }

    private void signalOne() {
        try (Hold hold = condition.acquire()) {
            condition.signal();
        }
    }

    @LoopTest
    void aPredicateThatHoldsNeedsNoLock() {
        condition.awaitUntil(() -> true);
        assertThatThrownBy(() -> condition.awaitUntil(() -> false)).isInstanceOf(LoopMisuseException.class);
    }

    @LoopTest
    void aPredicateThatFailsLeavesTheLockToTheBlock() {
        IllegalStateException failure = new IllegalStateException("expected");
        assertThatThrownBy(() -> {
                    try (Hold hold = condition.acquire()) {
                        condition.awaitUntil(() -> {
                            throw failure;
                        });
                    }
                })
                .isSameAs(failure);
        assertThat(condition.isLocked()).isFalse();
    }

    @LoopTest
    void signalled(Trail trail) {
        waiting(trail, "1");
        waiting(trail, "2");
        waiting(trail, "3");
        turns(1);
        signalOne();
        turns(1);
        assertThat(trail.marks()).containsExactly("1");
        try (Hold hold = condition.acquire()) {
            condition.signal(1);
            condition.signal(2048);
        }
        turns(1);
        assertThat(trail.marks()).containsExactly("1", "2", "3");
    }

    @LoopTest
    void allSignalled(Trail trail) {
        waiting(trail, "1");
        waiting(trail, "2");
        turns(1);
        try (Hold hold = condition.acquire()) {
            condition.signalAll();
        }
        turns(1);
        assertThat(trail.marks()).containsExactly("1", "2");
    }

    @LoopTest
    void withoutTheLockEverythingIsMisuse() {
        assertThatThrownBy(condition::await)
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageStartingWith(
                        "this is for the task that holds the lock, and none does\n  call:   Condition.await()\n");
        assertThatThrownBy(condition::signal).hasMessageContaining("Condition.signal()");
        assertThatThrownBy(() -> condition.signal(2)).hasMessageContaining("Condition.signal(int)");
        assertThatThrownBy(condition::signalAll).hasMessageContaining("Condition.signalAll()");
        assertThatThrownBy(condition::release).hasMessageContaining("Condition.release()");
        condition.acquire();
        Task<?> other = Task.spawn(() -> assertThatThrownBy(condition::signal)
                .hasMessageStartingWith("this is for the task that holds the lock, and test does\n"));
        await(other);
    }

    @LoopTest
    void theLockCanBeShared() {
        Lock lock = Lock.create();
        Condition first = Condition.of(lock);
        Condition second = Condition.of(lock);
        assertThat(first.lock()).isSameAs(lock);
        try (Hold hold = lock.acquire()) {
            assertThat(first.isLocked()).isTrue();
            second.signal();
        }
        try (Hold hold = first.acquire()) {
            assertThat(lock.isLocked()).isTrue();
        }
        assertThat(lock.isLocked()).isFalse();
        assertThatThrownBy(() -> Condition.of(null)).hasMessage("lock");
    }

    @LoopTest
    void theHoldStaysValidAcrossAWait(Trail trail) {
        Task<Void> task = Task.spawn(() -> {
            Hold hold = condition.acquire();
            condition.await();
            hold.close();
            trail.mark("released " + !condition.isLocked());
        });
        turns(1);
        signalOne();
        await(task);
        assertThat(trail.marks()).containsExactly("released true");
    }

    @LoopTest
    void aCancellationPassesUnchanged() {
        AtomicReference<Throwable> raised = new AtomicReference<>();
        AtomicBoolean wake = new AtomicBoolean();
        Task<Void> task = Task.spawn(() -> {
            try (Hold hold = condition.acquire()) {
                Throwable thrown = catchThrowable(() -> condition.awaitUntil(wake::get));
                raised.set(thrown);
                throw (TaskCancelledException) thrown;
            }
        });
        turns(1);
        condition.acquire();
        wake.set(true);
        condition.signal();
        turns(1);
        task.cancel("foo");
        condition.release();
        assertThatThrownBy(() -> await(task)).hasMessage("foo");
        assertThat(raised.get()).hasMessage("foo").hasNoSuppressedExceptions();
    }

    @LoopTest
    void aSignalIsNotLostWithTheCancelledTaskThatGotIt() {
        consumeThoughOneIsCancelled(0);
    }

    @LoopTest
    void aSignalIsNotLostWithATaskThatIsCancelledWhileItWaitsForTheLock() {
        consumeThoughOneIsCancelled(1);
    }

    private void consumeThoughOneIsCancelled(int turnsBeforeTheCancellation) {
        AtomicInteger state = new AtomicInteger();
        List<Task<?>> consumers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            consumers.add(Task.spawn(() -> {
                try (Hold hold = condition.acquire()) {
                    while (true) {
                        condition.awaitUntil(() -> state.get() != 0);
                        if (state.get() < 0) {
                            return;
                        }
                        state.decrementAndGet();
                    }
                }
            }));
        }
        turns(1);
        try (Hold hold = condition.acquire()) {
            state.incrementAndGet();
            condition.signal(1);
            turns(turnsBeforeTheCancellation);
            consumers.get(0).cancel();
        }
        sleep(Duration.ofMillis(10));
        assertThat(state.get()).isZero();
        try (Hold hold = condition.acquire()) {
            state.set(-1);
            condition.signalAll();
        }
        await(consumers.get(1));
        assertEndsCancelled(consumers.get(0));
    }
}
