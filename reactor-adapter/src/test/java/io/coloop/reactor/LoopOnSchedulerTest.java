package io.coloop.reactor;

import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.loopOn;
import static io.coloop.reactor.Reactor.scheduler;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.test.LoopTest;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.scheduler.VirtualTimeScheduler;

/** {@code loopOn(scheduler)}: a Reactor scheduler with one thread hosts a loop. */
class LoopOnSchedulerTest {
    @RegisterExtension
    final Dropped dropped = new Dropped();

    private final Scheduler single = Schedulers.newSingle("host");

    @AfterEach
    void tearDown() {
        single.dispose();
    }

    private static Thread threadOf(Scheduler scheduler) {
        return Mono.fromSupplier(Thread::currentThread).subscribeOn(scheduler).block(Duration.ofSeconds(30));
    }

    @Test
    void tasksRunOnTheSchedulersThread() {
        Loop loop = loopOn(single);
        Thread own = loop.spawn(() -> await(Mono.fromSupplier(Thread::currentThread)))
                .join();
        assertThat(own).isSameAs(threadOf(single));
        loop.close();
        assertThat(single.isDisposed()).isFalse();
        assertThat(threadOf(single)).isSameAs(own);
    }

    @Test
    void oneLoopForOneScheduler() {
        Loop loop = loopOn(single, Loop.builder().name("hosted"));
        assertThat(loopOn(single)).isSameAs(loop);
        assertThat(loop.name()).isEqualTo("hosted");
        assertThat(loop.spawn(() -> loopOn(single)).join()).isSameAs(loop);
        loop.close();
        Loop next = loopOn(single);
        assertThat(next).isNotSameAs(loop);
        assertThat(next.spawn(() -> "goes on").join()).isEqualTo("goes on");
        next.close();
    }

    @LoopTest
    void theSchedulerOfALoopGivesThatLoop(Loop loop) {
        assertThat(loopOn(scheduler(loop))).isSameAs(loop);
        assertThat(scheduler(loopOn(scheduler(loop)))).isEqualTo(scheduler(loop));
    }

    @Test
    void tasksTimersAndPipelinesShareTheThread() {
        Loop loop = loopOn(single);
        List<Integer> seen = loop.spawn(() -> {
                    Task<Integer> other = Task.spawn(() -> {
                        sleep(Duration.ofMillis(3));
                        return 7;
                    });
                    yieldNow();
                    List<Integer> items = await(Flux.range(1, 3)
                            .delayElements(Duration.ofMillis(1), single)
                            .collectList());
                    items.add(io.coloop.Await.await(other));
                    return items;
                })
                .join();
        assertThat(seen).containsExactly(1, 2, 3, 7);
        loop.close();
    }

    @Test
    void ofAnExecutorServiceWithOneThread() {
        var executor = Executors.newSingleThreadScheduledExecutor();
        try {
            Loop loop = loopOn(Schedulers.fromExecutorService(executor));
            assertThat(loop.spawn(() -> {
                                sleep(Duration.ofMillis(1));
                                return "slept";
                            })
                            .join())
                    .isEqualTo("slept");
            loop.close();
        } finally {
            executor.shutdown();
        }
    }

    @Test
    void severalThreadsAreRefusedOnceASecondOneIsSeen() throws Exception {
        Scheduler several = Schedulers.newParallel("several", 2);
        Queue<Report> reports = new ConcurrentLinkedQueue<>();
        CountDownLatch lost = new CountDownLatch(1);
        try {
            Loop loop = loopOn(several, Loop.builder().exceptionHandler(report -> {
                reports.add(report);
                lost.countDown();
            }));
            Task<Void> task = loop.spawn(() -> {
                while (true) {
                    sleep(Duration.ofMillis(1));
                }
            });
            assertThat(lost.await(30, TimeUnit.SECONDS)).isTrue();
            assertThatThrownBy(task::join).isInstanceOf(java.util.concurrent.CancellationException.class);
            assertThat(reports.peek().kind()).isEqualTo(Report.Kind.HOST_LOST);
            assertThat(reports.peek().message()).contains("its host runs on more than one thread");
            loop.close();
        } finally {
            several.dispose();
        }
    }

    @Test
    void oneThatRunsOnTheCallersThreadIsRefused() {
        for (Scheduler inline : List.of(Schedulers.fromExecutorService(new Inline()), VirtualTimeScheduler.create())) {
            assertThatThrownBy(() -> loopOn(inline))
                    .isInstanceOf(LoopMisuseException.class)
                    .hasMessageStartingWith("a host has a thread of its own\n  call:   Reactor.loopOn(");
        }
    }

    /** Runs what is due at once where it is given. */
    private static final class Inline extends java.util.concurrent.ScheduledThreadPoolExecutor {
        Inline() {
            super(0);
        }

        @Override
        public java.util.concurrent.ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
            command.run();
            return super.schedule(() -> {}, 1, TimeUnit.DAYS);
        }

        @Override
        public <V> java.util.concurrent.ScheduledFuture<V> schedule(
                java.util.concurrent.Callable<V> command, long delay, TimeUnit unit) {
            try {
                command.call();
            } catch (Exception failure) {
                throw new AssertionError(failure);
            }
            return super.schedule(() -> null, 1, TimeUnit.DAYS);
        }
    }

    @Test
    void oneWithoutDelaysIsRefused() {
        for (Scheduler noDelays : List.of(Schedulers.immediate(), Schedulers.fromExecutor(Runnable::run))) {
            assertThatThrownBy(() -> loopOn(noDelays))
                    .isInstanceOf(LoopMisuseException.class)
                    .hasMessageStartingWith("a host must accept work and delays\n  call:   Reactor.loopOn(")
                    .hasMessageContaining("remedy: pass a scheduler with one thread that is not disposed");
        }
    }

    @Test
    void oneThatIsDisposedIsRefused() {
        single.dispose();
        assertThatThrownBy(() -> loopOn(single))
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageStartingWith("a host must accept work and delays");
    }

    @Test
    void aSchedulerThatIsDisposedBeforeItsLoopCancelsTheTasks() throws Exception {
        Queue<Report> reports = new ConcurrentLinkedQueue<>();
        Loop loop = loopOn(single, Loop.builder().exceptionHandler(reports::add));
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch cleanedUp = new CountDownLatch(1);
        Task<Void> task = loop.spawn(() -> {
            started.countDown();
            try {
                sleep(Duration.ofDays(1));
            } finally {
                cleanedUp.countDown();
            }
        });
        assertThat(started.await(30, TimeUnit.SECONDS)).isTrue();
        single.dispose();
        assertThat(cleanedUp.await(30, TimeUnit.SECONDS)).isTrue();
        assertThatThrownBy(task::join).isInstanceOf(java.util.concurrent.CancellationException.class);
        assertThat(reports).extracting(Report::kind).containsExactly(Report.Kind.HOST_LOST);
        loop.close();
    }

    @Test
    void nullIsRefusedByName() {
        assertThatThrownBy(() -> loopOn(null)).hasMessage("scheduler");
        assertThatThrownBy(() -> loopOn(single, null)).hasMessage("settings");
    }
}
