package io.coloop;

import static io.coloop.Await.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Rules 6 and 7: subscriptions run on the loop's own thread in the task's context; completion from anywhere resumes here. */
class RulesSubscriptionTest {
    private static final ThreadLocal<String> CONTEXT = new ThreadLocal<>();

    /** Carries {@link #CONTEXT}. */
    private static final ContextCapture CAPTURE = () -> {
        String captured = CONTEXT.get();
        return () -> {
            String own = CONTEXT.get();
            CONTEXT.set(captured);
            return () -> CONTEXT.set(own);
        };
    };

    private static Thread loopThread(Loop loop) {
        Promise<Thread> thread = loop.promise();
        loop.execute(() -> thread.complete(Thread.currentThread()));
        return await(thread.future());
    }

    // ---- rule 6

    @LoopTest
    void anAwaitableIsSubscribedOnTheLoopsOwnThread(Loop loop) {
        Thread own = loopThread(loop);
        AtomicReference<Thread> subscribed = new AtomicReference<>();
        AtomicReference<Task<?>> taskThere = new AtomicReference<>();
        Awaitable<String> source = promise -> {
            subscribed.set(Thread.currentThread());
            taskThere.set(Task.currentOrNull());
            assertThat(Loop.current()).isSameAs(loop);
            assertThat(loop.isOnLoop()).isTrue();
            promise.complete("value");
        };
        assertThat(await(source)).isEqualTo("value");
        assertThat(subscribed.get()).isSameAs(own).isNotSameAs(Thread.currentThread());
        assertThat(taskThere.get()).as("a task's fiber").isNull();
        assertThat(own.isVirtual()).isEqualTo(Loop.mode() == Mode.HAND_OFF);
    }

    @LoopTest
    void aForeignStageIsSubscribedOnTheLoopsOwnThread(Loop loop, VirtualClock clock) {
        Thread own = loopThread(loop);
        AtomicReference<Thread> subscribed = new AtomicReference<>();
        CompletableFuture<String> source = new CompletableFuture<>();
        @SuppressWarnings("unchecked")
        CompletionStage<String> stage = (CompletionStage<String>) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {CompletionStage.class}, (proxy, method, arguments) -> {
                    subscribed.set(Thread.currentThread());
                    return method.invoke(source, arguments);
                });
        try (var operation = clock.foreign(loop)) {
            loop.callSoon(() -> Real.onOtherThread(() -> source.complete("value")));
            assertThat(await(stage)).isEqualTo("value");
        }
        assertThat(subscribed.get()).isSameAs(own);
    }

    @LoopTest
    void theSubscriptionIsTheRestOfTheSameItem(Loop loop, Trail trail) {
        loop.callSoon(() -> trail.step(3));
        long turn = loop.turnCount();
        trail.step(1);
        await((Awaitable<String>) promise -> {
            assertThat(loop.turnCount()).isEqualTo(turn);
            trail.step(2);
            promise.complete("");
        });
        trail.step(4);
    }

    @LoopTest
    void aSourceThatCompletesWhileSubscribedResumesFromTheReadyQueue(Loop loop, Trail trail) {
        long before = loop.turnCount();
        await((Awaitable<String>) promise -> {
            promise.complete("");
            loop.callSoon(() -> trail.mark("enqueued after the completion"));
            trail.mark("still subscribing");
        });
        trail.mark("resumed");
        assertThat(trail.marks().get(0)).isEqualTo("still subscribing");
        assertThat(trail.marks()).contains("resumed");
        assertThat(loop.turnCount()).isEqualTo(before + 1);
    }

    @LoopTest
    void whatSubscribeThrowsFailsTheAwait() {
        IllegalStateException failure = new IllegalStateException("expected");
        assertThatThrownBy(() -> await((Awaitable<String>) promise -> {
                    throw failure;
                }))
                .isSameAs(failure);
    }

    @LoopTest
    void whatSubscribeThrowsAfterItCompletedIsTooLate() {
        assertThat(await((Awaitable<String>) promise -> {
                    promise.complete("value");
                    throw new IllegalStateException("too late to matter");
                }))
                .isEqualTo("value");
    }

    @Test
    void theSubscriptionSeesTheTasksContext() {
        AtomicReference<String> seen = new AtomicReference<>();
        AtomicReference<String> seenByCallback = new AtomicReference<>("not yet");
        String after = Loop.builder().contextCapture(CAPTURE).run(() -> {
            CONTEXT.set("task");
            await((Awaitable<String>) promise -> {
                seen.set(CONTEXT.get());
                CONTEXT.set("changed while subscribing");
                promise.complete("");
            });
            String kept = CONTEXT.get();
            CONTEXT.remove();
            Loop.current().callSoon(() -> seenByCallback.set(CONTEXT.get()));
            Await.yieldNow();
            return kept;
        });
        assertThat(seen.get()).isEqualTo("task");
        assertThat(seenByCallback.get()).as("on the loop's thread afterwards").isNull();
        assertThat(after).isEqualTo("task");
    }

    @Test
    void theContextIsCapturedAtTheAwait() {
        List<String> seen = new ArrayList<>();
        Loop.builder().contextCapture(CAPTURE).run(() -> {
            Awaitable<String> source = promise -> {
                seen.add(CONTEXT.get());
                promise.complete("");
            };
            await(source);
            CONTEXT.set("first");
            await(source);
            CONTEXT.set("second");
            await(source);
        });
        assertThat(seen).containsExactly(null, "first", "second");
    }

    @Test
    void blockingJobsSeeTheTasksContext() {
        String seen = Loop.builder().contextCapture(CAPTURE).run(() -> {
            CONTEXT.set("task");
            return Await.blocking(CONTEXT::get);
        });
        assertThat(seen).isEqualTo("task");
    }

    @Test
    void aSnapshotThatFailsFailsTheAwait() {
        IllegalStateException failure = new IllegalStateException("no context");
        ContextCapture broken = () -> () -> {
            throw failure;
        };
        assertThatThrownBy(() -> Loop.builder()
                        .contextCapture(broken)
                        .run(() -> await((Awaitable<String>) promise -> promise.complete(""))))
                .isSameAs(failure);
        assertThatThrownBy(() -> Loop.builder().contextCapture(broken).run(() -> Await.<String>blocking(() -> "")))
                .isSameAs(failure);
    }

    // ---- rule 7

    @LoopTest
    void completionFromAnotherThreadResumesOnTheLoop(Loop loop, VirtualClock clock) {
        CONTEXT.set("task");
        Thread body = Thread.currentThread();
        Promise<String> promise = Promise.create();
        AtomicReference<Thread> callback = new AtomicReference<>();
        AtomicReference<String> callbackContext = new AtomicReference<>("not yet");
        promise.future().thenAccept(value -> {
            callback.set(Thread.currentThread());
            callbackContext.set(CONTEXT.get());
        });
        VirtualClock.ForeignOperation operation = clock.foreign(loop);
        loop.callSoon(() -> Real.onOtherThread(() -> {
            CONTEXT.set("other");
            promise.complete("value");
            operation.close();
        }));
        assertThat(await(promise.future())).isEqualTo("value");
        assertThat(Thread.currentThread()).isSameAs(body);
        assertThat(CONTEXT.get()).isEqualTo("task");
        assertThat(callback.get()).isSameAs(loopThread(loop));
        assertThat(callbackContext.get()).isNull();
    }

    @LoopTest
    void failureAndCancellationFromAnotherThreadArriveToo(Loop loop, VirtualClock clock) {
        Promise<String> failing = Promise.create();
        Promise<String> cancelled = Promise.create();
        IllegalStateException failure = new IllegalStateException("expected");
        try (var operation = clock.foreign(loop)) {
            Real.Other other = Real.start(() -> {
                failing.fail(failure);
                cancelled.future().cancel("expected");
            });
            assertThatThrownBy(() -> await(failing.future())).isSameAs(failure);
            assertThatThrownBy(() -> await(cancelled.future()))
                    .isInstanceOf(TaskCancelledException.class)
                    .hasMessage("expected");
            Real.join(other);
        }
    }

    @LoopTest
    void anotherLoopsTaskResumesHere(Loop loop, VirtualClock clock) {
        Thread body = Thread.currentThread();
        try (Loop second = Loop.start("second");
                var operation = clock.foreign(loop)) {
            Task<Loop> task = second.spawn(Loop::current);
            assertThat(await(task)).isSameAs(second);
            assertThat(Loop.current()).isSameAs(loop);
            assertThat(Thread.currentThread()).isSameAs(body);
        }
    }

    @LoopTest
    void manyCompletionsFromOtherThreadsLoseNone(Loop loop, VirtualClock clock) {
        int count = 20_000;
        List<Promise<Integer>> promises = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            promises.add(Promise.create());
        }
        try (var operation = clock.foreign(loop)) {
            List<Real.Other> others = new ArrayList<>();
            for (int part = 0; part < 2; part++) {
                int first = part;
                others.add(Real.start(() -> {
                    for (int i = first; i < count; i += 2) {
                        promises.get(i).complete(i);
                    }
                }));
            }
            for (int i = 0; i < count; i++) {
                assertThat(await(promises.get(i).future())).isEqualTo(i);
            }
            others.forEach(Real::join);
        }
    }
}
