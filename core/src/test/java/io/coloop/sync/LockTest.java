package io.coloop.sync;

import static io.coloop.Await.await;
import static io.coloop.sync.Turns.assertEndsCancelled;
import static io.coloop.sync.Turns.turns;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import java.util.ArrayList;
import java.util.List;

/** The tests that CPython has for {@code asyncio.Lock}, and what an owner adds. */
class LockTest {
    private final Lock lock = Lock.create();

    /** A task that holds the lock until the promise is completed. */
    private Task<Void> holding(Trail trail, String name, Promise<?> until) {
        return Task.spawn(() -> {
            try (Hold hold = lock.acquire()) {
                trail.mark(name);
                await(until.future());
            }
        });
    }

    @LoopTest
    void itsStateCanBeRead() {
        assertThat(lock.toString()).isEqualTo("Lock[unlocked, 0 waiting]");
        assertThat(lock.isLocked()).isFalse();
        assertThat((Object) lock.owner()).isNull();
        try (Hold hold = lock.acquire()) {
            assertThat(lock.toString()).isEqualTo("Lock[locked by test, 0 waiting]");
            assertThat(lock.isLocked()).isTrue();
            assertThat((Object) lock.owner()).isSameAs(Task.current());
            Task.spawn(() -> lock.acquire().close());
            turns(1);
            assertThat(lock.toString()).isEqualTo("Lock[locked by test, 1 waiting]");
        }
        turns(1);
        assertThat(lock.toString()).isEqualTo("Lock[unlocked, 0 waiting]");
    }

    @LoopTest
    void acquiredAndReleased() {
        lock.acquire();
        assertThat(lock.isLocked()).isTrue();
        lock.release();
        assertThat(lock.isLocked()).isFalse();
        try (Hold hold = lock.acquire()) {
            assertThat(lock.isLocked()).isTrue();
        }
        assertThat(lock.isLocked()).isFalse();
    }

    @LoopTest
    void tasksGetItOneAfterTheOther(Trail trail) {
        Promise<Void> firstDone = Promise.create();
        Promise<Void> secondDone = Promise.create();
        Promise<Void> thirdDone = Promise.create();
        lock.acquire();
        holding(trail, "1", firstDone);
        holding(trail, "2", secondDone);
        turns(1);
        assertThat(trail.marks()).isEmpty();
        lock.release();
        turns(2);
        assertThat(trail.marks()).containsExactly("1");
        Task<Void> third = holding(trail, "3", thirdDone);
        firstDone.complete(null);
        turns(2);
        assertThat(trail.marks()).containsExactly("1", "2");
        secondDone.complete(null);
        turns(2);
        assertThat(trail.marks()).containsExactly("1", "2", "3");
        thirdDone.complete(null);
        await(third);
        assertThat(lock.isLocked()).isFalse();
    }

    @LoopTest
    void aCancelledTaskLeavesTheLine(Loop loop) {
        lock.acquire();
        Task<Void> task = Task.spawn(() -> {
            lock.acquire();
        });
        loop.callSoon(task::cancel);
        assertEndsCancelled(task);
        assertThat(lock.toString()).isEqualTo("Lock[locked by test, 0 waiting]");
    }

    @LoopTest
    void aReleaseAndACancellationInTheSameTurn(Trail trail) {
        Promise<Void> aDone = Promise.create();
        Promise<Void> done = Promise.create();
        done.complete(null);
        Task<Void> a = holding(trail, "a", aDone);
        Task<Void> b = holding(trail, "b", done);
        Task<Void> c = holding(trail, "c", done);
        turns(1);
        aDone.complete(null);
        b.cancel();
        turns(1);
        assertThat(lock.isLocked()).isFalse();
        assertThat(a.isDone()).isTrue();
        assertThat(b.isCancelled()).isTrue();
        await(c);
        assertThat(trail.marks()).containsExactly("a", "c");
    }

    @LoopTest
    void bpo32734TwoTasksDoNotGetItAtOnce(Loop loop, Trail trail) {
        Promise<Void> never = Promise.create();
        lock.acquire();
        Task<Void> first = holding(trail, "first", never);
        Task<Void> second = holding(trail, "second", never);
        Task<Void> third = holding(trail, "third", never);
        turns(1);
        first.cancel();
        lock.release();
        turns(4);
        assertThat(first.isCancelled()).isTrue();
        assertThat(trail.marks()).containsExactly("second");
        second.cancel();
        third.cancel();
        assertEndsCancelled(second);
        assertEndsCancelled(third);
        assertThat(lock.isLocked()).isFalse();
    }

    @LoopTest
    void aCancelledTaskInLineDoesNotStopANewOne(Trail trail) {
        Promise<Void> done = Promise.create();
        lock.acquire();
        Task<Void> b = holding(trail, "b", done);
        turns(1);
        Task<Void> c = holding(trail, "c", done);
        b.cancel();
        lock.release();
        turns(1);
        assertThat((Object) lock.owner()).isSameAs(c);
        assertThat(b.isCancelled()).isTrue();
        done.complete(null);
        await(c);
    }

    // ---- holds

    @LoopTest
    void aHoldClosedTwiceReleasesNobodyElsesHold(Trail trail) {
        Hold mine = lock.acquire();
        mine.close();
        Promise<Void> done = Promise.create();
        Task<Void> other = holding(trail, "other", done);
        turns(1);
        mine.close();
        assertThat((Object) lock.owner()).isSameAs(other);
        done.complete(null);
        await(other);
    }

    @LoopTest
    void aHoldDoesNotReleaseALaterHoldOfItsOwnTask() {
        Hold first = lock.acquire();
        lock.release();
        try (Hold second = lock.acquire()) {
            first.close();
            assertThat(lock.isLocked()).isTrue();
        }
        assertThat(lock.isLocked()).isFalse();
    }

    @LoopTest
    void releasedInsideTheBlockItIsNotReleasedAgainAtItsEnd() {
        try (Hold hold = lock.acquire()) {
            lock.release();
            assertThat(lock.isLocked()).isFalse();
        }
        assertThat(lock.isLocked()).isFalse();
    }

    @LoopTest
    void aCancelledHolderReleasesIt(Trail trail) {
        Task<Void> holder = holding(trail, "holder", Promise.create());
        turns(1);
        holder.cancel();
        assertEndsCancelled(holder);
        assertThat(lock.isLocked()).isFalse();
    }

    // ---- the owner

    @LoopTest
    void releasingALockThatNobodyHoldsIsMisuse() {
        assertThatThrownBy(lock::release)
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageStartingWith(
                        "this is for the task that holds the lock, and none does\n  call:   Lock.release()\n")
                .hasMessageContaining("\n  remedy: acquire it in the same task;");
    }

    @LoopTest
    void onlyTheOwnerReleasesIt(Loop loop, Reports reports) {
        Hold mine = lock.acquire();
        Task<Void> other = Task.spawn(() -> {
            assertThatThrownBy(lock::release)
                    .isInstanceOf(LoopMisuseException.class)
                    .hasMessageStartingWith("this is for the task that holds the lock, and test does\n");
            assertThatThrownBy(mine::close)
                    .isInstanceOf(LoopMisuseException.class)
                    .hasMessageContaining("\n  call:   Hold.close() of a Lock\n");
        });
        await(other);
        loop.callSoon(lock::release);
        turns(1);
        assertThat(reports.takeOnly(Report.Kind.CALLBACK_FAILED).failure()).isInstanceOf(LoopMisuseException.class);
        assertThat(lock.isLocked()).isTrue();
    }

    @LoopTest
    void aTaskThatWouldWaitForItselfFailsAtOnce() {
        lock.acquire();
        assertThatThrownBy(lock::acquire)
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageStartingWith("a lock is not reentrant, and this task holds it\n  call:   Lock.acquire()\n");
        assertThat(lock.toString()).isEqualTo("Lock[locked by test, 0 waiting]");
    }

    @LoopTest
    void aLockWhoseOwnerEndedFailsAtOnce(Loop loop) {
        await(loop.spawn("forgetful", () -> {
            lock.acquire();
            return null;
        }));
        assertThatThrownBy(lock::acquire)
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageStartingWith("forgetful ended while it held the lock, so nobody can release it\n");
    }

    // ---- many

    @LoopTest
    void fairUnderLoad() {
        List<Integer> order = new ArrayList<>();
        List<Task<?>> tasks = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            int number = i;
            tasks.add(Task.spawn(() -> {
                for (int round = 0; round < 5; round++) {
                    try (Hold hold = lock.acquire()) {
                        order.add(number);
                        turns(1);
                    }
                }
            }));
        }
        tasks.forEach(task -> await(task));
        for (int i = 0; i < order.size(); i++) {
            assertThat(order.get(i)).isEqualTo(i % 10);
        }
    }
}
