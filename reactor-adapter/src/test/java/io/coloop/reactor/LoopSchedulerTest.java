package io.coloop.reactor;

import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static io.coloop.reactor.Reactor.scheduler;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.ContextVar;
import io.coloop.Loop;
import io.coloop.Mode;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.Scannable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** The loop as a Reactor scheduler. */
class LoopSchedulerTest {
    @RegisterExtension
    final Dropped dropped = new Dropped();

    private static void settle() {
        for (int turn = 0; turn < 5; turn++) {
            yieldNow();
        }
    }

    /** What both a scheduler and its Worker do. */
    interface Target {
        Disposable schedule(Runnable task);

        Disposable schedule(Runnable task, long delay, TimeUnit unit);

        Disposable schedulePeriodically(Runnable task, long initialDelay, long period, TimeUnit unit);

        void dispose();

        boolean isDisposed();
    }

    private static List<Target> targets(Loop loop) {
        Scheduler direct = scheduler(loop);
        Scheduler.Worker worker = scheduler(loop).createWorker();
        return List.of(
                new Target() {
                    @Override
                    public Disposable schedule(Runnable task) {
                        return direct.schedule(task);
                    }

                    @Override
                    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
                        return direct.schedule(task, delay, unit);
                    }

                    @Override
                    public Disposable schedulePeriodically(Runnable task, long delay, long period, TimeUnit unit) {
                        return direct.schedulePeriodically(task, delay, period, unit);
                    }

                    @Override
                    public void dispose() {
                        direct.dispose();
                    }

                    @Override
                    public boolean isDisposed() {
                        return direct.isDisposed();
                    }
                },
                new Target() {
                    @Override
                    public Disposable schedule(Runnable task) {
                        return worker.schedule(task);
                    }

                    @Override
                    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
                        return worker.schedule(task, delay, unit);
                    }

                    @Override
                    public Disposable schedulePeriodically(Runnable task, long delay, long period, TimeUnit unit) {
                        return worker.schedulePeriodically(task, delay, period, unit);
                    }

                    @Override
                    public void dispose() {
                        worker.dispose();
                    }

                    @Override
                    public boolean isDisposed() {
                        return worker.isDisposed();
                    }
                });
    }

    // ---- threads and order

    @LoopTest
    void actionsRunOnTheLoopsOwnThreadFromTheReadyQueue(Loop loop) {
        Thread own = Reactor.await(Mono.fromSupplier(Thread::currentThread));
        for (Target target : targets(loop)) {
            List<Thread> threads = new ArrayList<>();
            target.schedule(() -> threads.add(Thread.currentThread()));
            target.schedule(() -> threads.add(Thread.currentThread()), 1, NANOSECONDS);
            assertThat(threads).as("never inside schedule").isEmpty();
            sleep(Duration.ofNanos(2));
            assertThat(threads).containsExactly(own, own);
            assertThat(own.isVirtual()).isEqualTo(Loop.mode() == Mode.HAND_OFF);
        }
    }

    @LoopTest
    void trapASchedulerWithoutAWorkerAndSoWithoutOrder(Loop loop) {
        for (Target target : targets(loop)) {
            List<Integer> ran = new ArrayList<>();
            for (int i = 0; i < 10_000; i++) {
                int number = i;
                target.schedule(() -> ran.add(number));
            }
            settle();
            assertThat(ran).hasSize(10_000).isSorted();
        }
    }

    @LoopTest
    void actionsOfSeveralThreadsKeepEachThreadsOrder(Loop loop, VirtualClock clock) {
        int threads = 4;
        int each = 10_000;
        for (Target target : targets(loop)) {
            List<int[]> ran = new ArrayList<>(); // the loop's
            List<Thread> started = new ArrayList<>();
            try (var foreign = clock.foreign(loop)) {
                for (int t = 0; t < threads; t++) {
                    int thread = t;
                    started.add(Thread.ofPlatform().start(() -> {
                        for (int i = 0; i < each; i++) {
                            int number = i;
                            target.schedule(() -> ran.add(new int[] {thread, number}));
                        }
                    }));
                }
                blocking(() -> {
                    for (Thread thread : started) {
                        thread.join();
                    }
                    return null;
                });
            }
            settle();
            assertThat(ran).hasSize(threads * each);
            for (int t = 0; t < threads; t++) {
                int thread = t;
                assertThat(ran.stream()
                                .filter(r -> r[0] == thread)
                                .map(r -> r[1])
                                .toList())
                        .hasSize(each)
                        .isSorted();
            }
        }
    }

    @LoopTest(foreignThreads = true)
    void anActionOfAnotherThreadIsNotOvertakenByALaterOneOfTheLoop(Loop loop) throws Exception {
        for (Target target : targets(loop)) {
            List<String> ran = new ArrayList<>();
            Thread other = Thread.ofPlatform().start(() -> target.schedule(() -> ran.add("first")));
            other.join(); // it is in the inbox, which this turn does not look at any more
            target.schedule(() -> ran.add("second"));
            settle();
            assertThat(ran).containsExactly("first", "second");
        }
    }

    @LoopTest(foreignThreads = true)
    void aDelayOfAnotherThreadKeepsItsOrderAmongEqualDeadlines(Loop loop) throws Exception {
        for (Target target : targets(loop)) {
            List<String> ran = new ArrayList<>();
            Thread other = Thread.ofPlatform().start(() -> target.schedule(() -> ran.add("first"), 1, SECONDS));
            other.join();
            target.schedule(() -> ran.add("second"), 1, SECONDS);
            sleep(Duration.ofSeconds(2));
            assertThat(ran).containsExactly("first", "second");
        }
    }

    @LoopTest
    void workersRunBetweenOneAnother(Loop loop) {
        Scheduler scheduler = scheduler(loop);
        Scheduler.Worker first = scheduler.createWorker();
        Scheduler.Worker second = scheduler.createWorker();
        List<String> ran = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int number = i;
            first.schedule(() -> ran.add("a" + number));
            second.schedule(() -> ran.add("b" + number));
        }
        settle();
        assertThat(ran).containsExactly("a0", "b0", "a1", "b1", "a2", "b2");
    }

    @LoopTest
    void whatAnActionSchedulesWaitsForTheNextTurn(Loop loop) {
        for (Target target : targets(loop)) {
            List<Long> turns = new ArrayList<>();
            target.schedule(() -> {
                turns.add(loop.turnCount());
                target.schedule(() -> turns.add(loop.turnCount()));
            });
            settle();
            assertThat(turns.get(1)).isGreaterThan(turns.get(0));
        }
    }

    // ---- delays

    @LoopTest
    void trapNanosecondsCutToMilliseconds(Loop loop, VirtualClock clock) {
        for (Target target : targets(loop)) {
            long start = loop.time();
            List<Long> times = new ArrayList<>();
            for (long nanos : new long[] {1_000_001, 1, 999_999, 1_000_000}) {
                target.schedule(() -> times.add(loop.time() - start), nanos, NANOSECONDS);
            }
            sleep(Duration.ofMillis(2));
            assertThat(times).containsExactly(1L, 999_999L, 1_000_000L, 1_000_001L);
        }
    }

    @LoopTest
    void equalDeadlinesKeepTheirOrder(Loop loop) {
        for (Target target : targets(loop)) {
            List<Integer> ran = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                int number = i;
                target.schedule(() -> ran.add(number), 5, MILLISECONDS);
            }
            sleep(Duration.ofMillis(6));
            assertThat(ran).hasSize(1_000).isSorted();
        }
    }

    @LoopTest
    void noDelayAndLessIsAtOnceAndInOrder(Loop loop, VirtualClock clock) {
        for (Target target : targets(loop)) {
            List<String> ran = new ArrayList<>();
            target.schedule(() -> ran.add("a"), 0, SECONDS);
            target.schedule(() -> ran.add("b"));
            target.schedule(() -> ran.add("c"), -5, SECONDS);
            settle();
            assertThat(ran).containsExactly("a", "b", "c");
        }
        assertThat(clock.elapsed()).isZero();
    }

    @LoopTest
    void aDelayThatOverflowsIsJustFarAway(Loop loop, Trail trail) {
        for (Target target : targets(loop)) {
            sleep(Duration.ofNanos(1));
            Disposable never = target.schedule(() -> trail.mark("ran"), Long.MAX_VALUE, TimeUnit.DAYS);
            sleep(Duration.ofDays(1));
            assertThat(trail.marks()).isEmpty();
            never.dispose();
        }
    }

    @LoopTest
    void nowIsTheTimeOfDayAndGoesAsTheLoopsClock(Loop loop) {
        Scheduler scheduler = scheduler(loop);
        long nanos = scheduler.now(NANOSECONDS);
        long millis = scheduler.now(MILLISECONDS);
        assertThat(NANOSECONDS.toMillis(nanos)).isEqualTo(millis);
        assertThat(millis)
                .as("since 1970")
                .isGreaterThan(Duration.ofDays(20_000).toMillis());
        sleep(Duration.ofNanos(123));
        assertThat(scheduler.now(NANOSECONDS)).isEqualTo(nanos + 123);
        sleep(Duration.ofDays(2));
        assertThat(scheduler.now(TimeUnit.SECONDS)).isGreaterThanOrEqualTo(MILLISECONDS.toSeconds(millis) + 2 * 86_400);
    }

    // ---- periods

    @LoopTest
    void aPeriodIsAFixedRate(Loop loop) {
        for (Target target : targets(loop)) {
            long start = loop.time();
            List<Long> times = new ArrayList<>();
            Disposable ticks = target.schedulePeriodically(() -> times.add(loop.time() - start), 10, 3, NANOSECONDS);
            sleep(Duration.ofNanos(20));
            assertThat(times).containsExactly(10L, 13L, 16L, 19L);
            ticks.dispose();
            sleep(Duration.ofSeconds(1));
            assertThat(times).hasSize(4);
        }
    }

    @LoopTest
    void aPeriodCatchesUpAfterADelay(Loop loop, VirtualClock clock) {
        for (Target target : targets(loop)) {
            long start = loop.time();
            List<Long> times = new ArrayList<>();
            Disposable ticks = target.schedulePeriodically(
                    () -> {
                        times.add(loop.time() - start);
                        if (times.size() == 1) {
                            clock.advanceBy(Duration.ofNanos(25));
                        }
                    },
                    10,
                    10,
                    NANOSECONDS);
            sleep(Duration.ofNanos(40));
            assertThat(times).containsExactly(10L, 35L, 35L, 40L);
            ticks.dispose();
        }
    }

    @LoopTest
    void trapAPeriodOf0IsRefused(Loop loop, VirtualClock clock) {
        for (Target target : targets(loop)) {
            List<Long> turns = new ArrayList<>();
            Disposable ticks = target.schedulePeriodically(() -> turns.add(loop.turnCount()), 0, 0, SECONDS);
            for (int i = 0; i < 10; i++) {
                yieldNow();
            }
            ticks.dispose();
            int count = turns.size();
            assertThat(count).isBetween(8, 11);
            assertThat(Set.copyOf(turns)).as("once a turn").hasSize(count);
            settle();
            assertThat(turns).hasSize(count);
        }
        assertThat(clock.elapsed()).isZero();
    }

    @LoopTest
    void aPeriodBelow0IsAPeriodOf0(Loop loop) {
        for (Target target : targets(loop)) {
            AtomicInteger count = new AtomicInteger();
            Disposable ticks = target.schedulePeriodically(count::incrementAndGet, -1, -1, SECONDS);
            settle();
            ticks.dispose();
            assertThat(count.get()).isGreaterThan(1);
        }
    }

    @LoopTest
    void aPeriodicActionThatThrowsIsReportedAndGoesOn(Loop loop, Reports reports) {
        for (Target target : targets(loop)) {
            IllegalStateException failure = new IllegalStateException("once");
            AtomicInteger count = new AtomicInteger();
            Disposable ticks = target.schedulePeriodically(
                    () -> {
                        if (count.incrementAndGet() == 2) {
                            throw failure;
                        }
                    },
                    1,
                    1,
                    SECONDS);
            sleep(Duration.ofMillis(3_500));
            ticks.dispose();
            assertThat(count.get()).isEqualTo(3);
            assertThat(reports.takeOnly(Report.Kind.CALLBACK_FAILED).failure()).isSameAs(failure);
        }
    }

    @LoopTest
    void anActionThatThrowsIsReportedAndTheWorkerGoesOn(Loop loop, Reports reports, Trail trail) {
        for (Target target : targets(loop)) {
            IllegalStateException failure = new IllegalStateException("broken");
            Disposable broken = target.schedule(() -> {
                throw failure;
            });
            target.schedule(() -> trail.mark("next"));
            settle();
            assertThat(broken.isDisposed()).isTrue();
            assertThat(reports.takeOnly(Report.Kind.CALLBACK_FAILED).failure()).isSameAs(failure);
        }
        assertThat(trail.marks()).containsExactly("next", "next");
    }

    // ---- disposing

    @LoopTest
    void disposedBeforeItRunsItNeverRuns(Loop loop, Trail trail) {
        for (Target target : targets(loop)) {
            Disposable now = target.schedule(() -> trail.mark("now"));
            Disposable later = target.schedule(() -> trail.mark("later"), 1, SECONDS);
            Disposable often = target.schedulePeriodically(() -> trail.mark("often"), 1, 1, SECONDS);
            for (Disposable action : List.of(now, later, often)) {
                assertThat(action.isDisposed()).isFalse();
                action.dispose();
                action.dispose();
                assertThat(action.isDisposed()).isTrue();
            }
            assertThat(loop.timerCount()).as("nothing stays armed").isZero();
            sleep(Duration.ofSeconds(5));
        }
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest(foreignThreads = true)
    void disposedByAnotherThreadItNeverRunsAndItsTimerIsDisarmed(Loop loop, Trail trail) {
        for (Target target : targets(loop)) {
            Disposable later = target.schedule(() -> trail.mark("later"), 1, SECONDS);
            assertThat(loop.timerCount()).isEqualTo(1);
            blocking(() -> {
                later.dispose();
                return null;
            });
            settle();
            assertThat(loop.timerCount()).isZero();
        }
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void anActionThatHasRunIsDisposed(Loop loop, Trail trail) {
        for (Target target : targets(loop)) {
            Disposable done = target.schedule(() -> trail.mark("ran"));
            Disposable later = target.schedule(() -> trail.mark("ran"), 1, NANOSECONDS);
            sleep(Duration.ofNanos(1));
            settle();
            assertThat(done.isDisposed()).isTrue();
            assertThat(later.isDisposed()).isTrue();
            done.dispose();
            later.dispose();
        }
        assertThat(trail.marks()).hasSize(4);
    }

    @LoopTest
    void aPeriodicActionMayDisposeItself(Loop loop) {
        for (Target target : targets(loop)) {
            for (long period : new long[] {0, 1}) {
                AtomicInteger count = new AtomicInteger();
                AtomicReference<Disposable> self = new AtomicReference<>();
                self.set(target.schedulePeriodically(
                        () -> {
                            if (count.incrementAndGet() == 3) {
                                self.get().dispose();
                            }
                        },
                        period,
                        period,
                        NANOSECONDS));
                sleep(Duration.ofSeconds(1));
                assertThat(count.get()).isEqualTo(3);
                assertThat(loop.timerCount()).isZero();
            }
        }
    }

    @Test
    void trapDisposingARunningActionInterruptsTheLoopsThread() throws Exception {
        try (Loop loop = Loop.start("not-interrupted")) {
            for (Target target : targets(loop)) {
                CountDownLatch running = new CountDownLatch(1);
                CountDownLatch disposed = new CountDownLatch(1);
                AtomicReference<Object> seen = new AtomicReference<>();
                CountDownLatch done = new CountDownLatch(1);
                Disposable action = target.schedulePeriodically(
                        () -> {
                            running.countDown();
                            try {
                                seen.set(disposed.await(30, SECONDS) ? "finished" : "timed out");
                            } catch (InterruptedException interrupted) {
                                seen.set(interrupted);
                            }
                            done.countDown();
                        },
                        0,
                        0,
                        SECONDS);
                assertThat(running.await(30, SECONDS)).isTrue();
                action.dispose();
                target.dispose();
                disposed.countDown();
                assertThat(done.await(30, SECONDS)).isTrue();
                assertThat(seen.get()).isEqualTo("finished");
            }
        }
    }

    @LoopTest
    void disposingAllEndsWhatIsLeftAndRejectsTheRest(Loop loop, Trail trail) {
        for (Target target : targets(loop)) {
            Disposable now = target.schedule(() -> trail.mark("now"));
            Disposable later = target.schedule(() -> trail.mark("later"), 1, SECONDS);
            target.schedulePeriodically(() -> trail.mark("often"), 1, 1, SECONDS);
            target.dispose();
            target.dispose();
            assertThat(target.isDisposed()).isTrue();
            assertThat(later.isDisposed()).isTrue();
            assertThat(loop.timerCount()).isZero();
            sleep(Duration.ofSeconds(5));
            assertThat(now).isNotNull();
            assertRejects(target, trail);
        }
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void disposingTheSchedulerEndsItsWorkersButNotTheLoopNorOtherSchedulers(Loop loop, Trail trail) {
        Scheduler disposed = scheduler(loop);
        Scheduler other = scheduler(loop);
        Scheduler.Worker worker = disposed.createWorker();
        worker.schedule(() -> trail.mark("worker"), 1, SECONDS);
        disposed.dispose();
        assertThat(worker.isDisposed()).isTrue();
        assertThat(disposed.createWorker().isDisposed()).isTrue();
        assertThat(loop.timerCount()).isZero();
        other.schedule(() -> trail.mark("other"));
        settle();
        assertThat(trail.marks()).containsExactly("other");
    }

    @LoopTest
    void disposingAWorkerLeavesTheOthersAlone(Loop loop, Trail trail) {
        Scheduler scheduler = scheduler(loop);
        Scheduler.Worker disposed = scheduler.createWorker();
        Scheduler.Worker other = scheduler.createWorker();
        disposed.schedule(() -> trail.mark("disposed"));
        other.schedule(() -> trail.mark("other"));
        disposed.dispose();
        scheduler.schedule(() -> trail.mark("direct"));
        settle();
        assertThat(trail.marks()).containsExactly("other", "direct");
        assertThat(scheduler.isDisposed()).isFalse();
    }

    private static void assertRejects(Target target, Trail trail) {
        assertThatThrownBy(() -> target.schedule(() -> trail.mark("rejected")))
                .isInstanceOf(RejectedExecutionException.class);
        assertThatThrownBy(() -> target.schedule(() -> trail.mark("rejected"), 1, SECONDS))
                .isInstanceOf(RejectedExecutionException.class);
        assertThatThrownBy(() -> target.schedulePeriodically(() -> trail.mark("rejected"), 1, 1, SECONDS))
                .isInstanceOf(RejectedExecutionException.class);
    }

    @Test
    void aClosedLoopRejects() {
        Trail trail = new Trail();
        Loop loop = Loop.start("closed");
        List<Target> targets = targets(loop);
        Disposable later = targets.get(0).schedule(() -> trail.mark("later"), 1, TimeUnit.HOURS);
        loop.close();
        targets.forEach(target -> assertRejects(target, trail));
        later.dispose();
        assertThat(trail.marks()).isEmpty();
    }

    @Test
    void rejectionReachesASubscriberAsAnError() {
        Loop loop = Loop.start("closed");
        Scheduler scheduler = scheduler(loop);
        loop.close();
        StepVerifier.create(Mono.just("value").subscribeOn(scheduler))
                .expectError(RejectedExecutionException.class)
                .verify(Duration.ofSeconds(30));
        assertThat(dropped.takeOperatorErrors()).singleElement().isInstanceOf(RejectedExecutionException.class);
    }

    @Test
    void aLoopClosesThoughAPeriodicActionIsLeft() {
        AtomicInteger count = new AtomicInteger();
        Loop loop = Loop.builder()
                .name("periodic")
                .shutdownTimeout(Duration.ofMillis(50))
                .start();
        scheduler(loop).schedulePeriodically(count::incrementAndGet, 0, 0, SECONDS);
        scheduler(loop).schedulePeriodically(count::incrementAndGet, 1, 1, NANOSECONDS);
        loop.close();
        int last = count.get();
        assertThat(loop.isClosed()).isTrue();
        assertThat(count.get()).isEqualTo(last);
    }

    @Test
    void closingTheLoopWhileOtherThreadsScheduleReportsNothing() throws Exception {
        List<Report> reports = new CopyOnWriteArrayList<>();
        for (int round = 0; round < 50; round++) {
            Loop loop = Loop.builder()
                    .name("closing")
                    .exceptionHandler(reports::add)
                    .start();
            List<Thread> threads = new ArrayList<>();
            for (Target target : targets(loop)) {
                threads.add(Thread.ofPlatform().start(() -> scheduleUntilClosed(loop, target)));
            }
            loop.close();
            for (Thread thread : threads) {
                assertThat(thread.join(Duration.ofSeconds(30))).isTrue();
            }
        }
        assertThat(reports).isEmpty();
    }

    private static void scheduleUntilClosed(Loop loop, Target target) {
        try {
            for (int i = 0; i < 300; i++) { // a loop closes once its queue is empty: no endless flood
                target.schedule(() -> {});
                target.schedule(() -> {}, 1, NANOSECONDS);
                target.schedulePeriodically(() -> {}, 0, 1, TimeUnit.HOURS);
            }
        } catch (RejectedExecutionException rejected) {
            assertThat(loop.isClosed()).isTrue();
        }
    }

    // ---- identity, hooks, misuse

    @Test
    void schedulersOfOneLoopAreEqual() {
        try (Loop loop = Loop.start("one");
                Loop other = Loop.start("other")) {
            assertThat(scheduler(loop))
                    .isEqualTo(scheduler(loop))
                    .hasSameHashCodeAs(scheduler(loop))
                    .isNotEqualTo(scheduler(other))
                    .isNotEqualTo(Schedulers.single());
            assertThat(scheduler(loop)).hasToString("Reactor.scheduler(one)");
        }
    }

    @LoopTest
    void reactorsToolsCanLookAtIt(Loop loop) {
        Scheduler scheduler = scheduler(loop);
        Scheduler.Worker worker = scheduler.createWorker();
        Scannable ofScheduler = Scannable.from(scheduler);
        Scannable ofWorker = Scannable.from(worker);
        assertThat(ofScheduler.scan(Scannable.Attr.NAME)).isEqualTo("Reactor.scheduler(" + loop.name() + ")");
        assertThat(ofScheduler.scan(Scannable.Attr.TERMINATED)).isFalse();
        assertThat(ofWorker.scan(Scannable.Attr.NAME)).isEqualTo("Reactor.scheduler(" + loop.name() + ").worker");
        assertThat(ofWorker.scan(Scannable.Attr.PARENT)).isSameAs(scheduler);
        assertThat(ofWorker.scan(Scannable.Attr.CANCELLED)).isFalse();
        assertThat(ofWorker.scan(Scannable.Attr.PREFETCH)).isZero();
        worker.schedule(() -> {});
        assertThat(ofWorker.scan(Scannable.Attr.BUFFERED)).isEqualTo(1);
        settle();
        assertThat(ofWorker.scan(Scannable.Attr.BUFFERED)).isZero();
        scheduler.dispose();
        assertThat(ofScheduler.scan(Scannable.Attr.CANCELLED)).isTrue();
        assertThat(ofWorker.scan(Scannable.Attr.TERMINATED)).isTrue();
    }

    @LoopTest
    void reactorsOnScheduleHookSeesEachAction(Loop loop, Trail trail) {
        Schedulers.onScheduleHook("test", task -> () -> {
            trail.mark("hook");
            task.run();
        });
        try {
            for (Target target : targets(loop)) {
                target.schedule(() -> trail.mark("ran"));
                target.schedule(() -> trail.mark("ran"), 1, NANOSECONDS);
            }
        } finally {
            Schedulers.resetOnScheduleHook("test");
        }
        sleep(Duration.ofNanos(2));
        assertThat(trail.marks()).containsExactly("hook", "ran", "hook", "ran", "hook", "ran", "hook", "ran");
    }

    @LoopTest
    void anActionIsNoTask(Loop loop) {
        List<String> seen = new ArrayList<>();
        scheduler(loop).schedule(() -> seen.add(String.valueOf(Task.currentOrNull())));
        settle();
        assertThat(seen).containsExactly("null");
    }

    @LoopTest
    void nullIsRefusedByName(Loop loop) {
        assertThatThrownBy(() -> scheduler(null)).hasMessage("loop");
        for (Target target : targets(loop)) {
            assertThatThrownBy(() -> target.schedule(null)).isInstanceOf(NullPointerException.class);
        }
    }

    // ---- under Reactor's operators

    @LoopTest
    void operatorsStayOnTheLoop(Loop loop, VirtualClock clock) {
        Scheduler scheduler = scheduler(loop);
        Thread own = Reactor.await(Mono.fromSupplier(Thread::currentThread));
        List<Thread> threads = new ArrayList<>();
        List<Long> ticks = Reactor.await(Flux.interval(Duration.ofNanos(7), scheduler)
                .take(5)
                .publishOn(scheduler)
                .delayElements(Duration.ofNanos(3), scheduler)
                .doOnNext(tick -> threads.add(Thread.currentThread()))
                .collectList());
        assertThat(ticks).containsExactly(0L, 1L, 2L, 3L, 4L);
        assertThat(Set.copyOf(threads)).containsExactly(own);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofNanos(38));
    }

    @ParameterizedTest
    @EnumSource(Order.class)
    void publishOnKeepsTheOrderOfOtherThreads(Order order) {
        try (Loop loop = Loop.start("ordered")) {
            Flux<Integer> numbers = Flux.range(0, 10_000);
            Flux<Integer> ordered = order == Order.PUBLISH_ON
                    ? numbers.publishOn(scheduler(loop))
                    : numbers.subscribeOn(scheduler(loop));
            StepVerifier.create(ordered.doOnNext(
                                    number -> assertThat(loop.isOnLoop()).isTrue())
                            .collectList())
                    .assertNext(all -> assertThat(all).hasSize(10_000).isSorted())
                    .expectComplete()
                    .verify(Duration.ofSeconds(30));
        }
    }

    /** The trap: context lost, or another's, where two threads schedule at once. */
    @LoopTest(foreignThreads = true)
    void eachActionRunsInTheContextOfWhoeverScheduledIt(Loop loop) throws InterruptedException {
        ContextVar<String> user = ContextVar.of("user", "nobody");
        List<String> seen = new ArrayList<>();
        Scheduler.Worker worker = scheduler(loop).createWorker();
        Thread other = new Thread(() -> {
            user.set("a");
            worker.schedule(() -> seen.add("a as " + user.get()));
            worker.schedule(() -> seen.add("later a as " + user.get()), 1, MILLISECONDS);
        });
        other.start();
        other.join(); // its items are in the inbox; those of the loop come before them
        user.set("b");
        worker.schedule(() -> seen.add("b as " + user.get()));
        worker.schedule(() -> seen.add("later b as " + user.get()), 1, MILLISECONDS);
        sleep(Duration.ofMillis(5));
        assertThat(seen).containsExactly("a as a", "b as b", "later a as a", "later b as b");
        worker.dispose();
    }

    enum Order {
        PUBLISH_ON,
        SUBSCRIBE_ON
    }
}
