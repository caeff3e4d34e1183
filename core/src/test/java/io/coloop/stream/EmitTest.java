package io.coloop.stream;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static io.coloop.stream.Streams.publisher;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Await;
import io.coloop.Cleanup;
import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.LoopMisuseException;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.TaskGroup;
import io.coloop.sync.Queue;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a body emits, as a subscriber sees it: the seven answers, the traps and the bad input. */
@Timeout(30)
class EmitTest {
    private static void settle() {
        for (int i = 0; i < 8; i++) {
            yieldNow();
        }
    }

    private static EmittingBody<Integer, RuntimeException> count(int from, int to) {
        return emitter -> {
            for (int i = from; i <= to; i++) {
                emitter.emit(i);
            }
        };
    }

    private static <T> Recorder<T> subscribe(Flow.Publisher<T> publisher, long demand) {
        Recorder<T> recorder = new Recorder<>(demand);
        publisher.subscribe(recorder);
        return recorder;
    }

    // ---- 1: cold

    @LoopTest
    void aBuilderDoesNotStartEagerly(Loop loop, Trail trail) {
        Flow.Publisher<Integer> cold = publisher(loop, emitter -> trail.mark("started"));
        settle();
        assertThat(trail.marks()).isEmpty();
        subscribe(cold, 1);
        assertThat(trail.marks()).as("from the ready queue").isEmpty();
        settle();
        assertThat(trail.marks()).containsExactly("started");
    }

    @LoopTest
    void eachSubscriberHasARunOfItsOwn(Loop loop) {
        AtomicInteger runs = new AtomicInteger();
        Flow.Publisher<Integer> cold = publisher(loop, emitter -> emitter.emit(runs.incrementAndGet()));
        Recorder<Integer> first = subscribe(cold, 1);
        Recorder<Integer> second = subscribe(cold, 1);
        settle();
        assertThat(first.signals).containsExactly("1", "complete");
        assertThat(second.signals).containsExactly("2", "complete");
    }

    @LoopTest
    void theBodyStartsWithoutDemand(Loop loop, Trail trail) {
        Recorder<Integer> recorder = subscribe(
                publisher(loop, emitter -> {
                    trail.mark("started");
                    emitter.emit(1);
                    trail.mark("sent");
                }),
                0);
        settle();
        assertThat(trail.marks()).containsExactly("started");
        recorder.request(1);
        settle();
        assertThat(trail.marks()).containsExactly("started", "sent");
        assertThat(recorder.signals).containsExactly("1", "complete");
    }

    // ---- 2: threads

    @LoopTest
    void signalsAreMadeOnTheLoopsOwnThreadAndInNoTask(Loop loop) {
        AtomicReference<Thread> loopThread = new AtomicReference<>();
        loop.execute(() -> loopThread.set(Thread.currentThread()));
        Recorder<Integer> recorder = subscribe(publisher(loop, count(1, 3)), Long.MAX_VALUE);
        settle();
        assertThat(recorder.signals).containsExactly("1", "2", "3", "complete");
        assertThat(recorder.threads).containsOnly(loopThread.get());
        assertThat(recorder.inTask).containsOnly(false);
    }

    @LoopTest
    void subscribingAndAskingFromAForeignThread(Loop loop, VirtualClock clock) {
        Recorder<Integer> recorder = new Recorder<>(1);
        CompletableFuture<Void> done = new CompletableFuture<>();
        recorder.onNext(item -> {
                    Flow.Subscription subscription = recorder.subscription;
                    Thread.ofPlatform().start(() -> subscription.request(1));
                })
                .onEnd(() -> done.complete(null));
        try (VirtualClock.ForeignOperation ignored = clock.foreign(loop)) {
            Thread.ofPlatform().start(() -> publisher(loop, count(1, 20)).subscribe(recorder));
            await(done);
        }
        assertThat(recorder.signals).hasSize(21).startsWith("1", "2").endsWith("20", "complete");
        assertThat(recorder.threads.stream().distinct()).hasSize(1);
    }

    @LoopTest
    void emitReturnsWhenTheSubscribersOnNextHas(Loop loop, Trail trail) {
        Recorder<Integer> recorder = new Recorder<>(2);
        recorder.onNext(item -> trail.mark("got " + item));
        publisher(loop, (EmittingBody<Integer, RuntimeException>) emitter -> {
                    emitter.emit(1);
                    trail.mark("sent 1");
                    emitter.emit(2);
                    trail.mark("sent 2");
                })
                .subscribe(recorder);
        settle();
        assertThat(trail.marks()).containsExactly("got 1", "sent 1", "got 2", "sent 2");
    }

    @LoopTest
    void anEmittingTaskLetsOthersRun(Loop loop, Trail trail) {
        subscribe(
                publisher(loop, emitter -> {
                    for (int i = 0; i < 3; i++) {
                        emitter.emit(i);
                        trail.mark("emitted");
                    }
                }),
                Long.MAX_VALUE);
        Task.spawn(() -> {
            for (int i = 0; i < 3; i++) {
                yieldNow();
                trail.mark("other");
            }
        });
        settle();
        assertThat(trail.marks()).containsExactly("emitted", "other", "emitted", "other", "emitted", "other");
    }

    // ---- 3: cancel

    @LoopTest
    void cancellingCancelsTheTaskAtOnceAndNotAtTheNextItem(Loop loop, Trail trail, VirtualClock clock) {
        Recorder<Integer> recorder = subscribe(
                publisher(loop, emitter -> {
                    try {
                        sleep(Duration.ofHours(1));
                    } finally {
                        trail.mark("cleaned up");
                    }
                }),
                1);
        settle();
        recorder.cancel();
        settle();
        assertThat(trail.marks()).containsExactly("cleaned up");
        assertThat(recorder.signals).isEmpty();
        assertThat(clock.elapsed()).isZero();
    }

    @LoopTest
    void cancellingWhileItWaitsForDemand(Loop loop, Trail trail) {
        List<Integer> lost = new ArrayList<>();
        Recorder<Integer> recorder = new Recorder<>(0);
        publisher(
                        loop,
                        (Emitter<Integer> emitter) -> {
                            try {
                                emitter.emit(7);
                            } catch (TaskCancelledException cancelled) {
                                trail.mark(cancelled.getMessage());
                                throw cancelled;
                            }
                        },
                        lost::add)
                .subscribe(recorder);
        settle();
        recorder.cancel();
        settle();
        assertThat(trail.marks()).containsExactly("the stream's subscriber cancelled");
        assertThat(lost).containsExactly(7);
        assertThat(recorder.signals).isEmpty();
    }

    @LoopTest
    void cancellingInsideOnNext(Loop loop, Trail trail) {
        Recorder<Integer> recorder = new Recorder<>(Long.MAX_VALUE);
        recorder.onNext(item -> recorder.cancel());
        List<Integer> lost = new ArrayList<>();
        publisher(
                        loop,
                        (Emitter<Integer> emitter) -> {
                            try {
                                emitter.emit(1);
                                trail.mark("went on");
                            } catch (TaskCancelledException cancelled) {
                                trail.mark("cancelled");
                                throw cancelled;
                            }
                        },
                        lost::add)
                .subscribe(recorder);
        settle();
        assertThat(recorder.signals).containsExactly("1");
        assertThat(trail.marks()).containsExactly("cancelled");
        assertThat(lost).as("it was delivered").isEmpty();
    }

    @LoopTest
    void cancellingInsideOnSubscribeStartsNothing(Loop loop, Trail trail) {
        publisher(loop, emitter -> trail.mark("started")).subscribe(new Flow.Subscriber<>() {
            @Override
            public void onSubscribe(Flow.Subscription given) {
                given.cancel();
                given.request(1);
                given.request(-1);
            }

            @Override
            public void onNext(Object item) {
                trail.mark("item");
            }

            @Override
            public void onError(Throwable failure) {
                trail.mark("error");
            }

            @Override
            public void onComplete() {
                trail.mark("complete");
            }
        });
        settle();
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void cancellingBeforeTheTaskHasStarted(Loop loop, Trail trail) {
        Recorder<Integer> recorder = subscribe(publisher(loop, emitter -> trail.mark("started")), 1);
        recorder.cancel();
        settle();
        assertThat(trail.marks()).isEmpty();
        assertThat(recorder.signals).isEmpty();
    }

    @LoopTest
    void theCleanupOfACancelledBodyIsNotCancelled(Loop loop, VirtualClock clock) {
        for (int round = 0; round < 50; round++) {
            Recorder<Integer> recorder = new Recorder<>(Long.MAX_VALUE);
            CompletableFuture<Void> cleaned = new CompletableFuture<>();
            CompletableFuture<Void> begun = new CompletableFuture<>();
            publisher(
                            loop,
                            (Emitter<Integer> emitter) -> {
                                try {
                                    for (int i = 0; ; i++) {
                                        emitter.emit(i);
                                        begun.complete(null);
                                    }
                                } finally {
                                    sleep(Duration.ofMillis(1));
                                    cleaned.complete(null);
                                }
                            },
                            lost -> {})
                    .subscribe(recorder);
            try (VirtualClock.ForeignOperation ignored = clock.foreign(loop)) {
                await(begun);
                Thread foreign = Thread.ofPlatform().start(recorder::cancel);
                while (foreign.isAlive()) {
                    yieldNow();
                }
                settle();
            }
            await(cleaned);
        }
    }

    @LoopTest
    void aBodyThatGoesOnAfterTheCancelIsToldAndDoesNotSpin(Loop loop, Trail trail) {
        for (long demand : List.of(1L, 100L)) {
            List<Integer> lost = new ArrayList<>();
            Recorder<Integer> recorder = new Recorder<>(demand);
            publisher(
                            loop,
                            (Emitter<Integer> emitter) -> {
                                emitter.emit(1);
                                try {
                                    sleep(Duration.ofHours(1));
                                } catch (TaskCancelledException swallowed) {
                                    trail.mark("swallowed");
                                }
                                try {
                                    emitter.emit(2);
                                } catch (CancellationException told) {
                                    trail.mark(told.getClass().getSimpleName() + ": " + told.getMessage());
                                    throw told;
                                }
                            },
                            lost::add)
                    .subscribe(recorder);
            settle();
            recorder.cancel();
            settle();
            assertThat(lost).containsExactly(2);
        }
        assertThat(trail.marks())
                .containsExactly(
                        "swallowed",
                        "CancellationException: the stream's subscriber has cancelled",
                        "swallowed",
                        "CancellationException: the stream's subscriber has cancelled");
    }

    @LoopTest
    void aCleanupMayNotEmitAfterTheCancel(Loop loop, Trail trail) {
        Recorder<Integer> recorder = subscribe(
                publisher(
                        loop,
                        emitter -> {
                            try {
                                sleep(Duration.ofHours(1));
                            } finally {
                                Cleanup.run(Duration.ofHours(1), () -> {
                                    assertThatThrownBy(() -> emitter.emit(1)).isInstanceOf(CancellationException.class);
                                    assertThatThrownBy(emitter::awaitDemand).isInstanceOf(CancellationException.class);
                                    trail.mark("refused");
                                });
                            }
                        },
                        lost -> trail.mark("lost " + lost)),
                5);
        settle();
        recorder.cancel();
        settle();
        assertThat(trail.marks()).containsExactlyInAnyOrder("refused", "lost 1");
    }

    @LoopTest
    void aTaskThatSomebodyElseCancelledIsAFailureThatDoesNotLookLikeTheSubscribersOwnCancellation(Loop loop) {
        AtomicReference<Task<?>> body = new AtomicReference<>();
        Recorder<Integer> recorder = subscribe(
                publisher(loop, emitter -> {
                    body.set(Task.current());
                    sleep(Duration.ofHours(1));
                }),
                1);
        settle();
        body.get().cancel("by another");
        settle();
        assertThat(recorder.failure)
                .isExactlyInstanceOf(CancellationException.class)
                .hasMessage("by another")
                .hasCauseInstanceOf(TaskCancelledException.class);
    }

    @LoopTest
    void aBodyThatFailsWithItsOwnCancellationExceptionIsAFailure(Loop loop) {
        CancellationException own = new CancellationException("of something else");
        Recorder<Integer> recorder = subscribe(
                publisher(loop, emitter -> {
                    throw own;
                }),
                1);
        settle();
        assertThat(recorder.failure).isSameAs(own);
    }

    // ---- 4: null, empty, many

    @LoopTest
    void aNullItemIsAnErrorInTheBody(Loop loop) {
        Recorder<Integer> recorder = subscribe(publisher(loop, emitter -> emitter.emit(null)), 1);
        settle();
        assertThat(recorder.failure).isInstanceOf(NullPointerException.class).hasMessage("item");
    }

    @LoopTest
    void aBodyThatEmitsNothingIsAnEmptyStreamAndNeedsNoDemand(Loop loop) {
        Recorder<Integer> recorder = subscribe(publisher(loop, emitter -> {}), 0);
        settle();
        assertThat(recorder.signals).containsExactly("complete");
    }

    @LoopTest
    void aFailureNeedsNoDemand(Loop loop) {
        IOException checked = new IOException("broken");
        Recorder<Integer> recorder = subscribe(
                publisher(loop, emitter -> {
                    throw checked;
                }),
                0);
        settle();
        assertThat(recorder.failure).isSameAs(checked);
    }

    @LoopTest
    void aCheckedFailureThatTheBodyAwaitedArrivesAsItself(Loop loop) {
        IOException checked = new IOException("broken");
        Recorder<Integer> recorder =
                subscribe(publisher(loop, emitter -> await(CompletableFuture.<Integer>failedFuture(checked))), 0);
        settle();
        assertThat(recorder.failure).isSameAs(checked);
    }

    @LoopTest
    void aCompletionExceptionWithoutACauseStaysWhatItIs(Loop loop) {
        CompletionException bare = new CompletionException("bare", null);
        Recorder<Integer> recorder = subscribe(
                publisher(loop, emitter -> {
                    throw bare;
                }),
                0);
        settle();
        assertThat(recorder.failure).isSameAs(bare);
    }

    // ---- 5: undelivered

    @LoopTest
    void anItemThatCannotBeSentIsClosed(Loop loop, Trail trail) {
        Recorder<AutoCloseable> recorder =
                subscribe(publisher(loop, emitter -> emitter.emit(() -> trail.mark("closed"))), 0);
        settle();
        recorder.cancel();
        settle();
        assertThat(trail.marks()).containsExactly("closed");
    }

    @LoopTest
    void anItemThatASubscriberLeavesBehindIsNotReported(Loop loop, Reports reports) {
        Recorder<Integer> recorder = subscribe(publisher(loop, count(5, 9)), 0);
        settle();
        recorder.cancel();
        settle();
        assertThat(reports.take()).isEmpty();
    }

    @LoopTest
    void anItemThatCannotBeSentIsReported(Loop loop, Reports reports) {
        AtomicReference<Task<?>> body = new AtomicReference<>();
        Recorder<Integer> recorder = subscribe(
                publisher(loop, emitter -> {
                    body.set(Task.current());
                    emitter.emit(5);
                }),
                0);
        settle();
        body.get().cancel();
        settle();
        assertThat(recorder.failure).isInstanceOf(CancellationException.class);
        Report report = reports.takeOnly(Report.Kind.LATE_VALUE);
        assertThat(report.message()).isEqualTo("of a publisher, a value came too late: 5");
        assertThat(report.value()).isEqualTo(5);
    }

    @LoopTest
    void whatACancelledBodyFailsWithIsReportedOnce(Loop loop, Reports reports) {
        Recorder<Integer> recorder = subscribe(
                publisher(loop, emitter -> {
                    try {
                        sleep(Duration.ofHours(1));
                    } catch (TaskCancelledException cancelled) {
                        throw new IllegalArgumentException("in cleanup");
                    }
                }),
                1);
        settle();
        recorder.cancel();
        settle();
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).hasMessage("in cleanup");
    }

    // ---- 6: demand

    @LoopTest
    void nothingIsSignalledThatWasNotAskedFor(Loop loop) {
        Recorder<Integer> recorder = subscribe(publisher(loop, count(1, 10)), 3);
        settle();
        assertThat(recorder.signals).containsExactly("1", "2", "3");
        recorder.request(2);
        recorder.request(1);
        settle();
        assertThat(recorder.signals).hasSize(6);
        recorder.request(Long.MAX_VALUE);
        recorder.request(Long.MAX_VALUE);
        settle();
        assertThat(recorder.signals).hasSize(11).endsWith("complete");
    }

    @LoopTest
    void anEmitterIsNeverBlockedButWaits(Loop loop, Trail trail) {
        Recorder<Integer> recorder = subscribe(publisher(loop, count(1, 3)), 0);
        Task.spawn(() -> trail.mark("the loop is free"));
        settle();
        assertThat(trail.marks()).containsExactly("the loop is free");
        recorder.request(9);
        settle();
        assertThat(recorder.signals).containsExactly("1", "2", "3", "complete");
    }

    @LoopTest
    void askingInsideOnNextDoesNotRecurse(Loop loop) {
        AtomicInteger depth = new AtomicInteger();
        AtomicInteger deepest = new AtomicInteger();
        Recorder<Integer> recorder = new Recorder<>(1);
        recorder.onNext(item -> {
            deepest.accumulateAndGet(depth.incrementAndGet(), Math::max);
            recorder.request(1);
            depth.decrementAndGet();
        });
        publisher(loop, count(1, 5_000)).subscribe(recorder);
        while (recorder.ended.getCount() > 0) {
            yieldNow();
        }
        assertThat(recorder.signals).hasSize(5_001);
        assertThat(deepest).hasValue(1);
    }

    @LoopTest
    void aScarceItemIsTakenOnlyWhenItCanBeSent(Loop loop, Trail trail) {
        Recorder<Integer> recorder = subscribe(
                publisher(loop, emitter -> {
                    for (int i = 0; i < 2; i++) {
                        emitter.awaitDemand();
                        trail.mark("took " + i);
                        emitter.emit(i);
                    }
                }),
                0);
        settle();
        assertThat(trail.marks()).isEmpty();
        recorder.request(1);
        settle();
        assertThat(trail.marks()).containsExactly("took 0");
        recorder.request(1);
        settle();
        assertThat(recorder.signals).containsExactly("0", "1", "complete");
    }

    // ---- several tasks

    @LoopTest
    void tasksOfAGroupMergeTheirItems(Loop loop) {
        Recorder<Integer> recorder = new Recorder<>(1);
        recorder.onNext(item -> recorder.request(1));
        publisher(
                        loop,
                        (Emitter<Integer> emitter) -> TaskGroup.run(group -> {
                            for (int source = 0; source < 5; source++) {
                                int base = source * 100;
                                group.spawn(() -> count(base, base + 9).run(emitter));
                            }
                        }))
                .subscribe(recorder);
        while (recorder.ended.getCount() > 0) {
            yieldNow();
        }
        assertThat(recorder.signals).hasSize(51).endsWith("complete").doesNotHaveDuplicates();
        List<String> ofTheFirst =
                recorder.signals.stream().filter(item -> item.length() == 1).toList();
        assertThat(ofTheFirst).isSorted().hasSize(10);
        assertThat(recorder.signals.subList(0, 25)).as("nobody starves").contains("0", "100", "200", "300", "400");
    }

    @LoopTest
    void tasksThatWaitForDemandArePassedNoMoreThanThereIs(Loop loop) {
        Recorder<Integer> recorder = new Recorder<>(0);
        publisher(
                        loop,
                        (Emitter<Integer> emitter) -> TaskGroup.run(group -> {
                            for (int i = 1; i <= 3; i++) {
                                int item = i;
                                group.spawn(() -> emitter.emit(item));
                            }
                        }))
                .subscribe(recorder);
        settle();
        for (int asked = 1; asked <= 3; asked++) {
            recorder.request(1);
            settle();
            assertThat(recorder.signals).hasSizeBetween(asked, asked == 3 ? 4 : asked);
        }
        settle();
        assertThat(recorder.signals).containsExactly("1", "2", "3", "complete");
    }

    @LoopTest
    void aCancelEndsAMergeWithoutAFailure(Loop loop, Trail trail) {
        for (int depth : List.of(1, 3)) {
            Recorder<Integer> recorder = new Recorder<>(2);
            recorder.onNext(item -> {
                if (item == 2) {
                    recorder.cancel();
                }
            });
            publisher(loop, (Emitter<Integer> emitter) -> nest(depth, emitter), lost -> {})
                    .subscribe(recorder);
            for (int i = 0; i < 4; i++) {
                settle();
            }
            assertThat(recorder.signals).containsExactly("1", "2");
            assertThat(loop.taskCount()).isEqualTo(1);
        }
    }

    private static void nest(int depth, Emitter<Integer> emitter) {
        TaskGroup.run(group -> {
            if (depth > 1) {
                group.spawn(() -> nest(depth - 1, emitter));
                return;
            }
            for (int i = 1; i <= 6; i++) {
                int item = i;
                group.spawn(() -> emitter.emit(item));
            }
        });
    }

    @LoopTest
    void aTaskThatTheBodyDoesNotOwnLearnsOfTheCancelWhileItWaitsForDemand(Loop loop, Trail trail) {
        Recorder<Integer> recorder = new Recorder<>(0);
        publisher(loop, (Emitter<Integer> emitter) -> {
                    Task.spawn(() -> {
                        try {
                            emitter.awaitDemand();
                        } catch (TaskCancelledException cancelled) {
                            trail.mark("child: " + cancelled.getMessage());
                        }
                    });
                    try {
                        sleep(Duration.ofHours(1));
                    } finally {
                        Cleanup.run(Duration.ofHours(1), () -> sleep(Duration.ofSeconds(5)));
                        trail.mark("body");
                    }
                })
                .subscribe(recorder);
        settle();
        recorder.cancel();
        settle();
        assertThat(trail.marks()).containsExactly("child: the stream's subscriber has cancelled");
        sleep(Duration.ofSeconds(6));
        assertThat(trail.marks()).endsWith("body");
    }

    @LoopTest
    void emittingAfterTheEndIsRefused(Loop loop, Trail trail) {
        AtomicReference<Emitter<Integer>> leaked = new AtomicReference<>();
        List<Integer> lost = new ArrayList<>();
        Recorder<Integer> recorder = new Recorder<>(5);
        publisher(loop, leaked::set, lost::add).subscribe(recorder);
        settle();
        assertThatThrownBy(() -> leaked.get().emit(1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the stream has ended with its body; nothing can be emitted any more");
        assertThatThrownBy(() -> leaked.get().awaitDemand()).isInstanceOf(IllegalStateException.class);
        settle();
        assertThat(lost).containsExactly(1);
        assertThat(recorder.signals).containsExactly("complete");
    }

    @LoopTest
    void aTaskThatWaitsForDemandAtTheEndIsTold(Loop loop, Trail trail) {
        List<Integer> lost = new ArrayList<>();
        Recorder<Integer> recorder = new Recorder<>(0);
        publisher(
                        loop,
                        (Emitter<Integer> emitter) -> {
                            Task.spawn(() -> {
                                try {
                                    emitter.emit(1);
                                } catch (IllegalStateException told) {
                                    trail.mark("told");
                                }
                            });
                            sleep(Duration.ofMillis(1));
                        },
                        lost::add)
                .subscribe(recorder);
        sleep(Duration.ofMillis(2));
        assertThat(trail.marks()).containsExactly("told");
        assertThat(lost).containsExactly(1);
        assertThat(recorder.signals).containsExactly("complete");
    }

    @LoopTest
    void onlyATaskOfTheLoopMayEmit(Loop loop, VirtualClock clock) {
        AtomicReference<Emitter<Integer>> leaked = new AtomicReference<>();
        List<Throwable> refused = new ArrayList<>();
        List<Integer> lost = new ArrayList<>();
        Recorder<Integer> recorder = new Recorder<>(5);
        publisher(
                        loop,
                        (Emitter<Integer> emitter) -> {
                            leaked.set(emitter);
                            sleep(Duration.ofMillis(1));
                        },
                        lost::add)
                .subscribe(recorder);
        settle();
        try (VirtualClock.ForeignOperation ignored = clock.foreign(loop)) {
            await(CompletableFuture.runAsync(() -> {
                refused.add(org.assertj.core.api.Assertions.catchThrowable(
                        () -> leaked.get().emit(1)));
                Loop.run(() -> {
                    refused.add(org.assertj.core.api.Assertions.catchThrowable(
                            () -> leaked.get().emit(2)));
                });
            }));
        }
        loop.execute(() -> refused.add(org.assertj.core.api.Assertions.catchThrowable(
                () -> leaked.get().awaitDemand())));
        settle();
        assertThat(refused).hasSize(3);
        assertThat(refused)
                .allSatisfy(failure -> assertThat(failure)
                        .isInstanceOf(LoopMisuseException.class)
                        .hasMessageContaining("only a task of the stream's own loop may emit"));
        assertThat(refused.get(0)).hasMessageContaining("Emitter.emit(...)");
        assertThat(refused.get(2)).hasMessageContaining("Emitter.awaitDemand()");
        sleep(Duration.ofMillis(2));
        assertThat(lost).as("they are still the caller's").isEmpty();
        assertThat(recorder.signals).containsExactly("complete");
    }

    // ---- subscribers that break the rules

    @LoopTest
    void aBadRequestFailsTheStreamAndCancelsTheBody(Loop loop, Trail trail) {
        for (long bad : List.of(0L, -1L, Long.MIN_VALUE)) {
            Recorder<Integer> recorder = new Recorder<>(1);
            publisher(
                            loop,
                            (Emitter<Integer> emitter) -> {
                                try {
                                    count(1, 5).run(emitter);
                                } finally {
                                    trail.mark("cancelled");
                                }
                            },
                            lost -> {})
                    .subscribe(recorder);
            settle();
            recorder.request(bad);
            recorder.request(bad);
            settle();
            assertThat(recorder.failure)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "a subscriber may only ask for more than 0 items (rule 3.9 of Reactive Streams): " + bad);
            assertThat(recorder.signals).hasSize(2);
        }
        assertThat(trail.marks()).containsExactly("cancelled", "cancelled", "cancelled");
    }

    @LoopTest
    void aBadRequestInOnSubscribeIsSignalledAfterIt(Loop loop, VirtualClock clock, Trail trail) {
        CompletableFuture<Throwable> failed = new CompletableFuture<>();
        try (VirtualClock.ForeignOperation ignored = clock.foreign(loop)) {
            Thread.ofPlatform()
                    .start(() -> publisher(loop, emitter -> trail.mark("started"))
                            .subscribe(new Flow.Subscriber<>() {
                                @Override
                                public void onSubscribe(Flow.Subscription given) {
                                    given.request(-5);
                                    CompletableFuture<Void> turned = new CompletableFuture<>();
                                    loop.execute(() -> loop.execute(() -> turned.complete(null)));
                                    turned.join();
                                    trail.mark("onSubscribe returns");
                                }

                                @Override
                                public void onNext(Object item) {
                                    trail.mark("item");
                                }

                                @Override
                                public void onError(Throwable failure) {
                                    trail.mark("onError");
                                    failed.complete(failure);
                                }

                                @Override
                                public void onComplete() {
                                    trail.mark("complete");
                                }
                            }));
            assertThat(await(failed)).isInstanceOf(IllegalArgumentException.class);
        }
        settle();
        assertThat(trail.marks()).containsExactly("onSubscribe returns", "onError");
    }

    @LoopTest
    void aSubscriberThatThrowsFromOnNextCountsAsCancelled(Loop loop, Reports reports, Trail trail) {
        IllegalStateException thrown = new IllegalStateException("in onNext");
        Recorder<Integer> recorder = new Recorder<>(5);
        recorder.onNext(item -> {
            throw thrown;
        });
        publisher(loop, (Emitter<Integer> emitter) -> {
                    try {
                        emitter.emit(1);
                    } catch (TaskCancelledException cancelled) {
                        trail.mark("cancelled");
                        throw cancelled;
                    }
                })
                .subscribe(recorder);
        settle();
        assertThat(recorder.signals).containsExactly("1");
        assertThat(trail.marks()).containsExactly("cancelled");
        Report report = reports.takeOnly(Report.Kind.CALLBACK_FAILED);
        assertThat(report.failure()).isSameAs(thrown);
        assertThat(report.message()).contains("a stream's subscriber threw from onNext");
    }

    @LoopTest
    void aSubscriberThatThrowsAtTheEndIsReported(Loop loop, Reports reports) {
        for (boolean fails : List.of(true, false)) {
            Recorder<Integer> recorder = new Recorder<>(5);
            recorder.onEnd(() -> {
                throw new IllegalStateException("at the end");
            });
            publisher(loop, (Emitter<Integer> emitter) -> {
                        if (fails) {
                            throw new IllegalArgumentException("fails");
                        }
                    })
                    .subscribe(recorder);
            settle();
            assertThat(recorder.signals).hasSize(1);
            assertThat(reports.takeOnly(Report.Kind.CALLBACK_FAILED).message())
                    .contains(fails ? "threw from onError" : "threw from onComplete");
        }
    }

    @LoopTest
    void aSubscriberThatThrowsFromOnSubscribeStartsNothing(Loop loop, Trail trail) {
        Flow.Publisher<Integer> publisher = publisher(loop, emitter -> trail.mark("started"));
        IllegalStateException thrown = new IllegalStateException("in onSubscribe");
        assertThatThrownBy(() -> publisher.subscribe(new Flow.Subscriber<>() {
                    @Override
                    public void onSubscribe(Flow.Subscription given) {
                        given.request(1);
                        throw thrown;
                    }

                    @Override
                    public void onNext(Integer item) {
                        trail.mark("item");
                    }

                    @Override
                    public void onError(Throwable failure) {
                        trail.mark("error");
                    }

                    @Override
                    public void onComplete() {
                        trail.mark("complete");
                    }
                }))
                .isSameAs(thrown);
        settle();
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void asksAndCancelsAfterTheEndAreHarmless(Loop loop) {
        Recorder<Integer> recorder = subscribe(publisher(loop, count(1, 1)), 1);
        settle();
        recorder.request(1);
        recorder.request(0);
        recorder.cancel();
        recorder.cancel();
        settle();
        assertThat(recorder.signals).containsExactly("1", "complete");
    }

    @LoopTest
    void nullsAreRefusedByName(Loop loop) {
        EmittingBody<Integer, RuntimeException> body = count(1, 1);
        Undelivered<Integer> undelivered = new Undelivered<>(loop, "a test", null);
        Recorder<Integer> recorder = new Recorder<>(1);
        Map<String, Runnable> calls = Map.of(
                "loop", () -> publisher(null, body),
                "body", () -> publisher(loop, (EmittingBody<Integer, RuntimeException>) null),
                "onUndelivered", () -> publisher(loop, body, null),
                "items", () -> publisher(loop, (Iterable<Integer>) null),
                "queue", () -> publisher(loop, (Queue<Integer>) null),
                "subscriber", () -> publisher(loop, body).subscribe(null),
                "undelivered", () -> Streams.emit(loop, body, recorder, null));
        calls.forEach((name, call) -> assertThatThrownBy(call::run)
                .isInstanceOf(NullPointerException.class)
                .hasMessage(name));
        assertThatThrownBy(() -> Streams.emit(null, body, recorder, undelivered))
                .hasMessage("loop");
        assertThatThrownBy(() -> Streams.emit(loop, null, recorder, undelivered))
                .hasMessage("body");
        assertThatThrownBy(() -> Streams.emit(loop, body, null, undelivered)).hasMessage("subscriber");
        assertThat(recorder.subscription).isNull();
    }

    @LoopTest
    void aBodyThatThrowsBeforeItsFirstAwait(Loop loop) {
        Recorder<Integer> recorder = subscribe(
                publisher(loop, emitter -> {
                    throw new IllegalArgumentException("at once");
                }),
                1);
        settle();
        assertThat(recorder.signals).containsExactly("failed: at once");
    }

    // ---- a loop that closes

    @Test
    void aClosedLoopIsAFailureOfTheStream() {
        Loop loop = Loop.start("closed");
        loop.close();
        Recorder<Integer> recorder = subscribe(publisher(loop, count(1, 1)), 1);
        assertThat(recorder.failure).isInstanceOf(LoopClosedException.class);
        assertThat(recorder.signals).hasSize(1);
        recorder.request(-1);
        recorder.cancel();
        Recorder<Integer> bad = subscribe(publisher(loop, count(1, 1)), -1);
        assertThat(bad.failure).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aLoopThatClosesInTheMiddleCancelsTheBodyAndFailsTheStream() {
        Trail trail = new Trail();
        Loop loop = Loop.start("closing");
        Recorder<Integer> recorder = new Recorder<>(1);
        recorder.onNext(item -> loop.shutdown());
        List<Integer> lost = new ArrayList<>();
        publisher(
                        loop,
                        (Emitter<Integer> emitter) -> {
                            try {
                                count(1, 5).run(emitter);
                            } finally {
                                trail.mark("cleaned up");
                            }
                        },
                        lost::add)
                .subscribe(recorder);
        recorder.awaitEnd();
        loop.close();
        assertThat(recorder.signals).containsExactly("1", "failed: the loop is closing");
        assertThat(recorder.failure).isExactlyInstanceOf(CancellationException.class);
        assertThat(trail.marks()).containsExactly("cleaned up");
        assertThat(lost).containsExactly(2);
    }

    @Test
    void aCloseHookMayEmit() {
        Loop loop = Loop.start("closing");
        Recorder<Integer> recorder = new Recorder<>(9);
        loop.onClose(() -> {
            publisher(loop, count(1, 3)).subscribe(recorder);
            while (recorder.ended.getCount() > 0) {
                yieldNow();
            }
        });
        loop.close();
        assertThat(recorder.signals).containsExactly("1", "2", "3", "complete");
    }

    @Test
    void aBodyThatIsGivenUpFailsTheStream() {
        List<Report> reports = new ArrayList<>();
        Loop loop = Loop.builder()
                .name("given-up")
                .shutdownTimeout(Duration.ofMillis(50))
                .exceptionHandler(reports::add)
                .start();
        Recorder<Integer> recorder = new Recorder<>(1);
        publisher(loop, (Emitter<Integer> emitter) -> {
                    emitter.emit(1);
                    Cleanup.run(
                            Duration.ofHours(1),
                            () -> Await.await(loop.promise().future()));
                })
                .subscribe(recorder);
        recorder.onNext(item -> loop.shutdown());
        loop.shutdown();
        recorder.awaitEnd();
        loop.close();
        assertThat(recorder.failure).isInstanceOf(CancellationException.class);
    }

    // ---- iterables and queues

    @LoopTest
    void anIterableIsAskedAsTheSubscriberAsks(Loop loop, Trail trail) {
        Iterable<Integer> loud = () -> new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return next < 3;
            }

            @Override
            public Integer next() {
                trail.mark("next " + next);
                return next++;
            }
        };
        Recorder<Integer> recorder = subscribe(publisher(loop, loud), 0);
        settle();
        assertThat(trail.marks()).isEmpty();
        recorder.request(1);
        settle();
        assertThat(trail.marks()).containsExactly("next 0");
        recorder.request(5);
        settle();
        assertThat(recorder.signals).containsExactly("0", "1", "2", "complete");
    }

    @LoopTest
    void anIterablesIteratorMayAwait(Loop loop) {
        Iterable<Integer> slow = () -> new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                sleep(Duration.ofMillis(1));
                return next < 3;
            }

            @Override
            public Integer next() {
                return next++;
            }
        };
        Recorder<Integer> recorder = subscribe(publisher(loop, slow), 10);
        sleep(Duration.ofMillis(10));
        assertThat(recorder.signals).containsExactly("0", "1", "2", "complete");
    }

    @LoopTest
    void anIterationMayBePublishedAndLosesNothing(Loop loop) {
        List<Integer> lost = new ArrayList<>();
        try (Iteration<Integer> items = Streams.iterate(publisher(loop, count(1, 4)), 2, lost::add)) {
            Recorder<Integer> first = subscribe(publisher(loop, items), 1);
            settle();
            first.cancel();
            settle();
            Recorder<Integer> second = subscribe(publisher(loop, items), 9);
            settle();
            settle();
            assertThat(first.signals).containsExactly("1");
            assertThat(second.signals).containsExactly("2", "3", "4", "complete");
        }
        assertThat(lost).isEmpty();
    }

    @LoopTest
    void anIterableThatFails(Loop loop) {
        Recorder<Integer> recorder = subscribe(
                publisher(loop, (Iterable<Integer>) () -> {
                    throw new IllegalArgumentException("no iterator");
                }),
                1);
        Recorder<Integer> withNull = subscribe(publisher(loop, java.util.Arrays.asList(1, null, 2)), 9);
        settle();
        assertThat(recorder.signals).containsExactly("failed: no iterator");
        assertThat(withNull.signals).containsExactly("1", "failed: item");
    }

    @LoopTest
    void subscribersShareAQueue(Loop loop) {
        Queue<Integer> queue = Queue.unbounded();
        for (int i = 1; i <= 4; i++) {
            queue.put(i);
        }
        Flow.Publisher<Integer> shared = publisher(loop, queue);
        Recorder<Integer> first = subscribe(shared, 1);
        Recorder<Integer> second = subscribe(shared, 2);
        settle();
        assertThat(first.signals).containsExactly("1");
        assertThat(second.signals).containsExactly("2", "3");
        assertThat(queue.size()).as("taken only when it can be sent").isEqualTo(1);
        first.cancel();
        settle();
        assertThat(queue.size()).isEqualTo(1);
        queue.shutdown();
        second.request(9);
        settle();
        assertThat(second.signals).containsExactly("2", "3", "4", "complete");
    }

    @LoopTest
    void aQueueIsWaitedFor(Loop loop) {
        Queue<Integer> queue = Queue.unbounded();
        Recorder<Integer> recorder = subscribe(publisher(loop, queue), 9);
        settle();
        queue.put(1);
        settle();
        assertThat(recorder.signals).containsExactly("1");
        recorder.cancel();
        settle();
        queue.put(2);
        settle();
        assertThat(queue.size()).isEqualTo(1);
    }
}
