package io.coloop;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What comes in while a loop ends. */
class LoopEndTest {
    @Test
    void aTaskThatWasAcceptedAtTheLastMomentIsCancelled() throws InterruptedException {
        Loop loop = new Loop(new LoopBuilder(), OwnedDriver::new);
        AtomicReference<Task<Void>> late = new AtomicReference<>();
        loop.bind(); // this thread turns it, so that the spawn falls between the last turn and the end
        loop.closing().begin();
        loop.turn();
        Thread spawning = Thread.ofPlatform()
                .start(() -> late.set(
                        loop.spawn(() -> Await.await(loop.<Void>promise().future()))));
        spawning.join();
        assertThat(loop.closing().advance()).isTrue();
        assertThat(late.get().isCancelled()).isTrue();
    }

    @Test
    void anActionThatExecutesItselfForEverDoesNotOutliveTheTimeLimit() throws InterruptedException {
        AtomicReference<Throwable> refused = new AtomicReference<>();
        Loop loop = Loop.builder()
                .shutdownTimeout(Duration.ZERO)
                .slowItem(Duration.ZERO)
                .exceptionHandler(report -> refused.set(report.failure()))
                .start();
        Runnable again = new Runnable() {
            @Override
            public void run() {
                loop.execute(this);
            }
        };
        loop.execute(again);
        loop.shutdown();
        assertThat(loop.awaitTermination(Duration.ofSeconds(20))).isTrue();
        assertThat(refused.get()).isInstanceOf(LoopClosedException.class);
    }

    @Test
    void whatItsExecutorViewHasNotRunIsCancelled() throws InterruptedException {
        Loop loop = Loop.start("view");
        ScheduledExecutorService view = loop.asScheduledExecutorService();
        ScheduledFuture<?> once = view.schedule(() -> {}, 1, TimeUnit.DAYS);
        ScheduledFuture<?> periodic = view.scheduleAtFixedRate(() -> {}, 1, 1, TimeUnit.DAYS);
        loop.close();
        assertThat(once.isCancelled()).isTrue();
        assertThat(periodic.isCancelled()).isTrue();
        assertThat(view.awaitTermination(0, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aTurnThatFailsEndsTheLoopAndItsTasks() throws InterruptedException {
        AtomicBoolean broken = new AtomicBoolean();
        AtomicReference<Report> report = new AtomicReference<>();
        Loop loop = Loop.builder()
                .clock(() -> {
                    if (broken.get()) {
                        throw new IllegalStateException("no time");
                    }
                    return System.nanoTime();
                })
                .slowItem(Duration.ZERO)
                .exceptionHandler(seen -> report.compareAndSet(null, seen))
                .start();
        Task<Void> waiting = loop.spawn(() -> {
            loop.callLater(Duration.ofDays(1), () -> {});
            broken.set(true);
            Await.await(loop.<Void>promise().future());
        });
        assertThat(loop.awaitTermination(Duration.ofSeconds(20))).isTrue();
        assertThat(waiting.isCancelled()).isTrue();
        assertThat(report.get().kind()).isEqualTo(Report.Kind.LOOP_FAILED);
        assertThat(report.get().failure()).hasMessage("no time");
    }
}
