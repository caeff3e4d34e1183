package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** {@link Loop#spawn(Body, java.util.function.BiConsumer)}: who is told the end of a task, when and where. */
class ReceiverTest {
    private final List<String> told = new ArrayList<>();

    private void tell(Object value, Throwable failure) {
        told.add(value + ", " + (failure == null ? null : failure.getClass().getSimpleName()));
    }

    @LoopTest
    void itIsToldInTheSameItemBeforeWhoeverAwaitsTheTask(Loop loop, Trail trail) {
        Task<String> task = loop.<String>spawn(
                () -> {
                    loop.callSoon(() -> trail.mark("next item"));
                    yieldNow();
                    loop.callSoon(() -> trail.mark("next turn"));
                    trail.mark("body");
                    return "value";
                },
                (value, failure) -> trail.mark(value + ", " + failure));
        assertThat(await(task)).isEqualTo("value");
        trail.mark("awaiter");
        assertThat(trail.marks()).containsExactly("next item", "body", "value, null", "next turn", "awaiter");
    }

    @LoopTest
    void itRunsOnTheLoopsOwnThreadAndInNoTask(Loop loop) {
        Thread loops = thread(loop);
        List<Object> where = new ArrayList<>();
        await(loop.spawn(() -> null, (value, failure) -> {
            where.add(Thread.currentThread());
            where.add(String.valueOf(Task.currentOrNull()));
            where.add(loop.isOnLoop());
        }));
        assertThat(where).containsExactly(loops, "null", true);
    }

    private static Thread thread(Loop loop) {
        Promise<Thread> seen = Promise.create();
        loop.callSoon(() -> seen.complete(Thread.currentThread()));
        return await(seen.future());
    }

    @LoopTest
    void itRunsInTheContextOfWhoeverSpawned(Loop loop) {
        ContextVar<String> user = ContextVar.of("user");
        try (ContextVar.Change change = user.set("spawner")) {
            await(loop.spawn(() -> user.set("body"), (value, failure) -> told.add(user.get())));
        }
        assertThat(told).containsExactly("spawner");
    }

    @LoopTest
    void aFailureIsObservedByIt(Loop loop) {
        loop.spawn(
                () -> {
                    throw new IOException("f");
                },
                this::tell);
        yieldNow();
        assertThat(told).containsExactly("null, IOException"); // and the test fails if it is reported
    }

    @LoopTest
    void aTaskThatIsCancelledBeforeItBegan(Loop loop) {
        Task<String> task = loop.<String>spawn(() -> "never", this::tell);
        task.cancel();
        assertThat(told).isEmpty();
        yieldNow();
        assertThat(told).containsExactly("null, TaskCancelledException");
    }

    @LoopTest
    void itsOwnFailureIsReportedAndTheTaskIsDone(Loop loop, Reports reports) {
        IllegalStateException broken = new IllegalStateException("broken");
        Task<String> task = loop.spawn(() -> "value", (value, failure) -> {
            throw broken;
        });
        assertThat(await(task)).isEqualTo("value");
        assertThat(reports.takeOnly(Report.Kind.CALLBACK_FAILED).failure()).isSameAs(broken);
    }

    @LoopTest
    void itCountsAsSomebodyWhoWaits(Loop loop) {
        Promise<String> promise = Promise.create();
        Task<String> task = loop.<String>spawn(() -> await(promise.future()), this::tell);
        yieldNow();
        Future<Integer> derived = task.thenApply(String::length);
        derived.cancel(); // nobody else listens
        yieldNow();
        promise.complete("value");
        await(task);
        assertThat(told).containsExactly("value, null");
    }

    @LoopTest
    void aCircleIsStillFound(Loop loop) {
        List<Task<?>> tasks = new ArrayList<>();
        tasks.add(loop.spawn(() -> await(tasks.get(1)), this::tell));
        tasks.add(loop.spawn(() -> await(tasks.get(0)), this::tell));
        assertThatThrownBy(() -> await(tasks.get(0))).isInstanceOf(LoopMisuseException.class);
        yieldNow();
        assertThat(told).containsExactly("null, LoopMisuseException", "null, LoopMisuseException");
    }

    @Test
    void fromAnotherThreadAndWhenTheLoopCloses() throws Exception {
        CompletableFuture<String> first = new CompletableFuture<>();
        CompletableFuture<Throwable> atClose = new CompletableFuture<>();
        CompletableFuture<Throwable> givenUp = new CompletableFuture<>();
        Loop loop = Loop.builder()
                .shutdownTimeout(Duration.ofMillis(50))
                .exceptionHandler(report -> {})
                .start();
        loop.spawn(() -> "value", (value, failure) -> first.complete(value));
        assertThat(first.get(20, TimeUnit.SECONDS)).isEqualTo("value");
        Promise<Void> never = loop.promise();
        CompletableFuture<Void> stubborn = new CompletableFuture<>();
        loop.spawn(() -> await(never.future()), (value, failure) -> atClose.complete(failure));
        loop.spawn(
                () -> {
                    while (true) {
                        try {
                            stubborn.complete(null);
                            await(loop.promise().future());
                        } catch (TaskCancelledException ignored) {
                            // it does not end
                        }
                    }
                },
                (value, failure) -> givenUp.complete(failure));
        stubborn.get(20, TimeUnit.SECONDS);
        loop.close();
        assertThat(atClose.get(20, TimeUnit.SECONDS)).isInstanceOf(TaskCancelledException.class);
        assertThat(givenUp.get(20, TimeUnit.SECONDS)).isInstanceOf(TaskCancelledException.class);
        assertThatThrownBy(() -> loop.spawn(() -> "late", this::tell)).isInstanceOf(LoopClosedException.class);
    }
}
