package io.coloop.docs;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static io.coloop.Await.waitFor;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Context;
import io.coloop.ContextVar;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.TaskGroup;
import io.coloop.TaskGroupException;
import io.coloop.TaskTimeoutException;
import io.coloop.Timeout;
import io.coloop.TimerHandle;
import io.coloop.VoidBody;
import io.coloop.WaitUntil;
import io.coloop.sync.Lock;
import io.coloop.sync.Queue;
import io.coloop.test.LoopTest;
import io.coloop.test.VirtualClock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** The idioms of asyncio, as they are written here. */
class FromAsyncioTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private static String fetch(String what) {
        sleep(what.length() > 1 ? SECOND.multipliedBy(10) : SECOND);
        return "page " + what;
    }

    private static String read() {
        return "content";
    }

    @Test
    void run() {
        // region run
        String result = Loop.run(() -> {
            sleep(Duration.ofMillis(10));
            return "done";
        });
        // endregion
        assertThat(result).isEqualTo("done");
    }

    @LoopTest
    void createTask(VirtualClock clock) {
        // region create-task
        Task<String> a = Task.spawn("fetch a", () -> fetch("a")); // from now on concurrently
        String b = fetch("b"); // a plain call: in this task
        String both = await(a) + ", " + b;
        // endregion
        assertThat(both).isEqualTo("page a, page b");
        assertThat(clock.elapsed()).isEqualTo(SECOND);
    }

    @LoopTest
    void gather(VirtualClock clock) {
        // region gather
        List<String> pages = await(Future.gather(Task.spawn(() -> fetch("a")), Task.spawn(() -> fetch("b"))));
        // endregion
        assertThat(pages).containsExactly("page a", "page b");
        assertThat(clock.elapsed()).isEqualTo(SECOND);
    }

    @LoopTest
    void gatherWithExceptions() {
        List<String> log = new ArrayList<>();
        // region settled
        Task<String> good = Task.spawn(() -> fetch("a"));
        Task<String> bad = Task.spawn(() -> {
            throw new NoSuchElementException("b");
        });
        for (Task<String> task : await(Future.allSettled(good, bad))) { // the same futures, all done
            log.add(task.isFailed() ? "failed: " + task.exceptionNow().getMessage() : task.resultNow());
        }
        // endregion
        assertThat(log).containsExactly("page a", "failed: b");
    }

    @LoopTest
    void waiting(VirtualClock clock) {
        List<String> log = new ArrayList<>();
        // region wait
        List<Task<String>> tasks = List.of(Task.spawn(() -> fetch("a")), Task.spawn(() -> fetch("slow")));

        var result = waitFor(tasks, WaitUntil.FIRST_DONE, Duration.ofSeconds(5)); // time up is no error
        result.done().forEach(task -> log.add(task.resultNow()));
        result.pending().forEach(Task::cancel);
        // endregion
        assertThat(log).containsExactly("page a");
        assertThat(clock.elapsed()).isEqualTo(SECOND);
    }

    @LoopTest
    void asCompleted() {
        List<String> log = new ArrayList<>();
        // region as-completed
        List<Task<String>> tasks = List.of(Task.spawn(() -> fetch("slow")), Task.spawn(() -> fetch("a")));

        for (Task<String> task : Future.asCompleted(tasks)) { // in the order in which they finish
            log.add(await(task));
        }
        // endregion
        assertThat(log).containsExactly("page a", "page slow");
    }

    @LoopTest
    void taskGroup() {
        // region group
        String both = TaskGroup.run(group -> {
            Task<String> a = group.spawn(() -> fetch("a"));
            Task<String> b = group.spawn(() -> fetch("b"));
            return await(a) + ", " + await(b);
        });
        // endregion
        assertThat(both).isEqualTo("page a, page b");
    }

    @LoopTest
    void taskGroupFailure(VirtualClock clock) {
        List<String> log = new ArrayList<>();
        // region group-failure
        try {
            TaskGroup.run(group -> {
                group.spawn(() -> fetch("slow")); // cancelled when the other one fails
                group.spawn(() -> {
                    throw new NoSuchElementException("b");
                });
            });
        } catch (TaskGroupException failed) { // always this type, also for one failure
            failed.failures().forEach(failure -> log.add(failure.getMessage()));
        }
        // endregion
        assertThat(log).containsExactly("b");
        assertThat(clock.elapsed()).isZero();
    }

    @LoopTest
    void timeout(VirtualClock clock) {
        // region timeout
        String page;
        try {
            page = Timeout.of(Duration.ofSeconds(5)).run(() -> fetch("slow"));
        } catch (TaskTimeoutException tooLate) {
            page = "default";
        }
        // endregion
        assertThat(page).isEqualTo("default");
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(5));
    }

    @LoopTest
    void waitForOne(VirtualClock clock) {
        Task<String> task = Task.spawn(() -> fetch("slow"));
        String page;
        // region wait-for
        try {
            page = await(task, Duration.ofSeconds(5));
        } catch (TaskTimeoutException tooLate) { // the task was cancelled, and has ended
            page = "default";
        }
        // endregion
        assertThat(page).isEqualTo("default");
        assertThat(task.isCancelled()).isTrue();
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(5));
    }

    @LoopTest
    void cancelAndFinally() {
        List<String> log = new ArrayList<>();
        // region cancel
        Task<Void> task = Task.spawn(() -> {
            try {
                sleep(Duration.ofHours(1));
            } finally {
                sleep(Duration.ofMillis(10)); // may await
                log.add("cleaned up");
            }
        });
        yieldNow(); // a task that has not begun would never run
        task.cancel("no longer needed");
        try {
            await(task);
        } catch (TaskCancelledException cancelled) {
            log.add("cancelled: " + cancelled.getMessage());
        }
        // endregion
        assertThat(log).containsExactly("cleaned up", "cancelled: no longer needed");
    }

    @LoopTest
    void shield() {
        // region shield
        Task<String> save = Task.spawn(() -> fetch("a"));
        Task<String> waiter = Task.spawn(() -> await(Future.shield(save)));
        yieldNow();
        waiter.cancel(); // leaves save alone
        // endregion
        assertThatThrownBy(() -> await(waiter)).isInstanceOf(TaskCancelledException.class);
        assertThat(await(save)).isEqualTo("page a");
    }

    @LoopTest
    void queueWorkers() {
        List<String> log = new ArrayList<>();
        // region queue
        Queue<String> queue = Queue.bounded(10);
        TaskGroup.run(group -> {
            for (int i = 0; i < 3; i++) {
                group.spawn(() -> {
                    while (true) {
                        String item = queue.get();
                        try {
                            log.add(fetch(item));
                        } finally {
                            queue.taskDone();
                        }
                    }
                });
            }
            for (String item : List.of("a", "b", "c", "d")) {
                queue.put(item); // waits while the queue is full
            }
            queue.join(); // until all of it is done
            group.cancel("no more work");
        });
        // endregion
        assertThat(log).containsExactly("page a", "page b", "page c", "page d");
    }

    @LoopTest
    void lock(VirtualClock clock) {
        // region lock
        Lock lock = Lock.create();
        VoidBody<RuntimeException> update = () -> {
            try (var hold = lock.acquire()) {
                sleep(SECOND); // others wait for the lock meanwhile
            }
        };
        // endregion
        TaskGroup.run(group -> {
            group.spawn(update);
            group.spawn(update);
        });
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(2));
    }

    // region context-var
    private static final ContextVar<String> USER = ContextVar.of("user", "nobody");
    // endregion

    @LoopTest
    void contextVars() {
        // region context
        USER.set("ann");
        Task<String> child = Task.spawn(() -> {
            String inherited = USER.get(); // a snapshot
            USER.set("bob"); // its own
            return inherited;
        });
        String seen = await(child) + ", " + USER.get();

        try (var change = USER.set("eve")) {
            seen += ", " + USER.get();
        } // puts back what was there
        // endregion
        assertThat(seen).isEqualTo("ann, ann, eve");
        assertThat(USER.get()).isEqualTo("ann");
    }

    @LoopTest
    void toThread() {
        // region to-thread
        String content = blocking(() -> read()); // on another thread, with the task's context
        // endregion
        assertThat(content).isEqualTo("content");
    }

    @Test
    void fromAnotherThread() throws Exception {
        // region threadsafe
        Loop loop = Loop.start("worker"); // runs until it is closed
        Future<String> result = loop.spawn(() -> {
            sleep(Duration.ofMillis(5));
            return "from the loop";
        });
        String value = result.get(); // any thread but a loop's
        loop.execute(() -> System.getProperty("x")); // call_soon_threadsafe
        loop.close();
        // endregion
        assertThat(value).isEqualTo("from the loop");
    }

    @LoopTest
    void futures() {
        List<String> log = new ArrayList<>();
        // region future
        Promise<String> promise = Promise.create(); // loop.create_future()
        Future<String> future = promise.future();
        future.whenComplete((value, failure) -> log.add("callback: " + value)); // add_done_callback
        TimerHandle timer = Loop.current().callLater(SECOND, () -> promise.complete("value")); // set_result
        // endregion
        assertThat(await(future)).isEqualTo("value");
        yieldNow();
        assertThat(log).containsExactly("callback: value");
        assertThat(timer.isCancelled()).isFalse();
    }

    @Test
    void shutdown() {
        List<String> log = new ArrayList<>();
        // region shutdown
        Loop.run(() -> {
            Loop.current().onClose(() -> log.add("3: the pool is closed")); // may await
            Task.spawn(() -> {
                try {
                    sleep(Duration.ofHours(1));
                } finally {
                    log.add("2: the task that was left has cleaned up");
                }
            });
            yieldNow();
            log.add("1: main is done");
        }); // cancels what is left, awaits it, runs the hooks, waits for blocking jobs, closes
        // endregion
        assertThat(log)
                .containsExactly(
                        "1: main is done", "2: the task that was left has cleaned up", "3: the pool is closed");
    }

    @Test
    void exceptionHandler() {
        List<String> log = new CopyOnWriteArrayList<>();
        // region handler
        Loop.builder()
                .debug(true)
                .exceptionHandler(report -> log.add(report.kind() + ": " + report.message()))
                .run(() -> {
                    Task.spawn("lost", () -> {
                        throw new NoSuchElementException("nobody looks");
                    });
                    sleep(Duration.ofMillis(1));
                });
        // endregion
        assertThat(log).hasSize(1);
        assertThat(log.get(0)).startsWith(Report.Kind.UNOBSERVED_FAILURE + ": lost failed");
    }

    @LoopTest
    void callGraph(Loop loop) {
        // region dump
        Task<Void> inner = Task.spawn("inner", () -> sleep(SECOND));
        Task<Void> outer = Task.spawn("outer", () -> await(inner));
        yieldNow();
        String graph = loop.dump();
        // endregion
        assertThat(graph).containsPattern("\n  outer awaits inner at .*\n    inner awaits a timer at ");
        await(outer);
    }

    // ---- what the tables say and no idiom shows

    @LoopTest
    void aContextIsGivenToATask() {
        USER.set("ann");
        Context context = Context.current();
        USER.set("bob");
        assertThat(await(context.run(() -> Task.spawn(() -> {
                    String seen = USER.get();
                    USER.set("eve");
                    return seen;
                }))))
                .isEqualTo("ann");
        assertThat(context.run(USER::get)).isEqualTo("ann");
        assertThat(USER.get()).isEqualTo("bob");
    }

    @LoopTest
    void aCallbackIsRemoved() {
        List<String> log = new ArrayList<>();
        Promise<String> promise = Promise.create();
        Future<String> stage = Future.shield(promise.future()).whenComplete((value, failure) -> {
            if (failure == null) {
                log.add(value);
            }
        });
        stage.cancel();
        yieldNow();
        promise.complete("value");
        sleep(SECOND);
        assertThat(log).isEmpty();
        assertThat(promise.future().resultNow()).isEqualTo("value");
    }

    @Test
    void aProcessIsAwaited() throws IOException {
        int status = Loop.run(() -> {
            Process process = new ProcessBuilder(
                            ProcessHandle.current().info().command().orElseThrow(), "--version")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return await(process.onExit()).exitValue();
        });
        assertThat(status).isZero();
    }

    @Test
    void anExecutorOfOnesOwn() {
        try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
            String thread = Loop.run(() -> await(
                    CompletableFuture.supplyAsync(() -> Thread.currentThread().getName(), executor)));
            assertThat(thread).startsWith("pool-");
        }
    }
}
