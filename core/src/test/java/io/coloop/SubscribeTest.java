package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import io.coloop.test.Trail;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@link Loop#subscribe}. */
class SubscribeTest {
    @LoopTest
    void subscribesFromTheReadyQueueAndNotInATask(Loop loop, Trail trail) {
        Future<String> future = loop.subscribe(promise -> {
            trail.step(2);
            assertThat(Task.currentOrNull()).isNull();
            assertThat(loop.isOnLoop()).isTrue();
            promise.complete("value");
        });
        trail.step(1);
        assertThat(await(future)).isEqualTo("value");
        trail.finished(2);
    }

    @LoopTest
    void whatSubscribingThrowsFailsTheFuture(Loop loop) {
        IllegalStateException failure = new IllegalStateException("refused");
        Future<String> future = loop.subscribe(promise -> {
            throw failure;
        });
        assertThatThrownBy(() -> await(future)).isSameAs(failure);
    }

    @LoopTest
    void cancellingTheFutureCancelsTheSource(Loop loop, Trail trail) {
        Future<String> future = loop.subscribe(promise -> promise.onCancel(() -> trail.mark("cancelled")));
        yieldNow();
        assertThat(future.cancel()).isTrue();
        yieldNow();
        assertThat(trail.marks()).containsExactly("cancelled");
    }

    @LoopTest
    void aFutureCancelledBeforeTheSourceStartsNeverStartsIt(Loop loop, Trail trail) {
        Future<String> future = loop.subscribe(promise -> trail.mark("subscribed"));
        future.cancel();
        yieldNow();
        assertThat(trail.marks()).isEmpty();
    }

    @Test
    void runsInTheCallersCapturedContext() {
        List<String> seen = new ArrayList<>();
        ThreadLocal<String> context = new ThreadLocal<>();
        ContextCapture capture = () -> {
            String captured = context.get();
            return () -> {
                context.set(captured);
                return context::remove;
            };
        };
        Loop.builder().contextCapture(capture).run(() -> {
            context.set("caller's");
            Future<String> future = Loop.current().subscribe(promise -> {
                seen.add(context.get());
                promise.complete("done");
            });
            context.set("later");
            await(future);
        });
        assertThat(seen).containsExactly("caller's");
    }

    @Test
    void aClosedLoopRefuses() {
        Loop loop = Loop.start("closed");
        loop.close();
        assertThatThrownBy(() -> loop.subscribe(promise -> {})).isInstanceOf(LoopClosedException.class);
    }
}
