package io.coloop.kotlin;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static io.coloop.kotlin.Coroutines.async;
import static io.coloop.kotlin.Coroutines.await;
import static io.coloop.kotlin.Coroutines.awaitLast;
import static io.coloop.kotlin.Coroutines.awaitReceive;
import static io.coloop.kotlin.Coroutines.awaitSend;
import static io.coloop.kotlin.Coroutines.awaitSuspend;
import static io.coloop.kotlin.Coroutines.flow;
import static io.coloop.kotlin.Coroutines.iterate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.CancelPolicy;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.TaskGroup;
import io.coloop.stream.Iteration;
import io.coloop.test.LoopTest;
import io.coloop.test.VirtualClock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import kotlinx.coroutines.Job;
import kotlinx.coroutines.channels.BufferOverflow;
import kotlinx.coroutines.channels.Channel;
import kotlinx.coroutines.channels.ChannelKt;
import kotlinx.coroutines.flow.Flow;

/** The adapter as Java sees it: one entry class, whose {@code await} is imported beside the kernel's. */
class FromJavaTest {
    private final Repo repo = new Repo();

    @LoopTest
    void aTaskCallsASuspendingFunction(VirtualClock clock) {
        Loop loop = Loop.current();
        // region java
        String user = awaitSuspend(continuation -> repo.find(7, continuation));
        Task<String> later = async(loop, (scope, continuation) -> repo.find(8, continuation));
        // endregion
        assertThat(user).isEqualTo("user 7");
        assertThat(await(later)).isEqualTo("user 8");
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(10));
    }

    @LoopTest
    void twoSuspendingFunctionsRunAtOnce(VirtualClock clock) {
        Task<String> one = Task.spawn(() -> Coroutines.<String>awaitSuspend(k -> repo.find(1, k)));
        Task<String> two = Task.spawn(() -> Coroutines.<String>awaitSuspend(k -> repo.find(2, k)));
        assertThat(List.of(await(one), await(two))).containsExactly("user 1", "user 2");
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(5));
    }

    @LoopTest
    void everyAwaitUnderOneName(Loop loop) {
        Future<String> future = async(loop, (scope, continuation) -> repo.find(1, continuation));
        assertThat(await(future)).isEqualTo("user 1");
        assertThat(await(CompletableFuture.completedFuture(2))).isEqualTo(2);
        assertThat(Coroutines.await(repo.cached(3))).isEqualTo("user 3");
        assertThat(await(repo.cached(4))).isEqualTo("user 4");
        assertThat(await(Coroutines.asFuture(repo.cached(5), loop))).isEqualTo("user 5");
        assertThat(await(Coroutines.asOwningFuture(repo.cached(6), loop))).isEqualTo("user 6");
    }

    @LoopTest
    void aCheckedFailureIsACause() {
        assertThatThrownBy(() -> Coroutines.<String>awaitSuspend(repo::broken))
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOf(IOException.class)
                .hasMessage("broken");
    }

    @LoopTest
    void cancellingTheTaskCancelsTheFunction() {
        Task<String> task = Task.spawn(() -> Coroutines.<String>awaitSuspend(repo::endless));
        yieldNow();
        yieldNow();
        task.cancel("enough");
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        assertThat(repo.getTrail()).containsExactly("cancelled");
    }

    @LoopTest
    void anUndeliveredValueGoesToTheReceiver(Loop loop) {
        List<String> received = new ArrayList<>();
        Task<String> task = Task.spawn(() -> {
            Task<?> self = Task.current();
            return Coroutines.<String>awaitSuspend(received::add, continuation -> {
                self.cancel();
                return "late";
            });
        });
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        assertThat(received).containsExactly("late");
        assertThat(loop.timerCount()).isZero();
    }

    @LoopTest
    void flowsBothWays(Loop loop) {
        List<String> seen = new ArrayList<>();
        // region flow
        try (Iteration<String> users = iterate(repo.all(), 32)) {
            for (String each : users) {
                seen.add(each);
            }
        }
        Flow<String> emitted = flow(loop, emitter -> {
            for (int id = 0; id < 3; id++) {
                int now = id;
                emitter.emit(awaitSuspend(continuation -> repo.find(now, continuation)));
            }
        });
        // endregion
        assertThat(seen).containsExactly("a", "b", "c");
        assertThat(awaitLast(emitted)).isEqualTo("user 2");
        assertThat(Coroutines.awaitFirst(emitted)).isEqualTo("user 0");
        assertThat(Coroutines.awaitFirstOrNull(emitted)).isEqualTo("user 0");
        assertThatThrownBy(() -> Coroutines.awaitSingle(emitted)).isInstanceOf(IllegalArgumentException.class);
        Flow<String> failing = flow(loop, emitter -> {
            throw new IOException("checked");
        });
        assertThatThrownBy(() -> awaitLast(failing)).hasCauseInstanceOf(IOException.class);
    }

    @LoopTest
    void aGroupHasCoroutines() {
        String both = TaskGroup.run(group -> {
            Task<String> one = async(group, (scope, continuation) -> repo.find(1, continuation));
            Task<String> two = async(group, (scope, continuation) -> repo.find(2, continuation));
            return await(one) + await(two);
        });
        assertThat(both).isEqualTo("user 1user 2");
    }

    @LoopTest
    void policiesAndReceivers() {
        assertThat(await(repo.cached(1), CancelPolicy.SHARE)).isEqualTo("user 1");
        assertThat(await(repo.cached(2), late -> {})).isEqualTo("user 2");
        Job job = repo.cached(3);
        await(job);
        Channel<String> channel = ChannelKt.Channel(1, BufferOverflow.SUSPEND, null);
        awaitSend(channel, "item");
        assertThat(awaitReceive(channel)).isEqualTo("item");
    }

    @LoopTest
    void theDispatcherIsAStaticToo(Loop loop) {
        assertThat(Coroutines.dispatcher(loop)).isEqualTo(Coroutines.dispatcher(loop));
        assertThat(Coroutines.dispatcher(loop).getLoop()).isSameAs(loop);
    }
}
