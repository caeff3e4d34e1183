package io.coloop.sync;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static io.coloop.sync.Turns.assertEndsCancelled;
import static io.coloop.sync.Turns.turns;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Task;
import io.coloop.test.LoopTest;
import io.coloop.test.Trail;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The tests that CPython has for {@code asyncio.Semaphore} and {@code BoundedSemaphore}, and what a permit adds. */
class SemaphoreTest {
    private static Task<Void> acquiring(Semaphore semaphore, Trail trail, String name) {
        return Task.spawn(() -> {
            semaphore.acquire();
            trail.mark(name);
        });
    }

    @LoopTest
    void withoutPermitsItIsLocked() {
        assertThat(Semaphore.withPermits(0).isLocked()).isTrue();
    }

    @LoopTest
    void itsStateCanBeRead(Trail trail) {
        Semaphore semaphore = Semaphore.withPermits(1);
        assertThat(semaphore.toString()).isEqualTo("Semaphore[1 available, 0 waiting]");
        assertThat(BoundedSemaphore.withPermits(2).toString()).isEqualTo("BoundedSemaphore[2 available, 0 waiting]");
        semaphore.acquire();
        acquiring(semaphore, trail, "a");
        acquiring(semaphore, trail, "b");
        turns(1);
        assertThat(semaphore.toString()).isEqualTo("Semaphore[0 available, 2 waiting]");
        semaphore.release();
        semaphore.release();
        turns(1);
        assertThat(semaphore.toString()).isEqualTo("Semaphore[0 available, 0 waiting]");
    }

    @Test
    void aNegativeNumberIsRefused() {
        assertThatThrownBy(() -> Semaphore.withPermits(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("permits are negative: -1");
        assertThatThrownBy(() -> BoundedSemaphore.withPermits(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @LoopTest
    void acquired(Trail trail) {
        Semaphore semaphore = Semaphore.withPermits(3);
        semaphore.acquire();
        semaphore.acquire();
        assertThat(semaphore.isLocked()).isFalse();
        acquiring(semaphore, trail, "1");
        acquiring(semaphore, trail, "2");
        acquiring(semaphore, trail, "3");
        turns(1);
        assertThat(trail.marks()).containsExactly("1");
        assertThat(semaphore.isLocked()).isTrue();
        assertThat(semaphore.toString()).isEqualTo("Semaphore[0 available, 2 waiting]");
        acquiring(semaphore, trail, "4");
        semaphore.release();
        semaphore.release();
        assertThat(semaphore.available()).isZero();
        turns(1);
        assertThat(trail.marks()).containsExactly("1", "2", "3");
        assertThat(semaphore.isLocked()).isTrue();
        assertThat(semaphore.toString()).isEqualTo("Semaphore[0 available, 1 waiting]");
        semaphore.release();
        turns(1);
        assertThat(trail.marks()).containsExactly("1", "2", "3", "4");
    }

    @LoopTest
    void aCancelledTaskLeavesTheLine(Loop loop, Trail trail) {
        Semaphore semaphore = Semaphore.withPermits(1);
        semaphore.acquire();
        Task<Void> task = acquiring(semaphore, trail, "a");
        loop.callSoon(task::cancel);
        assertEndsCancelled(task);
        assertThat(semaphore.toString()).isEqualTo("Semaphore[0 available, 0 waiting]");
    }

    @LoopTest
    void cancelledBeforeTheyAreWoken(Trail trail) {
        Semaphore semaphore = Semaphore.withPermits(0);
        Task<Void> first = acquiring(semaphore, trail, "1");
        Task<Void> second = acquiring(semaphore, trail, "2");
        Task<Void> third = acquiring(semaphore, trail, "3");
        Task<Void> fourth = acquiring(semaphore, trail, "4");
        turns(1);
        first.cancel();
        second.cancel();
        semaphore.release();
        turns(2);
        assertThat(third.isDone()).isTrue();
        assertThat(fourth.isDone()).isFalse();
        fourth.cancel();
        assertEndsCancelled(fourth);
    }

    @LoopTest
    void noHangWhenTheFirstIsCancelled(Trail trail) {
        Semaphore semaphore = Semaphore.withPermits(0);
        Task<Void> first = acquiring(semaphore, trail, "1");
        Task<Void> second = acquiring(semaphore, trail, "2");
        turns(1);
        first.cancel();
        semaphore.release();
        turns(2);
        assertThat(semaphore.isLocked()).isTrue();
        assertThat(second.isDone()).isTrue();
    }

    @LoopTest
    void noPermitIsLostWithACancelledTask() {
        Semaphore semaphore = Semaphore.withPermits(1);
        List<Task<Void>> second = new ArrayList<>();
        Task<Void> first = Task.spawn(() -> {
            try (Hold permit = semaphore.acquire()) {
                yieldNow();
            }
            second.get(0).cancel();
        });
        second.add(Task.spawn(() -> {
            try (Hold permit = semaphore.acquire()) {
                throw new AssertionError("it was cancelled");
            }
        }));
        await(first);
        assertEndsCancelled(second.get(0));
        semaphore.acquire();
        assertThat(semaphore.available()).isZero();
    }

    @LoopTest
    void aBoundedOneRefusesAReleaseTooMany() {
        Semaphore semaphore = BoundedSemaphore.withPermits(2);
        assertThatThrownBy(semaphore::release)
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageStartingWith("this semaphore has at most 2 permits, and nobody has one of them\n"
                        + "  call:   Semaphore.release()\n");
        semaphore.acquire();
        semaphore.release();
        assertThatThrownBy(semaphore::release).isInstanceOf(LoopMisuseException.class);
        assertThat(semaphore.available()).isEqualTo(2);
    }

    @LoopTest
    void anOrdinaryOneGetsMorePermits() {
        Semaphore semaphore = Semaphore.withPermits(1);
        semaphore.release();
        assertThat(semaphore.available()).isEqualTo(2);
        Semaphore full = Semaphore.withPermits(Integer.MAX_VALUE);
        assertThatThrownBy(full::release).isInstanceOf(LoopMisuseException.class);
    }

    @LoopTest
    void releasedWhenNobodyWaits() {
        Semaphore semaphore = Semaphore.withPermits(1);
        semaphore.acquire();
        assertThat(semaphore.isLocked()).isTrue();
        semaphore.release();
        assertThat(semaphore.isLocked()).isFalse();
    }

    @LoopTest
    void firstComeFirstServed(Trail trail) {
        Semaphore semaphore = Semaphore.withPermits(1);
        List<Task<?>> tasks = new ArrayList<>();
        for (String name : List.of("c1", "c2", "c3")) {
            tasks.add(Task.spawn(() -> {
                for (int i = 1; i <= 2; i++) {
                    semaphore.acquire();
                    trail.mark(name + "_" + i);
                    sleep(Duration.ofMillis(10));
                    semaphore.release();
                }
            }));
        }
        tasks.forEach(task -> await(task));
        assertThat(trail.marks()).containsExactly("c1_1", "c2_1", "c3_1", "c1_2", "c2_2", "c3_2");
    }

    @LoopTest
    void firstComeFirstServedThoughOneReleasesAndAcquiresAtOnce(Trail trail) {
        Semaphore semaphore = Semaphore.withPermits(1);
        acquiring(semaphore, trail, "1");
        Task<Void> second = Task.spawn(() -> {
            semaphore.acquire();
            trail.mark("2");
            semaphore.release();
            semaphore.acquire();
            trail.mark("4");
        });
        acquiring(semaphore, trail, "3");
        turns(1);
        semaphore.release();
        semaphore.release();
        await(second);
        assertThat(trail.marks()).containsExactly("1", "2", "3", "4");
    }

    @LoopTest
    void firstComeFirstServedAfterACancellation(Trail trail) {
        Semaphore semaphore = Semaphore.withPermits(0);
        Task<Void> first = acquiring(semaphore, trail, "1");
        acquiring(semaphore, trail, "2");
        Task<Void> third = acquiring(semaphore, trail, "3");
        turns(1);
        first.cancel();
        turns(1);
        semaphore.release();
        semaphore.release();
        await(third);
        assertEndsCancelled(first);
        assertThat(trail.marks()).containsExactly("2", "3");
    }

    @LoopTest
    void onePermitGoesFromCancelledToCancelledUntilSomebodyUsesIt(Trail trail) {
        Semaphore semaphore = Semaphore.withPermits(0);
        Task<Void> first = acquiring(semaphore, trail, "1");
        Task<Void> second = acquiring(semaphore, trail, "2");
        Task<Void> third = acquiring(semaphore, trail, "3");
        turns(1);
        semaphore.release();
        first.cancel();
        turns(1);
        second.cancel();
        await(third);
        assertEndsCancelled(first);
        assertEndsCancelled(second);
        assertThat(trail.marks()).containsExactly("3");
        assertThat(semaphore.available()).isZero();
    }

    @LoopTest
    void aPermitIsGivenBackOnce(Loop loop) {
        Semaphore semaphore = Semaphore.withPermits(2);
        Hold permit = semaphore.acquire();
        semaphore.acquire();
        loop.callSoon(permit::close);
        turns(1);
        permit.close();
        assertThat(semaphore.available()).isEqualTo(1);
    }
}
