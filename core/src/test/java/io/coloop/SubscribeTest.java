package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Real.ReportQueue;
import io.coloop.test.LoopTest;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@link Loop#subscribe}. */
@Timeout(60)
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

    // ---- the loop's end

    private static Awaitable<String> never(Trail trail, String name) {
        return promise -> promise.onCancel(() -> trail.mark(name));
    }

    @Test
    void aClosingLoopCancelsThemWithItsTasksAndSaysWhichItIs() throws Exception {
        Trail trail = new Trail();
        ReportQueue reports = new ReportQueue();
        AtomicReference<Future<String>> left = new AtomicReference<>();
        Loop.builder().name("orders").exceptionHandler(reports).run(() -> {
            Loop loop = Loop.current();
            loop.onClose(() -> trail.mark("hook"));
            left.set(loop.subscribe(never(trail, "older")));
            loop.subscribe(never(trail, "newer"));
            yieldNow();
        });
        assertThat(trail.marks()).containsExactly("newer", "older", "hook");
        assertThatThrownBy(() -> left.get().get(0, TimeUnit.SECONDS)).isInstanceOf(CancellationException.class);
        assertThat(left.get().exceptionNow()).hasMessage("orders: the loop is closing");
        assertThat(reports.left()).isEmpty();
    }

    @Test
    void whatATaskStartsWhileItCleansUpIsLeftToItUntilItHasEnded() {
        Trail trail = new Trail();
        Loop.run(() -> {
            Loop loop = Loop.current();
            Task.spawn(() -> {
                try {
                    await(Promise.<Void>create().future());
                } finally {
                    await(loop.subscribe((Promise<String> promise) ->
                            loop.callLater(Duration.ofMillis(1), () -> promise.complete("done"))));
                    trail.mark("cleaned up");
                    loop.subscribe(never(trail, "left behind"));
                }
            });
            yieldNow();
        });
        assertThat(trail.marks()).containsExactly("cleaned up", "left behind");
    }

    @Test
    void whatAHookLeavesIsCancelledBeforeTheNextHook() {
        Trail trail = new Trail();
        Loop.run(() -> {
            Loop loop = Loop.current();
            loop.onClose(() -> trail.mark("older"));
            loop.onClose(() -> {
                loop.subscribe(never(trail, "left behind"));
                yieldNow();
                yieldNow();
                trail.mark("newer");
            });
        });
        assertThat(trail.marks()).containsExactly("newer", "left behind", "older");
    }

    @Test
    void aLoopWhoseTimeIsOverCancelsThemToo() {
        Trail trail = new Trail();
        ReportQueue reports = new ReportQueue();
        Loop.builder()
                .clock(new VirtualClock())
                .shutdownTimeout(Duration.ofMillis(5))
                .exceptionHandler(reports)
                .run(() -> {
                    Task.spawn(
                            "stubborn",
                            () -> Cleanup.run(Duration.ofDays(1), () -> {
                                Loop.current().subscribe(never(trail, "source"));
                                await(Promise.<Void>create().future());
                            }));
                    yieldNow();
                });
        assertThat(trail.marks()).containsExactly("source");
        assertThat(reports.next().message()).contains("stubborn");
        assertThat(reports.left()).isEmpty();
    }

    @Test
    void oneThatTheEndOvertakesIsCancelledAndNeverBegins() {
        Trail trail = new Trail();
        Duration limit = Duration.ofMillis(5);
        ReportQueue reports = new ReportQueue();
        AtomicReference<Future<String>> overtaken = new AtomicReference<>();
        Loop.builder()
                .clock(new VirtualClock())
                .shutdownTimeout(limit)
                .exceptionHandler(reports)
                .run(() -> {
                    Loop loop = Loop.current();
                    loop.onClose(() -> {
                        loop.callLater(
                                limit,
                                () -> overtaken.set(
                                        loop.subscribe(promise -> trail.mark("begun")))); // in the last turn
                        await(Promise.<Void>create().future());
                    });
                });
        assertThat(trail.marks()).isEmpty();
        assertThat(overtaken.get().isCancelled()).isTrue();
        assertThat(reports.next().kind()).isEqualTo(Report.Kind.LEFT_AT_CLOSE);
    }

    @LoopTest
    void oneThatHasEndedIsNotKept(Loop loop) {
        List<Promise<String>> promises = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            loop.<String>subscribe(promises::add);
        }
        loop.<String>subscribe(promise -> promise.complete("at once"));
        yieldNow();
        assertThat(loop.subscriptionCount()).isEqualTo(3);
        for (int next : List.of(1, 2, 0)) { // from the middle, both ends
            promises.get(next).complete("value");
            yieldNow();
            assertThat(loop.activeResources()).hasSize(loop.subscriptionCount());
        }
        assertThat(loop.subscriptionCount()).isZero();
    }
}
