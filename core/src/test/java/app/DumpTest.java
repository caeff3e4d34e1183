package app;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.sync.Event;
import io.coloop.sync.Hold;
import io.coloop.sync.Lock;
import io.coloop.sync.Queue;
import io.coloop.sync.Semaphore;
import io.coloop.sync.WaitQueue;
import io.coloop.test.LoopTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a loop says of who awaits whom. In a package of its own: frames of coloop's are not shown. */
@Timeout(60)
class DumpTest {
    /** The dump without line numbers, spawn sites and the first line. */
    private static List<String> dump(Loop loop) {
        return loop.dump()
                .lines()
                .skip(1)
                .map(line -> line.replaceAll(", spawned at .*", "").replaceAll("java:\\d+", "java"))
                .toList();
    }

    private static void end(Collection<? extends Task<?>> tasks) {
        tasks.forEach(Task::cancel);
        yieldNow();
        yieldNow();
        yieldNow();
    }

    @LoopTest
    void eachTaskSaysWhatItAwaitsAndWhere(Loop loop) {
        CompletableFuture<String> foreign = new CompletableFuture<>();
        Task<?> timer = loop.spawn("timer", () -> sleep(Duration.ofDays(1)));
        Task<?> stage = loop.spawn("stage", () -> await(foreign));
        Task<?> yielding = loop.spawn("yielding", () -> {
            while (true) {
                yieldNow();
            }
        });
        yieldNow();
        assertThat(dump(loop))
                .containsExactly(
                        "  test is running",
                        "  timer awaits a timer at app.DumpTest.lambda$eachTaskSaysWhatItAwaitsAndWhere$0(DumpTest.java)",
                        "  stage awaits " + foreign
                                + " at app.DumpTest.lambda$eachTaskSaysWhatItAwaitsAndWhere$1(DumpTest.java)",
                        "  yielding is ready to run at app.DumpTest.lambda$eachTaskSaysWhatItAwaitsAndWhere$2(DumpTest.java)");
        end(List.of(timer, stage, yielding));
    }

    @LoopTest
    void theFirstLineCounts(Loop loop) {
        Task<?> timer = loop.spawn("timer", () -> sleep(Duration.ofDays(1)));
        yieldNow();
        assertThat(loop.dump().lines().findFirst()).hasValue(loop.name() + ": 2 tasks, 0 ready items, 1 timer");
        end(List.of(timer));
    }

    @LoopTest
    void anAwaitedTaskStandsBelowItsAwaiter(Loop loop) {
        Promise<String> promise = loop.promise();
        Task<String> inner = loop.spawn("inner", () -> await(promise.future()));
        Task<String> middle = loop.spawn("middle", () -> await(inner));
        Task<String> outer = loop.spawn("outer", () -> await(middle));
        Task<String> other = loop.spawn("other", () -> await(middle.thenApply(value -> value)));
        yieldNow();
        List<String> lines =
                dump(loop).stream().map(line -> line.replaceAll(" at .*", "")).toList();
        assertThat(lines)
                .containsExactly(
                        "  test is running",
                        "  outer awaits middle",
                        "    middle awaits inner",
                        "      inner awaits a promise made",
                        "  other awaits a stage of middle",
                        "    middle, see above");
        promise.complete("done");
        assertThat(await(outer) + await(other)).isEqualTo("donedone");
    }

    @LoopTest
    void aCircleIsNamed(Loop loop) {
        Lock left = Lock.create();
        Lock right = Lock.create();
        Task<?> first = loop.spawn("first", () -> bothOf(left, right));
        Task<?> second = loop.spawn("second", () -> bothOf(right, left));
        yieldNow();
        yieldNow();
        List<String> lines =
                dump(loop).stream().map(line -> line.replaceAll(" at .*", "")).toList();
        assertThat(lines)
                .containsExactly(
                        "  test is running",
                        "  first awaits Lock[locked by second, 1 waiting]",
                        "    second awaits Lock[locked by first, 1 waiting]",
                        "      circle: first -> second -> first");
        end(List.of(first, second));
    }

    private static void bothOf(Lock one, Lock other) {
        try (Hold outer = one.acquire()) {
            yieldNow();
            try (Hold inner = other.acquire()) {
                throw new AssertionError("got " + outer + inner);
            }
        }
    }

    @LoopTest
    void whoWaitsAtWhatIsNamed(Loop loop) {
        List<Task<?>> tasks = List.of(
                loop.spawn("event", Event.create()::await),
                loop.spawn("semaphore", () -> Semaphore.withPermits(0).acquire()),
                loop.spawn("queue", () -> Queue.unbounded().get()),
                loop.spawn("line", WaitQueue.create()::await));
        yieldNow();
        assertThat(loop.dump())
                .contains("event awaits Event[unset, 1 waiting] at ")
                .contains("semaphore awaits Semaphore[")
                .contains("queue awaits Queue[0 items, 0 unfinished, 1 getting, 0 putting] at ")
                .contains("line awaits WaitQueue[1 waiting] at ");
        end(tasks);
    }

    @LoopTest
    void inDebugModeItSaysWhereTasksAndPromisesCameFrom(Loop loop) {
        Promise<String> promise = loop.promise();
        Task<?> task = loop.spawn("task", () -> await(promise.future()));
        yieldNow();
        String line = loop.dump().lines().skip(2).findFirst().orElseThrow();
        assertThat(line)
                .matches(
                        "  task awaits a promise made at app\\.DumpTest\\.inDebug\\w+\\(DumpTest\\.java:\\d+\\) at app\\.DumpTest\\..*"
                                + ", spawned at app\\.DumpTest\\.inDebug\\w+\\(DumpTest\\.java:\\d+\\)");
        end(List.of(task));
    }

    @LoopTest
    void aMillionWouldBeTooLong(Loop loop) {
        List<Task<?>> tasks = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            tasks.add(Task.spawn(() -> sleep(Duration.ofDays(1))));
        }
        yieldNow();
        assertThat(loop.dump().lines()).hasSize(1 + 1_000 + 1).last().isEqualTo("  ... and 1001 tasks more");
        end(tasks);
    }

    @LoopTest
    void aLongChainIsNoProblem(Loop loop) {
        Promise<Integer> promise = loop.promise();
        Task<Integer> last = Task.spawn(() -> await(promise.future()));
        for (int i = 0; i < 5_000; i++) {
            Task<Integer> before = last;
            last = Task.spawn(() -> await(before));
        }
        for (int i = 0; i < 5_001; i++) {
            yieldNow();
        }
        assertThat(loop.dump()).contains(last.name() + " awaits ");
        Future<Integer> stage = promise.future();
        for (int i = 0; i < 5_000; i++) {
            stage = stage.thenApply(value -> value + 1);
        }
        Future<Integer> lastStage = stage;
        Task<Integer> awaiting = loop.spawn("awaiting", () -> await(lastStage));
        yieldNow();
        assertThat(loop.dump()).contains("... and ");
        promise.complete(1);
        assertThat(await(last) + await(awaiting)).isEqualTo(1 + 5_001);
    }

    @Test
    void anotherThreadMayAsk() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch releaseToo = new CountDownLatch(1);
        try (Loop loop = Loop.builder().name("asked").slowItem(Duration.ZERO).start()) {
            CountDownLatch begun = new CountDownLatch(1);
            loop.spawn("waiting", () -> {
                begun.countDown();
                sleep(Duration.ofDays(1));
            });
            assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(loop.dump()).startsWith("asked: 1 task, ").contains("waiting awaits a timer at app.DumpTest.");
            loop.execute(() -> awaitUninterruptibly(release));
            assertThat(loop.dump())
                    .startsWith("asked did not get to it within 1 s: something holds the loop, or its host's thread\n"
                            + "  its thread\n    at ")
                    .contains("DumpTest.awaitUninterruptibly(");
            loop.spawn("greedy", () -> awaitUninterruptibly(releaseToo));
            release.countDown();
            assertThat(loop.dump()).contains("\n  greedy\n    at ", "DumpTest.awaitUninterruptibly(");
            releaseToo.countDown();
        }
        Loop closed = Loop.start("closed");
        closed.close();
        assertThat(closed.dump()).isEqualTo("closed is closed");
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupt) {
            throw new AssertionError(interrupt);
        }
    }

    // ---- silence

    @Test
    void silenceIsReportedOnceForThoseWhoWait() throws Exception {
        List<Report> reports = new CopyOnWriteArrayList<>();
        CountDownLatch first = new CountDownLatch(1);
        CountDownLatch second = new CountDownLatch(2);
        try (Loop loop = Loop.builder()
                .silence(Duration.ofMillis(30))
                .exceptionHandler(report -> {
                    reports.add(report);
                    first.countDown();
                    second.countDown();
                })
                .start()) {
            Promise<String> promise = loop.promise();
            Task<String> waiting = loop.spawn("waiting", () -> await(promise.future()));
            assertThat(first.await(20, TimeUnit.SECONDS)).isTrue();
            loop.spawn(() -> {}).get(20, TimeUnit.SECONDS); // begins and ends: whoever waits has been reported
            Task<String> another = loop.spawn("another", () -> await(promise.future()));
            assertThat(second.await(20, TimeUnit.SECONDS)).isTrue();
            promise.complete("it goes on");
            assertThat(waiting.get(20, TimeUnit.SECONDS) + another.get(20, TimeUnit.SECONDS))
                    .isEqualTo("it goes onit goes on");
        }
        assertThat(reports).extracting(Report::kind).containsExactly(Report.Kind.SILENCE, Report.Kind.SILENCE);
        assertThat(reports.get(0).message())
                .startsWith(
                        "tasks wait, no timer is set, and nothing happens; if no other thread completes what they wait for,"
                                + " they wait for ever\n")
                .contains("waiting awaits a promise at app.DumpTest");
    }

    @Test
    void aTimerOrABlockingJobIsNoSilence() {
        List<Report> reports = new CopyOnWriteArrayList<>();
        Loop.builder()
                .silence(Duration.ofNanos(1))
                .exceptionHandler(reports::add)
                .run(() -> {
                    sleep(Duration.ofMillis(5));
                    CountDownLatch never = new CountDownLatch(1);
                    assertThat((boolean) blocking(() -> never.await(5, TimeUnit.MILLISECONDS)))
                            .isFalse();
                });
        assertThat(reports).isEmpty();
    }
}
