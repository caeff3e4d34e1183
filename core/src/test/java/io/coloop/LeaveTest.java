package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.test.LoopTest;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;

/** What listens to a future and leaves before that is done: races against a signal that never comes, above all. */
class LeaveTest {
    private static final int MANY = 100;

    @LoopTest
    void thoseThatStayKeepTheirOrder(Loop loop) {
        Promise<String> signal = loop.promise();
        List<Integer> told = new ArrayList<>();
        List<Future<?>> shields = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            int name = i;
            Future<String> shield = Future.shield(signal.future());
            shield.thenAccept(value -> told.add(name));
            shields.add(shield);
        }
        IntStream.range(0, MANY)
                .filter(i -> i % 3 != 0)
                .forEach(i -> shields.get(i).cancel());
        yieldNow();
        signal.complete("go");
        yieldNow();
        yieldNow();
        assertThat(told)
                .isEqualTo(
                        IntStream.range(0, MANY).filter(i -> i % 3 == 0).boxed().toList());
    }

    @LoopTest
    void aSignalKeepsNothingOfTheRacesThatAreOver(Loop loop) {
        Promise<String> signal = loop.promise();
        List<WeakReference<Future<?>>> races = new ArrayList<>();
        List<Promise<String>> runners = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            Promise<String> runner = loop.promise();
            runners.add(runner);
            races.add(new WeakReference<>(Future.firstDone(runner.future(), signal.future())));
        }
        for (int i = 0; i < MANY; i++) { // the oldest first, while the youngest still runs
            runners.get(i).complete("done");
            yieldNow();
        }
        runners.clear();
        System.gc();
        assertThat(races.stream().filter(race -> race.get() != null)).hasSizeLessThan(32);
        signal.complete("go");
    }

    @LoopTest(foreignThreads = true)
    void racesOfAnotherLoopLeaveASignalOfThisOne(Loop loop) {
        Promise<String> signal = loop.promise();
        try (Loop other = Loop.start("other")) {
            for (int i = 0; i < MANY; i++) {
                Task<String> race = other.spawn(() -> {
                    Promise<String> runner = other.promise();
                    Future<String> first = Future.firstDone(runner.future(), signal.future());
                    runner.complete("done");
                    return await(first);
                });
                assertThat(await(race)).isEqualTo("done");
            }
        }
        assertThat(signal.future().hasListeners()).isFalse();
        signal.complete("go");
    }

    @LoopTest
    void viewsThatAreDoneWithLeave(Loop loop) {
        Promise<String> signal = loop.promise();
        signal.future().toCompletableFuture().complete("by hand");
        signal.future().toCompletableFuture().completeExceptionally(new IllegalStateException("by hand"));
        assertThat(signal.future().hasListeners()).isFalse();
        assertThat(Await.blocking(() -> {
                    try {
                        return signal.future().get(1, TimeUnit.NANOSECONDS);
                    } catch (TimeoutException tooLong) {
                        return "too long";
                    }
                }))
                .isEqualTo("too long");
        yieldNow();
        assertThat(signal.future().hasListeners()).isFalse();
        signal.complete("go");
    }
}
