package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How long an item takes is measured in real time, so these tests are. */
@Timeout(30)
class WatchdogTest {
    private final BlockingQueue<Report> reports = new LinkedBlockingQueue<>();
    private final CountDownLatch release = new CountDownLatch(1);

    private Loop start(Duration threshold) {
        return Loop.builder()
                .name("watched")
                .exceptionHandler(reports::add)
                .slowItem(threshold)
                .start();
    }

    private void holdTheLoop() {
        try {
            release.await();
        } catch (InterruptedException interrupt) {
            throw new AssertionError(interrupt);
        }
    }

    @Test
    void aTaskThatHoldsTheLoopIsReportedOnceWithItsStack() throws InterruptedException {
        try (Loop loop = start(Duration.ofMillis(50))) {
            loop.spawn("greedy", () -> {
                holdTheLoop();
                return null;
            });
            Report report = reports.take();
            release.countDown();

            assertThat(report.kind()).isEqualTo(Report.Kind.SLOW_ITEM);
            assertThat(report.message()).startsWith("greedy holds the loop");
            assertThat(report.failure().getStackTrace())
                    .anyMatch(frame -> frame.getMethodName().equals("holdTheLoop"));
        }
        assertThat(reports).isEmpty();
    }

    @Test
    void aCallbackThatHoldsTheLoopIsReported() throws InterruptedException {
        try (Loop loop = start(Duration.ofMillis(50))) {
            loop.execute(this::holdTheLoop);
            Report report = reports.take();
            release.countDown();

            assertThat(report.message()).startsWith("a callback or subscription holds the loop");
            assertThat(report.failure().getStackTrace())
                    .anyMatch(frame -> frame.getMethodName().equals("holdTheLoop"));
        }
    }

    @Test
    void aSubscriptionThatHoldsTheLoopIsReportedWithTheLoopsOwnStack() throws InterruptedException {
        try (Loop loop = start(Duration.ofMillis(50))) {
            loop.spawn(() -> Await.<String>await((Awaitable<String>) promise -> {
                holdTheLoop();
                promise.complete("subscribed");
            }));
            Report report = reports.take();
            release.countDown();

            assertThat(report.message()).startsWith("a callback or subscription holds the loop");
            assertThat(report.failure().getStackTrace())
                    .anyMatch(frame -> frame.getMethodName().equals("holdTheLoop"));
        }
    }

    @Test
    void manyItemsAndWaitingAreNoSlowItem() throws InterruptedException {
        try (Loop loop = start(Duration.ofMillis(250))) {
            Task<Void> yielding = loop.spawn(() -> {
                long end = loop.time() + TimeUnit.MILLISECONDS.toNanos(700);
                while (loop.time() < end) {
                    yieldNow();
                }
            });
            yielding.join();
            assertThat(reports.poll(400, TimeUnit.MILLISECONDS)).isNull();
        }
    }

    private static Task<Void> anotherTask() {
        return Task.spawn(() -> {}); // its body must not need the class that is being initialised
    }

    private static final class AwaitsInItsInitialiser {
        static {
            await(anotherTask());
        }

        static void initialise() {
            // the initialiser is what this is about
        }
    }

    @Test
    void anAwaitOnAStackThatCannotUnmountThrowsAndTheTaskGoesOn() {
        try (Loop loop = start(Duration.ofMillis(50))) {
            Task<String> task = loop.spawn(() -> {
                String outcome = "awaited"; // in hand-off mode only the task's own thread is pinned
                try {
                    AwaitsInItsInitialiser.initialise();
                } catch (ExceptionInInitializerError failed) {
                    outcome = failed.getCause().getMessage();
                }
                yieldNow();
                return outcome;
            });

            if (Loop.mode() == Mode.MOUNTED) {
                assertThat(task.join())
                        .startsWith("an await needs a stack that can unmount")
                        .contains("an await below " + AwaitsInItsInitialiser.class.getName() + ".<clinit>");
            } else {
                assertThat(task.join()).isEqualTo("awaited");
            }
        }
    }
}
