package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What a caller reads who breaks a rule: rule, call, thread, loop and remedy. */
class MisuseTest {
    private static final Duration FOREVER = ChronoUnit.FOREVER.getDuration();

    private static String text(String rule, String call, String thread, String loop, String remedy) {
        return rule + "\n  call:   " + call + "\n  thread: " + thread + "\n  loop:   " + loop + "\n  remedy: " + remedy;
    }

    private static void assertMisuse(
            ThrowingCallable code, String rule, String call, String thread, String loop, String remedy) {
        assertThatThrownBy(code)
                .isExactlyInstanceOf(LoopMisuseException.class)
                .hasMessage(text(rule, call, thread, loop, remedy));
    }

    private static String here() {
        return Thread.currentThread().getName();
    }

    private static String inTask() {
        Thread thread = Thread.currentThread();
        return (thread.getName().isEmpty() ? "#" + thread.threadId() : thread.getName()) + ", in task "
                + Task.current().name();
    }

    // ---- awaiting outside a task

    private static void assertOutsideTask(ThrowingCallable code, String call, String loop) {
        assertMisuse(
                code,
                "only a task may await",
                call,
                here(),
                loop,
                "start the code with Loop.run(...), or on a loop that runs with loop.spawn(...)");
    }

    private record Named(String name) implements Awaitable<String> {
        @Override
        public void subscribe(Promise<String> promise) {}

        @Override
        public String toString() {
            return name;
        }
    }

    @Test
    void awaitOutsideALoop() {
        try (Loop loop = Loop.start("loop")) {
            Future<String> future = loop.<String>promise().future();
            assertOutsideTask(() -> await(future), "await(Future)", "none");
        }
        assertOutsideTask(() -> await(new CompletableFuture<>()), "await(CompletionStage)", "none");
        assertOutsideTask(() -> await((Awaitable<String>) promise -> {}), "await(Awaitable)", "none");
        assertOutsideTask(() -> await(new Named("Mono")), "await(Mono)", "none");
        assertOutsideTask(() -> sleep(Duration.ofMillis(5)), "sleep(PT0.005S)", "none");
        assertOutsideTask(Await::yieldNow, "yieldNow()", "none");
        assertOutsideTask(() -> Await.blocking(() -> ""), "blocking(Callable)", "none");
        assertOutsideTask(Task::current, "Task.current()", "none");
    }

    @LoopTest
    void awaitInACallback(Loop loop) {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        AtomicReference<String> thread = new AtomicReference<>();
        loop.callSoon(() -> {
            thread.set(here());
            thrown.set(catchThrowable(() -> await(Future.completed("even if it is done"))));
        });
        yieldNow();
        assertThat(thrown.get())
                .isExactlyInstanceOf(LoopMisuseException.class)
                .hasMessage(text(
                        "only a task may await",
                        "await(Future)",
                        thread.get(),
                        loop.name(),
                        "start a task with Task.spawn(...), or with an adapter's function that takes a body, such as mono(...); "
                                + "or use the future's callbacks"));
    }

    @LoopTest
    void awaitInBlockingCode() {
        AtomicReference<String> thread = new AtomicReference<>();
        assertThatThrownBy(() -> Await.blocking(() -> {
                    thread.set(here());
                    yieldNow();
                    return "";
                }))
                .isExactlyInstanceOf(LoopMisuseException.class)
                .satisfies(misuse -> assertThat(misuse)
                        .hasMessage(text(
                                "only a task may await",
                                "yieldNow()",
                                thread.get(),
                                "none",
                                "return what the blocking code has, and await in the task that called blocking(...)")));
    }

    @LoopTest
    void aMisuseInACallbackIsWrittenOnceInItsReport(Loop loop, Reports reports) {
        loop.callSoon(Await::yieldNow);
        yieldNow();
        Report report = reports.takeOnly(Report.Kind.CALLBACK_FAILED);
        assertThat(report.message())
                .isEqualTo("a callback failed: " + LoopMisuseException.class.getName() + ": only a task may await");
        assertThat(report.failure()).hasMessageContaining("\n  remedy: ");
    }

    @LoopTest
    void awaitWhileSubscribing() {
        assertThatThrownBy(() -> await((Awaitable<String>) promise -> yieldNow()))
                .isExactlyInstanceOf(LoopMisuseException.class)
                .hasMessageStartingWith("only a task may await\n  call:   yieldNow()\n");
    }

    private static void assertNoLoop(ThrowingCallable code, String call) {
        assertMisuse(
                code,
                "this thread has no loop",
                call,
                here(),
                "none",
                "call it from a task or callback, or pass the loop along");
    }

    @Test
    void noLoopHere() {
        assertNoLoop(Loop::current, "Loop.current()");
        assertNoLoop(() -> Future.completed(""), "Future.completed(...)");
        assertNoLoop(() -> Future.failed(new IllegalStateException()), "Future.failed(...)");
        assertNoLoop(() -> Future.from(new CompletableFuture<>()), "Future.from(...)");
        assertNoLoop(Promise::create, "Promise.create()");
        assertMisuse(
                () -> Task.spawn(() -> {}),
                "a task needs a loop",
                "Task.spawn(...)",
                here(),
                "none",
                "call loop.spawn(...), or start one with Loop.run(...)");
        assertThat(Loop.currentOrNull()).isNull();
        assertThat((Object) Task.currentOrNull()).isNull();
    }

    // ---- waiting for oneself

    @LoopTest
    void awaitOnesOwnTask(Loop loop) {
        Task<?> self = Task.current();
        assertMisuse(
                () -> await(self),
                "a task cannot await itself",
                "await(test) in test",
                inTask(),
                loop.name(),
                "complete a promise from the one that knows the value, and await that");
        yieldNow();
    }

    @LoopTest
    void awaitInACircle(Loop loop) {
        AtomicReference<Task<String>> first = new AtomicReference<>();
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        AtomicReference<String> thread = new AtomicReference<>();
        Task<String> third = loop.spawn("third", () -> {
            yieldNow();
            yieldNow();
            thread.set(inTask());
            thrown.set(catchThrowable(() -> await(first.get())));
            return "broke the circle";
        });
        Task<String> second = loop.spawn("second", () -> await(third));
        first.set(loop.spawn("first", () -> await(second)));
        assertThat(await(first.get())).isEqualTo("broke the circle");
        assertThat(thrown.get())
                .isExactlyInstanceOf(LoopMisuseException.class)
                .hasMessage(text(
                        "tasks cannot await one another in a circle",
                        "await(first) in third",
                        thread.get(),
                        loop.name(),
                        "complete a promise from the one that knows the value, and await that"));
    }

    // ---- a loop in a loop

    private static void assertOneLoop(ThrowingCallable code, String thread, String loop) {
        assertMisuse(
                code,
                "one thread has one loop",
                "Loop.run(...)",
                thread,
                loop,
                "the code is on a loop already: call it directly, or Task.spawn(...) it");
    }

    @LoopTest
    void runInsideALoop(Loop loop) {
        assertOneLoop(() -> Loop.run(() -> ""), inTask(), loop.name());
        assertOneLoop(() -> Loop.run(() -> {}), inTask(), loop.name());
        AtomicReference<Throwable> inCallback = new AtomicReference<>();
        loop.callSoon(() -> inCallback.set(catchThrowable(() -> Loop.run(() -> ""))));
        yieldNow();
        assertThat(inCallback.get()).isInstanceOf(LoopMisuseException.class);
    }

    // ---- a closed loop

    private static void assertClosed(ThrowingCallable code, String call) {
        assertThatThrownBy(code)
                .isExactlyInstanceOf(LoopClosedException.class)
                .isInstanceOf(RejectedExecutionException.class)
                .hasMessage(text(
                        "a closed loop takes no more work",
                        call,
                        here(),
                        "closed",
                        "keep the loop open until its users are done, or use another"));
    }

    @Test
    void aClosedLoop() {
        Loop loop = Loop.start("closed");
        loop.close();
        assertThat(loop.isClosed()).isTrue();
        assertClosed(() -> loop.execute(() -> {}), "execute(...)");
        assertClosed(() -> loop.spawn(() -> ""), "spawn(...)");
        assertClosed(() -> loop.spawn(() -> {}), "spawn(...)");
        assertClosed(() -> loop.callSoon(() -> {}), "callSoon(...)");
        assertClosed(() -> loop.callLater(Duration.ZERO, () -> {}), "callAt/callLater(...)");
        assertClosed(() -> loop.callAt(0, () -> {}), "callAt/callLater(...)");
        assertClosed(() -> loop.blocking(() -> ""), "blocking(...)");
        assertClosed(() -> loop.asScheduledExecutorService().execute(() -> {}), "a ScheduledExecutorService of it");
    }

    // ---- another thread's loop

    private static void assertNotOnLoop(ThrowingCallable code, String call) {
        assertMisuse(
                code,
                "this object belongs to its loop's thread",
                call,
                here(),
                "confined",
                "call it from a task or callback of that loop, or pass it there with loop.execute(...)");
    }

    @Test
    void aConfinedObjectFromAForeignThread() {
        VirtualClock clock = new VirtualClock();
        try (Loop loop = Loop.builder().name("confined").clock(clock).start()) {
            assertNotOnLoop(() -> loop.callSoon(() -> {}), "callSoon(...)");
            assertNotOnLoop(() -> loop.callLater(Duration.ZERO, () -> {}), "callAt/callLater(...)");
            assertNotOnLoop(loop::taskCount, "taskCount()");
            assertNotOnLoop(loop::timerCount, "timerCount()");
            assertNotOnLoop(loop::readyCount, "readyCount()");
            assertNotOnLoop(loop::turnCount, "turnCount()");
            TimerHandle timer =
                    loop.spawn(() -> loop.callLater(FOREVER, () -> {})).join();
            Handle handle = loop.spawn(() -> loop.callSoon(() -> {})).join();
            assertNotOnLoop(timer::cancel, "Handle.cancel()");
            assertNotOnLoop(handle::cancel, "Handle.cancel()");
            assertNotOnLoop(handle::isCancelled, "Handle.isCancelled()");
            Task<Void> task = loop.spawn(() -> {});
            assertNotOnLoop(task::cancelling, "Task.cancelling()");
            assertNotOnLoop(task::uncancel, "Task.uncancel()");
        }
    }

    @LoopTest(foreignThreads = true)
    void aConfinedObjectOfAnotherLoop() {
        try (Loop second = Loop.start("second")) {
            assertThatThrownBy(() -> second.callSoon(() -> {}))
                    .isExactlyInstanceOf(LoopMisuseException.class)
                    .hasMessageContaining("  loop:   second\n")
                    .hasMessageContaining("  thread: " + inTask() + "\n");
        }
    }

    // ---- blocking the loop

    private static void assertBlocks(ThrowingCallable code, String call, String thread, Loop loop, String remedy) {
        assertMisuse(
                code,
                "code on a loop must not block for what the loop itself may have to do",
                call,
                thread,
                loop.name(),
                remedy);
    }

    private static void assertBlockingIsRefused(Loop loop, String thread) {
        String await = "in a task use await(future); in a callback use whenComplete(...)";
        Future<String> future = loop.<String>promise().future();
        assertBlocks(future::join, "join()", thread, loop, await);
        assertBlocks(future::get, "get()", thread, loop, await);
        assertBlocks(() -> future.get(1, TimeUnit.SECONDS), "get(timeout)", thread, loop, await);
        assertBlocks(() -> future.toCompletableFuture().join(), "join()", thread, loop, await);
        assertBlocks(() -> future.toCompletableFuture().get(), "get()", thread, loop, await);
        assertBlocks(() -> future.toCompletableFuture().get(1, TimeUnit.SECONDS), "get(timeout)", thread, loop, await);
        String doNotWait = "call shutdown(), which does not wait";
        String waitElsewhere = "wait for its end on another thread";
        assertBlocks(loop::close, "Loop.close()", thread, loop, doNotWait);
        assertBlocks(
                () -> loop.awaitTermination(Duration.ofSeconds(1)),
                "Loop.awaitTermination(...)",
                thread,
                loop,
                waitElsewhere);
        var view = loop.asScheduledExecutorService();
        String executor = "ScheduledExecutorService.";
        String spawn = "spawn a task for each, and await them";
        assertBlocks(view::close, executor + "close()", thread, loop, doNotWait);
        assertBlocks(
                () -> view.awaitTermination(1, TimeUnit.SECONDS),
                executor + "awaitTermination(...)",
                thread,
                loop,
                waitElsewhere);
        assertBlocks(
                () -> view.invokeAll(java.util.List.of(() -> "")), executor + "invokeAll(...)", thread, loop, spawn);
        assertBlocks(
                () -> view.invokeAny(java.util.List.of(() -> "")), executor + "invokeAny(...)", thread, loop, spawn);
        assertBlocks(
                () -> view.submit(() -> "").get(),
                executor + "get()",
                thread,
                loop,
                "call loop.spawn(...), whose task can be awaited");
    }

    @LoopTest
    void blockingInABody(Loop loop) {
        assertBlockingIsRefused(loop, inTask());
    }

    @LoopTest
    void blockingInACallback(Loop loop) {
        Promise<Void> done = Promise.create();
        loop.callSoon(() -> {
            Throwable failure = catchThrowable(() -> assertBlockingIsRefused(loop, here()));
            if (failure == null) {
                done.complete(null);
            } else {
                done.fail(failure);
            }
        });
        await(done.future());
    }

    @LoopTest
    void whatIsDoneMayBeAskedFor(Loop loop) throws Exception {
        Future<String> done = Future.completed("value");
        assertThat(done.join()).isEqualTo("value");
        assertThat(done.get()).isEqualTo("value");
        assertThat(done.get(0, TimeUnit.SECONDS)).isEqualTo("value");
    }

    // ---- arguments

    private static void assertNull(String parameter, ThrowingCallable code) {
        assertThatThrownBy(code).isExactlyInstanceOf(NullPointerException.class).hasMessage(parameter);
    }

    @LoopTest(foreignThreads = true)
    void nullIsNamed(Loop loop) {
        assertNull("body", () -> Loop.run((Body<String, RuntimeException>) null));
        assertNull("body", () -> Loop.run((VoidBody<RuntimeException>) null));
        assertNull("name", () -> Loop.start(null));
        assertNull("host", () -> Loop.on(null));
        assertNull("body", () -> Task.spawn((Body<String, RuntimeException>) null));
        assertNull("body", () -> Task.spawn((VoidBody<RuntimeException>) null));
        assertNull("body", () -> loop.spawn((Body<String, RuntimeException>) null));
        assertNull("body", () -> loop.spawn((VoidBody<RuntimeException>) null));
        assertNull("name", () -> loop.spawn(null, () -> ""));
        assertNull("body", () -> loop.spawn("name", (Body<String, RuntimeException>) null));
        assertNull("action", () -> loop.execute(null));
        assertNull("action", () -> loop.callSoon(null));
        assertNull("action", () -> loop.callLater(Duration.ZERO, null));
        assertNull("delay", () -> loop.callLater(null, () -> {}));
        assertNull("action", () -> loop.callAt(0, null));
        assertNull("job", () -> loop.blocking(null));
        assertNull("job", () -> Await.blocking(null));
        assertNull("stage", () -> loop.from(null));
        assertNull("stage", () -> Future.from(null));
        assertNull("future", () -> await((Future<String>) null));
        assertNull("stage", () -> await((CompletableFuture<String>) null));
        assertNull("source", () -> await((Awaitable<String>) null));
        assertNull("duration", () -> sleep(null));
        assertNull("failure", () -> Promise.create().fail(null));
        assertNull("failure", () -> Future.failed(null));
        assertNull("action", () -> Promise.create().onCancel(null));
        assertNull("action", () -> Promise.create().onUndelivered(null));
        assertNull("name", () -> Loop.builder().name(null));
        assertNull("clock", () -> Loop.builder().clock(null));
        assertNull("handler", () -> Loop.builder().exceptionHandler(null));
        assertNull("capture", () -> Loop.builder().contextCapture(null));
        assertNull("timeout", () -> Loop.builder().shutdownTimeout(null));
        assertNull("threshold", () -> Loop.builder().slowItem(null));
        assertNull("limit", () -> Loop.builder().slowCancellation(null));
        assertNull("timeout", () -> loop.awaitTermination(null));
        assertNull("action", () -> loop.onClose(null));
        assertNull("report", () -> loop.report(null));
        var view = loop.asScheduledExecutorService();
        assertNull("command", () -> view.execute(null));
        assertNull("command", () -> view.schedule((Runnable) null, 0, TimeUnit.SECONDS));
        assertNull("callable", () -> view.schedule((java.util.concurrent.Callable<String>) null, 0, TimeUnit.SECONDS));
    }

    @Test
    void aNegativeLimit() {
        assertThatThrownBy(() -> Loop.builder().slowCancellation(Duration.ofSeconds(-1)))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessage("limit is negative: PT-1S");
        assertThatThrownBy(() -> Loop.builder().slowItem(Duration.ofSeconds(-1)))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessage("threshold is negative: PT-1S");
        assertThatThrownBy(() -> Loop.builder().shutdownTimeout(Duration.ofSeconds(-1)))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessage("timeout is negative: PT-1S");
    }

    @LoopTest
    void aNegativeDelayRunsAtTheNextTurn(Loop loop, Trail trail, VirtualClock clock) {
        loop.callLater(Duration.ofDays(-1), () -> trail.step(1));
        loop.callLater(FOREVER.negated(), () -> trail.step(2));
        loop.callAt(Long.MIN_VALUE, () -> trail.mark("in the past"));
        loop.callAt(-1, () -> trail.mark("in the past too"));
        yieldNow();
        yieldNow();
        trail.finished(2);
        assertThat(trail.marks()).containsExactly("in the past", "in the past too");
        sleep(FOREVER.negated());
        assertThat(clock.elapsed()).isZero();
    }

    @LoopTest
    void anEndlessDelayMeansNever(Loop loop, Trail trail) {
        TimerHandle never = loop.callLater(FOREVER, () -> trail.mark("fired"));
        TimerHandle centuries = loop.callLater(Duration.ofDays(400 * 365), () -> trail.mark("fired"));
        assertThat(never.when()).isEqualTo(Long.MAX_VALUE);
        assertThat(centuries.when()).isEqualTo(Long.MAX_VALUE);
        Task<Void> sleeping = Task.spawn(() -> sleep(FOREVER));
        sleep(Duration.ofDays(200 * 365));
        assertThat(trail.marks()).isEmpty();
        assertThat(sleeping.isDone()).isFalse();
        TimerHandle fromHere = loop.callLater(Duration.ofDays(200 * 365), () -> trail.mark("fired"));
        assertThat(fromHere.when()).isEqualTo(Long.MAX_VALUE);
        for (TimerHandle timer : new TimerHandle[] {never, centuries, fromHere}) {
            assertThat(timer.cancel()).isTrue();
        }
        sleeping.cancel();
        assertThatThrownBy(() -> await(sleeping)).isInstanceOf(TaskCancelledException.class);
    }

    @Test
    void anEndlessShutdownTimeoutIsFine() {
        Loop loop = Loop.builder().shutdownTimeout(FOREVER).start();
        loop.close();
        assertThat(loop.isClosed()).isTrue();
    }

    @Test
    void aHostThatIsShutDownAlready() {
        var host = Executors.newSingleThreadScheduledExecutor();
        host.shutdownNow();
        assertThatThrownBy(() -> Loop.builder().name("hosted").on(host))
                .isExactlyInstanceOf(LoopMisuseException.class)
                .hasMessageStartingWith("a host must accept work\n  call:   Loop.on(" + host + "): ")
                .hasMessageEndingWith("\n  thread: " + here()
                        + "\n  loop:   hosted\n  remedy: attach the loop before the host is shut down");
    }
}
