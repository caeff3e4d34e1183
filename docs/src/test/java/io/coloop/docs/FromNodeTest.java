package io.coloop.docs;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.AllFailedException;
import io.coloop.ContextVar;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopStatistics;
import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.TaskGroup;
import io.coloop.TaskTimeoutException;
import io.coloop.Timeout;
import io.coloop.TimerHandle;
import io.coloop.sync.Queue;
import io.coloop.sync.QueueShutDownException;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.VirtualClock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The idioms of Node, as they are written here, and what the decisions about {@code unref} and abort signals rest on. */
class FromNodeTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private static String fetch(String what) {
        sleep(what.length() > 1 ? SECOND.multipliedBy(10) : SECOND);
        return "page " + what;
    }

    private static String fail(String what) throws IOException {
        throw new IOException(what);
    }

    // ---- idioms

    @LoopTest
    void timers(Loop loop) {
        List<String> log = new ArrayList<>();
        // region timers
        TimerHandle timer = loop.callLater(SECOND, () -> log.add("never"));
        timer.cancel(); // clearTimeout

        Task<Void> interval = Task.spawn(() -> {
            while (true) {
                sleep(SECOND);
                log.add("tick"); // may await: the next tick comes a second after the end of this one
            }
        });
        sleep(Duration.ofMillis(2500));
        interval.cancel(); // clearInterval
        // endregion
        assertThatThrownBy(() -> await(interval)).isInstanceOf(TaskCancelledException.class);
        assertThat(log).containsExactly("tick", "tick");
    }

    @LoopTest
    void awaiting() {
        List<String> log = new ArrayList<>();
        // region async
        Task<String> page = Task.spawn(() -> {
            String user = fetch("u"); // await fetch("u")
            return fetch("o") + " of " + user;
        });
        try {
            log.add(await(page));
        } finally {
            log.add("done");
        }
        // endregion
        assertThat(log).containsExactly("page o of page u", "done");
    }

    @LoopTest
    void chains() {
        // region then
        Future<String> shown = Task.spawn(() -> fail("404"))
                .thenApply(page -> "shown: " + page)
                .exceptionally(failure -> "shown: " + failure.getCause().getMessage()) // as in CompletableFuture
                .whenComplete((page, failure) -> {}); // finally
        // endregion
        assertThat(await(shown)).isEqualTo("shown: 404");
    }

    @LoopTest
    void combining(VirtualClock clock) {
        // region combine
        List<String> all = await(Future.gather(Task.spawn(() -> fetch("a")), Task.spawn(() -> fetch("b"))));
        List<Task<String>> settled =
                await(Future.allSettled(Task.spawn(() -> fetch("a")), Task.spawn(() -> fail("b"))));
        String reason = settled.get(1).exceptionNow().getMessage();
        String any = await(Future.firstSuccess(Task.spawn(() -> fail("a")), Task.spawn(() -> fetch("b"))));
        String race = await(Future.firstDone(Task.spawn(() -> fetch("a")), Task.spawn(() -> fetch("slow"))));
        // endregion
        assertThat(all).containsExactly("page a", "page b");
        assertThat(reason).isEqualTo("b");
        assertThat(any).isEqualTo("page b");
        assertThat(race).isEqualTo("page a");
        sleep(Duration.ofSeconds(10)); // the loser of the race goes on, as in Node
        Future<String> none = Future.firstSuccess(Task.spawn(() -> fail("a")), Task.spawn(() -> fail("b")));
        assertThatThrownBy(() -> await(none)).isInstanceOf(AllFailedException.class);
    }

    @LoopTest
    void withResolvers(Loop loop) {
        // region resolvers
        Promise<String> promise = Promise.create();
        loop.callLater(SECOND, () -> promise.complete("value")); // or promise.fail(...)
        String value = await(promise.future());
        // endregion
        assertThat(value).isEqualTo("value");
    }

    private static final class Emitter {
        private final List<Consumer<String>> handlers = new ArrayList<>();

        void on(Consumer<String> handler) {
            handlers.add(handler);
        }

        void emit(String event) {
            handlers.forEach(handler -> handler.accept(event));
        }
    }

    @LoopTest
    void events(Loop loop) {
        List<String> log = new ArrayList<>();
        Emitter emitter = new Emitter();
        loop.callLater(SECOND, () -> emitter.emit("first"));
        loop.callLater(SECOND.multipliedBy(2), () -> emitter.emit("second"));
        // region events
        Promise<String> once = Promise.create(); // events.once
        emitter.on(once::complete);
        log.add("once: " + await(once.future()));

        Queue<String> events = Queue.bounded(100); // events.on
        emitter.on(event -> {
            if (!events.tryPut(event)) {
                log.add("too many events"); // Node's buffer has no bound
            }
        });
        loop.callLater(SECOND.multipliedBy(2), events::shutdown);
        try {
            while (true) {
                log.add("on: " + events.get());
            }
        } catch (QueueShutDownException end) {
            log.add("end");
        }
        // endregion
        assertThat(log).containsExactly("once: first", "on: second", "end");
    }

    @LoopTest
    void aborting(VirtualClock clock) {
        // region abort
        Task<String> task = Task.spawn(() -> fetch("slow"));
        Loop.current().callLater(SECOND, () -> task.cancel("the user left")); // controller.abort(reason)
        // endregion
        assertThatThrownBy(() -> await(task))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessage("the user left");
        assertThat(clock.elapsed()).isEqualTo(SECOND);
    }

    // region storage
    private static final ContextVar<String> REQUEST = ContextVar.of("request");
    // endregion

    @LoopTest
    void asyncLocalStorage() {
        // region storage-use
        try (var change = REQUEST.set("request 7")) { // storage.run("request 7", ...)
            await(Task.spawn(() -> {
                sleep(SECOND);
                assertThat(REQUEST.get()).isEqualTo("request 7"); // storage.getStore()
            }));
        }
        // endregion
        assertThat(REQUEST.isSet()).isFalse();
    }

    @LoopTest
    void utilization(Loop loop) {
        // region utilization
        LoopStatistics before = loop.statistics();
        sleep(SECOND);
        LoopStatistics during = loop.statistics().since(before);
        double utilization = during.utilization(); // eventLoopUtilization(elu).utilization
        Duration delay = during.timerDelays().percentile(99); // monitorEventLoopDelay().percentile(99)
        // endregion
        assertThat(utilization).isBetween(0.0, 1.0);
        assertThat(during.timerDelays().count()).isEqualTo(1);
        assertThat(delay).isZero();
    }

    @LoopTest
    void worker() {
        // region worker
        int sum = blocking(() -> {
            int total = 0; // on another thread, which shares memory, unlike a worker
            for (int i = 0; i < 1_000_000; i++) {
                total += i % 7;
            }
            return total;
        });
        // endregion
        assertThat(sum).isPositive();
    }

    @Test
    void unhandledRejection() {
        List<String> log = new CopyOnWriteArrayList<>();
        // region rejection
        Loop.builder()
                .exceptionHandler(report -> log.add(report.kind().name())) // process.on("unhandledRejection", ...)
                .run(() -> {
                    Task.spawn(() -> fail("nobody looks"));
                    yieldNow();
                });
        // endregion
        assertThat(log).containsExactly(Report.Kind.UNOBSERVED_FAILURE.name());
    }

    @LoopTest
    void awaitedLaterIsNotUnhandled(Loop loop) {
        Task<String> early = Task.spawn(() -> {
            sleep(SECOND);
            return fail("early");
        });
        Task<String> awaiter = Task.spawn(() -> await(early));
        assertThatThrownBy(() -> await(awaiter)).hasMessageContaining("early");
    }

    @LoopTest
    void aTimerOfZeroComesInTheNextTurn(Loop loop) {
        List<String> log = new ArrayList<>();
        loop.callLater(Duration.ZERO, () -> log.add("timer"));
        loop.callSoon(() -> log.add("soon"));
        yieldNow();
        assertThat(log).containsExactly("soon");
        yieldNow();
        assertThat(log).containsExactly("soon", "timer");
    }

    // ---- decision 12: no unref

    @Test
    void onlyTheMainTaskKeepsRunAlive() {
        List<String> log = new ArrayList<>();
        // region unref
        Loop.run(() -> {
            Loop.current().callLater(Duration.ofHours(1), () -> log.add("never")); // as if it were unref'd
            Task.spawn(() -> sleep(Duration.ofHours(1))); // cancelled when the main task is done
            log.add("main is done");
        });
        // endregion
        assertThat(log).containsExactly("main is done");
    }

    @LoopTest
    void whatRefGivesIsAnAwait() {
        List<String> log = new ArrayList<>();
        // region ref
        Task<Void> flush = Task.spawn(() -> {
            sleep(SECOND);
            log.add("flushed");
        });
        await(flush); // "keep the loop for this"
        // endregion
        assertThat(log).containsExactly("flushed");
    }

    @Test
    void aStartedLoopWithNothingToDoLivesUntilItIsClosed() throws InterruptedException {
        Loop loop = Loop.start("idle");
        assertThat(loop.spawn(() -> "once").join()).isEqualTo("once");
        assertThat(loop.awaitTermination(Duration.ofMillis(50))).isFalse();
        assertThat(loop.spawn(() -> "again").join()).isEqualTo("again");
        loop.close();
        assertThat(loop.isClosed()).isTrue();
    }

    // ---- decision 13: no abort signal

    @LoopTest
    void nestingCombines(VirtualClock clock) {
        List<String> log = new ArrayList<>();
        Promise<Void> userLeft = Promise.create();
        // region any
        // AbortSignal.any([AbortSignal.timeout(5000), userLeft])
        try {
            Timeout limit = Timeout.of(Duration.ofSeconds(5));
            limit.run(() -> TaskGroup.run(group -> {
                userLeft.future().thenRun(group::cancel);
                group.spawn(() -> fetch("slow"));
                group.spawn(() -> fetch("slower"));
            }));
            log.add("done, or the user left");
        } catch (TaskTimeoutException tooLate) {
            log.add("timed out");
        }
        // endregion
        assertThat(log).containsExactly("timed out");
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(5));
        userLeft.complete(null); // the group is over: nothing happens
        yieldNow();
    }

    @LoopTest
    void aFutureEndsAGroup(VirtualClock clock) {
        List<String> log = new ArrayList<>();
        Promise<Void> userLeft = Promise.create();
        Loop.current().callLater(SECOND, () -> userLeft.complete(null));
        // region link
        TaskGroup.run(group -> {
            Future<Void> link = Future.shield(userLeft.future()).thenRun(group::cancel);
            try {
                log.add(fetch("slow"));
            } finally {
                link.cancel(); // removeEventListener: leaves the future alone, thanks to the shield
            }
        });
        // endregion
        assertThat(log).isEmpty();
        assertThat(clock.elapsed()).isEqualTo(SECOND);
    }

    @LoopTest
    void aLinkThatIsCancelledLeavesAShieldedFutureAlone() {
        Promise<Void> signal = Promise.create();
        Future.shield(signal.future()).thenRun(() -> {}).cancel();
        sleep(SECOND);
        assertThat(signal.future().isDone()).isFalse();

        Promise<Void> bare = Promise.create();
        bare.future().thenRun(() -> {}).cancel();
        sleep(SECOND);
        assertThat(bare.future().isCancelled()).as("nobody else observes it").isTrue();
    }

    @LoopTest
    void codeThatDoesNotAwaitCanLook() {
        List<String> log = new ArrayList<>();
        // region aborted
        Task<Void> task = Task.spawn(() -> {
            Task<?> self = Task.current();
            for (int part = 0; part < 10; part++) {
                if (self.cancelling() > 0) { // signal.aborted
                    log.add("stopped before part " + part);
                    return;
                }
                if (part == 3) {
                    self.cancel("enough"); // by something that the part calls
                }
            }
        });
        // endregion
        assertThatThrownBy(() -> await(task)).isInstanceOf(TaskCancelledException.class);
        assertThat(log).containsExactly("stopped before part 4");
    }

    @LoopTest
    void oneFutureEndsManyGroups(VirtualClock clock) {
        Promise<Void> signal = Promise.create();
        Task<Void> first = Task.spawn(() -> TaskGroup.run(group -> {
            signal.future().thenRun(group::cancel);
            fetch("slow");
        }));
        Task<Void> second = Task.spawn(() -> TaskGroup.run(group -> {
            signal.future().thenRun(group::cancel);
            fetch("slow");
        }));
        yieldNow();
        signal.complete(null);
        await(first);
        await(second);
        assertThat(clock.elapsed()).isZero();
    }

    @LoopTest
    void aFutureThatFailsDoesNotRunItsLink(Reports reports) {
        List<String> log = new ArrayList<>();
        Promise<Void> signal = Promise.create();
        signal.future().thenRun(() -> log.add("thenRun"));
        signal.future()
                .whenComplete((value, failure) -> log.add("whenComplete"))
                .exceptionally(failure -> null);
        signal.fail(new IllegalStateException("expected"));
        sleep(SECOND);
        assertThat(log).containsExactly("whenComplete");
        reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE);
    }
}
