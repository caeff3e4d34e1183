package io.coloop.net;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static java.nio.channels.SelectionKey.OP_ACCEPT;
import static java.nio.channels.SelectionKey.OP_READ;
import static java.nio.channels.SelectionKey.OP_WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Promise;
import io.coloop.Readiness;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.test.VirtualClock;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.Pipe;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a task that waits for a channel can rely on, on both kinds of loops. */
class ReadinessTest {
    private static ByteBuffer bytes(int count) {
        return ByteBuffer.allocate(count);
    }

    /** A pipe whose source is the loop's. */
    private static final class Wire implements AutoCloseable {
        final Pipe pipe;
        final Readiness source;

        Wire() throws Exception {
            pipe = Pipe.open();
            source = Readiness.of(pipe.source());
        }

        void send(int count) throws Exception {
            pipe.sink().write(bytes(count));
        }

        int receive() throws Exception {
            return pipe.source().read(bytes(1000));
        }

        @Override
        public void close() throws Exception {
            source.close();
            pipe.sink().close();
        }
    }

    private static Thread elsewhere(io.coloop.VoidBody<?> action) {
        return Thread.ofPlatform().daemon().start(() -> {
            try {
                action.run();
            } catch (Throwable failure) {
                throw new AssertionError(failure);
            }
        });
    }

    // ---- ready

    @ParameterizedTest
    @EnumSource
    void aTaskWaitsUntilItIsReady(Where where) throws Exception {
        where.run(() -> {
            try (Wire wire = new Wire()) {
                AtomicReference<Task<?>> reader = new AtomicReference<>();
                reader.set(Task.spawn(() -> {
                    assertThat(wire.receive()).isZero();
                    wire.source.await(OP_READ);
                    assertThat(Task.current() == reader.get()).isTrue();
                    return wire.receive();
                }));
                yieldNow();
                elsewhere(() -> wire.send(3));
                assertThat(await(reader.get())).isEqualTo(3);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void whatIsReadyAlreadyIsToldToo(Where where) throws Exception {
        where.run(() -> {
            try (Wire wire = new Wire()) {
                wire.send(3);
                wire.source.await(OP_READ);
                wire.source.await(OP_READ); // nobody read it: still ready
                assertThat(wire.receive()).isEqualTo(3);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void manyRoundsBetweenThreads(Where where) throws Exception {
        where.run(() -> {
            try (Wire wire = new Wire()) {
                int rounds = 2000;
                AtomicInteger allowed = new AtomicInteger(1);
                elsewhere(() -> {
                    for (int i = 1; i <= rounds; i++) {
                        int round = i;
                        Where.until("round " + i, () -> allowed.get() >= round);
                        wire.send(1);
                    }
                });
                for (int i = 0; i < rounds; i++) {
                    while (wire.receive() == 0) {
                        wire.source.await(OP_READ);
                    }
                    allowed.incrementAndGet();
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void manyChannelsEachToldToItsOwnTask(Where where) throws Exception {
        where.run(() -> {
            List<Wire> wires = new ArrayList<>();
            List<Task<Integer>> readers = new ArrayList<>();
            try {
                for (int i = 0; i < 100; i++) {
                    Wire wire = new Wire();
                    wires.add(wire);
                    readers.add(Task.spawn(() -> {
                        wire.source.await(OP_READ);
                        return wire.receive();
                    }));
                }
                yieldNow();
                for (int i = 99; i >= 0; i--) {
                    wires.get(i).send(i + 1);
                }
                for (int i = 0; i < 100; i++) {
                    assertThat(await(readers.get(i))).isEqualTo(i + 1);
                }
            } finally {
                for (Wire wire : wires) {
                    wire.close();
                }
            }
        });
    }

    // ---- with the rest of the loop

    @ParameterizedTest
    @EnumSource
    void tasksThatYieldDoNotStarveIt(Where where) throws Exception {
        where.run(() -> {
            try (Wire wire = new Wire()) {
                Task<Void> busy = Task.spawn(() -> {
                    while (true) {
                        yieldNow();
                    }
                });
                Task<Void> busyToo = Task.spawn(() -> {
                    while (true) {
                        yieldNow();
                    }
                });
                elsewhere(() -> wire.send(1));
                wire.source.await(OP_READ);
                busy.cancel();
                busyToo.cancel();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aTaskThatYieldsAloneDoesNotStarveCallbacksOfIt(Where where) throws Exception {
        where.run(() -> {
            try (Wire wire = new Wire()) {
                boolean[] seen = new boolean[1];
                Task<Void> reader = Task.spawn(() -> {
                    wire.source.await(OP_READ);
                    seen[0] = true;
                });
                yieldNow();
                elsewhere(() -> wire.send(1));
                while (!seen[0]) {
                    yieldNow();
                }
                await(reader);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void timersFireAndOtherThreadsAreHeardMeanwhile(Where where) throws Exception {
        where.run(() -> {
            try (Wire wire = new Wire()) {
                Task<Void> reader = Task.spawn(() -> wire.source.await(OP_READ));
                for (int i = 0; i < 20; i++) {
                    sleep(Duration.ofNanos(i * 300_000L)); // whole milliseconds and parts of them
                }
                Promise<String> promise = Promise.create();
                elsewhere(() -> promise.complete("heard"));
                assertThat(await(promise.future())).isEqualTo("heard");
                assertThat(reader.isDone()).isFalse();
                wire.send(1);
                await(reader);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void manyWakeUpsFromOtherThreads(Where where) throws Exception {
        where.run(() -> {
            try (Wire wire = new Wire()) {
                Task<Void> reader = Task.spawn(() -> wire.source.await(OP_READ));
                Loop loop = Loop.current();
                for (int i = 0; i < 2000; i++) {
                    Promise<Integer> promise = loop.promise();
                    int number = i;
                    if (i % 2 == 0) {
                        Thread.ofVirtual().start(() -> promise.complete(number));
                    } else {
                        promise.future(); // nobody but the next round completes it
                        loop.callSoon(() -> promise.complete(number));
                    }
                    assertThat(await(promise.future())).isEqualTo(i);
                }
                wire.send(1);
                await(reader);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void anInterruptNeitherClosesTheChannelNorKeepsTheLoopBusy(Where where) throws Exception {
        where.run(() -> {
            try (Wire wire = new Wire()) {
                Thread.currentThread().interrupt();
                Task<Void> writer = Task.spawn(() -> {
                    sleep(Duration.ofMillis(2));
                    wire.send(1);
                });
                wire.source.await(OP_READ);
                assertThat(wire.receive()).isEqualTo(1);
                assertThat(Thread.interrupted()).as("the flag is kept").isTrue();
                await(writer);
                assertThat(wire.pipe.source().isOpen()).isTrue();
            }
        });
    }

    @Test
    void anInterruptOfTheLoopsThreadDoesNotMakeItSpin() throws Exception {
        Where.OWNED.run(() -> {
            try (Wire wire = new Wire()) {
                Loop loop = Loop.current();
                Task<Void> reader = Task.spawn(() -> wire.source.await(OP_READ));
                yieldNow();
                loop.callLater(
                        Duration.ofMillis(2), () -> Thread.currentThread().interrupt()); // no task runs after it
                long before = loop.turnCount();
                sleep(Duration.ofMillis(30));
                assertThat(loop.turnCount() - before).isLessThan(10);
                wire.send(1);
                await(reader);
            }
        });
    }

    // ---- one at a time

    @ParameterizedTest
    @EnumSource
    void aSecondWaiterOfADirectionIsToldSo(Where where) throws Exception {
        where.run(() -> {
            try (Wire wire = new Wire()) {
                Task<Void> first = Task.spawn("first", () -> wire.source.await(OP_READ));
                yieldNow();
                assertThatThrownBy(() -> wire.source.await(OP_READ))
                        .isInstanceOf(LoopMisuseException.class)
                        .hasMessageContaining("one task at a time waits for a channel's input")
                        .hasMessageContaining("call:   Readiness.await(...)")
                        .hasMessageContaining("loop:   net")
                        .hasMessageContaining("remedy: let one task do all of it, or take turns with a Lock");
                wire.send(1);
                await(first);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void itBelongsToItsLoop(Where where) throws Exception {
        where.run(() -> {
            try (Wire wire = new Wire()) {
                CountDownLatch done = new CountDownLatch(1);
                List<Throwable> thrown = new java.util.concurrent.CopyOnWriteArrayList<>();
                elsewhere(() -> {
                    try {
                        thrown.add(
                                org.assertj.core.api.Assertions.catchThrowable(() -> Readiness.of(wire.pipe.sink())));
                        thrown.add(org.assertj.core.api.Assertions.catchThrowable(() -> wire.source.await(OP_READ)));
                        thrown.add(org.assertj.core.api.Assertions.catchThrowable(wire.source::close));
                        Loop.run(() -> {
                            thrown.add(
                                    org.assertj.core.api.Assertions.catchThrowable(() -> wire.source.await(OP_READ)));
                        });
                    } finally {
                        done.countDown();
                    }
                });
                assertThat(await(Loop.current().blocking(() -> done.await(Where.LIMIT_SECONDS, TimeUnit.SECONDS))))
                        .isTrue();
                assertThat(thrown).hasSize(4).allMatch(LoopMisuseException.class::isInstance);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void onlyWhatTheChannelCanDo(Where where) throws Exception {
        where.run(() -> {
            try (Wire wire = new Wire()) {
                for (int wrong : new int[] {0, OP_WRITE, OP_ACCEPT, OP_READ | OP_WRITE}) {
                    assertThatThrownBy(() -> wire.source.await(wrong))
                            .isInstanceOf(IllegalArgumentException.class)
                            .hasMessageEndingWith(": " + wrong);
                }
            }
        });
    }

    // ---- cancel

    @ParameterizedTest
    @EnumSource
    void aCancelledWaitLeavesTheChannelAsItWas(Where where) throws Exception {
        where.run(() -> {
            try (Wire wire = new Wire()) {
                Task<Void> waiter = Task.spawn(() -> wire.source.await(OP_READ));
                yieldNow();
                waiter.cancel("enough");
                assertThatThrownBy(() -> await(waiter)).isInstanceOf(TaskCancelledException.class);
                wire.send(2);
                wire.source.await(OP_READ);
                assertThat(wire.receive()).isEqualTo(2);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void cancelAndReadinessInOneTurn(Where where) throws Exception {
        where.run(() -> {
            try (Wire wire = new Wire()) {
                for (int i = 0; i < 500; i++) {
                    Task<Void> waiter = Task.spawn(() -> wire.source.await(OP_READ));
                    yieldNow();
                    wire.send(1);
                    for (int n = 0; n < i % 3; n++) {
                        yieldNow();
                    }
                    waiter.cancel();
                    try {
                        await(waiter);
                    } catch (TaskCancelledException cancelled) {
                        Task.current();
                    }
                    while (wire.receive() == 0) {
                        wire.source.await(OP_READ);
                    }
                }
            }
        });
    }

    // ---- close

    @ParameterizedTest
    @EnumSource
    void whoWaitsFindsItClosed(Where where) throws Exception {
        where.run(() -> {
            try (Wire wire = new Wire()) {
                Task<Integer> waiter = Task.spawn(() -> {
                    wire.source.await(OP_READ);
                    return wire.receive();
                });
                yieldNow();
                wire.source.close();
                wire.source.close();
                assertThat(wire.source.isClosed()).isTrue();
                assertThatThrownBy(() -> await(waiter)).hasRootCauseInstanceOf(ClosedChannelException.class);
                wire.source.await(OP_READ); // at once
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void whatIsLeftAtTheEndIsClosedAndReported(Where where) throws Exception {
        List<Report> reports = where.runReporting(() -> {
            Wire wire = new Wire();
            wire.pipe.sink().close();
            assertThat(Loop.current().activeResources()).anyMatch(line -> line.startsWith("channel "));
        });
        assertThat(reports).hasSize(1);
        assertThat(reports.getFirst().kind()).isEqualTo(Report.Kind.LEFT_AT_CLOSE);
        assertThat(reports.getFirst().message())
                .contains("SourceChannelImpl")
                .endsWith("was open when the loop closed; it is closed now");
    }

    @ParameterizedTest
    @EnumSource
    void aClosedDescriptorIsFreeWhileTheLoopGoesOn(Where where) throws Exception {
        where.run(() -> {
            List<String> before = Where.descriptors();
            for (int i = 0; i < 50; i++) {
                new Wire().close();
            }
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Where.LIMIT_SECONDS);
            while (Where.descriptors().size() > before.size() + 1 && System.nanoTime() < end) {
                yieldNow(); // a loop that has no time to wait looks, too
            }
            assertThat(Where.descriptors().size()).isLessThanOrEqualTo(before.size() + 2); // the loop's own selector
        });
    }

    // ---- what it costs who has none, and time

    @Test
    void aLoopWithoutChannelsHasNoSelector() throws Exception {
        Where.OWNED.run(() -> {
            List<String> before = Where.descriptors();
            sleep(Duration.ofMillis(1));
            await(Loop.current().blocking(() -> 1));
            assertThat(Where.descriptors()).hasSameSizeAs(before);
        });
    }

    @Test
    void virtualTimeJumpsButNotPastWhatIsReady() throws Exception {
        VirtualClock clock = new VirtualClock();
        Loop.builder().clock(clock).run(() -> {
            try (Wire wire = new Wire()) {
                Task<Duration> reader = Task.spawn(() -> {
                    wire.source.await(OP_READ);
                    return clock.elapsed();
                });
                sleep(Duration.ofHours(1));
                assertThat(reader.isDone()).isFalse();
                wire.send(1);
                sleep(Duration.ofHours(1));
                assertThat(await(reader)).isEqualTo(Duration.ofHours(1));
            }
        });
    }

    @Test
    void aLoopThatWaitsForAChannelIsNotSilent() throws Exception {
        Where.OWNED.run(() -> {}); // warm
        List<Report> reports = new java.util.concurrent.CopyOnWriteArrayList<>();
        Loop.builder()
                .exceptionHandler(reports::add)
                .silence(Duration.ofMillis(1))
                .run(() -> {
                    try (Wire wire = new Wire()) {
                        Thread sender = Thread.ofPlatform().daemon().unstarted(() -> {
                            try {
                                TimeUnit.MILLISECONDS.sleep(50); // real time is the subject
                                wire.send(1);
                            } catch (Exception failure) {
                                throw new AssertionError(failure);
                            }
                        });
                        sender.start();
                        wire.source.await(OP_READ);
                    }
                });
        assertThat(reports).isEmpty();
    }

    @Test
    void aFutureOfItCanBeAwaitedWithALimit() throws Exception {
        Where.OWNED.run(() -> {
            try (Wire wire = new Wire()) {
                Future<Void> waiter = Task.spawn(() -> wire.source.await(OP_READ));
                assertThatThrownBy(() -> await(waiter, Duration.ofMillis(2)))
                        .isInstanceOf(io.coloop.TaskTimeoutException.class);
                wire.send(1);
                wire.source.await(OP_READ);
            }
        });
    }
}
