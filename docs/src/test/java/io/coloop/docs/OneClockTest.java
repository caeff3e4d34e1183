package io.coloop.docs;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.kotlin.Coroutines.async;
import static io.coloop.kotlin.Coroutines.awaitSuspend;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Await;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.reactor.Reactor;
import io.coloop.rx.Rx;
import io.coloop.test.LoopTest;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import io.reactivex.rxjava3.core.Observable;
import io.reactivex.rxjava3.core.Single;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import kotlinx.coroutines.DelayKt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Timers of the loop, of Reactor, of RxJava and of Kotlin on one virtual clock. */
@Timeout(60)
class OneClockTest {
    private static Future<Void> sleeper(long nanos, Trail trail, String mark) {
        return Task.spawn(() -> {
            sleep(Duration.ofNanos(nanos));
            trail.mark(mark);
        });
    }

    private static Future<?> delayed(Loop loop, long millis, Trail trail, String mark) {
        return async(loop, (scope, continuation) -> DelayKt.delay(millis, continuation))
                .thenRun(() -> trail.mark(mark));
    }

    // region one-clock
    @LoopTest
    void oneClockForAll(Loop loop, VirtualClock clock, Trail trail) {
        var reactor = Reactor.scheduler(loop);
        var rx = Rx.scheduler(loop);

        Task<Void> java = Task.spawn(() -> {
            sleep(Duration.ofNanos(1_000_001)); // a nanosecond later than Reactor's
            trail.mark("Java " + clock.elapsed());
        });
        Task<Void> kotlin = Task.spawn(() -> {
            awaitSuspend(continuation -> DelayKt.delay(2, continuation));
            trail.mark("Kotlin " + clock.elapsed());
        });
        loop.callLater(Duration.ofNanos(1_999_999), () -> trail.mark("a timer " + clock.elapsed()));
        Mono<Long> mono =
                Mono.delay(Duration.ofMillis(1), reactor).doOnNext(i -> trail.mark("Reactor " + clock.elapsed()));
        Single<Long> single = Single.timer(1_500, TimeUnit.MICROSECONDS, rx)
                .doOnSuccess(i -> trail.mark("RxJava " + clock.elapsed()));

        await(Future.gather(java, kotlin, Reactor.future(mono), Rx.future(single)));
        assertThat(trail.marks())
                .containsExactly(
                        "Reactor PT0.001S",
                        "Java PT0.001000001S",
                        "RxJava PT0.0015S",
                        "a timer PT0.001999999S",
                        "Kotlin PT0.002S");
    }
    // endregion

    @LoopTest
    void deadlinesToTheNanosecond(Loop loop, VirtualClock clock, Trail trail) {
        var reactor = Reactor.scheduler(loop);
        var rx = Rx.scheduler(loop);
        List<Future<?>> all = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (int millis = 20; millis > 0; millis--) { // the last deadline is set first
            long nanos = millis * 1_000_000L;
            int round = millis;
            all.add(sleeper(nanos + 4, trail, round + " Java"));
            all.add(Rx.future(
                    Single.timer(nanos + 3, TimeUnit.NANOSECONDS, rx).doOnSuccess(i -> trail.mark(round + " RxJava"))));
            loop.callLater(Duration.ofNanos(nanos + 2), () -> trail.mark(round + " timer"));
            all.add(Reactor.future(
                    Mono.delay(Duration.ofNanos(nanos + 1), reactor).doOnNext(i -> trail.mark(round + " Reactor"))));
            all.add(delayed(loop, round, trail, round + " Kotlin"));
        }
        all.forEach(Await::await);
        for (int round = 1; round <= 20; round++) {
            for (String who : List.of("Kotlin", "Reactor", "timer", "RxJava", "Java")) {
                expected.add(round + " " + who);
            }
        }
        assertThat(trail.marks()).isEqualTo(expected);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofNanos(20_000_004));
    }

    @LoopTest
    void equalDeadlinesFireInTheOrderInWhichTheyWereSet(Loop loop, Trail trail) {
        var reactor = Reactor.scheduler(loop).createWorker();
        var rx = Rx.scheduler(loop).createWorker();
        Runnable[] setters = {
            () -> loop.callLater(Duration.ofMillis(5), () -> trail.mark("timer")),
            () -> reactor.schedule(() -> trail.mark("Reactor"), 5, TimeUnit.MILLISECONDS),
            () -> rx.schedule(() -> trail.mark("RxJava"), 5, TimeUnit.MILLISECONDS),
        };
        for (int i = 0; i < 3; i++) {
            for (int offset = 0; offset < 3; offset++) {
                setters[(i + offset) % 3].run();
            }
        }
        sleep(Duration.ofMillis(6));
        assertThat(trail.marks())
                .containsExactly(
                        "timer", "Reactor", "RxJava", "Reactor", "RxJava", "timer", "RxJava", "timer", "Reactor");
        reactor.dispose();
        rx.dispose();
    }

    @LoopTest
    void periodsOfAllGoOnTogether(Loop loop, VirtualClock clock, Trail trail) {
        var reactor = Reactor.future(Flux.interval(Duration.ofMillis(4), Reactor.scheduler(loop))
                .take(3)
                .doOnNext(i -> trail.mark("Reactor " + clock.elapsed().toMillis()))
                .then());
        var rx = Rx.future(Observable.interval(3, TimeUnit.MILLISECONDS, Rx.scheduler(loop))
                .take(3)
                .doOnNext(i -> trail.mark("RxJava " + clock.elapsed().toMillis()))
                .ignoreElements());
        for (int i = 0; i < 2; i++) {
            awaitSuspend(continuation -> DelayKt.delay(5, continuation));
            trail.mark("Kotlin " + clock.elapsed().toMillis());
        }
        await(reactor);
        await(rx);
        assertThat(trail.marks())
                .containsExactly(
                        "RxJava 3",
                        "Reactor 4",
                        "Kotlin 5",
                        "RxJava 6",
                        "Reactor 8",
                        "RxJava 9",
                        "Kotlin 10",
                        "Reactor 12");
    }

    /** Counts steps of its own length with four libraries in turn; returns what its clock showed. */
    private static List<Long> countOn(Loop loop, long millis) {
        var reactor = Reactor.scheduler(loop);
        var rx = Rx.scheduler(loop);
        List<Long> times = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            sleep(Duration.ofMillis(millis));
            times.add(loop.time());
            Reactor.await(Mono.delay(Duration.ofMillis(millis), reactor));
            times.add(loop.time());
            Rx.await(Single.timer(millis, TimeUnit.MILLISECONDS, rx));
            times.add(loop.time());
            awaitSuspend(continuation -> DelayKt.delay(millis, continuation));
            times.add(loop.time());
        }
        return times;
    }

    @Test
    void clocksInParallelDoNotDisturbEachOther() throws Exception {
        CyclicBarrier together = new CyclicBarrier(2);
        VirtualClock slow = new VirtualClock();
        VirtualClock fast = new VirtualClock();
        try (Loop one = Loop.builder().clock(slow).start();
                Loop other = Loop.builder().clock(fast).start()) {
            Task<List<Long>> days = one.spawn(() -> {
                together.await();
                return countOn(one, 86_400_000);
            });
            Task<List<Long>> millis = other.spawn(() -> {
                together.await();
                return countOn(other, 1);
            });
            assertThat(days.get()).isEqualTo(multiples(Duration.ofDays(1)));
            assertThat(millis.get()).isEqualTo(multiples(Duration.ofMillis(1)));
        }
        assertThat(slow.elapsed()).hasDays(400);
        assertThat(fast.elapsed()).hasMillis(400);
    }

    private static List<Long> multiples(Duration step) {
        List<Long> multiples = new ArrayList<>();
        for (int i = 1; i <= 400; i++) {
            multiples.add(i * step.toNanos());
        }
        return multiples;
    }
}
