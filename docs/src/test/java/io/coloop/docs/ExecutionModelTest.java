package io.coloop.docs;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Awaitable;
import io.coloop.ExceptionHandler;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopBuilder;
import io.coloop.LoopMisuseException;
import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.test.LoopTest;
import io.coloop.test.VirtualClock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ExecutionModelTest {
    @Test
    void aLoopOfItsOwn() {
        // region run
        String greeting = Loop.run(() -> {
            Task<String> name = Task.spawn(() -> {
                sleep(Duration.ofMillis(5)); // others run meanwhile
                return "world";
            });
            return "hello " + await(name);
        });
        // endregion
        assertThat(greeting).isEqualTo("hello world");
    }

    @LoopTest
    void onlyAwaitGivesUpTheLoop() {
        // region atomic
        List<Integer> balance = new ArrayList<>(List.of(100)); // shared by two tasks, and no lock

        Task<Void> first = Task.spawn(() -> {
            int read = balance.get(0);
            Thread.onSpinWait(); // call what you like: until the next await nobody else runs
            balance.set(0, read - 30);
        });
        Task<Void> second = Task.spawn(() -> {
            int read = balance.get(0);
            balance.set(0, read - 50);
        });
        await(first);
        await(second);
        // endregion
        assertThat(balance).containsExactly(20);
    }

    @LoopTest
    void neverInline() {
        List<String> order = new ArrayList<>();
        // region never-inline
        Promise<String> promise = Promise.create();
        promise.future().thenAccept(value -> order.add("callback: " + value));
        promise.complete("done");
        order.add("after complete()"); // first: callbacks run from the ready queue

        await(promise.future()); // done already: returns at once and does not give up the loop
        order.add("after await");

        yieldNow(); // now what is ready runs
        // endregion
        assertThat(order).containsExactly("after complete()", "after await", "callback: done");
    }

    @LoopTest
    void cancellation() {
        List<String> log = new ArrayList<>();
        // region cancel
        Task<Void> task = Task.spawn(() -> {
            try {
                sleep(Duration.ofHours(1));
            } finally {
                sleep(Duration.ofMillis(10)); // cleaning up may await
                log.add("cleaned up");
            }
        });
        yieldNow();
        task.cancel("no longer needed");
        try {
            await(task);
        } catch (TaskCancelledException cancelled) {
            log.add(cancelled.getMessage());
        }
        // endregion
        assertThat(log).containsExactly("cleaned up", "no longer needed");
    }

    @LoopTest
    void whoCancelsWhom(Loop loop) {
        Promise<String> shared = loop.promise();
        Task<String> one = Task.spawn(() -> await(shared.future()));
        Task<String> other = Task.spawn(() -> await(shared.future()));
        CompletableFuture<String> foreign = new CompletableFuture<>();
        Task<String> third = Task.spawn(() -> await(foreign));
        yieldNow();
        one.cancel();
        foreign.cancel(false);
        assertThatThrownBy(() -> await(third)).isInstanceOf(CancellationException.class);
        assertThat(third.isFailed()).isTrue();
        sleep(Duration.ofSeconds(1));
        assertThat(List.of(shared.future().isCancelled(), one.isCancelled(), other.isCancelled()))
                .containsOnly(true);
    }

    @LoopTest
    void failures() {
        List<String> log = new ArrayList<>();
        // region failures
        Task<String> task = Task.spawn(() -> {
            throw new IOException("no such file"); // a body may throw what it likes
        });
        try {
            await(task);
        } catch (CompletionException failed) { // an unchecked failure would arrive as itself
            log.add(failed.getCause().getMessage());
        }
        // endregion
        assertThat(log).containsExactly("no such file");
    }

    @Test
    void settings() {
        List<Report> reports = new CopyOnWriteArrayList<>();
        // region settings
        LoopBuilder settings = Loop.builder()
                .name("orders")
                .slowItem(Duration.ofMillis(20))
                .exceptionHandler(report -> {
                    reports.add(report); // for yourself
                    ExceptionHandler.LOGGING.handle(report); // and for the log, as by default
                });
        String name = settings.run(() -> Loop.current().name());
        // endregion
        assertThat(name).isEqualTo("orders");
        assertThat(reports).isEmpty();
    }

    @Test
    void closingLeavesPromisesAlone() {
        Loop loop = Loop.start("closed");
        Promise<String> promise = loop.promise();
        loop.close();
        assertThat(promise.isDone()).isFalse();
        assertThat(promise.complete("settled")).isTrue();
        assertThat(promise.future().join()).isEqualTo("settled");
    }

    @LoopTest
    void anAwaitableOfOnesOwn() {
        // region awaitable
        record Button(List<Runnable> clickHandlers) implements Awaitable<String> {
            @Override
            public void subscribe(Promise<String> promise) { // on the loop's thread, after the task gave it up
                Runnable handler = () -> promise.complete("clicked");
                clickHandlers.add(handler);
                promise.onCancel(() -> clickHandlers.remove(handler));
            }
        }

        Button button = new Button(new ArrayList<>());
        Loop.current()
                .callLater(Duration.ofSeconds(3), () -> button.clickHandlers().forEach(Runnable::run));
        String event = await(button);
        // endregion
        assertThat(event).isEqualTo("clicked");
    }

    @LoopTest(foreignThreads = true)
    void otherThreads() {
        // region threads
        String thread = blocking(() -> Thread.currentThread().getName()); // blocking code goes to other threads
        CompletableFuture<Integer> elsewhere =
                CompletableFuture.supplyAsync(() -> 42); // completion is welcome from any
        int answer = await(elsewhere); // and goes on here
        // endregion
        assertThat(thread).contains("blocking");
        assertThat(answer).isEqualTo(42);
    }

    @Test
    void aHost() throws InterruptedException {
        // region host
        ScheduledExecutorService host = Executors.newSingleThreadScheduledExecutor();
        Loop loop = Loop.on(host);
        Future<String> result = loop.spawn(() -> {
            sleep(Duration.ofMillis(1));
            return "between the host's own work";
        });
        // endregion
        assertThat(result.join()).startsWith("between the host");
        // region host-end
        loop.close(); // first the loop: the host goes on
        host.shutdown();
        // endregion
        assertThat(host.awaitTermination(5, TimeUnit.SECONDS)).isTrue();
        assertThat(loop.isClosed()).isTrue();
    }

    @Test
    void misuse() {
        assertThatThrownBy(() -> {
                    // region misuse
                    sleep(Duration.ofSeconds(1)); // on a thread that has no task
                    // endregion
                })
                .isInstanceOf(LoopMisuseException.class)
                .hasMessage("""
                        only a task may await
                          call:   sleep(PT1S)
                          thread: %s
                          loop:   none
                          remedy: start the code with Loop.run(...), or on a loop that runs with loop.spawn(...)""".formatted(Thread.currentThread().getName()));
    }

    // region virtual-time
    @LoopTest
    void anHourPassesAtOnce(VirtualClock clock) {
        sleep(Duration.ofHours(1));
        assertThat(clock.elapsed()).isEqualTo(Duration.ofHours(1));
    }
    // endregion
}
