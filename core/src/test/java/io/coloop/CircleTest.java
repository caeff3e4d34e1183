package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.waitFor;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Tasks that wait for one another in a circle fail at once, also through futures made of others; where one may still go on, they do not. */
class CircleTest {
    private static final String IN_A_CIRCLE = "tasks cannot await one another in a circle";

    /** A task that awaits what is made of the other, which awaits the task: the one that closes the circle ends in "circle". */
    private static void assertCircle(Function<Task<String>, Future<?>> made) {
        AtomicReference<Task<String>> second = new AtomicReference<>();
        Task<String> first = Task.spawn(() -> {
            yieldNow(); // the second has begun
            try {
                await(made.apply(second.get()));
                return "done";
            } catch (LoopMisuseException found) {
                assertThat(found).hasMessageContaining(IN_A_CIRCLE);
                return "circle";
            }
        });
        second.set(Task.spawn(() -> await(first)));
        assertThat(await(second.get())).isEqualTo("circle");
    }

    private static void takeThatOfTheFutureNobodyCouldAwait(Reports reports) {
        for (int i = 0; i < 4; i++) {
            yieldNow();
        }
        reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE);
    }

    @LoopTest
    void throughAFuture() {
        assertCircle(second -> second);
    }

    @LoopTest
    void throughAGather() {
        assertCircle(second -> Future.gather(Promise.<String>create().future(), second));
    }

    @LoopTest
    void throughAllSettled() {
        assertCircle(second -> Future.allSettled(Promise.<String>create().future(), second));
    }

    @LoopTest
    void throughAShield() {
        assertCircle(Future::shield);
    }

    @LoopTest
    void throughADerivedStage() {
        assertCircle(second -> second.thenApply(String::length).exceptionally(failure -> 0));
    }

    @LoopTest
    void throughAGatherOfShieldsOfStages() {
        assertCircle(second -> Future.gather(Future.gather(Future.shield(second.thenApply(String::length)))));
    }

    @LoopTest
    void throughTheOnlyOneThatIsLeftOfARace() {
        assertCircle(Future::firstDone);
        assertCircle(Future::firstSuccess);
        Promise<String> cancelled = Promise.create();
        cancelled.future().cancel();
        assertCircle(second -> Future.firstSuccess(second, cancelled.future()));
    }

    @LoopTest
    void aTaskInItsOwnGather(Reports reports) {
        AtomicReference<Task<?>> self = new AtomicReference<>();
        Promise<String> other = Promise.create();
        self.set(Task.spawn(() -> await(Future.gather(other.future(), self.get()))));
        assertThatThrownBy(() -> await(self.get()))
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining(IN_A_CIRCLE);
        takeThatOfTheFutureNobodyCouldAwait(reports);
    }

    @LoopTest
    void twoTasksThroughAGatherAndAShield(Reports reports) {
        AtomicReference<Task<?>> second = new AtomicReference<>();
        Task<?> first =
                Task.spawn(() -> await(Future.gather(Promise.<String>create().future(), second.get())));
        second.set(Task.spawn(() -> await(Future.shield(first))));
        assertThatThrownBy(() -> await(second.get()))
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining(IN_A_CIRCLE);
        assertThatThrownBy(() -> await(first)).isInstanceOf(LoopMisuseException.class);
        takeThatOfTheFutureNobodyCouldAwait(reports);
    }

    @LoopTest
    void throughTheLastOfSomeFutures() {
        assertCircle(second -> waitForOne(second));
        assertCircle(second -> Future.asCompleted(List.of(second)).iterator().next());
    }

    private static Future<?> waitForOne(Future<?> future) {
        return waitFor(List.of(future), WaitUntil.FIRST_DONE).done().iterator().next();
    }

    @LoopTest
    void throughWaitForAll() {
        AtomicReference<Task<?>> self = new AtomicReference<>();
        self.set(Task.spawn(() -> waitFor(List.of(self.get()), WaitUntil.ALL_DONE)));
        assertThatThrownBy(() -> await(self.get()))
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining(IN_A_CIRCLE);
    }

    // ---- no circles

    /** The second awaits the first, which waits for the second or something else. */
    private static void assertNoCircle(Function<List<Future<String>>, String> wait) {
        Promise<String> way = Promise.create();
        AtomicReference<Task<String>> second = new AtomicReference<>();
        Task<String> first = Task.spawn(() -> {
            yieldNow();
            return wait.apply(List.of(second.get(), way.future()));
        });
        second.set(Task.spawn(() -> await(first)));
        Task.spawn(() -> {
            sleep(Duration.ofMillis(1));
            way.complete("out");
        });
        assertThat(await(second.get())).isEqualTo("out");
    }

    @LoopTest
    void aRaceMayEndOtherwise() {
        assertNoCircle(both -> await(Future.firstDone(both)));
        assertNoCircle(both -> await(Future.firstSuccess(both)));
    }

    @LoopTest
    void theFirstOfSeveralMayBeAnother() {
        assertNoCircle(both ->
                await(waitFor(both, WaitUntil.FIRST_DONE).done().iterator().next()));
        assertNoCircle(both -> await(Future.asCompleted(both).iterator().next()));
    }

    @LoopTest
    void aTimeLimitIsAWayOut() {
        assertNoCircle(both -> waitFor(both, WaitUntil.ALL_DONE, Duration.ofSeconds(1))
                                .pending()
                                .size()
                        == 1
                ? await(both.get(1))
                : "no");
    }

    @LoopTest
    void twoThatWaitForTheSameAreNoCircle() {
        Promise<String> promise = Promise.create();
        Task<String> shared = Task.spawn(() -> await(promise.future()));
        Task<List<String>> first = Task.spawn(() -> await(Future.gather(shared, shared)));
        Task<List<List<String>>> second = Task.spawn(() -> await(Future.gather(Future.shield(first), first)));
        yieldNow();
        yieldNow();
        promise.complete("p");
        assertThat(await(second)).hasSize(2);
    }

    // ---- size

    @LoopTest
    void aDeepChainIsNotSlow() {
        int depth = 30_000;
        Promise<Integer> end = Promise.create();
        Future<Integer> last = end.future();
        for (int i = 0; i < depth; i++) {
            last = i % 3 == 0
                    ? Future.shield(last)
                    : i % 3 == 1 ? Future.gather(last).thenApply(List::getFirst) : last.thenApply(value -> value + 1);
        }
        Future<Integer> chain = last;
        List<Task<Integer>> tasks = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            tasks.add(Task.spawn(() -> {
                yieldNow(); // it has a listener by then, so the chain is searched
                return await(chain);
            }));
        }
        Future<List<Integer>> all = Future.gather(tasks);
        yieldNow();
        yieldNow();
        end.complete(0);
        assertThat(await(all)).hasSize(10).containsOnly(depth / 3);
    }

    @LoopTest
    void aLongIterationIsNotSlow() {
        List<Promise<Integer>> promises = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            promises.add(Promise.create());
        }
        Task<Integer> consumer = Task.spawn(() -> {
            int sum = 0;
            for (Future<Integer> future :
                    Future.asCompleted(promises.stream().map(Promise::future).toList())) {
                sum += await(future);
            }
            return sum;
        });
        Future<Integer> awaited = consumer.thenApply(sum -> sum); // so that each of its awaits looks for a circle
        for (Promise<Integer> promise : promises) {
            promise.complete(1);
            yieldNow();
        }
        assertThat(await(awaited)).isEqualTo(10_000);
    }

    /** A task that awaits one that awaits one, and so on; the last does what it is told to. */
    private static Task<String> chain(int depth, Body<String, ?> last) {
        return Task.spawn(() -> depth == 0 ? last.run() : await(chain(depth - 1, last)));
    }

    @Test
    void aCircleThroughManyTasksIsFoundAtOnce() {
        LoopBuilder deaf = Loop.builder().slowItem(Duration.ZERO); // the search takes a while
        String end = deaf.run(() -> {
            AtomicReference<Task<String>> first = new AtomicReference<>();
            first.set(chain(100_000, () -> {
                try {
                    return await(Future.gather(Future.shield(first.get()))).get(0);
                } catch (LoopMisuseException found) {
                    return "circle";
                }
            }));
            return await(first.get());
        });
        assertThat(end).isEqualTo("circle");
    }
}
