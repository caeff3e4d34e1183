package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Blocking code on other threads. */
class BlockingTest {
    @LoopTest(foreignThreads = true)
    void itRunsOnAPlatformThreadAndTheLoopGoesOn(Loop loop, Trail trail) {
        CountDownLatch mayEnd = new CountDownLatch(1);
        Task<Void> other = Task.spawn(() -> {
            trail.mark("meanwhile");
            mayEnd.countDown();
        });
        Thread thread = blocking(() -> {
            Real.await(mayEnd);
            return Thread.currentThread();
        });
        assertThat(thread.isVirtual()).isFalse();
        assertThat(thread.isDaemon()).isTrue();
        assertThat(thread.getName()).startsWith(loop.name() + "-blocking-");
        assertThat(trail.marks()).containsExactly("meanwhile");
        await(other);
    }

    @LoopTest
    void itHasNoLoop() {
        assertThat(Await.<Loop>blocking(Loop::currentOrNull)).isNull();
        assertThatThrownBy(() -> blocking(() -> {
                    yieldNow();
                    return "";
                }))
                .isInstanceOf(LoopMisuseException.class);
    }

    @LoopTest
    void itsFailureArrives() {
        IllegalStateException failure = new IllegalStateException("expected");
        assertThatThrownBy(() -> blocking(() -> {
                    throw failure;
                }))
                .isSameAs(failure);
        IOException checked = new IOException("expected");
        assertThatThrownBy(() -> blocking(() -> {
                    throw checked;
                }))
                .isExactlyInstanceOf(CompletionException.class)
                .hasCause(checked);
        assertThat(Await.<String>blocking(() -> null)).isNull();
    }

    @LoopTest(foreignThreads = true)
    void virtualTimeWaitsForIt(VirtualClock clock) {
        CountDownLatch mayEnd = new CountDownLatch(1);
        AtomicBoolean ended = new AtomicBoolean();
        Task<Void> job = Task.spawn(() -> {
            blocking(() -> {
                Real.await(mayEnd);
                return "";
            });
            ended.set(true);
        });
        Task<Boolean> sleeper = Task.spawn(() -> {
            sleep(Duration.ofNanos(1));
            return ended.get();
        });
        yieldNow();
        yieldNow();
        assertThat(clock.elapsed()).isZero();
        mayEnd.countDown();
        assertThat(await(sleeper)).isTrue();
        await(job);
    }

    @LoopTest(foreignThreads = true)
    void cancelInterruptsIt() {
        CountDownLatch begun = new CountDownLatch(1);
        AtomicBoolean interrupted = new AtomicBoolean();
        CountDownLatch ended = new CountDownLatch(1);
        Task<String> task = Task.spawn(() -> blocking(() -> {
            begun.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException expected) {
                interrupted.set(true);
                throw expected;
            } finally {
                ended.countDown();
            }
            return "";
        }));
        yieldNow();
        Real.await(begun);
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        Real.await(ended);
        assertThat(interrupted).isTrue();
    }

    @LoopTest(foreignThreads = true)
    void aJobCancelledInTheQueueNeverBegins() {
        CountDownLatch mayEnd = new CountDownLatch(1);
        AtomicInteger begun = new AtomicInteger();
        Loop loop = Loop.current();
        List<Future<Integer>> jobs = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            jobs.add(loop.blocking(() -> {
                int number = begun.incrementAndGet();
                Real.await(mayEnd);
                return number;
            }));
        }
        Future<Integer> last = jobs.get(39);
        Real.until("all threads are taken", () -> begun.get() == 32);
        last.cancel();
        yieldNow();
        mayEnd.countDown();
        for (Future<Integer> job : jobs.subList(0, 39)) {
            await(job);
        }
        assertThat(begun.get()).isEqualTo(39);
    }

    @LoopTest(foreignThreads = true)
    void anInterruptDoesNotLeakToTheNextJob() {
        for (int i = 0; i < 50; i++) {
            CountDownLatch begun = new CountDownLatch(1);
            CountDownLatch cancelled = new CountDownLatch(1);
            Future<Object> stubborn = Loop.current().blocking(() -> {
                begun.countDown();
                Real.await(cancelled);
                Thread.currentThread().interrupt();
                return null;
            });
            Real.await(begun);
            if (i % 2 == 0) {
                stubborn.cancel();
                yieldNow();
            }
            cancelled.countDown();
            if (i % 2 == 1) {
                await(stubborn);
            }
            assertThat(Await.<Boolean>blocking(() -> Thread.currentThread().isInterrupted()))
                    .isFalse();
        }
    }

    @LoopTest
    void aHundredAtOnce(Loop loop) {
        List<Future<Integer>> jobs = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            int number = i;
            jobs.add(loop.blocking(() -> number));
        }
        for (int i = 0; i < 100; i++) {
            assertThat(await(jobs.get(i))).isEqualTo(i);
        }
    }

    @Test
    void aClosingLoopInterruptsTheJobOfATask() {
        CountDownLatch begun = new CountDownLatch(1);
        AtomicReference<Throwable> seen = new AtomicReference<>();
        CountDownLatch ended = new CountDownLatch(1);
        Loop loop = Loop.start("worker");
        Task<String> task = loop.spawn(() -> blocking(() -> {
            begun.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException expected) {
                seen.set(expected);
                throw expected;
            } finally {
                ended.countDown();
            }
            return "";
        }));
        Real.await(begun);
        loop.close();
        Real.await(ended);
        assertThat(seen.get()).isInstanceOf(InterruptedException.class);
        assertThat(task.isCancelled()).isTrue();
    }
}
