package io.coloop.docs;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Awaitable;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Promise;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.test.LoopTest;
import io.coloop.test.VirtualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
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

    @LoopTest
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
        ScheduledExecutorService host = Executors.newSingleThreadScheduledExecutor(); // or a Netty EventLoop
        Loop loop = Loop.on(host);
        Future<String> result = loop.spawn(() -> {
            sleep(Duration.ofMillis(1));
            return "on the host's thread, between its own work";
        });
        // endregion
        assertThat(result.join()).startsWith("on the host");
        host.shutdownNow();
        assertThat(host.awaitTermination(5, TimeUnit.SECONDS)).isTrue();
        assertThat(loop.awaitTermination(Duration.ofSeconds(5))).isTrue();
    }

    @Test
    void misuse() {
        assertThatThrownBy(() -> {
                    // region misuse
                    sleep(Duration.ofSeconds(1)); // on a thread that has no task
                    // endregion
                })
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining("only a task may await");
    }

    // region virtual-time
    @LoopTest
    void anHourPassesAtOnce(VirtualClock clock) {
        sleep(Duration.ofHours(1));
        assertThat(clock.elapsed()).isEqualTo(Duration.ofHours(1));
    }
    // endregion
}
