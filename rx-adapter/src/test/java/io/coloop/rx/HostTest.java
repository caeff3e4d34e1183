package io.coloop.rx;

import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static io.coloop.rx.Rx.loopOn;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.LoopBuilder;
import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.test.Trail;
import io.reactivex.rxjava3.core.Scheduler;
import io.reactivex.rxjava3.core.Single;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import io.reactivex.rxjava3.schedulers.Schedulers;
import io.reactivex.rxjava3.schedulers.TestScheduler;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A loop on the thread of an RxJava scheduler. */
@Timeout(30)
class HostTest {
    @RegisterExtension
    final Dropped dropped = new Dropped();

    private final Queue<Report> reports = new ConcurrentLinkedQueue<>();
    private final Scheduler single = RxJavaPlugins.createSingleScheduler(
            Thread.ofPlatform().name("rx-host").factory());

    @AfterEach
    void nothingElseWasReported() {
        single.shutdown();
        assertThat(reports).isEmpty();
    }

    private LoopBuilder settings() {
        return Loop.builder().exceptionHandler(reports::add).slowItem(Duration.ZERO);
    }

    private static Thread threadOf(Scheduler scheduler) {
        return Single.fromCallable(Thread::currentThread).subscribeOn(scheduler).blockingGet();
    }

    private List<Report> takeReports() {
        List<Report> taken = List.copyOf(reports);
        reports.clear();
        return taken;
    }

    @Test
    void tasksAndCallbacksRunOnTheSchedulersThread() throws Exception {
        Thread host = threadOf(single);
        try (Loop loop = loopOn(single, settings())) {
            Task<Thread> own = loop.spawn(() -> Rx.await(Single.fromCallable(Thread::currentThread)));
            assertThat(own.get(10, TimeUnit.SECONDS)).isSameAs(host);
            assertThat(loop.spawn(() -> {
                                sleep(Duration.ofMillis(3));
                                return Rx.await(Single.just("value").subscribeOn(Rx.scheduler(loop)));
                            })
                            .get(10, TimeUnit.SECONDS))
                    .isEqualTo("value");
        }
        assertThat(threadOf(single)).as("it goes on").isSameAs(host);
    }

    @Test
    void aSchedulerHasOneLoop() {
        Loop first = loopOn(single, settings());
        assertThat(loopOn(single)).isSameAs(first);
        first.close();
        try (Loop second = loopOn(single, settings())) {
            assertThat(second).isNotSameAs(first);
        }
    }

    @Test
    void theSchedulerOfALoopIsHostedByThatLoop() {
        try (Loop loop = loopOn(single, settings())) {
            assertThat(loopOn(Rx.scheduler(loop))).isSameAs(loop);
            assertThat(loopOn(Rx.scheduler(loop), settings())).isSameAs(loop);
        }
    }

    @Test
    void otherWorkOfTheSchedulerRunsBesideIt() throws Exception {
        try (Loop loop = loopOn(single, settings())) {
            CountDownLatch others = new CountDownLatch(100);
            Task<?> endless = loop.spawn(() -> {
                while (true) {
                    yieldNow();
                }
            });
            Scheduler.Worker worker = single.createWorker();
            worker.schedulePeriodically(others::countDown, 0, 1, TimeUnit.MICROSECONDS);
            assertThat(others.await(10, TimeUnit.SECONDS)).isTrue();
            worker.dispose();
            endless.cancel();
        }
    }

    @Test
    void timersFireInOrder() throws Exception {
        Trail trail = new Trail();
        try (Loop loop = loopOn(single, settings())) {
            Task<?> slow = loop.spawn(() -> {
                sleep(Duration.ofMillis(30));
                trail.mark("slow");
            });
            Task<?> quick = loop.spawn(() -> {
                sleep(Duration.ofMillis(3));
                trail.mark("quick");
            });
            slow.get(10, TimeUnit.SECONDS);
            quick.get(10, TimeUnit.SECONDS);
        }
        assertThat(trail.marks()).containsExactly("quick", "slow");
    }

    @Test
    void schedulersWithSeveralThreadsLendTheThreadOfOneWorker() throws Exception {
        for (Scheduler scheduler : List.of(Schedulers.computation(), Schedulers.io(), Schedulers.newThread())) {
            Set<Thread> threads = ConcurrentHashMap.newKeySet();
            try (Loop loop = loopOn(scheduler, settings())) {
                for (int i = 0; i < 20; i++) {
                    loop.spawn(() -> threads.add(Rx.await(Single.fromCallable(Thread::currentThread))))
                            .get(10, TimeUnit.SECONDS);
                }
            }
            assertThat(threads).as("%s", scheduler).hasSize(1);
        }
    }

    @Test
    void theWorkerIsGivenBackAfterTheClose() throws Exception {
        CountDownLatch givenBack = new CountDownLatch(1);
        AtomicInteger workers = new AtomicInteger();
        Scheduler counted = new Scheduler() {
            @Override
            public Worker createWorker() {
                workers.incrementAndGet();
                Worker worker = single.createWorker();
                return new Worker() {
                    @Override
                    public io.reactivex.rxjava3.disposables.Disposable schedule(
                            Runnable run, long delay, TimeUnit unit) {
                        return worker.schedule(run, delay, unit);
                    }

                    @Override
                    public void dispose() {
                        worker.dispose();
                        givenBack.countDown();
                    }

                    @Override
                    public boolean isDisposed() {
                        return worker.isDisposed();
                    }
                };
            }
        };
        Loop loop = loopOn(counted, settings());
        loopOn(counted);
        loopOn(counted);
        assertThat(workers).hasValue(1);
        loop.close();
        assertThat(givenBack.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void trapClosingInterruptsTheHostsThread() throws Exception {
        AtomicInteger interrupted = new AtomicInteger();
        for (int i = 0; i < 50; i++) {
            Loop loop = loopOn(single, settings());
            loop.spawn(() -> sleep(Duration.ofNanos(1))).get(10, TimeUnit.SECONDS);
            loop.close();
            io.reactivex.rxjava3.core.Completable.fromAction(() -> {
                        if (Thread.interrupted()) {
                            interrupted.incrementAndGet();
                        }
                    })
                    .subscribeOn(single)
                    .blockingAwait();
        }
        assertThat(interrupted).hasValue(0);
    }

    @Test
    void aSchedulerThatIsShutDownEndsTheLoopsTasks() throws Exception {
        Loop loop = loopOn(single, settings());
        Promise<Object> never = loop.promise();
        Task<Object> waiting = loop.spawn(() -> io.coloop.Await.await(never.future()));
        loop.spawn(() -> yieldNow()).get(10, TimeUnit.SECONDS);
        single.shutdown();
        assertThatThrownBy(() -> waiting.get(10, TimeUnit.SECONDS)).isInstanceOf(CancellationException.class);
        assertThat(loop.awaitTermination(Duration.ofSeconds(10))).isTrue();
        assertThat(takeReports()).extracting(Report::kind).containsExactly(Report.Kind.HOST_LOST);
        assertThat(dropped.takeErrors()).isNotEmpty().hasOnlyElementsOfType(RejectedExecutionException.class);
    }

    @Test
    void aSchedulerThatIsShutDownAlreadyIsRefused() {
        single.shutdown();
        assertThatThrownBy(() -> loopOn(single, settings()))
                .isInstanceOf(io.coloop.LoopMisuseException.class)
                .hasMessageContaining("a host must accept work");
        assertThat(dropped.takeErrors()).hasOnlyElementsOfType(RejectedExecutionException.class);
    }

    @Test
    void anExecutorWithSeveralThreadsIsReported() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try {
            Loop loop = loopOn(Schedulers.from(pool), settings());
            Task<?> task = loop.spawn(() -> {
                while (true) {
                    sleep(Duration.ofMillis(1));
                }
            });
            assertThatThrownBy(() -> task.get(10, TimeUnit.SECONDS)).isInstanceOf(CancellationException.class);
            assertThat(loop.awaitTermination(Duration.ofSeconds(10))).isTrue();
            assertThat(takeReports()).singleElement().satisfies(report -> {
                assertThat(report.kind()).isEqualTo(Report.Kind.HOST_LOST);
                assertThat(report.message()).contains("its host runs on more than one thread");
            });
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void anExecutorWithOneThreadHosts() throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor();
        try (Loop loop = loopOn(Schedulers.from(executor, false, true), settings())) {
            assertThat(loop.spawn(() -> {
                                sleep(Duration.ofMillis(3));
                                return "value";
                            })
                            .get(10, TimeUnit.SECONDS))
                    .isEqualTo("value");
        } finally {
            executor.shutdown();
        }
    }

    @Test
    void aSchedulerWithoutAThreadIsRefused() {
        assertThatThrownBy(() -> loopOn(Schedulers.trampoline()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Schedulers.trampoline()");
    }

    @Test
    void aTestSchedulerHostsALoopInItsOwnTime() {
        TestScheduler time = new TestScheduler();
        Trail trail = new Trail();
        Loop loop = loopOn(time, settings().clock(() -> time.now(TimeUnit.NANOSECONDS)));
        Task<?> task = loop.spawn(() -> {
            trail.mark("started");
            sleep(Duration.ofHours(1));
            trail.mark("an hour later");
            Rx.await(Single.timer(1, TimeUnit.HOURS, time));
            trail.mark("two hours later");
        });
        assertThat(trail.marks()).isEmpty();
        time.triggerActions();
        assertThat(trail.marks()).containsExactly("started");
        time.advanceTimeBy(59, TimeUnit.MINUTES);
        assertThat(trail.marks()).containsExactly("started");
        time.advanceTimeBy(1, TimeUnit.MINUTES);
        assertThat(trail.marks()).containsExactly("started", "an hour later");
        time.advanceTimeBy(1, TimeUnit.HOURS);
        time.triggerActions();
        assertThat(trail.marks()).containsExactly("started", "an hour later", "two hours later");
        assertThat(task.isDone()).isTrue();
        loop.shutdown();
        time.triggerActions();
        assertThat(loop.isClosed()).isTrue();
    }

    @Test
    void nullIsRefusedByName() {
        assertThatThrownBy(() -> loopOn(null)).hasMessage("scheduler");
        assertThatThrownBy(() -> loopOn(single, null)).hasMessage("settings");
    }
}
